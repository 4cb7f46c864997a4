// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See gpu_env.h. Device and owner of the GPU under test; time passes only in gpu_env_run(). */
#include "tests/unit/gpu_env.h"

#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>

#include "backend/device/model_device.h"
#include "firmware/generate.h"
#include "firmware/image.h"
#include "tools/model/mmu.h"

/* ---- device ---- */

static struct gpu_env_rule *rule_for(struct mmx_device *dev, uint32_t offset, bool write)
{
	struct gpu_env *env = (struct gpu_env *)dev;

	for (unsigned int i = 0; i < GPU_ENV_MAX_RULES; i++) {
		struct gpu_env_rule *rule = &env->rules[i];

		if (rule->left && rule->offset == offset && rule->drop_write == write) {
			if (rule->left != UINT_MAX)
				rule->left--;
			return rule;
		}
	}
	return NULL;
}

static void mirror_lost(struct mmx_device *dev)
{
	dev->lost = ((struct gpu_env *)dev)->inner->lost;
}

static uint32_t dev_read32(struct mmx_device *dev, uint32_t offset)
{
	const struct gpu_env_rule *rule = rule_for(dev, offset, false);
	struct gpu_env *env = (struct gpu_env *)dev;

	mirror_lost(dev);
	env->now_ns += env->read_ns;
	return rule ? rule->value : mmx_device_read32(env->inner, offset);
}

static uint64_t dev_read64(struct mmx_device *dev, uint32_t offset)
{
	const struct gpu_env_rule *rule = rule_for(dev, offset, false);

	mirror_lost(dev);
	return rule ? rule->value : mmx_device_read64(((struct gpu_env *)dev)->inner, offset);
}

static bool passes(struct mmx_device *dev, uint32_t offset, uint64_t value)
{
	struct gpu_env *env = (struct gpu_env *)dev;

	if (rule_for(dev, offset, true))
		return false;
	assert_true(env->write_count < GPU_ENV_MAX_WRITES);
	env->writes[env->write_count++] = (struct gpu_env_write){ offset, value };
	return true;
}

static void dev_write32(struct mmx_device *dev, uint32_t offset, uint32_t value)
{
	if (passes(dev, offset, value))
		mmx_device_write32(((struct gpu_env *)dev)->inner, offset, value);
}

static void dev_write64(struct mmx_device *dev, uint32_t offset, uint64_t value)
{
	if (passes(dev, offset, value))
		mmx_device_write64(((struct gpu_env *)dev)->inner, offset, value);
}

static int dev_irq_fd(struct mmx_device *dev, enum mmx_irq irq)
{
	return mmx_device_irq_fd(((struct gpu_env *)dev)->inner, irq);
}

static bool dev_irq_take(struct mmx_device *dev, enum mmx_irq irq)
{
	struct gpu_env *env = (struct gpu_env *)dev;
	bool fired = mmx_device_irq_take(env->inner, irq);

	if (!fired || !env->drop_irqs[irq])
		return fired;
	if (env->drop_irqs[irq] != UINT_MAX)
		env->drop_irqs[irq]--;
	return false;
}

static int dev_map(struct mmx_device *dev, int fd, uint64_t offset, uint64_t size, bool writable,
		   struct mmx_dma_map *ret_map)
{
	return mmx_device_map(((struct gpu_env *)dev)->inner, fd, offset, size, writable, ret_map);
}

static void dev_unmap(struct mmx_device *dev, struct mmx_dma_map *map)
{
	mmx_device_unmap(((struct gpu_env *)dev)->inner, map);
}

static void dev_sync(struct mmx_device *dev, const void *cpu, size_t size)
{
	(void)cpu;
	((struct gpu_env *)dev)->synced += size;
}

static const struct mmx_device_ops device_ops = {
	.name = "test",
	.read32 = dev_read32,
	.read64 = dev_read64,
	.write32 = dev_write32,
	.write64 = dev_write64,
	.irq_fd = dev_irq_fd,
	.irq_take = dev_irq_take,
	.map = dev_map,
	.unmap = dev_unmap,
	.sync_for_device = dev_sync,
};

static void add_rule(struct gpu_env *env, const struct gpu_env_rule *rule)
{
	for (unsigned int i = 0; i < GPU_ENV_MAX_RULES; i++) {
		if (!env->rules[i].left) {
			env->rules[i] = *rule;
			return;
		}
	}
	fail_msg("too many rules");
}

void gpu_env_drop_writes(struct gpu_env *env, uint32_t offset, unsigned int times)
{
	add_rule(env,
		 &(struct gpu_env_rule){ .offset = offset, .left = times, .drop_write = true });
}

void gpu_env_lie(struct gpu_env *env, uint32_t offset, uint32_t value, unsigned int times)
{
	add_rule(env, &(struct gpu_env_rule){ .offset = offset, .left = times, .value = value });
}

void gpu_env_honest(struct gpu_env *env)
{
	for (unsigned int i = 0; i < GPU_ENV_MAX_RULES; i++)
		env->rules[i].left = 0;
	for (unsigned int i = 0; i < MMX_IRQ_COUNT; i++)
		env->drop_irqs[i] = 0;
}

unsigned int gpu_env_count_writes(const struct gpu_env *env, uint32_t offset)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < env->write_count; i++)
		count += env->writes[i].offset == offset;
	return count;
}

uint64_t gpu_env_last_write(const struct gpu_env *env, uint32_t offset)
{
	for (unsigned int i = env->write_count; i--;) {
		if (env->writes[i].offset == offset)
			return env->writes[i].value;
	}
	fail_msg("nothing was written to 0x%x", offset);
	return 0;
}

