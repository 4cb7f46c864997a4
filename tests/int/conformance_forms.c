// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The forms of all messages (conformance.h): how each looks when it is right, and how what it does is undone; and the
 * scene that they are right in. Called by the engine, from its one thread.
 */
#include "tests/int/conformance.h"

#include <errno.h>
#include <string.h>

/* Where the messages of the forms, if they are right, put what they make. */
#define NEW NAME(11)

/* ---- requests ---- */

int object(struct env *env, uint16_t type, uint32_t name)
{
	return mmx_raw_object(&env->raw, type, name);
}

int client_create(struct env *env, uint32_t client)
{
	union mmx_msg_buf msg;

	mmx_encode_client_create(&msg, ++env->raw.tag, client, 1, "conformance");
	return mmx_raw_call(&env->raw, &msg);
}

int mem_create(struct env *env, uint32_t mem, uint32_t first, uint32_t pages)
{
	const struct mmx_run run = { .first_page = env->raw.first_page + first,
				     .page_count = pages };
	union mmx_msg_buf msg;

	mmx_encode_mem_create(&msg, ++env->raw.tag, mem, MMX_MEM_SEAL, pages, &run, 1);
	return mmx_raw_call(&env->raw, &msg);
}

int mem_destroy(struct env *env, uint32_t mem)
{
	int r = object(env, MMX_MSG_MEM_DESTROY, mem);

	return r ? r : mmx_raw_wait_released(&env->raw, mem);
}

static int vm_create_async(struct env *env, uint32_t client, uint32_t vm, uint32_t timeline)
{
	union mmx_msg_buf msg;

	mmx_encode_vm_create(&msg, ++env->raw.tag, client, vm, timeline, 0);
	return mmx_raw_call(&env->raw, &msg);
}

int vm_create(struct env *env, uint32_t client, uint32_t vm)
{
	return vm_create_async(env, client, vm, 0);
}

int bind_op(struct env *env, uint32_t vm, const struct mmx_bind_op *ops, uint32_t count,
	    uint32_t *ret_op)
{
	const struct mmx_raw_answer *answer;
	uint32_t tag = ++env->raw.tag;
	union mmx_msg_buf msg;
	int r;

	mmx_encode_vm_bind(&msg, tag, vm, ops, count);
	r = mmx_raw_call(&env->raw, &msg);
	answer = r < 0 ? NULL : mmx_raw_answer(&env->raw, tag);
	if (ret_op && answer)
		memcpy(ret_op, answer->bytes + offsetof(struct mmx_reply_vm_bind, op),
		       sizeof(*ret_op));
	return r;
}

static void fill_group(const struct env *env, struct mmx_msg_group_create *m, uint32_t client,
		       uint32_t vm, uint32_t group)
{
	const struct mmx_gpu_desc *gpu = &env->raw.hello.gpu;

	m->client = client;
	m->vm = vm;
	m->group = group;
	m->priority = 1;
	m->compute_core_mask = m->fragment_core_mask = gpu->shader_present;
	m->tiler_core_mask = gpu->tiler_present;
	m->max_compute_cores = m->max_fragment_cores = 1;
	m->max_tiler_cores = 1;
}

int group_create(struct env *env, uint32_t client, uint32_t vm, uint32_t group, uint32_t queues,
		 uint32_t timeline)
{
	struct mmx_msg_group_create *m;
	union mmx_msg_buf msg;
	uint32_t i;

	mmx_raw_begin(&env->raw, &msg, MMX_MSG_GROUP_CREATE,
		      (uint32_t)(sizeof(*m) + queues * sizeof(m->queues[0])));
	m = (void *)&msg;
	fill_group(env, m, client, vm, group);
	m->queue_count = queues;
	for (i = 0; i < queues; i++)
		m->queues[i] =
			(struct mmx_queue_desc){ .ring_size = 4096, .timeline = timeline + i };
	return mmx_raw_call(&env->raw, &msg);
}

uint32_t submit(struct env *env, uint32_t group, uint32_t queue, uint64_t seqno,
		const struct mmx_wait *waits, uint32_t wait_count)
{
	const struct mmx_job_desc job = { .group = group, .queue = queue, .seqno = seqno };
	uint32_t tag = ++env->raw.tag;
	union mmx_msg_buf msg;
	int size = mmx_encode_submit(&msg, tag, &job, waits, wait_count);

	if (size > 0)
		mmx_raw_send(&env->raw, &msg, (uint32_t)size);
	return tag;
}

