/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The inside of a command stream, shared by the cs*.c files only.
 *
 *   cs.c        life cycle, slices, what is reported and published
 *   cs_exec.c   fetch, decode, moves, arithmetic, memory, control flow, waits
 *   cs_arch11.c what architecture 11 added
 *   cs_arch13.c the arithmetic that architecture 13 added
 *   cs_sync.c   sync objects and the state that a stream can store
 *   cs_async.c  instructions that wait for scoreboards beside the stream, or take time there
 *   cs_job.c    RUN_*: what a job costs, jobs in flight
 *   cs_heap.c   tiler heaps: memory of draws, the exception handler
 *   cs_save.c   suspension
 *
 * An instruction that cannot go on is blocked: it is executed again, whole, when the stream is woken.
 * So a pending wait needs no state but its reason.
 */
#ifndef TOOLS_MODEL_CS_PRIV_H
#define TOOLS_MODEL_CS_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/cores.h"
#include "tools/model/cost.h"
#include "tools/model/cs.h"
#include "tools/model/cs_ops.h"
#include "tools/model/event.h"
#include "tools/model/gpu.h"
#include "tools/model/mmu.h"
#include "tools/model/model_priv.h"

#define CS_FRAMES (MDL_CS_CALL_DEPTH - 1) /* the ring is the first level and needs no frame */
#define CS_JOBS	  8 /* in flight; RUN_* blocks when there are more */
#define CS_ASYNCS 8 /* deferred instructions in flight */

/* What an instruction did to its stream. */
enum cs_step {
	CS_NEXT, /* go on behind it */
	CS_TAKEN, /* it has set the program counter */
	CS_LATER, /* not executed: it wants a slice of its own */
	CS_BLOCK, /* not executed: see mdl_cs_blocked */
	CS_DEAD, /* CS_FATAL */
	CS_DROP, /* cs_heap.c only: the job is not to be run */
};

/* A draw that lacks memory. */
enum cs_oom {
	CS_OOM_NONE,
	CS_OOM_ASKED, /* the host is to be told */
	CS_OOM_TOLD, /* ... has been, and has not answered */
	CS_OOM_DENIED, /* the host has no chunk */
	CS_OOM_HANDLED, /* the exception handler is to find some */
	CS_OOM_TRIED, /* it has run */
};

/* A range of instructions. At the ring's level pc and end are offsets like insert and extract. */
struct cs_range {
	uint64_t start, pc, end;
};

struct cs_job {
	struct mdl_job job; /* first: done() gets it */
	struct mdl_cs *cs;
	bool used;
	bool progress;
	bool tiler;
	uint8_t entry; /* scoreboard */
	uint32_t order; /* of issue, among jobs and deferred instructions */
};

struct cs_async {
	struct mdl_event event; /* first: its fn gets it */
	struct mdl_cs *cs;
	bool used;
	bool running; /* its time has begun; event is queued */
	uint8_t entry;
	uint8_t wait_mask;
	uint32_t order;
	uint64_t word;
	uint64_t address, data; /* registers at the time of issue */
};

struct mdl_cs {
	struct mmx_model *m;
	unsigned int csg, index;
	unsigned int arch; /* of the product: 10.. */
	struct mdl_cs_params params;

	bool started;
	bool dead; /* CS_FATAL */
	bool paused;
	bool ready; /* something to execute, as far as one can know without looking */
	bool idle; /* at the ring's level, and insert was reached */
	uint64_t time_ns; /* the stream's own time: when it may execute its next instruction */
	uint64_t slice_ns; /* time_ns when the slice began */

	uint32_t regs[MDL_CS_REGS];
	struct cs_range at;
	unsigned int depth;
	struct cs_range frames[CS_FRAMES];

	uint16_t scoreboard[MDL_CS_SCOREBOARDS];
	uint64_t memory_ns[MDL_CS_SCOREBOARDS]; /* loads and stores of that entry are done then */
	uint8_t entry_endpoint, entry_memory;
	uint8_t entry_deferred; /* these three from architecture 11 on */
	uint16_t mask_stream, mask_wait;
	uint32_t resources; /* granted by REQ_RESOURCE */
	uint64_t progress;
	uint32_t disjoint; /* how often it was suspended */
	uint64_t handler_address;
	uint32_t handler_length;
	bool handler_known; /* one was set since the stream began */
	bool handler_due; /* to be called before the next instruction */
	uint8_t handler_depth; /* of its frame; 0 = it does not run */
	uint64_t heap;
	/* counters of the heap context as last seen; its own ones without a context */
	uint32_t heap_vt_start, heap_vt_end, heap_frag_end;
	bool heap_begun; /* the RUN_* at which it is has taken some */
	uint64_t heap_left; /* ... and needs that much more */
	enum cs_oom oom;

	uint8_t poison; /* exception that ERROR_BARRIER clears */
	uint32_t fault, fatal;
	uint64_t fault_info, fatal_info;

	enum mdl_cs_blocked blocked;
	bool protm_told; /* of the PROT_REGION at which it is */
	uint32_t wait;
	uint32_t req_resource;
	uint64_t wait_sync_ptr, wait_sync_value;

	struct cs_job jobs[CS_JOBS];
	struct cs_async asyncs[CS_ASYNCS];
	uint32_t next_order;

	uint64_t window_va;
	bool window_valid;
	uint64_t window[MDL_CS_PREFETCH / 8];

	uint32_t pending; /* CS_TELL_* */
	uint32_t told; /* the state that was last reported */
	uint64_t published_extract;
	uint32_t published_active;
	bool published;
};

