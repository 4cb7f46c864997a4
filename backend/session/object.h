/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Name spaces of a session (hv/proto/proto.h, Names): index and generation to object. */
#ifndef BACKEND_SESSION_OBJECT_H
#define BACKEND_SESSION_OBJECT_H

#include <stdint.h>

struct mmx_table_entry {
	uint32_t name; /* 0 = free */
	void *object;
};

struct mmx_table {
	struct mmx_table_entry *entries; /* by index */
	uint32_t size;
	uint32_t count; /* in use */
};

/* Return: 0 or -ENOMEM. */
int mmx_table_init(struct mmx_table *table, uint32_t size);
/* Legal on a zeroed table. Frees no object. */
void mmx_table_finish(struct mmx_table *table);

/* Return: 0; or the wire's error: EINVAL (no name, or index beyond the limit), EEXIST. */
int mmx_table_check_free(const struct mmx_table *table, uint32_t name);
/* mmx_table_check_free() must have said 0. */
void mmx_table_add(struct mmx_table *table, uint32_t name, void *object);
/* NULL if there is none of that name. */
void *mmx_table_find(const struct mmx_table *table, uint32_t name);
/* The name must be in use. */
void mmx_table_del(struct mmx_table *table, uint32_t name);

#endif
