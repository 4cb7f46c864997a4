// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The vfio-user device against a scripted server in a thread. Numbers and layouts of the protocol are written out
 * here once more, so that a wrong constant of the client can't agree with itself.
 *
 * The server answers everything as a GPU would; a test's hook may do something else with a message. The server
 * never asserts (cmocka would jump off its thread): it counts in @wrong what it did not expect.
 */
#include "backend/device/vfio_user.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	NEGOTIATE = 1,
	DMA_MAP,
	DMA_UNMAP,
	GET_INFO,
	REGION_INFO,
	IRQ_INFO = 7,
	SET_IRQS,
	REGION_READ,
	REGION_WRITE,
	DMA_READ,
	DMA_WRITE,
	RESET,
};

struct header {
	uint16_t id, command;
	uint32_t size, flags, error;
};

struct message {
	struct header hdr;
	uint8_t data[70000];
	size_t len; /* of data */
	int fd; /* -1 = none came */
};

struct server {
	int fd;
	pthread_t thread;
	bool (*hook)(struct server *s, struct message *m); /* true = dealt with */
	const struct quirk *quirk;
	int wrong;
	char order[64]; /* a letter a message, of the handshake */
	size_t order_len;
	uint8_t bar[0x200000], config[256];
	int irq_fds[3];
	uint64_t map_addr, map_size, map_offset;
	uint32_t map_flags;
	int map_fd, maps;
	unsigned int writes;
	int scratch;
};

struct quirk {
	int command;
	enum {
		PAYLOAD, /* the reply is @data */
		REFUSE, /* with @len as the errno */
		OTHER_ID,
		OTHER_COMMAND,
		OTHER_TYPE,
		TINY, /* a size below that of a header */
		HUGE_SIZE,
		SILENT,
		HANG_UP,
	} kind;
	const void *data;
	size_t len;
	int want;
};

static bool read_all(struct server *s, void *buf, size_t len, int *fd)
{
	char control[CMSG_SPACE(sizeof(int))];
	uint8_t *pos = buf;

	while (len) {
		struct iovec iov = { pos, len };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n;

		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		n = recvmsg(s->fd, &msg, 0);
		if (n <= 0)
			return false;
		if (CMSG_FIRSTHDR(&msg) && fd)
			memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(*fd));
		pos += n;
		len -= (size_t)n;
	}
	return true;
}

static bool receive(struct server *s, struct message *m)
{
	m->fd = -1;
	if (!read_all(s, &m->hdr, 16, &m->fd))
		return false;
	m->len = m->hdr.size - 16;
	if (m->hdr.size < 16 || m->len > sizeof(m->data)) {
		s->wrong++;
		return false;
	}
	return read_all(s, m->data, m->len, NULL);
}

static void transmit(struct server *s, const void *data, size_t len)
{
	/* a client that gave up is the business of the test */
	(void)!send(s->fd, data, len, MSG_NOSIGNAL);
}

static void transmit_message(struct server *s, struct header hdr, const void *data, size_t len)
{
	static uint8_t buf[80000];

	hdr.size = (uint32_t)(16 + len);
	memcpy(buf, &hdr, 16);
	if (len)
		memcpy(buf + 16, data, len);
	transmit(s, buf, 16 + len);
}

static void reply(struct server *s, const struct message *m, const void *data, size_t len)
{
	if (m->hdr.flags & 0x10)
		return;
	transmit_message(s, (struct header){ m->hdr.id, m->hdr.command, 0, 1, 0 }, data, len);
}

static void refuse(struct server *s, const struct message *m, uint32_t error)
{
	transmit_message(s, (struct header){ m->hdr.id, m->hdr.command, 0, 0x21, error }, NULL, 0);
}

static uint32_t get32(const struct message *m, size_t offset)
{
	uint32_t value;

	memcpy(&value, m->data + offset, 4);
	return value;
}

static uint64_t get64(const struct message *m, size_t offset)
{
	uint64_t value;

	memcpy(&value, m->data + offset, 8);
	return value;
}

static void expect(struct server *s, bool as_expected)
{
	if (!as_expected)
		s->wrong++;
}

