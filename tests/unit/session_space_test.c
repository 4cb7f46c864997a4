// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Memory spaces: a guest's own memory beside its region. Which files are taken for that; what HELLO, SPACE and SPACE_CHECK
 * say; lists of runs that lead out of the pieces; that the GPU reaches the very pages that were meant, and the
 * daemon reads them, until they are taken away.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/core/ram.h"
#include "backend/session/session_priv.h"
#include "tests/unit/rig_guest.h"

#define PAGE	     ((uint64_t)MMX_WIRE_PAGE_SIZE)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define QUOTA (1ull << 20)
#define VA    0x40000000ull

/* Pages of the file: 4 that are nobody's, piece 1, 12 that are nobody's, piece 2, 24 that are nobody's. */
#define FIRST_1 4u
#define PAGES_1 16u
#define FIRST_2 32u
#define PAGES_2 8u
#define PAGES	64u

struct env {
	struct rig rig;
	struct rig_guest guest;
	struct rig_ctx ctx; /* of index 0, with group 0 of one queue */
	int fd;
	uint8_t *memory; /* the file */
	char path[32];
};

static void set_config(struct env *env)
{
	env->rig.partitions[0].ram = (struct mmx_ram_config){
		.file = env->path,
		.mem_bytes = QUOTA,
		.piece_count = 2,
		.pieces = { { 0x40000000, PAGES_1 * PAGE, FIRST_1 * PAGE },
			    { 0x100000000, PAGES_2 * PAGE, FIRST_2 * PAGE } },
	};
}

static int setup_bare(void **state)
{
	struct env *env = calloc(1, sizeof(*env));

	assert_non_null(env);
	env->fd = memfd_create("machine", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_int_equal(ftruncate(env->fd, PAGES * PAGE), 0);
	env->memory = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, env->fd, 0);
	assert_true(env->memory != MAP_FAILED);
	snprintf(env->path, sizeof(env->path), "/proc/%%p/fd/%d", env->fd);
	rig_init(&env->rig, 1);
	set_config(env);
	*state = env;
	return 0;
}

static int setup(void **state)
{
	struct env *env;

	setup_bare(state);
	env = *state;
	rig_start_ctxs(&env->rig, &env->guest, &env->ctx);
	rig_ctx_group(&env->ctx, 0, 1);
	return 0;
}

static int teardown(void **state)
{
	struct env *env = *state;

	munmap(env->memory, PAGES * PAGE);
	close(env->fd);
	return rig_teardown(state);
}

static int create(struct env *env, uint32_t index, const struct mmx_run *runs, uint32_t count,
		  uint32_t pages)
{
	struct mmx_msg_mem_create m = {
		.hdr = { .type = MMX_MSG_MEM_CREATE, .tag = rig_tag(&env->guest) },
		.mem = RIG_NAME(index),
		.flags = MMX_MEM_SEAL,
		.page_count = pages,
		.run_count = count,
	};
	union mmx_msg_buf msg;

	/* by hand: the encoder has an opinion of its own */
	m.hdr.size = (uint32_t)(sizeof(m) + count * sizeof(*runs));
	memcpy(msg.bytes, &m, sizeof(m));
	memcpy(msg.bytes + sizeof(m), runs, count * sizeof(*runs));
	return rig_call(&env->guest, &msg, (int)m.hdr.size);
}

static int check_space(struct env *env, uint32_t space, uint64_t page, const void *nonce)
{
	union mmx_msg_buf msg;

	return rig_call(&env->guest, &msg,
			mmx_encode_space_check(&msg, rig_tag(&env->guest), space, page, nonce));
}

/* ---- the file ---- */

