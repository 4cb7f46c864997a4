// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Requests as bytes: pure functions over the caller's memory, called by libmalimux and malimux.ko
 * in any context. No padding and no tail is left as it was: a message's bytes depend on the
 * arguments alone.
 */
#include "frontend/core/encode.h"

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#else
#include <errno.h>
#include <string.h>
#endif

#include "frontend/core/names.h"

#define BIND_FLAGS (MMX_BIND_READONLY | MMX_BIND_NOEXEC | MMX_BIND_UNCACHED)
/* what an object would say is not there, and nothing may be executed */
#define SPARSE_FLAGS (MMX_BIND_SPARSE | MMX_BIND_NOEXEC)

static bool is_name(uint32_t name)
{
	return mmx_name_valid(name, MMX_NAME_MAX_LIMIT);
}

/* Puts the fixed part and count elements behind it into the buffer. */
static int finish(union mmx_msg_buf *buf, const void *fixed, size_t fixed_size, const void *elems,
		  size_t elems_size)
{
	memcpy(buf->bytes, fixed, fixed_size);
	if (elems_size)
		memcpy(buf->bytes + fixed_size, elems, elems_size);
	return (int)(fixed_size + elems_size);
}

static struct mmx_msg_hdr header(uint16_t type, size_t size, uint32_t tag)
{
	return (struct mmx_msg_hdr){ .type = type, .size = (uint32_t)size, .tag = tag };
}

/* Copies a text, cut to what fits with its NUL; the rest is zero already. */
static void set_text(char *dst, size_t size, const char *text)
{
	size_t i;

	for (i = 0; i + 1 < size && text[i]; i++)
		dst[i] = text[i];
}

int mmx_encode_hello(union mmx_msg_buf *buf, uint32_t tag, const char *name)
{
	struct mmx_msg_hello msg = {
		.hdr = header(MMX_MSG_HELLO, sizeof(msg), tag),
		.version_min = MMX_PROTO_VERSION_0_1,
		.version_max = MMX_PROTO_VERSION_0_1,
	};

	set_text(msg.name, sizeof(msg.name), name);
	return finish(buf, &msg, sizeof(msg), NULL, 0);
}

int mmx_encode_client_create(union mmx_msg_buf *buf, uint32_t tag, uint32_t client, uint32_t pid,
			     const char *name)
{
	struct mmx_msg_client_create msg = {
		.hdr = header(MMX_MSG_CLIENT_CREATE, sizeof(msg), tag),
		.client = client,
		.pid = pid,
	};

	if (!is_name(client))
		return -EINVAL;
	set_text(msg.name, sizeof(msg.name), name);
	return finish(buf, &msg, sizeof(msg), NULL, 0);
}

int mmx_encode_object(union mmx_msg_buf *buf, uint32_t tag, uint16_t type, uint32_t object)
{
	struct mmx_msg_object msg = {
		.hdr = header(type, sizeof(msg), tag),
		.object = object,
	};

	switch (type) {
	case MMX_MSG_CLIENT_DESTROY:
	case MMX_MSG_MEM_DESTROY:
	case MMX_MSG_VM_DESTROY:
	case MMX_MSG_VM_GET_STATE:
	case MMX_MSG_GROUP_DESTROY:
	case MMX_MSG_GROUP_GET_STATE:
	case MMX_MSG_HEAP_DESTROY:
		break;
	default:
		return -EINVAL;
	}
	if (!is_name(object))
		return -EINVAL;
	return finish(buf, &msg, sizeof(msg), NULL, 0);
}

static int check_runs(const struct mmx_run *runs, uint32_t run_count)
{
	uint32_t i;

	if (run_count > MMX_MEM_MAX_RUNS)
		return -E2BIG;
	for (i = 0; i < run_count; i++) {
		if (!runs[i].page_count || (runs[i].flags & ~MMX_RUN_READONLY) ||
		    runs[i].first_page + runs[i].page_count < runs[i].first_page)
			return -EINVAL;
	}
	return 0;
}

int mmx_encode_mem_create(union mmx_msg_buf *buf, uint32_t tag, uint32_t mem, uint32_t flags,
			  uint32_t page_count, const struct mmx_run *runs, uint32_t run_count)
{
	size_t runs_size = (size_t)run_count * sizeof(*runs);
	struct mmx_msg_mem_create msg = {
		.hdr = header(MMX_MSG_MEM_CREATE, sizeof(msg) + runs_size, tag),
		.mem = mem,
		.flags = flags,
		.page_count = page_count,
		.run_count = run_count,
	};
	int ret = check_runs(runs, run_count);

	if (ret)
		return ret;
	if (!is_name(mem) || (flags & ~MMX_MEM_SEAL) || !page_count)
		return -EINVAL;
	return finish(buf, &msg, sizeof(msg), runs, runs_size);
}

