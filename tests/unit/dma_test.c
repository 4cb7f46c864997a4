// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The DMA pool over a device that scatters what it maps: 4 KiB runs in descending order, so that whoever takes a
 * buffer for contiguous is wrong.
 */
#include "backend/device/dma.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define CHUNK 0x400000ull

struct fake_device {
	struct mmx_device dev;
	int maps, refuse;
	uint64_t next;
	size_t synced;
	int last_fd;
	int uncached; /* pieces of memory */
};

static int fake_map(struct mmx_device *dev, int fd, uint64_t offset, uint64_t size, bool writable,
		    struct mmx_dma_map *ret_map)
{
	struct fake_device *fake = (struct fake_device *)dev;
	size_t i, count = (size_t)(size / MMX_PAGE_SIZE);
	struct mmx_dma_run *runs;

	if (fake->refuse)
		return fake->refuse;
	assert_int_equal(offset, 0);
	assert_true(writable);
	runs = calloc(count, sizeof(*runs));
	assert_non_null(runs);
	for (i = 0; i < count; i++)
		runs[i] = (struct mmx_dma_run){ fake->next + (count - i) * MMX_PAGE_SIZE,
						MMX_PAGE_SIZE };
	fake->next += (count + 1) * MMX_PAGE_SIZE;
	fake->maps++;
	fake->last_fd = fd;
	*ret_map = (struct mmx_dma_map){
		.size = size, .writable = true, .run_count = count, .runs = runs
	};
	return 0;
}

static void fake_unmap(struct mmx_device *dev, struct mmx_dma_map *map)
{
	free(map->runs);
	((struct fake_device *)dev)->maps--;
}

static void fake_sync(struct mmx_device *dev, const void *cpu, size_t size)
{
	(void)cpu;
	((struct fake_device *)dev)->synced += size;
}

static const struct mmx_device_ops fake_ops = {
	.name = "fake",
	.map = fake_map,
	.unmap = fake_unmap,
	.sync_for_device = fake_sync,
};

struct fixture {
	struct fake_device fake;
	struct mmx_dma_pool *pool;
};

static int setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){ .fake = { .dev = { .ops = &fake_ops }, .next = 0x1000000 } };
	*state = &f;
	return mmx_dma_pool_create(&f.fake.dev, &f.pool);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	mmx_dma_pool_destroy(f->pool);
	return f->fake.maps; /* all given back */
}

static struct mmx_dma_buf take(struct fixture *f, size_t size)
{
	struct mmx_dma_buf buf = { 0 };
	size_t i;

	assert_int_equal(mmx_dma_alloc(f->pool, size, &buf), 0);
	assert_true(buf.size >= size && buf.size % MMX_PAGE_SIZE == 0 &&
		    buf.size < size + MMX_PAGE_SIZE);
	for (i = 0; i < buf.size; i++)
		assert_int_equal(((uint8_t *)buf.cpu)[i], 0);
	memset(buf.cpu, 0xaa, buf.size); /* the next owner must not see it */
	return buf;
}

static void test_reuse_is_zeroed(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_buf a = take(f, 1), b = take(f, 3 * MMX_PAGE_SIZE), c = take(f, 4097);
	void *b_cpu = b.cpu;

	assert_int_equal(f->fake.maps, 1);
	assert_int_equal(mmx_dma_pool_used(f->pool), 6 * MMX_PAGE_SIZE);
	assert_int_equal(f->fake.synced, 6 * MMX_PAGE_SIZE);
	mmx_dma_free(f->pool, &b);
	assert_null(b.cpu);
	mmx_dma_free(f->pool, &b);
	b = take(f, 2 * MMX_PAGE_SIZE + 1);
	assert_ptr_equal(b.cpu, b_cpu);
	mmx_dma_free(f->pool, &a);
	mmx_dma_free(f->pool, &b);
	mmx_dma_free(f->pool, &c);
	assert_int_equal(mmx_dma_pool_used(f->pool), 0);
	assert_ptr_equal(mmx_dma_pool_device(f->pool), &f->fake.dev);
}

