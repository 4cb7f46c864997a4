// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What is done with firmware that runs, on the model: its sections, its interface and one that talks nonsense,
 * windows for groups, the ping, the look behind each of its interrupts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "firmware/image.h"
#include "tests/unit/gpu_env.h"
#include "tools/model/mmu.h"

#define R_DOORBELL0 0x80000 /* its page in the window */

/* ---- sections ---- */

static void test_sections_loaded_again(void **state)
{
	struct gpu_env *env = *state;
	const struct mmx_fw_image *image = env->image;
	size_t synced = env->synced;

	for (unsigned int i = 0; i < image->section_count; i++) {
		if (env->gpu->fw.sections[i].cpu)
			memset(env->gpu->fw.sections[i].cpu, 0xa5, env->gpu->fw.sections[i].size);
	}
	mmx_gpu_reset(env->gpu, "the firmware is gone");
	assert_true(gpu_env_run_until(env, MMX_BOOT_BOOTING, MMX_NS_PER_S));
	/* all but the shared section, which is uncached */
	assert_true(env->synced - synced >=
		    mmx_fw_image_load_bytes(image) - env->gpu->fw.shared.size);
	for (unsigned int i = 0; i < image->section_count; i++) {
		const struct mmx_fw_section *section = &image->sections[i];
		const struct mmx_dma_buf *buf = &env->gpu->fw.sections[i];
		const uint8_t *bytes = buf->cpu;

		if (mmx_fw_section_protected(section)) {
			assert_null(bytes);
			continue;
		}
		assert_memory_equal(bytes, section->data, section->data_size);
		for (size_t at = section->data_size; at < buf->size; at++)
			assert_int_equal(bytes[at], mmx_fw_section_zeroed(section) ? 0 : 0xa5);
	}
}

static void test_section_rights(void **state)
{
	struct gpu_env *env = *state;

	for (unsigned int i = 0; i < env->image->section_count; i++) {
		const struct mmx_fw_section *section = &env->image->sections[i];
		bool uncached = mmx_fw_section_cache_mode(section) != FW_CACHE_CACHED;
		struct mdl_page_attr attr;

		if (mmx_fw_section_protected(section)) {
			assert_false(mdl_mmu_attr(env->model, 0, section->va_start, &attr));
			continue;
		}
		assert_true(mdl_mmu_attr(env->model, 0, section->va_end - 1, &attr));
		assert_true(attr.read);
		assert_int_equal(attr.write, mmx_fw_section_writable(section));
		assert_int_equal(attr.exec, mmx_fw_section_executable(section));
		assert_int_equal(attr.mair, uncached ? 0x4c : 0x9f);
	}
}

/* ---- the interface ---- */

/* In the shared section: fields of the control blocks of group 0 (at 0x1000) and its stream 0 (at 0x1040). */
static void test_interface(void **state)
{
	static const struct {
		uint32_t offset, value;
		const char *why; /* part of it */
	} cases[] = {
		{ 0x0, 0, "no version" },
		{ 0x8, 0x03fffff8, "global input" },
		{ 0x8, 0x04000004, "global input" }, /* not aligned to 8 */
		{ 0x8, 0xfffffff8, "global input" },
		{ 0xc, 0, "global input or output" },
		{ 0x10, 2, "number of groups" },
		{ 0x10, 32, "number of groups" },
		{ 0x10, UINT32_MAX, "number of groups" },
		{ 0x14, 4, "groups overlap" },
		{ 0x14, UINT32_MAX - 3, "group's control block" },
		{ 0x1004, 0x03000000, "group's input" },
		{ 0x1008, 0x0400bff0, "group's input or output" }, /* hangs out by half */
		{ 0x100c, 0x01000000, "groups differ" },
		{ 0x1014, 7, "number of streams" },
		{ 0x1014, 33, "number of streams" },
		{ 0x1018, 8, "streams overlap" },
		{ 0x1018, 0x80000000, "stream's control block" },
		{ 0x1040, 0, "without features" },
		{ 0x1040, 0x07, "differ in their features" },
		{ 0x1044, 0x08000000, "stream's input" },
		{ 0x1048, 0x04000001, "stream's input or output" },
	};
	struct gpu_env *env = *state;
	uint32_t *shared = env->gpu->fw.shared.cpu;
	const char *why = NULL;

	assert_int_equal(mmx_fw_discover(env->gpu, &why), 0);
	assert_int_equal(env->gpu->fw.shared.size, 0xc000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t good = shared[cases[i].offset / 4];

		shared[cases[i].offset / 4] = cases[i].value;
		why = NULL;
		assert_int_equal(mmx_fw_discover(env->gpu, &why), FW_E_IFACE);
		assert_non_null(why);
		if (!strstr(why, cases[i].why))
			fail_msg("0x%x = 0x%x: \"%s\", not \"%s\"", cases[i].offset, cases[i].value,
				 why, cases[i].why);
		shared[cases[i].offset / 4] = good;
	}
	assert_int_equal(mmx_fw_discover(env->gpu, &why), 0);
}

