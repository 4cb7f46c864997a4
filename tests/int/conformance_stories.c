// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The stories (conformance.h). Each begins with a session of its own, which the engine closes; it then sees to it that
 * the partition is empty.
 */
#include "tests/int/conformance.h"

#include <errno.h>
#include <string.h>

#include "tests/lib/cs_asm.h"

/* Exception of a stream whose access had no answer (DRM_PANTHOR_EXCEPTION_CS_BUS_FAULT). */
#define CS_BUS_FAULT 0x48u

/* ---- HELLO ---- */

static void make_hello(struct env *env, union mmx_msg_buf *msg)
{
	struct mmx_msg_hello *m = (void *)msg;

	mmx_raw_begin(&env->raw, msg, MMX_MSG_HELLO, sizeof(*m));
	m->version_min = m->version_max = MMX_PROTO_VERSION_0_1;
	strcpy(m->name, "story");
}

static const char *hello_versions(struct env *env)
{
	union mmx_msg_buf msg;
	struct mmx_msg_hello *m = (void *)&msg;

	make_hello(env, &msg);
	m->version_min = m->version_max = MMX_PROTO_VERSION_0_1 + 1;
	SAY(mmx_raw_call(&env->raw, &msg) == EPROTONOSUPPORT);
	make_hello(env, &msg);
	m->version_min = m->version_max = MMX_PROTO_VERSION_0_1 - 1;
	SAY(mmx_raw_call(&env->raw, &msg) == EPROTONOSUPPORT);
	make_hello(env, &msg);
	m->version_min = MMX_PROTO_VERSION_0_1 + 1;
	m->version_max = MMX_PROTO_VERSION_0_1 - 1;
	SAY(mmx_raw_call(&env->raw, &msg) == EPROTONOSUPPORT);
	make_hello(env, &msg);
	m->version_min = 0;
	m->version_max = UINT32_MAX;
	SAY(mmx_raw_call(&env->raw, &msg) == 0);
	return NULL;
}

static const char *hello_features(struct env *env)
{
	union mmx_msg_buf msg;
	struct mmx_msg_hello *m = (void *)&msg;
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		make_hello(env, &msg);
		m->features = 1ull << bit;
		SAY(mmx_raw_call(&env->raw, &msg) == EPROTONOSUPPORT);
	}
	SAY(mmx_raw_hello(&env->raw) == 0);
	SAY(env->raw.hello.features == 0);
	return NULL;
}

static const char *hello_names(struct env *env)
{
	union mmx_msg_buf msg;
	struct mmx_msg_hello *m = (void *)&msg;

	make_hello(env, &msg);
	memset(m->name, 'a', sizeof(m->name));
	SAY(mmx_raw_call(&env->raw, &msg) == EINVAL);
	make_hello(env, &msg);
	m->name[1] = '\n';
	SAY(mmx_raw_call(&env->raw, &msg) == EINVAL);
	make_hello(env, &msg);
	m->name[1] = '\x7f';
	SAY(mmx_raw_call(&env->raw, &msg) == EINVAL);
	make_hello(env, &msg);
	m->name[1] = '\xff';
	SAY(mmx_raw_call(&env->raw, &msg) == EINVAL);
	make_hello(env, &msg);
	memset(m->name, '~', sizeof(m->name) - 1);
	SAY(mmx_raw_call(&env->raw, &msg) == 0);
	return NULL;
}

static const char *hello_sizes(struct env *env)
{
	union mmx_msg_buf msg;

	/* versions 0.0 to 0.0 */
	mmx_raw_begin(&env->raw, &msg, MMX_MSG_HELLO, sizeof(msg.hdr));
	SAY(mmx_raw_call(&env->raw, &msg) == EPROTONOSUPPORT);
	make_hello(env, &msg);
	msg.hdr.size += 64;
	msg.bytes[msg.hdr.size - 1] = 1;
	SAY(mmx_raw_call(&env->raw, &msg) == EMSGSIZE);
	/* one that is older than features and names */
	make_hello(env, &msg);
	memset(&msg.bytes[24], 0, 40);
	msg.hdr.size = 24;
	SAY(mmx_raw_call(&env->raw, &msg) == 0);
	SAY(mmx_raw_hello(&env->raw) == EBUSY);
	return NULL;
}