/* Who zeroes it himself is told how much of it; the rest is zeroes, and the device has been told of that part alone. */
static void test_dirty(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_buf old = take(f, 2 * MMX_PAGE_SIZE), buf;
	size_t dirty = 1, synced = f->fake.synced;
	uint64_t trips = mmx_dma_pool_trips(f->pool);
	uint8_t *cpu = old.cpu;

	assert_int_equal(trips, 1);
	mmx_dma_free(f->pool, &old);
	assert_int_equal(mmx_dma_alloc_dirty(f->pool, 5 * MMX_PAGE_SIZE, &buf, &dirty), 0);
	assert_ptr_equal(buf.cpu, cpu);
	assert_int_equal(dirty, 2 * MMX_PAGE_SIZE);
	assert_int_equal(f->fake.synced, synced + 3 * MMX_PAGE_SIZE);
	for (size_t i = 0; i < buf.size; i++)
		assert_int_equal(cpu[i], i < dirty ? 0xaa : 0);
	mmx_dma_free(f->pool, &buf);
	/* all of it */
	assert_int_equal(mmx_dma_alloc_dirty(f->pool, 1, &buf, &dirty), 0);
	assert_int_equal(dirty, MMX_PAGE_SIZE);
	assert_int_equal(f->fake.synced, synced + 3 * MMX_PAGE_SIZE);
	mmx_dma_free(f->pool, &buf);
	assert_int_equal(mmx_dma_pool_trips(f->pool), trips);
	/* none of it; it comes from the device and goes back to it */
	assert_int_equal(mmx_dma_alloc_dirty(f->pool, CHUNK + 1, &buf, &dirty), 0);
	assert_int_equal(dirty, 0);
	assert_int_equal(mmx_dma_pool_trips(f->pool), trips + 1);
	mmx_dma_free(f->pool, &buf);
	assert_int_equal(mmx_dma_pool_trips(f->pool), trips + 2);
}

static void test_addresses_of_scattered_pages(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_buf a = take(f, 2 * MMX_PAGE_SIZE), b = take(f, 3 * MMX_PAGE_SIZE);
	uint64_t top = 0x1000000 + CHUNK; /* of the first page, by fake_map() */

	assert_int_equal(mmx_dma_buf_addr(&a, 0), top);
	assert_int_equal(mmx_dma_buf_addr(&a, 0xfff), top + 0xfff);
	assert_int_equal(mmx_dma_buf_addr(&a, 0x1000), top - 0x1000);
	assert_int_equal(mmx_dma_buf_addr(&b, 0), top - 0x2000);
	assert_int_equal(mmx_dma_buf_addr(&b, 0x2004), top - 0x4000 + 4);
	mmx_dma_free(f->pool, &a);
	mmx_dma_free(f->pool, &b);
}

/* What fills a block of the page tables begins at one; what is smaller goes between. */
static void test_blocks(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_buf small = take(f, 1), block = take(f, MMX_BLOCK_SIZE), more = take(f, 1);
	size_t maps = f->fake.maps;

	assert_int_equal(((uint8_t *)block.cpu - (uint8_t *)small.cpu) % MMX_BLOCK_SIZE, 0);
	assert_int_equal((uint8_t *)more.cpu - (uint8_t *)small.cpu, MMX_PAGE_SIZE);
	/* fake_map() scatters pages */
	assert_false(mmx_dma_buf_is_block(&block));
	assert_int_equal(maps, 1);
	mmx_dma_free(f->pool, &small);
	mmx_dma_free(f->pool, &block);
	mmx_dma_free(f->pool, &more);
}

static void test_chunks_come_and_go(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_buf full[3], more;
	size_t i;

	for (i = 0; i < 3; i++)
		full[i] = take(f, CHUNK); /* exactly one chunk */
	assert_int_equal(f->fake.maps, 3);
	more = take(f, 1);
	assert_int_equal(f->fake.maps, 4);
	for (i = 0; i < 3; i++)
		mmx_dma_free(f->pool, &full[i]);
	assert_int_equal(f->fake.maps, 2); /* the one in use, and one in reserve */
	full[0] = take(f, CHUNK);
	assert_int_equal(f->fake.maps, 2);
	mmx_dma_free(f->pool, &full[0]);
	mmx_dma_free(f->pool, &more);
	assert_int_equal(f->fake.maps, 1);
}

static void test_large_buffers_have_their_own(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_buf small = take(f, 1), large = take(f, CHUNK + 1);
	int seals = fcntl(f->fake.last_fd, F_GET_SEALS);

	assert_int_equal(f->fake.maps, 2);
	assert_true(seals & F_SEAL_SHRINK && seals & F_SEAL_SEAL);
	assert_int_equal(mmx_dma_buf_addr(&large, CHUNK), mmx_dma_buf_addr(&large, 0) - CHUNK);
	mmx_dma_free(f->pool, &large);
	assert_int_equal(f->fake.maps, 1);
	mmx_dma_free(f->pool, &small);
}

/* Of a device where it is other memory. */
static int fake_alloc(struct mmx_device *dev, size_t size, bool uncached,
		      struct mmx_dma_memory *ret_memory)
{
	struct mmx_dma_memory memory = { .fd = -1 };

	memory.cpu = calloc(1, size);
	assert_non_null(memory.cpu);
	assert_int_equal(fake_map(dev, -1, 0, size, true, &memory.map), 0);
	memory.priv = uncached ? dev : NULL;
	((struct fake_device *)dev)->uncached += uncached;
	*ret_memory = memory;
	return 0;
}

