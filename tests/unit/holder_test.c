// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The holder: what it takes from a daemon that says anything, what it holds and when it lets go; and its life, with daemons
 * that are functions of this test, in processes of their own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/core/holder.h"
#include "tests/unit/fds.h"

#define SIZE 16384u

static struct mmx_holdings held;
static unsigned int fds_before;

static int setup(void **state)
{
	(void)state;
	memset(&held, 0, sizeof(held));
	fds_before = fds_count();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	while (held.count)
		mmx_holdings_drop(&held, 0);
	assert_int_equal(held.bytes, 0);
	assert_int_equal(fds_count(), fds_before);
	return 0;
}

static int memory(uint64_t size, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

/* What a daemon sends of a machine; its end of the socket is the machine's. */
static int machine(int fds[MMX_HOLD_FDS])
{
	int socks[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks), 0);
	fds[0] = socks[0];
	fds[1] = memory(SIZE, MMX_PEER_SIZE_SEALS);
	fds[2] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fds[3] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return socks[1];
}

static struct mmx_hold_msg message(const char *partition)
{
	struct mmx_hold_msg msg = { .magic = MMX_HOLD_MAGIC,
				    .type = MMX_HOLD_MACHINE,
				    .tag = 7,
				    .transport = "ivshmem",
				    .layout = { .size = SIZE } };

	strncpy(msg.partition, partition, sizeof(msg.partition) - 1);
	return msg;
}

/* Return: what mmx_holdings_take() does; the answer's error in *ret_error. */
static int take(const struct mmx_hold_msg *msg, const int *fds, unsigned int count, int *ret_error)
{
	struct mmx_hold_answer answer = { 0 };
	uint32_t type = 0;
	int r;

	r = mmx_holdings_take(&held, msg, sizeof(*msg), fds, count, &type, &answer);
	if (!r && type == MMX_HOLD_MACHINE)
		assert_int_equal(answer.tag, msg->tag);
	*ret_error = answer.error;
	return r;
}

static int hold(const char *partition)
{
	const struct mmx_hold_msg msg = message(partition);
	int fds[MMX_HOLD_FDS], other, error;

	other = machine(fds);
	assert_int_equal(take(&msg, fds, MMX_HOLD_FDS, &error), 0);
	assert_int_equal(error, 0);
	return other;
}

static void test_hold(void **state)
{
	int a, b, again;

	(void)state;
	a = hold("A");
	b = hold("B");
	assert_int_equal(held.count, 2);
	assert_int_equal(held.bytes, 2 * SIZE);
	/* the mapping is one of the region, and stays writable behind its last seals */
	assert_int_equal(
		fcntl(held.machines[0].region_fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL),
		0);
	((volatile char *)held.machines[0].region)[SIZE - 1] = 1;

	/* nobody has gone */
	mmx_holdings_sweep(&held);
	assert_int_equal(held.count, 2);
	/* of a partition the last one counts */
	again = hold("A");
	assert_int_equal(held.count, 2);
	close(a);
	mmx_holdings_sweep(&held);
	assert_int_equal(held.count, 2);
	/* its other end is closed, or the daemon has shut it down */
	close(b);
	mmx_holdings_sweep(&held);
	assert_int_equal(held.count, 1);
	assert_string_equal(held.machines[0].partition, "A");
	assert_int_equal(shutdown(held.machines[0].sock_fd, SHUT_RDWR), 0);
	mmx_holdings_sweep(&held);
	assert_int_equal(held.count, 0);
	close(again);
}

static void test_nonsense(void **state)
{
	static const struct mmx_hold_msg ready = { .magic = MMX_HOLD_MAGIC,
						   .type = MMX_HOLD_READY };
	struct mmx_hold_msg msg = message("A");
	struct mmx_hold_answer answer;
	int fds[MMX_HOLD_FDS + 1], other, error;
	uint32_t type;
	size_t size;
	unsigned int i;

	(void)state;
	/* all sizes but one */
	for (size = 0; size < sizeof(msg); size += 17)
		assert_int_equal(mmx_holdings_take(&held, &msg, size, fds, 0, &type, &answer),
				 -EPROTO);
	/* all numbers of descriptors but one; those that came are closed */
	for (i = 0; i <= MMX_HOLD_FDS + 1; i++) {
		if (i == MMX_HOLD_FDS)
			continue;
		other = machine(fds);
		fds[MMX_HOLD_FDS] = dup(fds[0]);
		assert_int_equal(take(&msg, fds, i, &error), -EPROTO);
		for (unsigned int j = i; j <= MMX_HOLD_FDS; j++)
			close(fds[j]);
		close(other);
	}
	assert_int_equal(take(&ready, fds, 0, &error), 0);
	other = machine(fds);
	assert_int_equal(take(&ready, fds, MMX_HOLD_FDS, &error), -EPROTO);
	close(other);
	for (i = 0; i < 4; i++) {
		msg = message("A");
		if (i == 0)
			msg.magic++;
		else if (i == 1)
			msg.type = 3;
		else if (i == 2)
			memset(msg.partition, 'x', sizeof(msg.partition));
		else
			msg.transport[0] = 0;
		other = machine(fds);
		assert_int_equal(take(&msg, fds, MMX_HOLD_FDS, &error), -EPROTO);
		close(other);
	}
	assert_int_equal(held.count, 0);
}

