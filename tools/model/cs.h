/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * One command stream: ring buffer, registers, scoreboards, and the interpreter of its instructions.
 * csf.c (the firmware) owns the streams of each slot, starts and stops them and turns what they report
 * into the firmware interface; cs.c knows nothing of that interface.
 */
#ifndef TOOLS_MODEL_CS_H
#define TOOLS_MODEL_CS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/event.h"

struct mmx_model;
struct mdl_cs;

#define MDL_CS_REGS	      96 /* G610: CS features say work registers - 1 = 95 */
#define MDL_CS_SCOREBOARDS    8
#define MDL_CS_SHARED_ENTRIES 16
#define MDL_CS_CALL_DEPTH     8 /* the ring is level 1; deeper is CS_CALL_STACK_OVERFLOW */

/* What the host programmed for a stream (CS input page and the CSG's address space). */
struct mdl_cs_params {
	unsigned int as; /* address space of the group: ring buffer, streams and data */
	uint64_t ring_base;
	uint32_t ring_size; /* bytes, power of two */
	uint64_t input_va; /* MCU address of {u64 insert, u64 extract_init} */
	uint64_t output_va; /* MCU address of {u64 extract, u32 active} */
	unsigned int priority; /* 0..15 among the streams of its group */
};

/* Why a stream makes no progress; the values of CS_STATUS_BLOCKED_REASON. */
enum mdl_cs_blocked {
	MDL_CS_UNBLOCKED = 0,
	MDL_CS_BLOCKED_SB = 1,
	MDL_CS_BLOCKED_PROGRESS = 2,
	MDL_CS_BLOCKED_SYNC = 3,
	MDL_CS_BLOCKED_DEFERRED = 4,
	MDL_CS_BLOCKED_RESOURCE = 5,
	MDL_CS_BLOCKED_FLUSH = 6,
};

/* What a stream tells the firmware. */
enum mdl_cs_report {
	MDL_CS_FAULT, /* CS_FAULT: the job is poisoned up to its ERROR_BARRIER, csf.c holds it until the host has seen it */
	MDL_CS_FATAL, /* CS_FATAL: the stream has stopped for good */
	MDL_CS_SYNC_UPDATE, /* a sync object was written by SYNC_ADD/SYNC_SET with system scope */
	/* became empty, blocked, unblocked: look at mdl_cs_status(); or quiet after mdl_cs_pause() */
	MDL_CS_STATE_CHANGED,
	/* a draw lacks memory of the tiler heap; goes on after mdl_cs_heap_answer() */
	MDL_CS_TILER_OOM,
	/* it is at a PROT_REGION and waits for protected mode; told once for each, and again after a restore */
	MDL_CS_PROTM_PEND,
};

struct mdl_cs_status {
	bool empty; /* ring is empty and nothing is outstanding */
	bool stopped; /* fatal, or mdl_cs_stop() */
	enum mdl_cs_blocked blocked;
	uint64_t cmd_ptr; /* address of the instruction it is at */
	uint32_t wait; /* CS_STATUS_WAIT */
	uint32_t req_resource; /* CS_STATUS_REQ_RESOURCE */
	uint64_t wait_sync_ptr;
	uint64_t wait_sync_value;
	uint32_t scoreboards; /* CS_STATUS_SCOREBOARDS: bit n = entry n is not zero */
	uint32_t fault, fatal; /* exception type [7:0], data [31:8]; 0 = none since start */
	uint64_t fault_info, fatal_info;
	bool protm_pend; /* blocked for protected mode */
	bool oom; /* MDL_CS_TILER_OOM is to be answered, and still matters */
	uint64_t heap; /* HEAP_SET: address of the tiler heap context */
	/* of HEAP_OPERATION and FINISH_FRAGMENT, as the stream last saw them in that context */
	uint32_t heap_vt_start, heap_vt_end, heap_frag_end;
};

/* csf.c: the stream of that slot reports; called from inside mdl_cs_*() and from timed events. */
void mdl_csf_cs_report(struct mmx_model *m, unsigned int csg, unsigned int cs,
		       enum mdl_cs_report what);
/*
 * csf.c: endpoints that the group of that slot may use now for the resource (a mask of cores; 0 =
 * none). @resource is a bit of the REQ_RESOURCE immediate: compute 0, fragment 1, tiler 2, idvs 3.
 */
uint64_t mdl_csf_endpoints(struct mmx_model *m, unsigned int csg, unsigned int resource);
/*
 * csf.c: stream number @cs of that slot, NULL beyond the last one. A write to a sync object or to a
 * progress counter wakes the streams of the same group at once; csf.c kicks those of other groups on
 * MDL_CS_SYNC_UPDATE.
 */
struct mdl_cs *mdl_csf_stream(struct mmx_model *m, unsigned int csg, unsigned int cs);

/* csf.c: the scoreboard entries that the streams of that slot share, MDL_CS_SHARED_ENTRIES of them. */
uint16_t *mdl_csf_shared_entries(struct mmx_model *m, unsigned int csg);

/* Return: NULL without memory. The stream is stopped. */
struct mdl_cs *mdl_cs_create(struct mmx_model *m, unsigned int csg, unsigned int index);
void mdl_cs_destroy(struct mdl_cs *cs);

/* Starts from a cleared state at params' extract_init. */
void mdl_cs_start(struct mdl_cs *cs, const struct mdl_cs_params *params);
/* Stops at once and forgets all; work on endpoints is cancelled. */
void mdl_cs_stop(struct mdl_cs *cs);

/* There may be something to do: a doorbell rang, or a sync object changed. */
void mdl_cs_kick(struct mdl_cs *cs);

/* Answers MDL_CS_TILER_OOM with the chunks first..last, {address | bytes >> 12}; 0, 0: with none. */
void mdl_cs_heap_told(struct mdl_cs *cs);
void mdl_cs_heap_answer(struct mdl_cs *cs, uint64_t first, uint64_t last);

/* True while it has instructions that it could execute now. */
bool mdl_cs_runnable(const struct mdl_cs *cs);
/* Executes one slice of instructions (bounded, see cost.h) and charges its time. */
void mdl_cs_run(struct mdl_cs *cs);
/* Absolute time at which it may execute its next slice; UINT64_MAX if it is not runnable. */
uint64_t mdl_cs_next_ns(const struct mdl_cs *cs);

/*
 * Suspension: first pause (no further instruction is executed; idempotent), then, once
 * mdl_cs_quiet() says that nothing it started is still on an endpoint, save. The saved state is all
 * that the stream needs to go on, also in another slot: registers, program counter and call stack,
 * scoreboards, pending wait, position in its ring, fault state.
 * A stream that pauses amid a long job is not quiet until that job's current piece ends (cores.h).
 */
void mdl_cs_pause(struct mdl_cs *cs);
bool mdl_cs_quiet(const struct mdl_cs *cs);
#define MDL_CS_STATE_SIZE 1280 /* bytes of one saved stream in a suspend buffer */
void mdl_cs_save(const struct mdl_cs *cs, uint8_t buf[MDL_CS_STATE_SIZE]);
/* Return: false if the buffer does not hold a saved stream. Leaves the stream running. */
bool mdl_cs_restore(struct mdl_cs *cs, const struct mdl_cs_params *params,
		    const uint8_t buf[MDL_CS_STATE_SIZE]);

void mdl_cs_status(const struct mdl_cs *cs, struct mdl_cs_status *ret_status);

#endif
