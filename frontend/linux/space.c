// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory spaces beside the region, as the backend tells them at the beginning of a session; they do not change after that.
 *
 * What lies where was written down by whoever configured the backend, who may be wrong: then the GPU would reach other
 * pages of this machine than are meant. So each space is tried with a page of our own, with a random number in it.
 * With the first one it is also found out whether what the DMA API says are physical addresses: an IOMMU, or bounce buffers,
 * are of no use to a GPU that is on the other side of a protocol.
 */
#include "frontend/linux/space.h"

#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/random.h>

#include "frontend/linux/session.h"

#define WIRE_PAGES (PAGE_SIZE / MMX_WIRE_PAGE_SIZE)
/* Pages that are taken from a zone until one is in the space: what is handed out first may be of another one. */
#define TRIES 16u

u64 mmx_spaces_find(const struct mmx_spaces *spaces, u64 page, u16 *ret_space, u64 *ret_page)
{
	const struct mmx_space *space;
	u32 i;

	for (i = 0; i < spaces->count; i++) {
		space = &spaces->spaces[i];
		if (page < space->guest_page || page - space->guest_page >= space->page_count)
			continue;
		*ret_space = (u16)(i + 1);
		*ret_page = page - space->guest_page;
		return space->page_count - *ret_page;
	}
	return 0;
}

bool mmx_spaces_charge(struct mmx_session *s, u64 bytes)
{
	bool ok;

	spin_lock(&s->lock);
	ok = bytes <= s->spaces.bytes_left;
	if (ok)
		s->spaces.bytes_left -= bytes;
	spin_unlock(&s->lock);
	return ok;
}

void mmx_spaces_uncharge(struct mmx_session *s, u64 bytes)
{
	spin_lock(&s->lock);
	s->spaces.bytes_left += bytes;
	spin_unlock(&s->lock);
}

/* ---- what there is ---- */

static int ask(struct mmx_session *s, u32 number, struct mmx_space *ret_space)
{
	struct mmx_call *call = mmx_call_begin(s, MMX_MSG_SPACE);
	int ret;

	if (IS_ERR(call))
		return PTR_ERR(call);
	ret = mmx_call_run(call, mmx_encode_space(&call->buf, call->tag, number));
	if (!ret)
		*ret_space = (struct mmx_space){
			.guest_page = call->reply.space.guest_page,
			.page_count = call->reply.space.page_count,
		};
	mmx_call_free(call);
	/* it has just said that there is such a space */
	return ret && ret != -ENODEV && ret != -ENOMEM ? -EPROTO : ret;
}

static bool overlaps(const struct mmx_spaces *spaces, const struct mmx_space *new)
{
	const struct mmx_space *space;
	u32 i;

	/* decode has checked that no end overflows */
	for (i = 0; i < spaces->count; i++) {
		space = &spaces->spaces[i];
		if (new->guest_page < space->guest_page + space->page_count &&
		    space->guest_page < new->guest_page + new->page_count)
			return true;
	}
	return false;
}

/* ---- is it so? ---- */

static bool is_in(const struct mmx_space *space, struct page *page)
{
	u64 first = (u64)page_to_pfn(page) * WIRE_PAGES;

	return first >= space->guest_page &&
	       first - space->guest_page + WIRE_PAGES <= space->page_count;
}

/* Return: a page that is in the space; NULL: there is none to be had. */
static struct page *take_page(const struct mmx_space *space)
{
	static const gfp_t zones[] = { 0, GFP_DMA32, GFP_DMA };
	unsigned long middle =
		(unsigned long)((space->guest_page + space->page_count / 2) / WIRE_PAGES);
	int node = pfn_valid(middle) ? page_to_nid(pfn_to_page(middle)) : NUMA_NO_NODE;
	struct page *taken[TRIES], *found = NULL;
	u32 i, zone;

	for (zone = 0; zone < ARRAY_SIZE(zones) && !found; zone++) {
		for (i = 0; i < TRIES && !found; i++) {
			taken[i] = alloc_pages_node(
				node, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | zones[zone], 0);
			if (!taken[i])
				break;
			if (is_in(space, taken[i]))
				found = taken[i];
		}
		while (i--)
			if (taken[i] != found)
				__free_page(taken[i]);
	}
	return found;
}

/* Return: 0; -EBADMSG: it is not there; -EFAULT: no address of it is one of memory; -ENODEV, -ENOMEM. */
static int compare(struct mmx_session *s, u32 number, const struct mmx_space *space,
		   struct page *page)
{
	u64 first = (u64)page_to_pfn(page) * WIRE_PAGES - space->guest_page;
	u8 *nonce = page_address(page);
	struct mmx_call *call;
	dma_addr_t addr;
	int ret = -EFAULT;

	get_random_bytes(nonce, MMX_NONCE_SIZE);
	/* from the CPU's caches, too, where the device is not coherent */
	addr = dma_map_page(s->dev, page, 0, PAGE_SIZE, DMA_BIDIRECTIONAL);
	if (dma_mapping_error(s->dev, addr))
		return -EFAULT;
	if (addr != page_to_phys(page))
		goto out;
	call = mmx_call_begin(s, MMX_MSG_SPACE_CHECK);
	ret = PTR_ERR_OR_ZERO(call);
	if (ret)
		goto out;
	ret = mmx_call_run(call,
			   mmx_encode_space_check(&call->buf, call->tag, number, first, nonce));
	mmx_call_free(call);
out:
	dma_unmap_page(s->dev, addr, PAGE_SIZE, DMA_BIDIRECTIONAL);
	return ret;
}

/* Return: why it can't be used; NULL: it can, or *ret says why nothing can. */
static const char *check(struct mmx_session *s, u32 number, const struct mmx_space *space, int *ret)
{
	struct page *page = take_page(space);

	*ret = 0;
	if (!page)
		return "there is no page in it to try it with";
	*ret = compare(s, number, space, page);
	__free_page(page);
	if (*ret == -ENODEV || *ret == -ENOMEM)
		return NULL;
	if (*ret == -EFAULT)
		return "its addresses for devices are not those of its memory";
	return *ret ? "the backend has been told something else of it" : NULL;
}

int mmx_spaces_begin(struct mmx_session *s, u32 count)
{
	u64 region = s->ends.data_size, size;
	struct mmx_space space;
	const char *why;
	bool any = false;
	u32 i;
	int ret;

	/* what the region can't use up, all of which is to have room */
	s->spaces.bytes_left = s->limits.mem_bytes > region ? s->limits.mem_bytes - region : 0;
	for (i = 0; i < count; i++) {
		ret = ask(s, i + 1, &space);
		if (!ret && overlaps(&s->spaces, &space))
			ret = -EPROTO;
		if (ret)
			return ret;
		why = check(s, i + 1, &space, &ret);
		if (ret == -ENODEV || ret == -ENOMEM)
			return ret;
		size = space.page_count * MMX_WIRE_PAGE_SIZE;
		if (why)
			dev_warn(s->transport->dev,
				 "memory at 0x%llx, %llu MiB, is out of the GPU's reach: %s\n",
				 space.guest_page * MMX_WIRE_PAGE_SIZE, size >> 20, why);
		if (why)
			space.page_count = 0;
		else
			any = true;
		s->spaces.spaces[i] = space;
		s->spaces.count = i + 1;
	}
	if (!any)
		s->spaces.count = 0;
	return 0;
}
