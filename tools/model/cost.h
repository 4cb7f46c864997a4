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
 * | MDL_COST_FLUSH_NS          | GPU_CMD flush                    | CLEAN_CACHES_COMPLETED         |
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
#define MDL_COST_FLUSH_NS	  20000
#define MDL_COST_AS_COMMAND_NS	  500
#define MDL_COST_AS_FLUSH_NS	  10000
#define MDL_COST_MCU_BOOT_NS	  500000
#define MDL_COST_FW_REQUEST_NS	  2000
#define MDL_COST_FW_EVENT_NS	  1000
#define MDL_COST_FW_GROUP_NS	  3000
#define MDL_COST_FW_STREAM_NS	  1000
#define MDL_COST_FW_QUIET_POLL_NS 10000

#endif
