// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The mappings of a VM against a flat array that knows of each page what is mapped there. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/session/vma.h"

#define PAGE	     4096ull
#define PAGES	     64u
#define OBJECTS	     4u
#define MAX_MAPPINGS 12u

struct flat {
	struct mmx_memobj *mem; /* NULL = nothing */
	uint64_t offset;
	unsigned int prot;
};

struct env {
	struct mmx_session session;
	struct mmx_session_limits limits;
	struct mmx_addrspace vm;
	struct mmx_memobj mems[OBJECTS];
	struct flat flat[PAGES];
	unsigned int in_garbage[OBJECTS]; /* pages */
};

static void env_init(struct env *env)
{
	unsigned int i;

	memset(env, 0, sizeof(*env));
	env->limits.max_mappings = MAX_MAPPINGS;
	env->session.limits = &env->limits;
	env->vm.session = &env->session;
	for (i = 0; i < OBJECTS; i++)
		env->mems[i].session = &env->session;
}

/* Sorted, disjoint, within bounds; each page as the flat array has it; references counted right. */
static void check(struct env *env)
{
	unsigned int refs[OBJECTS] = { 0 }, page = 0, i;
	uint64_t end = 0;
	size_t at;

	assert_true(env->vm.vma_count <= MAX_MAPPINGS);
	for (at = 0; at < env->vm.vma_count; at++) {
		const struct mmx_vma *vma = env->vm.vmas[at];

		assert_true(vma->size && vma->va >= end);
		for (; page < vma->va / PAGE; page++)
			assert_null(env->flat[page].mem);
		for (; page < (vma->va + vma->size) / PAGE; page++) {
			assert_ptr_equal(env->flat[page].mem, vma->mem);
			assert_true(env->flat[page].offset ==
				    vma->mem_offset + page * PAGE - vma->va);
			assert_int_equal(env->flat[page].prot, vma->prot);
		}
		end = vma->va + vma->size;
		refs[vma->mem - env->mems]++;
	}
	for (; page < PAGES; page++)
		assert_null(env->flat[page].mem);
	for (i = 0; i < OBJECTS; i++)
		assert_int_equal(env->mems[i].refs, refs[i]);
}

static bool flat_any(const struct env *env, unsigned int first, unsigned int count)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		if (env->flat[i].mem)
			return true;
	return false;
}

/* What was cut out must be in the garbage, page by page, and hold its object. */
static void check_garbage(struct env *env, struct mmx_list *garbage, unsigned int first,
			  unsigned int count)
{
	bool seen[PAGES] = { false };
	struct mmx_list *pos;
	unsigned int i;

	mmx_list_for_each(pos, garbage) {
		const struct mmx_vma *vma = mmx_container_of(pos, struct mmx_vma, link);

		for (i = 0; i < vma->size / PAGE; i++) {
			unsigned int page = (unsigned int)(vma->va / PAGE) + i;

			assert_in_range(page, first, first + count - 1);
			assert_false(seen[page]);
			seen[page] = true;
			assert_ptr_equal(env->flat[page].mem, vma->mem);
			assert_true(env->flat[page].offset == vma->mem_offset + i * PAGE);
		}
		assert_true(vma->mem->refs > 0);
	}
	for (i = first; i < first + count; i++)
		assert_int_equal(seen[i], env->flat[i].mem != NULL);
}

/* Return: false: too many mappings, and nothing has changed. */
static bool cut(struct env *env, unsigned int first, unsigned int count)
{
	uint64_t va = first * PAGE, size = count * PAGE;
	struct mmx_vma_spare spare;
	struct mmx_list garbage;

	assert_int_equal(mmx_vma_any(&env->vm, va, size), flat_any(env, first, count));
	if (!mmx_vma_may_unmap(&env->vm, va, size)) {
		assert_int_equal(env->vm.vma_count, MAX_MAPPINGS);
		return false;
	}
	assert_int_equal(mmx_vma_spare_take(&env->vm, &spare), 0);
	mmx_list_init(&garbage);
	mmx_vma_cut(&env->vm, va, size, &garbage, &spare);
	mmx_vma_spare_drop(&spare);
	check_garbage(env, &garbage, first, count);
	mmx_vma_free_some(&garbage, UINT_MAX);
	memset(&env->flat[first], 0, count * sizeof(env->flat[0]));
	return true;
}

static void map(struct env *env, unsigned int first, unsigned int count, struct mmx_memobj *mem,
		uint64_t offset, unsigned int prot)
{
	const struct mmx_vma range = {
		.va = first * PAGE,
		.size = count * PAGE,
		.mem = mem,
		.mem_offset = offset,
		.prot = prot,
	};
	struct mmx_vma_spare spare;
	struct mmx_list garbage;
	unsigned int i;

	if (!mmx_vma_may_map(&env->vm, range.va, range.size))
		return;
	/* one take is enough for both, and what is there may exceed the limit in between */
	assert_int_equal(mmx_vma_spare_take(&env->vm, &spare), 0);
	mmx_list_init(&garbage);
	mmx_vma_cut(&env->vm, range.va, range.size, &garbage, &spare);
	check_garbage(env, &garbage, first, count);
	mmx_vma_free_some(&garbage, UINT_MAX);
	mmx_vma_insert(&env->vm, &range, &spare);
	mmx_vma_spare_drop(&spare);
	for (i = 0; i < count; i++)
		env->flat[first + i] = (struct flat){ mem, offset + i * PAGE, prot };
}

static uint32_t random_below(uint32_t *seed, uint32_t limit)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % limit;
}

static void test_random(void **state)
{
	struct env env;
	uint32_t seed = 1;
	unsigned int i;

	(void)state;
	env_init(&env);
	for (i = 0; i < 200000; i++) {
		unsigned int first = random_below(&seed, PAGES);
		unsigned int count = 1 + random_below(&seed, PAGES - first);
		struct mmx_memobj *mem = &env.mems[random_below(&seed, OBJECTS)];

		/* mostly small ones, so that there are many */
		if (random_below(&seed, 4))
			count = count < 6 ? count : 1 + count % 5;
		if (random_below(&seed, 3))
			map(&env, first, count, mem, random_below(&seed, 100) * PAGE,
			    random_below(&seed, 8));
		else
			cut(&env, first, count);
		check(&env);
	}
	assert_true(cut(&env, 0, PAGES));
	check(&env);
	free(env.vm.vmas);
}

/* The limit is a limit of what there is afterwards: what is replaced makes room. */
static void test_may_map(void **state)
{
	static const struct {
		unsigned int first, count;
		bool may;
	} cases[] = {
		{ 0, 1, true }, /* replaces one */
		{ 0, 3, true }, /* replaces two, and what is between */
		{ 1, 1, false }, /* one more */
		{ 60, 1, false }, /* one more, behind all */
		{ 44, 1, false }, /* splits one */
		{ 43, 3, true }, /* replaces one */
		{ 43, 2, false }, /* only cuts one */
		{ 20, 25, true }, /* replaces some, cuts one */
	};
	struct env env;
	unsigned int i;

	(void)state;
	env_init(&env);
	for (i = 0; i < MAX_MAPPINGS - 1; i++)
		map(&env, 2 * i, 1, &env.mems[0], 0, 0);
	map(&env, 43, 3, &env.mems[1], 0, 0);
	assert_int_equal(env.vm.vma_count, MAX_MAPPINGS);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			mmx_vma_may_map(&env.vm, cases[i].first * PAGE, cases[i].count * PAGE),
			cases[i].may);
	cut(&env, 0, PAGES);
	free(env.vm.vmas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_may_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
