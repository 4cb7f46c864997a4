// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Bindings in the VM's queue, ordered by syncobjs. Run by uapi.c.
 */
#include "tests/uapi/cs.h"
#include "tests/uapi/uapi.h"

#define VA   (UAPI_VA + 0x1000000)
#define SIZE (4ull * UAPI_PAGE)

/* long enough for what does not wait, which is then a failure */
#define SOON_NS 50000000

static struct pan_vm_bind_op map_op(uint32_t handle)
{
	return (struct pan_vm_bind_op){ PAN_OP_MAP, handle, 0, VA, SIZE, { 0 } };
}

static void signals(void)
{
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd), done = uapi_syncobj(fd);
	struct uapi_bo bo = uapi_bo(fd, SIZE, 0);
	struct pan_sync_op signal = UAPI_SIGNAL(done);

	CHECK_OK(uapi_bind_async(fd, vm, map_op(bo.handle), &signal, 1));
	CHECK_OK(uapi_result(fd, done));
	CHECK_EQ(uapi_vm_state(fd, vm), PAN_VM_USABLE);
}

static void timeline(void)
{
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd), line = uapi_syncobj(fd);
	struct uapi_bo bo = uapi_bo(fd, SIZE, 0);
	struct pan_sync_op first = UAPI_SIGNAL_POINT(line, 5);
	struct pan_sync_op second[] = { UAPI_WAIT_POINT(line, 5), UAPI_SIGNAL_POINT(line, 9) };
	struct pan_vm_bind_op unmap = { PAN_OP_UNMAP, 0, 0, VA, SIZE, { 0 } };

	CHECK_OK(uapi_bind_async(fd, vm, map_op(bo.handle), &first, 1));
	CHECK_OK(uapi_bind_async(fd, vm, unmap, second, 2));
	CHECK_OK(uapi_wait_point(fd, line, 9, UAPI_PATIENCE_NS));
	CHECK_EQ(uapi_query_point(fd, line), 9);
}

/*
 * Nothing can be mapped, but with interface 1.9 not where it would need no page tables: getting none counts as a failure
 * there.
 */
static void nothing(void)
{
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd), done = uapi_syncobj(fd);
	struct uapi_bo bo = uapi_bo(fd, SIZE, 0);
	struct pan_sync_op signal = UAPI_SIGNAL(done);
	struct pan_vm_bind_op op = map_op(bo.handle);

	op.size = 0;
	CHECK_OK(uapi_bind_async(fd, vm, op, &signal, 1));
	CHECK_OK(uapi_result(fd, done));
	op.va = 0;
	CHECK_ERROR(uapi_bind_async(fd, vm, op, &signal, 1), uapi_version(fd) < 109 ? 0 : -ENOMEM);
	op.bo_offset = SIZE + UAPI_PAGE;
	CHECK_ERROR(uapi_bind_async(fd, vm, op, &signal, 1), -EINVAL);
	CHECK_EQ(uapi_vm_state(fd, vm), PAN_VM_USABLE);
}

/* A fence that cannot signal by itself: of a job whose stream polls a word of memory, which caches would hide. */
struct gate {
	struct uapi_rig rig;
	uint32_t syncobj;
};

static void gate_close(struct gate *gate)
{
	uint64_t words[] = {
		CS_MOVE48(0, UAPI_WORD_VA(0)),
		CS_MOVE32(3, 0),
		CS_FLUSH(3),
		CS_WAIT_ALL,
		CS_LOAD(2, 1, 0, 0),
		CS_WAIT_ALL,
		CS_ADD32(2, 2, -1),
		CS_BRANCH_NOT_ZERO(2, -6),
	};
	uint32_t group;

	uapi_rig_init(&gate->rig);
	gate->syncobj = uapi_syncobj(gate->rig.fd);
	group = uapi_group(gate->rig.fd, gate->rig.vm, 1);
	uapi_submit_one(&gate->rig, group, 0, uapi_stream(&gate->rig, words, sizeof(words) / 8),
			gate->syncobj);
}

static void gate_open(struct gate *gate)
{
	*uapi_word(&gate->rig, 0) = 1;
}

/* Bindings of a VM keep their order, also behind one that waits. */
static void ordered(void)
{
	struct pan_vm_bind_op unmap = { PAN_OP_UNMAP, 0, 0, VA, SIZE, { 0 } };
	struct gate gate;
	struct pan_sync_op wait, signal;
	struct uapi_bo bo;
	uint32_t done, vm;
	int fd;

	gate_close(&gate);
	fd = gate.rig.fd;
	vm = uapi_vm(fd);
	bo = uapi_bo(fd, SIZE, 0);
	done = uapi_syncobj(fd);
	wait = UAPI_WAIT(gate.syncobj);
	signal = UAPI_SIGNAL(done);
	CHECK_OK(uapi_bind_async(fd, vm, map_op(bo.handle), &wait, 1));
	CHECK_OK(uapi_bind_async(fd, vm, unmap, &signal, 1));
	CHECK_ERROR(uapi_wait(fd, done, SOON_NS), -ETIME);
	gate_open(&gate);
	CHECK_OK(uapi_result(fd, done));
	CHECK_OK(uapi_result(fd, gate.syncobj));
}

