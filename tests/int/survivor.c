// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Plays a virtual machine that outlives the daemon: it is plugged in once, and whenever its session has ended its driver asks
 * for another one, as malimux.ko does. Each session's driver is a process, which has the region by inheritance: nobody can
 * map it any more. It runs jobs until the session ends, and checks what they have written.
 *
 * Usage: survivor SOCKET NAME
 *
 * Says 'session N' when the first jobs of a session are right. Ends with 1 if anything was wrong, with 4 if the daemon has
 * closed the connection; else when it is killed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frontend/user/guest_priv.h"
#include "hv/kvm/ivshmem.h"
#include "tests/lib/work.h"

#define PATIENCE_MS 20000
#define RAM_FD	    10 /* as the configuration of one has it */
#define RAM_SIZE    (1 << 20)
#define ADDS	    16u

enum {
	WRONG = 1,
	OVER = 3, /* the session is */
	UNPLUGGED = 4,
};

static int fail(const char *name, const char *what, int r)
{
	fprintf(stderr, "%s: WRONG: %s: %s\n", name, what, strerror(-r));
	return WRONG;
}

/* @r is why it can't go on: is it that the session has ended? */
static int end(const char *name, const char *what, int r)
{
	return r == -ENODEV ? OVER : fail(name, what, r);
}

static int make_stream(struct mmx_work *work, uint64_t va, struct mmx_work_stream *ret_stream)
{
	struct mmx_cs_asm a;
	unsigned int i;

	mmx_work_asm(work, &a);
	mmx_cs_move48(&a, 0, va);
	mmx_cs_move48(&a, 2, 1);
	for (i = 0; i < ADDS; i++)
		mmx_cs_sync_add64(&a, 0, 2, MMX_CS_SCOPE_SYSTEM, MMX_CS_NOW);
	return mmx_work_stream(work, &a, ret_stream);
}

/* A session that ends in good order ends its jobs first. */
static bool is_ending(struct mmx_guest *guest)
{
	struct pollfd p = { .fd = mmx_guest_fd(guest), .events = POLLIN };
	int r;

	do
		r = mmx_guest_poll(guest);
	while (!r && poll(&p, 1, PATIENCE_MS) == 1);
	return r == -ENODEV;
}

static int one_job(const char *name, struct mmx_work *work, uint32_t group,
		   const struct mmx_work_stream *stream, const uint64_t *result)
{
	uint64_t before = *(const volatile uint64_t *)result, now;
	struct mmx_fence fence;
	int r, error = 0;

	r = mmx_work_submit(work, group, 0, stream, &fence);
	if (!r)
		r = mmx_work_wait(work, &fence, &error);
	if (!r && error == -ECANCELED && is_ending(work->guest))
		return OVER;
	if (r || error)
		return end(name, "job", r ? r : error);
	now = *(const volatile uint64_t *)result;
	if (now == before + ADDS)
		return 0;
	fprintf(stderr, "%s: WRONG: %llu, not %llu\n", name, (unsigned long long)now,
		(unsigned long long)before + ADDS);
	return WRONG;
}

static int work_on(const char *name, unsigned int session, struct mmx_guest *guest)
{
	struct mmx_work_stream stream;
	struct mmx_work work;
	uint64_t *result, va;
	uint32_t group;
	int r;

	r = mmx_work_open(&work, guest, name);
	if (r)
		return end(name, "memory", r);
	r = mmx_work_group(&work, 1, &group);
	if (r)
		return end(name, "group", r);
	result = mmx_work_data(&work, sizeof(*result), sizeof(*result), &va);
	r = make_stream(&work, va, &stream);
	if (r)
		return fail(name, "stream", r);
	for (r = one_job(name, &work, group, &stream, result); !r;
	     r = one_job(name, &work, group, &stream, result)) {
		if (session)
			printf("session %u\n", session);
		fflush(stdout);
		session = 0;
	}
	return r;
}

static int drive(const struct mmx_peer *machine, const char *name, unsigned int session)
{
	const struct mmx_kvm_link *link = mmx_kvm_link(machine);
	struct mmx_peer peer = *machine;
	struct mmx_guest *guest;
	int r;

	do {
		r = mmx_kvm_wish(&peer, mmx_kvm_next(link->want, link->answered), PATIENCE_MS);
		/* a daemon that ends says so to every wish */
		if (r == -EAGAIN)
			poll(NULL, 0, MMX_KVM_AGAIN_MS);
	} while (r == -EAGAIN || r == -ETIMEDOUT);
	if (r)
		return end(name, "no session begins", r);
	r = mmx_guest_open_peer(&peer, name, PATIENCE_MS, &guest);
	if (r)
		return end(name, "HELLO", r);
	r = work_on(name, session, guest);
	mmx_guest_close(guest);
	return r;
}

static bool is_unplugged(const struct mmx_peer *machine)
{
	struct pollfd p = { .fd = machine->sock_fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Return: as it ended. */
static int run_session(const struct mmx_peer *machine, const char *name, unsigned int session)
{
	pid_t child = fork();
	int status;

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		exit(drive(machine, name, session));
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return fail(name, "fork", -errno);
	return WIFEXITED(status) ? WEXITSTATUS(status) : WRONG;
}

/* As QEMU has it; nobody uses it. */
static int make_memory(void)
{
	int fd = memfd_create("machine", MFD_CLOEXEC);

	return fd >= 0 && !ftruncate(fd, RAM_SIZE) && dup2(fd, RAM_FD) == RAM_FD ? 0 : -errno;
}

int main(int argc, char **argv)
{
	struct mmx_peer machine;
	unsigned int session = 0;
	int r;

	if (argc != 3)
		return 2;
	r = make_memory();
	if (!r)
		r = mmx_kvm_plug(argv[1], PATIENCE_MS, &machine);
	if (r)
		return fail(argv[2], "plug", r);
	do {
		r = run_session(&machine, argv[2], ++session);
		if (r == OVER && is_unplugged(&machine))
			r = UNPLUGGED;
	} while (r == OVER);
	mmx_peer_finish(&machine);
	return r;
}