/* One that does not grow: a spare chunk would be made some time after the answer. */
int heap_create(struct env *env, uint32_t vm, uint32_t heap)
{
	const struct mmx_heap_desc desc = { .vm = vm,
					    .heap = heap,
					    .initial_chunk_count = 1,
					    .chunk_size = 128 << 10,
					    .max_chunks = 1,
					    .target_in_flight = 1 };
	union mmx_msg_buf msg;

	mmx_encode_heap_create(&msg, ++env->raw.tag, &desc);
	return mmx_raw_call(&env->raw, &msg);
}

/* ---- the scene ---- */

/* Index 9 of each kind is used once. */
static int use_up(struct env *env)
{
	int r = client_create(env, FREED);

	if (!r)
		r = vm_create(env, FREED, FREED);
	if (!r)
		r = group_create(env, FREED, FREED, FREED, 1, FREED);
	if (!r)
		r = object(env, MMX_MSG_GROUP_DESTROY, FREED);
	if (!r)
		r = heap_create(env, FREED, FREED);
	if (!r)
		r = object(env, MMX_MSG_HEAP_DESTROY, FREED);
	if (!r)
		r = object(env, MMX_MSG_VM_DESTROY, FREED);
	if (!r)
		r = object(env, MMX_MSG_CLIENT_DESTROY, FREED);
	if (!r)
		r = mem_create(env, FREED, 0, 1);
	return r ? r : mem_destroy(env, FREED);
}

static int unsealed_mem(struct env *env)
{
	const struct mmx_run run = { .first_page = env->raw.first_page + 32, .page_count = 2 };
	union mmx_msg_buf msg;

	mmx_encode_mem_create(&msg, ++env->raw.tag, NAME(1), 0, 4, &run, 1);
	return mmx_raw_call(&env->raw, &msg);
}

int scene_open(struct env *env)
{
	const struct mmx_bind_op map = { .mem = NAME(0), .va = SCENE_VA, .size = MEM_PAGES * PAGE };
	int r;

	env->seqno = 1;
	env->bind_seqno = 1;
	r = mmx_raw_open(env->path, env->timeout_ms, &env->raw);
	if (!r)
		r = mmx_raw_hello(&env->raw);
	if (!r)
		r = use_up(env);
	if (!r)
		r = client_create(env, NAME(0));
	if (!r)
		r = client_create(env, NAME(1));
	if (!r)
		r = mem_create(env, NAME(0), 0, MEM_PAGES);
	if (!r)
		r = unsealed_mem(env);
	if (!r)
		r = vm_create_async(env, NAME(0), NAME(0), BINDS);
	if (!r)
		r = vm_create(env, NAME(1), NAME(1));
	if (!r)
		r = bind_op(env, NAME(0), &map, 1, NULL);
	if (!r)
		r = heap_create(env, NAME(0), NAME(0));
	return r ? r : group_create(env, NAME(0), NAME(0), NAME(0), 2, NAME(0));
}

/* ---- HELLO, clients ---- */

static void hello_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_hello *m = (void *)msg;

	(void)env;
	m->version_min = m->version_max = MMX_PROTO_VERSION_0_1;
	strcpy(m->name, "again");
}

static void client_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_client_create *m = (void *)msg;

	(void)env;
	m->client = NEW;
	m->pid = 1;
	strcpy(m->name, "new");
}

static int client_undo(struct env *env, const union mmx_msg_buf *msg)
{
	const struct mmx_msg_client_create *m = (const void *)msg;

	return object(env, MMX_MSG_CLIENT_DESTROY, m->client);
}

static void object_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_object *m = (void *)msg;

	(void)env;
	m->object = NEW;
}

static int client_prepare(struct env *env)
{
	return client_create(env, NEW);
}

/* ---- memory objects ---- */

static void mem_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_mem_create *m = (void *)msg;

	m->mem = NEW;
	m->flags = MMX_MEM_SEAL;
	m->page_count = 3;
	m->run_count = 2;
	m->runs[0] = (struct mmx_run){ .first_page = env->raw.first_page + 40, .page_count = 2 };
	m->runs[1] = (struct mmx_run){ .first_page = env->raw.first_page + 44, .page_count = 1 };
	m->hdr.size += m->run_count * (uint32_t)sizeof(m->runs[0]);
}

