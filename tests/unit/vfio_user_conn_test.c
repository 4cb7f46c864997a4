// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The vfio-user connection against a scripted server: its DMA requests, replies of all kinds, and losing it. */
#include "backend/device/vfio_user_conn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/vfio_user_rig.h"

/* What the server asks for while the client waits for a register; its reply is checked against the case. */
struct dma_case {
	int command;
	uint32_t flags;
	uint64_t addr; /* less the first map's address, unless above 2^40 */
	uint64_t count;
	size_t len; /* of the payload after address and count */
	int want; /* errno of the refusal; -1 = no reply */
};
static const struct dma_case *dma_case;
static uint8_t dma_data[70000];

/* The server's side: sends the request of dma_case and takes the reply. */
static void ask(struct server *s)
{
	static struct message m;
	static uint8_t payload[70016];
	uint64_t access[2] = { dma_case->addr, dma_case->count };

	if (access[0] < 1ull << 40)
		access[0] += 0x100000000;
	memcpy(payload, access, 16);
	memcpy(payload + 16, dma_data, dma_case->len);
	rig_transmit_message(
		s, (struct header){ 0x7777, (uint16_t)dma_case->command, 0, dma_case->flags, 9 },
		payload, 16 + dma_case->len);
	if (dma_case->want < 0)
		return;
	if (!rig_receive(s, &m)) {
		s->wrong++;
		return;
	}
	rig_expect(s, m.hdr.id == 0x7777 && m.hdr.command == dma_case->command);
	if (dma_case->want) {
		rig_expect(s, m.hdr.flags == 0x21 && m.hdr.error == (uint32_t)dma_case->want &&
				      !m.len);
		return;
	}
	rig_expect(s, m.hdr.flags == 1 && !memcmp(m.data, access, 16));
	if (dma_case->command == DMA_READ) {
		rig_expect(s, m.len == 16 + dma_case->count);
		memcpy(dma_data, m.data + 16, m.len - 16);
	} else {
		rig_expect(s, m.len == 16);
	}
}

static bool ask_first(struct server *s, struct message *m)
{
	if (m->hdr.command == REGION_READ)
		ask(s);
	return false;
}

