// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The scripted vfio-user server; see the header. Its state is the thread's while a message is under way. */
#include "tests/unit/vfio_user_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

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

bool rig_receive(struct server *s, struct message *m)
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

void rig_transmit(struct server *s, const void *data, size_t len)
{
	/* a client that gave up is the business of the test */
	(void)!send(s->fd, data, len, MSG_NOSIGNAL);
}

void rig_transmit_message(struct server *s, struct header hdr, const void *data, size_t len)
{
	static uint8_t buf[80000];

	hdr.size = (uint32_t)(16 + len);
	memcpy(buf, &hdr, 16);
	if (len)
		memcpy(buf + 16, data, len);
	rig_transmit(s, buf, 16 + len);
}

void rig_reply(struct server *s, const struct message *m, const void *data, size_t len)
{
	if (m->hdr.flags & 0x10)
		return;
	rig_transmit_message(s, (struct header){ m->hdr.id, m->hdr.command, 0, 1, 0 }, data, len);
}

static void refuse(struct server *s, const struct message *m, uint32_t error)
{
	rig_transmit_message(s, (struct header){ m->hdr.id, m->hdr.command, 0, 0x21, error }, NULL,
			     0);
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

void rig_expect(struct server *s, bool as_expected)
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
		rig_reply(s, m, m->data, 16);
	} else {
		memcpy(m->data + 16, bytes + offset, count);
		rig_reply(s, m, m->data, 16 + count);
	}
}

static void set_irqs(struct server *s, struct message *m)
{
	rig_expect(s, m->len == 20 && get32(m, 0) == 20 && get32(m, 4) == 0x24 &&
			      get32(m, 8) == 2 && get32(m, 12) < 3 && get32(m, 16) == 1 &&
			      m->fd >= 0);
	s->irq_fds[get32(m, 12) % 3] = m->fd;
	rig_reply(s, m, NULL, 0);
}

static void dma_map(struct server *s, struct message *m)
{
	if (m->hdr.command == DMA_MAP) {
		rig_expect(s, m->len == 32 && get32(m, 0) == 32);
		s->map_flags = get32(m, 4);
		s->map_offset = get64(m, 8);
		s->map_addr = get64(m, 16);
		s->map_size = get64(m, 24);
		if (s->map_fd >= 0)
			close(s->map_fd);
		s->map_fd = m->fd;
		s->maps++;
		rig_reply(s, m, NULL, 0);
	} else {
		rig_expect(s, m->len == 24 && get32(m, 4) == 0);
		s->maps--;
		rig_reply(s, m, m->data, 24);
	}
}

void rig_answer(struct server *s, struct message *m)
{
	static const char version[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8,"
				      "\"max_data_xfer_size\":1048576}}";
	static const uint32_t info[] = { 16, 3, 9, 5 }, irqs[] = { 16, 1, 2, 3 };
	uint32_t region[8] = { 32, 3, get32(m, 8), 0, get32(m, 8) == 7 ? 256 : 0x200000 };

	switch (m->hdr.command) {
	case NEGOTIATE:
		rig_expect(s, m->len > 60 && get32(m, 0) == 0 && m->data[m->len - 1] == '\0');
		rig_reply(s, m, version, sizeof(version));
		break;
	case GET_INFO:
		rig_expect(s, m->len == 16 && get32(m, 0) == 16);
		rig_reply(s, m, info, sizeof(info));
		break;
	case REGION_INFO:
		rig_expect(s, m->len == 32 && get32(m, 0) == 32);
		rig_reply(s, m, region, sizeof(region));
		break;
	case IRQ_INFO:
		rig_expect(s, m->len == 16 && get32(m, 0) == 16 && get32(m, 8) == 2);
		rig_reply(s, m, irqs, sizeof(irqs));
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
		rig_expect(s, !m->len);
		rig_reply(s, m, NULL, 0);
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
		rig_reply(s, m, quirk->data, quirk->len);
		break;
	case REFUSE:
		refuse(s, m, (uint32_t)quirk->len);
		break;
	case OTHER_ID:
		hdr.id++;
		rig_transmit_message(s, hdr, NULL, 0);
		break;
	case OTHER_COMMAND:
		hdr.command++;
		rig_transmit_message(s, hdr, NULL, 0);
		break;
	case OTHER_TYPE:
		hdr.flags = 2;
		rig_transmit_message(s, hdr, NULL, 0);
		break;
	case TINY:
		hdr.size = 15;
		rig_transmit(s, &hdr, 16);
		break;
	case HUGE_SIZE:
		hdr.size = 0x80000000;
		rig_transmit(s, &hdr, 16);
		break;
	case SILENT:
		break;
	case HANG_UP:
		return false;
	}
	return true;
}

void *rig_serve(void *arg)
{
	static struct message m;
	struct server *s = arg;

	while (rig_receive(s, &m)) {
		if (s->order_len < sizeof(s->order) - 1)
			s->order[s->order_len++] = (char)('a' + m.hdr.command);
		if (s->quirk && s->quirk->command == m.hdr.command) {
			if (!misbehave(s, &m))
				break;
		} else if (!s->hook || !s->hook(s, &m)) {
			rig_answer(s, &m);
		}
	}
	close(s->fd);
	return NULL;
}

struct server *rig_server_start(int fd)
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
int rig_server_stop(struct server *s)
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

int rig_connect(struct fixture *f, const struct quirk *quirk, int timeout_ms)
{
	int sv[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	f->s = rig_server_start(sv[1]);
	f->s->quirk = quirk;
	f->dev = NULL;
	assert_int_equal(pthread_create(&f->s->thread, NULL, rig_serve, f->s), 0);
	return mmx_vfio_user_create_fd(sv[0], timeout_ms, &f->dev);
}

int rig_setup(void **state)
{
	static struct fixture f;

	*state = &f;
	return rig_connect(&f, NULL, 10000);
}

/* Changes the script: the client must be idle; a read makes sure that the server is too. */
void rig_script(struct fixture *f, bool (*hook)(struct server *s, struct message *m),
		const struct quirk *quirk)
{
	mmx_device_read32(f->dev, 0);
	f->s->hook = hook;
	f->s->quirk = quirk;
}

int rig_teardown(void **state)
{
	struct fixture *f = *state;

	mmx_device_destroy(f->dev);
	return rig_server_stop(f->s);
}

int rig_memory(size_t size)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

int rig_sealed_memory(size_t size)
{
	int fd = rig_memory(size);

	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	return fd;
}
