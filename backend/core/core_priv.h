/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What core.c, groups.c, jobs.c and status.c share. */
#ifndef BACKEND_CORE_CORE_PRIV_H
#define BACKEND_CORE_CORE_PRIV_H

#include "backend/core/core.h"
#include "backend/sched/sched.h"

/* GPU resets that a guest may be to blame for are counted for so long. */
#define MMX_RESETS_WINDOW_NS (60 * MMX_NS_PER_S)

/* The first quarantine, doubled up to so many times; after that long without one the next is the first again. */
#define MMX_QUARANTINE_NS	 (10 * MMX_NS_PER_S)
#define MMX_QUARANTINE_LEVELS	 6u
#define MMX_QUARANTINE_FORGET_NS (3600 * MMX_NS_PER_S)

/* For firmware to say whose stream an MMU fault was, which takes it microseconds; docs/limits.md. */
#define MMX_STRAY_NS (1 * MMX_NS_PER_MS)

struct mmx_quarantine {
	uint64_t resets_ns[MMX_CONFIG_MAX_RESETS]; /* when; within the window */
	unsigned int count;
	unsigned int level; /* times that the next one is doubled */
	uint64_t until_ns; /* of the last one */
	uint64_t times; /* so far */
};

struct mmx_partition {
	struct mmx_core *core;
	const struct mmx_partition_config *config;
	struct mmx_session_limits limits; /* the configuration's, completed by the GPU's */
	struct mmx_sched_partition sched;
	struct mmx_session *session; /* NULL = no guest */
	struct mmx_list
		todo; /* in the core's list while the next round has something to do for it */
	bool offered; /* a region, to a guest or a machine: until withdrawn */
	struct mmx_dma_map map; /* whose data area is mapped so */
	struct mmx_session_ram ram; /* of the machine that has it; fd -1 = none */
	struct mmx_log_limit log_limit; /* of what its guests cause */
	struct mmx_list watched; /* in the core's list while its guest will not notify */
	uint64_t guests; /* that have ever connected */
	uint64_t faults; /* of guests that are gone */
	uint64_t jobs_done, jobs_failed; /* of guests that are gone */
	uint64_t timeouts; /* jobs that ran out of time */
	uint64_t resets; /* of the GPU that its guest was the reason of */
	uint64_t lost; /* groups lost by resets for which it was not */
	struct mmx_list
		waiting; /* mmx_core_group.wait_link: for sync objects; next to be looked at first */
	size_t waiting_count;
	size_t to_look; /* of them, before all is known again */
	struct mmx_list work; /* mmx_timeline.work: whose jobs may go on */
	unsigned int jobs_left; /* that may go on in this round */
	struct mmx_list ending; /* mmx_core_group.end_link: as soon as they have no jobs left */
	bool pump; /* its guest has notified, or has used up its budget */
	const char *broken; /* why its session is to be ended; NULL = it is not */
	int closed; /* errno that the guest is told then */
	struct mmx_quarantine quarantine;
	bool gone; /* its session has nothing left and is to be destroyed */
};

struct mmx_core {
	struct mmx_core_params params;
	const struct mmx_core_ops *ops;
	void *ctx;
	enum mmx_core_state state;
	struct mmx_gpu *gpu;
	struct mmx_sched *sched; /* NULL before the GPU is ready for the first time */
	struct mmx_timer tick; /* of the scheduler */
	struct mmx_timer heartbeat;
	struct mmx_timer sync_timer; /* armed while groups wait for sync objects */
	struct mmx_timer idle; /* nobody has work; power.c */
	bool drowsy; /* nobody has had any for long enough */
	size_t partition_count;
	struct mmx_partition *partitions;
	struct mmx_list todo; /* mmx_partition.todo: the others cost a round nothing */
	struct mmx_list watched; /* mmx_partition.watched; empties when polling ends */
	bool polling;
	uint64_t work; /* interrupts, notifications, and rings in which something was found */
	size_t sessions; /* partitions that have one */
	struct mmx_list groups; /* mmx_core_group.link */
	uint64_t started_ns;
	struct {
		/* the reason of the reset that comes, or is under way; NULL = nobody is known */
		struct mmx_partition *partition;
		const struct mmx_core_group *group; /* only compared */
		const struct mmx_vm *vm; /* only compared */
		bool all; /* whatever is the partition's: it had the GPU to itself */
	} accused;
};

/* How long the job at the head of a queue may still take; timeouts.c. */
struct mmx_job_clock {
	bool busy; /* there is such a job */
	bool goes; /* deadline_ns counts, else left_ns */
	uint64_t done; /* jobs that had completed when it began */
	uint64_t deadline_ns;
	uint64_t left_ns;
};

/* A group between its session, the scheduler and the GPU. */
struct mmx_core_group {
	struct mmx_list link;
	struct mmx_core *core;
	struct mmx_partition *partition;
	struct mmx_sgroup *sgroup;
	struct mmx_sched_group sched;
	bool dead; /* takes no more jobs; they complete with ECANCELED */
	bool cancelled; /* dead and OFF: its jobs complete with ECANCELED, if they have not run */
	struct mmx_list end_link; /* in its partition's list once it is to be handed back */
	bool waiting; /* for sync objects; syncs.c */
	struct mmx_list wait_link; /* in its partition's list while it does */
	struct mmx_timer timeout; /* not after the first of the clocks */
	struct mmx_job_clock clocks[MMX_GPU_MAX_QUEUES];
	struct {
		bool open; /* its VM has faulted: it is lost as soon as the timer runs */
		uint32_t
			queues; /* a bit for each whose stream has died of it, as far as firmware has said */
		struct mmx_session_fault fault;
		struct mmx_timer timer;
	} stray;
};

