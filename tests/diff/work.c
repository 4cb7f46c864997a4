// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Bindings, groups and jobs. Called by main.c.
 *
 * Whatever runs at the same time as something else must not show in the transcript: jobs that are under way together
 * write different words or are in one queue, and what can fault, or ends what works, is done when all is quiet and waited for.
 * A page fault ends all groups of its VM that have a slot just then, so only a VM's only group may make one.
 */
#include <stdio.h>
#include <unistd.h>

#include "tests/diff/diff.h"
#include "tests/uapi/cs.h"
#include "tests/uapi/drm_abi.h"

#define MAX_GROUPS 5u
#define MAX_OPS	   4u
#define MAX_SYNCS  3u
#define MAX_JOBS   4u

/* ---- sync ops ---- */

/*
 * Syncobjs that a call waits for and that it signals are different ones, and those that it signals exist: upstream's kernels
 * warn of the one, and die of the other.
 */
struct syncs {
	struct object *wait, *signal;
};

static struct syncs choose_syncs(struct file *file)
{
	struct syncs syncs = { any(KIND_SYNCOBJ, file), any(KIND_SYNCOBJ, file) };

	if (syncs.wait == syncs.signal)
		syncs.wait = NULL;
	return syncs;
}

static struct pan_sync_op random_sync(struct syncs *syncs)
{
	bool signal = syncs->signal && one_in(2);
	struct object *object = signal ? syncs->signal : syncs->wait;
	struct pan_sync_op op = { .handle = object ? object->handle : BOGUS };

	if (signal)
		op.flags = PAN_SYNC_SIGNAL;
	if (object && object->point) {
		op.flags |= PAN_SYNC_TIMELINE;
		op.timeline_value = signal ? ++object->point : 1 + chance((uint32_t)object->point);
	}
	if (one_in(40))
		op.flags |= one_in(2) ? 2 : 0x100;
	if (one_in(40) && object && !object->point)
		op.timeline_value = 1;
	say(" %s%s:%llu:%x", signal ? "signal-" : "wait-", object ? object->name : "bogus",
	    (unsigned long long)op.timeline_value, op.flags);
	return op;
}

/* Random ones, and then the one that tells that it is done. */
static struct pan_array random_syncs(struct syncs *syncs, struct pan_sync_op *ops, uint32_t done)
{
	uint32_t count = one_in(2) ? 0 : chance(MAX_SYNCS), i;
	struct pan_array array;

	for (i = 0; i < count; i++)
		ops[i] = random_sync(syncs);
	ops[i] = UAPI_SIGNAL(done);
	array = PAN_ARRAY(count + 1, ops);
	bend(&array);
	return array;
}

/* ---- bindings ---- */

static uint64_t random_va(const struct object *vm, uint64_t size)
{
	/* what the kernel has behind it, old drivers let programs replace */
	bool beyond = world.interface >= 109;

	if (one_in(20) && (size || beyond))
		return vm->size - size;
	if (beyond && one_in(20))
		return vm->size;
	return PLAY_VA + chance(PLAY_PAGES) * 4096ull + (one_in(30) ? 64 : 0);
}

static struct pan_vm_bind_op random_op(struct object *vm, bool async)
{
	static const uint32_t flags[] = { 0, PAN_MAP_NOEXEC, PAN_MAP_NOEXEC, PAN_MAP_READONLY,
					  PAN_MAP_UNCACHED | PAN_MAP_NOEXEC };
	struct object *bo = any(KIND_BO, vm->file);
	struct pan_vm_bind_op op = { 0 };

