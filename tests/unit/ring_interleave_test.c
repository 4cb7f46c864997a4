// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tries every interleaving (ring_explore.h) of a producer and a consumer that run the real code of
 * hv/proto/ring.h.
 *
 * Each access to shared memory is a step, through the macros that ring.h offers for this.
 *
 * What fails, beyond what the explorer finds by itself: a message lost, doubled, torn or out of order; -EPROTO
 * between honest ends. That the explorer can fail is shown by mutants of the ring's code, each of which must
 * be found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint32_t model_load(const uint32_t *ptr);
static void model_store(uint32_t *ptr, uint32_t value, bool release);
static void model_fence(void);
static void model_copy_from(void *dst, const uint8_t *src, size_t len);
static void model_copy_to(uint8_t *dst, const void *src, size_t len);

#define MMX_RING_LOAD_ACQUIRE(ptr)	  model_load(ptr)
#define MMX_RING_LOAD(ptr)		  model_load(ptr)
#define MMX_RING_STORE_RELEASE(ptr, val)  model_store(ptr, val, true)
#define MMX_RING_STORE(ptr, val)	  model_store(ptr, val, false)
#define MMX_RING_FENCE()		  model_fence()
#define MMX_RING_COPY_FROM(dst, src, len) model_copy_from(dst, src, len)
#define MMX_RING_COPY_TO(dst, src, len)	  model_copy_to(dst, src, len)
#define MMX_RING_CLEAR(dst, len)	  model_copy_to(dst, NULL, len)
#include "hv/proto/ring.h"

#include "tests/unit/ring_explore.h"

#define MSGS_MAX    6u
#define OFF(member) offsetof(struct mmx_ring_ctrl, member)

enum mutant {
	NONE,
	NO_FENCE_PUBLISH,
	NO_FENCE_CONSUME,
	NO_FENCE_WANT_DATA,
	NO_FENCE_WANT_SPACE,
	NO_RECHECK_DATA,
	NO_RECHECK_SPACE,
	NO_ARM_DATA,
	NO_ARM_SPACE,
	ARM_DATA_LATE,
	ARM_SPACE_LATE,
	PROD_NOT_RELEASED,
	ROOM_OFF_BY_ONE,
	NEVER_NOTIFY,
	ALWAYS_NOTIFY,
};

struct scenario {
	const char *name;
	uint32_t slots;
	uint32_t start; /* both indices at the beginning */
	uint32_t sizes[MSGS_MAX]; /* of the messages; 0 ends */
	uint32_t produce_batch; /* messages before each publish */
	uint32_t consume_batch;
};

/* What the threads are and do. */
static const struct scenario *scenario;
static enum mutant mutant;

/* The thread that runs; it begins with begin(). */
static struct {
	const char *phase;
	uint32_t last[4]; /* what its loads of prod, space_event, cons, data_event returned last */
} run;

/* Only its addresses are used. */
static union {
	struct mmx_ring_ctrl ctrl;
	uint8_t bytes[EXPLORE_MEM_SIZE];
} fake;

static bool in_phase(enum mutant which, const char *phase)
{
	return mutant == which && !strcmp(run.phase, phase);
}

static uint32_t offset_of(const void *ptr)
{
	return (uint32_t)((const uint8_t *)ptr - fake.bytes);
}

static void begin(void)
{
	run.phase = "";
	run.last[0] = run.last[1] = run.last[2] = run.last[3] = scenario->start;
}

static uint32_t *last_of(uint32_t off)
{
	return &run.last[off == OFF(prod)	   ? 0
			 : off == OFF(space_event) ? 1
			 : off == OFF(cons)	   ? 2
						   : 3];
}

static uint32_t model_load(const uint32_t *ptr)
{
	uint32_t off = offset_of(ptr), value;

	if (in_phase(NO_RECHECK_DATA, "want_data") || in_phase(NO_RECHECK_SPACE, "want_space"))
		return *last_of(off);
	explore_load(off, &value, sizeof(value));
	*last_of(off) = value;
	if (in_phase(ROOM_OFF_BY_ONE, "write"))
		value++;
	return value;
}

