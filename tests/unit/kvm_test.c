// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The ivshmem transport: the server's messages as QEMU reads them, sessions that come and go in one region, and the
 * other end not keeping to anything: QEMU, the guest, the server.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
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
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "hv/kvm/ivshmem.h"
#include "tests/unit/fds.h"

#define TIMEOUT_MS 5000
#define SIZE	   (1u << 17)
/* header, session page and two rings of 64 slots */
#define OVERHEAD (4096u + 4096u + 2 * 8192u)

static const struct mmx_transport *const kvm = &mmx_kvm_transport;
static const struct mmx_region_params params = {
	.sub_slots = 64,
	.comp_slots = 64,
	.max_timelines = 16,
	.data_size = SIZE - OVERHEAD,
};

static unsigned int fds_before;
static struct mmx_peer backend; /* the daemon's end */
static int qemu; /* the other end of the socket */

static int setup(void **cm_state)
{
	int socks[2], ret;

	(void)cm_state;
	fds_before = fds_count();
	ret = kvm->make(&backend, &params);
	/* emulators of user space have no AIO */
	if (ret == -ENOSYS && getenv("MMX_EMULATOR")) {
		qemu = -1;
		return 0;
	}
	assert_int_equal(ret, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, socks),
			 0);
	assert_int_equal(kvm->welcome(&backend, socks[0]), 0);
	qemu = socks[1];
	return 0;
}

static int teardown(void **cm_state)
{
	(void)cm_state;
	mmx_peer_finish(&backend);
	if (qemu >= 0)
		close(qemu);
	assert_int_equal(fds_count(), fds_before);
	return 0;
}

static void need_kernel(void)
{
	if (qemu >= 0)
		return;
	print_message("the emulator has no AIO\n");
	skip();
}

/* Both parts of the machine; the socket is its from now on. */
static void plug(struct mmx_peer *ret_machine)
{
	assert_int_equal(mmx_kvm_plug_socket(qemu, TIMEOUT_MS, ret_machine), 0);
	qemu = -1;
}

/* ---- the server's messages ---- */

/* As hw/misc/ivshmem.c takes them: 8 bytes at a time, at most one descriptor with each. */
static int64_t next_message(int *ret_fd)
{
	uint8_t bytes[8];
	int fds[MMX_PEER_MAX_FDS];
	unsigned int i, count;
	int64_t number = 0;

	assert_int_equal(mmx_peer_receive(qemu, bytes, sizeof(bytes), fds, &count), sizeof(bytes));
	assert_true(count <= 1);
	*ret_fd = count ? fds[0] : -1;
	for (i = 0; i < 8; i++)
		number |= (int64_t)((uint64_t)bytes[i] << 8 * i);
	return number;
}

