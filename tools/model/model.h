/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * malimux-model: a register-level software Mali CSF GPU.
 *
 * This is the whole public face of the model. malimux-model serves it over vfio-user from a process
 * of its own; tests link it with a virtual clock. The model shares nothing with the backend, not even
 * a register header: a wrong constant must not be able to agree with itself.
 *
 * Threads: none. All calls on one model come from one thread. No call blocks, and none takes long:
 * command streams run in slices from mmx_model_run().
 */
#ifndef TOOLS_MODEL_MODEL_H
#define TOOLS_MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mmx_model;

/* Bytes of the register window (BAR 0), as RK3588's device tree gives it. */
#define MMX_MODEL_MMIO_SIZE 0x200000u

/* The three interrupt lines of a Mali CSF GPU. */
enum mmx_model_irq {
	MMX_MODEL_IRQ_JOB,
	MMX_MODEL_IRQ_MMU,
	MMX_MODEL_IRQ_GPU,
	MMX_MODEL_IRQ_COUNT,
};

enum mmx_model_log {
	/* the driver did what hardware would punish: unmapped DMA, bad boot, findings */
	MMX_MODEL_LOG_ERROR,
	MMX_MODEL_LOG_INFO,
	MMX_MODEL_LOG_DEBUG,
};

/* A thing that a block of the GPU does. Texts are static. */
struct mmx_model_span {
	const char *block; /* "AS", "core", "stream", ... */
	unsigned int index; /* which of them */
	const char *name;
	uint64_t start_ns;
	uint64_t ns; /* what it takes, as far as is known at its start; 0 = no time */
};

/* What the model asks of its surroundings. All members are mandatory but those that say otherwise. */
struct mmx_model_ops {
	/* Monotonic time in ns. Called often; may not go backwards. */
	uint64_t (*now_ns)(void *ctx);

	/*
	 * The pending bits (RAWSTAT & MASK) of a line changed; @pending is the new value, 0 = line
	 * low. Level semantics are pending != 0; an edge (MSI) is due when a bit that was not set
	 * before is set now.
	 */
	void (*irq)(void *ctx, enum mmx_model_irq line, uint32_t pending);

	/*
	 * CPU address of device addresses [addr, addr + len), or NULL if they are not mapped for DMA,
	 * not writable though @write is set, or not contiguous in this process. Valid until the
	 * caller's surroundings unmap it, which only happens between calls into the model.
	 */
	void *(*dma_ptr)(void *ctx, uint64_t addr, size_t len, bool write);

	/*
	 * Memory that has no pointer here (vfio-user memory without a descriptor). May be NULL.
	 * Return: 0, or -EFAULT.
	 */
	int (*dma_read)(void *ctx, uint64_t addr, void *buf, size_t len);
	int (*dma_write)(void *ctx, uint64_t addr, const void *buf, size_t len);

	/* One line of text without newline. May be NULL. */
	void (*log)(void *ctx, enum mmx_model_log level, const char *text);

	/* For a trace, in the order in which things begin. May be NULL. */
	void (*span)(void *ctx, const struct mmx_model_span *span);
};

struct mmx_model_config {
	const char *product; /* name of a row of the product table, such as "g610"; NULL = "g610" */
	bool coherent; /* COHERENCY_FEATURES announces ACE-Lite */
	/* which the firmware offers: major[31:24] minor[23:16] patch[15:0]; 0 = what the product's does */
	uint32_t interface_version;
};

/**
 * mmx_model_create() - makes a GPU that has just been powered: registers at their reset values
 * @config: may be NULL for all defaults
 * @ops: not copied, must outlive the model
 * @ctx: handed to each of @ops
 * @ret_model: written on success only
 *
 * Return: 0; -EINVAL for an unknown product; -ENOMEM.
 */
int mmx_model_create(const struct mmx_model_config *config, const struct mmx_model_ops *ops,
		     void *ctx, struct mmx_model **ret_model);

/* NULL is fine. */
void mmx_model_destroy(struct mmx_model *model);

/* Power-on reset: everything as after mmx_model_create(); interrupt lines go low. */
void mmx_model_power_on_reset(struct mmx_model *model);

/*
 * Register access; @offset is a byte offset in the window. 32-bit accesses must be aligned to 4 and
 * 64-bit ones to 8; unaligned ones and those beyond the window read 0, are ignored on write, and are
 * logged. A 64-bit access to two 32-bit registers is two accesses, low word first.
 */
uint32_t mmx_model_read32(struct mmx_model *model, uint32_t offset);
uint64_t mmx_model_read64(struct mmx_model *model, uint32_t offset);
void mmx_model_write32(struct mmx_model *model, uint32_t offset, uint32_t value);
void mmx_model_write64(struct mmx_model *model, uint32_t offset, uint64_t value);

/**
 * mmx_model_run() - does what is due by now: ends of jobs and of hardware operations, and at most one
 * slice of each runnable command stream
 *
 * Return: the absolute time in ns at which it wants to be called again: now or the past = at once
 * (command streams are runnable), UINT64_MAX = not before the next register write.
 */
uint64_t mmx_model_run(struct mmx_model *model);

/*
 * The surroundings have taken these device addresses away from the GPU: dma_ptr() and the like refuse
 * them from now on. A driver must have seen to it before that no TLB and no dirty cache line knows them.
 */
void mmx_model_dma_unmapped(struct mmx_model *model, uint64_t addr, uint64_t len);

/* What the model has found a driver to do wrong. docs/model.md says when exactly. */
enum mmx_model_finding {
	MMX_MODEL_FIND_TLB, /* a translation was used that maintenance should have dropped */
	MMX_MODEL_FIND_TABLE, /* a walk faulted on a stale cache line of a table */
	MMX_MODEL_FIND_DIRTY, /* written memory was unmapped, freed or unpowered before a clean */
	MMX_MODEL_FIND_DATA, /* memory was read from a stale cache line */
	MMX_MODEL_FIND_UNMAPPED, /* an access to a page after it was unmapped */
	MMX_MODEL_FIND_FREED, /* memory was freed that the GPU's tables or TLBs still reach */
	MMX_MODEL_FINDINGS,
};

/* Each (kind, address space, page) counts once, as in the log. */
struct mmx_model_report {
	uint64_t driver[MMX_MODEL_FINDINGS]; /* the driver's mistakes */
	uint64_t jobs[MMX_MODEL_FINDINGS]; /* what jobs may do to their own memory */
};

/* Since creation; resets do not clear it. Valid as long as the model. */
const struct mmx_model_report *mmx_model_report(const struct mmx_model *model);

/*
 * Makes something go wrong, or tells what was found: see inject.c. @line has no newline, nor has @reply.
 */
#define MMX_MODEL_REPLY_MAX 256u
void mmx_model_command(struct mmx_model *model, const char *line, char *reply, size_t size);

/* Also wanted by mmx_model_run()'s caller after a register write: the same value without running. */
uint64_t mmx_model_next_ns(const struct mmx_model *model);

#endif
