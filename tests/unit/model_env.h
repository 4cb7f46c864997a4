/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A small machine around the GPU model for unit tests: virtual clock, flat memory for DMA, page tables,
 * and a driver in a few lines that boots the MCU and runs groups. Register and interface offsets are
 * transcribed here a second time, from the public driver, not taken from the model.
 *
 * What cannot go wrong in a right test ends it with cmocka's fail_msg().
 */
#ifndef TESTS_UNIT_MODEL_ENV_H
#define TESTS_UNIT_MODEL_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/model.h"

#define MENV_MEM_BASE \
	UINT64_C(0x200000000) /* above 4 GiB: truncated addresses do not go unnoticed */
#define MENV_MEM_SIZE (32u << 20)
#define MENV_PAGE     4096u
#define MENV_GROUPS   8u
#define MENV_STREAMS  8u
#define MENV_AS_COUNT 16u
#define MENV_SPANS    64u

/* of a mapping */
#define MENV_R	      1u
#define MENV_W	      2u
#define MENV_X	      4u
#define MENV_UNCACHED 8u
#define MENV_RW	      (MENV_R | MENV_W)

/* the firmware interface: offsets within the shared section, and within its blocks */
#define MENV_SHARED_VA	   0x04000000u
#define MENV_SHARED_SIZE   0x40000u
#define MENV_GROUP_STRIDE  0xa0u
#define MENV_STREAM_STRIDE 0x0cu

enum menv_glb_in {
	GLB_IN_REQ = 0x0,
	GLB_IN_ACK_IRQ_MASK = 0x4,
	GLB_IN_DOORBELL_REQ = 0x8,
	GLB_IN_PROGRESS_TIMER = 0x10,
	GLB_IN_POWEROFF_TIMER = 0x14,
	GLB_IN_CORE_EN_MASK = 0x18,
	GLB_IN_IDLE_TIMER = 0x80,
};

enum menv_glb_out {
	GLB_OUT_ACK = 0x0,
	GLB_OUT_DOORBELL_ACK = 0x8,
	GLB_OUT_HALT_STATUS = 0x10,
};

enum menv_csg_in {
	CSG_IN_REQ = 0x0,
	CSG_IN_ACK_IRQ_MASK = 0x4,
	CSG_IN_DOORBELL_REQ = 0x8,
	CSG_IN_CS_IRQ_ACK = 0xc,
	CSG_IN_ALLOW_COMPUTE = 0x20,
	CSG_IN_ALLOW_FRAGMENT = 0x28,
	CSG_IN_ALLOW_OTHER = 0x30,
	CSG_IN_ENDPOINT_REQ = 0x34,
	CSG_IN_ENDPOINT_REQ2 = 0x38,
	CSG_IN_SUSPEND_BUF = 0x40,
	CSG_IN_PROTM_SUSPEND_BUF = 0x48,
	CSG_IN_CONFIG = 0x50,
};

enum menv_csg_out {
	CSG_OUT_ACK = 0x0,
	CSG_OUT_DOORBELL_ACK = 0x8,
	CSG_OUT_CS_IRQ_REQ = 0xc,
	CSG_OUT_ENDPOINT_CURRENT = 0x10,
	CSG_OUT_ENDPOINT_REQ = 0x14,
	CSG_OUT_STATE = 0x18,
};

enum menv_cs_in {
	CS_IN_REQ = 0x0,
	CS_IN_CONFIG = 0x4,
	CS_IN_ACK_IRQ_MASK = 0xc,
	CS_IN_RING_BASE = 0x10,
	CS_IN_RING_SIZE = 0x18,
	CS_IN_HEAP_START = 0x20,
	CS_IN_HEAP_END = 0x28,
	CS_IN_RING_INPUT = 0x30,
	CS_IN_RING_OUTPUT = 0x38,
};

