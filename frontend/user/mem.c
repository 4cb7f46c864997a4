// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory objects of a guest: pages of the data area, a contiguous CPU view of them, and their
 * registration.
 *
 * guest->mems owns every object from its creation on, until the backend has said that it is
 * released: the pages are given to nobody else before. If that is not heard in time the object
 * stays there, forsaken, until it is, or until the guest is closed.
 */
#include "frontend/user/guest_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "frontend/core/names.h"

static uint32_t first_data_page(const struct mmx_guest *guest)
{
	return (uint32_t)(guest->session.data_offset / MMX_WIRE_PAGE_SIZE);
}

static uint8_t *page_ptr(const struct mmx_guest *guest, uint64_t page)
{
	return (uint8_t *)guest->peer.region + (size_t)page * MMX_WIRE_PAGE_SIZE;
}

/*
 * Puts the runs one after the other into a range reserved for them. They are duplicates of pieces of the region's
 * mapping, which a size of 0 makes of a shared one: the region itself cannot be mapped for writing any more.
 */
static int map_runs(struct mmx_guest *guest, struct mmx_mem *mem, size_t bytes)
{
	uint8_t *at;
	uint32_t i;
	size_t len;

	at = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return -errno;
	mem->ptr = at;
	mem->mapped = true;
	for (i = 0; i < mem->run_count; i++, at += len) {
		len = (size_t)mem->runs[i].page_count * MMX_WIRE_PAGE_SIZE;
		if (mremap(page_ptr(guest, mem->runs[i].first_page), 0, len,
			   MREMAP_MAYMOVE | MREMAP_FIXED, at) == MAP_FAILED)
			return -errno;
	}
	return 0;
}

static int map_view(struct mmx_guest *guest, struct mmx_mem *mem)
{
	size_t bytes = (size_t)mem->page_count * MMX_WIRE_PAGE_SIZE;
	int ret;

	if (mem->run_count == 1) {
		mem->ptr = page_ptr(guest, mem->runs[0].first_page);
	} else {
		ret = map_runs(guest, mem, bytes);
		if (ret)
			return ret;
	}
	memset(mem->ptr, 0, bytes);
	return 0;
}

static void unmap_view(struct mmx_mem *mem)
{
	if (mem->mapped)
		munmap(mem->ptr, (size_t)mem->page_count * MMX_WIRE_PAGE_SIZE);
	mem->mapped = false;
	mem->ptr = NULL;
}

static void move_runs(struct mmx_mem *mem, uint32_t pages)
{
	uint32_t i;

	for (i = 0; i < mem->run_count; i++)
		mem->runs[i].first_page += pages;
}

void mmx_mem_free(struct mmx_guest *guest, struct mmx_mem *mem)
{
	unmap_view(mem);
	move_runs(mem, -first_data_page(guest));
	mmx_pages_give(&guest->pages, mem->runs, mem->run_count);
	guest->mems[mmx_name_index(mem->name)] = NULL;
	mmx_idspace_free(&guest->mem_ids, mem->name);
	free(mem->runs);
	free(mem);
}

/*
 * Sends the list of runs, in as many messages as it takes. @ret_created: does the backend know the
 * object?
 */
static int register_runs(struct mmx_guest *guest, const struct mmx_mem *mem, bool *ret_created)
{
	struct mmx_waiter waiter = { 0 };
	uint32_t tag, flags, n, at = 0;
	int ret, size;

	*ret_created = false;
	do {
		n = mem->run_count - at;
		if (n > MMX_MEM_MAX_RUNS)
			n = MMX_MEM_MAX_RUNS;
		flags = at + n == mem->run_count ? MMX_MEM_SEAL : 0;
		ret = mmx_call_begin(guest, &waiter, at ? MMX_MSG_MEM_ADD : MMX_MSG_MEM_CREATE,
				     &tag);
		if (ret)
			goto err_abandon;
		if (at)
			size = mmx_encode_mem_add(&guest->out, tag, mem->name, flags,
						  mem->runs + at, n);
		else
			size = mmx_encode_mem_create(&guest->out, tag, mem->name, flags,
						     mem->page_count, mem->runs, n);
		ret = mmx_call_send(guest, tag, size);
		if (ret)
			goto err_abandon;
		*ret_created = true;
		at += n;
	} while (at < mem->run_count);

	ret = mmx_call_finish(guest, &waiter);
	if (ret && waiter.failed == MMX_MSG_MEM_CREATE)
		*ret_created = false;
	return ret;

err_abandon:
	mmx_call_abandon(guest, &waiter);
	return ret;
}

