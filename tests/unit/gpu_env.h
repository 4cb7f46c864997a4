/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A GPU for unit tests of backend/gpu/: the model in this process behind a device that can be told to drop
 * writes and interrupts and to lie, a virtual clock, and an owner that counts what it is told.
 */
#ifndef TESTS_UNIT_GPU_ENV_H
#define TESTS_UNIT_GPU_ENV_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/gpu/gpu_priv.h"
#include "backend/gpu/vm_priv.h"

#define GPU_ENV_MAX_RULES  4u
#define GPU_ENV_MAX_WRITES 4096u

/* What the device does to an access of that register. */
struct gpu_env_rule {
	uint32_t offset;
	unsigned int left; /* times that it still applies; UINT_MAX = always */
	bool drop_write; /* else a read returns value */
	uint32_t value;
};

struct gpu_env_write {
	uint32_t offset;
	uint64_t value;
};

struct gpu_env {
	struct mmx_device dev; /* first */
	struct mmx_device *inner;
	struct mmx_model *model;
	uint64_t now_ns;
	uint64_t read_ns; /* that a read of a register takes: if any, the device waits for a core */
	struct mmx_timers timers;
	struct mmx_fw_image *image;
	struct mmx_gpu *gpu;

	struct gpu_env_rule rules[GPU_ENV_MAX_RULES];
	unsigned int drop_irqs[MMX_IRQ_COUNT]; /* next ones that are lost; UINT_MAX = all */
	struct gpu_env_write writes[GPU_ENV_MAX_WRITES];
	unsigned int write_count;
	size_t synced; /* bytes that were made visible to the device */

	/* what the owner was told */
	unsigned int ready, resets, failed, vm_faults;
	bool proven; /* of the last reset */
	struct mmx_group *accused_group; /* last */
	struct mmx_vm *accused_vm;
	uint64_t ready_ns; /* when it was told so last */
	const char *why; /* of the last reset or failure */
	struct mmx_vm *fault_vm;
	struct mmx_vm_fault fault;
	void (*on_reset)(struct gpu_env *env); /* may be NULL */
};

/* cmocka fixtures: *state is a struct gpu_env with a device and an image; the GPU is created by the second one, and
 * brought up by the third. */
int gpu_env_setup_device(void **state);
int gpu_env_setup(void **state);
int gpu_env_setup_ready(void **state);
int gpu_env_teardown(void **state);

int gpu_env_create_gpu(struct gpu_env *env);

/* Lets time pass. */
void gpu_env_run(struct gpu_env *env, uint64_t ns);
/* Until the state is reached. Return: false if it is not within @ns. */
bool gpu_env_run_until(struct gpu_env *env, enum mmx_boot_state state, uint64_t ns);
/* Everything that is due now, without letting time pass. */
void gpu_env_poll(struct gpu_env *env);

void gpu_env_drop_writes(struct gpu_env *env, uint32_t offset, unsigned int times);
void gpu_env_lie(struct gpu_env *env, uint32_t offset, uint32_t value, unsigned int times);
void gpu_env_honest(struct gpu_env *env);

/* Writes to the register that reached the device since the last call of gpu_env_forget_writes(). */
unsigned int gpu_env_count_writes(const struct gpu_env *env, uint32_t offset);
/* The value of the last of them; fails if there is none. */
uint64_t gpu_env_last_write(const struct gpu_env *env, uint32_t offset);
void gpu_env_forget_writes(struct gpu_env *env);

size_t gpu_env_dma_bytes(const struct gpu_env *env);
/* Whether the model's own walker finds a page there. */
bool gpu_env_reaches(const struct gpu_env *env, unsigned int as, uint64_t va);

/* What waits for an address space, and how often that was told. */
struct gpu_env_wait {
	struct mmx_as_wait wait;
	unsigned int done;
};

struct gpu_env_op {
	struct mmx_vm_op op;
	unsigned int done;
};

void gpu_env_wait_done(struct mmx_as_wait *wait);
void gpu_env_op_done(struct mmx_vm_op *op);

#define GPU_ENV_WAIT                           \
	{                                      \
		.wait.done = gpu_env_wait_done \
	}
#define GPU_ENV_OP                         \
	{                                  \
		.op.done = gpu_env_op_done \
	}

#endif