/* @here: what is writable is mapped in this process already; NULL: it is the file's */
static void check_dma(struct fixture *f, int fd, void *here)
{
	/* mapped: 2 pages writable, then 1 page read-only right behind */
	static const struct dma_case cases[] = {
		{ DMA_READ, 0, 0, 4096, 0, 0 },
		{ DMA_READ, 0, 0x2ff8, 8, 0, 0 },
		{ DMA_READ, 0, 0x1000, 0x2000, 0, 0 }, /* across two maps */
		{ DMA_READ, 0, 0, 0x3000, 0, 0 },
		{ DMA_WRITE, 0, 0x1ffc, 4, 4, 0 },
		{ DMA_WRITE, 0, 0, 0x2000, 0x2000, 0 },
		{ DMA_WRITE, 0, 0x108, 8, 8, 0 },
		{ DMA_WRITE, 0, 0x10c, 8, 8, 0 },
		{ DMA_READ, 0, 0x104, 4, 0, 0 },
		{ DMA_WRITE, 0x10, 0x100, 4, 4, -1 }, /* no reply wanted */
		{ DMA_READ, 0x10, 0x100, 4, 0, -1 },
		{ DMA_WRITE, 0, 0x2000, 4, 4, EFAULT }, /* read-only */
		{ DMA_WRITE, 0, 0x1ffe, 4, 4, EFAULT },
		{ DMA_READ, 0, 0x2ffd, 4, 0, EFAULT },
		{ DMA_READ, 0, 0x3000, 4, 0, EFAULT },
		{ DMA_READ, 0, UINT64_MAX - 2, 8, 0, EFAULT },
		{ DMA_READ, 0, UINT64_MAX, 1, 0, EFAULT },
		{ DMA_READ, 0, 0, 0, 0, EINVAL },
		{ DMA_READ, 0, 0, 65537, 0, EINVAL },
		{ DMA_READ, 0, 0, UINT64_MAX, 0, EINVAL },
		{ DMA_READ, 0, 0, 4, 4, EINVAL }, /* a payload that should not be */
		{ DMA_WRITE, 0, 0, 8, 4, EINVAL },
		{ DMA_WRITE, 0, 0, 4, 8, EINVAL },
		{ DMA_WRITE, 0, 0, UINT64_MAX, 0, EINVAL },
		{ REGION_READ, 0, 0, 4, 0, EOPNOTSUPP },
		{ 99, 0, 0, 4, 0, EOPNOTSUPP },
	};
	struct mmx_dma_map map[2];
	uint8_t bytes[0x3000], now[0x3000];
	size_t i, j;

	if (here)
		assert_int_equal(mmx_device_map_here(f->dev, here, 0x2000, &map[0]), 0);
	else
		assert_int_equal(mmx_device_map(f->dev, fd, 0x1000, 0x2000, true, &map[0]), 0);
	assert_int_equal(mmx_device_map(f->dev, fd, 0x3000, 0x1000, false, &map[1]), 0);
	assert_int_equal(mmx_dma_map_addr(&map[1], 0), mmx_dma_map_addr(&map[0], 0) + 0x2000);
	mmx_device_write32(f->dev, 0x10, 4711);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct dma_case *c = &cases[i];
		bool wrote = c->command == DMA_WRITE && c->want <= 0;

		for (j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t)(j * 7 + i);
		assert_int_equal(pwrite(fd, bytes, sizeof(bytes), 0x1000), sizeof(bytes));
		memset(dma_data, (int)(0x80 + i), sizeof(dma_data));
		rig_script(f, NULL, NULL);
		dma_case = c;
		rig_script(f, ask_first, NULL);
		assert_int_equal(mmx_device_read32(f->dev, 0x10), 4711);
		f->s->hook = NULL;
		assert_int_equal(mmx_device_lost(f->dev), 0);
		if (f->s->wrong)
			fail_msg("case %zu", i);
		if (wrote)
			memcpy(bytes + c->addr, dma_data, (size_t)c->count);
		else if (c->command == DMA_READ && !c->want)
			assert_memory_equal(dma_data, bytes + c->addr, (size_t)c->count);
		if (c->want != EFAULT) {
			assert_int_equal(pread(fd, now, sizeof(now), 0x1000), sizeof(now));
			assert_memory_equal(now, bytes, sizeof(now));
		}
	}
	mmx_device_unmap(f->dev, &map[0]);
	mmx_device_unmap(f->dev, &map[1]);
	rig_script(f, ask_first, NULL);
	dma_case = &(const struct dma_case){ DMA_READ, 0, 0x2000, 4, 0, EFAULT };
	mmx_device_read32(f->dev, 0x10);
	rig_script(f, NULL, NULL);
}

static void test_dma_within_a_read(void **state)
{
	int fd = rig_sealed_memory(0x4000);

	check_dma(*state, fd, NULL);
	close(fd);
}

static bool can_reach_itself(void)
{
	char byte, from = 'x';
	struct iovec to = { &byte, 1 }, it = { &from, 1 };

	return process_vm_readv(getpid(), &to, 1, &it, 1, 0) == 1;
}

/* Of a file that can be cut short; one that has been is a refusal, and neither a signal, nor made longer. */
static void test_dma_of_what_shrinks(void **state)
{
	static const struct dma_case gone[] = {
		{ DMA_READ, 0, 0, 4, 0, EFAULT },
		{ DMA_WRITE, 0, 0, 4, 4, EFAULT },
		{ DMA_WRITE, 0, 0x1ffe, 2, 2, EFAULT },
		{ DMA_READ, 0, 0x800, 0x1000, 0, EFAULT },
	};
	struct fixture *f = *state;
	struct mmx_dma_map map;
	int fd = rig_memory(0x4000);
	struct stat st;
	size_t i;

	if (!can_reach_itself()) {
		print_message("no process_vm_readv() here\n");
		close(fd);
		skip();
	}
	check_dma(f, fd, NULL);
	assert_int_equal(mmx_device_map(f->dev, fd, 0x1000, 0x2000, true, &map), 0);
	assert_int_equal(ftruncate(fd, 0x1000), 0);
	for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		rig_script(f, NULL, NULL);
		dma_case = &gone[i];
		rig_script(f, ask_first, NULL);
		mmx_device_read32(f->dev, 0x10);
		assert_int_equal(mmx_device_lost(f->dev), 0);
	}
	rig_script(f, NULL, NULL);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 0x1000);
	/* and comes back */
	assert_int_equal(ftruncate(fd, 0x4000), 0);
	dma_case = &(const struct dma_case){ DMA_READ, 0, 0, 4, 0, 0 };
	rig_script(f, ask_first, NULL);
	mmx_device_read32(f->dev, 0x10);
	rig_script(f, NULL, NULL);
	mmx_device_unmap(f->dev, &map);
	close(fd);
}

