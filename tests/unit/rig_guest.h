/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A guest of the rig: the frontend's portable parts on the other ends of a session's rings, in the same thread. It
 * records what it is told, and never waits but by letting the rig's time pass.
 *
 * Three levels: messages as bytes; one function a request, which returns its tag; and a context, which is a client
 * with a VM, memory in it, and command streams in that (rig_ctx.c).
 */
#ifndef TESTS_UNIT_RIG_GUEST_H
#define TESTS_UNIT_RIG_GUEST_H

#include "frontend/core/decode.h"
#include "frontend/core/encode.h"
#include "frontend/core/names.h"
#include "frontend/core/session.h"
#include "hv/local/local.h"
#include "tests/lib/cs_asm.h"
#include "tests/unit/rig.h"

#define RIG_NAME(index) mmx_name_make(index, 1)

#define RIG_MAX_REPLIES	 256u
#define RIG_MAX_ENTRIES	 16384u
#define RIG_MAX_RELEASED 256u
#define RIG_MAX_FAULTS	 64u

struct rig_guest {
	struct rig *rig;
	size_t partition;
	struct mmx_session *session; /* NULL once core has destroyed it */
	struct mmx_peer peer; /* the guest's own */
	struct mmx_front_session front;
	bool deaf; /* does not look at its completion ring */
	uint32_t tag; /* that was used last */

	/* what it was told */
	struct mmx_decoded_reply replies[RIG_MAX_REPLIES]; /* by tag, modulo */
	uint32_t reply_count;
	struct rig_entry {
		uint32_t timeline;
		int error;
		uint64_t first, last; /* seqnos */
		uint32_t replies; /* that had come before */
	} entries[RIG_MAX_ENTRIES];
	uint32_t entry_count;
	struct {
		uint32_t mem;
		uint32_t replies; /* that had come before */
	} released[RIG_MAX_RELEASED];
	uint32_t released_count;
	struct mmx_event_fault faults[RIG_MAX_FAULTS];
	uint32_t fault_count;
	uint32_t gpu_states[8];
	uint32_t gpu_state_count;
	uint32_t stray; /* messages that could not be decoded */
};

/* Connects; no HELLO. */
void rig_guest_connect(struct rig *rig, size_t partition, struct rig_guest *guest);
/* rig_start(), and a guest in each partition, which has said HELLO. */
void rig_start_guests(struct rig *rig, struct rig_guest *guests);
/* The guest's process is gone: core is told, and its memory is unmapped. Twice is fine. */
void rig_guest_hangup(struct rig_guest *guest);
/* Takes in what is in the completion ring. */
void rig_guest_read(struct rig_guest *guest);
/* The session's sum of the backend's memory is what its VMs and groups have now. */
void rig_guest_recount(const struct rig_guest *guest);
/* The session is over, and core has destroyed it. */
void rig_guest_wait_gone(struct rig_guest *guest);

/* ---- messages ---- */

uint32_t rig_tag(struct rig_guest *guest);
/* Into the ring. @size: as an encoder has returned. Return: false: no room. */
bool rig_put(struct rig_guest *guest, const union mmx_msg_buf *msg, int size);
/* Shows the backend what is in the ring. */
void rig_kick(struct rig_guest *guest);
/* Lets time pass until the tag is answered. Return: the error, 0 or negative errno. */
int rig_answer(struct rig_guest *guest, uint32_t tag);
/* Has it been answered? */
bool rig_answered(const struct rig_guest *guest, uint32_t tag);
const struct mmx_decoded_reply *rig_reply(const struct rig_guest *guest, uint32_t tag);
/* rig_put(), rig_kick(), rig_answer() of a message whose header's tag is that of rig_tag(). */
int rig_call(struct rig_guest *guest, const union mmx_msg_buf *msg, int size);

/* ---- requests: sent and answered. Return: 0 or negative errno. ---- */

int rig_hello(struct rig_guest *guest);
int rig_client_create(struct rig_guest *guest, uint32_t client);
int rig_object(struct rig_guest *guest, enum mmx_msg_type type, uint32_t object);
/* Pages of the data area, in one run. */
int rig_mem_create(struct rig_guest *guest, uint32_t mem, uint32_t first, uint32_t pages);
/* Single pages of it, from @first to @first + @pages, none beside the next. */
int rig_mem_create_scattered(struct rig_guest *guest, uint32_t mem, uint32_t first, uint32_t pages);
int rig_vm_create(struct rig_guest *guest, uint32_t client, uint32_t vm, uint64_t va_range);
/* The same with a timeline. */
int rig_vm_create_async(struct rig_guest *guest, uint32_t client, uint32_t vm, uint32_t timeline,
			uint64_t va_range);
int rig_vm_state(struct rig_guest *guest, uint32_t vm, uint32_t *ret_state);
int rig_map(struct rig_guest *guest, uint32_t vm, uint32_t mem, uint64_t offset, uint64_t va,
	    uint64_t size, uint32_t flags);