/* Groups exist that rely on what was said first. */
static void test_interface_changes(void **state)
{
	struct gpu_env *env = *state;
	uint8_t *shared = env->gpu->fw.shared.cpu;
	const struct mmx_csf_glb_control *glb = (const void *)shared;
	const char *why = NULL;

	for (unsigned int i = 0; i < glb->group_num; i++) {
		uint8_t *group = shared + 0x1000 + i * glb->group_stride;

		((struct mmx_csf_csg_control *)(void *)group)->suspend_size += 4096;
	}
	assert_int_equal(mmx_fw_discover(env->gpu, &why), FW_E_IFACE);
	assert_non_null(strstr(why, "before the reset"));
	for (unsigned int i = 0; i < glb->group_num; i++) {
		uint8_t *group = shared + 0x1000 + i * glb->group_stride;

		((struct mmx_csf_csg_control *)(void *)group)->suspend_size = 8u << 20;
	}
	assert_int_equal(mmx_fw_discover(env->gpu, &why), FW_E_IFACE);
	assert_non_null(strstr(why, "too large"));
}

/* ---- windows ---- */

static void test_windows(void **state)
{
	struct gpu_env *env = *state;
	struct mmx_gpu *gpu = env->gpu;
	uint64_t end = env->gpu->fw.window_base;
	struct gpu_env_op op = GPU_ENV_OP;
	struct mdl_page_attr attr;
	struct mmx_dma_buf buf;

	/* no two windows share a page, and all lie in the MCU's 64 MiB */
	for (unsigned int i = 0; i < gpu->info.slots; i++) {
		assert_true(mmx_fw_suspend_va(gpu, i) >= end);
		end = mmx_fw_suspend_va(gpu, i) + gpu->info.suspend_size;
		assert_true(mmx_fw_protm_suspend_va(gpu, i) >= end);
		end = mmx_fw_protm_suspend_va(gpu, i) + gpu->fw.protm_suspend_size;
		for (unsigned int q = 0; q < MMX_GPU_MAX_QUEUES; q++) {
			assert_int_equal(mmx_fw_queue_va(gpu, i, q) % 4096, 0);
			assert_true(mmx_fw_queue_va(gpu, i, q) >= end);
			end = mmx_fw_queue_va(gpu, i, q) + 8192;
		}
	}
	assert_true(end <= 0x08000000);

	assert_int_equal(mmx_dma_alloc(gpu->pool, 8192, &buf), 0);
	assert_int_equal(mmx_fw_window_map(gpu, mmx_fw_queue_va(gpu, 3, 7), &buf, false), 0);
	assert_true(mdl_mmu_attr(env->model, 0, mmx_fw_queue_va(gpu, 3, 7) + 4096, &attr));
	assert_true(attr.read && attr.write && !attr.exec);
	assert_int_equal(attr.mair, 0x4c);
	assert_int_equal(mmx_fw_window_map(gpu, mmx_fw_suspend_va(gpu, 3), &buf, true), 0);
	assert_true(mdl_mmu_attr(env->model, 0, mmx_fw_suspend_va(gpu, 3), &attr));
	assert_int_equal(attr.mair, 0x9f);
	assert_int_equal(mmx_fw_window_map(gpu, mmx_fw_suspend_va(gpu, 3), &buf, true),
			 PGTABLE_E_MAPPED);

	mmx_fw_window_clear(gpu, 3, &op.op);
	assert_int_equal(op.done, 0);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(op.done, 1);
	assert_false(mdl_mmu_attr(env->model, 0, mmx_fw_queue_va(gpu, 3, 7), &attr));
	assert_false(mdl_mmu_attr(env->model, 0, mmx_fw_suspend_va(gpu, 3), &attr));
	assert_true(mdl_mmu_attr(env->model, 0, FW_SHARED_VA, &attr));

	/* what is in a window at a reset is not any more when the firmware runs again */
	assert_int_equal(mmx_fw_window_map(gpu, mmx_fw_queue_va(gpu, 0, 0), &buf, false), 0);
	assert_int_equal(mmx_fw_window_map(gpu, mmx_fw_queue_va(gpu, 7, 7), &buf, false), 0);
	mmx_gpu_reset(gpu, "test");
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, MMX_NS_PER_S));
	assert_false(mdl_mmu_attr(env->model, 0, mmx_fw_queue_va(gpu, 0, 0), &attr));
	assert_false(mdl_mmu_attr(env->model, 0, mmx_fw_queue_va(gpu, 7, 7), &attr));
	assert_int_equal(mmx_fw_window_map(gpu, mmx_fw_queue_va(gpu, 7, 7), &buf, false), 0);
	mmx_fw_window_clear(gpu, 7, &op.op);
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_int_equal(op.done, 2);
	mmx_dma_free(gpu->pool, &buf);
}