static void region_access(struct server *s, struct message *m)
{
	uint64_t offset = get64(m, 0);
	uint32_t region = get32(m, 8), count = get32(m, 12);
	uint8_t *bytes = region == 0 ? s->bar : s->config;
	bool write = m->hdr.command == REGION_WRITE;

	if ((region != 0 && region != 7) || offset + count > (region ? 256u : 0x200000u) ||
	    count > 8 || m->len != 16 + (write ? count : 0)) {
		s->wrong++;
		refuse(s, m, EINVAL);
		return;
	}
	if (write) {
		memcpy(bytes + offset, m->data + 16, count);
		s->writes++;
		reply(s, m, m->data, 16);
	} else {
		memcpy(m->data + 16, bytes + offset, count);
		reply(s, m, m->data, 16 + count);
	}
}

static void set_irqs(struct server *s, struct message *m)
{
	expect(s, m->len == 20 && get32(m, 0) == 20 && get32(m, 4) == 0x24 && get32(m, 8) == 2 &&
			  get32(m, 12) < 3 && get32(m, 16) == 1 && m->fd >= 0);
	s->irq_fds[get32(m, 12) % 3] = m->fd;
	reply(s, m, NULL, 0);
}

static void dma_map(struct server *s, struct message *m)
{
	if (m->hdr.command == DMA_MAP) {
		expect(s, m->len == 32 && get32(m, 0) == 32 && m->fd >= 0);
		s->map_flags = get32(m, 4);
		s->map_offset = get64(m, 8);
		s->map_addr = get64(m, 16);
		s->map_size = get64(m, 24);
		if (s->map_fd >= 0)
			close(s->map_fd);
		s->map_fd = m->fd;
		s->maps++;
		reply(s, m, NULL, 0);
	} else {
		expect(s, m->len == 24 && get32(m, 4) == 0);
		s->maps--;
		reply(s, m, m->data, 24);
	}
}