int rig_unmap(struct rig_guest *guest, uint32_t vm, uint64_t va, uint64_t size);
int rig_heap_create(struct rig_guest *guest, const struct mmx_heap_desc *heap);
/* @queues with timelines RIG_NAME(timeline), RIG_NAME(timeline + 1)...; all cores. */
int rig_group_create(struct rig_guest *guest, uint32_t client, uint32_t vm, uint32_t group,
		     unsigned int queues, uint32_t timeline);
int rig_group_state(struct rig_guest *guest, uint32_t group, uint32_t *ret_state);
/* MMX_GROUP_STATE_* of RIG_NAME(index), which is there. */
uint32_t rig_state_of(struct rig_guest *guest, uint32_t index);

/* Sent, and not answered unless refused. Return: the tag. */
struct rig_stream {
	uint64_t va;
	uint32_t size;
};
uint32_t rig_submit(struct rig_guest *guest, uint32_t group, uint32_t queue, uint64_t seqno,
		    struct rig_stream stream, const struct mmx_wait *waits, uint32_t wait_count);

/* Likewise. */
uint32_t rig_bind_async(struct rig_guest *guest, uint32_t vm, uint64_t seqno,
			const struct mmx_bind_op *ops, uint32_t op_count,
			const struct mmx_wait *waits, uint32_t wait_count);

/* ---- what has become of jobs ---- */

/* Error of the job, positive errno, 0 = success; -1: the guest has not been told of it. */
int rig_job(const struct rig_guest *guest, uint32_t timeline, uint64_t seqno);
/* Lets time pass until it is told. */
int rig_wait_job(struct rig_guest *guest, uint32_t timeline, uint64_t seqno);
bool rig_is_released(const struct rig_guest *guest, uint32_t mem);

/* ---- contexts ---- */

#define RIG_VA	     0x10000000ull
#define RIG_PAGES    64u
#define RIG_RESULTS  0x20000u /* offset of results in the memory; streams lie before */
#define RIG_OBJECTS  0x30000u /* offset of sync objects */
#define RIG_UNMAPPED 0x20000000ull

struct rig_ctx {
	struct rig_guest *guest;
	uint32_t client, vm, mem;
	uint32_t *memory; /* the guest's CPU sees it here, its GPU at RIG_VA */
	size_t stream_end; /* where the next stream goes */
};

/* A client, VM and memory object of name RIG_NAME(index); pages from index * RIG_PAGES on. */
void rig_ctx_create(struct rig_guest *guest, uint32_t index, struct rig_ctx *ctx);
/* The same, with a timeline for the VM. */
void rig_ctx_create_async(struct rig_guest *guest, uint32_t index, uint32_t timeline,
			  struct rig_ctx *ctx);

/* A group RIG_NAME(index) in it, whose timelines are RIG_NAME(index * MMX_MAX_QUEUES) and those behind. */
void rig_ctx_group(struct rig_ctx *ctx, uint32_t index, unsigned int queues);

/* rig_start_guests(), and a context of index 0 for each of them. */
void rig_start_ctxs(struct rig *rig, struct rig_guest *guests, struct rig_ctx *ctxs);

extern const struct rig_stream rig_empty;
/* Any instructions, a few dozen of them; no other stream is made between the two calls. */
struct mmx_cs_asm rig_asm_begin(struct rig_ctx *ctx);
struct rig_stream rig_asm_end(struct rig_ctx *ctx, struct mmx_cs_asm *a);
/* Result @index = @value. */
struct rig_stream rig_store(struct rig_ctx *ctx, unsigned int index, uint32_t value);
/* The same after about @us microseconds on four cores. */
struct rig_stream rig_work(struct rig_ctx *ctx, unsigned int us, unsigned int index,
			   uint32_t value);
/* Result @to = result @from + 1. */
struct rig_stream rig_copy(struct rig_ctx *ctx, unsigned int from, unsigned int to);
/* Inherits an error: CS_FAULT. */
struct rig_stream rig_fault(struct rig_ctx *ctx);
/* An instruction that does not exist: CS_FATAL. */
struct rig_stream rig_fatal(struct rig_ctx *ctx);
/* Stores at an address. */
struct rig_stream rig_poke(struct rig_ctx *ctx, uint64_t va, uint32_t value);
/* Result @index = what is at the address. */
struct rig_stream rig_peek(struct rig_ctx *ctx, uint64_t va, unsigned int index);
/* Adds 1 to sync object @index of the memory / waits until it is more than @value. */
struct rig_stream rig_signal(struct rig_ctx *ctx, unsigned int index);
struct rig_stream rig_await(struct rig_ctx *ctx, unsigned int index, uint32_t value);
struct rig_stream rig_endless(struct rig_ctx *ctx);

uint32_t rig_result(const struct rig_ctx *ctx, unsigned int index);

#endif
