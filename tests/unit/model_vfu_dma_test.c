// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The vfio-user server's DMA: the table, memory by descriptor, memory by messages. */
#include "tools/model/vfu_dma.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/vfu_client.h"
#include "tests/unit/vfu_fake.h"
#include "tests/unit/vfu_rig.h"

#define R  MMX_VFU_DMA_READABLE
#define W  MMX_VFU_DMA_WRITEABLE
#define RW (R | W)

#define MASTER 4u /* in the command register */

/* Has the fake read @len bytes at @addr: how that went. */
static uint32_t dma_read(struct rig *rig, uint64_t addr, uint32_t len)
{
	rig_set32(rig, FAKE_DMA_ADDR, (uint32_t)addr);
	rig_set32(rig, FAKE_DMA_ADDR + 4, (uint32_t)(addr >> 32));
	rig_set32(rig, FAKE_DMA_READ, len);
	return rig_get32(rig, FAKE_DMA_STATUS);
}

static uint32_t dma_write(struct rig *rig, uint64_t addr, uint32_t len)
{
	rig_set32(rig, FAKE_DMA_ADDR, (uint32_t)addr);
	rig_set32(rig, FAKE_DMA_ADDR + 4, (uint32_t)(addr >> 32));
	rig_set32(rig, FAKE_DMA_WRITE, len);
	return rig_get32(rig, FAKE_DMA_STATUS);
}

static uint32_t file32(int fd, off_t offset)
{
	uint32_t value = 0;

	assert_int_equal(pread(fd, &value, 4, offset), 4);
	return value;
}

static void test_map_arguments(void **state)
{
	static const struct {
		const char *name;
		uint32_t argsz, flags;
		uint64_t offset, addr, size;
		int error;
	} cases[] = {
		{ "good", 32, RW, 0, 0x100000, 0x4000, 0 },
		{ "offset", 32, R, 0x1000, 0x200000, 0x3000, 0 },
		{ "offset in a page", 32, R, 0x123, 0x300000, 0x10, 0 },
		{ "end of the address space", 32, R, 0, 0xfffffffffffff000, 0x1000, 0 },
		{ "argsz", 31, RW, 0, 0x400000, 0x1000, EINVAL },
		{ "no rights", 32, 0, 0, 0x400000, 0x1000, EINVAL },
		{ "wrong flags", 32, RW | 4, 0, 0x400000, 0x1000, EINVAL },
		{ "empty", 32, RW, 0, 0x400000, 0, EINVAL },
		{ "wraps", 32, RW, 0, 0xfffffffffffff000, 0x1001, EINVAL },
		{ "longer than the file", 32, RW, 0, 0x400000, 0x4001, EINVAL },
		{ "offset beyond the file", 32, RW, 0x4001, 0x400000, 1, EINVAL },
		{ "offset + size beyond", 32, RW, 0x3000, 0x400000, 0x1001, EINVAL },
		{ "huge", 32, RW, 0, 0x400000, 0x8000000000000000, EINVAL },
		{ "huge offset", 32, RW, 0xfffffffffffff000, 0x400000, 0x2000, EINVAL },
	};
	struct rig *rig = *state;
	int fd = rig_memfd(0x4000, 0x11);
	unsigned int before = client_count_fds();
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct mmx_vfu_dma_map map = { cases[i].argsz, cases[i].flags,
						     cases[i].offset, cases[i].addr,
						     cases[i].size };

		print_message("%s\n", cases[i].name);
		assert_int_equal(rig_call_fds(rig, MMX_VFU_DMA_MAP, &map, sizeof(map), &fd, 1),
				 cases[i].error);
		assert_int_equal(client_count_fds(), before); /* the mapping keeps none */
		assert_int_equal(dma_read(rig, cases[i].addr, 1),
				 cases[i].error ? FAKE_DMA_FAULT : FAKE_DMA_BY_PTR);
		assert_int_equal(rig_unmap(rig, 0, 0, MMX_VFU_DMA_UNMAP_ALL), 0);
		assert_int_equal(dma_read(rig, cases[i].addr, 1), FAKE_DMA_FAULT);
	}
	close(fd);
}