static void answer(struct server *s, struct message *m)
{
	static const char version[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8,"
				      "\"max_data_xfer_size\":1048576}}";
	static const uint32_t info[] = { 16, 3, 9, 5 }, irqs[] = { 16, 1, 2, 3 };
	uint32_t region[8] = { 32, 3, get32(m, 8), 0, get32(m, 8) == 7 ? 256 : 0x200000 };

	switch (m->hdr.command) {
	case NEGOTIATE:
		expect(s, m->len > 60 && get32(m, 0) == 0 && m->data[m->len - 1] == '\0');
		reply(s, m, version, sizeof(version));
		break;
	case GET_INFO:
		expect(s, m->len == 16 && get32(m, 0) == 16);
		reply(s, m, info, sizeof(info));
		break;
	case REGION_INFO:
		expect(s, m->len == 32 && get32(m, 0) == 32);
		reply(s, m, region, sizeof(region));
		break;
	case IRQ_INFO:
		expect(s, m->len == 16 && get32(m, 0) == 16 && get32(m, 8) == 2);
		reply(s, m, irqs, sizeof(irqs));
		break;
	case SET_IRQS:
		set_irqs(s, m);
		break;
	case REGION_READ:
	case REGION_WRITE:
		region_access(s, m);
		break;
	case DMA_MAP:
	case DMA_UNMAP:
		dma_map(s, m);
		break;
	case RESET:
		expect(s, !m->len);
		reply(s, m, NULL, 0);
		break;
	default:
		s->wrong++;
	}
}

/* Return: false = the server ends. */
static bool misbehave(struct server *s, struct message *m)
{
	const struct quirk *quirk = s->quirk;
	struct header hdr = m->hdr;

	hdr.flags = 1;
	hdr.error = 0;
	switch (quirk->kind) {
	case PAYLOAD:
		reply(s, m, quirk->data, quirk->len);
		break;
	case REFUSE:
		refuse(s, m, (uint32_t)quirk->len);
		break;
	case OTHER_ID:
		hdr.id++;
		transmit_message(s, hdr, NULL, 0);
		break;
	case OTHER_COMMAND:
		hdr.command++;
		transmit_message(s, hdr, NULL, 0);
		break;
	case OTHER_TYPE:
		hdr.flags = 2;
		transmit_message(s, hdr, NULL, 0);
		break;
	case TINY:
		hdr.size = 15;
		transmit(s, &hdr, 16);
		break;
	case HUGE_SIZE:
		hdr.size = 0x80000000;
		transmit(s, &hdr, 16);
		break;
	case SILENT:
		break;
	case HANG_UP:
		return false;
	}
	return true;
}

static void *serve(void *arg)
{
	static struct message m;
	struct server *s = arg;

	while (receive(s, &m)) {
		if (s->order_len < sizeof(s->order) - 1)
			s->order[s->order_len++] = (char)('a' + m.hdr.command);
		if (s->quirk && s->quirk->command == m.hdr.command) {
			if (!misbehave(s, &m))
				break;
		} else if (!s->hook || !s->hook(s, &m)) {
			answer(s, &m);
		}
	}
	close(s->fd);
	return NULL;
}

static struct server *server_start(int fd)
{
	/* capability list at 0x40: power management, then MSI-X with 3 vectors, masked */
	static const uint8_t caps[] = { 0x01, 0x50, 0, 0 }, msix[] = { 0x11, 0, 0x02, 0x40 };
	struct server *s = calloc(1, sizeof(*s));

	s->fd = fd;
	s->map_fd = -1;
	s->irq_fds[0] = s->irq_fds[1] = s->irq_fds[2] = -1;
	s->config[6] = 0x10;
	s->config[0x34] = 0x40;
	memcpy(s->config + 0x40, caps, 4);
	memcpy(s->config + 0x50, msix, 4);
	return s;
}

/* After the client has gone. Return: what went wrong in it. */
static int server_stop(struct server *s)
{
	int i, wrong;

	pthread_join(s->thread, NULL);
	for (i = 0; i < 3; i++)
		close(s->irq_fds[i]);
	close(s->map_fd);
	wrong = s->wrong;
	free(s);
	return wrong;
}

struct fixture {
	struct server *s;
	struct mmx_device *dev;
};

static int connect_with(struct fixture *f, const struct quirk *quirk, int timeout_ms)
{
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	f->s = server_start(sv[1]);
	f->s->quirk = quirk;
	f->dev = NULL;
	assert_int_equal(pthread_create(&f->s->thread, NULL, serve, f->s), 0);
	return mmx_vfio_user_create_fd(sv[0], timeout_ms, &f->dev);
}

static int setup(void **state)
{
	static struct fixture f;

	*state = &f;
	return connect_with(&f, NULL, 10000);
}

/* Changes the script: the client must be idle; a read makes sure that the server is too. */
static void script(struct fixture *f, bool (*hook)(struct server *s, struct message *m),
		   const struct quirk *quirk)
{
	mmx_device_read32(f->dev, 0);
	f->s->hook = hook;
	f->s->quirk = quirk;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	mmx_device_destroy(f->dev);
	return server_stop(f->s);
}

static int memory(size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static void test_handshake(void **state)
{
	struct fixture *f = *state;

	/* version, info, BAR 0 and config, irqs, reset, 3 vectors, MSI-X capability, command register */
	assert_string_equal(f->s->order, "beffhniiijjjjjjkk");
	assert_int_equal(f->s->config[4] | f->s->config[5] << 8,
			 0x0406); /* memory, master, no INTx */
	assert_int_equal(f->s->config[0x53], 0x80); /* enabled, not masked */
	assert_true(f->dev->coherent);
	assert_int_equal(mmx_device_lost(f->dev), 0);
	mmx_device_destroy(f->dev);
	f->dev = NULL;
	pthread_join(f->s->thread, NULL);
	assert_int_equal(f->s->config[4] & 6, 0); /* and DMA ends with the device */
	f->s->fd = -1;
	assert_int_equal(pthread_create(&f->s->thread, NULL, serve, f->s),
			 0); /* for teardown to join */
}

#define WORDS(...) (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ })
#define TEXT(text) "\0\0\0\0" text, sizeof("\0\0\0\0" text)

static const struct quirk handshakes[] = {
	{ NEGOTIATE, PAYLOAD, WORDS(0), 0 }, /* all defaults */
	{ NEGOTIATE, PAYLOAD, TEXT("{}"), 0 },
	{ NEGOTIATE, PAYLOAD, TEXT("{\"capabilities\":{\"pgsizes\":12288,\"x\":[]}}"), 0 },
	{ NEGOTIATE, PAYLOAD, WORDS(1), -EPROTO },
	{ NEGOTIATE, PAYLOAD, WORDS(0x10000), -EPROTO },
	{ NEGOTIATE, PAYLOAD, "\0\0", 2, -EPROTO },
	{ NEGOTIATE, PAYLOAD, "\0\0\0\0{}", 6, -EPROTO }, /* no NUL */
	{ NEGOTIATE, PAYLOAD, "\0\0\0\0{}\0x", 8, -EPROTO },
	{ NEGOTIATE, PAYLOAD, TEXT("{"), -EPROTO },
	{ NEGOTIATE, PAYLOAD, TEXT(""), -EPROTO },
	{ NEGOTIATE, PAYLOAD, TEXT("7"), -EPROTO },
	{ NEGOTIATE, PAYLOAD, TEXT("[[[[[[[[[[[["), -EPROTO },
	{ NEGOTIATE, PAYLOAD, TEXT("{\"capabilities\":[]}"), -EPROTO },
	{ NEGOTIATE, PAYLOAD, TEXT("{\"capabilities\":{\"max_msg_fds\":0}}"), -EPROTO },
	{ NEGOTIATE, PAYLOAD, TEXT("{\"capabilities\":{\"max_msg_fds\":\"8\"}}"), -EPROTO },
	{ NEGOTIATE, PAYLOAD, TEXT("{\"capabilities\":{\"max_data_xfer_size\":4}}"), -EPROTO },
	{ NEGOTIATE, PAYLOAD, TEXT("{\"capabilities\":{\"max_dma_maps\":-1}}"), -EPROTO },
	{ NEGOTIATE, PAYLOAD, TEXT("{\"capabilities\":{\"pgsizes\":65536}}"), -EPROTO },
	{ NEGOTIATE, REFUSE, NULL, EPERM, -EPERM },
	{ NEGOTIATE, REFUSE, NULL, 0, -EIO },
	{ NEGOTIATE, REFUSE, NULL, 0xffffffff, -EIO },
	{ NEGOTIATE, OTHER_ID, NULL, 0, -EPROTO },
	{ NEGOTIATE, OTHER_COMMAND, NULL, 0, -EPROTO },
	{ NEGOTIATE, OTHER_TYPE, NULL, 0, -EPROTO },
	{ NEGOTIATE, TINY, NULL, 0, -EPROTO },
	{ NEGOTIATE, HUGE_SIZE, NULL, 0, -EPROTO },
	{ NEGOTIATE, SILENT, NULL, 0, -ETIMEDOUT },
	{ NEGOTIATE, HANG_UP, NULL, 0, -ECONNRESET },
	{ GET_INFO, PAYLOAD, WORDS(16, 1, 9, 5), -EPROTO }, /* not PCI */
	{ GET_INFO, PAYLOAD, WORDS(16, 3, 7, 5), -EPROTO },
	{ GET_INFO, PAYLOAD, WORDS(16, 3, 9, 2), -EPROTO },
	{ GET_INFO, PAYLOAD, WORDS(16, 3, 9), -EPROTO },
	{ GET_INFO, PAYLOAD, WORDS(16, 3, 9, 5, 0), -EPROTO },
	{ GET_INFO, PAYLOAD, WORDS(16, 2, 9, 5), 0 }, /* can't reset */
	{ REGION_INFO, PAYLOAD, WORDS(32, 3, 0, 0, 0x1fffff, 0, 0, 0), -EPROTO },
	{ REGION_INFO, PAYLOAD, WORDS(32, 1, 0, 0, 0x200000, 0, 0, 0), -EPROTO },
	{ REGION_INFO, PAYLOAD, WORDS(32, 3, 1, 0, 0x200000, 0, 0, 0), -EPROTO },
	{ REGION_INFO, PAYLOAD, WORDS(32, 3, 0, 0), -EPROTO },
	{ IRQ_INFO, PAYLOAD, WORDS(16, 1, 2, 2), -EPROTO },
	{ IRQ_INFO, PAYLOAD, WORDS(16, 0, 2, 3), -EPROTO },
	{ IRQ_INFO, PAYLOAD, WORDS(16, 1, 0, 3), -EPROTO },
	{ SET_IRQS, REFUSE, NULL, EINVAL, -EINVAL },
	{ SET_IRQS, PAYLOAD, WORDS(0), -EPROTO },
	{ REGION_READ, REFUSE, NULL, EIO, -EIO },
	{ REGION_READ, PAYLOAD, WORDS(6, 0, 7, 2), -EPROTO },
	{ REGION_WRITE, HANG_UP, NULL, 0, -ECONNRESET },
	{ RESET, REFUSE, NULL, EBUSY, -EBUSY },
};

static void test_bad_handshakes(void **state)
{
	struct fixture f;
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(handshakes) / sizeof(handshakes[0]); i++) {
		r = connect_with(&f, &handshakes[i], handshakes[i].kind == SILENT ? 20 : 10000);
		if (r != handshakes[i].want)
			fail_msg("case %zu: %d, not %d", i, r, handshakes[i].want);
		mmx_device_destroy(f.dev);
		assert_int_equal(server_stop(f.s), 0);
	}
	assert_int_equal(mmx_vfio_user_create_fd(memory(1), 100, &f.dev), -ENOTSOCK);
	assert_int_equal(mmx_vfio_user_create_fd(memory(1), 0, &f.dev), -EINVAL);
}

static bool circular_capabilities(struct server *s, struct message *m)
{
	s->config[0x41] = 0x40;
	(void)m;
	return false;
}

static void test_capabilities_in_a_circle(void **state)
{
	struct fixture f;
	int sv[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	f.s = server_start(sv[1]);
	f.s->hook = circular_capabilities;
	assert_int_equal(pthread_create(&f.s->thread, NULL, serve, f.s), 0);
	assert_int_equal(mmx_vfio_user_create_fd(sv[0], 10000, &f.dev), 0);
	mmx_device_destroy(f.dev);
	assert_int_equal(server_stop(f.s), 0);
}

static bool count_flags(struct server *s, struct message *m)
{
	expect(s, m->hdr.command == REGION_READ ? m->hdr.flags == 0 : m->hdr.flags == 0x10);
	s->scratch++;
	return false;
}

static void test_registers(void **state)
{
	struct fixture *f = *state;
	uint64_t value;

	script(f, count_flags, NULL);
	mmx_device_write32(f->dev, 0x100, 0x11223344);
	mmx_device_write64(f->dev, 0x108, 0x0102030405060708);
	mmx_device_write32(f->dev, 0x1ffffc, 0xdeadbeef);
	assert_int_equal(mmx_device_read32(f->dev, 0x100), 0x11223344);
	assert_int_equal(mmx_device_read64(f->dev, 0x108), 0x0102030405060708);
	assert_int_equal(mmx_device_read32(f->dev, 0x10c), 0x01020304);
	assert_int_equal(mmx_device_read32(f->dev, 0x1ffffc), 0xdeadbeef);
	memcpy(&value, f->s->bar + 0x104, 8);
	assert_int_equal(value, 0x0506070800000000); /* no write was wider than asked */
	assert_int_equal(f->s->scratch, 7);
	script(f, NULL, NULL);
}

static void test_interrupts(void **state)
{
	struct fixture *f = *state;
	int irq, other;

	for (irq = 0; irq < MMX_IRQ_COUNT; irq++) {
		struct pollfd pfd = { .fd = mmx_device_irq_fd(f->dev, irq), .events = POLLIN };

		assert_int_equal(poll(&pfd, 1, 0), 0);
		assert_false(mmx_device_irq_take(f->dev, irq));
		/* a server that makes the eventfd blocking blocks itself alone */
		fcntl(f->s->irq_fds[irq], F_SETFL, 0);
		eventfd_write(f->s->irq_fds[irq], 1);
		eventfd_write(f->s->irq_fds[irq], 1);
		assert_int_equal(poll(&pfd, 1, 0), 1);
		for (other = 0; other < MMX_IRQ_COUNT; other++)
			assert_int_equal(mmx_device_irq_take(f->dev, other), other == irq);
		assert_false(mmx_device_irq_take(f->dev, irq));
	}
}

static void test_map(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_map map[2] = { { 0 } };
	int fd = memory(0x600000);
	char byte;

	assert_int_equal(mmx_device_map(f->dev, fd, 0x1000, 0x2000, true, &map[0]), 0);
	assert_int_equal(map[0].run_count, 1);
	assert_true(map[0].runs[0].addr >= 0x100000000);
	assert_int_equal(map[0].runs[0].size, 0x2000);
	assert_int_equal(mmx_dma_map_addr(&map[0], 0x1fff), map[0].runs[0].addr + 0x1fff);
	assert_int_equal(f->s->map_addr, map[0].runs[0].addr);
	assert_int_equal(f->s->map_offset, 0x1000);
	assert_int_equal(f->s->map_size, 0x2000);
	assert_int_equal(f->s->map_flags, 3);
	assert_int_equal(pwrite(fd, "x", 1, 0x1007), 1);
	assert_int_equal(pread(f->s->map_fd, &byte, 1, 0x1007), 1); /* it got this file */
	assert_int_equal(byte, 'x');
	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x400000, false, &map[1]), 0);
	assert_int_equal(map[1].runs[0].addr % 0x200000, 0);
	assert_int_equal(f->s->map_flags, 1);
	mmx_device_unmap(f->dev, &map[0]);
	mmx_device_unmap(f->dev, &map[0]); /* is zeroed now */
	mmx_device_unmap(f->dev, &map[1]);
	assert_int_equal(f->s->maps, 0);

	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0, true, &map[0]), -EINVAL);
	assert_int_equal(mmx_device_map(f->dev, fd, 1, 0x1000, true, &map[0]), -EINVAL);
	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x1001, true, &map[0]), -EINVAL);
	assert_int_equal(mmx_device_map(f->dev, fd, UINT64_MAX & ~0xfffull, 0x1000, true, &map[0]),
			 -EINVAL);
	assert_int_equal(mmx_device_map(f->dev, -1, 0, 0x1000, true, &map[0]), -EBADF);
	close(fd);
	fd = open("/dev/null", O_RDONLY);
	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x1000, true, &map[0]), -EACCES);
	close(fd);
}

