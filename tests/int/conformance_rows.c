// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The rows (conformance.h): each field of each message at its bounds and beyond, each name in each way that it can be
 * wrong. What can be derived from the forms (sizes, counts beyond the message, pads) is not here.
 *
 * A row with error 0 says that the bound itself is fine.
 */
#include "tests/int/conformance.h"

#include <errno.h>

#define ROW(what, message, err, ...)                                                            \
	{                                                                                       \
		.name = what, .type = MMX_MSG_##message, .error = err, .edits = { __VA_ARGS__ } \
	}
/* A SUBMIT that takes its seqno and fails. */
#define JOB(what, ...)                                                                         \
	{                                                                                      \
		.name = what, .type = MMX_MSG_SUBMIT, .error = EINVAL, .job = true, .edits = { \
			__VA_ARGS__                                                            \
		}                                                                              \
	}

/* The same of a bind. */
#define BIND_JOB(what, err, ...)                                                                   \
	{                                                                                          \
		.name = what, .type = MMX_MSG_VM_BIND_ASYNC, .error = err, .job = true, .edits = { \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

#define S_CLIENT struct mmx_msg_client_create
#define S_OBJECT struct mmx_msg_object
#define S_CREATE struct mmx_msg_mem_create
#define S_ADD	 struct mmx_msg_mem_add
#define S_VM	 struct mmx_msg_vm_create
#define S_BIND	 struct mmx_msg_vm_bind
#define S_GROUP	 struct mmx_msg_group_create
#define S_SUBMIT struct mmx_msg_submit
#define S_HEAP	 struct mmx_msg_heap_create
#define S_LABEL	 struct mmx_msg_label
#define S_TIME	 struct mmx_msg_time
#define S_SPACE	 struct mmx_msg_space
#define S_CHECK	 struct mmx_msg_space_check
#define S_ASYNC	 struct mmx_msg_vm_bind_async
#define FULL32	 0xffffffffull
#define HIGH32	 0x80000000ull
#define ALL_ONE	 0xffffffffffffffffull

/* A name that is to exist, in all the ways it can be wrong: @e edits it. */
#define ABSENT(what, message, member, limit)                                             \
	ROW(#member " none", what, ENOENT, EDIT(message, member, 0)),                    \
		ROW(#member " freed", what, ENOENT, EDIT(message, member, FREED)),       \
		ROW(#member " never used", what, ENOENT, EDIT(message, member, UNUSED)), \
		ROW(#member " of another generation", what, ENOENT,                      \
		    EDIT(message, member, OTHER(0))),                                    \
		ROW(#member " without a generation", what, ENOENT,                       \
		    EDIT(message, member, MAKE_NAME(1, 0))),                             \
		ROW(#member " at the limit", what, ENOENT,                               \
		    EDIT(message, member, BEYOND(limit, 0))),                            \
		ROW(#member " beyond all", what, ENOENT, EDIT(message, member, FULL32))
/* A name that is to be free. */
#define TAKEN(what, message, member, limit)                                              \
	ROW(#member " none", what, EINVAL, EDIT(message, member, 0)),                    \
		ROW(#member " without a generation", what, EINVAL,                       \
		    EDIT(message, member, MAKE_NAME(11, 0))),                            \
		ROW(#member " in use", what, EEXIST, EDIT(message, member, NAME(0))),    \
		ROW(#member " in use by another generation", what, EEXIST,               \
		    EDIT(message, member, OTHER(0))),                                    \
		ROW(#member " at the limit", what, EINVAL,                               \
		    EDIT(message, member, BEYOND(limit, 0))),                            \
		ROW(#member " beyond all", what, EINVAL, EDIT(message, member, FULL32)), \
		ROW(#member " used before", what, 0, EDIT(message, member, FREED)),      \
		ROW(#member " of the last generation", what, 0,                          \
		    EDIT(message, member, MAKE_NAME(11, 0xffff))),                       \
		ROW(#member " the last one", what, 0, EDIT(message, member, BEYOND(limit, -1)))

#define RUN(i, member, ...)   EDIT_ELEM(S_CREATE, runs, i, member, __VA_ARGS__)
#define ARUN(i, member, ...)  EDIT_ELEM(S_ADD, runs, i, member, __VA_ARGS__)
#define OP(i, member, ...)    EDIT_ELEM(S_BIND, ops, i, member, __VA_ARGS__)
#define QUEUE(i, member, ...) EDIT_ELEM(S_GROUP, queues, i, member, __VA_ARGS__)
#define AOP(i, member, ...)   EDIT_ELEM(S_ASYNC, ops, i, member, __VA_ARGS__)
#define WAIT(i, member, ...)  EDIT_ELEM(S_SUBMIT, waits, i, member, __VA_ARGS__)

/* half of the model's 48 bits of VA, what a VM gets by default */
#define VA_END	(1ull << 47)
#define VA_MOST ((1ull << 48) - (256ull << 20))

const struct row rows[] = {
	ROW("again", HELLO, EBUSY, { 0 }),
	ROW("again with no version", HELLO, EBUSY, EDIT(struct mmx_msg_hello, version_min, 0)),

	TAKEN(CLIENT_CREATE, S_CLIENT, client, max_clients),
	ROW("name without an end", CLIENT_CREATE, EINVAL, EDIT(S_CLIENT, name[0], 'a'),
	    { .offset = offsetof(S_CLIENT, name) + 0, .size = 8, .value = 0x6161616161616161 },
	    { .offset = offsetof(S_CLIENT, name) + 8, .size = 8, .value = 0x6161616161616161 },
	    { .offset = offsetof(S_CLIENT, name) + 16, .size = 8, .value = 0x6161616161616161 },
	    { .offset = offsetof(S_CLIENT, name) + 24, .size = 8, .value = 0x6161616161616161 }),
	ROW("name that just ends", CLIENT_CREATE, 0,
	    { .offset = offsetof(S_CLIENT, name) + 0, .size = 8, .value = 0x6161616161616161 },
	    { .offset = offsetof(S_CLIENT, name) + 8, .size = 8, .value = 0x6161616161616161 },
	    { .offset = offsetof(S_CLIENT, name) + 16, .size = 8, .value = 0x6161616161616161 },
	    { .offset = offsetof(S_CLIENT, name) + 24, .size = 8, .value = 0x0061616161616161 }),
	ROW("no name", CLIENT_CREATE, 0,
	    { .offset = offsetof(S_CLIENT, name), .size = 8, .value = 0 }),
	ROW("any pid", CLIENT_CREATE, 0, EDIT(S_CLIENT, pid, FULL32)),

	ABSENT(CLIENT_DESTROY, S_OBJECT, object, max_clients),

	TAKEN(MEM_CREATE, S_CREATE, mem, max_mems),
	ROW("no pages", MEM_CREATE, EINVAL, EDIT(S_CREATE, page_count, 0)),
	ROW("fewer pages than runs", MEM_CREATE, EINVAL, EDIT(S_CREATE, page_count, 2)),
	ROW("more pages than runs", MEM_CREATE, EINVAL, EDIT(S_CREATE, page_count, 4)),
	ROW("more pages than may be registered", MEM_CREATE, ENOSPC,
	    EDIT(S_CREATE, page_count, FULL32)),
	ROW("more pages than runs, not sealed", MEM_CREATE, 0, EDIT(S_CREATE, page_count, 4),
	    EDIT(S_CREATE, flags, 0)),
	ROW("no runs, not sealed", MEM_CREATE, 0, EDIT(S_CREATE, run_count, 0),
	    EDIT(S_CREATE, flags, 0)),
	ROW("no runs, sealed", MEM_CREATE, EINVAL, EDIT(S_CREATE, run_count, 0)),
	ROW("unknown flag", MEM_CREATE, EINVAL, EDIT(S_CREATE, flags, MMX_MEM_SEAL | 2)),
	ROW("unknown high flag", MEM_CREATE, EINVAL, EDIT(S_CREATE, flags, MMX_MEM_SEAL | HIGH32)),
	ROW("run of no pages", MEM_CREATE, EINVAL, RUN(1, page_count, 0)),
	ROW("run of all pages", MEM_CREATE, EFAULT, RUN(1, page_count, FULL32)),
	ROW("run of another space", MEM_CREATE, EINVAL, RUN(1, space, 1)),
	ROW("run of unknown flags", MEM_CREATE, EINVAL, RUN(1, flags, 2)),
	ROW("run of unknown high flag", MEM_CREATE, EINVAL, RUN(1, flags, 0x8000)),
	ROW("run that is read-only", MEM_CREATE, 0, RUN(1, flags, MMX_RUN_READONLY)),
	ROW("run of the region's header", MEM_CREATE, EFAULT, RUN(1, first_page, 0)),
	ROW("run just before the data area", MEM_CREATE, EFAULT,
	    RUN(1, first_page, (uint64_t)-1, BASE_DATA)),
	ROW("run that begins the data area", MEM_CREATE, 0, RUN(1, first_page, 0, BASE_DATA)),
	ROW("run that ends the data area", MEM_CREATE, 0,
	    RUN(1, first_page, (uint64_t)-1, BASE_DATA_END)),
	ROW("run beyond the data area", MEM_CREATE, EFAULT, RUN(1, first_page, 0, BASE_DATA_END)),
	ROW("run that reaches beyond", MEM_CREATE, EFAULT,
	    RUN(0, first_page, (uint64_t)-1, BASE_DATA_END)),
	ROW("run beyond all", MEM_CREATE, EFAULT, RUN(1, first_page, ALL_ONE)),
	ROW("run that wraps", MEM_CREATE, EFAULT, RUN(1, first_page, ALL_ONE - 1),
	    RUN(1, page_count, 4)),
	ROW("runs that overlap", MEM_CREATE, 0, RUN(1, first_page, 40, BASE_DATA)),

	ABSENT(MEM_ADD, S_ADD, mem, max_mems),
	ROW("to one that is sealed", MEM_ADD, EINVAL, EDIT(S_ADD, mem, NAME(0))),
	ROW("too few pages, sealed", MEM_ADD, EINVAL, ARUN(0, page_count, 2)),
	ROW("too many pages", MEM_ADD, EINVAL, ARUN(0, page_count, 4)),
	ROW("no pages", MEM_ADD, EINVAL, ARUN(0, page_count, 0)),
	ROW("all pages", MEM_ADD, EFAULT, ARUN(0, page_count, FULL32)),
	ROW("no runs, sealed", MEM_ADD, EINVAL, EDIT(S_ADD, run_count, 0)),
	ROW("unknown flag", MEM_ADD, EINVAL, EDIT(S_ADD, flags, MMX_MEM_SEAL | 2)),
	ROW("unknown high flag", MEM_ADD, EINVAL, EDIT(S_ADD, flags, HIGH32)),
	ROW("run of another space", MEM_ADD, EINVAL, ARUN(0, space, 0xffff)),
	ROW("run of unknown flags", MEM_ADD, EINVAL, ARUN(0, flags, 2)),
	ROW("run of the rings", MEM_ADD, EFAULT, ARUN(0, first_page, (uint64_t)-1, BASE_DATA)),
	ROW("run beyond the data area", MEM_ADD, EFAULT, ARUN(0, first_page, 0, BASE_DATA_END)),
	ROW("run that reaches beyond", MEM_ADD, EFAULT,
	    ARUN(0, first_page, (uint64_t)-2, BASE_DATA_END)),

	ABSENT(MEM_DESTROY, S_OBJECT, object, max_mems),

	ABSENT(VM_CREATE, S_VM, client, max_clients),
	TAKEN(VM_CREATE, S_VM, vm, max_vms),
	ROW("a small range", VM_CREATE, 0, EDIT(S_VM, user_va_range, 1)),
	ROW("the largest range", VM_CREATE, 0, EDIT(S_VM, user_va_range, VA_MOST)),
	ROW("a range one beyond", VM_CREATE, EINVAL, EDIT(S_VM, user_va_range, VA_MOST + 1)),
	ROW("all of the VA", VM_CREATE, EINVAL, EDIT(S_VM, user_va_range, 1ull << 48)),
	ROW("any range", VM_CREATE, EINVAL, EDIT(S_VM, user_va_range, ALL_ONE)),

	ABSENT(VM_DESTROY, S_OBJECT, object, max_vms),

	ABSENT(VM_BIND, S_BIND, vm, max_vms),
	ROW("no ops", VM_BIND, 0, EDIT(S_BIND, op_count, 0)),
	ROW("op unknown", VM_BIND, EINVAL, OP(0, op, 2)),
	ROW("op unknown, high", VM_BIND, EINVAL, OP(0, op, FULL32)),
	ROW("op flags unknown", VM_BIND, EINVAL, OP(0, op, MMX_BIND_OP_MAP), OP(0, mem, NAME(0)),
	    OP(0, flags, 0x10)),
	ROW("op flags unknown, high", VM_BIND, EINVAL, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, NAME(0)), OP(0, flags, HIGH32)),
	ROW("op with all flags that mappings have", VM_BIND, 0, OP(1, flags, 7)),
	ROW("op unmaps with flags", VM_BIND, EINVAL, OP(0, flags, MMX_BIND_READONLY)),
	ROW("op unmaps a memory object", VM_BIND, EINVAL, OP(0, mem, NAME(0))),
	ROW("op unmaps at an offset", VM_BIND, EINVAL, OP(0, mem_offset, PAGE)),
	ROW("op unmaps a hole", VM_BIND, 0, OP(0, va, VA_END - PAGE)),
	ROW("op unmaps nothing", VM_BIND, 0, OP(0, size, 0)),
	ROW("op unmaps all", VM_BIND, 0, OP(0, va, 0), OP(0, size, VA_END)),
	ROW("op unmaps beyond the range", VM_BIND, EINVAL, OP(0, va, 0),
	    OP(0, size, VA_END + PAGE)),
	ROW("op unmaps at the range's end", VM_BIND, EINVAL, OP(0, va, VA_END)),
	ROW("op unmaps in the backend's part", VM_BIND, EINVAL, OP(0, va, VA_MOST)),
	ROW("op unmaps what wraps", VM_BIND, EINVAL, OP(0, va, VA_END - PAGE),
	    OP(0, size, 0 - (VA_END - PAGE))),
	ROW("op va not of a page", VM_BIND, EINVAL, OP(0, va, SCENE_VA + 0x800)),
	ROW("op size not of a page", VM_BIND, EINVAL, OP(0, size, 1)),
	ROW("op offset not of a page", VM_BIND, EINVAL, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, NAME(0)), OP(0, mem_offset, 64)),
	ROW("op maps no memory object", VM_BIND, ENOENT, OP(0, op, MMX_BIND_OP_MAP)),
	ROW("op maps a freed object", VM_BIND, ENOENT, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, FREED)),
	ROW("op maps another generation", VM_BIND, ENOENT, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, OTHER(0))),
	ROW("op maps beyond all", VM_BIND, ENOENT, OP(0, op, MMX_BIND_OP_MAP), OP(0, mem, FULL32)),
	ROW("op maps what is not sealed", VM_BIND, EINVAL, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, NAME(1))),
	ROW("op maps more than the object", VM_BIND, EINVAL, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, NAME(0)), OP(0, size, (MEM_PAGES + 1) * PAGE)),
	ROW("op maps beyond the object", VM_BIND, EINVAL, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, NAME(0)), OP(0, mem_offset, MEM_PAGES *PAGE)),
	ROW("op maps an offset beyond all", VM_BIND, EINVAL, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, NAME(0)), OP(0, mem_offset, 0 - PAGE), OP(0, size, 2 * PAGE)),
	ROW("op maps the last page of the object", VM_BIND, 0, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, NAME(0)), OP(0, mem_offset, (MEM_PAGES - 1) * PAGE)),
	ROW("op maps the last page of the range", VM_BIND, 0, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, NAME(0)), OP(0, va, 0x7fff0000)),
	ROW("op maps beyond the range", VM_BIND, EINVAL, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, NAME(0)), OP(0, va, VA_END - PAGE), OP(0, size, 2 * PAGE)),
	ROW("op maps in the backend's part", VM_BIND, EINVAL, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, NAME(0)), OP(0, va, VA_MOST)),
	ROW("op maps at the end of all", VM_BIND, EINVAL, OP(0, op, MMX_BIND_OP_MAP),
	    OP(0, mem, NAME(0)), OP(0, va, 0 - PAGE)),
	ROW("op maps nothing", VM_BIND, 0, OP(0, op, MMX_BIND_OP_MAP), OP(0, mem, NAME(0)),
	    OP(0, size, 0)),

	ABSENT(GROUP_CREATE, S_GROUP, client, max_clients),
	ABSENT(GROUP_CREATE, S_GROUP, vm, max_vms),
	TAKEN(GROUP_CREATE, S_GROUP, group, max_groups),
	ROW("VM of another client", GROUP_CREATE, ENOENT, EDIT(S_GROUP, vm, NAME(1))),
	ROW("client without the VM", GROUP_CREATE, ENOENT, EDIT(S_GROUP, client, NAME(1))),
	ROW("priority 0", GROUP_CREATE, 0, EDIT(S_GROUP, priority, 0)),
	ROW("priority above the ceiling", GROUP_CREATE, EACCES, EDIT(S_GROUP, priority, 2)),
	ROW("priority realtime", GROUP_CREATE, EACCES, EDIT(S_GROUP, priority, 3)),
	ROW("priority unknown", GROUP_CREATE, EINVAL, EDIT(S_GROUP, priority, 4)),
	ROW("priority beyond all", GROUP_CREATE, EINVAL, EDIT(S_GROUP, priority, 255)),
	ROW("no compute cores", GROUP_CREATE, 0, EDIT(S_GROUP, compute_core_mask, 0),
	    EDIT(S_GROUP, max_compute_cores, 0)),
	ROW("fewer compute cores than wanted", GROUP_CREATE, EINVAL,
	    EDIT(S_GROUP, compute_core_mask, 0)),
	ROW("more compute cores than there are", GROUP_CREATE, EINVAL,
	    EDIT(S_GROUP, max_compute_cores, 65)),
	ROW("compute core that is none", GROUP_CREATE, EINVAL,
	    EDIT(S_GROUP, compute_core_mask, 2, BASE_SHADER)),
	ROW("all compute cores there could be", GROUP_CREATE, EINVAL,
	    EDIT(S_GROUP, compute_core_mask, ALL_ONE)),
	ROW("fewer fragment cores than wanted", GROUP_CREATE, EINVAL,
	    EDIT(S_GROUP, fragment_core_mask, 0)),
	ROW("more fragment cores than there are", GROUP_CREATE, EINVAL,
	    EDIT(S_GROUP, max_fragment_cores, 255)),
	ROW("fragment core that is none", GROUP_CREATE, EINVAL,
	    EDIT(S_GROUP, fragment_core_mask, 2, BASE_SHADER)),
	ROW("no tiler", GROUP_CREATE, 0, EDIT(S_GROUP, tiler_core_mask, 0),
	    EDIT(S_GROUP, max_tiler_cores, 0)),
	ROW("fewer tilers than wanted", GROUP_CREATE, EINVAL, EDIT(S_GROUP, tiler_core_mask, 0)),
	ROW("more tilers than there are", GROUP_CREATE, EINVAL, EDIT(S_GROUP, max_tiler_cores, 2)),
	ROW("tiler that is none", GROUP_CREATE, EINVAL,
	    EDIT(S_GROUP, tiler_core_mask, 2, BASE_TILER)),
	ROW("no queue", GROUP_CREATE, EINVAL, EDIT(S_GROUP, queue_count, 0)),
	ROW("one queue", GROUP_CREATE, 0, EDIT(S_GROUP, queue_count, 1)),
	ROW("queue of the last priority", GROUP_CREATE, 0, QUEUE(0, priority, 15)),
	ROW("queue of no priority", GROUP_CREATE, EINVAL, QUEUE(0, priority, 16)),
	ROW("queue of a priority beyond all", GROUP_CREATE, EINVAL, QUEUE(0, priority, FULL32)),
	ROW("queue without a ring", GROUP_CREATE, EINVAL, QUEUE(0, ring_size, 0)),
	ROW("queue with a small ring", GROUP_CREATE, EINVAL, QUEUE(0, ring_size, 2048)),
	ROW("queue with an odd ring", GROUP_CREATE, EINVAL, QUEUE(0, ring_size, 12288)),
	ROW("queue with the largest ring", GROUP_CREATE, 0, QUEUE(0, ring_size, 65536)),
	ROW("queue with a large ring", GROUP_CREATE, EINVAL, QUEUE(0, ring_size, 131072)),
	ROW("queue with a ring beyond all", GROUP_CREATE, EINVAL, QUEUE(0, ring_size, HIGH32)),
	ROW("timeline none", GROUP_CREATE, EINVAL, QUEUE(1, timeline, 0)),
	ROW("timeline in use", GROUP_CREATE, EEXIST, QUEUE(1, timeline, NAME(0))),
	ROW("timeline in use by another generation", GROUP_CREATE, EEXIST,
	    QUEUE(1, timeline, OTHER(0))),
	ROW("timeline twice", GROUP_CREATE, EEXIST, QUEUE(1, timeline, NAME(11))),
	ROW("timeline twice, another generation", GROUP_CREATE, EEXIST,
	    QUEUE(1, timeline, OTHER(11))),
	ROW("timeline at the limit", GROUP_CREATE, EINVAL,
	    QUEUE(1, timeline, BEYOND(max_timelines, 0))),
	ROW("timeline the last one", GROUP_CREATE, 0,
	    QUEUE(1, timeline, BEYOND(max_timelines, -1))),
	ROW("timeline used before", GROUP_CREATE, 0, QUEUE(1, timeline, FREED)),

	ABSENT(GROUP_DESTROY, S_OBJECT, object, max_groups),

	ABSENT(GROUP_GET_STATE, S_OBJECT, object, max_groups),

	ABSENT(HEAP_CREATE, S_HEAP, vm, max_vms),
	TAKEN(HEAP_CREATE, S_HEAP, heap, max_heaps),
	ROW("no chunks at first", HEAP_CREATE, EINVAL, EDIT(S_HEAP, initial_chunk_count, 0)),
	ROW("no chunks at all", HEAP_CREATE, EINVAL, EDIT(S_HEAP, max_chunks, 0)),
	ROW("more at first than ever", HEAP_CREATE, EINVAL, EDIT(S_HEAP, initial_chunk_count, 5)),
	ROW("all at first", HEAP_CREATE, 0, EDIT(S_HEAP, initial_chunk_count, 4)),
	ROW("chunks without number", HEAP_CREATE, 0, EDIT(S_HEAP, max_chunks, FULL32)),
	ROW("chunks without number at first", HEAP_CREATE, ENOSPC,
	    EDIT(S_HEAP, initial_chunk_count, FULL32), EDIT(S_HEAP, max_chunks, FULL32)),
	ROW("chunks too small", HEAP_CREATE, EINVAL, EDIT(S_HEAP, chunk_size, (128 << 10) - PAGE)),
	ROW("chunks too large", HEAP_CREATE, EINVAL, EDIT(S_HEAP, chunk_size, (8 << 20) + PAGE)),
	ROW("the largest chunks", HEAP_CREATE, 0, EDIT(S_HEAP, chunk_size, 8 << 20)),
	ROW("chunks of any size", HEAP_CREATE, 0, EDIT(S_HEAP, chunk_size, (128 << 10) + PAGE)),
	ROW("chunks not of a page", HEAP_CREATE, EINVAL,
	    EDIT(S_HEAP, chunk_size, (128 << 10) + 64)),
	ROW("no chunk size", HEAP_CREATE, EINVAL, EDIT(S_HEAP, chunk_size, 0)),
	ROW("chunks beyond all", HEAP_CREATE, EINVAL, EDIT(S_HEAP, chunk_size, FULL32)),
	ROW("no render pass in flight", HEAP_CREATE, 0, EDIT(S_HEAP, target_in_flight, 0)),
	ROW("any number in flight", HEAP_CREATE, 0, EDIT(S_HEAP, target_in_flight, FULL32)),

	ABSENT(HEAP_DESTROY, S_OBJECT, object, max_heaps),

	ABSENT(SUBMIT, S_SUBMIT, group, max_groups),
	ROW("queue beyond the group's", SUBMIT, EINVAL, EDIT(S_SUBMIT, queue, 2)),
	ROW("queue beyond all", SUBMIT, EINVAL, EDIT(S_SUBMIT, queue, FULL32)),
	ROW("seqno 0", SUBMIT, EILSEQ, EDIT(S_SUBMIT, seqno, 0)),
	ROW("seqno again", SUBMIT, EILSEQ, EDIT(S_SUBMIT, seqno, (uint64_t)-1, BASE_SEQNO)),
	ROW("seqno left out", SUBMIT, EILSEQ, EDIT(S_SUBMIT, seqno, 1, BASE_SEQNO)),
	ROW("seqno beyond all", SUBMIT, EILSEQ, EDIT(S_SUBMIT, seqno, ALL_ONE)),
	ROW("no waits", SUBMIT, 0, EDIT(S_SUBMIT, wait_count, 0)),
	JOB("as many waits as there may be, all but one for nothing",
	    EDIT(S_SUBMIT, wait_count, 16)),
	JOB("pad", EDIT(S_SUBMIT, pad, 1)),
	JOB("high pad", EDIT(S_SUBMIT, pad, HIGH32)),
	JOB("stream of no size", EDIT(S_SUBMIT, stream_addr, SCENE_VA)),
	JOB("stream of no address", EDIT(S_SUBMIT, stream_size, 8)),
	JOB("stream not aligned", EDIT(S_SUBMIT, stream_addr, SCENE_VA + 32),
	    EDIT(S_SUBMIT, stream_size, 64)),
	JOB("stream of half an instruction", EDIT(S_SUBMIT, stream_addr, SCENE_VA),
	    EDIT(S_SUBMIT, stream_size, 12)),
	JOB("stream beyond the range", EDIT(S_SUBMIT, stream_addr, VA_END),
	    EDIT(S_SUBMIT, stream_size, 64)),
	JOB("stream that reaches beyond", EDIT(S_SUBMIT, stream_addr, VA_END - 64),
	    EDIT(S_SUBMIT, stream_size, 128)),
	JOB("stream in the backend's part", EDIT(S_SUBMIT, stream_addr, VA_MOST),
	    EDIT(S_SUBMIT, stream_size, 64)),
	JOB("stream beyond all", EDIT(S_SUBMIT, stream_addr, 0 - 64ull),
	    EDIT(S_SUBMIT, stream_size, 64)),
	JOB("flush id with a bit that must be zero", EDIT(S_SUBMIT, latest_flush, 1u << 24)),
	JOB("flush id with another", EDIT(S_SUBMIT, latest_flush, 1u << 30)),
	ROW("flush id", SUBMIT, 0, EDIT(S_SUBMIT, latest_flush, 0xffffff)),
	JOB("wait's pad", WAIT(0, pad, 1)),
	JOB("wait for no timeline", WAIT(0, timeline, 0)),
	JOB("wait for a freed timeline", WAIT(0, timeline, FREED)),
	JOB("wait for another generation", WAIT(0, timeline, OTHER(0))),
	JOB("wait for a timeline at the limit", WAIT(0, timeline, BEYOND(max_timelines, 0))),
	JOB("wait for a timeline beyond all", WAIT(0, timeline, FULL32)),
	JOB("wait for what was not submitted", WAIT(0, seqno, 1)),
	JOB("wait for what never is", WAIT(0, seqno, ALL_ONE)),
	JOB("wait for itself", WAIT(0, timeline, NAME(0)), WAIT(0, seqno, 0, BASE_SEQNO)),
	ROW("wait for the job before it", SUBMIT, 0, WAIT(0, timeline, NAME(0)),
	    WAIT(0, seqno, (uint64_t)-1, BASE_SEQNO)),

	ABSENT(LABEL, S_LABEL, object, max_groups),
	ROW("of nothing", LABEL, EINVAL, EDIT(S_LABEL, type, 0)),
	ROW("of what is none", LABEL, EINVAL, EDIT(S_LABEL, type, 5)),
	ROW("of what never is", LABEL, EINVAL, EDIT(S_LABEL, type, FULL32)),
	ROW("of a client", LABEL, 0, EDIT(S_LABEL, type, MMX_LABEL_CLIENT)),
	ROW("of a freed client", LABEL, ENOENT, EDIT(S_LABEL, type, MMX_LABEL_CLIENT),
	    EDIT(S_LABEL, object, FREED)),
	ROW("of memory", LABEL, 0, EDIT(S_LABEL, type, MMX_LABEL_MEM)),
	ROW("of memory that is not sealed", LABEL, 0, EDIT(S_LABEL, type, MMX_LABEL_MEM),
	    EDIT(S_LABEL, object, NAME(1))),
	ROW("of freed memory", LABEL, ENOENT, EDIT(S_LABEL, type, MMX_LABEL_MEM),
	    EDIT(S_LABEL, object, FREED)),
	ROW("of a VM", LABEL, 0, EDIT(S_LABEL, type, MMX_LABEL_VM)),
	ROW("of a freed VM", LABEL, ENOENT, EDIT(S_LABEL, type, MMX_LABEL_VM),
	    EDIT(S_LABEL, object, FREED)),
	ROW("without an end", LABEL, EINVAL, EDIT(S_LABEL, label[63], 'x')),
	ROW("with something behind its end", LABEL, EINVAL, EDIT(S_LABEL, label[1], 'x')),
	ROW("with a control character", LABEL, EINVAL, EDIT(S_LABEL, label[0], 0x1f)),
	ROW("with DEL", LABEL, EINVAL, EDIT(S_LABEL, label[0], 0x7f)),
	ROW("with what is not ASCII", LABEL, EINVAL, EDIT(S_LABEL, label[0], 0x80)),

	ROW("no space", SPACE, EINVAL, EDIT(S_SPACE, space, 0)),
	ROW("the last space", SPACE, EINVAL, EDIT(S_SPACE, space, FULL32)),
	ROW("no space", SPACE_CHECK, EINVAL, EDIT(S_CHECK, space, 0)),
	ROW("the last space", SPACE_CHECK, EINVAL, EDIT(S_CHECK, space, FULL32)),
	ROW("the last page", SPACE_CHECK, EINVAL, EDIT(S_CHECK, page, ALL_ONE)),

	ROW("flags", TIME, EINVAL, EDIT(S_TIME, flags, 1)),
	ROW("high flag", TIME, EINVAL, EDIT(S_TIME, flags, HIGH32)),

	ROW("timeline without a generation", VM_CREATE, EINVAL, EDIT(S_VM, timeline, 11)),
	ROW("timeline in use", VM_CREATE, EEXIST, EDIT(S_VM, timeline, NAME(0))),
	ROW("timeline of another VM", VM_CREATE, EEXIST, EDIT(S_VM, timeline, OTHER(20))),
	ROW("timeline at the limit", VM_CREATE, EINVAL,
	    EDIT(S_VM, timeline, BEYOND(max_timelines, 0))),
	ROW("timeline the last one", VM_CREATE, 0, EDIT(S_VM, timeline, BEYOND(max_timelines, -1))),

	ABSENT(VM_BIND_ASYNC, S_ASYNC, vm, max_vms),
	ROW("VM without a timeline", VM_BIND_ASYNC, EINVAL, EDIT(S_ASYNC, vm, NAME(1))),
	ROW("seqno 0", VM_BIND_ASYNC, EILSEQ, EDIT(S_ASYNC, seqno, 0)),
	ROW("seqno before", VM_BIND_ASYNC, EILSEQ, EDIT(S_ASYNC, seqno, -1ull, BASE_BIND_SEQNO)),
	ROW("seqno behind", VM_BIND_ASYNC, EILSEQ, EDIT(S_ASYNC, seqno, 1, BASE_BIND_SEQNO)),
	ROW("no operation", VM_BIND_ASYNC, 0, EDIT(S_ASYNC, op_count, 0)),
	BIND_JOB("unknown op", EINVAL, AOP(0, op, 2)),
	BIND_JOB("unknown flag", EINVAL, AOP(0, flags, 0x10)),
	BIND_JOB("op's pad", EINVAL, AOP(1, pad, 1)),
	BIND_JOB("mem freed", ENOENT, AOP(0, mem, FREED)),
	BIND_JOB("mem not sealed", EINVAL, AOP(0, mem, NAME(1))),
	BIND_JOB("odd va", EINVAL, AOP(0, va, 1)),
	BIND_JOB("beyond the object", EINVAL, AOP(0, size, (MEM_PAGES + 1) * PAGE)),
	BIND_JOB("beyond the VA", EINVAL, AOP(1, va, VA_END)),
	BIND_JOB("sparse with an object", EINVAL, AOP(0, flags, MMX_BIND_SPARSE | MMX_BIND_NOEXEC)),
	BIND_JOB("sparse and executable", EINVAL, AOP(0, flags, MMX_BIND_SPARSE), AOP(0, mem, 0)),
	BIND_JOB("unmap of an object", EINVAL, AOP(1, mem, NAME(0))),

	ABSENT(VM_GET_STATE, S_OBJECT, object, max_vms),
};
const size_t row_count = sizeof(rows) / sizeof(rows[0]);
