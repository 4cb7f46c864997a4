// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Over thousands of random binds, of either kind: the page tables are what a flat list of pages says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "backend/session/session_priv.h"
#include "tests/unit/rig_guest.h"

#define PAGE  ((uint64_t)MMX_WIRE_PAGE_SIZE)
#define BLOCK (2ull << 20)
#define BINDS RIG_NAME(100)

#define SPAN	8192u /* pages: 32 MiB */
#define OBJECTS 3u
#define NOTHING (-1)

struct shadow {
	int page; /* of the data area; beyond it: of the dummy; or NOTHING */
	unsigned int prot;
};

struct env {
	struct rig rig;
	struct rig_guest guest;
	struct rig_ctx ctx; /* of index 0 */
};

static int setup(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	rig_init(&env->rig, 1);
	env->rig.partitions[0].limits.wire.mem_bytes = 16 << 20;
	env->rig.partitions[0].limits.max_mappings = 4096;
	rig_start_guests(&env->rig, &env->guest);
	rig_ctx_create_async(&env->guest, 0, BINDS, &env->ctx);
	*state = env;
	return 0;
}

static struct shadow shadow[SPAN];
static uint32_t seed = 1;

static uint32_t below(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)(seed >> 4) * limit) >> 28);
}

/* Page of the data area behind that page of the object. */
static int object_page(uint32_t mem, uint32_t page)
{
	if (mem == 1)
		return (int)(512 + page); /* one run of 6 MiB, from a block on */
	if (mem == 2)
		return (int)(2100 + page); /* one run, out of step with blocks */
	return (int)(3000 + page * 7 % 1000);
}

static const uint32_t object_pages[OBJECTS + 1] = { 0, 1536, 900, 1000 };

/* An operation, and what becomes of the shadow. */
static struct mmx_bind_op random_op(uint64_t base)
{
	uint32_t first = below(SPAN), count, kind = below(10), mem = 1 + below(OBJECTS), offset = 0,
		 i;
	struct mmx_bind_op op = { 0 };

	/* small, large, or in step with blocks */
	count = below(3) ? 1 + below(40) : 1 + below(1500);
	if (!below(3)) {
		first &= ~511u;
		count = (count + 511) & ~511u;
	}
	if (kind < 6) {
		count = count < object_pages[mem] ? count : object_pages[mem];
		offset = below(2) ? 0 : below(object_pages[mem] - count + 1);
	}
	if (first + count > SPAN)
		count = SPAN - first;
	op.va = base + first * PAGE;
	op.size = count * PAGE;
	if (kind >= 8) {
		op.op = MMX_BIND_OP_UNMAP;
		for (i = 0; i < count; i++)
			shadow[first + i].page = NOTHING;
		return op;
	}
	op.flags = below(8) & (kind < 6 ? 7u : 5u);
	if (kind >= 6)
		op.flags |= MMX_BIND_SPARSE | MMX_BIND_NOEXEC;
	else
		op.mem = RIG_NAME(mem), op.mem_offset = offset * PAGE;
	for (i = 0; i < count; i++) {
		shadow[first + i].page =
			kind < 6 ? object_page(mem, offset + i) : (int)(100000 + (first + i) % 512);
		shadow[first + i].prot = MMX_PROT_READ |
					 (op.flags & MMX_BIND_READONLY ? 0 : MMX_PROT_WRITE) |
					 (op.flags & MMX_BIND_NOEXEC ? 0 : MMX_PROT_EXEC) |
					 (op.flags & MMX_BIND_UNCACHED ? MMX_PROT_UNCACHED : 0);
	}
	return op;
}

static void compare(const struct rig_guest *guest, const struct mmx_vm *vm, uint64_t base)
{
	uint64_t region = guest->session->map.runs[0].addr, addr, want;
	const struct mmx_dma_buf *dummy = &guest->session->dummy;
	unsigned int prot, i;

	for (i = 0; i < SPAN; i++) {
		bool is = mmx_vm_lookup(vm, base + i * PAGE, &addr, &prot);

		if (is != (shadow[i].page != NOTHING))
			fail_msg("page %u is mapped or not", i);
		if (!is)
			continue;
		want = shadow[i].page < 100000
			       ? region + (uint64_t)shadow[i].page * PAGE
			       : mmx_dma_buf_addr(dummy,
						  (uint64_t)(shadow[i].page - 100000) * PAGE);
		if (addr != want || prot != shadow[i].prot)
			fail_msg("page %u is 0x%llx with 0x%x", i, (unsigned long long)addr, prot);
	}
}

static void test_random(void **state)
{
	const uint64_t base = (1ull << 39) - 7 * BLOCK; /* over a border of all levels */
	struct env *env = *state;
	struct rig_guest *guest = &env->guest;
	const struct mmx_addrspace *vm = mmx_table_find(&guest->session->vms, RIG_NAME(0));
	uint64_t seqno = 0;
	unsigned int i, k;

	assert_int_equal(rig_mem_create(guest, RIG_NAME(1), 512, object_pages[1]), 0);
	assert_int_equal(rig_mem_create(guest, RIG_NAME(2), 2100, object_pages[2]), 0);
	assert_int_equal(rig_mem_create_scattered(guest, RIG_NAME(3), 3000, object_pages[3]), 0);
	for (i = 0; i < SPAN; i++)
		shadow[i].page = NOTHING;
	for (i = 0; i < 1500; i++) {
		struct mmx_bind_op ops[4];
		uint32_t count = 1 + below(4), binds = below(4);
		union mmx_msg_buf msg;

		guest->entry_count = 0;
		for (k = 0; binds; binds--) {
			for (k = 0; k < count; k++)
				ops[k] = random_op(base);
			rig_bind_async(guest, RIG_NAME(0), ++seqno, ops, count, NULL, 0);
		}
		if (k)
			assert_int_equal(rig_wait_job(guest, BINDS, seqno), 0);
		for (k = 0; k < count; k++)
			ops[k] = random_op(base);
		assert_int_equal(
			rig_call(guest, &msg,
				 mmx_encode_vm_bind(&msg, rig_tag(guest), RIG_NAME(0), ops, count)),
			0);
		compare(guest, vm->hw, base);
	}
	/* all but the context's can go, and then nothing is left of it */
	assert_int_equal(rig_unmap(guest, RIG_NAME(0), base, SPAN * PAGE), 0);
	assert_int_equal(vm->vma_count, 1);
	for (i = 1; i <= OBJECTS; i++) {
		assert_int_equal(rig_object(guest, MMX_MSG_MEM_DESTROY, RIG_NAME(i)), 0);
		assert_true(rig_is_released(guest, RIG_NAME(i)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
