// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Space for streams and results of a guest, and jobs made of them. Owns a client, its VM and two memory objects;
 * called by guests of the tests and of the demo, from the one thread of their struct mmx_guest.
 *
 * Pages are scattered in runs of at most three, so that nothing works by accident of being contiguous.
 */
#include "tests/lib/work.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RUN_PAGES    3
#define STREAM_ALIGN 64u
#define WAIT_MS	     20000
#define LOOK_MS	     500

int mmx_work_timeout_ms(int timeout_ms)
{
	const char *text = getenv("MMX_TEST_TIMEOUT_FACTOR");
	int factor = text ? atoi(text) : 1;

	return factor >= 1 && factor <= 100 ? timeout_ms * factor : timeout_ms;
}

static int map(struct mmx_work *work, size_t size, uint64_t va, uint32_t flags,
	       struct mmx_mem **ret_mem)
{
	struct mmx_mem *mem;
	int r;

	r = mmx_guest_mem_create(work->guest, size, RUN_PAGES, &mem);
	if (r)
		return r;
	r = mmx_guest_vm_map(work->guest, work->vm, mem, 0, va, size, flags);
	if (r) {
		mmx_guest_mem_destroy(work->guest, mem);
		return r;
	}
	*ret_mem = mem;
	return 0;
}

int mmx_work_open(struct mmx_work *work, struct mmx_guest *guest, const char *name)
{
	int r;

	*work = (struct mmx_work){ .guest = guest, .timeout_ms = mmx_work_timeout_ms(WAIT_MS) };
	r = mmx_guest_client_create(guest, name, &work->client);
	if (r)
		return r;
	r = mmx_guest_vm_create(guest, work->client, 0, &work->vm);
	if (r)
		goto err_client;
	r = map(work, MMX_WORK_CODE_SIZE, MMX_WORK_CODE_VA, MMX_BIND_READONLY, &work->code_mem);
	if (r)
		goto err_client;
	r = map(work, MMX_WORK_DATA_SIZE, MMX_WORK_DATA_VA, MMX_BIND_NOEXEC, &work->data_mem);
	if (r)
		goto err_code;
	return 0;

err_code:
	mmx_guest_mem_destroy(guest, work->code_mem);
err_client:
	mmx_guest_client_destroy(guest, work->client);
	return r;
}

int mmx_work_close(struct mmx_work *work)
{
	int r, ret;

	ret = mmx_guest_client_destroy(work->guest, work->client);
	r = mmx_guest_mem_destroy(work->guest, work->code_mem);
	ret = ret ? ret : r;
	r = mmx_guest_mem_destroy(work->guest, work->data_mem);
	return ret ? ret : r;
}

void mmx_work_reset(struct mmx_work *work)
{
	work->code_used = work->data_used = 0;
	work->error = 0;
}

static size_t align_up(size_t value, size_t align)
{
	return (value + align - 1) / align * align;
}

void *mmx_work_data(struct mmx_work *work, size_t size, size_t align, uint64_t *ret_va)
{
	size_t at = align_up(work->data_used, align);
	uint8_t *ptr = mmx_guest_mem_ptr(work->data_mem);

	if (size > MMX_WORK_DATA_SIZE || at > MMX_WORK_DATA_SIZE - size)
		work->error = work->error ? work->error : -ENOSPC;
	if (work->error)
		return NULL;
	work->data_used = at + size;
	*ret_va = MMX_WORK_DATA_VA + at;
	memset(ptr + at, 0, size);
	return ptr + at;
}

void mmx_work_asm(struct mmx_work *work, struct mmx_cs_asm *a)
{
	uint8_t *code = mmx_guest_mem_ptr(work->code_mem);

	/* the space starts page-aligned and is used in steps of STREAM_ALIGN */
	mmx_cs_asm_init(a, (uint64_t *)(void *)(code + work->code_used),
			(MMX_WORK_CODE_SIZE - work->code_used) / sizeof(uint64_t));
}

int mmx_work_stream(struct mmx_work *work, struct mmx_cs_asm *a, struct mmx_work_stream *ret_stream)
{
	size_t count;
	int r;

	r = work->error ? work->error : mmx_cs_asm_finish(a, &count);
	if (r) {
		work->error = r;
		return r;
	}
	ret_stream->va = MMX_WORK_CODE_VA + work->code_used;
	ret_stream->size = (uint32_t)(count * sizeof(uint64_t));
	work->code_used = align_up(work->code_used + ret_stream->size, STREAM_ALIGN);
	if (work->code_used > MMX_WORK_CODE_SIZE)
		work->code_used = MMX_WORK_CODE_SIZE;
	return 0;
}

int mmx_work_group(struct mmx_work *work, unsigned int queue_count, uint32_t *ret_group)
{
	struct mmx_guest_group_params params = {
		.client = work->client,
		.vm = work->vm,
		.priority = 1,
		.queue_count = queue_count,
	};

	return mmx_guest_group_create(work->guest, &params, ret_group);
}

int mmx_work_submit(struct mmx_work *work, uint32_t group, unsigned int queue,
		    const struct mmx_work_stream *stream, struct mmx_fence *ret_fence)
{
	struct mmx_submit submit = {
		.group = group,
		.queue = queue,
		.stream_addr = stream->va,
		.stream_size = stream->size,
	};

	return mmx_guest_submit(work->guest, &submit, ret_fence);
}

int mmx_work_wait(struct mmx_work *work, const struct mmx_fence *fence, int *ret_error)
{
	return mmx_guest_fence_wait(work->guest, fence, work->timeout_ms, ret_error);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int mmx_work_fault(struct mmx_work *work, struct mmx_fault_record *ret_fault)
{
	struct pollfd pfd = { .fd = mmx_guest_fd(work->guest), .events = POLLIN };
	int64_t deadline_ms = now_ms() + work->timeout_ms, left_ms;
	int r;

	for (;;) {
		r = mmx_guest_poll(work->guest);
		if (r)
			return r;
		if (mmx_guest_next_fault(work->guest, ret_fault))
			return 0;
		left_ms = deadline_ms - now_ms();
		if (left_ms <= 0)
			return -ETIMEDOUT;
		/* the backend's end is not told by this descriptor: look now and then */
		if (left_ms > LOOK_MS)
			left_ms = LOOK_MS;
		if (poll(&pfd, 1, (int)left_ms) < 0 && errno != EINTR)
			return -errno;
	}
}
