/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What things cost in time. Values are round numbers of the right order for a G610 at 1 GHz, taken from
 * public traces where there are some and guessed where there are none; nothing may rely on their exact
 * value. Tests use these names, not the numbers.
 */
#ifndef TOOLS_MODEL_COST_H
#define TOOLS_MODEL_COST_H

/*
 * The device and its firmware, in ns.
 *
 * | name                       | from                             | to                             |
 * |----------------------------|----------------------------------|--------------------------------|
 * | (register access)          | costs nothing beyond the bus     |                                |
 * | MDL_COST_L2_POWER_NS       | L2 PWRON/PWROFF                  | READY changed                  |
 * | MDL_COST_CORE_POWER_NS     | shader/tiler PWRON/PWROFF        | READY changed                  |
 * | MDL_COST_RESET_NS          | GPU_CMD reset                    | RESET_COMPLETED                |
 * | MDL_COST_PWR_COMMAND_NS    | PWR_COMMAND DELEGATE, RETRACT .. | effect, its interrupt          |
 * | MDL_COST_FLUSH_NS          | GPU_CMD flush                    | CLEAN_CACHES_COMPLETED         |
 * | MDL_COST_CLEAN_LINE_NS     | added to a flush for each dirty line of the L2 at its start       |
 * | MDL_COST_AS_COMMAND_NS     | AS_COMMAND NOP, UPDATE, (UN)LOCK | effect, AS_ACTIVE falls        |
 * | MDL_COST_AS_FLUSH_NS       | AS_COMMAND FLUSH_PT, FLUSH_MEM   | AS_ACTIVE falls                |
 * | MDL_COST_MCU_BOOT_NS       | MCU_CONTROL enable               | first JOB_INT.GLB, or fatal    |
 * | MDL_COST_FW_REQUEST_NS     | doorbell 0                       | requests read and answered     |
 * | MDL_COST_FW_EVENT_NS       | a stream reports something       | ACK toggled, JOB_INT           |
 * | MDL_COST_FW_GROUP_NS       | group state request read         | state acknowledged             |
 * | MDL_COST_FW_STREAM_NS      | added to it for each stream      |                                |
 * | MDL_COST_FW_QUIET_POLL_NS  | a suspending group is not quiet  | firmware looks again           |
 */
#define MDL_COST_L2_POWER_NS	  20000
#define MDL_COST_CORE_POWER_NS	  10000
#define MDL_COST_RESET_NS	  300000
#define MDL_COST_PWR_COMMAND_NS	  2000
#define MDL_COST_FLUSH_NS	  20000
#define MDL_COST_CLEAN_LINE_NS	  6
#define MDL_COST_AS_COMMAND_NS	  500
#define MDL_COST_AS_FLUSH_NS	  10000
#define MDL_COST_MCU_BOOT_NS	  500000
#define MDL_COST_FW_REQUEST_NS	  2000
#define MDL_COST_FW_EVENT_NS	  1000
#define MDL_COST_FW_GROUP_NS	  3000
#define MDL_COST_FW_STREAM_NS	  1000
#define MDL_COST_FW_QUIET_POLL_NS 10000

/*
 * The checks of drivers: a driver may take so long from a change of its tables to the maintenance, while
 * jobs go on using what was there. Ten times what upstream allows an address space command to take.
 */
#define MDL_CHECK_GRACE_NS 1000000000u
/* Injected faults that last "for ever": 18 minutes, so that no sum overflows. */
#define MDL_INJECT_FOREVER_NS (1ull << 40)
/* Time between two looks at all translations of all TLBs. */
#define MDL_CHECK_LOOK_NS 1000000u

/*
 * Command streams and endpoints. A cycle is a nanosecond.
 */
/* Command streams: bounds of a slice. */
#define MDL_SLICE_INSTRUCTIONS 1024u
#define MDL_SLICE_NS	       20000u
/* A sync object is written at most this long before the time of its instruction. */
#define MDL_SLICE_EARLY_NS 1000u
/* A slice or a job that starts late (the host was busy) makes up for at most this much. */
#define MDL_CATCH_UP_NS 100000u
/* Bytes of stream read at once: as far as a slice may be behind stores to its own code. */
#define MDL_CS_PREFETCH 512u

/* Cycles of an instruction. */
#define MDL_COST_SIMPLE	       4u /* moves, arithmetic, BRANCH, SET_*, and all that have no line here */
#define MDL_COST_CALL	       16u /* CALL, JUMP */
#define MDL_COST_MEMORY	       8u /* issue of LOAD_ and STORE_MULTIPLE, and for each register: */
#define MDL_COST_WORD	       2u
#define MDL_COST_LOAD_LATENCY  200u /* until the load/store scoreboard entry is released */
#define MDL_COST_STORE_LATENCY 100u
#define MDL_COST_SYNC	       64u /* SYNC_*, STORE_STATE: a round trip to the L2 */
#define MDL_COST_RUN	       64u /* RUN_*: hand a job to its endpoints */

/* Cycles of what happens beside the stream; the parts of a flush overlap. */
#define MDL_COST_FLUSH_L2	 1000u
#define MDL_COST_FLUSH_LSC	 400u
#define MDL_COST_FLUSH_OTHER	 200u
#define MDL_COST_FLUSH_SKIPPED	 20u /* a later flush than the job's flush id happened */
#define MDL_COST_FINISH_TILING	 500u
#define MDL_COST_FINISH_FRAGMENT 50u

/* Tiler heaps: bytes that a draw takes, and the cycles of going on in another chunk. */
#define MDL_HEAP_JOB	      64u /* IDVS, RUN_TILING: any */
#define MDL_HEAP_VERTEX	      32u /* for each vertex of each instance */
#define MDL_HEAP_VERTICES_MAX (1ull << 35) /* counted; a terabyte, more than any heap has */
#define MDL_HEAP_CHUNK_HEADER 64u /* of each chunk: {u64 next, 14 words of 0} */
#define MDL_COST_HEAP_CHUNK   200u

/* Jobs: cycles on one core. */
#define MDL_COST_JOB	    1000u /* any */
#define MDL_COST_TASK	    200u /* compute: for each task */
#define MDL_COST_WARP	    64u /* compute: for each 16 threads of a workgroup */
#define MDL_WARP_THREADS    16u
#define MDL_COST_VERTEX	    8u /* IDVS: shading and binning of a vertex */
#define MDL_COST_BIN	    4u /* RUN_TILING: binning of a vertex */
#define MDL_COST_FULLSCREEN 200u /* RUN_FULLSCREEN */
#define MDL_COST_TILE	    512u /* fragment: for each tile of 16 x 16 pixels */
#define MDL_TILE_SHIFT	    4u
#define MDL_COST_MAX	    (1ull << 40) /* 18 minutes on one core: no sum overflows */

/* Endpoints: a job is cut into pieces of this time; then others get their turn. */
#define MDL_PIECE_NS 100000u

#endif