enum menv_cs_out {
	CS_OUT_ACK = 0x0,
	CS_OUT_CMD_PTR = 0x40,
	CS_OUT_WAIT = 0x48,
	CS_OUT_REQ_RESOURCE = 0x4c,
	CS_OUT_WAIT_SYNC_PTR = 0x50,
	CS_OUT_WAIT_SYNC_VALUE = 0x58,
	CS_OUT_SCOREBOARDS = 0x5c,
	CS_OUT_BLOCKED_REASON = 0x60,
	CS_OUT_FAULT = 0x80,
	CS_OUT_FATAL = 0x84,
	CS_OUT_FAULT_INFO = 0x88,
	CS_OUT_FATAL_INFO = 0x90,
	CS_OUT_HEAP_VT_START = 0xc0,
	CS_OUT_HEAP_VT_END = 0xc4,
	CS_OUT_HEAP_FRAG_END = 0xcc,
	CS_OUT_HEAP_ADDRESS = 0xd0,
};

/* states of CSG_REQ */
enum menv_csg_state {
	MENV_CSG_TERMINATE = 0,
	MENV_CSG_START = 1,
	MENV_CSG_SUSPEND = 2,
	MENV_CSG_RESUME = 3,
};

/* A queue: where its ring and its input/output pages are, for both sides. */
struct menv_queue {
	uint64_t ring_va; /* in the group's address space; 0 = not set up */
	uint64_t ring_pa;
	uint32_t ring_size;
	uint32_t io_va; /* in AS 0: input page, then output page */
	uint64_t io_pa;
	uint64_t insert;
};

/* A group's memory; it may be programmed into any slot. */
struct menv_group {
	unsigned int as;
	unsigned int stream_count;
	struct menv_queue queues[MENV_STREAMS];
	uint32_t suspend_va; /* in AS 0 */
	uint64_t suspend_pa;
};

struct menv {
	struct mmx_model *m;
	uint64_t now_ns;
	uint8_t *mem;
	uint64_t next_pa;
	uint64_t roots[MENV_AS_COUNT];
	uint32_t next_mcu_va;

	/* what the model told us */
	uint32_t pending[MMX_MODEL_IRQ_COUNT];
	unsigned int irq_calls[MMX_MODEL_IRQ_COUNT];
	unsigned int errors; /* lines of MMX_MODEL_LOG_ERROR */
	struct mmx_model_span spans[MENV_SPANS]; /* the first of each (block, name) */
	unsigned int span_count;
	char last_error[256];

	/* firmware interface, after menv_boot() */
	uint32_t glb_in, glb_out;
};

/* Machine with a fresh model. @config may be NULL. */
void menv_init(struct menv *e, const struct mmx_model_config *config);
void menv_finish(struct menv *e);

/* Has a block said that it does this? */
bool menv_saw(const struct menv *e, const char *block, const char *name);

/* ---- time ---- */
/* Runs the model until nothing is left to do. Return: false if that takes longer than @limit_ns. */
bool menv_run_quiet(struct menv *e, uint64_t limit_ns);
/* Runs the model for exactly that long. */
void menv_run_for(struct menv *e, uint64_t ns);
/* Runs until (register & mask) == value. Return: false after @limit_ns. */
bool menv_wait_reg(struct menv *e, uint32_t reg, uint32_t mask, uint32_t value, uint64_t limit_ns);
/* Runs until (32-bit word at MCU address & mask) == value. Return: false after @limit_ns. */
bool menv_wait_word(struct menv *e, uint32_t mcu_va, uint32_t mask, uint32_t value,
		    uint64_t limit_ns);

/* ---- registers ---- */
uint32_t menv_rd(struct menv *e, uint32_t reg);
uint64_t menv_rd64(struct menv *e, uint32_t reg);
void menv_wr(struct menv *e, uint32_t reg, uint32_t value);
void menv_wr64(struct menv *e, uint32_t reg, uint64_t value);
void menv_doorbell(struct menv *e, unsigned int index);

/* ---- memory ---- */
/* Contiguous zeroed pages. Return: device address. */
uint64_t menv_pages(struct menv *e, unsigned int count);
/* CPU address of a device address. */
void *menv_ptr(struct menv *e, uint64_t pa);

/* ---- address spaces ---- */
/* New tables, 48 bits, programmed into the registers of @as and made effective. */
void menv_as_create(struct menv *e, unsigned int as);
/* Flushes all of @as as the upstream driver does: LOCK, FLUSH_MEM (which unlocks). */
void menv_as_flush(struct menv *e, unsigned int as);
/* One command of @as, to its end. */
void menv_as_command(struct menv *e, unsigned int as, uint32_t command);
/* Flushes, programs @as with any configuration, and waits for the UPDATE to end. */
void menv_as_program(struct menv *e, unsigned int as, uint64_t transtab, uint64_t memattr,
		     uint64_t transcfg);