static int mem_undo(struct env *env, const union mmx_msg_buf *msg)
{
	const struct mmx_msg_mem_create *m = (const void *)msg;

	return mem_destroy(env, m->mem);
}

/* An object that is not complete. */
static int add_prepare(struct env *env)
{
	union mmx_msg_buf msg;

	mmx_encode_mem_create(&msg, ++env->raw.tag, NEW, 0, 3, NULL, 0);
	return mmx_raw_call(&env->raw, &msg);
}

static void add_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_mem_add *m = (void *)msg;

	m->mem = NEW;
	m->flags = MMX_MEM_SEAL;
	m->run_count = 1;
	m->runs[0] = (struct mmx_run){ .first_page = env->raw.first_page + 40, .page_count = 3 };
	m->hdr.size += m->run_count * (uint32_t)sizeof(m->runs[0]);
}

static int add_undo(struct env *env, const union mmx_msg_buf *msg)
{
	(void)msg;
	return mem_destroy(env, NEW);
}

static int mem_prepare(struct env *env)
{
	return mem_create(env, NEW, 40, 1);
}

static int mem_destroy_undo(struct env *env, const union mmx_msg_buf *msg)
{
	(void)msg;
	return mmx_raw_wait_released(&env->raw, NEW);
}

/* ---- VMs ---- */

static void vm_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_vm_create *m = (void *)msg;

	(void)env;
	m->client = NAME(0);
	m->vm = NEW;
}

static int vm_undo(struct env *env, const union mmx_msg_buf *msg)
{
	const struct mmx_msg_vm_create *m = (const void *)msg;

	return object(env, MMX_MSG_VM_DESTROY, m->vm);
}

static int vm_prepare(struct env *env)
{
	return vm_create(env, NAME(0), NEW);
}

/* Over what is mapped, with what is mapped: so that nothing has to be undone. */
static void bind_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_vm_bind *m = (void *)msg;

	(void)env;
	m->vm = NAME(0);
	m->op_count = 2;
	m->ops[0] = (struct mmx_bind_op){ .op = MMX_BIND_OP_UNMAP, .va = SCENE_VA, .size = PAGE };
	m->ops[1] = (struct mmx_bind_op){
		.op = MMX_BIND_OP_MAP, .mem = NAME(0), .va = SCENE_VA, .size = MEM_PAGES * PAGE
	};
	m->hdr.size += m->op_count * (uint32_t)sizeof(m->ops[0]);
}

/* Whatever a row has mapped. */
static int bind_undo(struct env *env, const union mmx_msg_buf *msg)
{
	const struct mmx_bind_op ops[] = {
		{ .op = MMX_BIND_OP_UNMAP, .va = 0, .size = 1ull << 32 },
		{ .op = MMX_BIND_OP_MAP, .mem = NAME(0), .va = SCENE_VA, .size = MEM_PAGES * PAGE },
	};

	(void)msg;
	return bind_op(env, NAME(0), ops, 2, NULL);
}

/* ---- heaps ---- */

static void heap_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_heap_create *m = (void *)msg;

	(void)env;
	m->vm = NAME(0);
	m->heap = NEW;
	m->initial_chunk_count = 2;
	m->chunk_size = 128 << 10;
	m->max_chunks = 4;
	m->target_in_flight = 2;
}

static int heap_undo(struct env *env, const union mmx_msg_buf *msg)
{
	const struct mmx_msg_heap_create *m = (const void *)msg;

	return object(env, MMX_MSG_HEAP_DESTROY, m->heap);
}

static int heap_prepare(struct env *env)
{
	return heap_create(env, NAME(0), NEW);
}

/* ---- groups ---- */

static void group_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_group_create *m = (void *)msg;

	fill_group(env, m, NAME(0), NAME(0), NEW);
	m->queue_count = 2;
	m->queues[0] = (struct mmx_queue_desc){ .ring_size = 4096, .timeline = NEW };
	m->queues[1] = (struct mmx_queue_desc){ .ring_size = 8192, .timeline = NEW + 1 };
	m->hdr.size += m->queue_count * (uint32_t)sizeof(m->queues[0]);
}

static int group_undo(struct env *env, const union mmx_msg_buf *msg)
{
	const struct mmx_msg_group_create *m = (const void *)msg;

	return object(env, MMX_MSG_GROUP_DESTROY, m->group);
}

static int group_prepare(struct env *env)
{
	return group_create(env, NAME(0), NAME(0), NEW, 1, NEW);
}