static void test_map_descriptors(void **state)
{
	struct rig *rig = *state;
	int fd, pair[2], ro;
	char path[] = "/tmp/model_vfu_dma_XXXXXX", link[64];

	assert_int_equal(pipe(pair), 0);
	assert_int_equal(rig_map(rig, 0x1000, 0x1000, RW, pair[0], 0), EINVAL);
	close(pair[0]);
	close(pair[1]);
	fd = open("/dev/zero", O_RDWR);
	if (fd >= 0) {
		assert_int_equal(rig_map(rig, 0x1000, 0x1000, RW, fd, 0), EINVAL);
		close(fd);
	}
	assert_int_equal(rig_map(rig, 0x1000, 0x1000, RW, rig->sock, 0), EINVAL);
	/* read-only file: mapped for reading only */
	fd = rig_memfd(0x1000, 1);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ro = open(link, O_RDONLY);
	if (ro >= 0) {
		assert_int_equal(rig_map(rig, 0x1000, 0x1000, RW, ro, 0), EACCES);
		assert_int_equal(rig_map(rig, 0x1000, 0x1000, R, ro, 0), 0);
		close(ro);
	}
	close(fd);
	/* a file that is not in memory, if there is such a place here */
	fd = mkstemp(path);
	if (fd >= 0) {
		int r;

		assert_int_equal(ftruncate(fd, 0x1000), 0);
		r = rig_map(rig, 0x8000, 0x1000, RW, fd, 0);
		assert_true(r == EINVAL || r == 0);
		close(fd);
		unlink(path);
	}
}

