/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Names of one type of the wire (frontend/core/names.h): which indices are in use, and the generation of each. */
#ifndef FRONTEND_LINUX_NAMES_H
#define FRONTEND_LINUX_NAMES_H

#include <linux/spinlock.h>
#include <linux/types.h>

struct mmx_names {
	spinlock_t lock;
	unsigned long *used;
	u16 *generations;
	u32 limit;
	u32 next; /* an index that was freed is used again as late as can be */
};

int mmx_names_init(struct mmx_names *names, u32 limit);
void mmx_names_finish(struct mmx_names *names);
/* Return: 0; -EBUSY: all are in use. */
int mmx_names_take(struct mmx_names *names, u32 *ret_name);
/* @name: may be 0 */
void mmx_names_give(struct mmx_names *names, u32 name);

#endif