static void test_files(void **state)
{
	static const struct {
		const char *file;
		off_t size;
		uid_t uid; /* 0: as it is */
		int error;
		const char *why;
	} cases[] = {
		{ NULL, PAGES * PAGE, 0, 0, "" },
		{ NULL, (FIRST_2 + PAGES_2) * PAGE, 0, 0, "" },
		{ NULL, (FIRST_2 + PAGES_2) * PAGE - 1, 0, -ENXIO, "it has 163839 bytes" },
		{ NULL, 0, 0, -ENXIO, "it has 0 bytes" },
		{ NULL, PAGES * PAGE, 12345, -EPERM, "uid 12345" },
		{ "/dev/null", 0, 0, -EINVAL, "regular file" },
		{ "/dev/shm", 0, 0, -EINVAL, "regular file" },
		{ "/proc/version", 0, 0, -EINVAL, "tmpfs" },
		{ "/proc/self/fd/9999", 0, 0, -ENOENT, "No such file" },
	};
	struct env *env = *state;
	struct mmx_partition_config config = env->rig.partitions[0];
	struct mmx_session_ram ram;
	char path[32], why[160];
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		int fd = memfd_create("machine", MFD_CLOEXEC);

		assert_int_equal(ftruncate(fd, cases[i].size), 0);
		snprintf(path, sizeof(path), "/proc/%%p/fd/%d", fd);
		config.ram.file = cases[i].file ? (char *)cases[i].file : path;
		config.check_uid = cases[i].uid;
		config.uid = cases[i].uid;
		why[0] = '\0';
		assert_int_equal(
			mmx_ram_open(&env->rig.dev, &config, getpid(), &ram, why, sizeof(why)),
			cases[i].error);
		if (cases[i].error && !strstr(why, cases[i].why))
			fail_msg("case %zu says: %s", i, why);
		if (!cases[i].error) {
			assert_int_equal(ram.count, 2);
			mmx_ram_close(&env->rig.dev, &ram);
			mmx_ram_close(&env->rig.dev, &ram);
		}
		close(fd);
	}
	assert_int_equal(env->rig.regions, 0);
	/* the device has no more room: nothing of it stays mapped */
	env->rig.map_fails = 2;
	config.ram.file = env->path;
	assert_int_equal(mmx_ram_open(&env->rig.dev, &config, getpid(), &ram, why, sizeof(why)),
			 -ENOMEM);
	assert_int_equal(env->rig.regions, 0);
	rig_start(&env->rig);
}

/* The machine is not let in, and nothing of its offer stays. */
static void test_no_offer(void **state)
{
	struct env *env = *state;
	struct mmx_peer peer;

	rig_start(&env->rig);
	assert_int_equal(ftruncate(env->fd, PAGE), 0);
	assert_int_equal(mmx_core_offer(env->rig.core, 0, &peer), 0);
	assert_int_equal(mmx_core_open_ram(env->rig.core, 0, getpid()), CORE_E_NO_RAM);
	assert_int_equal(env->rig.regions, 1);
	assert_int_equal(ftruncate(env->fd, PAGES * PAGE), 0);
	assert_int_equal(mmx_core_open_ram(env->rig.core, 0, getpid()), 0);
	assert_int_equal(env->rig.regions, 3);
	mmx_core_withdraw(env->rig.core, 0);
	mmx_peer_finish(&peer);
	assert_int_equal(env->rig.regions, 0);
}

/* ---- messages ---- */

static void test_hello(void **state)
{
	struct env *env = *state;
	const struct mmx_decoded_reply *reply;
	union mmx_msg_buf msg;
	uint32_t tag;

	assert_int_equal(env->guest.session->limits->wire.mem_bytes,
			 env->rig.partitions[0].limits.wire.mem_bytes + QUOTA);
	tag = rig_tag(&env->guest);
	assert_int_equal(rig_call(&env->guest, &msg, mmx_encode_space(&msg, tag, 1)), 0);
	reply = rig_reply(&env->guest, tag);
	assert_int_equal(reply->space.guest_page, 0x40000);
	assert_int_equal(reply->space.page_count, PAGES_1);
	tag = rig_tag(&env->guest);
	assert_int_equal(rig_call(&env->guest, &msg, mmx_encode_space(&msg, tag, 2)), 0);
	reply = rig_reply(&env->guest, tag);
	assert_int_equal(reply->space.guest_page, 0x100000);
	assert_int_equal(reply->space.page_count, PAGES_2);
	assert_int_equal(
		rig_call(&env->guest, &msg, mmx_encode_space(&msg, rig_tag(&env->guest), 3)),
		-EINVAL);
}