	if (one_in(15) && async) {
		op.flags = PAN_OP_SYNC_ONLY;
		if (one_in(5))
			op.va = PLAY_VA;
		say(" [sync-only va=%llx]", (unsigned long long)op.va);
		return op;
	}
	op.size = (one_in(20) ? 0 : 1 + chance(8)) * 4096ull + (one_in(30) ? 64 : 0);
	op.va = random_va(vm, op.size);
	/* where no page tables are needed */
	if (!op.size && world.interface >= 109 && one_in(2))
		op.va = 0;
	if (one_in(2)) {
		op.flags = PAN_OP_UNMAP;
		say(" [unmap");
		if (one_in(20) && bo)
			op.bo_handle = bo->handle;
		say("%s", op.bo_handle ? " of a bo" : "");
	} else {
		op.flags = flags[chance(COUNT(flags))] | (one_in(30) ? 16 : 0);
		if (world.interface >= 109 && one_in(8)) {
			op.flags = PAN_MAP_SPARSE | (one_in(4) ? 0 : PAN_MAP_NOEXEC);
			say(" [sparse %llx+%llx %x]", (unsigned long long)op.va,
			    (unsigned long long)op.size, op.flags);
			return op;
		}
		say(" [map");
		op.bo_handle = handle_or_bogus(bo);
		op.bo_offset = chance(4) * 4096ull;
		if (bo && !one_in(8) && op.size > bo->size)
			op.size = bo->size;
		if (bo && !one_in(8) && op.size + op.bo_offset > bo->size)
			op.bo_offset = 0;
	}
	if (one_in(40))
		op.flags |= 3u << 28;
	say(" %llx+%llx from %llx %x]", (unsigned long long)op.va, (unsigned long long)op.size,
	    (unsigned long long)op.bo_offset, op.flags);
	return op;
}

static void act_bind(void)
{
	struct object *vm = any(KIND_VM, NULL);
	struct pan_vm_bind_op ops[MAX_OPS];
	struct pan_vm_bind bind = { 0 };
	uint32_t count = one_in(3) ? 1 + chance(MAX_OPS) : 1, i;
	int r;

	if (!vm)
		return;
	/* those in the queue come before or after */
	settle();
	say_call("bind");
	bind.vm_id = handle_or_bogus(vm);
	for (i = 0; i < count; i++) {
		ops[i] = random_op(vm, one_in(30));
		if (one_in(40)) {
			say(" with a sync");
			ops[i].syncs.count = 1;
		}
	}
	bind.ops = PAN_ARRAY(one_in(30) ? 0 : count, ops);
	bend(&bind.ops);
	r = say_result(uapi_ioctl(vm->file->fd, PAN_IOCTL_VM_BIND, &bind));
	say(" count=%u", r ? bind.ops.count : 0);
}

static void act_bind_async(void)
{
	struct object *vm = any(KIND_VM, NULL);
	struct pan_vm_bind_op ops[MAX_OPS];
	struct pan_sync_op sync_ops[MAX_OPS][MAX_SYNCS + 1];
	struct pan_vm_bind bind = { .flags = PAN_VM_BIND_ASYNC };
	uint32_t count = one_in(3) ? 1 + chance(MAX_OPS) : 1, i, done;
	struct syncs syncs;
	char name[24];

	if (!vm)
		return;
	done = pending_begin(vm->file);
	syncs = choose_syncs(vm->file);
	say_call("bind_async");
	bind.vm_id = handle_or_bogus(vm);
	for (i = 0; i < count; i++) {
		ops[i] = random_op(vm, true);
		ops[i].syncs = random_syncs(&syncs, sync_ops[i], done);
	}
	bind.ops = PAN_ARRAY(count, ops);
	bend(&bind.ops);
	/* the last one's end is that of all */
	if (say_result(uapi_ioctl(vm->file->fd, PAN_IOCTL_VM_BIND, &bind))) {
		pending_drop(vm->file, done);
		return;
	}
	snprintf(name, sizeof(name), "bind %u", world.calls);
	pending_add(vm->file, done, EXPECT_RESULT, name);
}

/* ---- groups ---- */