static inline uint64_t mmx_core_now(const struct mmx_core *core)
{
	return mmx_timers_now(core->params.timers);
}

/* groups.c; ctx of what a session calls is its struct mmx_partition */
extern const struct mmx_gpu_ops mmx_core_gpu_ops;
int mmx_core_group_created(void *ctx, struct mmx_sgroup *sgroup);
void mmx_core_group_stop(void *ctx, struct mmx_sgroup *sgroup);
void mmx_core_vm_lost(void *ctx, struct mmx_addrspace *vm);
uint64_t mmx_core_group_gpu_time(void *ctx, struct mmx_sgroup *sgroup);
/* Part of a round: hands groups back that have ended. */
void mmx_core_groups_round(struct mmx_partition *p);
/* Takes the group off the GPU for good; its jobs are cancelled when it is off. */
void mmx_core_group_kill(struct mmx_core_group *group);
/* A job, or the group in a turn of its own, took too long: it is taken off the GPU for good. */
void mmx_core_group_timed_out(struct mmx_core_group *group, unsigned int queue);
/* Carries out what the scheduler decides. */
void mmx_core_decide(struct mmx_core *core);

/* jobs.c */
void mmx_core_submit(void *ctx, struct mmx_job *job);
void mmx_core_bind_done(void *ctx, struct mmx_job *job);
void mmx_core_binds_stop(void *ctx, struct mmx_timeline *timeline);
/* Completes what the GPU has finished, then pushes what has become possible. */
void mmx_core_jobs_progress(struct mmx_core_group *group);
/* Part of a round: what was too much for the last one. */
void mmx_core_jobs_round(struct mmx_partition *p);
/* Has the group any that have not completed? */
bool mmx_core_jobs_left(const struct mmx_core_group *group);
/* The job that is numbered so in its queue, if it has not completed; else NULL. */
struct mmx_job *mmx_core_job_find(struct mmx_core_group *group, unsigned int queue,
				  uint64_t hw_job);

/* resets.c */
void mmx_core_accused(void *ctx, struct mmx_group *group, struct mmx_vm *vm);
void mmx_core_reset(void *ctx, const char *why, bool proven);
/* The reset is over: nobody is accused any more. */
void mmx_core_reset_over(struct mmx_core *core);
/* A reset has taken the group out of its slot, with what it was doing. */
void mmx_core_group_lost(struct mmx_core_group *group);
/* The first job of the queue that has not completed fails with @error. Return: there is one. */
bool mmx_core_blame(struct mmx_core_group *group, unsigned int queue, int error);

/* quarantine.c */
/* The partition's guest is to blame for a GPU reset. */
void mmx_core_charge_reset(struct mmx_partition *p);
/* How long it still takes no guest. */
uint64_t mmx_core_quarantine_ns(const struct mmx_partition *p);

/* timeouts.c */
/* Return: 0 or -ENOMEM. */
int mmx_core_timeout_init(struct mmx_core_group *group);
void mmx_core_timeout_finish(struct mmx_core_group *group);
/* Jobs may have been pushed to the queue, or completed; @done: number of the last one that has. */
void mmx_core_timeout_look(struct mmx_core_group *group, unsigned int queue, uint64_t done);
/* The group runs in its slot / has left it. */
void mmx_core_timeout_on(struct mmx_core_group *group);
void mmx_core_timeout_off(struct mmx_core_group *group);
/* It has something to run and no slot. */
void mmx_core_timeout_stand(struct mmx_core_group *group);

/* strays.c */
/* Return: 0 or -ENOMEM. */
int mmx_core_stray_init(struct mmx_core_group *group);
void mmx_core_stray_finish(struct mmx_core_group *group);
/* The VM has faulted. */
void mmx_core_stray(struct mmx_core *core, const struct mmx_vm *vm,
		    const struct mmx_session_fault *fault);
/* The queue's stream has died. Return: true: of that fault, and what follows is seen to. */
bool mmx_core_stray_named(struct mmx_core_group *group, unsigned int queue);
/* The group has left its slot. */
void mmx_core_stray_off(struct mmx_core_group *group);

/* syncs.c */
/* Return: 0 or -ENOMEM. */
int mmx_core_sync_init(struct mmx_core *core);
void mmx_core_sync_finish(struct mmx_core *core);
/* Firmware has said what the group's queues stand at: busy, idle, or waiting? */
void mmx_core_sync_status(struct mmx_core_group *group);
/* The queue has got something to run. */
void mmx_core_sync_pushed(struct mmx_core_group *group, unsigned int queue);
/* The group is dead, or waits no more for another reason. */
void mmx_core_sync_forget(struct mmx_core_group *group);
/* The partition's groups may have written sync objects: those that wait are looked at in the next rounds. */
void mmx_core_sync_changed(struct mmx_partition *partition);
/* Does so, as far as @budget goes. Return: what it has taken of it. */
unsigned int mmx_core_sync_look(struct mmx_partition *partition, unsigned int budget);

/* power.c */
int mmx_core_power_init(struct mmx_core *core);
void mmx_core_power_finish(struct mmx_core *core);
/* Before decisions. The scheduler exists. */
void mmx_core_power(struct mmx_core *core);

/* core.c */
/* The round that is under way, or the next one, does what there is to do for it. */
void mmx_core_mark(struct mmx_partition *p);
void mmx_core_set_state(struct mmx_core *core, enum mmx_core_state state);
/* The GPU is up for the first time: the scheduler can be made. */
void mmx_core_gpu_ready(struct mmx_core *core);
/* The GPU will not come back. */
void mmx_core_gpu_lost(struct mmx_core *core, const char *why);

#endif
