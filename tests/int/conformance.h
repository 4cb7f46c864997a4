/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the files of the conformance suite share.
 *
 * A *form* says what a message of one type looks like when it is right, in the *scene* that each session begins with:
 *
 *	clients   0, 1
 *	mems      0: 16 pages, sealed, mapped in VM 0; 1: of 4 pages, 2 are there, not sealed
 *	VMs       0: of client 0, with timeline BINDS; 1: of client 1, without one
 *	groups    0: of client 0 in VM 0, two queues
 *	timelines 0, 1: of the group's queues
 *
 * all of generation 1. Of each kind index 9 has been used and is free again, index 10 was never used.
 *
 * A *row* is such a message with edits, and what must come of it. Around each row the engine (conformance.c) sees to
 * it that what is refused changes nothing, and that the right message still does what it should afterwards.
 * Whatever can be derived from a form (sizes, pads, counts) needs no row.
 *
 * A *story* is what takes more than one message; a *breach* is what ends a session.
 */
#ifndef TESTS_INT_CONFORMANCE_H
#define TESTS_INT_CONFORMANCE_H

#include <stddef.h>

#include "tests/lib/ask.h"
#include "tests/lib/raw.h"

/* constants, as mmx_name_make() is none */
#define MAKE_NAME(index, generation) ((uint32_t)(generation) << 16 | (index))
#define NAME(index)		     MAKE_NAME(index, 1)
#define OTHER(index)		     MAKE_NAME(index, 2) /* another generation */
#define FREED			     NAME(9)
#define UNUSED			     NAME(10)
#define BINDS			     NAME(20)

#define PAGE	  4096ull
#define SCENE_VA  0x100000ull
#define MEM_PAGES 16u

struct env {
	const char *path; /* of the partition's socket */
	const char *other_path; /* of another partition's */
	const char *partition, *other_partition;
	int timeout_ms;
	struct mmx_ask *ask;
	struct mmx_raw raw;
	uint64_t seqno; /* of the next job of timeline 0 */
	uint64_t bind_seqno; /* of the next one of BINDS */
	struct json_object *holds; /* what the daemon held when the case began */
};

/* ---- forms ---- */

struct field {
	uint16_t offset, size;
};
#define FIELD(type, member)                                         \
	{                                                           \
		offsetof(type, member), sizeof(((type *)0)->member) \
	}

struct form {
	const char *name;
	uint16_t type;
	uint16_t fixed, elem; /* bytes of the struct, and of one element of its array */
	uint16_t count_offset; /* of the array's u32 count */
	uint16_t max_count;
	uint16_t reply; /* bytes of the answer to what is right; 0 = a header alone */
	/* of one that takes a seqno and is not answered then: its timeline; else 0 */
	uint32_t timeline;
	int zeroed; /* error of one that is nothing but a header */
	int valid; /* error of what is right: 0, but for a second HELLO */
	const char *gains,
		*loses; /* number of the control socket that goes up, or down, by one; may be NULL */
	struct field pads[6]; /* that must be zero; size 0 ends it */
	/* What must be there before; undone by undo(). May be NULL. Return: 0 or an error. */
	int (*prepare)(struct env *env);
	void (*fill)(struct env *env, union mmx_msg_buf *msg); /* header is there */
	/* After one that succeeded. May be NULL. */
	int (*undo)(struct env *env, const union mmx_msg_buf *msg);
};
extern const struct form forms[];
extern const size_t form_count;
const struct form *form_of(uint16_t type);

/* ---- rows ---- */

enum base {
	BASE_NONE,
	BASE_SEQNO,
	BASE_BIND_SEQNO,
	BASE_SHADER,
	BASE_TILER,
	BASE_DATA,
	BASE_DATA_END,
	BASE_LIMIT
};
struct edit {
	uint16_t offset, size;
	uint64_t value; /* added to the base */
	enum base base;
	uint16_t limit; /* BASE_LIMIT: offset in struct mmx_limits, of an u32 */
};
#define EDIT(type, member, ...)                                                        \
	{                                                                              \
		.offset = offsetof(type, member), .size = sizeof(((type *)0)->member), \
		.value = __VA_ARGS__                                                   \
	}