static const char *hello_reply(struct env *env)
{
	const struct mmx_reply_hello *hello = &env->raw.hello;
	const struct mmx_limits *limits = &hello->limits;

	SAY(mmx_raw_hello(&env->raw) == 0);
	SAY(hello->version == MMX_PROTO_VERSION_0_1 && !hello->spaces && hello->epoch);
	SAY(limits->max_clients == 12 && limits->max_mems == 20 && limits->max_vms == 12);
	SAY(limits->max_groups == 12 && limits->max_timelines == 24 && limits->max_heaps == 12);
	SAY(limits->max_requests == 16 && limits->max_jobs == 8);
	SAY(limits->max_waits == MMX_SUBMIT_MAX_WAITS && limits->max_bind_ops == MMX_BIND_MAX_OPS);
	SAY(limits->max_queues == MMX_MAX_QUEUES);
	SAY(limits->max_priority == 2); /* medium */
	/* less what rings and session page take, where all has to fit a BAR of that size */
	SAY(limits->mem_bytes <= 4u << 20 && limits->mem_bytes > (4u << 20) - (64u << 10));
	SAY(hello->gpu.shader_present && hello->gpu.tiler_present && hello->gpu.cs_slots);
	SAY(limits->max_timelines <= env->raw.front.max_timelines);
	SAY(limits->mem_bytes <= env->raw.front.data_size);
	return NULL;
}

/* Every message but HELLO, as the first one of a session of its own. */
static const char *before_hello(struct env *env)
{
	union mmx_msg_buf msg;
	size_t i;

	for (i = 0; i < form_count; i++) {
		if (forms[i].type == MMX_MSG_HELLO)
			continue;
		mmx_raw_close(&env->raw);
		SAY(mmx_raw_open(env->path, env->timeout_ms, &env->raw) == 0);
		mmx_raw_begin(&env->raw, &msg, forms[i].type, forms[i].fixed);
		SAY(mmx_raw_send(&env->raw, &msg, msg.hdr.size) == 0);
		SAY(mmx_raw_wait_end(&env->raw) == EPROTO);
	}
	return NULL;
}

static const char *one_guest_at_a_time(struct env *env)
{
	static struct mmx_raw second;

	SAY(mmx_raw_open(env->path, env->timeout_ms, &second) == -EBUSY);
	SAY(object(env, MMX_MSG_GROUP_GET_STATE, NAME(0)) == 0);
	return NULL;
}

/* The same names in another session are other objects. */
static const char *names_of_others(struct env *env)
{
	static struct env other;
	const char *what = NULL;

	other = (struct env){ .path = env->other_path, .timeout_ms = env->timeout_ms };
	SAY(mmx_raw_open(other.path, other.timeout_ms, &other.raw) == 0);
	SAY(mmx_raw_hello(&other.raw) == 0);
	if (object(&other, MMX_MSG_GROUP_DESTROY, NAME(0)) != ENOENT ||
	    object(&other, MMX_MSG_CLIENT_DESTROY, NAME(0)) != ENOENT ||
	    object(&other, MMX_MSG_MEM_DESTROY, NAME(0)) != ENOENT ||
	    object(&other, MMX_MSG_VM_DESTROY, NAME(0)) != ENOENT)
		what = "another session's name could be used";
	if (!what && (client_create(&other, NAME(0)) || vm_create(&other, NAME(0), NAME(0)) ||
		      object(&other, MMX_MSG_CLIENT_DESTROY, NAME(0))))
		what = "a name that another session uses can't be used";
	mmx_raw_close(&other.raw);
	if (what)
		return what;
	SAY(object(env, MMX_MSG_GROUP_GET_STATE, NAME(0)) == 0);
	submit(env, NAME(0), 0, 1, NULL, 0);
	SAY(mmx_raw_job(&env->raw, NAME(0), 1) == 0);
	return NULL;
}

/* ---- jobs ---- */

/* Streams lie in the last page of memory object 0. */
#define STREAM_OFFSET ((MEM_PAGES - 1) * PAGE)

static void begin_stream(struct env *env, struct mmx_cs_asm *a)
{
	mmx_cs_asm_init(a, (void *)(env->raw.data + STREAM_OFFSET), PAGE / sizeof(uint64_t));
}