static void test_map_refused(void **state)
{
	static const struct quirk no_map = { DMA_MAP, REFUSE, NULL, ENOMEM, 0 };
	static const struct quirk no_unmap = { DMA_UNMAP, REFUSE, NULL, EINVAL, 0 };
	struct fixture *f = *state;
	struct mmx_dma_map map = { 0 };
	int fd = memory(0x1000);

	script(f, NULL, &no_map);
	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x1000, true, &map), -ENOMEM);
	assert_null(map.runs);
	assert_int_equal(mmx_device_lost(f->dev), 0);
	script(f, NULL, &no_unmap);
	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x1000, true, &map), 0);
	assert_true(map.runs[0].addr == 0x100000000); /* the refused one's */
	mmx_device_unmap(f->dev, &map); /* it keeps the memory: cut off */
	assert_int_equal(mmx_device_lost(f->dev), -EPROTO);
	close(fd);
}

static void test_map_limit(void **state)
{
	static const struct quirk one = { NEGOTIATE, PAYLOAD,
					  TEXT("{\"capabilities\":{\"max_dma_maps\":1}}"), 0 };
	struct mmx_dma_map map[2];
	struct fixture f;
	int fd = memory(0x1000);

	(void)state;
	assert_int_equal(connect_with(&f, &one, 10000), 0);
	assert_int_equal(mmx_device_map(f.dev, fd, 0, 0x1000, true, &map[0]), 0);
	assert_int_equal(mmx_device_map(f.dev, fd, 0, 0x1000, true, &map[1]), -ENOSPC);
	mmx_device_unmap(f.dev, &map[0]);
	assert_int_equal(mmx_device_map(f.dev, fd, 0, 0x1000, true, &map[0]), 0);
	mmx_device_unmap(f.dev, &map[0]);
	mmx_device_destroy(f.dev);
	assert_int_equal(server_stop(f.s), 0);
	close(fd);
}

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
	transmit_message(
		s, (struct header){ 0x7777, (uint16_t)dma_case->command, 0, dma_case->flags, 9 },
		payload, 16 + dma_case->len);
	if (dma_case->want < 0)
		return;
	if (!receive(s, &m)) {
		s->wrong++;
		return;
	}
	expect(s, m.hdr.id == 0x7777 && m.hdr.command == dma_case->command);
	if (dma_case->want) {
		expect(s, m.hdr.flags == 0x21 && m.hdr.error == (uint32_t)dma_case->want && !m.len);
		return;
	}
	expect(s, m.hdr.flags == 1 && !memcmp(m.data, access, 16));
	if (dma_case->command == DMA_READ) {
		expect(s, m.len == 16 + dma_case->count);
		memcpy(dma_data, m.data + 16, m.len - 16);
	} else {
		expect(s, m.len == 16);
	}
}

