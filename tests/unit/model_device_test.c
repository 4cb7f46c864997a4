// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The in-process model as a device, on a virtual clock: what lies between device.h and model.h. Registers by
 * their offsets, as panthor's headers name them; the model's own tests are elsewhere.
 */
#include "backend/device/model_device.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/device/dma.h"
#include "tools/model/model.h"

#define GPU_ID		   0x000
#define GPU_INT_RAWSTAT	   0x020
#define GPU_INT_CLEAR	   0x024
#define GPU_INT_MASK	   0x028
#define GPU_CMD		   0x030
#define GPU_SOFT_RESET	   0x101
#define GPU_IRQ_RESET_DONE 0x100
#define GPU_COHERENCY	   0x300
#define GPU_SHADER_PRESENT 0x100
#define AS0_TRANSTAB	   0x2400

struct fixture {
	uint64_t now;
	struct mmx_device *dev;
};

static uint64_t virtual_now(void *ctx)
{
	return ((struct fixture *)ctx)->now;
}

static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .now = 1000 };
	*state = &f;
	return mmx_model_device_create(NULL, virtual_now, &f, &f.dev);
}

static int teardown(void **state)
{
	mmx_device_destroy(((struct fixture *)*state)->dev);
	return 0;
}

/* Lets the clock jump from wish to wish of the model, for at most a second. */
static void settle(struct fixture *f)
{
	uint64_t end = f->now + 1000000000ull, next;

	for (next = mmx_model_device_run(f->dev); next < end; next = mmx_model_device_run(f->dev)) {
		if (next > f->now)
			f->now = next;
	}
}

