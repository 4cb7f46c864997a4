/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The middle of the daemon: ties sessions, the scheduler and the GPU together.
 *
 *   core.c    life cycle, partitions, one round of the loop
 *   groups.c  groups between session, scheduler and GPU: decisions carried out, events routed, faults
 *   jobs.c    jobs: held until their waits pass, pushed in order, completed in order
 *   resets.c  who is to blame for a GPU reset, and what it costs whom
 *   quarantine.c  how many GPU resets a guest may be to blame for
 *   timeouts.c  how long the job at the head of a queue may take
 *   power.c   the GPU's sleep while nobody has work
 *   status.c, census.c  what the control socket tells
 *   loop.c    all of it on libuv: descriptors, timerfd, signals (loop.h)
 *   config.c, control.c  the configuration file, the control socket
 *
 * core.c to timeouts.c know no event loop: whoever drives them (loop.c, or a test on a virtual clock) calls
 * mmx_core_irq() and mmx_core_kick() when a descriptor says so, and mmx_core_round() after each such batch and
 * when a timer is due.
 */
#ifndef BACKEND_CORE_CORE_H
#define BACKEND_CORE_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/core/config.h"
#include "backend/device/device.h"
#include "backend/gpu/gpu.h"
#include "backend/session/session.h"
#include "backend/util/timer.h"

struct mmx_core;
struct mmx_partition;
struct json_object;

struct mmx_core_params {
	const struct mmx_config *config;
	struct mmx_device *dev; /* stays the caller's */
	struct mmx_timers *timers;
	const struct mmx_fw_image *image;
	uint64_t epoch;
};

enum mmx_core_state {
	MMX_CORE_STARTING, /* the GPU is being brought up for the first time */
	MMX_CORE_RUNNING,
	MMX_CORE_STOPPING, /* mmx_core_stop(): sessions are ending */
	MMX_CORE_FAILING, /* the GPU is lost: sessions are ending */
	MMX_CORE_ENDED, /* no session is left */
};

struct mmx_core_ops {
	/* The state has changed. */
	void (*state)(void *ctx, enum mmx_core_state state);
	/*
	 * The session is about to be destroyed: its peer's descriptors must be watched no more. The host may take the
	 * peer (mmx_session_take_peer()).
	 */
	void (*detach)(void *ctx, struct mmx_session *session);
};

/* Return: 0; -ENOMEM; -ENODEV; -EIO. */
int mmx_core_create(const struct mmx_core_params *params, const struct mmx_core_ops *ops, void *ctx,
		    struct mmx_core **ret_core);
/* No session may be left (ENDED, or none was ever attached). NULL is fine. */
void mmx_core_destroy(struct mmx_core *core);

void mmx_core_start(struct mmx_core *core);
/* Ends all sessions; ENDED follows. */
void mmx_core_stop(struct mmx_core *core);
enum mmx_core_state mmx_core_state(const struct mmx_core *core);

/* Positive outcomes of mmx_core_offer() and mmx_core_attach(). */
enum {
	CORE_E_BUSY = 1, /* the partition has a guest */
	CORE_E_NOT_READY,
	CORE_E_QUARANTINED, /* its guests have caused too many GPU resets */
	CORE_E_NO_RAM, /* the guest's memory file can't be used; has been logged */
	CORE_E_UNKNOWN, /* mmx_core_census(): there is no such partition */
};

/**
 * mmx_core_offer() - makes a region for a guest that wants to come, and maps it for the device
 * @partition: index in the configuration
 * @ret_peer: of the partition's transport; to be welcomed with it
 * Used by mmx_core_attach(), and taken back by mmx_core_withdraw(), or when the session has ended if the transport does
 * not stay. Return: 0; CORE_E_*; negative errno.
 */
int mmx_core_offer(struct mmx_core *core, size_t partition, struct mmx_peer *ret_peer);
/* Of the regions of the partition's guests. Return: 0; -EINVAL. */
int mmx_core_layout(struct mmx_core *core, size_t partition, struct mmx_region_hdr *ret_layout);
/**
 * mmx_core_adopt() - the same as mmx_core_offer(), of a connection that another process had
 * @peer: its descriptors and the region, which is mapped here, of the partition's layout; stays the caller's
 *
 * Return: 0: it is complete; CORE_E_*; negative errno.
 */
int mmx_core_adopt(struct mmx_core *core, size_t partition, struct mmx_peer *peer);
/*
 * The guest's own memory, if the partition has that: opened and mapped for the device until the offer is withdrawn.
 * @pid: of the guest's process. Return: 0; CORE_E_NO_RAM.
 */
int mmx_core_open_ram(struct mmx_core *core, size_t partition, pid_t pid);
/*
 * The device can't reach the region any more; the peer stays the caller's. Fine if nothing is on offer. Does
 * nothing during a session.
 */
void mmx_core_withdraw(struct mmx_core *core, size_t partition);
/**
 * mmx_core_attach() - the guest that the partition's offer was for wants a session
 * @peer: of the offer, sealed; taken over on success, and to be had again in mmx_core_ops.detach()
 * @ret_session: for the caller's watching of its descriptors
 * Return: 0; CORE_E_NOT_READY, CORE_E_QUARANTINED; negative errno.
 */
int mmx_core_attach(struct mmx_core *core, size_t partition, struct mmx_peer *peer,
		    struct mmx_session **ret_session);
/* For log lines about who connects to the partition. */
struct mmx_log_limit *mmx_core_log_limit(struct mmx_core *core, size_t partition);

/* The guest has notified. */
void mmx_core_kick(struct mmx_core *core, struct mmx_session *session);
/* The guest has gone away. */
void mmx_core_hangup(struct mmx_core *core, struct mmx_session *session);
/* An interrupt's descriptor is readable. */
void mmx_core_irq(struct mmx_core *core, enum mmx_irq irq);

/*
 * While this is on, somebody calls mmx_core_round() again and again: guests that have had something to say are looked
 * at in each, and need not notify. Return: a round is due before anybody sleeps.
 */
bool mmx_core_set_polling(struct mmx_core *core, bool on);
/* Counts what has come from outside; for who decides whether polling is worth it. */
uint64_t mmx_core_work(const struct mmx_core *core);

/*
 * One round: timers that are due, messages (a bounded number per guest), decisions, notifications. Return: true if
 * there is more to do at once.
 */
bool mmx_core_round(struct mmx_core *core);

/* For the control socket. Return: a new object, or NULL without memory. */
struct json_object *mmx_core_status(struct mmx_core *core);
struct json_object *mmx_core_guests(struct mmx_core *core);

enum mmx_core_census {
	MMX_CORE_GROUPS,
	MMX_CORE_VMS,
};
/**
 * mmx_core_census() - one page of what the guest of a partition has
 * @from: 0, or "next" of the page before
 * Return: 0: the page is the caller's; CORE_E_UNKNOWN; -ENOMEM.
 */
int mmx_core_census(struct mmx_core *core, enum mmx_core_census what, const char *partition,
		    uint32_t from, struct json_object **ret_page);

#endif