static ino_t inode(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void test_messages(void **cm_state)
{
	static const struct {
		int64_t number;
		bool has_fd;
	} want[] = { { 0, false }, { 1, false }, { -1, true }, { 2, true }, { 1, true } };
	struct mmx_region_hdr hdr;
	struct mmx_kvm_link link;
	uint64_t value = 0;
	int fds[5];
	char c;
	size_t i;

	(void)cm_state;
	need_kernel();
	for (i = 0; i < 5; i++) {
		assert_int_equal(next_message(&fds[i]), want[i].number);
		assert_int_equal(fds[i] >= 0, want[i].has_fd);
	}
	assert_int_equal(recv(qemu, &c, 1, 0), -1);

	/* the region is a BAR, and what the driver looks for is in it before anybody has asked */
	assert_int_equal(lseek(fds[2], 0, SEEK_END), SIZE);
	assert_int_equal(pread(fds[2], &hdr, sizeof(hdr), 0), sizeof(hdr));
	assert_int_equal(hdr.size, SIZE);
	assert_int_equal(mmx_region_check(&hdr, SIZE), 0);
	assert_int_equal(pread(fds[2], &link, sizeof(link), 2048), sizeof(link));
	assert_int_equal(link.magic, 0x4b584d4d);
	assert_int_equal(link.version, 1);
	assert_int_equal(link.answered | link.error | link.down | link.want, 0);
	assert_int_equal(ftruncate(fds[2], 0), -1);
	assert_int_equal(errno, EPERM);

	/* kick and call are two eventfds, each of which reaches the other side */
	assert_int_not_equal(fds[3], fds[4]);
	assert_int_equal(kvm->heard(&backend), -EAGAIN);
	value = 1;
	assert_int_equal(write(fds[3], &value, 8), 8);
	assert_int_equal(kvm->heard(&backend), 0);
	assert_int_equal(kvm->heard(&backend), -EAGAIN);
	mmx_peer_call(&backend);
	mmx_peer_call(&backend);
	assert_int_equal(read(fds[4], &value, 8), 8);
	assert_int_equal(value, 2);
	assert_int_equal(inode(fds[2]), inode(backend.region_fd));
	for (i = 2; i < 5; i++)
		close(fds[i]);
}

/* Its size is the BAR's. */
static void test_no_bar(void **cm_state)
{
	struct mmx_region_params odd = params;
	struct mmx_peer peer;

	(void)cm_state;
	odd.data_size -= 4096;
	assert_int_equal(kvm->make(&peer, &odd), -EINVAL);
	odd.sub_slots = 3;
	assert_int_equal(kvm->make(&peer, &odd), -EINVAL);
}

/* ---- notifications ---- */

static void fill(int fd)
{
	const uint64_t most = UINT64_MAX - 1;

	assert_int_equal(write(fd, &most, sizeof(most)), sizeof(most));
}

/*
 * Somebody who shares the eventfds makes them block, and the counter of the call full: a write would never return. Nor
 * does a read of the kick wait, which is empty.
 */
static void test_nothing_blocks(void **cm_state)
{
	struct mmx_peer machine;
	uint64_t value = 0;
	unsigned int i;

	(void)cm_state;
	need_kernel();
	plug(&machine);
	assert_int_equal(fcntl(machine.call_fd, F_SETFL, 0), 0);
	assert_int_equal(fcntl(machine.kick_fd, F_SETFL, 0), 0);
	assert_false(fcntl(backend.call_fd, F_GETFL) & O_NONBLOCK);
	fill(machine.call_fd);
	/* more than there are records for */
	for (i = 0; i < 2000; i++)
		mmx_peer_call(&backend);
	assert_int_equal(read(machine.call_fd, &value, sizeof(value)), sizeof(value));
	assert_int_equal(value, UINT64_MAX);
	assert_int_equal(kvm->heard(&backend), -EAGAIN);

	/* it works again, and none is lost */
	for (i = 0; i < 2000; i++)
		mmx_peer_call(&backend);
	assert_int_equal(read(machine.call_fd, &value, sizeof(value)), sizeof(value));
	assert_int_equal(value, 2000);
	mmx_peer_finish(&machine);
}

/* ---- sessions ---- */

struct wishing {
	pthread_t thread;
	const struct mmx_peer *machine;
	uint32_t want;
	int ret;
};

static void *wish_thread(void *arg)
{
	struct wishing *w = arg;

	w->ret = mmx_kvm_wish(w->machine, w->want, TIMEOUT_MS);
	return NULL;
}

static void start_wish(struct wishing *w, const struct mmx_peer *machine, uint32_t want)
{
	*w = (struct wishing){ .machine = machine, .want = want };
	assert_int_equal(pthread_create(&w->thread, NULL, wish_thread, w), 0);
}

static int end_wish(struct wishing *w)
{
	pthread_join(w->thread, NULL);
	return w->ret;
}

/* As the listener does, until something has been prepared. Return: what prepare() has said. */
static int serve(void)
{
	struct pollfd pfd = { .fd = backend.kick_fd, .events = POLLIN };
	int ret;

	do {
		assert_int_equal(poll(&pfd, 1, TIMEOUT_MS), 1);
		ret = kvm->heard(&backend);
	} while (ret == -EAGAIN);
	return ret ? ret : kvm->prepare(&backend);
}

static bool is_new(const struct mmx_peer *machine)
{
	const uint8_t *bytes = machine->region;
	struct mmx_region_hdr hdr;
	size_t i;

	memcpy(&hdr, bytes, sizeof(hdr));
	if (mmx_region_check(&hdr, machine->region_size) || hdr.size != SIZE)
		return false;
	for (i = 4096; i < OVERHEAD; i++)
		if (bytes[i])
			return false;
	return true;
}

static void test_sessions(void **cm_state)
{
	struct mmx_peer machine;
	struct mmx_kvm_link *link;
	struct wishing w;
	uint32_t i, want;

	(void)cm_state;
	need_kernel();
	plug(&machine);
	link = mmx_kvm_link(&machine);
	for (i = 0; i < 3; i++) {
		want = mmx_kvm_next(link->want, link->answered);
		assert_true(want && want != link->want && want != link->answered);
		/* what one leaves behind, the header with it, is not the next one's */
		memset(machine.region, 0xa5, 64);
		memset((uint8_t *)machine.region + 4096, 0xa5, OVERHEAD - 4096);
		memset((uint8_t *)machine.region + OVERHEAD, 0x5a, 4096);
		memcpy(machine.region, &(struct mmx_region_hdr){ 0 }, 8);
		if (i == 0)
			assert_int_equal(mmx_kvm_wish(&machine, want, 0), -EPROTO);
		__atomic_store_n(&link->want, want, __ATOMIC_RELEASE);
		mmx_peer_notify(machine.kick_fd);
		assert_int_equal(serve(), 0);
		assert_true(is_new(&machine));
		assert_int_equal(((uint8_t *)machine.region)[OVERHEAD], 0x5a);
		assert_int_not_equal(link->answered, want);
		kvm->answer(&backend, 0);
		start_wish(&w, &machine, want);
		assert_int_equal(end_wish(&w), 0);
		assert_int_equal(link->answered, want);
		/* to be asked twice is nothing */
		assert_int_equal(kvm->heard(&backend), -EAGAIN);
		assert_false(kvm->moves_on(&backend));
		assert_int_equal(kvm->prepare(&backend), -EAGAIN);
	}
	/* it is sealed: no holes, no other mappings */
	assert_int_equal(
		fallocate(machine.region_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, SIZE),
		-1);
	assert_int_equal(errno, EPERM);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, machine.region_fd, 0),
			 MAP_FAILED);
	mmx_peer_finish(&machine);
	assert_int_equal(kvm->heard(&backend), -ECONNRESET);
}

