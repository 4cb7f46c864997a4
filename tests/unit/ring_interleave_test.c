// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Tries every interleaving of a producer and a consumer that run the real code of hv/proto/ring.h.
 *
 * Each access to shared memory is a step, through the macros that ring.h offers for this. A thread
 * is a function of what its loads have returned so far: so instead of switching stacks, the
 * explorer runs a thread again from its beginning with the recorded values, up to the first access
 * that has none, and leaves it there with longjmp(). A state is the memory, the store buffers, the
 * notifications and both records; states that were seen before (by a 128-bit hash) are not entered
 * again.
 *
 * Memory models: SC (stores act at once); TSO (each thread's stores leave a queue in order, at any
 * later time); PSO (out of order, but a release waits for all that went before it). Loads are not
 * reordered: that acquire matters is not shown here.
 *
 * What fails: a message lost, doubled, torn or out of order; both threads stuck (a lost wake-up);
 * -EPROTO between honest ends; more notifications than a side has asked for; a side reading what
 * it wrote itself. That the explorer can fail is shown by mutants of the ring's code, each of
 * which must be found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

#define SLOTS_MAX   4u
#define MEM_SIZE    (MMX_RING_HDR_SIZE + SLOTS_MAX * MMX_SLOT_SIZE)
#define BUFFER_MAX  6u
#define RECORD_MAX  1536u
#define STEPS_MAX   160u
#define MSGS_MAX    6u
#define DEPTH_MAX   (4u * STEPS_MAX)
#define SEEN_LOG2   22u
#define OFF(member) offsetof(struct mmx_ring_ctrl, member)

enum memory_model {
	SC,
	TSO,
	PSO
};
enum {
	PRODUCER,
	CONSUMER
};

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

enum action_kind {
	LOAD,
	STORE,
	FENCE,
	NOTIFY,
	WAIT,
	DONE,
	FAIL
};

struct action {
	enum action_kind kind;
	uint32_t
		off; /* LOAD, STORE: in the ring; NOTIFY, WAIT: PRODUCER or CONSUMER, who is woken */
	uint32_t len;
	bool release;
	uint8_t data[MMX_SLOT_SIZE]; /* STORE */
	const char *why; /* FAIL */
};

struct thread {
	uint8_t record[RECORD_MAX]; /* what its loads have returned */
	uint32_t record_len;
	uint32_t steps;
	uint64_t hash[2]; /* of record and steps */
	struct action next;
};

struct state {
	uint8_t mem[MEM_SIZE];
	struct action buffer[2][BUFFER_MAX];
	uint32_t buffered[2];
	uint32_t wakeups[2]; /* pending, by who is woken */
	uint32_t notified[2]; /* so far, by who is woken */
	uint32_t armed[2]; /* so far, by who asks */
	struct thread threads[2];
};

struct scenario {
	const char *name;
	uint32_t slots;
	uint32_t start; /* both indices at the beginning */
	uint32_t sizes[MSGS_MAX]; /* of the messages; 0 ends */
	uint32_t produce_batch; /* messages before each publish */
	uint32_t consume_batch;
};

static struct {
	const struct scenario *scenario;
	enum memory_model model;
	enum mutant mutant;
	const char *failure;
	uint64_t states;
	uint64_t (*seen)[2];
	struct state *stack;
} ex;

/* The thread that is being run again. */
static struct {
	struct thread *thread;
	uint32_t step, pos;
	const char *phase;
	uint32_t last[4]; /* what its loads of prod, space_event, cons, data_event returned last */
	jmp_buf out;
} run;

/* Only its addresses are used. */
static union {
	struct mmx_ring_ctrl ctrl;
	uint8_t bytes[MEM_SIZE];
} fake;

static bool in_phase(enum mutant mutant, const char *phase)
{
	return ex.mutant == mutant && !strcmp(run.phase, phase);
}

static uint32_t offset_of(const void *ptr)
{
	return (uint32_t)((const uint8_t *)ptr - fake.bytes);
}

/*
 * The running thread comes to an access. Return: if it is in the past. Otherwise it does not
 * return.
 */
static void step(const struct action *action)
{
	if (run.step++ < run.thread->steps)
		return;
	run.thread->next = *action;
	longjmp(run.out, 1);
}

static void give_up(const char *why)
{
	step(&(struct action){ .kind = FAIL, .why = why });
}