static struct pan_group_create random_group(const struct object *vm, struct pan_queue_create *queue,
					    uint32_t queues)
{
	struct pan_group_create create = uapi_group_request(vm->file->fd, vm->handle, 1);
	uint32_t i;

	for (i = 0; i < queues; i++) {
		queue[i] = (struct pan_queue_create){ .priority = (uint8_t)chance(16),
						      .ringbuf_size = 4096u << chance(5) };
		if (one_in(40))
			queue[i].ringbuf_size += 4096;
		if (one_in(60))
			queue[i].priority = 16;
		if (one_in(60))
			queue[i].pad[1] = 1;
		say(" %u:%x:%u", queue[i].priority, queue[i].ringbuf_size, queue[i].pad[1]);
	}
	create.queues = PAN_ARRAY(queues, queue);
	/* those of real time came with 1.2 */
	create.priority = (uint8_t)chance(world.interface >= 102 ? 4 : 3);
	return create;
}

/* One mistake; sometimes none after all. */
static void spoil(struct pan_group_create *create)
{
	uint32_t what = chance(9);

	say(" spoilt %u", what);
	switch (what) {
	case 0:
		create->pad = 1;
		break;
	case 1:
		create->priority = (uint8_t)(4 + chance(200));
		break;
	case 2:
		create->compute_core_mask |= 1ull << 63;
		break;
	case 3:
		create->fragment_core_mask = 0;
		break;
	case 4:
		create->tiler_core_mask = ~0ull;
		break;
	case 5:
		create->max_compute_cores = 0;
		create->compute_core_mask = 0;
		break;
	case 6:
		create->max_tiler_cores = 2;
		break;
	case 7:
		create->vm_id = BOGUS;
		break;
	default:
		create->max_fragment_cores = 0;
	}
}

struct object *make_group(struct object *vm, uint32_t queues)
{
	struct pan_queue_create queue[40];
	struct pan_group_create create;
	struct object *group;

	say_call("group_create %s", vm->name);
	create = random_group(vm, queue, queues);
	say(" priority=%u", create.priority);
	if (one_in(5))
		spoil(&create);
	bend(&create.queues);
	if (say_result(uapi_ioctl(vm->file->fd, PAN_IOCTL_GROUP_CREATE, &create)))
		return NULL;
	group = object_new(KIND_GROUP, vm->file, create.group_handle);
	group->vm = vm;
	group->queues = queues;
	group->number = world.group_numbers++ % (RIG_STREAMS / 8 / RIG_QUEUES);
	say(" %s", group->name);
	return group;
}

static void act_group_create(void)
{
	struct object *vm = any(KIND_VM, NULL);
	uint32_t queues = 1 + chance(3);

	if (!vm || count(KIND_GROUP, vm->file, NULL) >= MAX_GROUPS)
		return;
	/* old drivers take more than a slot has, and die of them when they give it one */
	if (one_in(15))
		queues = one_in(2) ? 0 : world.interface >= 109 ? 9 + chance(25) : 33;
	make_group(vm, queues);
}

void destroy_group(struct object *group)
{
	say_call("group_destroy %s", group->name);
	say_result(uapi_group_destroy(group->file->fd, group->handle));
	object_end(group);
}

static void act_group_destroy(void)
{
	struct object *group = any(KIND_GROUP, NULL);
	struct pan_group_destroy destroy = { .group_handle = group ? group->handle : 0 };

	settle();
	if (group && !one_in(4)) {
		destroy_group(group);
		return;
	}
	destroy.pad = one_in(2);
	if (!destroy.pad)
		destroy.group_handle = BOGUS;
	say_call("group_destroy wrongly %s pad=%u", destroy.pad ? name_of(group) : "bogus",
		 destroy.pad);
	say_result(uapi_ioctl(group ? group->file->fd : any_file()->fd, PAN_IOCTL_GROUP_DESTROY,
			      &destroy));
}