int mmx_encode_mem_add(union mmx_msg_buf *buf, uint32_t tag, uint32_t mem, uint32_t flags,
		       const struct mmx_run *runs, uint32_t run_count)
{
	size_t runs_size = (size_t)run_count * sizeof(*runs);
	struct mmx_msg_mem_add msg = {
		.hdr = header(MMX_MSG_MEM_ADD, sizeof(msg) + runs_size, tag),
		.mem = mem,
		.flags = flags,
		.run_count = run_count,
	};
	int ret = check_runs(runs, run_count);

	if (ret)
		return ret;
	if (!is_name(mem) || (flags & ~MMX_MEM_SEAL))
		return -EINVAL;
	return finish(buf, &msg, sizeof(msg), runs, runs_size);
}

int mmx_encode_vm_create(union mmx_msg_buf *buf, uint32_t tag, uint32_t client, uint32_t vm,
			 uint32_t timeline, uint64_t user_va_range)
{
	struct mmx_msg_vm_create msg = {
		.hdr = header(MMX_MSG_VM_CREATE, sizeof(msg), tag),
		.client = client,
		.vm = vm,
		.timeline = timeline,
		.user_va_range = user_va_range,
	};

	if (!is_name(client) || !is_name(vm) || (timeline && !is_name(timeline)))
		return -EINVAL;
	return finish(buf, &msg, sizeof(msg), NULL, 0);
}

