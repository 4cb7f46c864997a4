// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory objects: making and registering them, and their end.
 *
 * session.mems has every object that has a name. Its end goes by way of the list 'reap': to be freed when the backend has
 * released it, and before that to have MEM_DESTROY sent if there was no credit for it; the session's work does both, since
 * neither closing a buffer nor taking an event may wait.
 *
 * Nobody waits for an object to be known or destroyed, so the backend sees that with the next message that somebody waits
 * for, or when there are some of them: buffers that come and go don't wake it one by one.
 */
#include "frontend/linux/mem.h"

#include <linux/highmem.h>
#include <linux/slab.h>

#include "frontend/core/names.h"

/* How long to wait for pages that are coming back; unmapping them may have to wait for jobs. */
#define PAGES_WAIT_S 10u

#define WIRE_PAGES (PAGE_SIZE / MMX_WIRE_PAGE_SIZE)

static struct mmx_pages *pages_of(struct mmx_session *s)
{
	return &s->transport->pages;
}

/* For the CPU to write what the GPU will read. */
static void *ptr_of(const struct mmx_mem *mem, u32 page)
{
	const struct mmx_transport *t = mem->session->transport;
	void *data = t->uncached ? t->uncached : t->region + t->data_offset;

	return data + (size_t)page * PAGE_SIZE;
}

unsigned long mmx_mem_pfns(const struct mmx_mem *mem, u32 index, u32 *ret_count)
{
	const struct mmx_transport *t = mem->session->transport;
	u32 low = 0, high = mem->extent_count, mid;
	const struct mmx_extent *extent;

	if (mem->ram) {
		*ret_count = 1;
		return page_to_pfn(mem->ram->pages[index]);
	}
	/* the last extent that begins at or before it */
	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (mem->extents[mid].at <= index)
			low = mid;
		else
			high = mid;
	}
	extent = &mem->extents[low];
	*ret_count = extent->count - (index - extent->at);
	return PHYS_PFN(t->phys + t->data_offset) + extent->first + (index - extent->at);
}

/* ---- making one ---- */

/* @abandoned: the session has ended before the backend has released it */
static void free_mem(struct mmx_mem *mem, bool abandoned)
{
	struct mmx_session *s = mem->session;

	if (mem->extents)
		mmx_pages_give(pages_of(s), mem->extents, mem->extent_count);
	kvfree(mem->extents);
	if (mem->ram && abandoned)
		mmx_ram_abandon(s, mem->ram);
	else if (mem->ram)
		mmx_ram_free(s, mem->ram);
	kfree(mem);
	atomic_inc(&s->freed);
	wake_up_all(&s->pages_wait);
}

/* Of the region first: its pages lie side by side, and are the GPU's alone. */
static int take_pages(struct mmx_mem *mem)
{
	struct mmx_session *s = mem->session;
	struct mmx_ram *ram;
	int ret = -ENOSPC;

	if (mem->page_count <= pages_of(s)->count)
		ret = mmx_pages_take(pages_of(s), mem->page_count, &mem->extents,
				     &mem->extent_count);
	if (ret != -ENOSPC)
		return ret;
	ram = mmx_ram_alloc(s, mem->page_count);
	if (IS_ERR(ram))
		return PTR_ERR(ram);
	mem->ram = ram;
	return 0;
}

/* Pages that are coming back are worth waiting for. */
static int wait_pages(struct mmx_mem *mem)
{
	struct mmx_session *s = mem->session;
	long left = PAGES_WAIT_S * HZ;
	int ret, freed;

	for (;;) {
		freed = atomic_read(&s->freed);
		ret = take_pages(mem);
		if (ret != -ENOSPC)
			return ret;
		if (left < 0)
			return (int)left;
		if (!left || !atomic_read(&s->releasing) || mmx_session_is_dead(s))
			return -ENOMEM;
		/* what is to be released may not have been seen; what is destroyed from now on is with the next heartbeat */
		mmx_session_flush(s);
		left = wait_event_interruptible_timeout(
			s->pages_wait, atomic_read(&s->freed) != freed || mmx_session_is_dead(s),
			left);
	}
}

/* What is not the region's has been zeroed by whoever it is from. */
static void zero_pages(const struct mmx_mem *mem)
{
	const struct mmx_extent *extent;
	u32 i, j;

	for (i = 0; i < mem->extent_count; i++) {
		extent = &mem->extents[i];
		for (j = 0; j < extent->count; j++) {
			memset(ptr_of(mem, extent->first + j), 0, PAGE_SIZE);
			cond_resched();
		}
	}
}

static u32 run_count(const struct mmx_mem *mem)
{
	return mem->ram ? mem->ram->run_count : mem->extent_count;
}

