// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Pages outside of the region, from where they come to where they go: see ram.h.
 *
 * All go through the DMA API: where the GPU is not coherent that takes them out of the CPU's caches, and its addresses are
 * the only thing that another driver's list of pages is certain to have. They are physical addresses; space.c has looked.
 *
 * Process context. Buffers are pinned for as long as they live, so pages of ours need no file that could be swapped out.
 */
#include "frontend/linux/ram.h"

#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "frontend/linux/session.h"
#include "frontend/linux/space.h"

/* Large pieces are fewer runs; what the kernel does not have at once is not worth waiting for. */
#define LARGE (GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NORETRY | __GFP_NOWARN)
#define SMALL (GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN)

/* ---- the end ---- */

static void free_pages_of(struct mmx_ram *ram)
{
	u32 i;

	for (i = 0; i < ram->page_count && ram->pages[i]; i++) {
		__free_page(ram->pages[i]);
		cond_resched();
	}
	kvfree(ram->pages);
}

static void free_table(struct mmx_ram *ram)
{
	if (!ram->table)
		return;
	dma_unmap_sgtable(ram->dev, ram->table, DMA_BIDIRECTIONAL, 0);
	sg_free_table(ram->table);
	kfree(ram->table);
}

static void give_back(struct mmx_ram *ram)
{
	struct dma_buf *buf;

	if (ram->attach) {
		buf = ram->attach->dmabuf;
		dma_buf_unmap_attachment_unlocked(ram->attach, ram->table, DMA_BIDIRECTIONAL);
		dma_buf_detach(buf, ram->attach);
		dma_buf_put(buf);
	} else if (ram->pages) {
		free_table(ram);
		free_pages_of(ram);
	}
	put_device(ram->dev);
	kvfree(ram->runs);
	kfree(ram);
}

void mmx_ram_disown(struct mmx_ram *ram)
{
	ram->attach = NULL;
	ram->table = NULL;
}

void mmx_ram_free(struct mmx_session *s, struct mmx_ram *ram)
{
	mmx_spaces_uncharge(s, ram->bytes);
	give_back(ram);
}

void mmx_ram_abandon(struct mmx_session *s, struct mmx_ram *ram)
{
	struct mmx_transport *t = s->transport;
	bool wait;

	spin_lock(&t->limbo_lock);
	wait = t->settled < s->number;
	if (wait)
		list_add_tail(&ram->link, &t->limbo);
	spin_unlock(&t->limbo_lock);
	if (!wait)
		give_back(ram);
}

u64 mmx_ram_begin(struct mmx_transport *t)
{
	u64 number;

	spin_lock(&t->limbo_lock);
	number = ++t->begun;
	spin_unlock(&t->limbo_lock);
	return number;
}

void mmx_ram_settle(struct mmx_transport *t)
{
	struct mmx_ram *ram, *next;
	LIST_HEAD(list);

	spin_lock(&t->limbo_lock);
	t->settled = t->begun;
	list_splice_init(&t->limbo, &list);
	spin_unlock(&t->limbo_lock);
	list_for_each_entry_safe(ram, next, &list, link)
		give_back(ram);
}

/* ---- runs ---- */

/* One entry of the list, whole pages. Return: 0; -EINVAL: it is not all in spaces. */
static int add_entry(struct mmx_ram *ram, const struct mmx_spaces *spaces, u64 page, u64 count,
		     u32 max_runs)
{
	struct mmx_run *last;
	u64 there, at;
	u16 space;

	while (count) {
		there = mmx_spaces_find(spaces, page, &space, &at);
		if (!there)
			return -EINVAL;
		there = min3(there, count, (u64)U32_MAX);
		last = ram->run_count ? &ram->runs[ram->run_count - 1] : NULL;
		if (last && last->space == space && last->first_page + last->page_count == at &&
		    last->page_count + there <= U32_MAX) {
			last->page_count += (u32)there;
		} else {
			if (ram->run_count == max_runs)
				return -EINVAL;
			ram->runs[ram->run_count++] = (struct mmx_run){ .first_page = at,
									.page_count = (u32)there,
									.space = space };
		}
		page += there;
		count -= there;
	}
	return 0;
}