static bool ask_first(struct server *s, struct message *m)
{
	if (m->hdr.command == REGION_READ)
		ask(s);
	return false;
}

static void test_dma_within_a_read(void **state)
{
	/* mapped: 2 pages writable, then 1 page read-only right behind */
	static const struct dma_case cases[] = {
		{ DMA_READ, 0, 0, 4096, 0, 0 },
		{ DMA_READ, 0, 0x2ff8, 8, 0, 0 },
		{ DMA_READ, 0, 0x1000, 0x2000, 0, 0 }, /* across two maps */
		{ DMA_READ, 0, 0, 0x3000, 0, 0 },
		{ DMA_WRITE, 0, 0x1ffc, 4, 4, 0 },
		{ DMA_WRITE, 0, 0, 0x2000, 0x2000, 0 },
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
	struct fixture *f = *state;
	struct mmx_dma_map map[2];
	uint8_t bytes[0x3000], now[0x3000];
	int fd = memory(0x4000);
	size_t i, j;

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
		script(f, NULL, NULL);
		dma_case = c;
		script(f, ask_first, NULL);
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
	/* a file that was cut short is a refusal, not a signal */
	assert_int_equal(ftruncate(fd, 0x1000), 0);
	dma_case = &(const struct dma_case){ DMA_READ, 0, 0, 4, 0, EFAULT };
	script(f, ask_first, NULL);
	mmx_device_read32(f->dev, 0x10);
	mmx_device_unmap(f->dev, &map[0]);
	mmx_device_unmap(f->dev, &map[1]);
	dma_case = &(const struct dma_case){ DMA_READ, 0, 0x2000, 4, 0, EFAULT };
	mmx_device_read32(f->dev, 0x10);
	script(f, NULL, NULL);
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
	transmit(s, &both, sizeof(both));
	expect(s, receive(s, &got) && got.hdr.id == 5 && got.hdr.flags == 1 && got.len == 20);
	s->hook = NULL;
	return true;
}

static void test_dma_behind_a_reply(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_map map;
	int fd = memory(0x1000);

	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x1000, true, &map), 0);
	script(f, ask_along, NULL);
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
	int fd = memory(0x1000);
	char word[4];

	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x1000, true, &map), 0);
	mmx_vfio_user_poll(f->dev); /* nothing there */
	assert_int_equal(poll(&pfd, 1, 0), 0);
	dma_case = &(const struct dma_case){ DMA_WRITE, 0, 0x10, 4, 4, 0 };
	memcpy(dma_data, "ping", 4);
	script(f, ask_after_write, NULL);
	mmx_device_write32(f->dev, 0, 1);
	assert_int_equal(poll(&pfd, 1, 10000), 1);
	mmx_vfio_user_poll(f->dev);
	assert_int_equal(pread(fd, word, 4, 0x10), 4);
	assert_memory_equal(word, "ping", 4);
	script(f, NULL, NULL);
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
		transmit(s, bytes + i, 1);
	return true;
}