static void test_dma_here(void **state)
{
	int fd = rig_sealed_memory(0x4000);
	void *here = mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0x1000);

	assert_ptr_not_equal(here, MAP_FAILED);
	check_dma(*state, fd, here);
	munmap(here, 0x2000);
	close(fd);
}

/* The request comes in one piece with the reply: nothing makes the socket readable afterwards. */
static bool ask_along(struct server *s, struct message *m)
{
	struct {
		struct header hdr;
		uint8_t data[20];
		struct header ask;
		uint64_t access[2];
	} __attribute__((packed)) both = { { m->hdr.id, m->hdr.command, 36, 1, 0 },
					   { 0 },
					   { 5, DMA_READ, 32, 0, 0 },
					   { 0x100000000, 4 } };
	static struct message got;

	if (m->hdr.command != REGION_READ)
		return false;
	memcpy(both.data, m->data, 16);
	memset(both.data + 16, 0x5a, 4);
	rig_transmit(s, &both, sizeof(both));
	rig_expect(s,
		   rig_receive(s, &got) && got.hdr.id == 5 && got.hdr.flags == 1 && got.len == 20);
	s->hook = NULL;
	return true;
}

static void test_dma_behind_a_reply(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_map map;
	int fd = rig_sealed_memory(0x1000);

	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x1000, true, &map), 0);
	rig_script(f, ask_along, NULL);
	assert_int_equal(mmx_device_read32(f->dev, 0), 0x5a5a5a5a);
	assert_int_equal(mmx_device_read32(f->dev, 0), 0); /* the server got its answer */
	mmx_device_unmap(f->dev, &map);
	close(fd);
}

static bool ask_after_write(struct server *s, struct message *m)
{
	if (m->hdr.command == REGION_WRITE)
		ask(s);
	return false;
}

static void test_dma_on_its_own(void **state)
{
	struct fixture *f = *state;
	struct pollfd pfd = { .fd = mmx_vfio_user_fd(f->dev), .events = POLLIN };
	struct mmx_dma_map map;
	int fd = rig_sealed_memory(0x1000);
	char word[4];

	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x1000, true, &map), 0);
	mmx_vfio_user_poll(f->dev); /* nothing there */
	assert_int_equal(poll(&pfd, 1, 0), 0);
	dma_case = &(const struct dma_case){ DMA_WRITE, 0, 0x10, 4, 4, 0 };
	memcpy(dma_data, "ping", 4);
	rig_script(f, ask_after_write, NULL);
	mmx_device_write32(f->dev, 0, 1);
	assert_int_equal(poll(&pfd, 1, 10000), 1);
	mmx_vfio_user_poll(f->dev);
	assert_int_equal(pread(fd, word, 4, 0x10), 4);
	assert_memory_equal(word, "ping", 4);
	rig_script(f, NULL, NULL);
	mmx_device_unmap(f->dev, &map);
	close(fd);
}

static bool drip(struct server *s, struct message *m)
{
	uint8_t bytes[36] = { 0 };
	struct header hdr = { m->hdr.id, m->hdr.command, 36, 1, 0 };
	size_t i;

	if (m->hdr.command != REGION_READ)
		return false;
	memcpy(bytes, &hdr, 16);
	memset(bytes + 32, 0x77, 4);
	for (i = 0; i < sizeof(bytes); i++)
		rig_transmit(s, bytes + i, 1);
	return true;
}

static void test_reply_in_pieces(void **state)
{
	struct fixture *f = *state;

	rig_script(f, drip, NULL);
	assert_int_equal(mmx_device_read32(f->dev, 0), 0x77777777);
	rig_script(f, NULL, NULL);
}

static void test_refused_read(void **state)
{
	static const struct quirk no = { REGION_READ, REFUSE, NULL, EINVAL, 0 };
	struct fixture *f = *state;

	rig_script(f, NULL, &no);
	assert_int_equal(mmx_device_read32(f->dev, 0), UINT32_MAX);
	assert_true(mmx_device_read64(f->dev, 0) == UINT64_MAX);
	assert_int_equal(mmx_device_lost(f->dev), 0);
}