static void test_overlap(void **state)
{
	static const struct {
		uint64_t addr, size;
		int error;
	} cases[] = {
		{ 0x10000, 0x4000, EEXIST }, { 0x10000, 1, EEXIST },
		{ 0x13fff, 1, EEXIST },	     { 0xf000, 0x1001, EEXIST },
		{ 0, 0x100000, EEXIST },     { 0x13fff, 0x1000, EEXIST },
		{ 0x11000, 0x1000, EEXIST }, { 0, UINT64_MAX, EEXIST },
		{ 0xf000, 0x1000, 0 },	     { 0x14000, 0x1000, 0 },
		{ 0x15000, 0x1000, EEXIST }, { 0xe000, 0x8000, EEXIST },
	};
	struct rig *rig = *state;
	size_t i;

	assert_int_equal(rig_map(rig, 0x10000, 0x4000, RW, -1, 0), 0);
	assert_int_equal(rig_map(rig, 0x15000, 0x1000, RW, -1, 0), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(rig_map(rig, cases[i].addr, cases[i].size, RW, -1, 0),
				 cases[i].error);
}

static void test_unmap(void **state)
{
	struct mmx_vfu_dma_unmap bad = { .argsz = 23, .addr = 0x1000, .size = 0x1000 };
	struct rig *rig = *state;
	int fd = rig_memfd(0x10000, 0x22);
	uint64_t addr;

	/* of an empty table */
	assert_int_equal(rig_unmap(rig, 0, 0, MMX_VFU_DMA_UNMAP_ALL), 0);
	assert_int_equal(rig_unmap(rig, 0x10000, 0x1000, 0), 0);
	for (addr = 0x10000; addr < 0x20000; addr += 0x4000)
		assert_int_equal(rig_map(rig, addr, 0x4000, RW, fd, addr - 0x10000), 0);
	assert_int_equal(rig_unmap(rig, 0x10000, 0, 0), EINVAL);
	assert_int_equal(rig_unmap(rig, UINT64_MAX, 2, 0), EINVAL);
	assert_int_equal(rig_unmap(rig, 0x10000, 0x4000, 1), EINVAL);
	assert_int_equal(rig_call(rig, MMX_VFU_DMA_UNMAP, &bad, sizeof(bad)), EINVAL);
	/* pieces */
	assert_int_equal(rig_unmap(rig, 0x10000, 0x1000, 0), EINVAL);
	assert_int_equal(rig_unmap(rig, 0x11000, 0x3000, 0), EINVAL);
	assert_int_equal(rig_unmap(rig, 0x10000, 0x5000, 0), EINVAL);
	assert_int_equal(dma_read(rig, 0x10000, 4), FAKE_DMA_BY_PTR);
	/* what was never mapped */
	assert_int_equal(rig_unmap(rig, 0x20000, 0x10000, 0), 0);
	assert_int_equal(rig_unmap(rig, 0, 0x10000, 0), 0);
	/* one; two, in a wide range; all */
	assert_int_equal(rig_unmap(rig, 0x14000, 0x4000, 0), 0);
	assert_int_equal(dma_read(rig, 0x13ffc, 4), FAKE_DMA_BY_PTR);
	assert_int_equal(dma_read(rig, 0x14000, 4), FAKE_DMA_FAULT);
	assert_int_equal(dma_read(rig, 0x17ffc, 4), FAKE_DMA_FAULT);
	assert_int_equal(dma_read(rig, 0x18000, 4), FAKE_DMA_BY_PTR);
	assert_int_equal(rig_unmap(rig, 0x14000, 0x100000, 0), 0);
	assert_int_equal(dma_read(rig, 0x1c000, 4), FAKE_DMA_FAULT);
	assert_int_equal(dma_read(rig, 0x10000, 4), FAKE_DMA_BY_PTR);
	assert_int_equal(rig_unmap(rig, 0, 0, MMX_VFU_DMA_UNMAP_ALL), 0);
	assert_int_equal(dma_read(rig, 0x10000, 4), FAKE_DMA_FAULT);
	assert_int_equal(rig_map(rig, 0x10000, 0x4000, RW, fd, 0), 0);
	close(fd);
}

/* Memory by descriptor: right bytes, right rights, whatever the order of the mapping. */
static void test_access(void **state)
{
	static const uint64_t order[] = { 5, 0, 7, 3, 1, 6, 2, 4 };
	struct rig *rig = *state;
	int fd = rig_memfd(0x8000, 0);
	uint32_t i;

	for (i = 0; i < 8; i++) {
		uint32_t mark = 0xc0de0000 + i;

		assert_int_equal(pwrite(fd, &mark, 4, i * 0x1000), 4);
	}
	for (i = 0; i < 8; i++)
		assert_int_equal(rig_map(rig, 0x100000000 + order[i] * 0x1000, 0x1000,
					 order[i] & 1 ? R : RW, fd, order[i] * 0x1000),
				 0);
	for (i = 0; i < 8; i++) {
		assert_int_equal(dma_read(rig, 0x100000000 + i * 0x1000, 4), FAKE_DMA_BY_PTR);
		assert_int_equal(rig_get32(rig, FAKE_DMA_DATA), 0xc0de0000 + i);
		rig_set32(rig, FAKE_DMA_DATA, i);
		assert_int_equal(dma_write(rig, 0x100000004 + i * 0x1000, 4),
				 i & 1 ? FAKE_DMA_FAULT : FAKE_DMA_BY_PTR);
		assert_int_equal(file32(fd, 4 + i * 0x1000), i & 1 ? 0 : i);
	}
	/* across two ranges: copied; over the end: a fault */
	assert_int_equal(dma_read(rig, 0x100000ffe, 4), FAKE_DMA_BY_COPY);
	assert_int_equal(rig_get32(rig, FAKE_DMA_DATA), 0x00010000);
	assert_int_equal(dma_read(rig, 0x100007ffe, 4), FAKE_DMA_FAULT);
	assert_int_equal(dma_read(rig, 0xffffffffc, 8), FAKE_DMA_FAULT);
	close(fd);
}

/* --- Messages --- */

static void send_reply(struct rig *rig, uint16_t id, uint16_t cmd, uint32_t flags, uint64_t addr,
		       uint64_t count, const void *data, size_t len)
{
	const struct mmx_vfu_dma_access access = { addr, count };

	assert_int_equal(client_send(rig->sock, id, cmd, MMX_VFU_F_REPLY | flags, &access,
				     (flags & MMX_VFU_F_ERROR) ? 0 : sizeof(access), data, len,
				     NULL, 0),
			 0);
}

/* What the server asked for. */
static void check_request(struct rig *rig, uint16_t id, uint16_t cmd, uint64_t addr, uint64_t count,
			  const void *data, size_t len)
{
	struct mmx_vfu_dma_access access;
	struct mmx_vfu_hdr hdr;
	uint8_t payload[128];
	size_t got;

	assert_int_equal(client_receive(rig->sock, &hdr, payload, sizeof(payload), &got), 0);
	assert_int_equal(hdr.id, id);
	assert_int_equal(hdr.cmd, cmd);
	assert_int_equal(hdr.flags, MMX_VFU_F_REQUEST);
	assert_int_equal(got, sizeof(access) + len);
	memcpy(&access, payload, sizeof(access));
	assert_int_equal(access.addr, addr);
	assert_int_equal(access.count, count);
	if (len)
		assert_memory_equal(payload + sizeof(access), data, len);
}

/* Sends a posted write that makes the fake do DMA; replies to that must follow before the poll. */
static void post32(struct rig *rig, uint32_t offset, uint32_t value)
{
	const struct mmx_vfu_region_access access = { offset, MMX_VFU_REGION_BAR0, 4 };

	assert_int_equal(client_send(rig->sock, 0, MMX_VFU_REGION_WRITE, MMX_VFU_F_NO_REPLY,
				     &access, sizeof(access), &value, sizeof(value), NULL, 0),
			 0);
}

static void map_messages(struct rig *rig)
{
	assert_int_equal(rig_map(rig, 0x10000, 0x1000, RW, -1, 0), 0);
	rig_set32(rig, FAKE_DMA_ADDR, 0x10010);
	rig_set_config(rig, 4, MASTER, 2);
}

static void test_message_read(void **state)
{
	struct rig *rig = *state;

	map_messages(rig);
	post32(rig, FAKE_DMA_READ, 8);
	/* requests that come between are handled afterwards, in order */
	post32(rig, FAKE_SCRATCH, 1);
	send_reply(rig, 9, MMX_VFU_DMA_READ, 0, 0x10010, 8, "wrongids", 8);
	post32(rig, FAKE_SCRATCH, 2);
	send_reply(rig, 0, MMX_VFU_DMA_READ, 0, 0x10010, 8, "abcdefgh", 8);
	post32(rig, FAKE_SCRATCH + 4, 3);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_IDLE);
	check_request(rig, 0, MMX_VFU_DMA_READ, 0x10010, 8, NULL, 0);
	assert_int_equal(rig_get32(rig, FAKE_DMA_STATUS), FAKE_DMA_BY_COPY);
	assert_int_equal(rig_read(rig, MMX_VFU_REGION_BAR0, FAKE_DMA_DATA, 8), 0);
	assert_memory_equal(rig->reply + 16, "abcdefgh", 8);
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH), 2);
	assert_int_equal(rig_get32(rig, FAKE_SCRATCH + 4), 3);
}