/* Maps pages, and flushes as the upstream driver does; @len is rounded up. */
void menv_map(struct menv *e, unsigned int as, uint64_t va, uint64_t pa, uint64_t len,
	      unsigned int flags);
/* The same with fresh pages. Return: their device address. */
uint64_t menv_map_new(struct menv *e, unsigned int as, uint64_t va, uint64_t len,
		      unsigned int flags);
/* Writes any descriptor at that level (0..3) of the walk of @va, making the tables above it. */
void menv_map_desc(struct menv *e, unsigned int as, uint64_t va, unsigned int level, uint64_t desc);
/* A good page descriptor. */
uint64_t menv_page_desc(uint64_t pa, unsigned int flags);
/* CPU address of an address in an address space of 4 KiB mappings; the word must not cross a page. */
void *menv_va(struct menv *e, unsigned int as, uint64_t va);
uint32_t menv_rd_va(struct menv *e, unsigned int as, uint64_t va);
uint64_t menv_rd64_va(struct menv *e, unsigned int as, uint64_t va);
void menv_wr_va(struct menv *e, unsigned int as, uint64_t va, uint32_t value);
void menv_wr64_va(struct menv *e, unsigned int as, uint64_t va, uint64_t value);

/* ---- firmware ---- */
/* Is power in PWR_CONTROL (architecture 14)? */
bool menv_has_pwr(struct menv *e);
uint64_t menv_shader_present(struct menv *e);
/* Powers the L2, and delegates shader cores and tiler to the MCU if that is to be done. */
void menv_power_on(struct menv *e);
/* Powers the L2, makes AS 0 and in it a minimal firmware (vectors, stack, interface layout). */
void menv_load(struct menv *e);
/* menv_load(), boot, and the driver's first requests (cores enabled, interrupts unmasked). */
void menv_boot(struct menv *e);
/* MCU addresses of a slot's and a stream's input and output blocks. */
uint32_t menv_csg_in(struct menv *e, unsigned int csg);
uint32_t menv_csg_out(struct menv *e, unsigned int csg);
uint32_t menv_cs_in(struct menv *e, unsigned int csg, unsigned int cs);
uint32_t menv_cs_out(struct menv *e, unsigned int csg, unsigned int cs);
/* Words at MCU addresses. */
uint32_t menv_mcu_rd(struct menv *e, uint32_t va);
void menv_mcu_wr(struct menv *e, uint32_t va, uint32_t value);
/* Toggles bits of the global request word and rings doorbell 0. */
void menv_glb_request(struct menv *e, uint32_t bits);
/* Tells the firmware to look at a slot: doorbell_req, doorbell 0. */
void menv_csg_ring(struct menv *e, unsigned int csg);
/* Tells it to look at streams of a slot too. */
void menv_cs_ring(struct menv *e, unsigned int csg, uint32_t streams);

/* ---- groups ---- */
/* Memory for a group of @stream_count queues (4 KiB rings) in @as, whose tables must exist. */
void menv_group_create(struct menv *e, struct menv_group *g, unsigned int as,
		       unsigned int stream_count);
/*
 * Programs the group into a slot (all endpoints, doorbell @csg + 1, all interrupts) and asks for START
 * or RESUME. Return: false if it is not acknowledged within 100 ms.
 */
bool menv_group_start(struct menv *e, struct menv_group *g, unsigned int csg,
		      enum menv_csg_state state);
/* Asks for a state. Return: false if it is not acknowledged within 100 ms. */
bool menv_group_state(struct menv *e, unsigned int csg, enum menv_csg_state state);
/* Appends instructions to the ring and moves insert; no doorbell. */
void menv_queue_write(struct menv *e, struct menv_group *g, unsigned int cs,
		      const uint64_t *instructions, unsigned int count);
uint64_t menv_queue_extract(struct menv *e, struct menv_group *g, unsigned int cs);
/* menv_queue_write() and the slot's doorbell. */
void menv_submit(struct menv *e, struct menv_group *g, unsigned int csg, unsigned int cs,
		 const uint64_t *instructions, unsigned int count);

#endif