static void fake_free(struct mmx_device *dev, struct mmx_dma_memory *memory)
{
	((struct fake_device *)dev)->uncached -= memory->priv == dev;
	fake_unmap(dev, &memory->map);
	free(memory->cpu);
}

static const struct mmx_device_ops fake_ops_uncached = {
	.name = "fake",
	.map = fake_map,
	.unmap = fake_unmap,
	.alloc = fake_alloc,
	.free = fake_free,
	.sync_for_device = fake_sync,
};

static void test_uncached(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_buf a = { 0 }, b = { 0 }, large = { 0 }, cached = { 0 };
	size_t synced;

	/* on a device where it is the same memory it comes from the same chunk */
	a = take(f, 1);
	assert_int_equal(mmx_dma_alloc_uncached(f->pool, 1, &b), 0);
	assert_int_equal(f->fake.maps, 1);
	mmx_dma_free(f->pool, &a);
	mmx_dma_free(f->pool, &b);
	mmx_dma_pool_destroy(f->pool);

	f->fake.dev.ops = &fake_ops_uncached;
	assert_int_equal(mmx_dma_pool_create(&f->fake.dev, &f->pool), 0);
	assert_int_equal(mmx_dma_alloc_uncached(f->pool, 1, &a), 0);
	assert_int_equal(f->fake.maps, 1);
	assert_int_equal(f->fake.uncached, 1);
	cached = take(f, 1);
	assert_int_equal(f->fake.maps, 2);
	assert_int_equal(f->fake.uncached, 1);
	synced = f->fake.synced;
	assert_int_equal(mmx_dma_alloc_uncached(f->pool, 8192, &b), 0);
	assert_ptr_equal(b.cpu, (uint8_t *)a.cpu + 4096);
	assert_int_equal(mmx_dma_alloc_uncached(f->pool, CHUNK + 1, &large), 0);
	assert_int_equal(f->fake.uncached, 2);
	assert_int_equal(f->fake.synced, synced);
	/* zeroed for its next owner too */
	memset(a.cpu, 0xaa, a.size);
	mmx_dma_free(f->pool, &a);
	assert_int_equal(mmx_dma_alloc_uncached(f->pool, 1, &a), 0);
	assert_int_equal(*(uint8_t *)a.cpu, 0);
	mmx_dma_free(f->pool, &large);
	mmx_dma_free(f->pool, &cached);
	mmx_dma_free(f->pool, &a);
	mmx_dma_free(f->pool, &b);
	/* one of each kind is kept */
	assert_int_equal(f->fake.maps, 2);
	assert_int_equal(f->fake.uncached, 1);
}

static void test_refusals(void **state)
{
	struct fixture *f = *state;
	struct mmx_dma_buf buf = { 0 };
	int fd;

	assert_int_equal(mmx_dma_alloc(f->pool, 0, &buf), -EINVAL);
	assert_int_equal(mmx_dma_alloc(f->pool, SIZE_MAX, &buf), -ENOMEM);
	f->fake.refuse = -ENOSPC;
	fd = dup(0);
	close(fd);
	assert_int_equal(mmx_dma_alloc(f->pool, 1, &buf), -ENOSPC);
	assert_null(buf.cpu);
	assert_int_equal(dup(0), fd); /* nothing was left open */
	close(fd);
	f->fake.refuse = 0;
	buf = take(f, 1);
	mmx_dma_free(f->pool, &buf);
}

/* Buffers of random sizes each hold their own pattern until they are freed. */
static void test_random_use(void **state)
{
	enum {
		SLOTS = 200
	};
	struct fixture *f = *state;
	static struct mmx_dma_buf slot[SLOTS];
	uint64_t rng = 5;
	size_t step, i, j, used = 0;

	for (step = 0; step < 3000; step++) {
		rng = rng * 6364136223846793005ull + 1442695040888963407ull;
		i = (size_t)(rng >> 33) % SLOTS;
		if (slot[i].cpu) {
			used -= slot[i].size;
			for (j = 0; j < slot[i].size; j += 512)
				assert_int_equal(((uint8_t *)slot[i].cpu)[j], i);
			mmx_dma_free(f->pool, &slot[i]);
		} else {
			slot[i] = take(f, MMX_PAGE_SIZE * (1 + (rng >> 58)));
			memset(slot[i].cpu, (int)i, slot[i].size);
			used += slot[i].size;
		}
		assert_int_equal(mmx_dma_pool_used(f->pool), used);
	}
	for (i = 0; i < SLOTS; i++)
		mmx_dma_free(f->pool, &slot[i]);
	assert_int_equal(f->fake.maps, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reuse_is_zeroed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dirty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_addresses_of_scattered_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_chunks_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large_buffers_have_their_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_uncached, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random_use, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
