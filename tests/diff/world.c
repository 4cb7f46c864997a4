// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The world of one run and its transcript. Called by the actions; one thread. Invariant: nothing that a conforming
 * driver is free to choose, such as a handle, an address or a time, reaches the transcript or decides what is done
 * next.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/diff/diff.h"
#include "tests/uapi/drm_abi.h"

#define PENDING 256u

struct world world;

static uint64_t chance_state;

static struct pending {
	struct file *file;
	uint32_t syncobj;
	enum expect expect;
	int64_t begun_ns;
	char name[24];
} pending[PENDING];
static uint32_t pending_count;
static int64_t oldest_ns; /* when what is waited for can have begun */

/* Arrays that were bent. */
static struct {
	uint8_t bytes[65536];
	size_t used;
} bent;

/* ---- chance: splitmix64, by Steele, Lea and Flood ---- */

void chance_init(uint64_t seed)
{
	chance_state = seed;
}

uint32_t chance(uint32_t below)
{
	uint64_t z = chance_state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (uint32_t)((z ^ (z >> 31)) >> 33) % below;
}

/* ---- the transcript ---- */

void say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
}

void say_call(const char *format, ...)
{
	va_list ap;

	bent.used = 0;
	world.calls++;
	printf("\n%u ", world.calls);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	world.call_ns = uapi_now_ns();
}