/* Return: the tag. */
static uint32_t submit_stream(struct env *env, struct mmx_cs_asm *a, uint32_t queue, uint64_t seqno)
{
	struct mmx_job_desc job = { .group = NAME(0),
				    .queue = queue,
				    .seqno = seqno,
				    .stream_addr = SCENE_VA + STREAM_OFFSET };
	uint32_t tag = ++env->raw.tag;
	union mmx_msg_buf msg;
	size_t count = 0;

	mmx_cs_asm_finish(a, &count);
	job.stream_size = (uint32_t)(count * sizeof(uint64_t));
	mmx_raw_send(&env->raw, &msg, (uint32_t)mmx_encode_submit(&msg, tag, &job, NULL, 0));
	return tag;
}

static void submit_endless(struct env *env, uint32_t queue, uint64_t seqno)
{
	struct mmx_cs_asm a;

	begin_stream(env, &a);
	mmx_cs_put_endless(&a);
	submit_stream(env, &a, queue, seqno);
}

/* Stores the value; return: the job's error. */
static int run_store(struct env *env, uint64_t va, uint32_t value, uint64_t seqno)
{
	struct mmx_cs_asm a;

	begin_stream(env, &a);
	mmx_cs_put_store(&a, va, value);
	submit_stream(env, &a, 0, seqno);
	return mmx_raw_job(&env->raw, NAME(0), seqno);
}

/*
 * A store where nothing is mapped is told twice, by the MMU and by the stream, and either may be seen first: then the
 * group is lost, and there is nothing more to tell of it.
 */
static bool has_faulted_at(struct env *env, uint64_t va)
{
	const struct mmx_event_fault *fault = &env->raw.fault;

	if (fault->address != va || env->raw.fault_count != 1)
		return false;
	if (fault->kind == MMX_FAULT_MMU)
		return fault->access == 3;
	return fault->kind == MMX_FAULT_CS_FATAL && (fault->exception & 0xff) == CS_BUS_FAULT;
}

static const char *credits_of_jobs(struct env *env)
{
	const struct mmx_wait wait = { .timeline = NAME(1), .seqno = 1 };
	const struct mmx_raw_answer *answer;
	uint32_t most = env->raw.hello.limits.max_jobs, i;

	submit_endless(env, 1, 1);
	for (i = 1; i <= most; i++)
		submit(env, NAME(0), 0, i, &wait, 1);
	/* no credit, and the seqno is not taken by that: another number is still wrong */
	answer = mmx_raw_answer(&env->raw, submit(env, NAME(0), 0, most + 1, NULL, 0));
	SAY(answer && answer->error == EAGAIN);
	answer = mmx_raw_answer(&env->raw, submit(env, NAME(0), 0, most + 2, NULL, 0));
	SAY(answer && answer->error == EILSEQ);
	SAY(object(env, MMX_MSG_GROUP_DESTROY, NAME(0)) == 0);
	SAY(mmx_raw_job(&env->raw, NAME(1), 1) == ECANCELED);
	for (i = 1; i <= most; i++)
		SAY(mmx_raw_job(&env->raw, NAME(0), i) == ECANCELED);
	SAY(object(env, MMX_MSG_GROUP_GET_STATE, NAME(0)) == ENOENT);
	answer = mmx_raw_answer(&env->raw, submit(env, NAME(0), 0, most + 1, NULL, 0));
	SAY(answer && answer->error == ENOENT);
	return NULL;
}

/* A lost group keeps its name, and takes jobs only to cancel them. */
static const char *lost_group(struct env *env)
{
	struct mmx_raw_answer answer;
	struct mmx_reply_group_get_state state;
	struct mmx_cs_asm a;
	union mmx_msg_buf msg;

	begin_stream(env, &a);
	mmx_cs_word(&a, 0xfeull << 56);
	submit_stream(env, &a, 1, 1);
	SAY(mmx_raw_job(&env->raw, NAME(1), 1) == EINVAL);
	submit(env, NAME(0), 1, 2, NULL, 0);
	SAY(mmx_raw_job(&env->raw, NAME(1), 2) == ECANCELED);
	submit(env, NAME(0), 0, 1, NULL, 0);
	SAY(mmx_raw_job(&env->raw, NAME(0), 1) == ECANCELED);
	SAY(mmx_raw_wait_faults(&env->raw, 1) == 0);
	SAY(env->raw.fault_count == 1 && env->raw.fault.kind == MMX_FAULT_CS_FATAL);
	SAY(env->raw.fault.group == NAME(0) && env->raw.fault.vm == NAME(0) &&
	    env->raw.fault.queue == 1);
	mmx_encode_object(&msg, ++env->raw.tag, MMX_MSG_GROUP_GET_STATE, NAME(0));
	SAY(mmx_raw_call(&env->raw, &msg) == 0);
	answer = *mmx_raw_answer(&env->raw, msg.hdr.tag);
	memcpy(&state, answer.bytes, sizeof(state));
	SAY(state.state == MMX_GROUP_STATE_FATAL_FAULT && state.fatal_queues == 2);
	SAY(group_create(env, NAME(0), NAME(0), NAME(2), 1, NAME(2)) == 0);
	submit(env, NAME(2), 0, 1, NULL, 0);
	SAY(mmx_raw_job(&env->raw, NAME(2), 1) == 0);
	return NULL;
}