static void model_store(uint32_t *ptr, uint32_t value, bool release)
{
	if (in_phase(NO_ARM_DATA, "want_data") || in_phase(NO_ARM_SPACE, "want_space"))
		return;
	if (in_phase(ARM_DATA_LATE, "want_data") || in_phase(ARM_SPACE_LATE, "want_space"))
		value++;
	explore_store(offset_of(ptr), &value, sizeof(value),
		      release && mutant != PROD_NOT_RELEASED);
}

static void model_fence(void)
{
	if (in_phase(NO_FENCE_PUBLISH, "publish") || in_phase(NO_FENCE_CONSUME, "consume") ||
	    in_phase(NO_FENCE_WANT_DATA, "want_data") ||
	    in_phase(NO_FENCE_WANT_SPACE, "want_space"))
		return;
	explore_fence();
}

static void model_copy_from(void *dst, const uint8_t *src, size_t len)
{
	explore_load(offset_of(src), dst, len);
}

static void model_copy_to(uint8_t *dst, const void *src, size_t len)
{
	explore_store(offset_of(dst), src, len, false);
}

/* What message number i looks like. */
static void make_message(uint32_t i, uint32_t size, uint8_t *buf)
{
	struct mmx_msg_hdr hdr = { .type = MMX_MSG_SUBMIT, .size = size, .tag = i };
	uint32_t at;

	for (at = 0; at < size; at++)
		buf[at] = (uint8_t)(i * 16 + at / MMX_SLOT_SIZE + 1);
	memcpy(buf, &hdr, sizeof(hdr));
}

static void notify_if(bool notify, uint32_t whom)
{
	if (mutant == NEVER_NOTIFY)
		return;
	if (notify || mutant == ALWAYS_NOTIFY)
		explore_notify(whom);
}

static void produce(void)
{
	const struct scenario *sc = scenario;
	struct mmx_ring_producer p = {
		.ctrl = &fake.ctrl,
		.slots = sc->slots,
		.prod = sc->start,
		.published = sc->start,
		.cons = sc->start,
	};
	uint8_t msg[MMX_MSG_MAX];
	uint32_t i;
	int ret;

	begin();
	for (i = 0; i < MSGS_MAX && sc->sizes[i]; i++) {
		make_message(i, sc->sizes[i], msg);
		for (;;) {
			run.phase = "write";
			ret = mmx_ring_write(&p, msg, sc->sizes[i]);
			if (ret != -EAGAIN)
				break;
			run.phase = "publish";
			notify_if(mmx_ring_publish(&p), CONSUMER);
			run.phase = "want_space";
			if (mmx_ring_want_space(&p, MMX_MSG_SLOTS(sc->sizes[i])))
				explore_wait(PRODUCER);
		}
		if (ret)
			explore_fail("the producer finds the ring broken");
		if ((i + 1) % sc->produce_batch && i + 1 < MSGS_MAX && sc->sizes[i + 1])
			continue;
		run.phase = "publish";
		notify_if(mmx_ring_publish(&p), CONSUMER);
	}
}

static void consume(void)
{
	const struct scenario *sc = scenario;
	struct mmx_ring_consumer c = {
		.ctrl = &fake.ctrl,
		.slots = sc->slots,
		.prod = sc->start,
		.published = sc->start,
		.cons = sc->start,
	};
	uint8_t msg[MMX_MSG_MAX], want[MMX_MSG_MAX];
	uint32_t i = 0;
	int size;

	begin();
	while (i < MSGS_MAX && sc->sizes[i]) {
		run.phase = "read";
		size = mmx_ring_read(&c, msg, sizeof(msg));
		if (size < 0)
			explore_fail("the consumer finds the ring broken");
		if (size > 0) {
			make_message(i, sc->sizes[i], want);
			if ((uint32_t)size != sc->sizes[i] || memcmp(msg, want, sc->sizes[i]))
				explore_fail("a message was lost, doubled or torn");
			i++;
			if (i % sc->consume_batch && i < MSGS_MAX && sc->sizes[i])
				continue;
		}
		run.phase = "consume";
		notify_if(mmx_ring_consume_publish(&c), PRODUCER);
		if (size > 0)
			continue;
		run.phase = "want_data";
		if (mmx_ring_want_data(&c))
			explore_wait(CONSUMER);
	}
}