void say_line(const char *format, ...)
{
	va_list ap;

	printf("\n- ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
}

int say_result(int r)
{
	printf(" = %s", r < 0 ? uapi_error_name(r) : "ok");
	return r;
}

/* ---- objects ---- */

struct file *file_open(void)
{
	struct file *file = world.files;

	/* whoever calls this knows that one is not open */
	while (file->fd >= 0)
		file++;
	snprintf(file->name, sizeof(file->name), "f%u", ++world.file_names);
	say_call("open %s", file->name);
	file->fd = uapi_open();
	return file;
}

void world_init(uint32_t interface)
{
	uint32_t i;

	world = (struct world){ .interface = interface, .timeouts = 1, .crowds = 2 };
	for (i = 0; i < DIFF_FILES; i++)
		world.files[i].fd = -1;
	file_open();
}

struct file *any_file(void)
{
	uint32_t i = chance(DIFF_FILES), n;

	for (n = 0; n < DIFF_FILES; n++, i = (i + 1) % DIFF_FILES)
		if (world.files[i].fd >= 0)
			return &world.files[i];
	return file_open();
}

static bool is_one(const struct object *object, enum kind kind, const struct file *file)
{
	return object->live && object->kind == kind && (!file || object->file == file);
}

uint32_t count(enum kind kind, const struct file *file, const struct object *vm)
{
	uint32_t i, found = 0;

	for (i = 0; i < DIFF_OBJECTS; i++)
		found +=
			is_one(&world.objects[i], kind, file) && (!vm || world.objects[i].vm == vm);
	return found;
}

struct object *any(enum kind kind, const struct file *file)
{
	uint32_t found = count(kind, file, NULL), i;

	if (!found)
		return NULL;
	found = chance(found);
	for (i = 0; !is_one(&world.objects[i], kind, file) || found--; i++)
		;
	return &world.objects[i];
}

struct object *object_of(enum kind kind, const struct file *file, uint32_t handle)
{
	uint32_t i;

	for (i = 0; i < DIFF_OBJECTS; i++)
		if (is_one(&world.objects[i], kind, file) && world.objects[i].handle == handle)
			return &world.objects[i];
	return NULL;
}

/* Whether something of this VM, which may be gone, is still there. */
static bool has_children(const struct object *vm)
{
	uint32_t i;

	for (i = 0; i < DIFF_OBJECTS; i++)
		if (world.objects[i].live && world.objects[i].vm == vm)
			return true;
	return false;
}

struct object *object_new(enum kind kind, struct file *file, uint32_t handle)
{
	static const char letters[] = "bvghs";
	struct object *object = world.objects;

	for (; object->live || has_children(object); object++)
		if (object == &world.objects[DIFF_OBJECTS - 1])
			FAIL("more objects than planned");
	*object = (struct object){ .kind = kind, .live = true, .file = file, .handle = handle };
	snprintf(object->name, sizeof(object->name), "%c%u", letters[kind], ++world.names[kind]);
	return object;
}

void object_end(struct object *object)
{
	uint32_t i;

	object->live = false;
	if (object->map)
		munmap(object->map, object->size);
	object->map = NULL;
	for (i = 0; i < DIFF_OBJECTS; i++)
		if (world.objects[i].rig == object)
			world.objects[i].rig = NULL;
}

const char *name_of(const struct object *object)
{
	return object ? object->name : "none";
}

uint32_t handle_or_bogus(const struct object *object)
{
	bool bogus = !object || one_in(20);

	say(" %s", bogus ? "bogus" : object->name);
	return bogus ? BOGUS : object->handle;
}

/* ---- arrays ---- */

static void bend_stride(struct pan_array *array, uint8_t tail)
{
	const uint8_t *from = (const void *)(uintptr_t)array->array;
	uint32_t stride = array->stride + 16, i;
	uint8_t *to = bent.bytes + bent.used;

	if (stride * array->count > sizeof(bent.bytes) - bent.used)
		return;
	for (i = 0; i < array->count; i++) {
		memcpy(to + i * stride, from + i * array->stride, array->stride);
		memset(to + i * stride + array->stride, 0, 16);
	}
	/* of the last one */
	if (array->count)
		to[array->count * stride - 1] = tail;
	bent.used += stride * array->count;
	array->stride = stride;
	array->array = (uintptr_t)to;
	say(" long%s", tail ? "-tail" : "");
}

void bend(struct pan_array *array)
{
	if (!one_in(12))
		return;
	switch (chance(4)) {
	case 0:
		array->stride = 4;
		say(" short");
		break;
	case 1:
		array->array = 16;
		say(" nowhere");
		break;
	case 2:
		bend_stride(array, 0);
		break;
	default:
		bend_stride(array, 1);
	}
}

/* ---- work under way ---- */

int64_t uapi_begun_ns(void)
{
	return oldest_ns;
}

uint32_t pending_begin(struct file *file)
{
	if (pending_count > PENDING - 40)
		settle();
	return uapi_syncobj(file->fd);
}

void pending_drop(struct file *file, uint32_t syncobj)
{
	/* handle and pad: as closing a buffer */
	struct drm_gem_close destroy = { .handle = syncobj };

	CHECK_OK(uapi_ioctl(file->fd, DRM_IOCTL_SYNCOBJ_DESTROY, &destroy));
}

void pending_add(struct file *file, uint32_t syncobj, enum expect expect, const char *name)
{
	struct pending *one = &pending[pending_count];

	CHECK(pending_count < PENDING);
	*one = (struct pending){ file, syncobj, expect, world.call_ns, "" };
	snprintf(one->name, sizeof(one->name), "%s", name);
	pending_count++;
}

static uint64_t hash_of(const struct object *bo)
{
	const volatile uint64_t *words = bo->map;
	uint64_t hash = 0xcbf29ce484222325ull;
	size_t i;

	/* FNV-1a, a word at a time */
	for (i = 0; i < bo->size / sizeof(*words); i++)
		hash = (hash ^ words[i]) * 0x100000001b3ull;
	return hash;
}

static void say_object(struct object *object)
{
	struct pan_group_get_state state;
	uint64_t hash;

	if (object->kind == KIND_VM) {
		say(" %s=%u", object->name, uapi_vm_state(object->file->fd, object->handle));
	} else if (object->kind == KIND_GROUP) {
		state = uapi_group_state(object->file->fd, object->handle);
		say(" %s=%u,%x", object->name, state.state, state.fatal_queues);
	} else if (object->kind == KIND_BO && object->map) {
		hash = hash_of(object);
		if (hash != object->hash)
			say(" %s=%016llx", object->name, (unsigned long long)hash);
		object->hash = hash;
	} else if (object->kind == KIND_SYNCOBJ && object->point) {
		say(" %s=%llu", object->name,
		    (unsigned long long)uapi_query_point(object->file->fd, object->handle));
	}
}

void settle(void)
{
	uint32_t i;
	int r;

	for (i = 0; i < pending_count; i++) {
		struct pending *one = &pending[i];

		/* time-outs are told by a clock with ticks of 10 ms at most */
		oldest_ns = one->begun_ns - 20000000;
		r = uapi_result(one->file->fd, one->syncobj);
		say_line("%s = %s", one->name,
			 one->expect == EXPECT_ERROR && r < 0 ? "an error" : uapi_error_name(r));
		pending_drop(one->file, one->syncobj);
	}
	pending_count = 0;
	say_line("state");
	for (i = 0; i < DIFF_OBJECTS; i++) {
		if (world.objects[i].live)
			say_object(&world.objects[i]);
		world.objects[i].streams = 0;
	}
}
