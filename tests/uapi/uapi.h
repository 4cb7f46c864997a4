/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the tests of the panthor uAPI share. A test is a process and opens its own file of the device, so nothing that
 * it leaves behind reaches the next one. Whatever is not as it must be ends the process: a test has no error paths of its
 * own.
 */
#ifndef TESTS_UAPI_UAPI_H
#define TESTS_UAPI_UAPI_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/uapi/panthor_abi.h"

#define UAPI_PAGE 4096u

struct uapi_test {
	const char *name;
	void (*run)(void);
};

/* Each file of tests brings one table, which ends with a name of NULL. */
extern const struct uapi_test uapi_query_tests[], uapi_bo_tests[], uapi_vm_tests[],
	uapi_bind_tests[];
extern const struct uapi_test uapi_group_tests[], uapi_submit_tests[], uapi_fault_tests[];
extern const struct uapi_test uapi_heap_tests[], uapi_many_tests[], uapi_fdinfo_tests[];
/* Kernels die of these, or fail them now and then, so they are run only if they are asked for by name. */
extern const struct uapi_test uapi_deadly_tests[], uapi_lost_tests[];

/* ---- checks ---- */

_Noreturn void uapi_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
_Noreturn void uapi_skip(const char *why);
/* What happened is not the test's fault and comes by chance: it is done anew, a few times. */
_Noreturn void uapi_again(const char *why);