static void sync_only(void)
{
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd), line = uapi_syncobj(fd);
	struct pan_vm_bind_op op = { .flags = PAN_OP_SYNC_ONLY },
			      with_va = { .flags = PAN_OP_SYNC_ONLY, .va = VA };
	struct pan_sync_op syncs[] = { UAPI_WAIT_POINT(line, 1), UAPI_SIGNAL_POINT(line, 2) };

	uapi_signal_point(fd, line, 1);
	CHECK_OK(uapi_bind_async(fd, vm, op, syncs, 2));
	CHECK_OK(uapi_wait_point(fd, line, 2, UAPI_PATIENCE_NS));
	CHECK_ERROR(uapi_bind_async(fd, vm, op, NULL, 0), -EINVAL);
	CHECK_ERROR(uapi_bind_async(fd, vm, with_va, syncs, 2), -EINVAL);
}

/* One call, two operations: the second waits for what the first signals. */
static void batch(void)
{
	int fd = uapi_open();
	uint32_t line = uapi_syncobj(fd);
	struct uapi_bo bo = uapi_bo(fd, SIZE, 0);
	struct pan_sync_op first = UAPI_SIGNAL_POINT(line, 1);
	struct pan_sync_op second[] = { UAPI_WAIT_POINT(line, 1), UAPI_SIGNAL_POINT(line, 2) };
	struct pan_vm_bind_op ops[] = { map_op(bo.handle),
					{ PAN_OP_UNMAP, 0, 0, VA, SIZE, { 0 } } };
	struct pan_vm_bind bind = { uapi_vm(fd), PAN_VM_BIND_ASYNC, PAN_ARRAY(2, ops) };

	ops[0].syncs = PAN_ARRAY(1, &first);
	ops[1].syncs = PAN_ARRAY(2, second);
	CHECK_OK(uapi_ioctl(fd, PAN_IOCTL_VM_BIND, &bind));
	CHECK_OK(uapi_wait_point(fd, line, 2, UAPI_PATIENCE_NS));
}

/*
 * Kernels that are out there use the NULL pointer that they find then, and the machine is worse off: only on request
 * (panthor_submit_ctx_add_sync_signal() puts the syncobj that it has not found).
 */
static void signal_nothing(void)
{
	int fd = uapi_open();
	struct uapi_bo bo = uapi_bo(fd, SIZE, 0);
	struct pan_sync_op op = UAPI_SIGNAL(0xdead);

	CHECK_ERROR(uapi_bind_async(fd, uapi_vm(fd), map_op(bo.handle), &op, 1), -EINVAL);
}

static void bad_syncs(void)
{
	int fd = uapi_open();
	uint32_t vm = uapi_vm(fd), empty = uapi_syncobj(fd);
	struct uapi_bo bo = uapi_bo(fd, SIZE, 0);
	const struct {
		const char *what;
		struct pan_sync_op op;
		int error;
	} rows[] = {
		{ "no such syncobj to wait for", UAPI_WAIT(0xdead), -ENOENT },
		{ "no fence yet", UAPI_WAIT(empty), -EINVAL },
		{ "no point yet", UAPI_WAIT_POINT(empty, 3), -EINVAL },
		{ "unknown flag", { 0x100, empty, 0 }, -EINVAL },
		{ "unknown type", { 2 | PAN_SYNC_SIGNAL, empty, 0 }, -EINVAL },
		{ "binary with a point", { PAN_SYNC_SIGNAL, empty, 1 }, -EINVAL },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct pan_sync_op op = rows[i].op;
		int r = uapi_bind_async(fd, vm, map_op(bo.handle), &op, 1);

		if (r != rows[i].error)
			FAIL("%s: %s, not %s", rows[i].what, uapi_error_name(r),
			     uapi_error_name(rows[i].error));
	}
	CHECK_EQ(uapi_vm_state(fd, vm), PAN_VM_USABLE);
}

/* A job that waits for the mapping finds it. */
static void before_job(void)
{
	uint64_t words[] = { CS_STORE_VALUE(VA, 0x1234) };
	struct pan_sync_op mapped, syncs[2];
	struct pan_queue_submit job;
	struct uapi_rig rig;
	struct uapi_bo bo;
	uint32_t line;

	uapi_rig_init(&rig);
	line = uapi_syncobj(rig.fd);
	bo = uapi_bo(rig.fd, SIZE, rig.vm);
	mapped = UAPI_SIGNAL_POINT(line, 1);
	CHECK_OK(uapi_bind_async(rig.fd, rig.vm, map_op(bo.handle), &mapped, 1));
	syncs[0] = UAPI_WAIT_POINT(line, 1);
	syncs[1] = UAPI_SIGNAL_POINT(line, 2);
	job = uapi_job(0, uapi_stream(&rig, words, sizeof(words) / 8), syncs, 2);
	CHECK_OK(uapi_submit(rig.fd, uapi_group(rig.fd, rig.vm, 1), &job, 1));
	CHECK_OK(uapi_wait_point(rig.fd, line, 2, UAPI_PATIENCE_NS));
	CHECK_EQ(bo.map[0], 0x1234);
}

const struct uapi_test uapi_bind_tests[] = {
	{ "async-signals", signals },
	{ "async-timeline", timeline },
	{ "async-ordered", ordered },
	{ "async-sync-only", sync_only },
	{ "async-batch", batch },
	{ "async-bad-syncs", bad_syncs },
	{ "async-nothing", nothing },
	{ "async-before-job", before_job },
	{ 0 },
};

const struct uapi_test uapi_deadly_tests[] = {
	{ "async-signal-nothing", signal_nothing },
	{ 0 },
};
