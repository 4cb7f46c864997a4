// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The vfio-user device against a scripted server: handshake, registers, interrupts, memory. */
#include "backend/device/vfio_user.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

#include "tests/unit/vfio_user_rig.h"

static void test_handshake(void **state)
{
	struct fixture *f = *state;

	/* version, info, BAR 0 and config, irqs, reset, 3 vectors, MSI-X capability, command register */
	assert_string_equal(f->s->order, "beffhniiijjjjjjkk");
	assert_int_equal(f->s->config[4] | f->s->config[5] << 8,
			 0x0406); /* memory, master, no INTx */
	assert_int_equal(f->s->config[0x53], 0x80); /* enabled, not masked */
	assert_true(f->dev->coherent);
	/* so it maintains nothing, and any memory will do */
	assert_null(f->dev->ops->sync_for_device);
	assert_null(f->dev->ops->sync_for_cpu);
	assert_false(mmx_device_has_uncached(f->dev));
	assert_int_equal(mmx_device_lost(f->dev), 0);
	mmx_device_destroy(f->dev);
	f->dev = NULL;
	pthread_join(f->s->thread, NULL);
	assert_int_equal(f->s->config[4] & 6, 0); /* and DMA ends with the device */
	f->s->fd = -1;
	assert_int_equal(pthread_create(&f->s->thread, NULL, rig_serve, f->s),
			 0); /* for teardown to join */
}

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
		r = rig_connect(&f, &handshakes[i], handshakes[i].kind == SILENT ? 20 : 10000);
		if (r != handshakes[i].want)
			fail_msg("case %zu: %d, not %d", i, r, handshakes[i].want);
		mmx_device_destroy(f.dev);
		assert_int_equal(rig_server_stop(f.s), 0);
	}
	assert_int_equal(mmx_vfio_user_create_fd(rig_memory(1), 100, &f.dev), -ENOTSOCK);
	assert_int_equal(mmx_vfio_user_create_fd(rig_memory(1), 0, &f.dev), -EINVAL);
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
	f.s = rig_server_start(sv[1]);
	f.s->hook = circular_capabilities;
	assert_int_equal(pthread_create(&f.s->thread, NULL, rig_serve, f.s), 0);
	assert_int_equal(mmx_vfio_user_create_fd(sv[0], 10000, &f.dev), 0);
	mmx_device_destroy(f.dev);
	assert_int_equal(rig_server_stop(f.s), 0);
}

static bool count_flags(struct server *s, struct message *m)
{
	rig_expect(s, m->hdr.command == REGION_READ ? m->hdr.flags == 0 : m->hdr.flags == 0x10);
	s->scratch++;
	return false;
}

static void test_registers(void **state)
{
	struct fixture *f = *state;
	uint64_t value;

	rig_script(f, count_flags, NULL);
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
	rig_script(f, NULL, NULL);
}

static void test_interrupts(void **state)
{
	struct fixture *f = *state;
	int irq, other;

	if (getenv("MMX_EMULATOR")) {
		print_message("qemu-user has no preadv2, with which interrupts are taken\n");
		skip();
	}
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
	int fd = rig_sealed_memory(0x600000);
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

/* What can be cut short is not for others to map: they get a range without a descriptor. */
static void test_map_by_message(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_map map = { 0 };
	int fd = rig_memory(0x4000);

	assert_int_equal(mmx_device_map(f->dev, fd, 0x1000, 0x2000, true, &map), 0);
	assert_int_equal(f->s->map_fd, -1);
	assert_int_equal(f->s->map_addr, map.runs[0].addr);
	assert_int_equal(f->s->map_size, 0x2000);
	assert_int_equal(f->s->map_offset, 0);
	assert_int_equal(f->s->map_flags, 3);
	mmx_device_unmap(f->dev, &map);
	/* all other seals are none for this */
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x1000, true, &map), 0);
	assert_int_equal(f->s->map_fd, -1);
	mmx_device_unmap(f->dev, &map);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x1000, true, &map), 0);
	assert_true(f->s->map_fd >= 0);
	mmx_device_unmap(f->dev, &map);
	assert_int_equal(f->s->maps, 0);
	close(fd);
}

/* Memory of this process alone: the server gets addresses, and no descriptor. */
static void test_map_here(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_map map[2] = { { 0 } };
	char *here = mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(here, MAP_FAILED);
	assert_int_equal(mmx_device_map_here(f->dev, here, 0x2000, &map[0]), 0);
	assert_int_equal(f->s->map_addr, map[0].runs[0].addr);
	assert_int_equal(f->s->map_size, 0x2000);
	assert_int_equal(f->s->map_offset, 0);
	assert_int_equal(f->s->map_flags, 3);
	assert_int_equal(f->s->map_fd, -1);
	assert_int_equal(mmx_device_map_here(f->dev, here + 8, 0x1000, &map[1]), -EINVAL);
	assert_int_equal(mmx_device_map_here(f->dev, here, 0x1008, &map[1]), -EINVAL);
	assert_int_equal(mmx_device_map_here(f->dev, here, 0, &map[1]), -EINVAL);
	mmx_device_unmap(f->dev, &map[0]);
	assert_int_equal(f->s->maps, 0);
	here[0x1fff] = 1; /* is still there */
	assert_int_equal(munmap(here, 0x2000), 0);
}

static void test_map_refused(void **state)
{
	static const struct quirk no_map = { DMA_MAP, REFUSE, NULL, ENOMEM, 0 };
	static const struct quirk no_unmap = { DMA_UNMAP, REFUSE, NULL, EINVAL, 0 };
	struct fixture *f = *state;
	struct mmx_dma_map map = { 0 };
	int fd = rig_memory(0x1000);

	rig_script(f, NULL, &no_map);
	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x1000, true, &map), -ENOMEM);
	assert_null(map.runs);
	assert_int_equal(mmx_device_lost(f->dev), 0);
	rig_script(f, NULL, &no_unmap);
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
	int fd = rig_memory(0x1000);

	(void)state;
	assert_int_equal(rig_connect(&f, &one, 10000), 0);
	assert_int_equal(mmx_device_map(f.dev, fd, 0, 0x1000, true, &map[0]), 0);
	assert_int_equal(mmx_device_map(f.dev, fd, 0, 0x1000, true, &map[1]), -ENOSPC);
	mmx_device_unmap(f.dev, &map[0]);
	assert_int_equal(mmx_device_map(f.dev, fd, 0, 0x1000, true, &map[0]), 0);
	mmx_device_unmap(f.dev, &map[0]);
	mmx_device_destroy(f.dev);
	assert_int_equal(rig_server_stop(f.s), 0);
	close(fd);
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
		cmocka_unit_test_setup_teardown(test_handshake, rig_setup, rig_teardown),
		cmocka_unit_test(test_bad_handshakes),
		cmocka_unit_test(test_capabilities_in_a_circle),
		cmocka_unit_test_setup_teardown(test_registers, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_interrupts, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_map, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_map_by_message, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_map_here, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(test_map_refused, rig_setup, rig_teardown),
		cmocka_unit_test(test_map_limit),
		cmocka_unit_test(test_by_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