/* SUBMITs take no credit: answers to refused ones wait for room, and none is lost. */
static const char *many_refused_jobs(struct env *env)
{
	const uint32_t count = 1000;
	uint32_t i, before = env->raw.answer_count;

	for (i = 0; i < count; i++)
		submit(env, NAME(0), 0, 7, NULL, 0);
	SAY(object(env, MMX_MSG_GROUP_GET_STATE, NAME(0)) == 0);
	SAY(env->raw.answer_count - before == count + 1);
	return NULL;
}

/* ---- memory ---- */

static const char *part_of_a_bind(struct env *env)
{
	const struct mmx_bind_op ops[] = {
		{ .mem = NAME(0), .va = 0x400000, .size = PAGE },
		{ .op = MMX_BIND_OP_UNMAP, .va = SCENE_VA, .size = PAGE },
		{ .mem = FREED, .va = 0x500000, .size = PAGE },
		{ .mem = NAME(0), .va = 0x600000, .size = PAGE },
	};
	uint32_t op = 99;

	SAY(bind_op(env, NAME(0), ops, 4, &op) == ENOENT);
	SAY(op == 2);
	SAY(run_store(env, 0x400010, 0x1234, 1) == 0);
	SAY(*(uint32_t *)(void *)(env->raw.data + 0x10) == 0x1234);
	SAY(run_store(env, SCENE_VA + PAGE, 0x5678, 2) == 0);
	SAY(*(uint32_t *)(void *)(env->raw.data + PAGE) == 0x5678);
	/* what comes after the failure is not done */
	SAY(run_store(env, 0x600010, 1, 3) == EINVAL);
	SAY(mmx_raw_wait_faults(&env->raw, 1) == 0);
	SAY(has_faulted_at(env, 0x600010));
	return NULL;
}

static const char *unmapped_by_a_bind(struct env *env)
{
	const struct mmx_bind_op op = { .op = MMX_BIND_OP_UNMAP, .va = SCENE_VA, .size = PAGE };

	SAY(bind_op(env, NAME(0), &op, 1, NULL) == 0);
	SAY(run_store(env, SCENE_VA + 4, 1, 1) == EINVAL);
	SAY(mmx_raw_wait_faults(&env->raw, 1) == 0);
	SAY(has_faulted_at(env, SCENE_VA + 4));
	SAY(*(uint32_t *)(void *)(env->raw.data + 4) == 0);
	return NULL;
}

static const char *read_only(struct env *env)
{
	const struct mmx_bind_op op = {
		.flags = MMX_BIND_READONLY, .mem = NAME(0), .va = 0x400000, .size = PAGE
	};

	SAY(bind_op(env, NAME(0), &op, 1, NULL) == 0);
	SAY(run_store(env, 0x400004, 1, 1) == EINVAL);
	SAY(*(uint32_t *)(void *)(env->raw.data + 4) == 0);
	return NULL;
}

/* A memory object that is mapped is released when it no longer is; until then its index is in use. */
static const char *released_when_unmapped(struct env *env)
{
	struct mmx_bind_op op = { .mem = NAME(2), .va = 0x400000, .size = 2 * PAGE };
	union mmx_msg_buf msg;

	SAY(mem_create(env, NAME(2), 50, 2) == 0);
	SAY(bind_op(env, NAME(0), &op, 1, NULL) == 0);
	SAY(object(env, MMX_MSG_MEM_DESTROY, NAME(2)) == 0);
	SAY(object(env, MMX_MSG_MEM_DESTROY, NAME(2)) == ENOENT);
	SAY(mem_create(env, NAME(2), 50, 2) == EEXIST);
	SAY(mem_create(env, OTHER(2), 50, 2) == EEXIST);
	SAY(bind_op(env, NAME(0), &op, 1, NULL) == ENOENT);
	mmx_encode_mem_add(&msg, ++env->raw.tag, NAME(2), 0, NULL, 0);
	SAY(mmx_raw_call(&env->raw, &msg) == ENOENT);
	/* the GPU still reaches it */
	SAY(run_store(env, 0x400008, 7, 1) == 0);
	op = (struct mmx_bind_op){ .op = MMX_BIND_OP_UNMAP, .va = 0x400000, .size = PAGE };
	SAY(bind_op(env, NAME(0), &op, 1, NULL) == 0);
	SAY(env->raw.released_count == 1); /* the scene's own */
	op.va += PAGE;
	SAY(bind_op(env, NAME(0), &op, 1, NULL) == 0);
	SAY(mmx_raw_wait_released(&env->raw, NAME(2)) == 0);
	SAY(mem_create(env, OTHER(2), 50, 2) == 0);
	return NULL;
}

