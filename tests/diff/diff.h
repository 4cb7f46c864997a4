/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the parts of replay share: the world of one run (files of the device with their objects), its random numbers,
 * and the transcript. One thread, one process for each run.
 */
#ifndef TESTS_DIFF_DIFF_H
#define TESTS_DIFF_DIFF_H

#include "tests/uapi/uapi.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define DIFF_FILES   3u
#define DIFF_OBJECTS 512u

/* A VM's own buffer, which random binds leave alone: words that jobs write, then their streams. */
#define RIG_VA		 0x10000000ull
#define RIG_BYTES	 0x10000u
#define RIG_STREAMS	 0x4000u
#define RIG_STREAM_BYTES 512u
#define RIG_STREAM_COUNT ((RIG_BYTES - RIG_STREAMS) / RIG_STREAM_BYTES)
#define RIG_QUEUES	 32u /* words that each group has */
/* Where random binds and the jobs that may fault are: pages from here on. */
#define PLAY_VA		  0x20000000ull
#define PLAY_PAGES	  32u
#define DIFF_BO_MAX_PAGES 16u

enum kind {
	KIND_BO,
	KIND_VM,
	KIND_GROUP,
	KIND_HEAP,
	KIND_SYNCOBJ,
	KIND_COUNT
};

struct file {
	int fd; /* -1: closed */
	char name[8];
};

struct object {
	enum kind kind;
	bool live;
	char name[12];
	struct file *file;
	struct object *vm; /* of groups and heaps; whose exclusive one a BO is */
	uint32_t handle;
	uint64_t size; /* of a BO; of a VM's user range */
	uint32_t flags; /* of a BO */
	void *map; /* of a BO */
	uint64_t hash; /* of a BO, as last told */
	struct object *rig; /* of a VM */
	uint32_t streams; /* of a VM, since all was quiet */
	uint32_t number; /* of a group: which words it has */
	uint32_t queues; /* of a group */
	uint64_t point; /* of a timeline: the last one; 0: it is a binary one */
};

struct world {
	uint32_t interface; /* 100 for 1.0 */
	uint32_t calls;
	int64_t call_ns; /* when the last one began */
	struct file files[DIFF_FILES];
	struct object objects[DIFF_OBJECTS];
	uint32_t names[KIND_COUNT], file_names, group_numbers;
	uint32_t timeouts; /* jobs that may still run into one */
	uint32_t crowds; /* times that a table may still be filled */
};

extern struct world world;

/* ---- chance ---- */

void chance_init(uint64_t seed);
/* 0..below - 1 */
uint32_t chance(uint32_t below);
static inline bool one_in(uint32_t count)
{
	return chance(count) == 0;
}

/* ---- the transcript ---- */

/* A new line, with the number of the call. */
void say_call(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A new line that is no call. */
void say_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* More of the line. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The result of a call. Return: the same */
int say_result(int r);

/* ---- the world ---- */

void world_init(uint32_t interface);
struct file *file_open(void);
/* An open one. */
struct file *any_file(void);
/* NULL: the file has none; of all files if @file is NULL */
struct object *any(enum kind kind, const struct file *file);
uint32_t count(enum kind kind, const struct file *file, const struct object *vm);
struct object *object_new(enum kind kind, struct file *file, uint32_t handle);
/* Of a live one of this file, or NULL. */
struct object *object_of(enum kind kind, const struct file *file, uint32_t handle);
void object_end(struct object *object);
/* As the transcript has it. */
const char *name_of(const struct object *object);
/* The object's handle, or now and then one that nobody has; says which. */
uint32_t handle_or_bogus(const struct object *object);
#define BOGUS 0xdeadu

/*
 * Now and then an array is not what it should be: too short a stride, a pointer to nowhere, elements that are longer
 * than the kernel's, with zeroes behind or not. Says so. The copy that is made of it lasts until the next call is begun.
 */
void bend(struct pan_array *array);

/* ---- work under way ---- */

/* What is said of it when all is quiet. */
enum expect {
	EXPECT_RESULT, /* the fence's error */
	EXPECT_ERROR, /* that there is one: which depends on how far it came */
};

/* A syncobj for the end of something; not in the transcript. */
uint32_t pending_begin(struct file *file);
/* The call has succeeded: it is waited for. Otherwise pending_drop(). */
void pending_add(struct file *file, uint32_t syncobj, enum expect expect, const char *name);
void pending_drop(struct file *file, uint32_t syncobj);
/* Waits for all of it, says what became of it, and what all objects are now. */
void settle(void);

/* ---- what happens; each is one or several calls ---- */

struct action {
	void (*act)(void);
	uint32_t weight;
	uint32_t interface; /* that has it */
};

/* Each ends with an act of NULL. */
extern const struct action object_actions[], work_actions[], late_actions[];

/* Calls of one file that others are made of. Return: as the ioctl */
int make_bo(struct file *file, uint64_t size, uint32_t flags, struct object *vm,
	    struct object **ret_bo);
int map_bo(struct object *bo);
void close_bo(struct object *bo);
struct object *make_vm(struct file *file);
void destroy_vm(struct object *vm);
struct object *make_group(struct object *vm, uint32_t queues);
void destroy_group(struct object *group);
struct object *make_syncobj(struct file *file, bool timeline);

#endif
