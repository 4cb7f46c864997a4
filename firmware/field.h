/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Bits and fields of 32- and 64-bit words.
 *
 * A field is known by its mask alone; its shift and its largest value follow from the mask, so they
 * cannot disagree with it. Everything here is an integer constant expression when its arguments are.
 * Masks are constants without gaps.
 *
 * A constant value that does not fit its field does not compile. A value known only at run time is
 * cut to the field: check it first where it comes from outside.
 */
#ifndef FIRMWARE_FIELD_H
#define FIRMWARE_FIELD_H

#include <stdint.h>

/* Bit @n, and bits @h down to @l, both included. */
#define MMX_BIT(n)	    (UINT32_C(1) << (n))
#define MMX_BIT64(n)	    (UINT64_C(1) << (n))
#define MMX_GENMASK(h, l)   ((UINT32_MAX << (l)) & (UINT32_MAX >> (31 - (h))))
#define MMX_GENMASK64(h, l) ((UINT64_MAX << (l)) & (UINT64_MAX >> (63 - (h))))

/* The largest value of a field; multiplying by the mask's lowest bit shifts into place. */
#define MMX_FIELD_LSB(mask) ((mask) & (~(mask) + 1u))
#define MMX_FIELD_MAX(mask) ((mask) / MMX_FIELD_LSB(mask))

/* 1 if @v is an integer constant expression, else 0: only then is (void *)(v * 0) a null pointer. */
#define MMX_IS_CONSTANT(v) \
	_Generic((1 ? (void *)((intptr_t)(v)*0) : (int *)0), int * : 1, void * : 0)

/* 0; does not compile if @v is a constant larger than the field. */
#define MMX_FIELD_CHECK(mask, v)                                                                \
	(0u * sizeof(struct {                                                                   \
		 _Static_assert((uint64_t) __builtin_choose_expr(MMX_IS_CONSTANT(v), (v), 0) <= \
					MMX_FIELD_MAX(mask),                                    \
				"the value does not fit the field");                            \
		 char used;                                                                     \
	 }))

/* The value of the field in @word. */
#define MMX_FIELD_GET(mask, word) ((uint32_t)(((uint32_t)(word) & (mask)) / MMX_FIELD_LSB(mask)))
#define MMX_FIELD_GET64(mask, word) \
	((uint64_t)(((uint64_t)(word) & (uint64_t)(mask)) / MMX_FIELD_LSB((uint64_t)(mask))))

/* A word with the field set to @v and zeroes around it. */
#define MMX_FIELD_PREP(mask, v)                                      \
	((uint32_t)((((uint32_t)(v)*MMX_FIELD_LSB(mask)) & (mask)) | \
		    (uint32_t)MMX_FIELD_CHECK(mask, v)))
#define MMX_FIELD_PREP64(mask, v)                                                          \
	((uint64_t)((((uint64_t)(v)*MMX_FIELD_LSB((uint64_t)(mask))) & (uint64_t)(mask)) | \
		    (uint64_t)MMX_FIELD_CHECK((uint64_t)(mask), v)))

/* @word with the field replaced by @v. */
#define MMX_FIELD_SET(mask, word, v) \
	((uint32_t)(((uint32_t)(word) & ~(mask)) | MMX_FIELD_PREP(mask, v)))

#endif