static void state_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_object *m = (void *)msg;

	(void)env;
	m->object = NAME(0);
}

static void label_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_label *m = (void *)msg;

	(void)env;
	m->type = MMX_LABEL_GROUP;
	m->object = NAME(0);
}

static void time_fill(struct env *env, union mmx_msg_buf *msg)
{
	(void)env;
	(void)msg;
}

static void space_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_space *m = (void *)msg;

	(void)env;
	m->space = 1;
}

static void space_check_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_space_check *m = (void *)msg;

	(void)env;
	m->space = 1;
}

static void submit_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_submit *m = (void *)msg;

	m->group = NAME(0);
	m->seqno = env->seqno;
	m->wait_count = 1;
	/* what has been so from the start */
	m->waits[0] = (struct mmx_wait){ .timeline = NAME(1) };
	m->hdr.size += m->wait_count * (uint32_t)sizeof(m->waits[0]);
}

/* Where the scene has mapped nothing; what is mapped there again is replaced. */
static void async_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_vm_bind_async *m = (void *)msg;

	m->vm = NAME(0);
	m->seqno = env->bind_seqno;
	m->op_count = 2;
	m->ops[0] = (struct mmx_bind_op){ .mem = NAME(0), .va = 0x40000000, .size = 2 * PAGE };
	m->ops[1] =
		(struct mmx_bind_op){ .op = MMX_BIND_OP_UNMAP, .va = 0x40000000, .size = 2 * PAGE };
	m->hdr.size += m->op_count * (uint32_t)sizeof(m->ops[0]);
}

static void vm_state_fill(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_object *m = (void *)msg;

	(void)env;
	m->object = NAME(0);
}

/* ---- all of them ---- */

#define FORM(what, message) .name = #what, .type = MMX_MSG_##what, .fixed = sizeof(message)
#define ARRAY(message, count, array, max)                                                   \
	.count_offset = offsetof(message, count), .elem = sizeof(((message *)0)->array[0]), \
	.max_count = (max)

