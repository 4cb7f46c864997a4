/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Memory spaces beside the region: which of the machine's own pages the backend can reach. There are some if the backend was
 * given the machine's memory (docs/kvm.md).
 */
#ifndef FRONTEND_LINUX_SPACE_H
#define FRONTEND_LINUX_SPACE_H

#include <linux/types.h>

#include "hv/proto/proto.h"

struct mmx_session;

struct mmx_space {
	u64 guest_page, page_count; /* of the wire; count 0 = not to be used */
};

struct mmx_spaces {
	u32 count;
	struct mmx_space spaces[MMX_MAX_SPACES]; /* 1..count of the wire */
	u64 bytes_left; /* that may be registered of them; session.lock */
};

/**
 * mmx_spaces_begin() - asks the backend what there is, and whether it has the same there as we have
 *
 * @count: of spaces, as HELLO has it
 *
 * What it has not is not used, which is a line in the log. Return: 0; -EPROTO: that cannot be; -ENODEV, -ENOMEM.
 */
int mmx_spaces_begin(struct mmx_session *s, u32 count);
/**
 * mmx_spaces_find() - where the backend has a page
 * @page: of the wire, in our physical memory
 *
 * Return: how many from there on; 0: it can't reach that one.
 */
u64 mmx_spaces_find(const struct mmx_spaces *spaces, u64 page, u16 *ret_space, u64 *ret_page);
/* Return: false: so much more can't be registered. */
bool mmx_spaces_charge(struct mmx_session *s, u64 bytes);
void mmx_spaces_uncharge(struct mmx_session *s, u64 bytes);

#endif