static int check_bind_op(const struct mmx_bind_op *op)
{
	if ((op->va | op->size | op->mem_offset) % MMX_WIRE_PAGE_SIZE || op->pad)
		return -EINVAL;
	if (op->va + op->size < op->va || op->mem_offset + op->size < op->mem_offset)
		return -EINVAL;
	switch (op->op) {
	case MMX_BIND_OP_MAP:
		if (op->flags & MMX_BIND_SPARSE)
			return op->mem || op->mem_offset ||
					       (op->flags & ~(BIND_FLAGS | MMX_BIND_SPARSE)) ||
					       (op->flags & SPARSE_FLAGS) != SPARSE_FLAGS
				       ? -EINVAL
				       : 0;
		return is_name(op->mem) && !(op->flags & ~BIND_FLAGS) ? 0 : -EINVAL;
	case MMX_BIND_OP_UNMAP:
		return op->mem || op->mem_offset || op->flags ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static int check_bind_ops(const struct mmx_bind_op *ops, uint32_t count)
{
	uint32_t i;
	int ret;

	if (count > MMX_BIND_MAX_OPS)
		return -E2BIG;
	for (i = 0; i < count; i++) {
		ret = check_bind_op(&ops[i]);
		if (ret)
			return ret;
	}
	return 0;
}

static int check_waits(const struct mmx_wait *waits, uint32_t count)
{
	uint32_t i;

	if (count > MMX_SUBMIT_MAX_WAITS)
		return -E2BIG;
	for (i = 0; i < count; i++)
		if (!is_name(waits[i].timeline) || waits[i].pad)
			return -EINVAL;
	return 0;
}

int mmx_encode_vm_bind(union mmx_msg_buf *buf, uint32_t tag, uint32_t vm,
		       const struct mmx_bind_op *ops, uint32_t op_count)
{
	size_t ops_size = (size_t)op_count * sizeof(*ops);
	struct mmx_msg_vm_bind msg = {
		.hdr = header(MMX_MSG_VM_BIND, sizeof(msg) + ops_size, tag),
		.vm = vm,
		.op_count = op_count,
	};
	int ret = check_bind_ops(ops, op_count);

	if (ret)
		return ret;
	if (!is_name(vm))
		return -EINVAL;
	return finish(buf, &msg, sizeof(msg), ops, ops_size);
}

int mmx_encode_vm_bind_async(union mmx_msg_buf *buf, uint32_t tag, uint32_t vm, uint64_t seqno,
			     const struct mmx_bind_op *ops, uint32_t op_count,
			     const struct mmx_wait *waits, uint32_t wait_count)
{
	size_t ops_size = (size_t)op_count * sizeof(*ops);
	size_t waits_size = (size_t)wait_count * sizeof(*waits);
	struct mmx_msg_vm_bind_async msg = {
		.hdr = header(MMX_MSG_VM_BIND_ASYNC, sizeof(msg) + ops_size + waits_size, tag),
		.vm = vm,
		.op_count = op_count,
		.seqno = seqno,
		.wait_count = wait_count,
	};
	int ret = check_bind_ops(ops, op_count);

	if (!ret)
		ret = check_waits(waits, wait_count);
	if (ret)
		return ret;
	if (sizeof(msg) + ops_size + waits_size > MMX_MSG_MAX)
		return -E2BIG;
	if (!is_name(vm) || !seqno)
		return -EINVAL;
	finish(buf, &msg, sizeof(msg), ops, ops_size);
	if (waits_size)
		memcpy(buf->bytes + sizeof(msg) + ops_size, waits, waits_size);
	return (int)(sizeof(msg) + ops_size + waits_size);
}

int mmx_encode_group_create(union mmx_msg_buf *buf, uint32_t tag,
			    const struct mmx_group_desc *group, const struct mmx_queue_desc *queues,
			    uint32_t queue_count)
{
	size_t queues_size = (size_t)queue_count * sizeof(*queues);
	struct mmx_msg_group_create msg = {
		.hdr = header(MMX_MSG_GROUP_CREATE, sizeof(msg) + queues_size, tag),
		.client = group->client,
		.vm = group->vm,
		.group = group->group,
		.priority = group->priority,
		.max_compute_cores = group->max_compute_cores,
		.max_fragment_cores = group->max_fragment_cores,
		.max_tiler_cores = group->max_tiler_cores,
		.compute_core_mask = group->compute_core_mask,
		.fragment_core_mask = group->fragment_core_mask,
		.tiler_core_mask = group->tiler_core_mask,
		.queue_count = queue_count,
	};
	uint32_t i;

	if (queue_count > MMX_MAX_QUEUES)
		return -E2BIG;
	if (!queue_count || !is_name(group->client) || !is_name(group->vm) ||
	    !is_name(group->group))
		return -EINVAL;
	for (i = 0; i < queue_count; i++)
		if (!is_name(queues[i].timeline) || queues[i].pad)
			return -EINVAL;
	return finish(buf, &msg, sizeof(msg), queues, queues_size);
}

int mmx_encode_heap_create(union mmx_msg_buf *buf, uint32_t tag, const struct mmx_heap_desc *heap)
{
	struct mmx_msg_heap_create msg = {
		.hdr = header(MMX_MSG_HEAP_CREATE, sizeof(msg), tag),
		.vm = heap->vm,
		.heap = heap->heap,
		.initial_chunk_count = heap->initial_chunk_count,
		.chunk_size = heap->chunk_size,
		.max_chunks = heap->max_chunks,
		.target_in_flight = heap->target_in_flight,
	};

	if (!is_name(heap->vm) || !is_name(heap->heap))
		return -EINVAL;
	return finish(buf, &msg, sizeof(msg), NULL, 0);
}

int mmx_encode_submit(union mmx_msg_buf *buf, uint32_t tag, const struct mmx_job_desc *job,
		      const struct mmx_wait *waits, uint32_t wait_count)
{
	size_t waits_size = (size_t)wait_count * sizeof(*waits);
	struct mmx_msg_submit msg = {
		.hdr = header(MMX_MSG_SUBMIT, sizeof(msg) + waits_size, tag),
		.group = job->group,
		.queue = job->queue,
		.seqno = job->seqno,
		.stream_addr = job->stream_addr,
		.stream_size = job->stream_size,
		.latest_flush = job->latest_flush,
		.wait_count = wait_count,
	};
	int ret = check_waits(waits, wait_count);

	if (ret)
		return ret;
	if (!is_name(job->group) || !job->seqno)
		return -EINVAL;
	return finish(buf, &msg, sizeof(msg), waits, waits_size);
}

int mmx_encode_label(union mmx_msg_buf *buf, uint32_t tag, uint32_t type, uint32_t object,
		     const char *label)
{
	struct mmx_msg_label msg = {
		.hdr = header(MMX_MSG_LABEL, sizeof(msg), tag),
		.type = type,
		.object = object,
	};
	size_t i;

	if (type < MMX_LABEL_CLIENT || type > MMX_LABEL_GROUP || !is_name(object))
		return -EINVAL;
	for (i = 0; label[i]; i++) {
		if (i + 1 == sizeof(msg.label))
			return -E2BIG;
		if (label[i] < ' ' || label[i] > '~')
			return -EINVAL;
	}
	set_text(msg.label, sizeof(msg.label), label);
	return finish(buf, &msg, sizeof(msg), NULL, 0);
}

int mmx_encode_time(union mmx_msg_buf *buf, uint32_t tag)
{
	struct mmx_msg_time msg = { .hdr = header(MMX_MSG_TIME, sizeof(msg), tag) };

	return finish(buf, &msg, sizeof(msg), NULL, 0);
}

int mmx_encode_space(union mmx_msg_buf *buf, uint32_t tag, uint32_t space)
{
	struct mmx_msg_space msg = {
		.hdr = header(MMX_MSG_SPACE, sizeof(msg), tag),
		.space = space,
	};

	if (!space || space > MMX_MAX_SPACES)
		return -EINVAL;
	return finish(buf, &msg, sizeof(msg), NULL, 0);
}

int mmx_encode_space_check(union mmx_msg_buf *buf, uint32_t tag, uint32_t space, uint64_t page,
			   const uint8_t nonce[MMX_NONCE_SIZE])
{
	struct mmx_msg_space_check msg = {
		.hdr = header(MMX_MSG_SPACE_CHECK, sizeof(msg), tag),
		.space = space,
		.page = page,
	};

	if (!space || space > MMX_MAX_SPACES)
		return -EINVAL;
	memcpy(msg.nonce, nonce, sizeof(msg.nonce));
	return finish(buf, &msg, sizeof(msg), NULL, 0);
}