const struct form forms[] = {
	/* the session has had its HELLO; those of a new session are told in stories */
	{ FORM(HELLO, struct mmx_msg_hello), .zeroed = EBUSY, .valid = EBUSY, .fill = hello_fill },
	{ FORM(CLIENT_CREATE, struct mmx_msg_client_create), .zeroed = EINVAL, .gains = "clients",
	  .fill = client_fill, .undo = client_undo },
	{ FORM(CLIENT_DESTROY, struct mmx_msg_object), .zeroed = ENOENT, .loses = "clients",
	  .pads = { FIELD(struct mmx_msg_object, pad) }, .prepare = client_prepare,
	  .fill = object_fill },
	{ FORM(MEM_CREATE, struct mmx_msg_mem_create), .zeroed = EINVAL, .gains = "mems",
	  ARRAY(struct mmx_msg_mem_create, run_count, runs, MMX_MEM_MAX_RUNS), .fill = mem_fill,
	  .undo = mem_undo },
	{ FORM(MEM_ADD, struct mmx_msg_mem_add), .zeroed = ENOENT,
	  ARRAY(struct mmx_msg_mem_add, run_count, runs, MMX_MEM_MAX_RUNS),
	  .pads = { FIELD(struct mmx_msg_mem_add, pad) }, .prepare = add_prepare, .fill = add_fill,
	  .undo = add_undo },
	{ FORM(MEM_DESTROY, struct mmx_msg_object), .zeroed = ENOENT, .loses = "mems",
	  .pads = { FIELD(struct mmx_msg_object, pad) }, .prepare = mem_prepare,
	  .fill = object_fill, .undo = mem_destroy_undo },
	{ FORM(VM_CREATE, struct mmx_msg_vm_create), .reply = sizeof(struct mmx_reply_vm_create),
	  .zeroed = ENOENT, .gains = "vms", .pads = { FIELD(struct mmx_msg_vm_create, flags) },
	  .fill = vm_fill, .undo = vm_undo },
	{ FORM(VM_DESTROY, struct mmx_msg_object), .zeroed = ENOENT, .loses = "vms",
	  .pads = { FIELD(struct mmx_msg_object, pad) }, .prepare = vm_prepare,
	  .fill = object_fill },
	{ FORM(HEAP_CREATE, struct mmx_msg_heap_create),
	  .reply = sizeof(struct mmx_reply_heap_create), .zeroed = ENOENT, .gains = "heaps",
	  .fill = heap_fill, .undo = heap_undo },
	{ FORM(HEAP_DESTROY, struct mmx_msg_object), .zeroed = ENOENT, .loses = "heaps",
	  .pads = { FIELD(struct mmx_msg_object, pad) }, .prepare = heap_prepare,
	  .fill = object_fill },
	{ FORM(VM_BIND, struct mmx_msg_vm_bind), .reply = sizeof(struct mmx_reply_vm_bind),
	  .zeroed = ENOENT, ARRAY(struct mmx_msg_vm_bind, op_count, ops, MMX_BIND_MAX_OPS),
	  .pads = { FIELD(struct mmx_msg_vm_bind, flags), FIELD(struct mmx_msg_vm_bind, pad),
		    FIELD_ELEM(struct mmx_msg_vm_bind, ops, 0, pad),
		    FIELD_ELEM(struct mmx_msg_vm_bind, ops, 0, flags),
		    FIELD_ELEM(struct mmx_msg_vm_bind, ops, 0, mem) },
	  .fill = bind_fill, .undo = bind_undo },
	{ FORM(GROUP_CREATE, struct mmx_msg_group_create), .zeroed = ENOENT, .gains = "groups",
	  ARRAY(struct mmx_msg_group_create, queue_count, queues, MMX_MAX_QUEUES),
	  .pads = { FIELD(struct mmx_msg_group_create, pad),
		    FIELD_ELEM(struct mmx_msg_group_create, queues, 0, pad),
		    FIELD_ELEM(struct mmx_msg_group_create, queues, 1, pad) },
	  .fill = group_fill, .undo = group_undo },
	{ FORM(GROUP_DESTROY, struct mmx_msg_object), .zeroed = ENOENT, .loses = "groups",
	  .pads = { FIELD(struct mmx_msg_object, pad) }, .prepare = group_prepare,
	  .fill = object_fill },
	{ FORM(GROUP_GET_STATE, struct mmx_msg_object),
	  .reply = sizeof(struct mmx_reply_group_get_state), .zeroed = ENOENT,
	  .pads = { FIELD(struct mmx_msg_object, pad) }, .fill = state_fill },
	/* its pads take the seqno: they have rows */
	{ FORM(SUBMIT, struct mmx_msg_submit), .zeroed = ENOENT,
	  ARRAY(struct mmx_msg_submit, wait_count, waits, MMX_SUBMIT_MAX_WAITS),
	  .timeline = NAME(0), .fill = submit_fill },
	{ FORM(VM_BIND_ASYNC, struct mmx_msg_vm_bind_async), .zeroed = ENOENT,
	  ARRAY(struct mmx_msg_vm_bind_async, op_count, ops, MMX_BIND_MAX_OPS),
	  .pads = { FIELD(struct mmx_msg_vm_bind_async, pad) }, .timeline = BINDS,
	  .fill = async_fill },
	{ FORM(VM_GET_STATE, struct mmx_msg_object), .reply = sizeof(struct mmx_reply_vm_get_state),
	  .zeroed = ENOENT, .pads = { FIELD(struct mmx_msg_object, pad) }, .fill = vm_state_fill },
	/* an empty one: what is held is what was held before */
	{ FORM(LABEL, struct mmx_msg_label), .zeroed = EINVAL, .fill = label_fill },
	{ FORM(TIME, struct mmx_msg_time), .reply = sizeof(struct mmx_reply_time),
	  .pads = { FIELD(struct mmx_msg_time, flags), FIELD(struct mmx_msg_time, pad) },
	  .fill = time_fill },
	/* there are no spaces but the region in these partitions; those that there are has the test guest_ram */
	{ FORM(SPACE, struct mmx_msg_space), .zeroed = EINVAL, .valid = EINVAL,
	  .pads = { FIELD(struct mmx_msg_space, pad) }, .fill = space_fill },
	{ FORM(SPACE_CHECK, struct mmx_msg_space_check), .zeroed = EINVAL, .valid = EINVAL,
	  .pads = { FIELD(struct mmx_msg_space_check, pad) }, .fill = space_check_fill },
};
const size_t form_count = sizeof(forms) / sizeof(forms[0]);

const struct form *form_of(uint16_t type)
{
	size_t i;

	for (i = 0; i < form_count; i++)
		if (forms[i].type == type)
			return &forms[i];
	return NULL;
}