static const char *all_memory(struct env *env)
{
	uint64_t pages = env->raw.hello.limits.mem_bytes / PAGE;
	/* of the scene: 16 pages, and one of 4 */
	uint32_t left = (uint32_t)pages - MEM_PAGES - 4;
	union mmx_msg_buf msg;

	mmx_encode_mem_create(&msg, ++env->raw.tag, NAME(2), 0, left + 1, NULL, 0);
	SAY(mmx_raw_call(&env->raw, &msg) == ENOSPC);
	mmx_encode_mem_create(&msg, ++env->raw.tag, NAME(2), 0, left, NULL, 0);
	SAY(mmx_raw_call(&env->raw, &msg) == 0);
	SAY(mem_create(env, NAME(3), 0, 1) == ENOSPC);
	SAY(mem_destroy(env, NAME(2)) == 0);
	SAY(mem_create(env, NAME(3), 0, 1) == 0);
	return NULL;
}

static const char *all_names(struct env *env)
{
	const struct mmx_limits *limits = &env->raw.hello.limits;
	uint32_t i;

	for (i = 2; i < limits->max_mems; i++)
		SAY(mem_create(env, NAME(i), i, 1) == 0);
	SAY(mem_create(env, NAME(i), i, 1) == EINVAL);
	for (i = 2; i < limits->max_clients; i++)
		SAY(client_create(env, NAME(i)) == 0);
	SAY(client_create(env, NAME(i)) == EINVAL);
	for (i = 2; i < limits->max_vms; i++)
		SAY(vm_create(env, NAME(i % limits->max_clients), NAME(i)) == 0);
	SAY(vm_create(env, NAME(0), NAME(i)) == EINVAL);
	for (i = 1; i < limits->max_heaps; i++)
		SAY(heap_create(env, NAME(0), NAME(i)) == 0);
	SAY(heap_create(env, NAME(0), NAME(i)) == EINVAL);
	for (i = 1; i < limits->max_groups; i++)
		SAY(group_create(env, NAME(0), NAME(0), NAME(i), 1, NAME(i + 1)) == 0);
	SAY(group_create(env, NAME(0), NAME(0), NAME(i), 1, NAME(i + 1)) == EINVAL);
	return NULL;
}

/* The configuration says 16 mappings for a VM. */
static const char *all_mappings(struct env *env)
{
	struct mmx_bind_op ops[17];
	uint32_t i, op = 99;

	for (i = 0; i < 17; i++)
		ops[i] = (struct mmx_bind_op){ .mem = NAME(0),
					       .va = 0x400000 + i * 2 * PAGE,
					       .size = PAGE };
	/* the scene has one */
	SAY(bind_op(env, NAME(0), ops, 16, &op) == ENOSPC);
	SAY(op == 15);
	SAY(bind_op(env, NAME(0), ops, 15, NULL) == 0);
	/* in the middle of one it would make three of it */
	ops[0].va = SCENE_VA + PAGE;
	SAY(bind_op(env, NAME(0), ops, 1, &op) == ENOSPC);
	SAY(run_store(env, SCENE_VA + PAGE, 3, 1) == 0);
	SAY(*(uint32_t *)(void *)(env->raw.data + PAGE) == 3);
	/* a VM of another client has as many of its own */
	for (i = 0; i < 16; i++)
		ops[i].va = 0x400000 + i * 2 * PAGE;
	SAY(bind_op(env, NAME(1), ops, 16, NULL) == 0);
	return NULL;
}

/* ---- ends ---- */

