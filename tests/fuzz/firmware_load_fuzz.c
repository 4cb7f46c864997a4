// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Any bytes as a firmware image, all the way: parsed, loaded through AS0 of the modelled GPU and booted. It ends in an
 * error, in a GPU that has given up, or in one that is ready; and whatever was loaded is what the image says, where it
 * says, and no more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "backend/gpu/fw.h"
#include "backend/gpu/vm_priv.h"
#include "backend/util/log.h"
#include "firmware/image.h"
#include "tests/unit/gpu_env.h"

/* assert() that stays when NDEBUG is set */
#define REQUIRE(condition)                                                              \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

/* Three boots at the longest, each of a reset, a power-up, a boot and a configuration with their deadlines. */
#define BOOT_NS (10 * MMX_NS_PER_S)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the section's pages are mapped to, and with which rights. */
static void check_mapping(const struct gpu_env *env, unsigned int index)
{
	const struct mmx_fw_section *section = &env->image->sections[index];
	const struct mmx_dma_buf *buf = &env->gpu->fw.sections[index];
	uint32_t offset;

	for (offset = 0; offset < mmx_fw_section_size(section); offset += 4096) {
		unsigned int prot = 0;
		uint64_t addr = 0;
		bool mapped = mmx_pgtable_lookup(
			env->gpu->fw.vm->pt, (uint64_t)section->va_start + offset, &addr, &prot);

		REQUIRE(mapped == !mmx_fw_section_protected(section));
		if (!mapped)
			continue;
		REQUIRE(addr == mmx_dma_buf_addr(buf, offset));
		REQUIRE(!(prot & MMX_PROT_WRITE) == !mmx_fw_section_writable(section));
		REQUIRE(!(prot & MMX_PROT_EXEC) == !mmx_fw_section_executable(section));
	}
}

/* What was loaded is what the image says. */
static void check_contents(const struct gpu_env *env, unsigned int index)
{
	const struct mmx_fw_section *section = &env->image->sections[index];
	const uint8_t *bytes = env->gpu->fw.sections[index].cpu;
	uint32_t i;

	if (mmx_fw_section_protected(section))
		return;
	REQUIRE(!section->data_size || !memcmp(bytes, section->data, section->data_size));
	for (i = section->data_size; i < mmx_fw_section_size(section); i++)
		REQUIRE(!bytes[i]);
}

static void load(struct gpu_env *env)
{
	unsigned int i;

	mmx_gpu_start(env->gpu);
	/* all is loaded, nothing has run: from then on firmware writes what is writable, as its interface tells it */
	if (gpu_env_run_until(env, MMX_BOOT_BOOTING, BOOT_NS))
		for (i = 0; i < env->image->section_count; i++)
			check_contents(env, i);
	if (!gpu_env_run_until(env, MMX_BOOT_READY, BOOT_NS)) {
		REQUIRE(env->gpu->boot.state == MMX_BOOT_FAILED);
		REQUIRE(env->failed == 1 && !env->ready);
	} else {
		REQUIRE(env->ready == 1);
		REQUIRE(env->gpu->info.slots && env->gpu->info.slots <= MMX_GPU_MAX_SLOTS);
		REQUIRE(env->gpu->info.streams && env->gpu->info.streams <= MMX_GPU_MAX_QUEUES);
	}
	for (i = 0; i < env->image->section_count; i++) {
		check_mapping(env, i);
		if (!mmx_fw_section_writable(&env->image->sections[i]))
			check_contents(env, i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mmx_fw_image *image;
	struct gpu_env *env;
	void *state;

	mmx_log_configure("all+error", &(const char *){ NULL });
	if (mmx_fw_image_parse(data, size, &image, NULL))
		return 0;
	gpu_env_setup_device(&state);
	env = state;
	mmx_fw_image_destroy(env->image);
	env->image = image;
	if (!gpu_env_create_gpu(env))
		load(env);
	gpu_env_teardown(&state);
	return 0;
}
