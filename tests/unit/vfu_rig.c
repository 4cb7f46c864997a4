// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See vfu_rig.h. Everything asserts: a rig that does not stand is a failed test. */
#include "tests/unit/vfu_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/vfu_client.h"
#include "tools/model/vfu_signal.h"

uint64_t rig_now_ns;

static uint64_t now_ns(void)
{
	return rig_now_ns;
}

void rig_connect(struct rig *rig)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	if (rig->sock >= 0)
		close(rig->sock);
	if (mmx_vfu_fd(rig->vfu) >= 0)
		assert_int_equal(mmx_vfu_poll(rig->vfu), MMX_VFU_E_GONE);
	rig->sock = pair[0];
	mmx_vfu_attach(rig->vfu, pair[1]);
}

void rig_agree(struct rig *rig)
{
	const struct mmx_vfu_version version = { 0 };

	assert_int_equal(rig_call(rig, MMX_VFU_VERSION, &version, sizeof(version)), 0);
	assert_int_equal(rig->reply_len, sizeof(version));
}

int rig_setup_silent(void **state)
{
	const struct mmx_vfu_config config = { .now_ns = now_ns, .quiet = true };
	struct rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig_now_ns = 1000000;
	/* keeps a descriptor for the process */
	assert_int_equal(mmx_vfu_signal_init(), 0);
	rig->fds_before = client_count_fds();
	rig->sock = -1;
	assert_int_equal(mmx_vfu_create(&config, &rig->vfu), 0);
	rig_connect(rig);
	*state = rig;
	return 0;
}

int rig_setup(void **state)
{
	rig_setup_silent(state);
	rig_agree(*state);
	return 0;
}

int rig_teardown(void **state)
{
	struct rig *rig = *state;

	mmx_vfu_destroy(rig->vfu);
	close(rig->sock);
	assert_int_equal(client_count_fds(), rig->fds_before);
	free(rig);
	return 0;
}

bool rig_hung_up(struct rig *rig)
{
	char c;

	return mmx_vfu_fd(rig->vfu) < 0 && recv(rig->sock, &c, 1, MSG_DONTWAIT) == 0;
}

int rig_call_fds(struct rig *rig, uint16_t cmd, const void *payload, size_t len, const int *fds,
		 unsigned int fd_count)
{
	uint16_t id = rig->next_id++;
	struct mmx_vfu_hdr hdr;
	int r;

	assert_int_equal(client_send(rig->sock, id, cmd, 0, payload, len, NULL, 0, fds, fd_count),
			 0);
	r = mmx_vfu_poll(rig->vfu);
	assert_true(r == MMX_VFU_E_IDLE || r == MMX_VFU_E_GONE);
	if (client_receive(rig->sock, &hdr, rig->reply, sizeof(rig->reply), &rig->reply_len))
		return -1;
	assert_int_equal(hdr.id, id);
	assert_int_equal(hdr.cmd, cmd);
	assert_int_equal(hdr.flags & MMX_VFU_F_TYPE, MMX_VFU_F_REPLY);
	if (!(hdr.flags & MMX_VFU_F_ERROR))
		return 0;
	assert_int_equal(rig->reply_len, 0);
	assert_int_not_equal(hdr.error, 0);
	return (int)hdr.error;
}

int rig_call(struct rig *rig, uint16_t cmd, const void *payload, size_t len)
{
	return rig_call_fds(rig, cmd, payload, len, NULL, 0);
}

int rig_read(struct rig *rig, uint32_t region, uint64_t offset, uint32_t count)
{
	const struct mmx_vfu_region_access access = { offset, region, count };
	int r = rig_call(rig, MMX_VFU_REGION_READ, &access, sizeof(access));

	if (!r) {
		assert_int_equal(rig->reply_len, sizeof(access) + count);
		assert_memory_equal(rig->reply, &access, sizeof(access));
	}
	return r;
}

int rig_write(struct rig *rig, uint32_t region, uint64_t offset, const void *data, uint32_t count)
{
	static uint8_t payload[1 << 17];
	const struct mmx_vfu_region_access access = { offset, region, count };
	int r;

	assert_true(sizeof(access) + count <= sizeof(payload));
	memcpy(payload, &access, sizeof(access));
	memcpy(payload + sizeof(access), data, count);
	r = rig_call(rig, MMX_VFU_REGION_WRITE, payload, sizeof(access) + count);
	if (!r) {
		assert_int_equal(rig->reply_len, sizeof(access));
		assert_memory_equal(rig->reply, &access, sizeof(access));
	}
	return r;
}

static uint32_t value(const struct rig *rig, uint32_t count)
{
	uint32_t v = 0;

	memcpy(&v, rig->reply + sizeof(struct mmx_vfu_region_access), count);
	return v;
}

uint32_t rig_get32(struct rig *rig, uint32_t offset)
{
	assert_int_equal(rig_read(rig, MMX_VFU_REGION_BAR0, offset, 4), 0);
	return value(rig, 4);
}

void rig_set32(struct rig *rig, uint32_t offset, uint32_t v)
{
	assert_int_equal(rig_write(rig, MMX_VFU_REGION_BAR0, offset, &v, 4), 0);
}

uint32_t rig_config(struct rig *rig, uint32_t offset, uint32_t count)
{
	assert_int_equal(rig_read(rig, MMX_VFU_REGION_CONFIG, offset, count), 0);
	return value(rig, count);
}

void rig_set_config(struct rig *rig, uint32_t offset, uint32_t v, uint32_t count)
{
	assert_int_equal(rig_write(rig, MMX_VFU_REGION_CONFIG, offset, &v, count), 0);
}

int rig_memfd(size_t size, int fill)
{
	int fd = memfd_create("rig", MFD_CLOEXEC);
	void *ptr;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	ptr = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(ptr != MAP_FAILED);
	memset(ptr, fill, size);
	munmap(ptr, size);
	return fd;
}

int rig_map(struct rig *rig, uint64_t addr, uint64_t size, uint32_t flags, int fd, uint64_t offset)
{
	const struct mmx_vfu_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags,
		.offset = offset,
		.addr = addr,
		.size = size,
	};

	return rig_call_fds(rig, MMX_VFU_DMA_MAP, &map, sizeof(map), &fd, fd >= 0);
}

int rig_unmap(struct rig *rig, uint64_t addr, uint64_t size, uint32_t flags)
{
	const struct mmx_vfu_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = flags,
		.addr = addr,
		.size = size,
	};
	int r = rig_call(rig, MMX_VFU_DMA_UNMAP, &unmap, sizeof(unmap));

	if (!r) {
		assert_int_equal(rig->reply_len, sizeof(unmap));
		assert_memory_equal(rig->reply, &unmap, sizeof(unmap));
	}
	return r;
}
