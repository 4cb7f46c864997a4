// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The local transport: hand-shake, ownership of descriptors, and peers that do not keep to it. */
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
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "hv/local/local.h"
#include "hv/socket.h"
#include "tests/unit/fds.h"

#define TIMEOUT_MS 5000

static char dir[64];
static char path[96];
static unsigned int fds_before;

static int setup(void **cm_state)
{
	(void)cm_state;
	snprintf(dir, sizeof(dir), "/tmp/malimux-local-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/socket", dir);
	fds_before = fds_count();
	return 0;
}

static int teardown(void **cm_state)
{
	(void)cm_state;
	unlink(path);
	rmdir(dir);
	assert_int_equal(fds_count(), fds_before);
	return 0;
}

static const struct mmx_region_params params = {
	.sub_slots = 64,
	.comp_slots = 64,
	.max_timelines = 16,
	.data_size = 1 << 16,
};

static struct mmx_socket listening;

static int listen_here(int *ret_fd)
{
	int ret = mmx_socket_listen(path, 0600, &listening);

	*ret_fd = listening.fd;
	return ret;
}

struct connecting {
	pthread_t thread;
	int timeout_ms, ret;
	struct mmx_peer peer;
};

static void *connect_thread(void *arg)
{
	struct connecting *c = arg;

	c->ret = mmx_local_connect(path, c->timeout_ms, &c->peer);
	return NULL;
}

static void start_connecting(struct connecting *c, int timeout_ms)
{
	*c = (struct connecting){ .timeout_ms = timeout_ms, .peer = MMX_PEER_INIT };
	assert_int_equal(pthread_create(&c->thread, NULL, connect_thread, c), 0);
}

static int accept_one(int listen_fd)
{
	struct pollfd pfd = { .fd = listen_fd, .events = POLLIN };
	pid_t pid = 0;
	uid_t uid = (uid_t)-1;
	int fd = -1;

	assert_int_equal(poll(&pfd, 1, TIMEOUT_MS), 1);
	assert_int_equal(mmx_socket_accept(listen_fd, &fd, &pid, &uid), 0);
	assert_int_equal(pid, getpid());
	assert_int_equal(uid, getuid());
	return fd;
}

static bool readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLIN);
}

static void check_notifies(int from, int to)
{
	unsigned int i;

	assert_false(readable(to));
	mmx_peer_clear(to);
	/* more than any counter or pipe takes: never blocks, nothing is lost */
	for (i = 0; i < 2000; i++)
		mmx_peer_notify(from);
	assert_true(readable(to));
	mmx_peer_clear(to);
	assert_false(readable(to));
}

static void test_hand_shake(void **cm_state)
{
	struct mmx_peer backend;
	struct connecting c;
	int listen_fd, sock, fds[5], i;
	uid_t uid;
	pid_t pid;

	(void)cm_state;
	assert_int_equal(listen_here(&listen_fd), 0);
	assert_int_equal(mmx_socket_accept(listen_fd, &sock, &pid, &uid), -EAGAIN);
	start_connecting(&c, TIMEOUT_MS);
	sock = accept_one(listen_fd);
	assert_int_equal(mmx_local_peer_init(&backend, &params), 0);
	backend.sock_fd = sock;
	assert_int_equal(mmx_local_heard_mapped(&backend), -EAGAIN);
	assert_int_equal(mmx_local_welcome(&backend, sock), 0);
	assert_int_equal(backend.pid, getpid());
	pthread_join(c.thread, NULL);
	assert_int_equal(c.ret, 0);
	assert_int_equal(mmx_local_heard_mapped(&backend), 0);
	assert_int_equal(mmx_local_heard_mapped(&backend), -EAGAIN);

	assert_int_equal(c.peer.region_size, backend.region_size);
	assert_int_equal(mmx_region_check(c.peer.region, c.peer.region_size), 0);
	((char *)c.peer.region)[c.peer.region_size - 1] = 'x';
	assert_int_equal(((char *)backend.region)[backend.region_size - 1], 'x');
	check_notifies(c.peer.kick_fd, backend.kick_fd);
	check_notifies(backend.call_fd, c.peer.call_fd);
	assert_int_equal(ftruncate(c.peer.region_fd, 0), -1);
	assert_int_equal(errno, EPERM);
	fds[0] = c.peer.sock_fd;
	fds[1] = c.peer.region_fd;
	fds[2] = c.peer.kick_fd;
	fds[3] = c.peer.call_fd;
	fds[4] = backend.call_guest_fd;
	for (i = 0; i < 5; i++)
		assert_int_equal(fcntl(fds[i], F_GETFD), FD_CLOEXEC);

	/* the end of one side is seen by the other, on the socket and on the pipe */
	mmx_peer_finish(&backend);
	mmx_peer_finish(&backend);
	assert_int_equal(poll(&(struct pollfd){ .fd = c.peer.sock_fd, .events = POLLIN }, 1, 0), 1);
	assert_int_equal(poll(&(struct pollfd){ .fd = c.peer.call_fd, .events = POLLIN }, 1, 0), 1);
	mmx_peer_finish(&c.peer);
	close(listen_fd);
}