#define FAIL(...) uapi_fail(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(condition)                        \
	do {                                    \
		if (!(condition))               \
			FAIL("%s", #condition); \
	} while (0)

#define CHECK_EQ(got, wanted)                                                             \
	do {                                                                              \
		long long got_ = (long long)(got), wanted_ = (long long)(wanted);         \
		if (got_ != wanted_)                                                      \
			FAIL("%s is %lld (0x%llx), not %lld", #got, got_, got_, wanted_); \
	} while (0)

/* An expression that is 0 or a negative errno, as all functions below return. */
#define CHECK_ERROR(got, wanted)                                            \
	do {                                                                \
		int got_ = (got), wanted_ = (wanted);                       \
		if (got_ != wanted_)                                        \
			FAIL("%s: %s, not %s", #got, uapi_error_name(got_), \
			     uapi_error_name(wanted_));                     \
	} while (0)
#define CHECK_OK(got) CHECK_ERROR(got, 0)

const char *uapi_error_name(int error);

/* ---- the device ---- */

const char *uapi_node(void);
/* A new file of the device under test; closed by the test's end. */
int uapi_open(void);
/* The interface that the driver has, as major * 100 + minor. */
int uapi_version(int fd);
/* Return: 0 or a negative errno. Interrupted calls are begun anew. */
int uapi_ioctl(int fd, unsigned long request, void *argument);
int uapi_query(int fd, uint32_t type, void *to, uint32_t size);
int64_t uapi_now_ns(void);
/* When this test began. */
int64_t uapi_begun_ns(void);

/* ---- objects; what cannot fail here ends the test if it does ---- */

struct uapi_bo {
	int fd;
	uint32_t handle;
	uint64_t size;
	volatile uint32_t *map; /* NULL: not mapped */
};

int uapi_bo_try(int fd, uint64_t size, uint32_t flags, uint32_t vm, uint32_t *ret_handle);
/* ... and mapped, until the test ends */
struct uapi_bo uapi_bo(int fd, uint64_t size, uint32_t vm);
void uapi_bo_map(struct uapi_bo *bo);
int uapi_gem_close(int fd, uint32_t handle);
uint32_t uapi_vm(int fd);

/* One operation, at once. */
int uapi_bind(int fd, uint32_t vm, struct pan_vm_bind_op op);
int uapi_map(int fd, uint32_t vm, uint32_t handle, uint64_t offset, uint64_t va, uint64_t size,
	     uint32_t flags);
int uapi_unmap(int fd, uint32_t vm, uint64_t va, uint64_t size);
/* One operation in the VM's own queue. */
int uapi_bind_async(int fd, uint32_t vm, struct pan_vm_bind_op op, struct pan_sync_op *syncs,
		    uint32_t count);
uint32_t uapi_vm_state(int fd, uint32_t vm);

/* What a group is usually made of: all cores, medium priority, queues of 64 KiB. */
struct pan_group_create uapi_group_request(int fd, uint32_t vm, uint32_t queues);
uint32_t uapi_group(int fd, uint32_t vm, uint32_t queues);
int uapi_group_destroy(int fd, uint32_t group);
struct pan_group_get_state uapi_group_state(int fd, uint32_t group);

/* ---- syncobjs ---- */

uint32_t uapi_syncobj(int fd);
#define UAPI_WAIT(handle)   ((struct pan_sync_op){ 0, (handle), 0 })
#define UAPI_SIGNAL(handle) ((struct pan_sync_op){ PAN_SYNC_SIGNAL, (handle), 0 })
#define UAPI_WAIT_POINT(handle, point) \
	((struct pan_sync_op){ PAN_SYNC_TIMELINE, (handle), (point) })
#define UAPI_SIGNAL_POINT(handle, point) \
	((struct pan_sync_op){ PAN_SYNC_TIMELINE | PAN_SYNC_SIGNAL, (handle), (point) })

/* Of a binary one; also of one that has no fence yet. Return: 0, -ETIME */
int uapi_wait(int fd, uint32_t syncobj, int64_t timeout_ns);
int uapi_wait_any(int fd, const uint32_t *syncobjs, uint32_t count, int64_t timeout_ns);
int uapi_wait_point(int fd, uint32_t syncobj, uint64_t point, int64_t timeout_ns);
/* The CPU signals a point. */
void uapi_signal_point(int fd, uint32_t syncobj, uint64_t point);
uint64_t uapi_query_point(int fd, uint32_t syncobj);
/* What the fence says, which has to be signalled: 0 or a negative errno. */
int uapi_fence_error(int fd, uint32_t syncobj);
/*
 * Waits for the fence until it is signalled, or for much longer than any job may take. Return: what it says; a time-out
 * before its time is not believed (uapi_again())
 */
int uapi_result(int fd, uint32_t syncobj);

/* Is much longer than anything here may take, on an emulated machine beside others. */
#define UAPI_PATIENCE_NS 60000000000ll
/* What a driver has to give a job: upstream's JOB_TIMEOUT_MS. */
#define UAPI_JOB_NS 5000000000ll

/* ---- streams and jobs ---- */

/* Room for streams and data that a group's jobs have: a VM of their own, one BO, mapped at UAPI_VA. */
#define UAPI_VA		0x10000000ull
#define UAPI_RIG_BYTES	(256u * 1024)
#define UAPI_DATA_BYTES 0x10000u /* the first part is data, the rest streams */

struct uapi_rig {
	int fd;
	uint32_t vm;
	struct uapi_bo bo;
	uint32_t stream_bytes; /* used */
};

struct uapi_stream {
	uint64_t va;
	uint32_t bytes;
};

void uapi_rig_init(struct uapi_rig *rig);
/* Copies a stream to where no other one is. */
struct uapi_stream uapi_stream(struct uapi_rig *rig, const uint64_t *words, size_t count);
/* The word at a byte offset of the rig's data, and its address. */
volatile uint32_t *uapi_word(struct uapi_rig *rig, uint32_t offset);
#define UAPI_WORD_VA(offset) (UAPI_VA + (offset))

int uapi_submit(int fd, uint32_t group, const struct pan_queue_submit *submits, uint32_t count);
struct pan_queue_submit uapi_job(uint32_t queue, struct uapi_stream stream,
				 struct pan_sync_op *syncs, uint32_t count);
/* One job that signals the syncobj. */
void uapi_submit_one(struct uapi_rig *rig, uint32_t group, uint32_t queue,
		     struct uapi_stream stream, uint32_t syncobj);

#endif