static void test_check(void **state)
{
	static const uint8_t nonce[MMX_NONCE_SIZE] = "something that nobody could know";
	static const struct mmx_run run_1 = { 0, 1, 1, 0 }, run_2 = { 0, 1, 2, 0 };
	struct env *env = *state;

	memcpy(env->memory + (FIRST_1 + 3) * PAGE, nonce, sizeof(nonce));
	memcpy(env->memory + (FIRST_2 + 7) * PAGE, nonce, sizeof(nonce));
	assert_int_equal(check_space(env, 1, 3, nonce), 0);
	assert_int_equal(check_space(env, 2, 7, nonce), 0);
	assert_int_equal(check_space(env, 2, 8, nonce), -EFAULT);
	assert_int_equal(check_space(env, 2, UINT64_MAX, nonce), -EFAULT);
	assert_int_equal(check_space(env, 2, 1ull << 52, nonce), -EFAULT);
	assert_int_equal(check_space(env, 3, 0, nonce), -EINVAL);
	assert_int_equal(create(env, 1, &run_1, 1, 1), 0);
	assert_int_equal(create(env, 2, &run_2, 1, 1), 0);
	/* what is not as the guest has it is not used any more, and no second try makes it so */
	env->memory[(FIRST_1 + 3) * PAGE + MMX_NONCE_SIZE - 1] ^= 1;
	assert_int_equal(check_space(env, 1, 3, nonce), -EBADMSG);
	assert_int_equal(create(env, 3, &run_1, 1, 1), -EFAULT);
	env->memory[(FIRST_1 + 3) * PAGE + MMX_NONCE_SIZE - 1] ^= 1;
	assert_int_equal(check_space(env, 1, 3, nonce), -EFAULT);
	assert_int_equal(create(env, 3, &run_1, 1, 1), -EFAULT);
	/* the other one is */
	assert_int_equal(create(env, 3, &run_2, 1, 1), 0);
}

static void test_runs(void **state)
{
	static const struct {
		const char *what;
		struct mmx_run runs[3];
		uint32_t count, pages;
		int error;
	} cases[] = {
		{ "all of a piece", { { 0, PAGES_1, 1, 0 } }, 1, PAGES_1, 0 },
		{ "its last page", { { PAGES_1 - 1, 1, 1, 0 } }, 1, 1, 0 },
		{ "beyond it", { { PAGES_1, 1, 1, 0 } }, 1, 1, -EFAULT },
		{ "across its end", { { PAGES_1 - 1, 2, 1, 0 } }, 1, 2, -EFAULT },
		{ "the other's length", { { 0, PAGES_2 + 1, 2, 0 } }, 1, PAGES_2 + 1, -EFAULT },
		{ "a sum of 2^64", { { UINT64_MAX, 1, 1, 0 } }, 1, 1, -EFAULT },
		{ "a sum beyond 2^64", { { UINT64_MAX - 1, 4, 1, 0 } }, 1, 4, -EFAULT },
		{ "an offset of 2^64", { { 1ull << 52, 1, 1, 0 } }, 1, 1, -EFAULT },
		{ "32 bits too many", { { 1ull << 32, 1, 1, 0 } }, 1, 1, -EFAULT },
		{ "no pages", { { 0, 0, 1, 0 } }, 1, 1, -EINVAL },
		{ "as many as can be", { { 0, UINT32_MAX, 1, 0 } }, 1, 1, -EFAULT },
		{ "no such space", { { 0, 1, 3, 0 } }, 1, 1, -EINVAL },
		{ "the last space that can be said", { { 0, 1, UINT16_MAX, 0 } }, 1, 1, -EINVAL },
		{ "a space of 8 bits", { { 0, 1, 0x101, 0 } }, 1, 1, -EINVAL },
		{ "unknown flags", { { 0, 1, 1, 2 } }, 1, 1, -EINVAL },
		{ "a wrong one behind a right one",
		  { { 0, 1, 1, 0 }, { PAGES_2, 1, 2, 0 } },
		  2,
		  2,
		  -EFAULT },
		{ "overlapping ones", { { 0, 4, 1, 0 }, { 2, 4, 1, 0 } }, 2, 8, 0 },
		{ "the same page thrice",
		  { { 5, 1, 1, 0 }, { 5, 1, 1, 0 }, { 5, 1, 1, 0 } },
		  3,
		  3,
		  0 },
		{ "more than announced", { { 0, 4, 1, 0 }, { 0, 4, 2, 0 } }, 2, 7, -EINVAL },
	};
	struct env *env = *state;
	uint64_t held = env->guest.session->stats.mem_bytes;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		int r = create(env, 1, cases[i].runs, cases[i].count, cases[i].pages);

		if (r != cases[i].error)
			fail_msg("%s: %d", cases[i].what, r);
		assert_int_equal(env->guest.session->stats.mem_bytes,
				 held + (r ? 0 : cases[i].pages * PAGE));
		if (!r)
			assert_int_equal(rig_object(&env->guest, MMX_MSG_MEM_DESTROY, RIG_NAME(1)),
					 0);
		rig_settle(&env->rig);
		rig_guest_read(&env->guest);
	}
}