/* Two replies to one request: the first is good, the second means that nothing can be relied on. */
static bool reply_twice(struct server *s, struct message *m)
{
	uint32_t data[5] = { 0, 0, 0, 4, 8 };

	if (m->hdr.command != REGION_READ)
		return false;
	rig_reply(s, m, data, 20);
	rig_reply(s, m, data, 20);
	return true;
}

static void test_reply_twice(void **state)
{
	struct fixture *f = *state;

	rig_script(f, reply_twice, NULL);
	assert_int_equal(mmx_device_read32(f->dev, 0), 8);
	mmx_device_read32(f->dev, 0);
	assert_int_equal(mmx_device_lost(f->dev), -EPROTO);
}

static const struct quirk losses[] = {
	{ REGION_READ, OTHER_ID, NULL, 0, -EPROTO },
	{ REGION_READ, OTHER_COMMAND, NULL, 0, -EPROTO },
	{ REGION_READ, OTHER_TYPE, NULL, 0, -EPROTO },
	{ REGION_READ, TINY, NULL, 0, -EPROTO },
	{ REGION_READ, HUGE_SIZE, NULL, 0, -EPROTO },
	{ REGION_READ, PAYLOAD, WORDS(0, 0, 0, 4), -EPROTO }, /* no data */
	{ REGION_READ, PAYLOAD, WORDS(0, 0, 0, 4, 1, 2), -EPROTO },
	{ REGION_READ, HANG_UP, NULL, 0, -ECONNRESET },
	{ REGION_READ, SILENT, NULL, 0, -ETIMEDOUT },
};

static void test_lost(void **state)
{
	struct mmx_dma_map map, other = { 0 };
	struct fixture f;
	int fd = rig_sealed_memory(0x1000);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		assert_int_equal(rig_connect(&f, NULL, losses[i].kind == SILENT ? 50 : 10000), 0);
		assert_int_equal(mmx_device_map(f.dev, fd, 0, 0x1000, true, &map), 0);
		rig_script(&f, NULL, &losses[i]);
		assert_int_equal(mmx_device_read32(f.dev, 0), UINT32_MAX);
		if (mmx_device_lost(f.dev) != losses[i].want)
			fail_msg("case %zu: %d, not %d", i, mmx_device_lost(f.dev), losses[i].want);
		/* and so it stays, at once and without a word to the server */
		pthread_join(f.s->thread, NULL);
		assert_true(mmx_device_read64(f.dev, 0) == UINT64_MAX);
		mmx_device_write32(f.dev, 0, 1);
		mmx_device_write64(f.dev, 0, 1);
		mmx_vfio_user_poll(f.dev);
		assert_int_equal(mmx_device_map(f.dev, fd, 0, 0x1000, true, &other), -EIO);
		mmx_device_unmap(f.dev, &map);
		assert_int_equal(mmx_device_lost(f.dev), losses[i].want);
		mmx_device_destroy(f.dev);
		f.s->fd = -1;
		assert_int_equal(pthread_create(&f.s->thread, NULL, rig_serve, f.s), 0);
		assert_int_equal(rig_server_stop(f.s), 0);
	}
	close(fd);
}

/* Requests without end in place of the reply. */
static bool chatter(struct server *s, struct message *m)
{
	struct {
		struct header hdr;
		uint64_t access[2];
	} ask = { { 1, DMA_READ, 32, 0x10, 0 }, { 0x1000, 4 } };

	if (m->hdr.command != REGION_READ)
		return false;
	while (send(s->fd, &ask, sizeof(ask), MSG_NOSIGNAL) > 0)
		;
	return true;
}

static void test_chatter_is_silence(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(rig_connect(&f, NULL, 50), 0);
	rig_script(&f, chatter, NULL);
	assert_int_equal(mmx_device_read32(f.dev, 0), UINT32_MAX);
	assert_int_equal(mmx_device_lost(f.dev), -ETIMEDOUT);
	mmx_device_destroy(f.dev);
	assert_int_equal(rig_server_stop(f.s), 0);
}