static void act_group_get_state(void)
{
	struct object *group = any(KIND_GROUP, NULL);
	struct pan_group_get_state get = { .pad = one_in(8) };

	settle();
	say_call("group_get_state pad=%u", get.pad);
	get.group_handle = handle_or_bogus(group);
	if (!say_result(uapi_ioctl(group ? group->file->fd : any_file()->fd,
				   PAN_IOCTL_GROUP_GET_STATE, &get)))
		say(" %u,%x", get.state, get.fatal_queues);
}

/* A file has 128 at most. */
static void act_group_crowd(void)
{
	struct object *vm = any(KIND_VM, NULL), *groups[140];
	struct pan_queue_create queue = { .ringbuf_size = 4096 };
	struct pan_group_create create;
	uint32_t made = 0;

	if (!world.crowds || !vm)
		return;
	world.crowds--;
	settle();
	do {
		create = uapi_group_request(vm->file->fd, vm->handle, 1);
		create.queues = PAN_ARRAY(1, &queue);
		say_call("group_create %s", vm->name);
		if (say_result(uapi_ioctl(vm->file->fd, PAN_IOCTL_GROUP_CREATE, &create)))
			break;
		groups[made] = object_new(KIND_GROUP, vm->file, create.group_handle);
		groups[made++]->vm = vm;
	} while (made < COUNT(groups));
	while (made)
		destroy_group(groups[--made]);
}

/* ---- jobs ---- */

/* A place for one more stream in the VM's rig, whose words it gets. */
static struct uapi_stream put_stream(struct object *vm, const uint64_t *words, size_t count)
{
	uint32_t offset;

	CHECK(count * sizeof(*words) <= RIG_STREAM_BYTES);
	if (vm->streams == RIG_STREAM_COUNT)
		settle();
	offset = RIG_STREAMS + vm->streams++ * RIG_STREAM_BYTES;
	memcpy((uint8_t *)vm->rig->map + offset, words, count * sizeof(*words));
	return (struct uapi_stream){ RIG_VA + offset, (uint32_t)(count * sizeof(*words)) };
}

/*
 * Flush ids stay 0, "flush always": streams are where others were before, and what a GPU finds that has not flushed its caches
 * is anybody's guess.
 */

/* Adds to the queue's word, or sets it. */
static struct uapi_stream good_stream(const struct object *group, uint32_t queue)
{
	uint64_t va = RIG_VA + (group->number * RIG_QUEUES + queue) * 8ull;
	uint32_t value = 1 + chance(1000);
	uint64_t store[] = { CS_STORE_VALUE(va, value) };
	uint64_t add[] = { CS_MOVE48(0, va),	  CS_LOAD(2, 1, 0, 0),	CS_WAIT_ALL,
			   CS_ADD32(2, 2, value), CS_STORE(2, 1, 0, 0), CS_WAIT_ALL,
			   CS_MOVE32(3, 0),	  CS_FLUSH(3),		CS_WAIT_ALL };

	say(" %u", value);
	return one_in(2) ? put_stream(group->vm, store, COUNT(store))
			 : put_stream(group->vm, add, COUNT(add));
}

/* Return: whether this is a group whose jobs can be told to do something */
static bool has_rig(const struct object *group)
{
	return group && group->vm && group->vm->live && group->vm->rig && group->vm->rig->map;
}

static void spoil_job(struct pan_queue_submit *job)
{
	uint32_t what = chance(7);

	say(" spoilt %u", what);
	switch (what) {
	case 0:
		job->pad = 1;
		break;
	case 1:
		job->queue_index += 32;
		break;
	case 2:
		job->stream_addr += 8;
		break;
	case 3:
		job->stream_size += 4;
		break;
	case 4:
		job->stream_addr = 0;
		break;
	case 5:
		job->latest_flush = 1u << (24 + chance(7));
		break;
	default:
		job->stream_size = 0;
	}
}