/* What is registered of it is charged as the region's pages are. */
static void test_quota(void **state)
{
	struct env *env = *state;
	uint64_t left =
		env->guest.session->limits->wire.mem_bytes - env->guest.session->stats.mem_bytes;
	struct mmx_run runs[64];
	uint32_t i, index = 1;

	for (i = 0; i < COUNT(runs); i++)
		runs[i] = (struct mmx_run){ 0, PAGES_1, 1, 0 };
	for (; left >= COUNT(runs) * PAGES_1 * PAGE; left -= COUNT(runs) * PAGES_1 * PAGE)
		assert_int_equal(create(env, index++, runs, COUNT(runs), COUNT(runs) * PAGES_1), 0);
	assert_int_equal(create(env, index, runs, COUNT(runs), COUNT(runs) * PAGES_1), -ENOSPC);
	assert_true(index > 1);
}

/* ---- what it leads to ---- */

static uint32_t word_at(const struct env *env, uint32_t page, uint32_t offset)
{
	uint32_t word;

	memcpy(&word, env->memory + page * PAGE + offset, sizeof(word));
	return word;
}

/* Of two pieces and the region, in one object: streams write to each of its pages, and to nothing else. */
static void test_reach(void **state)
{
	struct env *env = *state;
	const uint64_t region = env->guest.front.data_offset / PAGE + 4 * RIG_PAGES;
	const struct mmx_run runs[] = {
		{ 2, 1, 2, 0 },		 { 15, 1, 1, 0 },     { region, 1, 0, 0 },
		{ region + 1, 1, 1, 0 }, { region, 1, 0, 0 },
	};
	const struct mmx_run list[] = { runs[0], runs[1], runs[2], { 0, 2, 1, 0 } };
	uint8_t *before = malloc(PAGES * PAGE);
	uint64_t seqno = 0;
	uint32_t i;

	assert_int_equal(create(env, 1, &runs[3], 1, 1), -EFAULT);
	assert_int_equal(create(env, 1, list, COUNT(list), 5), 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, VA, 5 * PAGE, 0), 0);
	assert_non_null(before);
	memcpy(before, env->memory, PAGES * PAGE);
	for (i = 0; i < 5; i++) {
		rig_submit(&env->guest, RIG_NAME(0), 0, ++seqno,
			   rig_poke(&env->ctx, VA + i * PAGE + 8, 100 + i), NULL, 0);
		assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), seqno), 0);
	}
	assert_int_equal(word_at(env, FIRST_2 + 2, 8), 100);
	assert_int_equal(word_at(env, FIRST_1 + 15, 8), 101);
	assert_int_equal(word_at(env, FIRST_1, 8), 103);
	assert_int_equal(word_at(env, FIRST_1 + 1, 8), 104);
	/* and nowhere else */
	memset(env->memory + (FIRST_2 + 2) * PAGE + 8, 0, 4);
	memset(env->memory + (FIRST_1 + 15) * PAGE + 8, 0, 4);
	memset(env->memory + FIRST_1 * PAGE + 8, 0, 4);
	memset(env->memory + (FIRST_1 + 1) * PAGE + 8, 0, 4);
	assert_memory_equal(before, env->memory, PAGES * PAGE);
	free(before);
}

/* Runs that follow each other in numbers, but are of different spaces, are no one run. */
static void test_no_merge(void **state)
{
	static const struct mmx_run runs[] = { { 0, 4, 1, 0 }, { 4, 4, 2, 0 }, { 4, 4, 1, 0 } };
	struct env *env = *state;
	const struct mmx_memobj *mem;

	assert_int_equal(create(env, 1, runs, COUNT(runs), 12), 0);
	mem = mmx_table_find(&env->guest.session->mems, RIG_NAME(1));
	assert_int_equal(mem->run_count, 3);
}

