// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* See ring_explore.h. One exploration at a time; the thread that is being run again is a static. */
#include "tests/unit/ring_explore.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#define BUFFER_MAX  6u
#define RECORD_MAX  1536u
#define STEPS_MAX   160u
#define DEPTH_MAX   (4u * STEPS_MAX)
#define SEEN_LOG2   22u
#define OFF(member) offsetof(struct mmx_ring_ctrl, member)

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
	uint8_t mem[EXPLORE_MEM_SIZE];
	struct action buffer[2][BUFFER_MAX];
	uint32_t buffered[2];
	uint32_t wakeups[2]; /* pending, by who is woken */
	uint32_t notified[2]; /* so far, by who is woken */
	uint32_t armed[2]; /* so far, by who asks */
	struct thread threads[2];
};

static struct {
	void (*const *threads)(void);
	enum memory_model model;
	const char *failure;
	uint64_t states;
	uint64_t (*seen)[2];
	struct state *stack;
} ex;

/* The thread that is being run again. */
static struct {
	struct thread *thread;
	uint32_t step, pos;
	jmp_buf out;
} run;

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

void explore_load(uint32_t off, void *dst, size_t len)
{
	step(&(struct action){ .kind = LOAD, .off = off, .len = (uint32_t)len });
	memcpy(dst, run.thread->record + run.pos, len);
	run.pos += (uint32_t)len;
}

void explore_store(uint32_t off, const void *src, size_t len, bool release)
{
	struct action action = {
		.kind = STORE, .off = off, .len = (uint32_t)len, .release = release
	};

	if (src)
		memcpy(action.data, src, len);
	step(&action);
}

void explore_fence(void)
{
	step(&(struct action){ .kind = FENCE });
}

void explore_notify(unsigned int who)
{
	step(&(struct action){ .kind = NOTIFY, .off = who, .release = true });
}

void explore_wait(unsigned int who)
{
	step(&(struct action){ .kind = WAIT, .off = who });
}

void explore_fail(const char *why)
{
	step(&(struct action){ .kind = FAIL, .why = why });
}

/* Finds out what the thread does next. */
static void advance(struct thread *thread, unsigned int who)
{
	run.thread = thread;
	run.step = 0;
	run.pos = 0;
	if (setjmp(run.out))
		return;
	ex.threads[who]();
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

const char *explore_all(const struct mmx_ring_ctrl *ctrl, enum memory_model model,
			void (*const threads[2])(void), uint64_t *ret_states)
{
	struct state *st = &ex.stack[0];

	ex.threads = threads;
	ex.model = model;
	ex.failure = NULL;
	ex.states = 0;
	memset(ex.seen, 0, sizeof(ex.seen[0]) << SEEN_LOG2);
	memset(st, 0, sizeof(*st));
	memcpy(st->mem, ctrl, sizeof(*ctrl));
	advance(&st->threads[PRODUCER], PRODUCER);
	advance(&st->threads[CONSUMER], CONSUMER);
	explore(0);
	*ret_states = ex.states;
	return ex.failure;
}

bool explore_init(void)
{
	ex.seen = malloc(sizeof(ex.seen[0]) << SEEN_LOG2);
	ex.stack = malloc(DEPTH_MAX * sizeof(*ex.stack));
	return ex.seen && ex.stack;
}

void explore_finish(void)
{
	free(ex.seen);
	free(ex.stack);
}
