// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The layout of the shared region: computing one (a transport of the backend), checking one (a
 * frontend).
 *
 * Pure functions over a private copy of the header; they build in the kernel too.
 * mmx_region_check() does not ask for the layout that mmx_region_layout() makes, only that each
 * part lies in the region, on a page, and that no two overlap.
 */
#include "hv/proto/region.h"

#ifdef __KERNEL__
#include <linux/errno.h>
#else
#include <errno.h>
#endif

#include "hv/proto/ring.h"

/* Far beyond any memory, and far from where sizes overflow. */
#define MAX_DATA_SIZE ((uint64_t)1 << 52)

struct part {
	uint64_t offset;
	uint64_t size;
};

static bool is_ring_size(uint32_t slots)
{
	return slots >= MMX_RING_MIN_SLOTS && slots <= MMX_RING_MAX_SLOTS && !(slots & (slots - 1));
}

static uint64_t page_align(uint64_t size)
{
	return (size + MMX_WIRE_PAGE_SIZE - 1) & ~(uint64_t)(MMX_WIRE_PAGE_SIZE - 1);
}

static uint64_t ring_bytes(uint32_t slots)
{
	return sizeof(struct mmx_ring_ctrl) + (uint64_t)slots * MMX_SLOT_SIZE;
}

static uint64_t session_bytes(uint32_t timelines)
{
	return sizeof(struct mmx_session_page) +
	       (uint64_t)timelines * sizeof(struct mmx_timeline_state);
}

int mmx_region_layout(const struct mmx_region_params *params, struct mmx_region_hdr *ret_hdr)
{
	uint64_t session_size, sub, comp, data;

	if (!is_ring_size(params->sub_slots) || !is_ring_size(params->comp_slots))
		return -EINVAL;
	if (!params->max_timelines || params->max_timelines > MMX_REGION_MAX_TIMELINES)
		return -EINVAL;
	session_size = page_align(session_bytes(params->max_timelines));
	sub = MMX_WIRE_PAGE_SIZE + session_size;
	comp = sub + page_align(ring_bytes(params->sub_slots));
	data = comp + page_align(ring_bytes(params->comp_slots));
	if (params->data_size % MMX_WIRE_PAGE_SIZE || params->data_size > MAX_DATA_SIZE)
		return -EINVAL;

	*ret_hdr = (struct mmx_region_hdr){
		.magic = MMX_REGION_MAGIC,
		.version = MMX_REGION_VERSION,
		.size = data + params->data_size,
		.session_offset = MMX_WIRE_PAGE_SIZE,
		.session_size = (uint32_t)session_size,
		.sub_offset = (uint32_t)sub,
		.sub_slots = params->sub_slots,
		.comp_offset = (uint32_t)comp,
		.comp_slots = params->comp_slots,
		.max_timelines = params->max_timelines,
		.data_offset = data,
		.data_size = params->data_size,
	};
	return 0;
}

static bool parts_fit(const struct part *parts, unsigned int count, uint64_t size)
{
	unsigned int i, j;

	for (i = 0; i < count; i++) {
		if (parts[i].offset % MMX_WIRE_PAGE_SIZE)
			return false;
		if (parts[i].offset > size || parts[i].size > size - parts[i].offset)
			return false;
		for (j = 0; j < i; j++) {
			if (parts[i].offset < parts[j].offset + parts[j].size &&
			    parts[j].offset < parts[i].offset + parts[i].size)
				return false;
		}
	}
	return true;
}

int mmx_region_check(const struct mmx_region_hdr *hdr, uint64_t mapped_size)
{
	const struct part parts[] = {
		{ 0, MMX_WIRE_PAGE_SIZE },
		{ hdr->session_offset, hdr->session_size },
		{ hdr->sub_offset, ring_bytes(hdr->sub_slots) },
		{ hdr->comp_offset, ring_bytes(hdr->comp_slots) },
		{ hdr->data_offset, hdr->data_size },
	};

	if (hdr->magic != MMX_REGION_MAGIC)
		return -EPROTO;
	if (hdr->version != MMX_REGION_VERSION)
		return -EPROTONOSUPPORT;
	if (hdr->pad || hdr->size > mapped_size)
		return -EPROTO;
	if (!is_ring_size(hdr->sub_slots) || !is_ring_size(hdr->comp_slots))
		return -EPROTO;
	if (!hdr->max_timelines || hdr->max_timelines > MMX_REGION_MAX_TIMELINES ||
	    hdr->session_size < session_bytes(hdr->max_timelines))
		return -EPROTO;
	if (hdr->data_size % MMX_WIRE_PAGE_SIZE)
		return -EPROTO;
	return parts_fit(parts, sizeof(parts) / sizeof(parts[0]), hdr->size) ? 0 : -EPROTO;
}
