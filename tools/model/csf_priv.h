/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The parts of the firmware among themselves:
 *   csf.c         life, boot, doorbells, the firmware's main loop, what streams and endpoints ask
 *   csf_global.c  the global interface; power and idleness of all groups together
 *   csf_group.c   a slot: its state machine, requests, events, suspend and resume
 *   csf_stream.c  a stream's interface block: start, stop, status, its events
 *
 * They reach the interface through csf_rd*() and csf_wr*(), which are accesses through address space 0.
 * One that faults makes the firmware die at the end of what it is doing.
 */
#ifndef TOOLS_MODEL_CSF_PRIV_H
#define TOOLS_MODEL_CSF_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/cs.h"
#include "tools/model/event.h"
#include "tools/model/iface.h"

struct mdl_csf_stream {
	struct mdl_cs *cs;
	uint32_t in_va, out_va;
	bool started; /* START acknowledged; fatal streams stay so */
	uint32_t doorbell; /* page that kicks it, 0 = none */
	uint32_t idle_when; /* CS_IDLE_* of the last acknowledged request */
	uint32_t reports; /* bits of enum mdl_cs_report, not yet passed on */
	bool oom; /* lacks memory of its tiler heap, the host has not been told yet */
	bool oom_told; /* CS_TILER_OOM is to be answered */
	bool faulted; /* stands still until the host has acknowledged CS_FAULT and rung */
};

enum mdl_csf_state {
	MDL_CSF_FREE, /* terminated, suspended, or never used */
	MDL_CSF_RUNNING,
	MDL_CSF_STARTING, /* and resuming */
	MDL_CSF_STOPPING, /* suspending and terminating */
};

struct mdl_csf_group {
	struct mdl_event transition; /* end of STARTING, STOPPING; or the next look at STOPPING */
	unsigned int index;
	uint32_t in_va, out_va;
	enum mdl_csf_state state;
	uint32_t target; /* CSG_STATE_* that the transition leads to */
	bool rung; /* the host asked for it again during the transition */
	bool idle; /* as last told to the host */
	bool no_progress; /* to be told */

	/* latched at START, RESUME and ENDPOINT_CONFIG */
	unsigned int as;
	uint64_t suspend_buf;
	uint64_t allow_compute, allow_fragment;
	uint32_t allow_other;
	uint32_t endpoint_req;

	uint16_t shared[MDL_CS_SHARED_ENTRIES]; /* scoreboard entries of all its streams */
	unsigned int stream_count;
	struct mdl_csf_stream streams[IFACE_STREAMS_MAX];
};

struct mdl_csf {
	bool running; /* booted, and neither halted nor dead */
	bool asleep; /* GLB_SLEEP: streams stand still until the host wakes the MCU */
	bool faulted; /* an access through AS 0 failed */
	struct mdl_event work; /* the main loop's next turn */
	bool glb_rung;

	uint32_t in_va, out_va;
	uint64_t core_en_mask;
	uint64_t poweroff_ns;
	uint64_t idle_ns;
	uint64_t progress_ns; /* 0 = nobody asks */
	bool active; /* some group is not idle */
	bool power_wanted; /* of cores and tiler: while active, and poweroff_ns longer */
	struct mdl_event idle_timer;
	struct mdl_event poweroff_timer;

	unsigned int group_count;
	struct mdl_csf_group *groups[IFACE_GROUPS_MAX];
};

/* ---- csf.c ---- */
uint32_t csf_rd(struct mmx_model *m, uint64_t va);
uint64_t csf_rd64(struct mmx_model *m, uint64_t va);
void csf_wr(struct mmx_model *m, uint64_t va, uint32_t value);
void csf_wr64(struct mmx_model *m, uint64_t va, uint64_t value);
/* The main loop has something to do in @delay_ns, or earlier. */
void csf_schedule(struct mmx_model *m, uint64_t delay_ns);
/* To be called last by everything that the outside or the clock starts in the firmware. */
void csf_check(struct mmx_model *m);

/* ---- csf_global.c ---- */
void csf_global_init(struct mmx_model *m);
/* A ringing of doorbell 0 that the firmware answers before the write is over: HALT, wake-up. */
void csf_global_rung(struct mmx_model *m);
/* The requests of the global block and of the groups that it names. */
void csf_global_requests(struct mmx_model *m);
/* Brings the power of cores and tiler to what is wanted. */
void csf_global_power(struct mmx_model *m);
/* Looks whether the GPU as a whole became busy or idle. */
void csf_global_activity(struct mmx_model *m);
void csf_idle_timer(struct mmx_model *m, struct mdl_event *ev);
void csf_poweroff_timer(struct mmx_model *m, struct mdl_event *ev);

/* ---- csf_group.c ---- */
/* Bytes of the suspend buffer for that many streams. */
uint32_t csf_suspend_size(unsigned int streams);
void csf_group_requests(struct mmx_model *m, struct mdl_csf_group *g);
void csf_group_transition(struct mmx_model *m, struct mdl_event *ev);
/* Passes on what its streams reported, and says so if it became idle. */
void csf_group_events(struct mmx_model *m, struct mdl_csf_group *g);
/* Something may have to be done: it is not idle until found so again. */
void csf_group_busy(struct mmx_model *m, struct mdl_csf_group *g);
/* Its streams stop at once; nothing is told to the host. */
void csf_group_drop(struct mdl_csf_group *g);
/* JOB_INT if one of the acknowledged bits is enabled. */
void csf_group_irq(struct mmx_model *m, struct mdl_csf_group *g, uint32_t changed);
/* Streams that are blocked for that reason look again. Return: true if there are any. */
bool csf_group_kick_blocked(struct mdl_csf_group *g, enum mdl_cs_blocked why);

/* ---- csf_stream.c ---- */
/* What it asks for: STATE and idle conditions. @buf: saved state to go on from, or NULL. */
void csf_stream_begin(struct mmx_model *m, struct mdl_csf_group *g, unsigned int index,
		      const uint8_t *buf);
void csf_stream_requests(struct mmx_model *m, struct mdl_csf_group *g, unsigned int index);
void csf_stream_status(struct mmx_model *m, struct mdl_csf_stream *s);
/* The firmware gives the stream up. */
void csf_stream_fatal(struct mmx_model *m, struct mdl_csf_group *g, unsigned int index,
		      uint32_t exception);
/* FAULT, FATAL and TILER_OOM events out of s->reports. */
void csf_stream_events(struct mmx_model *m, struct mdl_csf_group *g, unsigned int index);
bool csf_stream_idle(const struct mdl_csf_stream *s);

#endif
