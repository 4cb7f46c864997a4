// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Names of exception codes, those of the public kernel driver. Constants only. */
#include <stddef.h>

#include "backend/gpu/gpu.h"

static const struct {
	uint8_t first, last; /* codes; of a range, its levels */
	const char *name;
} exceptions[] = {
	{ 0x00, 0x00, "OK" },
	{ 0x04, 0x04, "TERMINATED" },
	{ 0x05, 0x05, "KABOOM" },
	{ 0x06, 0x06, "EUREKA" },
	{ 0x08, 0x08, "ACTIVE" },
	{ 0x0f, 0x0f, "CS_RES_TERM" },
	{ 0x40, 0x40, "CS_CONFIG_FAULT" },
	{ 0x41, 0x41, "CS_UNRECOVERABLE" },
	{ 0x44, 0x44, "CS_ENDPOINT_FAULT" },
	{ 0x48, 0x48, "CS_BUS_FAULT" },
	{ 0x49, 0x49, "CS_INSTR_INVALID" },
	{ 0x4a, 0x4a, "CS_CALL_STACK_OVERFLOW" },
	{ 0x4b, 0x4b, "CS_INHERIT_FAULT" },
	{ 0x50, 0x50, "INSTR_INVALID_PC" },
	{ 0x51, 0x51, "INSTR_INVALID_ENC" },
	{ 0x55, 0x55, "INSTR_BARRIER_FAULT" },
	{ 0x58, 0x58, "DATA_INVALID_FAULT" },
	{ 0x59, 0x59, "TILE_RANGE_FAULT" },
	{ 0x5a, 0x5a, "ADDR_RANGE_FAULT" },
	{ 0x5b, 0x5b, "IMPRECISE_FAULT" },
	{ 0x60, 0x60, "OOM" },
	{ 0x68, 0x68, "CSF_FW_INTERNAL_ERROR" },
	{ 0x69, 0x69, "CSF_RES_EVICTION_TIMEOUT" },
	{ 0x80, 0x80, "GPU_BUS_FAULT" },
	{ 0x88, 0x88, "GPU_SHAREABILITY_FAULT" },
	{ 0x89, 0x89, "SYS_SHAREABILITY_FAULT" },
	{ 0x8a, 0x8a, "GPU_CACHEABILITY_FAULT" },
	{ 0xc0, 0xc4, "TRANSLATION_FAULT" },
	{ 0xc8, 0xcb, "PERM_FAULT" },
	{ 0xd9, 0xdb, "ACCESS_FLAG" },
	{ 0xe0, 0xe0, "ADDR_SIZE_FAULT_IN" },
	{ 0xe4, 0xe7, "ADDR_SIZE_FAULT_OUT" },
	{ 0xe8, 0xeb, "MEM_ATTR_FAULT" },
};

const char *mmx_gpu_exception_name(uint32_t exception)
{
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
		if (exception >= exceptions[i].first && exception <= exceptions[i].last)
			return exceptions[i].name;
	}
	return "UNKNOWN";
}