/* Descriptors that are not what they are to be. */
static void test_wrong_descriptors(void **state)
{
	struct mmx_hold_msg msg = message("A");
	int fds[MMX_HOLD_FDS], other, error;
	unsigned int i;

	(void)state;
	for (i = 0; i < 7; i++) {
		msg.layout.size = SIZE;
		other = machine(fds);
		close(fds[i < 3 ? 0 : 1]);
		if (i == 0)
			fds[0] = eventfd(0, EFD_CLOEXEC);
		else if (i == 1)
			fds[0] = socket(AF_UNIX, SOCK_DGRAM, 0);
		else if (i == 2)
			fds[0] = socket(AF_INET, SOCK_STREAM, 0);
		else if (i == 3)
			fds[1] = memory(SIZE, F_SEAL_SHRINK);
		else if (i == 4)
			fds[1] = memory(SIZE / 2, MMX_PEER_SIZE_SEALS);
		else if (i == 5)
			fds[1] = open("/dev/zero", O_RDWR | O_CLOEXEC);
		else
			fds[1] = memory(msg.layout.size = 0, MMX_PEER_SIZE_SEALS);
		assert_int_equal(take(&msg, fds, MMX_HOLD_FDS, &error), 0);
		assert_int_equal(error, -EINVAL);
		assert_int_equal(held.count, 0);
		close(other);
	}
}

static void test_quota(void **state)
{
	struct mmx_hold_msg msg = message("last");
	int fds[MMX_HOLD_FDS], other, error;
	unsigned int i;

	(void)state;
	/* places that are taken; nobody looks at what is in them */
	for (i = 0; i < MMX_HOLDER_MACHINES; i++)
		snprintf(held.machines[i].partition, sizeof(held.machines[i].partition), "%u", i);
	held.count = MMX_HOLDER_MACHINES;
	other = machine(fds);
	assert_int_equal(take(&msg, fds, MMX_HOLD_FDS, &error), 0);
	assert_int_equal(error, -ENOSPC);
	close(other);
	held.count = 0;
	/* and the bytes: files without any pages */
	msg.layout.size = MMX_HOLDER_BYTES + 4096;
	other = machine(fds);
	close(fds[1]);
	fds[1] = memory(msg.layout.size, MMX_PEER_SIZE_SEALS);
	assert_int_equal(take(&msg, fds, MMX_HOLD_FDS, &error), 0);
	assert_int_equal(error, -ENOSPC);
	assert_int_equal(held.count, 0);
	close(other);
}

/* ---- its life; each daemon counts itself in shared memory ---- */

struct life {
	unsigned int daemons;
	unsigned int fds; /* that it had */
	int up[2]; /* a pipe: a byte of each that waits */
	int (*next)(struct life *life, const struct mmx_holder *holder);
};

static struct life *life;

static int wait_for_answer(const struct mmx_holder *holder)
{
	struct pollfd p = { .fd = holder->fd, .events = POLLIN };
	struct mmx_hold_answer answer;

	if (poll(&p, 1, 10000) != 1 || mmx_holder_answer(holder, &answer))
		return -1;
	return answer.error;
}

/* Hands over a machine, whose other end stays open in the test's process. */
static int hand_over(const struct mmx_holder *holder, const int *fds)
{
	const struct mmx_hold_msg msg = message("A");

	if (mmx_peer_send(holder->fd, &msg, sizeof(msg), fds, MMX_HOLD_FDS))
		return -1;
	return wait_for_answer(holder);
}

static int machine_fds[MMX_HOLD_FDS];

static int daemon_main(void *ctx, const struct mmx_holder *holder)
{
	(void)ctx;
	life->daemons++;
	return life->next(life, holder);
}