static bool stop_reading(struct server *s, struct message *m)
{
	struct pollfd pfd = { .fd = s->fd, .events = 0 };

	if (m->hdr.command != REGION_WRITE)
		return false;
	poll(&pfd, 1, 10000); /* until the client hangs up */
	return true;
}

static void test_server_that_does_not_read(void **state)
{
	struct fixture f;
	unsigned int i;

	(void)state;
	assert_int_equal(rig_connect(&f, NULL, 50), 0);
	rig_script(&f, stop_reading, NULL);
	for (i = 0; i < 1000000 && !mmx_device_lost(f.dev); i++)
		mmx_device_write32(f.dev, 0, i);
	assert_int_equal(mmx_device_lost(f.dev), -ETIMEDOUT);
	mmx_device_destroy(f.dev);
	rig_server_stop(f.s);
}

/*
 * Both sides have more to say than their sockets hold, and the server does not read before it has said it: two
 * messages, which is what the client takes in while it waits to send.
 */
static bool flood(struct server *s, struct message *m)
{
	static struct message got;
	struct {
		struct header hdr;
		uint64_t access[2];
		uint8_t data[0xf000];
	} * ask;
	int i, replies = 0, size = 4096;

	if (m->hdr.command != REGION_WRITE)
		return false;
	s->hook = NULL;
	setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	ask = calloc(1, sizeof(*ask));
	ask->hdr = (struct header){ 1, DMA_WRITE, 32 + 0xf000, 0, 0 };
	ask->access[0] = 0x100000000;
	ask->access[1] = 0xf000;
	for (i = 0; i < 2; i++)
		rig_transmit(s, ask, sizeof(*ask));
	free(ask);
	rig_answer(s, m);
	while (replies < 2 && rig_receive(s, &got)) {
		if (got.hdr.flags & 1)
			replies += got.hdr.flags == 1 && got.len == 16;
		else
			rig_answer(s, &got);
	}
	rig_expect(s, replies == 2);
	return true;
}

static void test_both_sides_send(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_map map;
	int fd = rig_sealed_memory(0x10000);
	unsigned int i;

	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x10000, true, &map), 0);
	rig_script(f, flood, NULL);
	f->s->writes = 0;
	for (i = 1; i <= 20000; i++)
		mmx_device_write32(f->dev, 0x20, i);
	assert_int_equal(mmx_device_read32(f->dev, 0x20), 20000);
	assert_int_equal(f->s->writes, 20000);
	assert_int_equal(mmx_device_lost(f->dev), 0);
	mmx_device_unmap(f->dev, &map);
	close(fd);
}

/* A descriptor with the reply; what is left of it here is the reading end of a pipe. */
static bool send_descriptor(struct server *s, struct message *m)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct {
		struct header hdr;
		uint32_t data[5];
	} msg = { { m->hdr.id, m->hdr.command, 36, 1, 0 }, { 0, 0, 0, 4, 3 } };
	struct iovec iov = { &msg, sizeof(msg) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	int ends[2];

	if (m->hdr.command != REGION_READ)
		return false;
	rig_expect(s, !pipe(ends));
	mh.msg_control = control.buf;
	mh.msg_controllen = sizeof(control.buf);
	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.align), &ends[1], sizeof(int));
	s->scratch = ends[0];
	rig_expect(s, sendmsg(s->fd, &mh, 0) == sizeof(msg));
	close(ends[1]);
	s->hook = NULL;
	return true;
}

static void test_descriptors_are_not_taken(void **state)
{
	struct fixture *f = *state;
	struct pollfd pfd = { .events = 0 };

	rig_script(f, send_descriptor, NULL);
	assert_int_equal(mmx_device_read32(f->dev, 0), 3);
	mmx_device_read32(f->dev, 0); /* the server's own end is closed by now */
	pfd.fd = f->s->scratch;
	assert_int_equal(poll(&pfd, 1, 0), 1);
	assert_true(pfd.revents & POLLHUP); /* nobody has the other end */
	close(pfd.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dma_of_what_shrinks, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_dma_within_a_read, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_dma_here, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_dma_behind_a_reply, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_dma_on_its_own, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_reply_in_pieces, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_refused_read, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_reply_twice, rig_setup, rig_teardown),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_chatter_is_silence),
		cmocka_unit_test(test_server_that_does_not_read),
		cmocka_unit_test_setup_teardown(test_both_sides_send, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_descriptors_are_not_taken, rig_setup,
						rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