static void test_reply_in_pieces(void **state)
{
	struct fixture *f = *state;

	script(f, drip, NULL);
	assert_int_equal(mmx_device_read32(f->dev, 0), 0x77777777);
	script(f, NULL, NULL);
}

static void test_refused_read(void **state)
{
	static const struct quirk no = { REGION_READ, REFUSE, NULL, EINVAL, 0 };
	struct fixture *f = *state;

	script(f, NULL, &no);
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
	reply(s, m, data, 20);
	reply(s, m, data, 20);
	return true;
}

static void test_reply_twice(void **state)
{
	struct fixture *f = *state;

	script(f, reply_twice, NULL);
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
	int fd = memory(0x1000);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		assert_int_equal(connect_with(&f, NULL, losses[i].kind == SILENT ? 50 : 10000), 0);
		assert_int_equal(mmx_device_map(f.dev, fd, 0, 0x1000, true, &map), 0);
		script(&f, NULL, &losses[i]);
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
		assert_int_equal(pthread_create(&f.s->thread, NULL, serve, f.s), 0);
		assert_int_equal(server_stop(f.s), 0);
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
	assert_int_equal(connect_with(&f, NULL, 50), 0);
	script(&f, chatter, NULL);
	assert_int_equal(mmx_device_read32(f.dev, 0), UINT32_MAX);
	assert_int_equal(mmx_device_lost(f.dev), -ETIMEDOUT);
	mmx_device_destroy(f.dev);
	assert_int_equal(server_stop(f.s), 0);
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
	assert_int_equal(connect_with(&f, NULL, 50), 0);
	script(&f, stop_reading, NULL);
	for (i = 0; i < 1000000 && !mmx_device_lost(f.dev); i++)
		mmx_device_write32(f.dev, 0, i);
	assert_int_equal(mmx_device_lost(f.dev), -ETIMEDOUT);
	mmx_device_destroy(f.dev);
	server_stop(f.s);
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
		transmit(s, ask, sizeof(*ask));
	free(ask);
	answer(s, m);
	while (replies < 2 && receive(s, &got)) {
		if (got.hdr.flags & 1)
			replies += got.hdr.flags == 1 && got.len == 16;
		else
			answer(s, &got);
	}
	expect(s, replies == 2);
	return true;
}