static u32 fill_runs(const struct mmx_mem *mem, u32 at, struct mmx_run *runs)
{
	u64 first = mem->session->transport->data_offset / MMX_WIRE_PAGE_SIZE;
	u32 count = min_t(u32, run_count(mem) - at, MMX_MEM_MAX_RUNS), i;

	if (mem->ram) {
		memcpy(runs, mem->ram->runs + at, count * sizeof(*runs));
		return count;
	}
	for (i = 0; i < count; i++)
		runs[i] = (struct mmx_run){
			.first_page = first + (u64)mem->extents[at + i].first * WIRE_PAGES,
			.page_count = mem->extents[at + i].count * WIRE_PAGES,
		};
	return count;
}

/* Return: 0: it is on its way; -ENOMEM, -ENODEV: the backend may know a part of it. */
static int register_mem(struct mmx_mem *mem)
{
	struct mmx_run *runs = kmalloc_array(MMX_MEM_MAX_RUNS, sizeof(*runs), GFP_KERNEL);
	u32 at = 0, count, flags;
	struct mmx_call *call;
	int size;

	if (!runs)
		return -ENOMEM;
	while (at < run_count(mem)) {
		count = fill_runs(mem, at, runs);
		flags = at + count == run_count(mem) ? MMX_MEM_SEAL : 0;
		call = mmx_call_begin(mem->session, at ? MMX_MSG_MEM_ADD : MMX_MSG_MEM_CREATE);
		if (IS_ERR(call))
			break;
		if (at)
			size = mmx_encode_mem_add(&call->buf, call->tag, mem->name, flags, runs,
						  count);
		else
			size = mmx_encode_mem_create(&call->buf, call->tag, mem->name, flags,
						     mem->page_count * WIRE_PAGES, runs, count);
		call->mem = mem->name;
		mmx_call_forget(call, size);
		at += count;
	}
	kfree(runs);
	return at < run_count(mem) ? -ENODEV : 0;
}

static struct mmx_mem *new_mem(struct mmx_session *s, u32 page_count)
{
	struct mmx_mem *mem = kzalloc(sizeof(*mem), GFP_KERNEL);

	if (!mem)
		return NULL;
	mem->session = s;
	mem->page_count = page_count;
	INIT_LIST_HEAD(&mem->link);
	return mem;
}

/* It has its pages, and gets a name. Return: 0; -ENOMEM: it is the caller's as before. */
static int name_mem(struct mmx_mem *mem)
{
	struct mmx_session *s = mem->session;

	if (mmx_names_take(&s->mem_names, &mem->name))
		return -ENOMEM;
	spin_lock(&s->lock);
	s->mems[mmx_name_index(mem->name)] = mem;
	spin_unlock(&s->lock);
	return 0;
}

static struct mmx_mem *make_mem(struct mmx_session *s, u32 page_count)
{
	struct mmx_mem *mem = new_mem(s, page_count);
	int ret;

	if (!mem)
		return ERR_PTR(-ENOMEM);
	ret = wait_pages(mem);
	if (ret) {
		kfree(mem);
		return ERR_PTR(ret);
	}
	zero_pages(mem);
	ret = name_mem(mem);
	if (ret) {
		free_mem(mem, false);
		return ERR_PTR(ret);
	}
	return mem;
}

/* It is not in the table any more, or about to be taken off. */
static void forget_mem(struct mmx_mem *mem)
{
	struct mmx_session *s = mem->session;

	spin_lock(&s->lock);
	s->mems[mmx_name_index(mem->name)] = NULL;
	spin_unlock(&s->lock);
	mmx_names_give(&s->mem_names, mem->name);
	free_mem(mem, !mem->released);
}

struct mmx_mem *mmx_mem_create(struct mmx_session *s, u64 size)
{
	u64 pages = DIV_ROUND_UP_ULL(size, PAGE_SIZE);
	struct mmx_mem *mem;
	int ret;

	if (mmx_session_is_dead(s))
		return ERR_PTR(-ENODEV);
	if (pages > U32_MAX / WIRE_PAGES)
		return ERR_PTR(-ENOMEM);
	mem = make_mem(s, (u32)pages);
	if (IS_ERR(mem))
		return mem;
	ret = register_mem(mem);
	if (!ret)
		return mem;
	mmx_mem_destroy(mem);
	return ERR_PTR(ret);
}

struct mmx_mem *mmx_mem_import(struct mmx_session *s, struct dma_buf_attachment *attach,
			       struct sg_table *table)
{
	struct mmx_ram *ram;
	struct mmx_mem *mem;
	int ret = -ENOMEM;