void gpu_env_forget_writes(struct gpu_env *env)
{
	env->write_count = 0;
}

bool gpu_env_reaches(const struct gpu_env *env, unsigned int as, uint64_t va)
{
	struct mdl_page_attr attr;

	return mdl_mmu_attr(env->model, as, va, &attr);
}

/* ---- time ---- */

static uint64_t clock_now(void *ctx)
{
	return ((struct gpu_env *)ctx)->now_ns;
}

void gpu_env_poll(struct gpu_env *env)
{
	mmx_model_device_run(env->inner);
	for (int irq = 0; irq < MMX_IRQ_COUNT; irq++)
		mmx_gpu_irq(env->gpu, (enum mmx_irq)irq);
	mmx_timers_run(&env->timers);
}

/* One step; false when nothing happens until @end_ns. */
static bool step(struct gpu_env *env, uint64_t end_ns)
{
	uint64_t next, timer;

	gpu_env_poll(env);
	next = mmx_model_device_run(env->inner);
	timer = mmx_timers_next(&env->timers);
	if (timer < next)
		next = timer;
	if (next > end_ns) {
		env->now_ns = end_ns;
		return false;
	}
	if (next > env->now_ns)
		env->now_ns = next;
	return true;
}

void gpu_env_run(struct gpu_env *env, uint64_t ns)
{
	uint64_t end_ns = env->now_ns + ns;

	while (step(env, end_ns))
		;
}

bool gpu_env_run_until(struct gpu_env *env, enum mmx_boot_state state, uint64_t ns)
{
	uint64_t end_ns = env->now_ns + ns;

	while (env->gpu->boot.state != state) {
		if (!step(env, end_ns))
			return env->gpu->boot.state == state;
	}
	return true;
}

/* ---- owner ---- */

static void on_ready(void *ctx)
{
	struct gpu_env *env = ctx;

	env->ready++;
	env->ready_ns = env->now_ns;
}

static void on_accused(void *ctx, struct mmx_group *group, struct mmx_vm *vm)
{
	struct gpu_env *env = ctx;

	env->accused_group = group;
	env->accused_vm = vm;
}

static void on_reset(void *ctx, const char *why, bool proven)
{
	struct gpu_env *env = ctx;

	env->resets++;
	env->proven = proven;
	env->why = why;
	if (env->on_reset)
		env->on_reset(env);
}

static void on_failed(void *ctx, const char *why)
{
	struct gpu_env *env = ctx;

	env->failed++;
	env->why = why;
}

static void on_vm_fault(void *ctx, struct mmx_vm *vm, const struct mmx_vm_fault *fault)
{
	struct gpu_env *env = ctx;

	env->vm_faults++;
	env->fault_vm = vm;
	env->fault = *fault;
}

static const struct mmx_gpu_ops owner_ops = {
	.ready = on_ready,
	.accused = on_accused,
	.reset = on_reset,
	.failed = on_failed,
	.vm_fault = on_vm_fault,
};

size_t gpu_env_dma_bytes(const struct gpu_env *env)
{
	struct mmx_gpu_stats stats;

	mmx_gpu_stats(env->gpu, &stats);
	return stats.dma_bytes;
}

void gpu_env_wait_done(struct mmx_as_wait *wait)
{
	mmx_container_of(wait, struct gpu_env_wait, wait)->done++;
}

void gpu_env_op_done(struct mmx_vm_op *op)
{
	mmx_container_of(op, struct gpu_env_op, op)->done++;
}

/* ---- fixtures ---- */

int gpu_env_setup_device(void **state)
{
	const struct mmx_fw_generate_options options = {
		.interface_version = mmx_fw_generate_interface_of_arch(10),
	};
	struct gpu_env *env = calloc(1, sizeof(*env));
	uint8_t *data;
	size_t size;

	assert_non_null(env);
	env->now_ns = MMX_NS_PER_S;
	mmx_timers_init(&env->timers, clock_now, env);
	assert_int_equal(mmx_model_device_create(NULL, clock_now, env, &env->inner), 0);
	env->model = mmx_model_device_model(env->inner);
	env->dev = *env->inner;
	env->dev.ops = &device_ops;
	assert_int_equal(mmx_fw_generate(&options, &data, &size), 0);
	assert_int_equal(mmx_fw_image_parse(data, size, &env->image, NULL), 0);
	free(data);
	*state = env;
	return 0;
}

int gpu_env_create_gpu(struct gpu_env *env)
{
	return mmx_gpu_create(&env->dev, &env->timers, env->image, &owner_ops, env, &env->gpu);
}

int gpu_env_setup(void **state)
{
	gpu_env_setup_device(state);
	assert_int_equal(gpu_env_create_gpu(*state), 0);
	return 0;
}

int gpu_env_setup_ready(void **state)
{
	struct gpu_env *env;

	gpu_env_setup(state);
	env = *state;
	mmx_gpu_start(env->gpu);
	assert_true(gpu_env_run_until(env, MMX_BOOT_READY, MMX_NS_PER_S));
	gpu_env_forget_writes(env);
	return 0;
}

int gpu_env_teardown(void **state)
{
	struct gpu_env *env = *state;

	mmx_gpu_destroy(env->gpu);
	mmx_timers_finish(&env->timers);
	mmx_device_destroy(env->inner);
	mmx_fw_image_destroy(env->image);
	free(env);
	return 0;
}
