/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Fixed-width types and assertions for headers that build in a process and in the Linux kernel. */
#ifndef HV_PROTO_TYPES_H
#define HV_PROTO_TYPES_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>
#else
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire is little-endian, and nothing here swaps"
#endif

/* Layout of what crosses the wire: size of a struct, and offset of a member. */
#define MMX_ASSERT_SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type " has a hole")
#define MMX_ASSERT_OFFSET(type, member, bytes) \
	static_assert(offsetof(type, member) == (bytes), #type "." #member " moved")

#endif