/*
 * A guest that makes the shared descriptors blocking, and fills or drains them, does not stop its
 * backend.
 */
static void test_guest_cannot_block_backend(void **cm_state)
{
	struct mmx_peer backend, guest;
	unsigned int i;

	(void)cm_state;
	assert_int_equal(mmx_local_peer_init(&backend, &params), 0);
	assert_int_equal(mmx_local_peer_dup(&backend, &guest), 0);
	assert_int_equal(fcntl(guest.call_fd, F_SETFL, 0), 0);
	assert_int_equal(fcntl(guest.kick_fd, F_SETFL, 0), 0);
	for (i = 0; i < 5000; i++)
		mmx_peer_notify(backend.call_fd);
	mmx_peer_clear(backend.kick_fd);
	mmx_peer_finish(&guest);
	/* nor does one that is gone raise SIGPIPE */
	mmx_peer_clear(backend.call_guest_fd);
	mmx_peer_notify(backend.call_fd);
	mmx_peer_finish(&backend);
}

static void test_refused(void **cm_state)
{
	struct connecting c;
	int listen_fd, sock;

	(void)cm_state;
	assert_int_equal(listen_here(&listen_fd), 0);
	start_connecting(&c, TIMEOUT_MS);
	sock = accept_one(listen_fd);
	mmx_local_refuse(sock, EBUSY);
	pthread_join(c.thread, NULL);
	assert_int_equal(c.ret, -EBUSY);
	close(sock);
	close(listen_fd);
}

static void test_silence_and_hangup(void **cm_state)
{
	struct connecting c;
	int listen_fd, sock;

	(void)cm_state;
	assert_int_equal(listen_here(&listen_fd), 0);
	start_connecting(&c, 20);
	pthread_join(c.thread, NULL);
	assert_int_equal(c.ret, -ETIMEDOUT);
	close(accept_one(listen_fd));

	start_connecting(&c, TIMEOUT_MS);
	sock = accept_one(listen_fd);
	close(sock);
	pthread_join(c.thread, NULL);
	assert_int_equal(c.ret, -ECONNRESET);
	close(listen_fd);
}

static void test_socket_files(void **cm_state)
{
	struct mmx_socket first, second;
	char long_path[200];
	struct stat st;
	int fd;

	(void)cm_state;
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = 0;
	assert_int_equal(mmx_socket_listen(long_path, 0600, &first), -ENAMETOOLONG);
	assert_int_equal(mmx_local_connect(path, TIMEOUT_MS, &(struct mmx_peer){ 0 }), -ENOENT);

	assert_int_equal(mmx_socket_listen(path, 0620, &first), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0620);
	assert_int_equal(mmx_socket_listen(path, 0600, &second), -EADDRINUSE);
	/* another one has taken its place, which is not the first one's to remove */
	unlink(path);
	assert_int_equal(mmx_socket_listen(path, 0600, &second), 0);
	mmx_socket_remove(path, &first);
	assert_int_equal(access(path, F_OK), 0);
	close(first.fd);
	close(second.fd);
	/* nobody listens any more: it is taken over */
	assert_int_equal(mmx_socket_listen(path, 0600, &first), 0);
	mmx_socket_remove(path, &first);
	assert_int_equal(access(path, F_OK), -1);
	mmx_socket_remove(path, &first);
	close(first.fd);

	/* what is not a socket is nobody's to remove */
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(mmx_socket_listen(path, 0600, &first), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
}

/* ---- the guest's answer, and the seals ---- */

static void test_answers(void **cm_state)
{
	static const struct {
		const char *text;
		size_t size;
		int ret;
	} answers[] = {
		{ "M", 1, 0 },
		{ "m", 1, -EPROTO },
		{ "", 1, -EPROTO },
		{ "MM", 2, -EPROTO },
		{ "MMMMMMMM", 8, -EPROTO },
		{ NULL, 0, -EAGAIN },
		{ NULL, 1, -ECONNRESET },
	};
	struct mmx_peer peer = MMX_PEER_INIT;
	int socks[2], ret;
	size_t i;

	(void)cm_state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, socks), 0);
		peer.sock_fd = socks[0];
		if (answers[i].text)
			assert_int_equal(write(socks[1], answers[i].text, answers[i].size),
					 answers[i].size);
		else if (answers[i].size)
			close(socks[1]);
		ret = mmx_local_heard_mapped(&peer);
		if (ret != answers[i].ret)
			fail_msg("answer %zu: %d", i, ret);
		close(socks[0]);
		if (answers[i].text || !answers[i].size)
			close(socks[1]);
	}
}