static int make_mem(struct mmx_guest *guest, size_t size, unsigned int scatter,
		    struct mmx_mem **ret_mem)
{
	struct mmx_mem *mem;
	int ret;

	mem = calloc(1, sizeof(*mem));
	if (!mem)
		return -ENOMEM;
	mem->size = size;
	mem->page_count = (uint32_t)((size + MMX_WIRE_PAGE_SIZE - 1) / MMX_WIRE_PAGE_SIZE);
	ret = mmx_pages_take(&guest->pages, mem->page_count, scatter, &mem->runs, &mem->run_count);
	if (ret)
		goto err_free;
	ret = mmx_idspace_take(&guest->mem_ids, &mem->name);
	if (ret)
		goto err_give;
	move_runs(mem, first_data_page(guest));
	guest->mems[mmx_name_index(mem->name)] = mem;
	ret = map_view(guest, mem);
	if (ret) {
		mmx_mem_free(guest, mem);
		return ret;
	}
	*ret_mem = mem;
	return 0;

err_give:
	mmx_pages_give(&guest->pages, mem->runs, mem->run_count);
	free(mem->runs);
err_free:
	free(mem);
	return ret;
}

int mmx_guest_mem_create(struct mmx_guest *guest, size_t size, unsigned int scatter,
			 struct mmx_mem **ret_mem)
{
	struct mmx_mem *mem;
	bool created;
	int ret;

	if (guest->dead)
		return guest->dead;
	if (!size)
		return -EINVAL;
	if (size > (size_t)guest->pages.count * MMX_WIRE_PAGE_SIZE)
		return -ENOMEM;
	ret = make_mem(guest, size, scatter, &mem);
	if (ret)
		return ret;
	ret = register_runs(guest, mem, &created);
	if (ret) {
		if (created)
			mmx_guest_mem_destroy(guest, mem);
		else
			mmx_mem_free(guest, mem);
		return ret;
	}
	*ret_mem = mem;
	return 0;
}

static bool is_released(struct mmx_guest *guest, void *arg)
{
	const struct mmx_mem *mem = arg;

	(void)guest;
	return mem->released;
}

int mmx_guest_mem_destroy(struct mmx_guest *guest, struct mmx_mem *mem)
{
	int64_t deadline_ms = mmx_guest_now_ms() + guest->timeout_ms;
	int ret;

	if (mem->destroying)
		return -EINVAL;
	unmap_view(mem);
	mem->destroying = true;
	ret = mmx_call_object(guest, MMX_MSG_MEM_DESTROY, mem->name, NULL);
	if (!ret)
		ret = mmx_guest_wait(guest, is_released, mem, deadline_ms);
	if (mem->released)
		mmx_mem_free(guest, mem);
	else
		mem->forsaken = true;
	return ret;
}

int mmx_mem_released(struct mmx_guest *guest, uint32_t name)
{
	struct mmx_mem *mem;

	if (!mmx_idspace_has(&guest->mem_ids, name))
		return -EPROTO;
	mem = guest->mems[mmx_name_index(name)];
	if (!mem || !mem->destroying || mem->released)
		return -EPROTO;
	mem->released = true;
	if (mem->forsaken)
		mmx_mem_free(guest, mem);
	return 0;
}

void *mmx_guest_mem_ptr(const struct mmx_mem *mem)
{
	return mem->ptr;
}

size_t mmx_guest_mem_size(const struct mmx_mem *mem)
{
	return mem->size;
}
