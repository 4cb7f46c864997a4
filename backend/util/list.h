/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Circular doubly linked lists, embedded in their elements. Each list says what it holds and through which
 * member, such as: struct mmx_list jobs; // mmx_job.link
 */
#ifndef BACKEND_UTIL_LIST_H
#define BACKEND_UTIL_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct mmx_list {
	struct mmx_list *prev, *next;
};

/* by way of void, since clang takes the detour over char for a raise of the alignment */
#define mmx_container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void mmx_list_init(struct mmx_list *list)
{
	list->prev = list;
	list->next = list;
}

static inline bool mmx_list_empty(const struct mmx_list *list)
{
	return list->next == list;
}

/* Before @pos: with a list's head, at its end. */
static inline void mmx_list_add_tail(struct mmx_list *pos, struct mmx_list *elem)
{
	elem->prev = pos->prev;
	elem->next = pos;
	pos->prev->next = elem;
	pos->prev = elem;
}

static inline void mmx_list_add(struct mmx_list *head, struct mmx_list *elem)
{
	mmx_list_add_tail(head->next, elem);
}

/* Leaves the element initialised, so that removing it twice is harmless. */
static inline void mmx_list_del(struct mmx_list *elem)
{
	elem->prev->next = elem->next;
	elem->next->prev = elem->prev;
	mmx_list_init(elem);
}

/* All elements of @from, behind those of @to. */
static inline void mmx_list_splice(struct mmx_list *from, struct mmx_list *to)
{
	if (mmx_list_empty(from))
		return;
	from->next->prev = to->prev;
	from->prev->next = to;
	to->prev->next = from->next;
	to->prev = from->prev;
	mmx_list_init(from);
}

#define mmx_list_first(head, type, member) mmx_container_of((head)->next, type, member)

#define mmx_list_for_each(pos, head) for (pos = (head)->next; pos != (head); pos = pos->next)
/* The body may remove pos. */
#define mmx_list_for_each_safe(pos, tmp, head) \
	for (pos = (head)->next, tmp = pos->next; pos != (head); pos = tmp, tmp = pos->next)

#endif