/* Seals the region of a pair, from the backend's end. Return: false: it can't be tested here. */
static bool sealed_pair(struct mmx_peer *backend, struct mmx_peer *guest)
{
	int ret;

	assert_int_equal(mmx_local_peer_init(backend, &params), 0);
	assert_int_equal(mmx_local_peer_dup(backend, guest), 0);
	ret = mmx_peer_seal(backend);
	if (ret == -EINVAL && getenv("MMX_EMULATOR")) {
		mmx_peer_finish(backend);
		mmx_peer_finish(guest);
		return false;
	}
	assert_int_equal(ret, 0);
	return true;
}

/* What was mapped before stays as it is, for both; nobody can take memory away, or map more of it for writing. */
static void test_no_holes(void **cm_state)
{
	struct mmx_peer backend, guest;
	char *page, *last, name[64];
	off_t size;
	int fd;

	(void)cm_state;
	if (!sealed_pair(&backend, &guest)) {
		print_message("the emulator does not know F_SEAL_FUTURE_WRITE\n");
		skip();
	}
	size = (off_t)guest.region_size;
	page = (char *)guest.region + guest.region_size - 4096;
	last = (char *)backend.region + backend.region_size - 4096;
	*page = 'a';
	assert_int_equal(*last, 'a');
	*last = 'b';
	assert_int_equal(*page, 'b');

	assert_int_equal(
		fallocate(guest.region_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size),
		-1);
	assert_int_equal(errno, EPERM);
	/* qemu-user takes that advice for a hint that it may ignore */
	if (!getenv("MMX_EMULATOR")) {
		assert_int_equal(madvise(guest.region, guest.region_size, MADV_REMOVE), -1);
		assert_int_equal(errno, EPERM);
	}
	assert_int_equal(write(guest.region_fd, "x", 1), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(guest.region_fd, 4096), -1);
	/* dropped from the guest's page table, not from the file */
	assert_int_equal(madvise(guest.region, guest.region_size, MADV_DONTNEED), 0);
	assert_int_equal(*page, 'b');

	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, guest.region_fd, 0),
			 MAP_FAILED);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", guest.region_fd);
	fd = open(name, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size), -1);
	close(fd);
	assert_int_equal(fcntl(guest.region_fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	mmx_peer_finish(&guest);
	mmx_peer_finish(&backend);
}

/* A guest that seals the region itself spoils it for itself, and the backend is told. */
static void test_guest_seals(void **cm_state)
{
	struct mmx_peer backend, guest;

	(void)cm_state;
	assert_int_equal(mmx_local_peer_init(&backend, &params), 0);
	assert_int_equal(mmx_local_peer_dup(&backend, &guest), 0);
	assert_int_equal(fcntl(guest.region_fd, F_ADD_SEALS, F_SEAL_SEAL), 0);
	assert_int_equal(mmx_peer_seal(&backend), -EPERM);
	mmx_peer_finish(&guest);
	mmx_peer_finish(&backend);
}

struct lie {
	const char *name;
	uint32_t magic, version, error, pad;
	uint64_t extra_size; /* said beyond what there is */
	unsigned int fd_count;
	int seals; /* of the region; -1: it is no memfd */
	size_t length; /* of the message; 0 = as it should be */
	int ret;
};

#define ALL_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)
#define MAGIC	  MMX_LOCAL_MAGIC

static const struct lie lies[] = {
	{ "honest", MAGIC, 2, 0, 0, 0, 3, ALL_SEALS, 0, 0 },
	{ "magic", MAGIC + 1, 2, 0, 0, 0, 3, ALL_SEALS, 0, -EPROTO },
	{ "version", MAGIC, 1, 0, 0, 0, 3, ALL_SEALS, 0, -EPROTONOSUPPORT },
	{ "pad", MAGIC, 2, 0, 1, 0, 3, ALL_SEALS, 0, -EPROTO },
	{ "no errno", MAGIC, 2, 4096, 0, 0, 0, ALL_SEALS, 0, -EPROTO },
	{ "error with descriptors", MAGIC, 2, EPERM, 0, 0, 3, ALL_SEALS, 0, -EPERM },
	{ "no descriptors", MAGIC, 2, 0, 0, 0, 0, ALL_SEALS, 0, -EPROTO },
	{ "one too few", MAGIC, 2, 0, 0, 0, 2, ALL_SEALS, 0, -EPROTO },
	{ "one too many", MAGIC, 2, 0, 0, 0, 4, ALL_SEALS, 0, -EPROTO },
	{ "far too many", MAGIC, 2, 0, 0, 0, 30, ALL_SEALS, 0, -EPROTO },
	{ "too short", MAGIC, 2, 0, 0, 0, 3, ALL_SEALS, 8, -EPROTO },
	{ "larger than it is", MAGIC, 2, 0, 0, 4096, 3, ALL_SEALS, 0, -EPROTO },
	{ "size overflows", MAGIC, 2, 0, 0, UINT64_MAX - 4096, 3, ALL_SEALS, 0, -EPROTO },
	{ "can shrink", MAGIC, 2, 0, 0, 0, 3, F_SEAL_GROW, 0, -EPROTO },
	{ "can grow", MAGIC, 2, 0, 0, 0, 3, F_SEAL_SHRINK, 0, -EPROTO },
	{ "not sealed", MAGIC, 2, 0, 0, 0, 3, 0, 0, -EPROTO },
	{ "region is no memory", MAGIC, 2, 0, 0, 0, 3, -1, 0, -EPROTO },
};

static void send_lie(int sock, const struct lie *lie, const int *fds)
{
	struct mmx_local_hello hello = {
		.magic = lie->magic,
		.version = lie->version,
		.error = lie->error,
		.pad = lie->pad,
		.region_size = 8192 + lie->extra_size,
	};
	struct iovec iov = { &hello, lie->length ? lie->length : sizeof(hello) };
	union {
		struct cmsghdr hdr;
		char bytes[CMSG_SPACE(30 * sizeof(int))];
	} control = { { 0 } };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (lie->fd_count) {
		control.hdr.cmsg_level = SOL_SOCKET;
		control.hdr.cmsg_type = SCM_RIGHTS;
		control.hdr.cmsg_len = CMSG_LEN(lie->fd_count * sizeof(int));
		memcpy(CMSG_DATA(&control.hdr), fds, lie->fd_count * sizeof(int));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(lie->fd_count * sizeof(int));
	}
	assert_true(sendmsg(sock, &msg, 0) > 0);
}

static void test_lies(void **cm_state)
{
	int listen_fd, sock, fds[30];
	struct connecting c;
	unsigned int i, j;

	(void)cm_state;
	assert_int_equal(listen_here(&listen_fd), 0);
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		if (!strcmp(lies[i].name, "far too many") && getenv("MMX_EMULATOR")) {
			print_message("qemu-user leaks descriptors beyond recvmsg's room\n");
			continue;
		}
		for (j = 0; j < 30; j++) {
			fds[j] = eventfd(0, EFD_CLOEXEC);
			assert_true(fds[j] >= 0);
		}
		if (lies[i].seals >= 0) {
			close(fds[0]);
			fds[0] = memfd_create("lie", MFD_CLOEXEC | MFD_ALLOW_SEALING);
			assert_int_equal(ftruncate(fds[0], 8192), 0);
			assert_int_equal(fcntl(fds[0], F_ADD_SEALS, lies[i].seals), 0);
		}
		start_connecting(&c, TIMEOUT_MS);
		sock = accept_one(listen_fd);
		send_lie(sock, &lies[i], fds);
		pthread_join(c.thread, NULL);
		if (c.ret != lies[i].ret)
			fail_msg("%s: %d", lies[i].name, c.ret);
		mmx_peer_finish(&c.peer);
		close(sock);
		for (j = 0; j < 30; j++)
			close(fds[j]);
		/* one more: the listening one */
		if (fds_count() != fds_before + 1)
			fail_msg("%s: descriptors are left open", lies[i].name);
	}
	close(listen_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hand_shake, setup, teardown),
		cmocka_unit_test_setup_teardown(test_guest_cannot_block_backend, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silence_and_hangup, setup, teardown),
		cmocka_unit_test_setup_teardown(test_socket_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_holes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_guest_seals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lies, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