/* Field of an element of the array behind a message's struct. */
#define FIELD_ELEM(type, array, index, member)                                                \
	{                                                                                     \
		.offset = (uint16_t)(sizeof(type) + (index) * sizeof(((type *)0)->array[0]) + \
				     offsetof(__typeof__(((type *)0)->array[0]), member)),    \
		.size = sizeof(((type *)0)->array[0].member)                                  \
	}
#define EDIT_ELEM(type, array, index, member, ...)                                            \
	{                                                                                     \
		.offset = (uint16_t)(sizeof(type) + (index) * sizeof(((type *)0)->array[0]) + \
				     offsetof(__typeof__(((type *)0)->array[0]), member)),    \
		.size = sizeof(((type *)0)->array[0].member), .value = __VA_ARGS__            \
	}
#define LIMIT(member, add) (uint64_t)(add), BASE_LIMIT, offsetof(struct mmx_limits, member)
/* A name whose index is so far above the limit. */
#define BEYOND(member, add) \
	((uint64_t)1 << 16) + (add), BASE_LIMIT, offsetof(struct mmx_limits, member)

struct row {
	const char *name;
	uint16_t type;
	int error;
	bool job; /* the error is the job's: the message has taken its seqno */
	struct edit edits[6]; /* size 0 ends it */
};
extern const struct row rows[];
extern const size_t row_count;

/* ---- stories and breaches ---- */

struct story {
	const char *name;
	bool breach; /* the session must have been ended for it, with EPROTO */
	bool bare; /* begins before HELLO */
	/* Return: NULL, or what is wrong. */
	const char *(*tell)(struct env *env);
};

/* For a teller: what must be so. */
#define SAY(cond)                     \
	do {                          \
		if (!(cond))          \
			return #cond; \
	} while (0)

extern const struct story stories[]; /* conformance_stories.c */
extern const size_t story_count;
extern const struct story breaches[]; /* conformance_breaches.c */
extern const size_t breach_count;

/* ---- checks: conformance_check.c ---- */

extern unsigned int cases, failures; /* so far */

/* A failure, which is printed. */
void __attribute__((format(printf, 4, 5)))
wrong(const char *what, const char *name, const char *variant, const char *fmt, ...);
const char *error_name(int error);
/* What the daemon holds of the partition. */
struct json_object *ask(struct env *env);
/* Return: NULL, or the name of a number that has changed. */
const char *changed(struct env *env, const struct json_object *before);
/* The scene, unless it is there; ends the process if it can't be set. */
void scene(struct env *env);
void scene_close(struct env *env);
/* The form's right message. */
void begin(struct env *env, const struct form *form, union mmx_msg_buf *msg);
/* A case: the form's right message, with something done to it. @variant is part of the name. */
void try_case(struct env *env, const struct form *form, const char *name, const char *variant,
	      int error, bool job,
	      void (*alter)(struct env *env, const struct form *form, union mmx_msg_buf *msg,
			    const void *arg),
	      const void *arg);

/* ---- what stories are made of; all return the backend's error, or a negative errno ---- */

int client_create(struct env *env, uint32_t client);
int mem_create(struct env *env, uint32_t mem, uint32_t first, uint32_t pages);
int vm_create(struct env *env, uint32_t client, uint32_t vm);
int heap_create(struct env *env, uint32_t vm, uint32_t heap);
int bind_op(struct env *env, uint32_t vm, const struct mmx_bind_op *ops, uint32_t count,
	    uint32_t *ret_op);
int group_create(struct env *env, uint32_t client, uint32_t vm, uint32_t group, uint32_t queues,
		 uint32_t timeline);
int object(struct env *env, uint16_t type, uint32_t name);
/* MEM_DESTROY, and waits for the release. */
int mem_destroy(struct env *env, uint32_t mem);
/* Sends; nothing is waited for. Return: the tag. */
uint32_t submit(struct env *env, uint32_t group, uint32_t queue, uint64_t seqno,
		const struct mmx_wait *waits, uint32_t wait_count);
/* Connects, says HELLO, makes the scene. Return: 0 or an error of either sign. */
int scene_open(struct env *env);

#endif
