// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Streams that fault, in a client and a GPU address space of their own: a group dies of an instruction that does not
 * exist, another one of a store to an address where nothing is mapped. Checked is what its guest is told: the job's
 * error, that jobs before it are right and those after it are cancelled, the fault record, the group's state; and
 * that a new group in the same address space works.
 */
#include "tools/demo/guest.h"

#include <errno.h>
#include <string.h>

#define INVALID_WORD 0xff00000000000000ull /* opcode 255 */

/* Exception types of the Mali; also in the low byte of a fault record. */
#define EXCEPTION_CS_BUS	  0x48
#define EXCEPTION_CS_INVALID	  0x49
#define EXCEPTION_TRANSLATION_MIN 0xc0
#define EXCEPTION_TRANSLATION_MAX 0xc4

struct victim {
	struct mmx_demo *demo;
	struct mmx_work work;
	uint32_t group;
	struct mmx_work_stream good, bad;
	uint64_t bad_address; /* that the fault record must name */
};

/* A stream that stores a mark; the mark's address is where the fault will be if it is not mapped. */
static int make_store(struct victim *v, uint64_t va, struct mmx_work_stream *ret_stream)
{
	struct mmx_cs_asm a;

	mmx_work_asm(&v->work, &a);
	mmx_cs_move32(&a, 10, 0x900d);
	mmx_cs_move48(&a, 82, va);
	mmx_cs_store_multiple(&a, 10, 0x1, 82, 0);
	mmx_cs_wait(&a, MMX_CS_SB(0));
	return mmx_work_stream(&v->work, &a, ret_stream);
}

static int make_invalid(struct victim *v)
{
	struct mmx_cs_asm a;
	int r;

	mmx_work_asm(&v->work, &a);
	mmx_cs_nop(&a);
	mmx_cs_word(&a, INVALID_WORD);
	mmx_cs_nop(&a);
	r = mmx_work_stream(&v->work, &a, &v->bad);
	v->bad_address = v->bad.va + 8;
	return r;
}

static int make_unmapped(struct victim *v)
{
	v->bad_address = MMX_WORK_HOLE_VA + 0x123458;
	return make_store(v, v->bad_address, &v->bad);
}

static const struct fault_case {
	const char *name;
	int (*make)(struct victim *v); /* 0 or a negative errno */
	uint32_t exception; /* of a CS_FATAL */
	int mmu; /* a record of the MMU will do as well */
} cases[] = {
	{ "invalid instruction", make_invalid, EXCEPTION_CS_INVALID, 0 },
	{ "unmapped address", make_unmapped, EXCEPTION_CS_BUS, 1 },
};

static int is_expected(const struct victim *v, const struct fault_case *c,
		       const struct mmx_fault_record *fault)
{
	uint32_t type = fault->exception & 0xff;

	if (fault->address != v->bad_address || fault->group != v->group)
		return 0;
	if (fault->kind == MMX_FAULT_CS_FATAL)
		return type == c->exception && !fault->queue;
	return c->mmu && fault->kind == MMX_FAULT_MMU && fault->access == 3 &&
	       type >= EXCEPTION_TRANSLATION_MIN && type <= EXCEPTION_TRANSLATION_MAX;
}

/* A good job, the bad one and one more: right, EINVAL, ECANCELED. */
static int run_jobs(struct victim *v, const struct fault_case *c, const uint32_t *mark)
{
	const struct mmx_work_stream *streams[] = { &v->good, &v->bad, &v->good };
	static const int want[] = { 0, -EINVAL, -ECANCELED };
	struct mmx_fence fences[3];
	int r, i, error;

	for (i = 0; i < 3; i++) {
		r = mmx_work_submit(&v->work, v->group, 0, streams[i], &fences[i]);
		if (r)
			return r;
	}
	for (i = 0; i < 3; i++) {
		r = mmx_work_wait(&v->work, &fences[i], &error);
		if (r)
			return r;
		if (error != want[i])
			return mmx_demo_wrong(v->demo, "fault",
					      "%s: job %d ended with '%s', not '%s'", c->name,
					      i + 1, strerror(-error), strerror(-want[i]));
	}
	if (*mark != 0x900d)
		return mmx_demo_wrong(v->demo, "fault", "%s: the job before it is wrong", c->name);
	return 0;
}

/* Return: 0 with the fault in *ret_fault; DEMO_E_WRONG; negative errno. */
static int check_report(struct victim *v, const struct fault_case *c,
			struct mmx_fault_record *ret_fault)
{
	uint32_t state, queues;
	int r;

	r = mmx_work_fault(&v->work, ret_fault);
	if (r == -ETIMEDOUT)
		return mmx_demo_wrong(v->demo, "fault", "%s: no fault record came", c->name);
	if (r)
		return r;
	if (!is_expected(v, c, ret_fault))
		return mmx_demo_wrong(
			v->demo, "fault",
			"%s: the record says kind %u, exception 0x%x, address 0x%llx, group 0x%x",
			c->name, ret_fault->kind, ret_fault->exception,
			(unsigned long long)ret_fault->address, ret_fault->group);
	r = mmx_guest_group_get_state(v->work.guest, v->group, &state, &queues);
	if (r)
		return r;
	if (!(state & MMX_GROUP_STATE_FATAL_FAULT) || !(queues & 1))
		return mmx_demo_wrong(v->demo, "fault",
				      "%s: the group's state is 0x%x, fatal queues 0x%x", c->name,
				      state, queues);
	return 0;
}

/* The dead group takes no more jobs; a new one does all that a healthy one does. */
static int check_after(struct victim *v, const struct fault_case *c)
{
	struct mmx_fence fence;
	uint64_t cycles;
	int r, error;

	r = mmx_work_submit(&v->work, v->group, 0, &v->good, &fence);
	r = r ? r : mmx_work_wait(&v->work, &fence, &error);
	if (r)
		return r;
	if (error != -ECANCELED)
		return mmx_demo_wrong(v->demo, "fault",
				      "%s: a job of the dead group ended with '%s'", c->name,
				      strerror(-error));
	r = mmx_guest_group_destroy(v->work.guest, v->group);
	if (r)
		return r;
	mmx_work_reset(&v->work);
	r = mmx_work_group(&v->work, 1, &v->group);
	r = r ? r : mmx_demo_compute_in(v->demo, &v->work, v->group, &cycles);
	return r ? r : mmx_guest_group_destroy(v->work.guest, v->group);
}

static int run_case(struct victim *v, const struct fault_case *c)
{
	struct mmx_fault_record fault;
	uint64_t va = 0;
	uint32_t *mark;
	int r;

	mark = mmx_work_data(&v->work, 4, 4, &va);
	r = make_store(v, va, &v->good);
	r = r ? r : c->make(v);
	r = r ? r : mmx_work_group(&v->work, 1, &v->group);
	r = r ? r : run_jobs(v, c, mark);
	r = r ? r : check_report(v, c, &fault);
	r = r ? r : check_after(v, c);
	if (r)
		return r;
	mmx_demo_say(v->demo, "fault", "%-19s   exception 0x%02x   told; a new group works",
		     c->name, fault.exception & 0xff);
	return 0;
}

int mmx_demo_faults(struct mmx_demo *demo)
{
	struct victim v = { .demo = demo };
	size_t i;
	int r, ret;

	ret = mmx_work_open(&v.work, demo->guest, "faulty");
	if (ret)
		return ret;
	for (i = 0; !ret && i < sizeof(cases) / sizeof(cases[0]); i++)
		ret = run_case(&v, &cases[i]);
	r = mmx_work_close(&v.work);
	return ret ? ret : r;
}