static void test_answers(void **cm_state)
{
	struct mmx_peer machine;
	struct wishing w;

	(void)cm_state;
	need_kernel();
	plug(&machine);
	/* a kick without a wish: sealed, and that is all */
	mmx_peer_notify(machine.kick_fd);
	assert_int_equal(serve(), -EAGAIN);
	start_wish(&w, &machine, 7);
	assert_int_equal(serve(), 0);
	kvm->answer(&backend, EPERM);
	assert_int_equal(end_wish(&w), -EPERM);
	/* busy with itself is an answer, too */
	start_wish(&w, &machine, 8);
	assert_int_equal(serve(), 0);
	kvm->answer(&backend, EAGAIN);
	assert_int_equal(end_wish(&w), -EAGAIN);
	start_wish(&w, &machine, 0xffffffff);
	assert_int_equal(serve(), 0);
	kvm->answer(&backend, 0);
	assert_int_equal(end_wish(&w), 0);
	/* none: answered when it is prepared, with nothing to begin */
	start_wish(&w, &machine, 0);
	assert_int_equal(serve(), -EAGAIN);
	assert_int_equal(end_wish(&w), 0);
	assert_int_equal(mmx_kvm_link(&machine)->answered, 0);
	/* nobody answers */
	assert_int_equal(mmx_kvm_wish(&machine, 3, 20), -ETIMEDOUT);
	mmx_kvm_link(&machine)->error = 5000;
	mmx_kvm_link(&machine)->answered = 3;
	assert_int_equal(mmx_kvm_wish(&machine, 3, 20), -EPROTO);
	/* or ever will */
	start_wish(&w, &machine, 4);
	mmx_peer_finish(&backend);
	assert_int_equal(end_wish(&w), -ENODEV);
	assert_int_equal(mmx_kvm_link(&machine)->down, 1);
	mmx_peer_finish(&machine);
}

/* ---- another daemon takes it over ---- */