/* Return: NULL if every interleaving went well, or what went wrong first. */
static const char *try_all(const struct scenario *sc, enum memory_model model, enum mutant which,
			   uint64_t *ret_states)
{
	static void (*const threads[])(void) = { [PRODUCER] = produce, [CONSUMER] = consume };
	const struct mmx_ring_ctrl ctrl = {
		.prod = sc->start,
		.space_event = sc->start - 1,
		.cons = sc->start,
		.data_event = sc->start,
	};

	scenario = sc;
	mutant = which;
	return explore_all(&ctrl, model, threads, ret_states);
}

static const struct scenario scenarios[] = {
	{ "one slot at a time, wrapping", 2, 0, { 64, 64, 64 }, 1, 1 },
	{ "indices wrap at 2^32", 2, UINT32_MAX - 1, { 64, 64, 64 }, 1, 1 },
	{ "a message as large as the ring", 2, UINT32_MAX, { 128, 64, 128 }, 1, 1 },
	{ "messages that wrap and do not fill their slots", 4, 3, { 100, 150, 64 }, 1, 1 },
	{ "producer batches", 2, UINT32_MAX - 2, { 64, 64, 64, 64 }, 2, 1 },
	{ "consumer batches", 2, 1, { 64, 64, 64 }, 1, 2 },
	{ "both batch", 4, UINT32_MAX - 3, { 64, 128, 64, 128 }, 2, 2 },
};

static const char *const model_names[] = { "SC", "TSO", "PSO" };

static void test_all_interleavings(void **cm_state)
{
	unsigned int i, model;
	const char *failure;
	uint64_t states;

	(void)cm_state;
	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		for (model = SC; model <= PSO; model++) {
			failure = try_all(&scenarios[i], (enum memory_model)model, NONE, &states);
			print_message("%s, %s: %llu states\n", scenarios[i].name,
				      model_names[model], (unsigned long long)states);
			if (failure)
				fail_msg("%s, %s: %s", scenarios[i].name, model_names[model],
					 failure);
		}
	}
}

/* Without its fences a ring is right under SC: only the store buffers can tell. */
static void test_mutants_are_found(void **cm_state)
{
	static const struct {
		const char *name;
		enum mutant mutant;
		unsigned int scenario;
		enum memory_model model; /* the strongest that can tell */
	} cases[] = {
		{ "no fence after publishing", NO_FENCE_PUBLISH, 0, TSO },
		{ "no fence after consuming", NO_FENCE_CONSUME, 0, TSO },
		{ "no fence before the second look for data", NO_FENCE_WANT_DATA, 0, TSO },
		{ "no fence before the second look for room", NO_FENCE_WANT_SPACE, 0, TSO },
		{ "no second look for data", NO_RECHECK_DATA, 0, SC },
		{ "no second look for room", NO_RECHECK_SPACE, 2, SC },
		{ "data event not stored", NO_ARM_DATA, 0, SC },
		{ "space event not stored", NO_ARM_SPACE, 0, SC },
		{ "data event one too far", ARM_DATA_LATE, 0, SC },
		{ "space event one too far", ARM_SPACE_LATE, 2, SC },
		{ "prod stored without release", PROD_NOT_RELEASED, 0, PSO },
		{ "one slot more room than there is", ROOM_OFF_BY_ONE, 0, SC },
		{ "never notifies", NEVER_NOTIFY, 0, SC },
		{ "always notifies", ALWAYS_NOTIFY, 0, SC },
	};
	unsigned int i, model;
	const char *failure;
	uint64_t states;

	(void)cm_state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (model = SC; model <= PSO; model++) {
			failure = try_all(&scenarios[cases[i].scenario], (enum memory_model)model,
					  cases[i].mutant, &states);
			if (model == cases[i].model)
				print_message("%s, %s: %s\n", cases[i].name, model_names[model],
					      failure ? failure : "not found");
			if (!failure != (model < cases[i].model))
				fail_msg("%s, %s: %s", cases[i].name, model_names[model],
					 failure ? failure : "not found");
		}
	}
}

static int setup(void **cm_state)
{
	(void)cm_state;
	return explore_init() ? 0 : -1;
}

static int teardown(void **cm_state)
{
	(void)cm_state;
	explore_finish();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_interleavings),
		cmocka_unit_test(test_mutants_are_found),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
