// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The memory with two views that other tests rely on: what is seen by whom, and what is an error. */
#include "tests/unit/two_views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define SIZE 8192u

struct fixture {
	struct mmx_device dev;
	struct two_views *views;
	struct mmx_dma_memory memory;
	uint8_t *cpu, *gpu;
};

/* The GPU's view is what was mapped for it. */
static int fake_map(struct mmx_device *dev, int fd, uint64_t offset, uint64_t size, bool writable,
		    struct mmx_dma_map *ret_map)
{
	(void)offset;
	((struct fixture *)dev)->gpu = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(writable && ((struct fixture *)dev)->gpu != MAP_FAILED);
	*ret_map = (struct mmx_dma_map){ .size = size };
	return 0;
}

static void fake_unmap(struct mmx_device *dev, struct mmx_dma_map *map)
{
	munmap(((struct fixture *)dev)->gpu, map->size);
}

static const struct mmx_device_ops ops = { .map = fake_map, .unmap = fake_unmap };

static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .dev.ops = &ops };
	f.views = two_views_create(&f.dev);
	assert_non_null(f.views);
	assert_int_equal(two_views_alloc(f.views, SIZE, false, &f.memory), 0);
	f.cpu = f.memory.cpu;
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	two_views_free(f->views, &f->memory);
	two_views_destroy(f->views);
	return 0;
}

static void for_device(struct fixture *f, size_t offset, size_t size)
{
	two_views_sync(f->views, f->cpu + offset, size, false, NULL);
}

static void for_cpu(struct fixture *f, size_t offset, size_t size)
{
	two_views_sync(f->views, f->cpu + offset, size, true, NULL);
}

static void test_bytes_go_by_maintenance(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->cpu[0], 0);
	assert_int_not_equal(f->gpu[0], 0);
	memset(f->cpu + 64, 1, 192);
	assert_int_not_equal(f->gpu[64], 1);
	/* a byte takes its line along, and no other */
	for_device(f, 130, 1);
	assert_int_not_equal(f->gpu[127], 1);
	assert_int_equal(f->gpu[128], 1);
	assert_int_equal(f->gpu[191], 1);
	assert_int_not_equal(f->gpu[192], 1);
	memset(f->gpu + 4096, 2, 128);
	assert_int_equal(f->cpu[4096], 0);
	for_cpu(f, 4159, 2);
	assert_int_equal(f->cpu[4096], 2);
	assert_int_equal(f->cpu[4223], 2);
	assert_int_equal(two_views_errors(f->views), 0);
	two_views_check(f->views);
	assert_int_equal(two_views_errors(f->views), 0);
}

static void test_uncached_is_one(void **state)
{
	struct fixture *f = *state;

	assert_false(two_views_is_uncached(f->views, f->cpu + SIZE - 1));
	two_views_free(f->views, &f->memory);
	assert_int_equal(two_views_alloc(f->views, SIZE, true, &f->memory), 0);
	f->cpu = f->memory.cpu;
	assert_true(two_views_is_uncached(f->views, f->cpu));
	f->cpu[5] = 1;
	f->gpu[6] = 2;
	assert_int_equal(f->gpu[5], 1);
	assert_int_equal(f->cpu[6], 2);
	two_views_evict(f->views);
	two_views_check(f->views);
	assert_int_equal(two_views_errors(f->views), 0);
}

static void test_errors(void **state)
{
	struct fixture *f = *state;

	/* lost by an invalidation */
	f->cpu[0] = 1;
	for_cpu(f, 8, 8);
	assert_int_equal(two_views_errors(f->views), 1);
	/* the GPU's byte would be lost */
	for_device(f, 64, 64);
	f->gpu[64] = 7;
	f->cpu[65] = 8;
	two_views_check(f->views);
	assert_int_equal(two_views_errors(f->views), 2);
	for_device(f, 65, 1);
	assert_int_equal(two_views_errors(f->views), 3);
	/* who cleans a whole line has written all of it */
	f->gpu[64] = 9;
	f->cpu[65] = 10;
	for_device(f, 64, 64);
	assert_int_equal(two_views_errors(f->views), 3);
	assert_int_equal(f->gpu[65], 10);
	/* cleaning what the CPU has not written takes nothing from the GPU */
	f->gpu[64] = 11;
	for_device(f, 65, 1);
	assert_int_equal(f->gpu[64], 11);
	assert_int_equal(two_views_errors(f->views), 3);
}

static void test_eviction(void **state)
{
	struct fixture *f = *state;

	for_device(f, 0, SIZE);
	f->cpu[0] = 1;
	f->gpu[64] = 2;
	two_views_evict(f->views);
	assert_int_equal(f->gpu[0], 1);
	assert_int_equal(f->cpu[64], 2);
	assert_int_equal(two_views_errors(f->views), 0);
	f->cpu[0] = 3;
	f->gpu[1] = 4;
	two_views_evict(f->views);
	assert_int_equal(two_views_errors(f->views), 1);
}

static void test_sites(void **state)
{
	const struct two_views_site *sites;
	struct fixture *f = *state;
	int here = 0, there = 0;

	two_views_sync(f->views, f->cpu, 64, false, &here);
	two_views_sync(f->views, f->cpu, 8, true, &here);
	two_views_sync(f->views, f->cpu, 4, false, &there);
	two_views_sync(f->views, f->cpu, 32, false, &here);
	assert_int_equal(two_views_sites(f->views, &sites), 3);
	assert_ptr_equal(sites[0].address, &here);
	assert_false(sites[0].for_cpu);
	assert_int_equal(sites[0].calls, 2);
	assert_int_equal(sites[0].most_bytes, 64);
	assert_true(sites[1].for_cpu);
	assert_ptr_equal(sites[2].address, &there);
	two_views_ignore(f->views, &sites[0]);
	f->cpu[0] = 1;
	two_views_sync(f->views, f->cpu, 64, false, &here);
	assert_int_equal(f->gpu[0], 0);
	two_views_sync(f->views, f->cpu, 64, false, &there);
	assert_int_equal(f->gpu[0], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bytes_go_by_maintenance, setup, teardown),
		cmocka_unit_test_setup_teardown(test_uncached_is_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_eviction, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sites, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
