// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Attach: from connect() until HELLO is answered. Detach: from a guest's hanging up until the daemon has let go of
 * all that was its and closes the connection. Beside them the floor: a process that hands out a file of the same size
 * over a socket, and unmaps and closes it when the other side hangs up.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frontend/user/malimux.h"
#include "hv/local/local.h"
#include "tools/bench/floor.h"
#include "tools/bench/house.h"

#define GUESTS	    16u
#define REGION_SIZE (256u << 20) /* the default of a partition's memory */

struct attach {
	struct mmx_house house;
	struct mmx_greeter greeter;
	struct mmx_guest *guests[GUESTS];
	struct mmx_samples attach, detach, floor_attach, floor_detach;
	struct mmx_series attach_us, detach_us, floor_attach_us, floor_detach_us;
};

static int attach_all(struct attach *a)
{
	char socket[MMX_HOUSE_SOCKET];
	unsigned int i;
	int r = 0;

	for (i = 0; i < GUESTS && !r; i++) {
		uint64_t start_ns;

		mmx_house_socket(&a->house, i, socket);
		start_ns = mmx_bench_now();
		r = mmx_guest_open(socket, "bench", a->house.bench->timeout_ms, &a->guests[i]);
		mmx_samples_add(&a->attach, mmx_bench_now() - start_ns);
	}
	for (i = 0; i < GUESTS; i++) {
		mmx_guest_close(a->guests[i]);
		a->guests[i] = NULL;
	}
	return r ? mmx_bench_fail(r, "%s", socket) : 0;
}

/* One that never says HELLO: the daemon holds its region and session just the same. */
static int detach_one(struct attach *a, unsigned int partition)
{
	struct mmx_peer peer = MMX_PEER_INIT;
	char socket[MMX_HOUSE_SOCKET], byte;
	struct pollfd pfd = { .events = POLLIN };
	uint64_t start_ns;
	int r;

	mmx_house_socket(&a->house, partition, socket);
	r = mmx_local_connect(socket, a->house.bench->timeout_ms, &peer);
	if (r)
		return mmx_bench_fail(r, "%s", socket);
	pfd.fd = peer.sock_fd;
	start_ns = mmx_bench_now();
	shutdown(peer.sock_fd, SHUT_WR);
	if (poll(&pfd, 1, a->house.bench->timeout_ms) != 1 || recv(peer.sock_fd, &byte, 1, 0) > 0)
		r = mmx_bench_fail(-ETIMEDOUT, "%s: hanging up", socket);
	mmx_samples_add(&a->detach, mmx_bench_now() - start_ns);
	mmx_peer_finish(&peer);
	return r;
}

static int repetition(struct attach *a)
{
	unsigned int i;
	int r;

	a->attach.count = a->detach.count = a->floor_attach.count = a->floor_detach.count = 0;
	r = attach_all(a);
	for (i = 0; i < GUESTS && !r; i++) {
		uint64_t attach_ns = 0, detach_ns = 0;

		r = mmx_greeter_visit(&a->greeter, &attach_ns, &detach_ns);
		mmx_samples_add(&a->floor_attach, attach_ns);
		mmx_samples_add(&a->floor_detach, detach_ns);
	}
	for (i = 0; i < GUESTS && !r; i++)
		r = detach_one(a, i);
	mmx_series_add(&a->attach_us, (double)mmx_samples_percentile(&a->attach, 50) / 1000);
	mmx_series_add(&a->detach_us, (double)mmx_samples_percentile(&a->detach, 50) / 1000);
	mmx_series_add(&a->floor_attach_us,
		       (double)mmx_samples_percentile(&a->floor_attach, 50) / 1000);
	mmx_series_add(&a->floor_detach_us,
		       (double)mmx_samples_percentile(&a->floor_detach, 50) / 1000);
	return r;
}

static int run(struct mmx_bench *b, struct attach *a)
{
	struct mmx_samples *const samples[] = { &a->attach, &a->detach, &a->floor_attach,
						&a->floor_detach };
	unsigned int i;
	int r;

	r = mmx_house_open(b, "attach", &a->house);
	if (!r)
		r = mmx_house_daemon(&a->house, GUESTS, "");
	if (!r)
		r = mmx_greeter_open(b, REGION_SIZE, &a->greeter);
	for (i = 0; i < sizeof(samples) / sizeof(samples[0]) && !r; i++)
		r = mmx_samples_init(samples[i], GUESTS);
	for (i = 0; i < b->reps && !r; i++)
		r = repetition(a);
	return r;
}

int mmx_row_attach(struct mmx_bench *b)
{
	struct attach a = { .house.model = 0 };
	int r;

	mmx_report_row(b->report, "attach", "a guest comes and goes");
	r = run(b, &a);
	if (!r) {
		mmx_report_line(b->report,
				&(struct mmx_report_line){ "attach: connect to HELLO, p50", "us",
							   &a.attach_us, "connect, map",
							   &a.floor_attach_us });
		mmx_report_line(b->report,
				&(struct mmx_report_line){ "detach: hang-up to close, p50", "us",
							   &a.detach_us, "unmap, close",
							   &a.floor_detach_us });
	}
	mmx_samples_finish(&a.attach);
	mmx_samples_finish(&a.detach);
	mmx_samples_finish(&a.floor_attach);
	mmx_samples_finish(&a.floor_detach);
	mmx_greeter_close(&a.greeter);
	mmx_house_close(&a.house);
	return r;
}