/* Of the table, as far as the object goes. An entry can be of two spaces, each of which ends in one entry at most. */
static int make_runs(struct mmx_ram *ram, const struct mmx_spaces *spaces)
{
	u32 max_runs = ram->table->nents + MMX_MAX_SPACES;
	u64 left = (u64)ram->page_count * PAGE_SIZE, size;
	struct scatterlist *sg;
	int i, ret;

	ram->runs = kvmalloc_array(max_runs, sizeof(*ram->runs), GFP_KERNEL);
	if (!ram->runs)
		return -ENOMEM;
	for_each_sgtable_dma_sg(ram->table, sg, i)
	{
		u64 addr = sg_dma_address(sg);

		size = min_t(u64, sg_dma_len(sg), left);
		if ((addr | size) % MMX_WIRE_PAGE_SIZE)
			return -EINVAL;
		ret = add_entry(ram, spaces, addr / MMX_WIRE_PAGE_SIZE, size / MMX_WIRE_PAGE_SIZE,
				max_runs);
		if (ret)
			return ret;
		left -= size;
	}
	return left ? -EINVAL : 0;
}

static struct mmx_ram *new_ram(struct mmx_session *s, u32 page_count)
{
	struct mmx_ram *ram = kzalloc(sizeof(*ram), GFP_KERNEL);

	if (!ram)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&ram->link);
	ram->page_count = page_count;
	ram->bytes = (u64)page_count * PAGE_SIZE;
	if (!mmx_spaces_charge(s, ram->bytes)) {
		kfree(ram);
		return ERR_PTR(-ENOSPC);
	}
	ram->dev = get_device(s->dev);
	return ram;
}

/* ---- ours ---- */

/* Return: how many pages were taken, a power of two; 0: there are none. */
static u32 take_pages(struct page **pages, u32 most, unsigned int *order)
{
	struct page *page;
	u32 i;

	while (*order && (1u << *order) > most)
		--*order;
	for (;;) {
		page = alloc_pages(*order ? LARGE : SMALL, *order);
		if (page || !*order)
			break;
		--*order;
	}
	if (!page)
		return 0;
	split_page(page, *order);
	for (i = 0; i < 1u << *order; i++)
		pages[i] = page + i;
	return 1u << *order;
}

static int fill(struct mmx_ram *ram)
{
	unsigned int order = min_t(unsigned int, PMD_SHIFT - PAGE_SHIFT, MAX_PAGE_ORDER);
	u32 done = 0, count;

	ram->pages = kvcalloc(ram->page_count, sizeof(*ram->pages), GFP_KERNEL);
	if (!ram->pages)
		return -ENOMEM;
	while (done < ram->page_count) {
		count = take_pages(ram->pages + done, ram->page_count - done, &order);
		if (!count)
			return -ENOMEM;
		done += count;
		cond_resched();
	}
	return 0;
}

static int make_table(struct mmx_ram *ram)
{
	struct sg_table *table = kzalloc(sizeof(*table), GFP_KERNEL);
	int ret;

	if (!table)
		return -ENOMEM;
	ret = sg_alloc_table_from_pages_segment(table, ram->pages, ram->page_count, 0,
						(size_t)ram->page_count * PAGE_SIZE,
						dma_get_max_seg_size(ram->dev), GFP_KERNEL);
	if (ret)
		goto err_free;
	ret = dma_map_sgtable(ram->dev, table, DMA_BIDIRECTIONAL, 0);
	if (ret)
		goto err_table;
	ram->table = table;
	return 0;

err_table:
	sg_free_table(table);
err_free:
	kfree(table);
	return ret;
}

struct mmx_ram *mmx_ram_alloc(struct mmx_session *s, u32 page_count)
{
	struct mmx_ram *ram;
	int ret;

	if (!s->spaces.count)
		return ERR_PTR(-ENOSPC);
	ram = new_ram(s, page_count);
	if (IS_ERR(ram))
		return ram;
	ret = fill(ram);
	if (!ret)
		ret = make_table(ram);
	if (!ret)
		ret = make_runs(ram, &s->spaces);
	if (!ret)
		return ram;
	mmx_ram_free(s, ram);
	return ERR_PTR(ret == -EINVAL ? -ENOSPC : ret);
}

/* ---- another driver's ---- */

struct mmx_ram *mmx_ram_import(struct mmx_session *s, struct dma_buf_attachment *attach,
			       struct sg_table *table)
{
	u64 pages = attach->dmabuf->size / PAGE_SIZE;
	struct mmx_ram *ram;
	int ret;

	if (!s->spaces.count || !pages || pages > U32_MAX / (PAGE_SIZE / MMX_WIRE_PAGE_SIZE))
		return ERR_PTR(-EINVAL);
	ram = new_ram(s, (u32)pages);
	if (IS_ERR(ram))
		return ram;
	ram->table = table;
	ret = make_runs(ram, &s->spaces);
	if (ret) {
		mmx_ram_disown(ram);
		mmx_ram_free(s, ram);
		return ERR_PTR(ret);
	}
	ram->attach = attach;
	return ram;
}