static void test_doorbell(void **state)
{
	struct gpu_env *env = *state;

	mmx_fw_doorbell(env->gpu, 8);
	assert_int_equal(gpu_env_count_writes(env, 0x100000), 1);
	mmx_gpu_reset(env->gpu, "test");
	mmx_fw_doorbell(env->gpu, 8);
	assert_int_equal(gpu_env_count_writes(env, 0x100000), 1);
}

/* ---- requests ---- */

static void test_ping(void **state)
{
	struct gpu_env *env = *state;

	gpu_env_run(env, 10 * MMX_GLB_PING_NS + MMX_NS_PER_S);
	assert_int_equal(gpu_env_count_writes(env, R_DOORBELL0), 10);
	assert_int_equal(env->resets, 0);

	/* answered, but nobody says so */
	env->drop_irqs[MMX_IRQ_JOB] = 1;
	gpu_env_run(env, MMX_GLB_PING_NS);
	assert_int_equal(env->resets, 0);
	assert_int_equal(env->gpu->lost_irqs, 1);

	/* not answered */
	gpu_env_drop_writes(env, R_DOORBELL0, 1);
	gpu_env_run(env, MMX_GLB_PING_NS + MMX_FW_REQUEST_NS);
	assert_int_equal(env->resets, 1);
	assert_string_equal(env->why, "the firmware does not answer a ping");
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, MMX_NS_PER_S));
	gpu_env_run(env, 3 * MMX_GLB_PING_NS);
	assert_int_equal(env->resets, 1);
}

/* An interrupt that the clearing of the one before has hidden. */
static void test_job_confirm(void **state)
{
	struct gpu_env *env = *state;
	uint64_t ping_ns = env->gpu->glb.ping.deadline_ns;

	/* each interrupt is followed by one look more */
	gpu_env_run(env, ping_ns - env->now_ns + MMX_NS_PER_MS / 2);
	assert_true(mmx_timer_armed(&env->gpu->job_confirm));
	gpu_env_run(env, MMX_NS_PER_MS);
	assert_false(mmx_timer_armed(&env->gpu->job_confirm));

	/* such a look is due, the answer to the next ping comes before it, and its edge is lost */
	gpu_env_run(env, MMX_GLB_PING_NS - 2 * MMX_NS_PER_MS);
	assert_int_equal(env->gpu->glb.pending, 0);
	gpu_env_forget_writes(env);
	mmx_timer_set(&env->timers, &env->gpu->job_confirm, env->now_ns + 2 * MMX_NS_PER_MS);
	env->drop_irqs[MMX_IRQ_JOB] = 1;
	gpu_env_run(env, 2 * MMX_NS_PER_MS);
	assert_int_equal(gpu_env_count_writes(env, R_DOORBELL0), 1);
	assert_int_equal(env->drop_irqs[MMX_IRQ_JOB], 0);
	assert_int_equal(env->gpu->glb.pending, 0);
	assert_int_equal(env->gpu->lost_irqs, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, gpu_env_setup_ready, gpu_env_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sections_loaded_again),
		TEST(test_section_rights),
		TEST(test_interface),
		TEST(test_interface_changes),
		TEST(test_windows),
		TEST(test_doorbell),
		TEST(test_ping),
		TEST(test_job_confirm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