/* What it inherits: descriptors and the mapping, of the backend's. */
static struct mmx_peer inherit(void)
{
	struct mmx_peer heir = MMX_PEER_INIT;

	heir.sock_fd = dup(backend.sock_fd);
	heir.region_fd = dup(backend.region_fd);
	heir.kick_fd = dup(backend.kick_fd);
	heir.call_fd = dup(backend.call_fd);
	heir.region_size = backend.region_size;
	/* a size of 0 duplicates a shared mapping */
	heir.region = mremap(backend.region, 0, backend.region_size, MREMAP_MAYMOVE);
	assert_ptr_not_equal(heir.region, MAP_FAILED);
	return heir;
}

/* The daemon dies: nothing is said. */
static void change_over(struct mmx_peer *heir)
{
	backend.kept = true;
	mmx_peer_finish(&backend);
	backend = *heir;
}

static void test_adopt(void **cm_state)
{
	const struct mmx_session_page *page;
	struct mmx_region_hdr layout;
	struct mmx_peer machine, heir;
	struct wishing w;

	(void)cm_state;
	need_kernel();
	assert_int_equal(mmx_region_layout(&params, &layout), 0);
	plug(&machine);
	page = (void *)((uint8_t *)machine.region + layout.session_offset);

	/* no driver has come yet: nothing is touched, and nobody called */
	heir = inherit();
	assert_int_equal(kvm->adopt(&heir, &layout), 0);
	change_over(&heir);
	assert_int_equal(page->closed, 0);
	assert_false(mmx_peer_clear(machine.call_fd));
	start_wish(&w, &machine, 5);
	assert_int_equal(serve(), 0);
	kvm->answer(&backend, 0);
	assert_int_equal(end_wish(&w), 0);
	mmx_peer_clear(machine.call_fd);

	/* a session: it has ended, and its driver is told; that wish is none any more */
	heir = inherit();
	assert_int_equal(kvm->adopt(&heir, &layout), 0);
	change_over(&heir);
	assert_int_equal(page->closed, ESHUTDOWN);
	assert_true(mmx_peer_clear(machine.call_fd));
	assert_int_equal(mmx_kvm_link(&machine)->down, 0);
	mmx_peer_notify(machine.kick_fd);
	assert_int_equal(kvm->heard(&backend), -EAGAIN);
	start_wish(&w, &machine, 6);
	assert_int_equal(serve(), 0);
	assert_true(is_new(&machine));
	kvm->answer(&backend, 0);
	assert_int_equal(end_wish(&w), 0);

	/* a wish that was not answered yet is the heir's to answer */
	start_wish(&w, &machine, 7);
	while (__atomic_load_n(&mmx_kvm_link(&machine)->want, __ATOMIC_ACQUIRE) != 7)
		;
	heir = inherit();
	assert_int_equal(kvm->adopt(&heir, &layout), 0);
	change_over(&heir);
	assert_int_equal(serve(), 0);
	kvm->answer(&backend, 0);
	assert_int_equal(end_wish(&w), 0);

	/* one that does not fit */
	heir = inherit();
	layout.size *= 2;
	assert_int_equal(kvm->adopt(&heir, &layout), -EPROTO);
	mmx_peer_finish(&heir);
	mmx_peer_finish(&machine);
}