static const char *vm_with_groups(struct env *env)
{
	const struct mmx_bind_op op = { .mem = NAME(0), .va = 0x400000, .size = PAGE };

	SAY(object(env, MMX_MSG_VM_DESTROY, NAME(0)) == 0);
	SAY(bind_op(env, NAME(0), &op, 1, NULL) == ENOENT);
	SAY(group_create(env, NAME(0), NAME(0), NAME(1), 1, NAME(2)) == ENOENT);
	SAY(object(env, MMX_MSG_GROUP_GET_STATE, NAME(0)) == 0);
	SAY(vm_create(env, NAME(0), OTHER(0)) == 0);
	/* empty jobs need nothing of the guest's */
	submit(env, NAME(0), 0, 1, NULL, 0);
	SAY(mmx_raw_job(&env->raw, NAME(0), 1) == 0);
	SAY(run_store(env, SCENE_VA, 1, 2) == EINVAL);
	SAY(object(env, MMX_MSG_GROUP_DESTROY, NAME(0)) == 0);
	SAY(mem_destroy(env, NAME(0)) == 0);
	return NULL;
}

static const char *client_with_all(struct env *env)
{
	submit_endless(env, 0, 1);
	SAY(object(env, MMX_MSG_CLIENT_DESTROY, NAME(0)) == 0);
	SAY(mmx_raw_job(&env->raw, NAME(0), 1) == ECANCELED);
	SAY(object(env, MMX_MSG_CLIENT_DESTROY, NAME(0)) == ENOENT);
	SAY(object(env, MMX_MSG_GROUP_GET_STATE, NAME(0)) == ENOENT);
	SAY(object(env, MMX_MSG_VM_DESTROY, NAME(0)) == ENOENT);
	/* it was the session's, not the client's */
	SAY(mem_destroy(env, NAME(0)) == 0);
	SAY(client_create(env, OTHER(0)) == 0);
	SAY(vm_create(env, OTHER(0), OTHER(0)) == 0);
	SAY(object(env, MMX_MSG_VM_DESTROY, NAME(1)) == 0);
	return NULL;
}

/* Requests need no answer before the next one. */
static const char *pipelined(struct env *env)
{
	uint32_t tags[6], i;
	union mmx_msg_buf msg;

	for (i = 0; i < 3; i++) {
		tags[2 * i] = ++env->raw.tag;
		mmx_encode_client_create(&msg, env->raw.tag, mmx_name_make(2, i + 1), 1, "");
		mmx_raw_send(&env->raw, &msg, msg.hdr.size);
		tags[2 * i + 1] = ++env->raw.tag;
		mmx_encode_object(&msg, env->raw.tag, MMX_MSG_CLIENT_DESTROY,
				  mmx_name_make(2, i + 1));
		mmx_raw_send(&env->raw, &msg, msg.hdr.size);
	}
	for (i = 0; i < 6; i++) {
		const struct mmx_raw_answer *answer = mmx_raw_answer(&env->raw, tags[i]);

		SAY(answer && !answer->error);
	}
	return NULL;
}

#define STORY(name, fn)                \
	{                              \
		name, false, false, fn \
	}
#define BARE(name, fn)                \
	{                             \
		name, false, true, fn \
	}
const struct story stories[] = {
	BARE("HELLO of other versions", hello_versions),
	BARE("HELLO with features", hello_features),
	BARE("HELLO with bad names", hello_names),
	BARE("HELLO of other sizes", hello_sizes),
	BARE("HELLO's answer", hello_reply),
	BARE("each message before HELLO", before_hello),
	STORY("a second guest", one_guest_at_a_time),
	STORY("names of another session", names_of_others),
	STORY("jobs up to the credit and beyond", credits_of_jobs),
	STORY("a group that is lost", lost_group),
	STORY("a thousand refused jobs", many_refused_jobs),
	STORY("a bind that fails in its middle", part_of_a_bind),
	STORY("what is unmapped can't be reached", unmapped_by_a_bind),
	STORY("what is read-only can't be written", read_only),
	STORY("memory is released when it is unmapped", released_when_unmapped),
	STORY("memory up to the limit and beyond", all_memory),
	STORY("names up to the limit and beyond", all_names),
	STORY("mappings up to the limit and beyond", all_mappings),
	STORY("a VM that goes before its group", vm_with_groups),
	STORY("a client that goes with all it has", client_with_all),
	STORY("requests without waiting", pipelined),
};
const size_t story_count = sizeof(stories) / sizeof(stories[0]);
