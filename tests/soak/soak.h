/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the files of the soak test share. soak.c owns the rig, lets time pass, disturbs, and checks what always holds;
 * soak_guest.c is the guests.
 */
#ifndef TESTS_SOAK_SOAK_H
#define TESTS_SOAK_SOAK_H

#include "tests/unit/rig_guest.h"

#define SOAK_GUESTS 8u
#define SOAK_GROUPS 3u /* of a guest's honest client */
#define SOAK_QUEUES 2u
#define SOAK_TIMELINES \
	(SOAK_GROUPS * SOAK_QUEUES + 1u) /* and one of the client that means no good */
#define SOAK_JOBS 16u /* of a queue, submitted and not known to be complete */

enum soak_job_kind {
	SOAK_EMPTY,
	SOAK_STORE,
	SOAK_WORK,
	SOAK_COPY, /* waits for another queue's job, and adds one to its result */
	SOAK_HARM, /* anything may become of it */
};

struct soak_job {
	uint64_t seqno;
	enum soak_job_kind kind;
	unsigned int slot; /* of streams and results; SOAK_EMPTY has none */
	unsigned int from; /* SOAK_COPY: the slot whose result it takes */
	uint32_t want; /* result */
	uint64_t resets; /* that there had been */
	uint64_t since_ns;
};

struct soak_queue {
	uint64_t submitted, told;
	struct soak_job jobs[SOAK_JOBS]; /* by seqno */
};

struct soak_group {
	bool made;
	uint32_t generation; /* of its name, and of its timelines' */
	struct soak_queue queues[SOAK_QUEUES];
};

struct soak_guest {
	struct soak *soak;
	unsigned int index;
	bool connected;
	uint64_t back_ns; /* when it comes again */
	struct rig_guest rig;
	struct rig_ctx honest, harm;
	bool has_harm; /* the client that means no good is there */
	bool harm_done; /* its group may be lost */
	struct soak_group groups[SOAK_GROUPS];
	struct soak_group harm_group;
	uint64_t binds_sent, binds_told; /* asynchronous ones, of the VM that has a timeline */
	uint32_t generations[SOAK_GROUPS + 1];
	uint8_t slots[512]; /* of streams: jobs that need its result */
	bool has_heap;
	uint64_t reads; /* it does not read before */
	uint64_t gpu_time_ns; /* of its partition, when looked at last */
};

struct soak {
	struct rig rig;
	uint64_t random;
	uint64_t resets; /* that the GPU has had */
	bool disturbed; /* a guest's honest job may run out of time */
	struct soak_guest guests[SOAK_GUESTS];

	/* what has happened */
	uint64_t jobs, harm_jobs, lost_jobs, binds, groups, connects, deaths, faults, quiet;
};

uint32_t soak_below(struct soak *soak, uint32_t bound);

/* Connects and makes its honest client. */
void soak_guest_begin(struct soak_guest *guest);
/* Dies as it is. */
void soak_guest_die(struct soak_guest *guest);
/* Takes in what has come, and checks it. */
void soak_guest_read(struct soak_guest *guest);
/* Does something. */
void soak_guest_act(struct soak_guest *guest);
/* Has work in all its honest queues. */
void soak_guest_fill(struct soak_guest *guest);
/* All that it has submitted to honest queues is complete. */
bool soak_guest_is_idle(const struct soak_guest *guest);
/* What core's session says it has is what it knows it has. */
void soak_guest_check(const struct soak_guest *guest);

#endif