static void test_both_sides_send(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_map map;
	int fd = memory(0x10000);
	unsigned int i;

	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x10000, true, &map), 0);
	script(f, flood, NULL);
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
	expect(s, !pipe(ends));
	mh.msg_control = control.buf;
	mh.msg_controllen = sizeof(control.buf);
	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.align), &ends[1], sizeof(int));
	s->scratch = ends[0];
	expect(s, sendmsg(s->fd, &mh, 0) == sizeof(msg));
	close(ends[1]);
	s->hook = NULL;
	return true;
}

static void test_descriptors_are_not_taken(void **state)
{
	struct fixture *f = *state;
	struct pollfd pfd = { .events = 0 };

	script(f, send_descriptor, NULL);
	assert_int_equal(mmx_device_read32(f->dev, 0), 3);
	mmx_device_read32(f->dev, 0); /* the server's own end is closed by now */
	pfd.fd = f->s->scratch;
	assert_int_equal(poll(&pfd, 1, 0), 1);
	assert_true(pfd.revents & POLLHUP); /* nobody has the other end */
	close(pfd.fd);
}

static void test_by_path(void **state)
{
	char dir[] = "/tmp/malimux-test-XXXXXX", long_path[200];
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct fixture f = { 0 };
	int listener, fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/s", dir);
	assert_int_equal(mmx_vfio_user_create(addr.sun_path, 1000, &f.dev), -ENOENT);
	memset(long_path, 'x', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(mmx_vfio_user_create(long_path, 1000, &f.dev), -ENAMETOOLONG);

	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(mmx_vfio_user_create(addr.sun_path, 1000, &f.dev), -ECONNREFUSED);
	assert_int_equal(listen(listener, 0), 0);
	/* nobody accepts: silence, then a full backlog */
	assert_int_equal(mmx_vfio_user_create(addr.sun_path, 20, &f.dev), -ETIMEDOUT);
	assert_int_equal(mmx_vfio_user_create(addr.sun_path, 20, &f.dev), -ETIMEDOUT);
	fd = accept(listener, NULL, NULL);
	close(fd);
	close(listener);
	assert_null(f.dev);
	unlink(addr.sun_path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_handshake, setup, teardown),
		cmocka_unit_test(test_bad_handshakes),
		cmocka_unit_test(test_capabilities_in_a_circle),
		cmocka_unit_test_setup_teardown(test_registers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interrupts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_map, setup, teardown),
		cmocka_unit_test_setup_teardown(test_map_refused, setup, teardown),
		cmocka_unit_test(test_map_limit),
		cmocka_unit_test_setup_teardown(test_dma_within_a_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dma_behind_a_reply, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dma_on_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reply_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reply_twice, setup, teardown),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_chatter_is_silence),
		cmocka_unit_test(test_server_that_does_not_read),
		cmocka_unit_test_setup_teardown(test_both_sides_send, setup, teardown),
		cmocka_unit_test_setup_teardown(test_descriptors_are_not_taken, setup, teardown),
		cmocka_unit_test(test_by_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