static void test_message_write(void **state)
{
	const uint32_t data = 0xfeedf00d;
	const uint64_t addr = 0x10010;
	struct rig *rig = *state;
	uint8_t reply[12] = { 0 };

	map_messages(rig);
	rig_set32(rig, FAKE_DMA_DATA, data);
	post32(rig, FAKE_DMA_WRITE, 4);
	send_reply(rig, 0, MMX_VFU_DMA_WRITE, 0, addr, 4, NULL, 0);
	post32(rig, FAKE_DMA_WRITE, 4);
	/* the specification draws this reply with a count of 4 bytes */
	memcpy(reply, &addr, sizeof(addr));
	client_send(rig->sock, 1, MMX_VFU_DMA_WRITE, MMX_VFU_F_REPLY, reply, sizeof(reply), NULL, 0,
		    NULL, 0);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_IDLE);
	check_request(rig, 0, MMX_VFU_DMA_WRITE, addr, 4, &data, 4);
	check_request(rig, 1, MMX_VFU_DMA_WRITE, addr, 4, &data, 4);
	assert_int_equal(rig_get32(rig, FAKE_DMA_STATUS), FAKE_DMA_BY_COPY);
}

static void test_message_refused(void **state)
{
	struct rig *rig = *state;

	map_messages(rig);
	post32(rig, FAKE_DMA_READ, 8);
	send_reply(rig, 0, MMX_VFU_DMA_READ, MMX_VFU_F_ERROR, 0, 0, NULL, 0);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_IDLE);
	check_request(rig, 0, MMX_VFU_DMA_READ, 0x10010, 8, NULL, 0);
	assert_int_equal(rig_get32(rig, FAKE_DMA_STATUS), FAKE_DMA_FAULT);
	/* outside, or without the right to: not even asked */
	assert_int_equal(dma_read(rig, 0x11000, 4), FAKE_DMA_FAULT);
	assert_int_equal(rig_map(rig, 0x20000, 0x1000, R, -1, 0), 0);
	assert_int_equal(rig_map(rig, 0x30000, 0x1000, W, -1, 0), 0);
	assert_int_equal(dma_write(rig, 0x20000, 4), FAKE_DMA_FAULT);
	assert_int_equal(dma_read(rig, 0x30000, 4), FAKE_DMA_FAULT);
}

