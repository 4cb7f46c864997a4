/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The whole backend in one process, on a virtual clock: the model as a device that can be told to misbehave, core
 * with its partitions, and guests on the other ends of the rings (rig_guest.h). Time passes only in rig_run*().
 *
 * It knows no test framework, so that fuzzers use it too: what must hold and does not, aborts.
 */
#ifndef TESTS_UNIT_RIG_H
#define TESTS_UNIT_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/core/core_priv.h"
#include "tests/unit/two_views.h"

#define RIG_CHECK(cond)                                     \
	do {                                                \
		if (!(cond))                                \
			rig_die(__FILE__, __LINE__, #cond); \
	} while (0)
_Noreturn void rig_die(const char *file, int line, const char *what);

#define RIG_MAX_PARTITIONS 8u

/* Nothing that ought to happen takes longer; the longest deadlines are those of resets. */
#define RIG_PATIENCE_NS (20 * MMX_NS_PER_S)

struct rig_guest;

struct rig {
	struct mmx_device dev; /* first: what core has; lets accesses through to the model's */
	struct mmx_device *inner;
	uint64_t read_ns; /* that a read of a register takes: if any, the device waits for a core */
	struct mmx_model *model;
	uint64_t now_ns;
	struct mmx_timers timers;
	struct mmx_fw_image *image;
	struct mmx_config config;
	struct mmx_partition_config partitions[RIG_MAX_PARTITIONS];
	char names[RIG_MAX_PARTITIONS][8];
	struct mmx_core *core;
	enum mmx_core_state state; /* as core has told */
	struct rig_guest *guests[RIG_MAX_PARTITIONS]; /* whose session core has */
	struct mmx_peer *keep; /* where the peer of a session that has ended goes; NULL = nowhere */

	struct two_views *views; /* NULL = the backend's memory is coherent */
	unsigned int evict_every; /* so many turns of the loop caches do what they may; 0 = never */
	unsigned int turns;

	unsigned int drop_irqs[MMX_IRQ_COUNT]; /* next ones that are lost; UINT_MAX = all */
	unsigned int map_fails,
		maps_failed; /* this mapping from now on fails, 0 = none; those that have */
	bool mute; /* no doorbell reaches the firmware */
	uint64_t as_locks; /* AS_COMMAND LOCK, so far: one for each flush of an address space */
	/* ... or only these requests do not: states (1 << CSG_STATE_*) asked of a slot; pings */
	uint32_t deaf[MMX_GPU_MAX_SLOTS];
	bool lose_pings;
	uint32_t
		stick_as; /* mask: the next command of that address space does not end before a GPU reset */
	uint32_t stuck_as; /* mask: those that are in such a command */
	uint32_t silent_as; /* mask: the ends of their commands are not told by an interrupt */

	void (*after_round)(struct rig *rig); /* of core's loop; may be NULL */

	unsigned int regions; /* data areas that are mapped for the GPU */
	size_t bytes_before; /* of DMA memory, before there was a guest */
	size_t timers_before; /* registered */
};

/*
 * Whether rigs that are initialised from now on are of a system where CPU and GPU are not coherent: the backend's
 * memory has two views, and what breaks their rules aborts in rig_finish().
 */
extern bool rig_two_views;
/* Calls from there do nothing in such rigs; NULL = none. */
extern const struct two_views_site *rig_ignored_site;
/* There is no uncached memory in such rigs. */
extern bool rig_all_cached;

/* The settings of rigs that are initialised from now on. */
extern uint32_t rig_idle_power_off_ms;
extern uint32_t rig_interface_version; /* of the firmware; 0 = what is usual on architecture 10 */

/* A configuration that a test may still change before rig_start(). */
void rig_init(struct rig *rig, size_t partitions);
/* Brings the GPU up. */
void rig_start(struct rig *rig);
/* The same without waiting for the GPU. */
void rig_begin(struct rig *rig);
/*
 * Hangs up all guests, and checks that nothing of them is left; then stops and frees everything, and checks that
 * nothing is left at all.
 */
void rig_finish(struct rig *rig);

/* For tests: rig_finish(), and frees *@state, which begins with its rig. Return: 0. */
int rig_teardown(void **state);

/* Firmware does not get to see these requests (1 << CSG_STATE_*), of whatever slot. */
void rig_deafen(struct rig *rig, uint32_t states);

/* Resets of the GPU so far. */
uint64_t rig_resets(const struct rig *rig);

/* The device is gone, as if its process were killed. */
void rig_kill(struct rig *rig);

/* All that is due now, until nothing happens without time passing. */
void rig_settle(struct rig *rig);
/* Settles, then lets time pass to the next thing that is due, but not beyond. Return: false: @end_ns is reached. */
bool rig_step(struct rig *rig, uint64_t end_ns);
void rig_run(struct rig *rig, uint64_t ns);

/* Lets time pass until the condition holds; aborts if that takes more than RIG_PATIENCE_NS. */
#define RIG_UNTIL(rig, cond)                                         \
	do {                                                         \
		uint64_t end_ns_ = (rig)->now_ns + RIG_PATIENCE_NS;  \
		while (!(cond))                                      \
			RIG_CHECK(rig_step(rig, end_ns_) || (cond)); \
	} while (0)

/* No guest has a session any more, and nothing of one is left. */
void rig_check_nothing_left(struct rig *rig);

#endif