static pid_t start_holder(int (*next)(struct life *, const struct mmx_holder *))
{
	pid_t pid;

	life->daemons = 0;
	life->next = next;
	pid = fork();
	if (!pid)
		exit(mmx_holder_run(daemon_main, NULL, -1));
	assert_true(pid > 0);
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int fails(struct life *l, const struct mmx_holder *holder)
{
	(void)l;
	(void)holder;
	return 3;
}

static int ends(struct life *l, const struct mmx_holder *holder)
{
	(void)l;
	mmx_holder_say_ready(holder);
	return 0;
}

/* The first two are killed, the third ends. */
static int dies_twice(struct life *l, const struct mmx_holder *holder)
{
	mmx_holder_say_ready(holder);
	if (l->daemons == 1 && hand_over(holder, machine_fds))
		return 9;
	if (l->daemons > 1) {
		/* it is written through the mapping that was inherited */
		volatile unsigned char *region = holder->held->machines[0].region;

		if (holder->held->count != 1 || region[0] != l->daemons - 1)
			return 9;
	}
	if (l->daemons == 1)
		((volatile unsigned char *)mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
						machine_fds[1], 0))[0] = 1;
	else
		((volatile unsigned char *)holder->held->machines[0].region)[0]++;
	if (l->daemons == 1 && fcntl(machine_fds[1], F_ADD_SEALS, F_SEAL_FUTURE_WRITE))
		return 9;
	if (l->daemons < 3)
		raise(SIGKILL);
	return 0;
}

/* Holds a machine, and never becomes ready again. */
static int never_ready(struct life *l, const struct mmx_holder *holder)
{
	if (l->daemons == 1) {
		mmx_holder_say_ready(holder);
		if (hand_over(holder, machine_fds))
			return 9;
	}
	return 3;
}

/* Says all kinds of things, and dies in the middle of them: nothing of it is left in the holder, but what was held before. */
static int babbles(struct life *l, const struct mmx_holder *holder)
{
	struct mmx_hold_msg msg = message("B");
	char text[2 * sizeof(msg)];
	unsigned int i;

	mmx_holder_say_ready(holder);
	if (l->daemons == 1)
		return hand_over(holder, machine_fds) ? 9 : 3;
	if (holder->held->count != 1)
		return 9;
	if (l->daemons == 3)
		return l->fds == fds_count() ? 0 : 9;
	l->fds = fds_count();
	memset(text, 0x55, sizeof(text));
	for (i = 0; i < 10000; i++) {
		msg.layout.size = i;
		msg.magic ^= i % 3 == 0;
		(void)mmx_peer_send(holder->fd, text, 1 + i % (sizeof(text) - 1), machine_fds,
				    i % 5);
		(void)mmx_peer_send(holder->fd, &msg, sizeof(msg), machine_fds, i % 5);
	}
	(void)mmx_peer_send(holder->fd, text, 0, machine_fds, 3);
	return 3;
}

static int waits(struct life *l, const struct mmx_holder *holder)
{
	mmx_holder_say_ready(holder);
	if (write(l->up[1], "", 1) == 1)
		while (pause() < 0)
			;
	return 9;
}

static void test_without_machines(void **state)
{
	(void)state;
	assert_int_equal(status_of(start_holder(fails)), 3);
	assert_int_equal(life->daemons, 1);
	assert_int_equal(status_of(start_holder(ends)), 0);
	assert_int_equal(life->daemons, 1);
}

static void test_restarts(void **state)
{
	int other = machine(machine_fds);
	unsigned int i;

	(void)state;
	assert_int_equal(status_of(start_holder(dies_twice)), 0);
	assert_int_equal(life->daemons, 3);
	close(other);
	for (i = 0; i < MMX_HOLD_FDS; i++)
		close(machine_fds[i]);
	other = machine(machine_fds);
	assert_int_equal(status_of(start_holder(babbles)), 0);
	assert_int_equal(life->daemons, 3);
	/* the first, and six that fail */
	assert_int_equal(status_of(start_holder(never_ready)), 3);
	assert_int_equal(life->daemons, 7);
	close(other);
	for (i = 0; i < MMX_HOLD_FDS; i++)
		close(machine_fds[i]);
}

/* A signal reaches the daemon, or what is left of it; and none outlives its holder. */
static void test_signals(void **state)
{
	char c;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(life->up), 0);
	pid = start_holder(waits);
	assert_int_equal(read(life->up[0], &c, 1), 1);
	kill(pid, SIGTERM);
	assert_int_equal(status_of(pid), 128 + SIGTERM);

	pid = start_holder(waits);
	assert_int_equal(read(life->up[0], &c, 1), 1);
	close(life->up[1]);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* the daemon had the last writing end of the pipe */
	assert_int_equal(read(life->up[0], &c, 1), 0);
	close(life->up[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nonsense, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrong_descriptors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quota, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_machines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restarts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signals, setup, teardown),
	};

	life = mmap(NULL, sizeof(*life), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return life == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