static void act_submit(void)
{
	struct object *group = any(KIND_GROUP, NULL);
	struct pan_queue_submit jobs[MAX_JOBS];
	struct pan_sync_op sync_ops[MAX_JOBS][MAX_SYNCS + 1];
	uint32_t done[MAX_JOBS], jobs_count = one_in(3) ? 1 + chance(MAX_JOBS) : 1, i;
	struct pan_group_submit submit = { .pad = one_in(40) };
	struct syncs syncs;
	char name[24];
	int r;

	if (!has_rig(group) || !group->queues)
		return;
	for (i = 0; i < jobs_count; i++)
		done[i] = pending_begin(group->file);
	if (group->vm->streams + jobs_count > RIG_STREAM_COUNT)
		settle();
	syncs = choose_syncs(group->file);
	say_call("submit pad=%u", submit.pad);
	submit.group_handle = handle_or_bogus(group);
	if (one_in(20)) {
		submit.group_handle |= 0x10000;
		say(" high");
	}
	for (i = 0; i < jobs_count; i++) {
		uint32_t queue = chance(group->queues);

		say(" [%u", queue);
		jobs[i] = uapi_job(queue, good_stream(group, queue), NULL, 0);
		/* a job of nothing is a point in the queue */
		if (one_in(12)) {
			jobs[i].stream_addr = jobs[i].stream_size = 0;
			say(" nothing");
		}
		if (one_in(15))
			spoil_job(&jobs[i]);
		jobs[i].syncs = random_syncs(&syncs, sync_ops[i], done[i]);
		say("]");
	}
	submit.queue_submits = PAN_ARRAY(jobs_count, jobs);
	bend(&submit.queue_submits);
	r = say_result(uapi_ioctl(group->file->fd, PAN_IOCTL_GROUP_SUBMIT, &submit));
	for (i = 0; i < jobs_count; i++) {
		if (r) {
			pending_drop(group->file, done[i]);
			continue;
		}
		snprintf(name, sizeof(name), "job %u.%u", world.calls, i);
		pending_add(group->file, done[i], EXPECT_RESULT, name);
	}
}

/* One job that is waited for at once. */
static void submit_alone(struct object *group, uint32_t queue, struct uapi_stream stream,
			 enum expect expect)
{
	uint32_t done = pending_begin(group->file);
	struct pan_sync_op signal = UAPI_SIGNAL(done);
	struct pan_queue_submit job = uapi_job(queue, stream, &signal, 1);
	char name[24];

	if (say_result(uapi_submit(group->file->fd, group->handle, &job, 1))) {
		pending_drop(group->file, done);
		return;
	}
	snprintf(name, sizeof(name), "job %u", world.calls);
	pending_add(group->file, done, expect, name);
}

/* Writes where random binds are, so it may fault. */
static void act_play(void)
{
	struct object *group = any(KIND_GROUP, NULL);
	uint64_t va = PLAY_VA + chance(PLAY_PAGES) * 4096ull + chance(1024) * 4ull;
	uint64_t words[] = { CS_STORE_VALUE(va, world.calls) };
	uint32_t queue;

	if (!has_rig(group) || !group->queues || count(KIND_GROUP, NULL, group->vm) != 1)
		return;
	settle();
	queue = chance(group->queues);
	say_call("play %s %u %llx", group->name, queue, (unsigned long long)va);
	submit_alone(group, queue, put_stream(group->vm, words, COUNT(words)), EXPECT_RESULT);
	settle();
}

static const uint64_t endless[] = { CS_NOP, CS_BRANCH_ALWAYS(-2) };