/* CS_STATUS_WAIT */
#define CS_WAIT_SB(mask) ((mask) | 8u << 16) /* source 8: a WAIT or what acts like one */
#define CS_WAIT_PROGRESS (1u << 28)
#define CS_WAIT_PROTM	 (1u << 29)
#define CS_WAIT_SYNC64	 (1u << 30)
#define CS_WAIT_SYNC	 (1u << 31)
#define CS_WAIT_COND(c)	 ((uint32_t)(c) << 24)

/* What is to be said at the end of a slice or event: bit n = enum mdl_cs_report n, and */
#define CS_TELL_FAULT	    (1u << MDL_CS_FAULT)
#define CS_TELL_FATAL	    (1u << MDL_CS_FATAL)
#define CS_TELL_SYNC_UPDATE (1u << MDL_CS_SYNC_UPDATE)
#define CS_TELL_STATE	    (1u << MDL_CS_STATE_CHANGED)
#define CS_TELL_OOM	    (1u << MDL_CS_TILER_OOM)
#define CS_TELL_PROTM	    (1u << MDL_CS_PROTM_PEND)
#define CS_TELL_GROUP	    (1u << 8) /* wake the other streams of the group */

/* cs.c */
void mdl_cs_deliver(struct mdl_cs *cs);
void mdl_cs_wake(struct mdl_cs *cs, uint64_t at_ns);
void mdl_cs_clear(struct mdl_cs *cs);
bool mdl_cs_attach(struct mdl_cs *cs, const struct mdl_cs_params *params);
uint64_t mdl_cs_late(const struct mdl_cs *cs, uint64_t at_ns);
enum cs_step mdl_cs_fatal(struct mdl_cs *cs, enum cs_exception exception, uint64_t info);
void mdl_cs_fault(struct mdl_cs *cs, uint32_t exception, uint64_t info);
enum cs_step mdl_cs_block(struct mdl_cs *cs, enum mdl_cs_blocked why);
uint64_t mdl_cs_pc_address(const struct mdl_cs *cs);

/* cs_exec.c */
void mdl_cs_slice(struct mdl_cs *cs);
bool mdl_cs_read_insert(struct mdl_cs *cs, uint64_t *ret_insert);

/* cs_arch11.c */
enum cs_step mdl_cs_arch11(struct mdl_cs *cs, uint64_t word);

/* cs_arch13.c */
enum cs_step mdl_cs_arch13(struct mdl_cs *cs, uint64_t word);

/* cs_sync.c */
enum cs_step mdl_cs_sync_wait(struct mdl_cs *cs, uint64_t word, bool wide);
bool mdl_cs_sync_valid(uint64_t word);
enum cs_step mdl_cs_sync_write(struct mdl_cs *cs, uint64_t word, uint64_t address, uint64_t data);
enum cs_step mdl_cs_store_state(struct mdl_cs *cs, uint64_t word, uint64_t address);

/* cs_async.c */
enum cs_step mdl_cs_async(struct mdl_cs *cs, uint64_t word);
void mdl_cs_async_scan(struct mdl_cs *cs, uint64_t at_ns);
void mdl_cs_async_init(struct mdl_cs *cs, struct cs_async *op);
void mdl_cs_async_clear(struct mdl_cs *cs);

/* cs_heap.c */
enum cs_step mdl_cs_heap_operation(struct mdl_cs *cs, enum cs_heap_operation operation);
enum cs_step mdl_cs_heap_finish(struct mdl_cs *cs, bool counts, uint64_t first, uint64_t last);
enum cs_step mdl_cs_heap_take(struct mdl_cs *cs, uint64_t context_va, uint64_t bytes);
void mdl_cs_heap_drop(struct mdl_cs *cs);
enum cs_step mdl_cs_handler_enter(struct mdl_cs *cs);
void mdl_cs_handler_left(struct mdl_cs *cs);

/* cs_job.c */
enum cs_step mdl_cs_run_job(struct mdl_cs *cs, uint64_t word);
bool mdl_cs_tiling(const struct mdl_cs *cs, uint32_t order);
void mdl_cs_job_init(struct mdl_cs *cs, struct cs_job *slot);
void mdl_cs_job_clear(struct mdl_cs *cs);

/* What the architecture lets REQ_RESOURCE name. */
static inline uint32_t cs_resources(const struct mdl_cs *cs)
{
	return cs->arch >= 11 ? CS_RES_MASK : CS_RES_MASK & ~CS_RES_RT;
}

static inline bool cs_reg_ok(unsigned int reg)
{
	return reg < MDL_CS_REGS;
}

static inline bool cs_pair_ok(unsigned int reg)
{
	return reg < MDL_CS_REGS && !(reg & 1);
}

static inline uint64_t cs_pair(const struct mdl_cs *cs, unsigned int reg)
{
	return cs->regs[reg] | (uint64_t)cs->regs[reg + 1] << 32;
}

static inline void cs_set_pair(struct mdl_cs *cs, unsigned int reg, uint64_t value)
{
	cs->regs[reg] = (uint32_t)value;
	cs->regs[reg + 1] = (uint32_t)(value >> 32);
}

/* For instructions that have a "progress increment". */
static inline void cs_count_progress(struct mdl_cs *cs, uint64_t word)
{
	if (!cs_progress(word))
		return;
	cs->progress++;
	cs->pending |= CS_TELL_GROUP;
}

static inline enum cs_step cs_invalid(struct mdl_cs *cs)
{
	return mdl_cs_fatal(cs, CS_EX_INSTR_INVALID, mdl_cs_pc_address(cs));
}

#endif