static bool fired(struct fixture *f, enum mmx_irq irq)
{
	struct pollfd pfd = { .fd = mmx_device_irq_fd(f->dev, irq), .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

static void test_registers(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mmx_device_read32(f->dev, GPU_ID),
			 mmx_model_read32(mmx_model_device_model(f->dev), GPU_ID));
	assert_int_not_equal(mmx_device_read32(f->dev, GPU_ID), UINT32_MAX);
	assert_true(mmx_device_read64(f->dev, GPU_SHADER_PRESENT) ==
		    mmx_model_read64(mmx_model_device_model(f->dev), GPU_SHADER_PRESENT));
	assert_true(f->dev->coherent);
	/* so it maintains nothing, and any memory will do */
	assert_null(f->dev->ops->sync_for_device);
	assert_null(f->dev->ops->sync_for_cpu);
	assert_false(mmx_device_has_uncached(f->dev));
	assert_int_not_equal(mmx_device_read32(f->dev, GPU_COHERENCY), 0);
	mmx_device_write64(f->dev, AS0_TRANSTAB, 0x123456789000);
	assert_true(mmx_device_read64(f->dev, AS0_TRANSTAB) == 0x123456789000);
}

static void reset(struct fixture *f)
{
	mmx_device_write32(f->dev, GPU_CMD, GPU_SOFT_RESET);
	settle(f);
}

static void test_interrupts_are_edges(void **state)
{
	struct fixture *f = *state;

	mmx_device_write32(f->dev, GPU_INT_MASK, 0);
	reset(f);
	assert_true(mmx_device_read32(f->dev, GPU_INT_RAWSTAT) & GPU_IRQ_RESET_DONE);
	assert_false(fired(f, MMX_IRQ_GPU)); /* masked */
	mmx_device_write32(f->dev, GPU_INT_MASK, GPU_IRQ_RESET_DONE);
	assert_true(fired(f, MMX_IRQ_GPU)); /* now the bit is pending */
	assert_true(mmx_device_irq_take(f->dev, MMX_IRQ_GPU));
	assert_false(mmx_device_irq_take(f->dev, MMX_IRQ_GPU));
	assert_false(fired(f, MMX_IRQ_JOB));
	assert_false(fired(f, MMX_IRQ_MMU));
	/* still pending: no new edge */
	mmx_device_write32(f->dev, GPU_INT_MASK, GPU_IRQ_RESET_DONE);
	assert_false(fired(f, MMX_IRQ_GPU));
	mmx_device_write32(f->dev, GPU_INT_CLEAR, GPU_IRQ_RESET_DONE);
	assert_false(fired(f, MMX_IRQ_GPU));
	reset(f);
	mmx_device_write32(f->dev, GPU_INT_MASK, GPU_IRQ_RESET_DONE);
	assert_true(fired(f, MMX_IRQ_GPU));
}

static void test_map(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_map map[3] = { { 0 } };
	int fd = memfd_create("test", MFD_CLOEXEC);
	char *here;

	assert_int_equal(ftruncate(fd, 0x400000), 0);
	assert_int_equal(mmx_device_map(f->dev, fd, 0x1000, 0x3000, true, &map[0]), 0);
	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0x400000, false, &map[1]), 0);
	assert_int_equal(map[1].runs[0].addr % MMX_BLOCK_SIZE, 0);
	assert_int_equal(map[0].run_count, 1);
	assert_int_equal(map[0].runs[0].size, 0x3000);
	assert_int_equal(mmx_device_map(f->dev, fd, 0, 0, true, &map[2]), -EINVAL);
	assert_int_equal(mmx_device_map(f->dev, fd, 0x10, 0x1000, true, &map[2]), -EINVAL);
	assert_int_equal(mmx_device_map(f->dev, -1, 0, 0x1000, true, &map[2]), -EBADF);
	mmx_device_unmap(f->dev, &map[0]);
	mmx_device_unmap(f->dev, &map[0]);
	assert_null(map[0].runs);
	mmx_device_unmap(f->dev, &map[2]);
	mmx_device_unmap(f->dev, &map[1]);

	/* memory that is mapped here stays so */
	here = mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(here, MAP_FAILED);
	assert_int_equal(mmx_device_map_here(f->dev, here, 0x1000, &map[0]), 0);
	assert_int_equal(mmx_device_map_here(f->dev, here + 1, 0x1000, &map[1]), -EINVAL);
	mmx_device_unmap(f->dev, &map[0]);
	here[0] = 1;
	assert_int_equal(mmx_device_map_here(f->dev, here, 0x2000, &map[0]), 0);
	mmx_device_unmap(f->dev, &map[0]);
	munmap(here, 0x2000);
	close(fd);
}

static void test_killed(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_pool *pool;
	struct mmx_dma_buf buf, other;

	assert_int_equal(mmx_dma_pool_create(f->dev, &pool), 0);
	assert_int_equal(mmx_dma_alloc(pool, 4096, &buf), 0);
	mmx_device_write32(f->dev, GPU_INT_MASK, GPU_IRQ_RESET_DONE);
	mmx_device_write32(f->dev, GPU_CMD, GPU_SOFT_RESET);
	mmx_model_device_kill(f->dev);
	settle(f);
	assert_false(fired(f, MMX_IRQ_GPU));
	assert_int_equal(mmx_device_lost(f->dev), -ECONNRESET);
	assert_int_equal(mmx_device_read32(f->dev, GPU_ID), UINT32_MAX);
	assert_true(mmx_device_read64(f->dev, GPU_SHADER_PRESENT) == UINT64_MAX);
	mmx_device_write32(f->dev, GPU_INT_MASK, UINT32_MAX);
	assert_int_equal(mmx_model_read32(mmx_model_device_model(f->dev), GPU_INT_MASK),
			 GPU_IRQ_RESET_DONE);
	assert_int_equal(mmx_dma_alloc(pool, 8 << 20, &other), -EIO);
	mmx_dma_free(pool, &buf);
	mmx_dma_pool_destroy(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_registers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_interrupts_are_edges, setup, teardown),
		cmocka_unit_test_setup_teardown(test_map, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