/* A stream that is none, and what comes behind it in the queue. */
static void act_fatal(void)
{
	static const uint64_t invalid[] = { CS_INVALID };
	struct object *group = any(KIND_GROUP, NULL);
	uint32_t queue, i, done[2];
	struct pan_queue_submit jobs[2];
	struct pan_sync_op signals[2];

	if (!has_rig(group) || !group->queues || !one_in(3))
		return;
	settle();
	queue = chance(group->queues);
	say_call("fatal %s %u", group->name, queue);
	for (i = 0; i < 2; i++) {
		done[i] = pending_begin(group->file);
		signals[i] = UAPI_SIGNAL(done[i]);
	}
	jobs[0] = uapi_job(queue, put_stream(group->vm, invalid, COUNT(invalid)), &signals[0], 1);
	jobs[1] = uapi_job(queue, good_stream(group, queue), &signals[1], 1);
	if (say_result(uapi_submit(group->file->fd, group->handle, jobs, 2))) {
		pending_drop(group->file, done[0]);
		pending_drop(group->file, done[1]);
		return;
	}
	pending_add(group->file, done[0], EXPECT_RESULT, "fatal");
	pending_add(group->file, done[1], EXPECT_ERROR, "behind fatal");
	settle();
}

/* A job that does not end, until its group, its time or its file does. */
static void act_endless(void)
{
	struct object *group = any(KIND_GROUP, NULL);
	bool wait = world.timeouts && one_in(4);

	if (!has_rig(group) || !group->queues || !one_in(2))
		return;
	settle();
	say_call("endless %s", group->name);
	submit_alone(group, 0, put_stream(group->vm, endless, COUNT(endless)), EXPECT_RESULT);
	if (wait)
		world.timeouts--;
	else
		destroy_group(group);
	settle();
}

/* A mapping, a job that needs it, and its end, which wait for each other. */
static void act_chain(void)
{
	struct object *group = any(KIND_GROUP, NULL), *bo, *line;
	uint64_t va = PLAY_VA + (PLAY_PAGES + 16) * 4096ull;
	uint64_t words[] = { CS_STORE_VALUE(va, world.calls) };
	struct pan_vm_bind_op map, unmap = { .flags = PAN_OP_UNMAP, .va = va, .size = 4096 };
	struct pan_sync_op syncs[2];
	struct pan_queue_submit job;
	struct file *file;

	if (!has_rig(group) || !group->queues || count(KIND_GROUP, NULL, group->vm) != 1)
		return;
	file = group->file;
	settle();
	if (make_bo(file, 4096, 0, group->vm, &bo))
		return;
	map_bo(bo);
	line = make_syncobj(file, true);
	map = (struct pan_vm_bind_op){
		.flags = PAN_MAP_NOEXEC, .bo_handle = bo->handle, .va = va, .size = 4096
	};
	say_call("chain map");
	syncs[0] = UAPI_SIGNAL_POINT(line->handle, 2);
	if (say_result(uapi_bind_async(file->fd, group->vm->handle, map, syncs, 1)))
		return;
	say_call("chain job");
	syncs[0] = UAPI_WAIT_POINT(line->handle, 2);
	syncs[1] = UAPI_SIGNAL_POINT(line->handle, 3);
	job = uapi_job(0, put_stream(group->vm, words, COUNT(words)), syncs, 2);
	/* of a group that is dead already, this is not done */
	if (!say_result(uapi_submit(file->fd, group->handle, &job, 1)))
		line->point = 3;
	say_call("chain unmap");
	syncs[0] = UAPI_WAIT_POINT(line->handle, line->point == 3 ? 3 : 2);
	syncs[1] = UAPI_SIGNAL_POINT(line->handle, 4);
	if (say_result(uapi_bind_async(file->fd, group->vm->handle, unmap, syncs, 2)))
		return;
	say_line("chain");
	say_result(uapi_wait_point(file->fd, line->handle, 4, UAPI_PATIENCE_NS));
	line->point = 4;
	settle();
	close_bo(bo);
}

const struct action work_actions[] = {
	{ act_bind, 14, 100 },		 { act_bind_async, 14, 100 },
	{ act_group_create, 12, 100 },	 { act_group_destroy, 3, 100 },
	{ act_group_get_state, 4, 100 }, { act_group_crowd, 1, 100 },
	{ act_submit, 40, 100 },	 { act_play, 10, 100 },
	{ act_fatal, 4, 100 },		 { act_endless, 4, 100 },
	{ act_chain, 6, 100 },		 { 0 },
};