	if (mmx_session_is_dead(s))
		return ERR_PTR(-ENODEV);
	ram = mmx_ram_import(s, attach, table);
	if (IS_ERR(ram))
		return ERR_CAST(ram);
	mem = new_mem(s, ram->page_count);
	if (!mem)
		goto err_ram;
	mem->ram = ram;
	ret = name_mem(mem);
	if (ret)
		goto err_mem;
	ret = register_mem(mem);
	if (!ret)
		return mem;
	/* what the backend knows of it is not all of it: it can't be mapped, and the pages are the caller's */
	mmx_ram_disown(ram);
	mmx_mem_destroy(mem);
	return ERR_PTR(ret);

err_mem:
	kfree(mem);
err_ram:
	mmx_ram_disown(ram);
	mmx_ram_free(s, ram);
	return ERR_PTR(ret);
}

/* ---- its end ---- */

static void send_destroy(struct mmx_mem *mem, struct mmx_call *call)
{
	struct mmx_session *s = mem->session;

	spin_lock(&s->lock);
	mem->destroying = true;
	spin_unlock(&s->lock);
	call->mem = mem->name;
	/* it may be released, and freed, from here on */
	mmx_call_forget(call,
			mmx_encode_object(&call->buf, call->tag, MMX_MSG_MEM_DESTROY, mem->name));
}

void mmx_mem_destroy(struct mmx_mem *mem)
{
	struct mmx_session *s = mem->session;
	struct mmx_call *call;

	atomic_inc(&s->releasing);
	call = mmx_call_try(s, MMX_MSG_MEM_DESTROY);
	if (call) {
		send_destroy(mem, call);
		/* it may not have got through */
		if (!mmx_session_is_dead(s))
			return;
	} else {
		spin_lock(&s->lock);
		list_add_tail(&mem->link, &s->reap);
		spin_unlock(&s->lock);
	}
	queue_work(mmx_wq, &s->reap_work);
}

int mmx_mem_released(struct mmx_session *s, u32 name)
{
	u32 index = mmx_name_index(name);
	struct mmx_mem *mem = NULL;
	int ret = -EPROTO;

	spin_lock(&s->lock);
	if (s->mems && index < s->limits.max_mems)
		mem = s->mems[index];
	if (mem && mem->name == name && mem->destroying && !mem->released) {
		mem->released = true;
		list_add_tail(&mem->link, &s->reap);
		ret = 0;
	}
	spin_unlock(&s->lock);
	if (!ret)
		queue_work(mmx_wq, &s->reap_work);
	return ret;
}

void mmx_mem_refused(struct mmx_session *s, u32 name, u16 request)
{
	u32 index = mmx_name_index(name);
	struct mmx_mem *mem = NULL;

	/* It is not there, so nobody will release it. */
	if (request == MMX_MSG_MEM_DESTROY) {
		mmx_mem_released(s, name);
		return;
	}
	spin_lock(&s->lock);
	if (s->mems && index < s->limits.max_mems)
		mem = s->mems[index];
	if (mem && mem->name == name)
		mem->refused = true;
	spin_unlock(&s->lock);
}

static struct mmx_mem *next_to_reap(struct mmx_session *s)
{
	struct mmx_mem *mem;

	spin_lock(&s->lock);
	mem = list_first_entry_or_null(&s->reap, struct mmx_mem, link);
	if (mem)
		list_del_init(&mem->link);
	spin_unlock(&s->lock);
	return mem;
}

/* What the backend was asked to release, and will not any more. */
static void free_abandoned(struct mmx_session *s)
{
	struct mmx_mem *mem;
	u32 i;

	for (i = 0; s->mems && i < s->limits.max_mems; i++) {
		spin_lock(&s->lock);
		mem = s->mems[i];
		if (mem && (!mem->destroying || mem->released))
			mem = NULL;
		/* so that no late event finds it */
		if (mem)
			s->mems[i] = NULL;
		spin_unlock(&s->lock);
		if (!mem)
			continue;
		forget_mem(mem);
		atomic_dec(&s->releasing);
	}
}

void mmx_mem_reap(struct work_struct *work)
{
	struct mmx_session *s = container_of(work, struct mmx_session, reap_work);
	struct mmx_call *call;
	struct mmx_mem *mem;
	bool sent = false;

	while ((mem = next_to_reap(s))) {
		call = mem->released ? NULL : mmx_call_begin(s, MMX_MSG_MEM_DESTROY);
		if (!IS_ERR_OR_NULL(call)) {
			send_destroy(mem, call);
			sent = true;
			continue;
		}
		/* or abandoned, with the session */
		forget_mem(mem);
		atomic_dec(&s->releasing);
	}
	/* there is little credit, so these are not to wait for more */
	if (sent)
		mmx_session_flush(s);
	if (mmx_session_is_dead(s))
		free_abandoned(s);
}

void mmx_mems_free(struct mmx_session *s)
{
	mmx_mem_reap(&s->reap_work);
}