/* Only a bus master may send requests; memory that is mapped needs none. */
static void test_message_master(void **state)
{
	struct rig *rig = *state;

	map_messages(rig);
	rig_set_config(rig, 4, 0, 2);
	assert_int_equal(dma_read(rig, 0x10010, 4), FAKE_DMA_FAULT);
	rig_set_config(rig, 4, MASTER, 2);
	assert_int_equal(rig_call(rig, MMX_VFU_DEVICE_RESET, NULL, 0), 0);
	assert_int_equal(dma_read(rig, 0x10010, 4), FAKE_DMA_FAULT);
}

static void test_message_wrong_replies(void **state)
{
	static const size_t lens[] = { 0, 7, 9, 32 };
	const uint8_t data[32] = { 0 };
	struct rig *rig = *state;
	size_t i;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		rig_connect(rig);
		rig_agree(rig);
		map_messages(rig);
		post32(rig, FAKE_DMA_READ, 8);
		send_reply(rig, 0, MMX_VFU_DMA_READ, 0, 0x10010, lens[i], data, lens[i]);
		assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_GONE);
	}
	rig_connect(rig);
	rig_agree(rig);
	map_messages(rig);
	post32(rig, FAKE_DMA_WRITE, 8);
	send_reply(rig, 0, MMX_VFU_DMA_WRITE, 0, 0x10010, 8, data, 8);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_GONE);
	/* leaves instead */
	rig_connect(rig);
	rig_agree(rig);
	map_messages(rig);
	post32(rig, FAKE_DMA_READ, 8);
	shutdown(rig->sock, SHUT_WR);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_GONE);
}

/* A client that does not answer costs one time-out, and may go on; its late answer is dropped. */
static void test_message_silence(void **state)
{
	struct rig *rig = *state;

	map_messages(rig);
	post32(rig, FAKE_DMA_READ, 8);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_IDLE);
	check_request(rig, 0, MMX_VFU_DMA_READ, 0x10010, 8, NULL, 0);
	send_reply(rig, 0, MMX_VFU_DMA_READ, 0, 0x10010, 8, "too late", 8);
	assert_int_equal(rig_get32(rig, FAKE_DMA_STATUS), FAKE_DMA_FAULT);
	assert_int_equal(rig_get32(rig, FAKE_DMA_DATA), 0);
	post32(rig, FAKE_DMA_READ, 8);
	send_reply(rig, 1, MMX_VFU_DMA_READ, 0, 0x10010, 8, "in time.", 8);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_IDLE);
	check_request(rig, 1, MMX_VFU_DMA_READ, 0x10010, 8, NULL, 0);
	assert_int_equal(rig_get32(rig, FAKE_DMA_STATUS), FAKE_DMA_BY_COPY);
}

/* Transfers are cut to what the client takes, and a copy goes over both kinds of memory. */
static void test_message_pieces(void **state)
{
	const char version[] = "\0\0\0\0{\"capabilities\":{\"max_data_xfer_size\":3}}";
	struct rig *rig = *state;
	int fd = rig_memfd(0x1000, 'x');

	rig_connect(rig);
	assert_int_equal(rig_call(rig, MMX_VFU_VERSION, version, sizeof(version)), 0);
	map_messages(rig);
	assert_int_equal(rig_map(rig, 0x11000, 0x1000, RW, fd, 0), 0);
	rig_set32(rig, FAKE_DMA_ADDR, 0x10ffc);
	post32(rig, FAKE_DMA_READ, 8);
	send_reply(rig, 0, MMX_VFU_DMA_READ, 0, 0x10ffc, 3, "abc", 3);
	send_reply(rig, 1, MMX_VFU_DMA_READ, 0, 0x10fff, 1, "d", 1);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_IDLE);
	check_request(rig, 0, MMX_VFU_DMA_READ, 0x10ffc, 3, NULL, 0);
	check_request(rig, 1, MMX_VFU_DMA_READ, 0x10fff, 1, NULL, 0);
	assert_int_equal(rig_read(rig, MMX_VFU_REGION_BAR0, FAKE_DMA_DATA, 8), 0);
	assert_memory_equal(rig->reply + 16, "abcdxxxx", 8);
	close(fd);
}

