/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Names of the wire (hv/proto/proto.h): generation in the high half, index in the low one. */
#ifndef FRONTEND_CORE_NAMES_H
#define FRONTEND_CORE_NAMES_H

#include "hv/proto/types.h"

/* No limit of HELLO can be larger: an index has 16 bits. */
#define MMX_NAME_MAX_LIMIT 65536u

static inline uint32_t mmx_name_make(uint32_t index, uint32_t generation)
{
	return (generation & 0xffff) << 16 | (index & 0xffff);
}

static inline uint32_t mmx_name_index(uint32_t name)
{
	return name & 0xffff;
}

static inline uint32_t mmx_name_generation(uint32_t name)
{
	return name >> 16;
}

/* The generation for the next use of an index: 1 after 65535, since 0 is never one. */
static inline uint32_t mmx_name_next_generation(uint32_t generation)
{
	return generation >= 0xffff ? 1 : generation + 1;
}

/* Can it be a name where indices are below @limit? */
static inline bool mmx_name_valid(uint32_t name, uint32_t limit)
{
	return mmx_name_generation(name) && mmx_name_index(name) < limit;
}

#endif
