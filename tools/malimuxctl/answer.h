/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What malimuxd answers on its control socket, taken apart and checked. Members that are unknown here are left
 * alone: a newer daemon may tell more. All else that is not as the daemon's control.h and status.c make it is refused.
 */
#ifndef TOOLS_MALIMUXCTL_ANSWER_H
#define TOOLS_MALIMUXCTL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MMX_CTL_MAX_ANSWER (1u << 20) /* bytes; the daemon keeps to half of it */
#define MMX_CTL_MAX_GUESTS 4096u
#define MMX_CTL_MAX_QUEUES 32u /* of a group */

struct json_object;

enum mmx_ctl_command {
	MMX_CTL_STATUS,
	MMX_CTL_GUESTS,
	MMX_CTL_VERSION,
	MMX_CTL_GROUPS, /* one page */
	MMX_CTL_VMS, /* one page */
	MMX_CTL_COMMANDS
};

/* Texts are UTF-8 without NUL, but for that anything; hex is 0x and up to 16 digits. */
struct mmx_ctl_version {
	const char *version, *protocol;
};

struct mmx_ctl_status {
	const char *state;
	uint64_t uptime_ms, partitions, guests;
	struct {
		bool ready;
		const char *power, *device;
		const char *gpu_id, *shader_present, *as_present; /* hex */
		uint64_t slots, streams, resets, interrupts, vms, groups, heaps, dma_bytes;
		uint64_t power_offs, power_off_ns;
	} gpu;
	struct {
		const char *image, *interface, *build_info;
		bool is_signed;
	} firmware;
};

struct mmx_ctl_guest {
	const char *partition;
	bool connected;
	const char *name; /* NULL = not connected, as pid and uid are 0 then */
	const char *shader_cores; /* hex */
	uint64_t pid, uid;
	uint64_t weight, slots_max, slots, gpu_time_ns, guests;
	uint64_t jobs_done, jobs_failed, faults;
	uint64_t timeouts, resets, lost, quarantine_ms;
	uint64_t clients, vms, heaps, groups, timelines, mems, jobs;
	uint64_t mem_bytes, mem_bytes_max, backend_bytes, heap_bytes, messages, refused;
	uint64_t clients_max, vms_max, groups_max, heaps_max, timelines_max, mems_max;
	uint64_t backend_bytes_max;
};

/* Who has it, of a group or VM. */
struct mmx_ctl_client {
	const char *client; /* hex */
	const char *process;
	uint64_t pid;
};

struct mmx_ctl_queue {
	const char *timeline; /* hex */
	uint64_t submitted, completed, failed;
};

struct mmx_ctl_group {
	const char *group, *vm; /* hex */
	const char *label;
	struct mmx_ctl_client client;
	const char *priority, *state;
	bool in_slot;
	uint64_t slot, gpu_time_ns, backend_bytes;
	size_t queue_count;
	struct mmx_ctl_queue queues[MMX_CTL_MAX_QUEUES];
};

struct mmx_ctl_vm {
	const char *vm; /* hex */
	const char *label;
	struct mmx_ctl_client client;
	uint64_t mappings, mappings_max, table_bytes, users;
	bool resident;
};

/* One page of groups or VMs. */
struct mmx_ctl_page {
	const char *partition;
	uint64_t next; /* where the next page begins; 0 = this is the last */
	size_t count;
	struct mmx_ctl_group *groups; /* of GROUPS */
	struct mmx_ctl_vm *vms; /* of VMS */
};

struct mmx_ctl_answer {
	enum mmx_ctl_command command;
	struct json_object *root; /* owns all texts */
	struct json_object *payload; /* in root; of VERSION: root itself, without "ok" */
	struct mmx_ctl_version version;
	struct mmx_ctl_status status;
	size_t guest_count;
	struct mmx_ctl_guest *guests;
	struct mmx_ctl_page page;
};

struct mmx_ctl_error {
	char text[160]; /* not to be shown without escaping */
};

/* Positive outcomes; the error says more. */
enum {
	CTL_E_REFUSED = 1, /* the daemon has answered with an error */
	CTL_E_MALFORMED, /* that is no answer */
};

/**
 * mmx_ctl_answer_parse() - one line of the daemon's, without its newline
 * @ret_answer: give it back with mmx_ctl_answer_finish()
 * Return: 0; CTL_E_*; -ENOMEM.
 */
int mmx_ctl_answer_parse(enum mmx_ctl_command command, const char *line, size_t len,
			 struct mmx_ctl_answer *ret_answer, struct mmx_ctl_error *ret_error);
void mmx_ctl_answer_finish(struct mmx_ctl_answer *answer);

#endif