static void replay_load(const void *ptr, void *dst, size_t len)
{
	step(&(struct action){ .kind = LOAD, .off = offset_of(ptr), .len = (uint32_t)len });
	memcpy(dst, run.thread->record + run.pos, len);
	run.pos += (uint32_t)len;
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
	replay_load(ptr, &value, sizeof(value));
	*last_of(off) = value;
	if (in_phase(ROOM_OFF_BY_ONE, "write"))
		value++;
	return value;
}

static void model_store(uint32_t *ptr, uint32_t value, bool release)
{
	struct action action = {
		.kind = STORE,
		.off = offset_of(ptr),
		.len = sizeof(value),
		.release = release && ex.mutant != PROD_NOT_RELEASED,
	};

	if (in_phase(NO_ARM_DATA, "want_data") || in_phase(NO_ARM_SPACE, "want_space"))
		return;
	if (in_phase(ARM_DATA_LATE, "want_data") || in_phase(ARM_SPACE_LATE, "want_space"))
		value++;
	memcpy(action.data, &value, sizeof(value));
	step(&action);
}

static void model_fence(void)
{
	if (in_phase(NO_FENCE_PUBLISH, "publish") || in_phase(NO_FENCE_CONSUME, "consume") ||
	    in_phase(NO_FENCE_WANT_DATA, "want_data") ||
	    in_phase(NO_FENCE_WANT_SPACE, "want_space"))
		return;
	step(&(struct action){ .kind = FENCE });
}

static void model_copy_from(void *dst, const uint8_t *src, size_t len)
{
	replay_load(src, dst, len);
}

static void model_copy_to(uint8_t *dst, const void *src, size_t len)
{
	struct action action = { .kind = STORE, .off = offset_of(dst), .len = (uint32_t)len };

	if (src)
		memcpy(action.data, src, len);
	step(&action);
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
	if (ex.mutant == NEVER_NOTIFY)
		return;
	if (notify || ex.mutant == ALWAYS_NOTIFY)
		step(&(struct action){ .kind = NOTIFY, .off = whom, .release = true });
}

static void produce(const struct scenario *sc)
{
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
				step(&(struct action){ .kind = WAIT, .off = PRODUCER });
		}
		if (ret)
			give_up("the producer finds the ring broken");
		if ((i + 1) % sc->produce_batch && i + 1 < MSGS_MAX && sc->sizes[i + 1])
			continue;
		run.phase = "publish";
		notify_if(mmx_ring_publish(&p), CONSUMER);
	}
}