/* Descriptors that came while a reply was awaited still go to their message. */
static void test_message_fds_between(void **state)
{
	const struct mmx_vfu_dma_map map = {
		.argsz = sizeof(map),
		.flags = RW,
		.addr = 0x20000,
		.size = 0x1000,
	};
	struct rig *rig = *state;
	int fd = rig_memfd(0x1000, 0x77);
	unsigned int before = client_count_fds();
	struct mmx_vfu_hdr hdr;

	map_messages(rig);
	post32(rig, FAKE_DMA_READ, 4);
	client_send(rig->sock, 5, MMX_VFU_DMA_MAP, 0, &map, sizeof(map), NULL, 0, &fd, 1);
	/* a reply may not bring descriptors: closed */
	client_send(rig->sock, 0, MMX_VFU_DMA_READ, MMX_VFU_F_REPLY,
		    &(struct mmx_vfu_dma_access){ 0x10010, 4 }, 16, "wxyz", 4, &fd, 1);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_IDLE);
	check_request(rig, 0, MMX_VFU_DMA_READ, 0x10010, 4, NULL, 0);
	assert_int_equal(client_receive(rig->sock, &hdr, NULL, 0, &rig->reply_len), 0);
	assert_int_equal(hdr.id, 5);
	assert_int_equal(hdr.flags, MMX_VFU_F_REPLY);
	assert_int_equal(client_count_fds(), before);
	assert_int_equal(dma_read(rig, 0x20000, 4), FAKE_DMA_BY_PTR);
	assert_int_equal(rig_get32(rig, FAKE_DMA_DATA), 0x77777777);
	close(fd);
}

/* The client takes back memory that is mapped: it is cut off, and nothing else happens. */
static void test_truncated(void **state)
{
	struct rig *rig = *state;
	int fd = rig_memfd(0x4000, 0x33);

	assert_int_equal(mmx_vfu_guard(rig->vfu), 0);
	assert_int_equal(rig_map(rig, 0x10000, 0x4000, RW, fd, 0), 0);
	assert_int_equal(dma_read(rig, 0x12000, 4), FAKE_DMA_BY_PTR);
	assert_int_equal(ftruncate(fd, 0x1000), 0);
	assert_int_equal(dma_read(rig, 0x10000, 4), FAKE_DMA_BY_PTR); /* what is left is good */
	rig_set32(rig, FAKE_DMA_ADDR, 0x12000);
	post32(rig, FAKE_DMA_READ, 4);
	assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_GONE);
	assert_true(rig_hung_up(rig));
	rig_connect(rig);
	rig_agree(rig);
	assert_int_equal(dma_read(rig, 0x10000, 4), FAKE_DMA_FAULT);
	close(fd);
}

static void test_many(void **state)
{
	struct mmx_vfu_dma_map map = { .argsz = sizeof(map), .flags = R, .size = 1 };
	const struct mmx_vfu_dma_unmap all = { .argsz = sizeof(all), .flags = 2 };
	struct mmx_vfu_dma dma;
	uint32_t i;

	(void)state;
	mmx_vfu_dma_init(&dma);
	for (i = 0; i < MMX_VFU_DMA_RANGES_MAX; i++) {
		map.addr = i * 2;
		assert_int_equal(mmx_vfu_dma_map(&dma, &map, -1), 0);
	}
	map.addr = UINT64_MAX;
	assert_int_equal(mmx_vfu_dma_map(&dma, &map, -1), ENOSPC);
	assert_int_equal(mmx_vfu_dma_unmap(&dma, &all), 0);
	assert_int_equal(dma.count, 0);
	assert_int_equal(mmx_vfu_dma_map(&dma, &map, -1), 0);
	mmx_vfu_dma_finish(&dma);
}

#define RIG_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_map_arguments),
		RIG_TEST(test_map_descriptors),
		RIG_TEST(test_overlap),
		RIG_TEST(test_unmap),
		RIG_TEST(test_access),
		RIG_TEST(test_message_read),
		RIG_TEST(test_message_write),
		RIG_TEST(test_message_refused),
		RIG_TEST(test_message_master),
		RIG_TEST(test_message_wrong_replies),
		RIG_TEST(test_message_silence),
		RIG_TEST(test_message_pieces),
		RIG_TEST(test_message_fds_between),
		RIG_TEST(test_truncated),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("model_vfu_dma", tests, NULL, NULL);
}
