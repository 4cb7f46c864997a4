/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The configuration file (libconfig). Read once at start, checked as a whole; every mistake is told with file,
 * line and name. Unknown names are mistakes.
 *
 *	device = { socket = "/run/malimux/gpu.sock"; timeout_ms = 5000; };
 *	firmware = { image = "/lib/firmware/arm/mali/arch10.8/mali_csffw.bin"; allow_unsigned = true; };
 *	control = { socket = "/run/malimux/control.sock"; mode = "0600"; };
 *	log = "all+info";
 *	scheduler = { tick_us = 10000; idle_power_off_ms = 50; };
 *	partition = (
 *		{ name = "cluster"; socket = "/run/malimux/cluster.sock"; mode = "0660"; uid = 1000;
 *		  weight = 2; slots_max = 4; shader_cores = 0x50005; sched_priority = "high";
 *		  memory = "256M"; max_clients = 16; },
 *		{ name = "ivi"; socket = "/run/malimux/ivi.sock"; transport = "ivshmem";
 *		  guest_ram = { file = "/dev/shm/ivi"; memory = "512M";
 *				pieces = ( { guest = "1G"; size = "4G"; } ); }; }
 *	);
 *
 * malimuxd.conf(5) lists every name with its default; docs/limits.md says why.
 */
#ifndef BACKEND_CORE_CONFIG_H
#define BACKEND_CORE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "backend/session/session.h"

#define MMX_CONFIG_MAX_PARTITIONS 256u
#define MMX_CONFIG_POLL_AUTO	  UINT32_MAX /* as the machine has cores */
#define MMX_CONFIG_MAX_RESETS	  16u
#define MMX_PARTITION_NAME_MAX	  31u /* letters, digits, - and _ */

#define MMX_RAM_PID "%p" /* in the file's name: the guest's process */

/* Part of the guest's memory. */
struct mmx_ram_piece {
	uint64_t guest; /* where the guest has it */
	uint64_t size;
	uint64_t offset; /* in the file */
};

/* The guest's own memory, for what its driver registers beside the region. */
struct mmx_ram_config {
	char *file; /* NULL = none */
	uint64_t mem_bytes; /* that may be registered at a time, in addition to the region's */
	unsigned int piece_count;
	struct mmx_ram_piece
		pieces[MMX_MAX_SPACES]; /* neither in the guest nor in the file do they overlap */
};

struct mmx_partition_config {
	char *name;
	char *socket;
	mode_t mode; /* of the socket file */
	bool check_uid;
	uid_t uid; /* that the peer must have */
	const struct mmx_transport *transport;
	struct mmx_ram_config ram;
	uint32_t weight; /* 1..1000 */
	unsigned int slots_max; /* 0 = all */
	struct mmx_session_limits limits; /* shader_cores 0 = all; slots is filled in by core */
	uint32_t ring_slots; /* of both rings */
	uint32_t job_timeout_ms; /* 0 = none */
	uint32_t resets_max; /* 0..MMX_CONFIG_MAX_RESETS; core_priv.h: MMX_RESETS_WINDOW_NS */
};

struct mmx_config {
	char *device_socket;
	int device_timeout_ms;
	uint32_t device_patience;
	char *firmware_image;
	bool allow_unsigned;
	char *control_socket; /* NULL = none */
	mode_t control_mode;
	char *log; /* NULL = default */
	uint32_t tick_us; /* of the scheduler */
	uint32_t
		poll_us; /* that the loop looks for more before it sleeps; or MMX_CONFIG_POLL_AUTO */
	uint32_t idle_power_off_ms; /* 0 = never */
	size_t partition_count;
	struct mmx_partition_config *partitions;
};

struct mmx_config_error {
	char text[256]; /* "FILE:LINE: what is wrong" */
};

/* Positive outcome: the configuration is refused; error says why. */
enum {
	CONFIG_E_INVALID = 1,
};

/* Return: 0; CONFIG_E_INVALID; -ENOMEM. Free with mmx_config_destroy(). */
int mmx_config_read_file(const char *path, struct mmx_config **ret_config,
			 struct mmx_config_error *ret_error);
/* @file: what messages call it */
int mmx_config_read_text(const char *text, const char *file, struct mmx_config **ret_config,
			 struct mmx_config_error *ret_error);
int mmx_config_read_string(const char *text, struct mmx_config **ret_config,
			   struct mmx_config_error *ret_error);
/* NULL is fine. */
void mmx_config_destroy(struct mmx_config *config);

#endif