static void consume(const struct scenario *sc)
{
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

	while (i < MSGS_MAX && sc->sizes[i]) {
		run.phase = "read";
		size = mmx_ring_read(&c, msg, sizeof(msg));
		if (size < 0)
			give_up("the consumer finds the ring broken");
		if (size > 0) {
			make_message(i, sc->sizes[i], want);
			if ((uint32_t)size != sc->sizes[i] || memcmp(msg, want, sc->sizes[i]))
				give_up("a message was lost, doubled or torn");
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
			step(&(struct action){ .kind = WAIT, .off = CONSUMER });
	}
}

/* Finds out what the thread does next. */
static void advance(struct thread *thread, unsigned int who)
{
	run.thread = thread;
	run.step = 0;
	run.pos = 0;
	run.phase = "";
	run.last[0] = run.last[1] = run.last[2] = run.last[3] = ex.scenario->start;
	if (setjmp(run.out))
		return;
	if (who == PRODUCER)
		produce(ex.scenario);
	else
		consume(ex.scenario);
	run.thread->next = (struct action){ .kind = DONE };
}

static uint64_t mix(uint64_t hash, const void *data, size_t len, uint64_t factor)
{
	const uint8_t *bytes = data;
	uint64_t word;
	size_t n;

	for (; len; bytes += n, len -= n) {
		n = len < sizeof(word) ? len : sizeof(word);
		word = 0;
		memcpy(&word, bytes, n);
		hash = (hash ^ word ^ n) * factor;
		hash ^= hash >> 29;
	}
	return hash;
}

static void mix_both(uint64_t hash[2], const void *data, size_t len)
{
	hash[0] = mix(hash[0], data, len, UINT64_C(0x9e3779b97f4a7c15));
	hash[1] = mix(hash[1], data, len, UINT64_C(0xc2b2ae3d27d4eb4f));
}

/* Return: true if the state is new. */
static bool note_state(const struct state *st)
{
	uint64_t hash[2] = { 1, 2 };
	unsigned int who, i;
	size_t at;

	mix_both(hash, st->mem, sizeof(st->mem));
	mix_both(hash, st->wakeups, sizeof(st->wakeups));
	mix_both(hash, st->buffered, sizeof(st->buffered));
	for (who = 0; who < 2; who++) {
		mix_both(hash, st->threads[who].hash, sizeof(st->threads[who].hash));
		for (i = 0; i < st->buffered[who]; i++) {
			mix_both(hash, &st->buffer[who][i].off, sizeof(uint32_t));
			mix_both(hash, st->buffer[who][i].data, st->buffer[who][i].len);
		}
	}
	hash[0] |= 1; /* 0 is a free place */
	for (at = hash[1] >> (64 - SEEN_LOG2);; at = (at + 1) & ((1u << SEEN_LOG2) - 1)) {
		if (!ex.seen[at][0])
			break;
		if (ex.seen[at][0] == hash[0] && ex.seen[at][1] == hash[1])
			return false;
	}
	ex.seen[at][0] = hash[0];
	ex.seen[at][1] = hash[1];
	ex.states++;
	if (ex.states > (1u << SEEN_LOG2) / 4 * 3)
		ex.failure = "more states than there is room for";
	return true;
}

/* A store or notification takes effect for all. */
static void take_effect(struct state *st, const struct action *action)
{
	if (action->kind == NOTIFY)
		st->wakeups[action->off]++;
	else
		memcpy(st->mem + action->off, action->data, action->len);
}

static bool overlap(const struct action *a, const struct action *b)
{
	return a->kind == STORE && b->kind == STORE && a->off < b->off + b->len &&
	       b->off < a->off + a->len;
}

static bool may_drain(const struct state *st, unsigned int who, unsigned int i)
{
	unsigned int j;

	if (i == 0)
		return true;
	if (ex.model != PSO || st->buffer[who][i].release)
		return false;
	for (j = 0; j < i; j++)
		if (overlap(&st->buffer[who][j], &st->buffer[who][i]))
			return false;
	return true;
}

static void drain(struct state *st, unsigned int who, unsigned int i)
{
	take_effect(st, &st->buffer[who][i]);
	st->buffered[who]--;
	memmove(&st->buffer[who][i], &st->buffer[who][i + 1],
		(st->buffered[who] - i) * sizeof(st->buffer[who][0]));
}

static bool enabled(const struct state *st, unsigned int who)
{
	const struct action *next = &st->threads[who].next;

	switch (next->kind) {
	case LOAD:
		return true;
	case STORE:
	case NOTIFY:
		return ex.model == SC || st->buffered[who] < BUFFER_MAX;
	case FENCE:
		return !st->buffered[who];
	case WAIT:
		return st->wakeups[next->off] > 0;
	case DONE:
	case FAIL:
		break;
	}
	return false;
}

/*
 * Does the next step of the thread matter to nobody else yet? Then it need not be tried in other
 * orders.
 */
static bool invisible(const struct state *st, unsigned int who)
{
	enum action_kind kind = st->threads[who].next.kind;

	return enabled(st, who) &&
	       (kind == FENCE || (ex.model != SC && (kind == STORE || kind == NOTIFY)));
}

static void check_bounds(struct state *st, unsigned int who, const struct action *action)
{
	if (action->kind == STORE && action->off == OFF(space_event))
		st->armed[PRODUCER]++;
	if (action->kind == STORE && action->off == OFF(data_event))
		st->armed[CONSUMER]++;
	/* The consumer begins asleep: as if it had asked once. */
	if (action->kind == NOTIFY &&
	    ++st->notified[action->off] > st->armed[action->off] + (action->off == CONSUMER))
		ex.failure = "more notifications than were asked for";
	if (action->kind == STORE && action->off < MMX_RING_HDR_SIZE &&
	    (action->off < OFF(cons)) != (who == PRODUCER))
		ex.failure = "a side writes what is the other's";
}

static void record_load(struct state *st, unsigned int who, const struct action *load)
{
	struct thread *thread = &st->threads[who];
	unsigned int i;

	for (i = 0; i < st->buffered[who]; i++)
		if (st->buffer[who][i].kind == STORE &&
		    st->buffer[who][i].off < load->off + load->len &&
		    load->off < st->buffer[who][i].off + st->buffer[who][i].len)
			ex.failure = "a side reads what it wrote itself";
	if (thread->record_len + load->len > RECORD_MAX) {
		ex.failure = "a thread goes on for ever";
		return;
	}
	memcpy(thread->record + thread->record_len, st->mem + load->off, load->len);
	mix_both(thread->hash, thread->record + thread->record_len, load->len);
	thread->record_len += load->len;
}

static void execute(struct state *st, unsigned int who)
{
	struct thread *thread = &st->threads[who];
	struct action action = thread->next;

	check_bounds(st, who, &action);
	switch (action.kind) {
	case LOAD:
		record_load(st, who, &action);
		break;
	case STORE:
	case NOTIFY:
		if (ex.model == SC)
			take_effect(st, &action);
		else
			st->buffer[who][st->buffered[who]++] = action;
		break;
	case WAIT:
		st->wakeups[action.off] = 0;
		break;
	case FENCE:
	case DONE:
	case FAIL:
		break;
	}
	if (++thread->steps > STEPS_MAX)
		ex.failure = "a thread goes on for ever";
	if (ex.failure)
		return;
	mix_both(thread->hash, &thread->steps, sizeof(thread->steps));
	advance(thread, who);
	if (thread->next.kind == FAIL)
		ex.failure = thread->next.why;
}

static void explore(unsigned int depth)
{
	struct state *st = &ex.stack[depth], *next = &ex.stack[depth + 1];
	bool moved = false;
	unsigned int who, i;

	if (ex.failure || !note_state(st))
		return;
	if (depth + 2 >= DEPTH_MAX) {
		ex.failure = "deeper than there is room for";
		return;
	}
	for (who = 0; who < 2; who++) {
		if (!invisible(st, who))
			continue;
		*next = *st;
		execute(next, who);
		explore(depth + 1);
		return;
	}
	for (who = 0; who < 2 && !ex.failure; who++) {
		for (i = 0; i < st->buffered[who] && !ex.failure; i++) {
			if (!may_drain(st, who, i))
				continue;
			moved = true;
			*next = *st;
			drain(next, who, i);
			explore(depth + 1);
		}
		if (enabled(st, who) && !ex.failure) {
			moved = true;
			*next = *st;
			execute(next, who);
			explore(depth + 1);
		}
	}
	if (!moved &&
	    (st->threads[PRODUCER].next.kind != DONE || st->threads[CONSUMER].next.kind != DONE))
		ex.failure = "a wake-up was lost";
}

/* Return: NULL if every interleaving went well, or what went wrong first. */
static const char *try_all(const struct scenario *scenario, enum memory_model model,
			   enum mutant mutant)
{
	struct state *st = &ex.stack[0];
	struct mmx_ring_ctrl ctrl = {
		.prod = scenario->start,
		.space_event = scenario->start - 1,
		.cons = scenario->start,
		.data_event = scenario->start,
	};

	ex.scenario = scenario;
	ex.model = model;
	ex.mutant = mutant;
	ex.failure = NULL;
	ex.states = 0;
	memset(ex.seen, 0, sizeof(ex.seen[0]) << SEEN_LOG2);
	memset(st, 0, sizeof(*st));
	memcpy(st->mem, &ctrl, sizeof(ctrl));
	advance(&st->threads[PRODUCER], PRODUCER);
	advance(&st->threads[CONSUMER], CONSUMER);
	explore(0);
	return ex.failure;
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

	(void)cm_state;
	for (i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		for (model = SC; model <= PSO; model++) {
			failure = try_all(&scenarios[i], (enum memory_model)model, NONE);
			print_message("%s, %s: %llu states\n", scenarios[i].name,
				      model_names[model], (unsigned long long)ex.states);
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

	(void)cm_state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (model = SC; model <= PSO; model++) {
			failure = try_all(&scenarios[cases[i].scenario], (enum memory_model)model,
					  cases[i].mutant);
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
	ex.seen = malloc(sizeof(ex.seen[0]) << SEEN_LOG2);
	ex.stack = malloc(DEPTH_MAX * sizeof(*ex.stack));
	return ex.seen && ex.stack ? 0 : -1;
}

static int teardown(void **cm_state)
{
	(void)cm_state;
	free(ex.seen);
	free(ex.stack);
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