/* The daemon's own look, also when the memory has been taken away. */
static void test_peek(void **state)
{
	static const struct mmx_run run = { 1, 2, 1, 0 };
	const uint64_t word = 0x1122334455667788;
	struct env *env = *state;
	const struct mmx_addrspace *vm;
	uint64_t value;

	assert_int_equal(create(env, 1, &run, 1, 2), 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, VA, 2 * PAGE, 0), 0);
	memcpy(env->memory + (FIRST_1 + 2) * PAGE + 16, &word, sizeof(word));
	vm = mmx_table_find(&env->guest.session->vms, env->ctx.vm);
	assert_int_equal(mmx_addrspace_peek(vm, VA + PAGE + 16, 8, &value), 0);
	assert_true(value == word);
	assert_int_equal(mmx_addrspace_peek(vm, VA + PAGE + 20, 4, &value), 0);
	assert_true(value == 0x11223344);
	assert_int_equal(mmx_addrspace_peek(vm, VA + PAGE + 20, 8, &value), ADDRSPACE_E_MISALIGNED);
	assert_int_equal(mmx_addrspace_peek(vm, VA + 2 * PAGE, 4, &value), ADDRSPACE_E_UNMAPPED);
	assert_int_equal(ftruncate(env->fd, (FIRST_1 + 2) * PAGE), 0);
	assert_int_equal(mmx_addrspace_peek(vm, VA + PAGE + 16, 8, &value), ADDRSPACE_E_UNMAPPED);
	assert_int_equal(mmx_addrspace_peek(vm, VA + 16, 8, &value), 0);
	assert_int_equal(check_space(env, 1, 5, env->memory), -EBADMSG);
	assert_int_equal(ftruncate(env->fd, PAGES * PAGE), 0);
}

static struct rig_stream sync_stream(struct env *env, bool wait)
{
	struct mmx_cs_asm a = rig_asm_begin(&env->ctx);

	mmx_cs_move48(&a, 40, VA);
	mmx_cs_move48(&a, 42, !wait);
	if (wait)
		mmx_cs_sync_wait64(&a, MMX_CS_GREATER, 40, 42);
	else
		mmx_cs_sync_add64(&a, 40, 42, MMX_CS_SCOPE_CSG, MMX_CS_NOW);
	return rig_asm_end(&env->ctx, &a);
}

/* One group waits for a sync object there, another one signals it. */
static void test_wait(void **state)
{
	static const struct mmx_run run = { 1, 1, 1, 0 };
	const uint32_t other = RIG_NAME(MMX_MAX_QUEUES);
	struct env *env = *state;

	rig_ctx_group(&env->ctx, 1, 1);
	assert_int_equal(create(env, 1, &run, 1, 1), 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, VA, PAGE, 0), 0);
	rig_submit(&env->guest, RIG_NAME(0), 0, 1, sync_stream(env, true), NULL, 0);
	rig_run(&env->rig, MMX_NS_PER_S);
	assert_int_equal(rig_job(&env->guest, RIG_NAME(0), 1), -1);
	rig_submit(&env->guest, RIG_NAME(1), 0, 1, sync_stream(env, false), NULL, 0);
	assert_int_equal(rig_wait_job(&env->guest, other, 1), 0);
	assert_int_equal(rig_wait_job(&env->guest, RIG_NAME(0), 1), 0);
	assert_int_equal(word_at(env, FIRST_1 + 1, 0), 1);
}

/* A session's end gives back the region and leaves the machine its memory. */
static void test_end(void **state)
{
	static const struct mmx_run run = { 1, 1, 1, 0 };
	struct env *env = *state;

	assert_int_equal(env->rig.regions, 3);
	assert_int_equal(create(env, 1, &run, 1, 1), 0);
	assert_int_equal(rig_map(&env->guest, env->ctx.vm, RIG_NAME(1), 0, VA, PAGE, 0), 0);
	assert_int_equal(rig_object(&env->guest, MMX_MSG_MEM_DESTROY, RIG_NAME(1)), 0);
	rig_settle(&env->rig);
	rig_guest_read(&env->guest);
	assert_false(rig_is_released(&env->guest, RIG_NAME(1)));
	assert_int_equal(rig_unmap(&env->guest, env->ctx.vm, VA, PAGE), 0);
	RIG_UNTIL(&env->rig,
		  (rig_guest_read(&env->guest), rig_is_released(&env->guest, RIG_NAME(1))));
	rig_guest_hangup(&env->guest);
	rig_guest_wait_gone(&env->guest);
	assert_int_equal(env->rig.regions, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files, setup_bare, teardown),
		cmocka_unit_test_setup_teardown(test_no_offer, setup_bare, teardown),
		cmocka_unit_test_setup_teardown(test_hello, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check, setup, teardown),
		cmocka_unit_test_setup_teardown(test_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_quota, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reach, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_merge, setup, teardown),
		cmocka_unit_test_setup_teardown(test_peek, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