static void test_rude_qemu(void **cm_state)
{
	struct mmx_peer machine;

	(void)cm_state;
	need_kernel();
	plug(&machine);
	assert_int_equal(fcntl(machine.region_fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
	mmx_peer_notify(machine.kick_fd);
	assert_int_equal(kvm->heard(&backend), 0);
	assert_int_equal(kvm->prepare(&backend), -EPERM);
	assert_int_equal(send(machine.sock_fd, "x", 1, 0), 1);
	assert_int_equal(kvm->heard(&backend), -EPROTO);
	shutdown(machine.sock_fd, SHUT_WR);
	assert_int_equal(kvm->heard(&backend), -ECONNRESET);
	mmx_peer_finish(&machine);
}

/* ---- servers that lie ---- */

#define SEALED (F_SEAL_SHRINK | F_SEAL_GROW)

static const struct lie {
	const char *name;
	int64_t numbers[5];
	unsigned int fds[5]; /* that come with each */
	unsigned int messages; /* then it hangs up */
	off_t size;
	int seals;
	int ret;
} lies[] = {
	{ "honest", { 0, 1, -1, 2, 1 }, { 0, 0, 1, 1, 1 }, 5, 8192, SEALED, 0 },
	{ "nothing", { 0 }, { 0 }, 0, 8192, SEALED, -ECONNRESET },
	{ "version", { 1, 1, -1, 2, 1 }, { 0, 0, 1, 1, 1 }, 5, 8192, SEALED, -EPROTO },
	{ "another id", { 0, 3, -1, 2, 1 }, { 0, 0, 1, 1, 1 }, 5, 8192, SEALED, -EPROTO },
	{ "no region", { 0, 1, -1, 2, 1 }, { 0, 0, 0, 1, 1 }, 5, 8192, SEALED, -EPROTO },
	{ "other order", { 0, 1, -1, 1, 2 }, { 0, 0, 1, 1, 1 }, 5, 8192, SEALED, -EPROTO },
	{ "no call", { 0, 1, -1, 2, 1 }, { 0, 0, 1, 1, 0 }, 5, 8192, SEALED, -EPROTO },
	{ "hangs up", { 0, 1, -1, 2, 1 }, { 0, 0, 1, 1, 1 }, 4, 8192, SEALED, -ECONNRESET },
	{ "two at once", { 0, 1, -1, 2, 1 }, { 0, 0, 2, 1, 1 }, 5, 8192, SEALED, -EPROTO },
	{ "with the version", { 0, 1, -1, 2, 1 }, { 1, 0, 1, 1, 1 }, 5, 8192, SEALED, -EPROTO },
	{ "no power of two", { 0, 1, -1, 2, 1 }, { 0, 0, 1, 1, 1 }, 5, 12288, SEALED, -EPROTO },
	{ "small", { 0, 1, -1, 2, 1 }, { 0, 0, 1, 1, 1 }, 5, 2048, SEALED, -EPROTO },
	{ "can shrink", { 0, 1, -1, 2, 1 }, { 0, 0, 1, 1, 1 }, 5, 8192, F_SEAL_GROW, -EPROTO },
};

static void test_lies(void **cm_state)
{
	int socks[2], fds[2];
	struct mmx_peer machine;
	unsigned int i, j, before;

	(void)cm_state;
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const struct lie *lie = &lies[i];

		before = fds_count();
		assert_int_equal(
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, socks),
			0);
		fds[0] = memfd_create("lie", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		assert_int_equal(ftruncate(fds[0], lie->size), 0);
		assert_int_equal(fcntl(fds[0], F_ADD_SEALS, lie->seals), 0);
		fds[1] = fds[0];
		for (j = 0; j < lie->messages; j++)
			assert_int_equal(
				mmx_peer_send(socks[0], &lie->numbers[j], 8, fds, lie->fds[j]), 0);
		close(socks[0]);
		machine = (struct mmx_peer)MMX_PEER_INIT;
		if (mmx_kvm_plug_socket(socks[1], TIMEOUT_MS, &machine) != lie->ret)
			fail_msg("%s: not %d", lie->name, lie->ret);
		/* an honest server whose region is none of ours */
		if (!lie->ret)
			assert_int_equal(mmx_kvm_wish(&machine, 1, 0), -EPROTO);
		mmx_peer_finish(&machine);
		close(fds[0]);
		if (fds_count() != before)
			fail_msg("%s: descriptors are left open", lie->name);
	}
	/* one that refuses */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, socks),
			 0);
	kvm->refuse(socks[0], EBUSY);
	assert_int_equal(mmx_kvm_plug_socket(socks[1], TIMEOUT_MS, &machine), -EBUSY);
	close(socks[0]);
	/* and one that says nothing */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, socks),
			 0);
	assert_int_equal(mmx_kvm_plug_socket(socks[1], 20, &machine), -ETIMEDOUT);
	close(socks[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
		cmocka_unit_test(test_no_bar),
		cmocka_unit_test_setup_teardown(test_nothing_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sessions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_adopt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rude_qemu, setup, teardown),
		cmocka_unit_test(test_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
