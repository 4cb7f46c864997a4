// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What architecture 11 added to command streams: selectors and masks of scoreboard entries as state, the choice of a
 * free entry, entries that the streams of a group share, and bitwise logic. Called by the interpreter; SHARED_SB_INC, which
 * may be deferred, is in cs_async.c.
 *
 * A stream has a mask of entries that NEXT_SB_ENTRY may choose (SB_MASK_STREAM), one that indirect waits wait for
 * (SB_MASK_WAIT), and an entry that indirect deferred instructions signal (SB_SEL_DEFERRED).
 */
#include "tools/model/cs_priv.h"

#define ENTRIES_ALL ((1u << MDL_CS_SCOREBOARDS) - 1)

/* SET_STATE, SET_STATE_IMM32 */
static enum cs_step set_state(struct mdl_cs *cs, unsigned int state, uint32_t value)
{
	bool mask = state == CS_SET_SB_MASK_STREAM || state == CS_SET_SB_MASK_WAIT;

	if (mask ? value & ~ENTRIES_ALL : value >= MDL_CS_SCOREBOARDS)
		return cs_invalid(cs);
	switch (state) {
	case CS_SET_SB_SEL_ENDPOINT:
		cs->entry_endpoint = (uint8_t)value;
		break;
	case CS_SET_SB_SEL_OTHER:
		cs->entry_memory = (uint8_t)value;
		break;
	case CS_SET_SB_SEL_DEFERRED:
		cs->entry_deferred = (uint8_t)value;
		break;
	case CS_SET_SB_MASK_STREAM:
		cs->mask_stream = (uint16_t)value;
		break;
	case CS_SET_SB_MASK_WAIT:
		cs->mask_wait = (uint16_t)value;
		break;
	default:
		return cs_invalid(cs);
	}
	return CS_NEXT;
}

/* NULL: none is to be changed. */
static uint8_t *selector(struct mdl_cs *cs, unsigned int type)
{
	switch (type) {
	case CS_SB_TYPE_ENDPOINT:
		return &cs->entry_endpoint;
	case CS_SB_TYPE_OTHER:
		return &cs->entry_memory;
	case CS_SB_TYPE_DEFERRED:
		return &cs->entry_deferred;
	default:
		return NULL;
	}
}

/* The next entry of the stream's mask behind the one selected now that is free; waits until there is one. */
static enum cs_step next_entry(struct mdl_cs *cs, uint64_t word)
{
	unsigned int type = cs_bits(word, 32, 4), d = cs_d(word), i, entry;
	uint8_t *sel = selector(cs, type);

	if (type > CS_SB_TYPE_DEFERRED || !cs_reg_ok(d))
		return cs_invalid(cs);
	for (i = 1; i <= MDL_CS_SCOREBOARDS; i++) {
		entry = ((sel ? *sel : cs->entry_endpoint) + i) % MDL_CS_SCOREBOARDS;
		if (!(cs->mask_stream & 1u << entry) || cs->scoreboard[entry])
			continue;
		if (sel)
			*sel = (uint8_t)entry;
		cs->regs[d] = cs_bits(word, 36, 1) ? 1u << entry : entry;
		return CS_NEXT;
	}
	cs->wait = CS_WAIT_SB(cs->mask_stream);
	return mdl_cs_block(cs, MDL_CS_BLOCKED_SB);
}

static enum cs_step shared_dec(struct mdl_cs *cs, uint64_t word)
{
	uint16_t *shared = mdl_csf_shared_entries(cs->m, cs->csg);
	unsigned int entry = cs_bits(word, 48, 4);

	if (!shared[entry]) {
		cs->wait = CS_WAIT_SB(0);
		return mdl_cs_block(cs, MDL_CS_BLOCKED_SB);
	}
	shared[entry]--;
	cs_count_progress(cs, word);
	return CS_NEXT;
}

/* A mode is a truth table: its bit 0 is the result where both operands have a 1, then A alone, B alone, neither. */
static enum cs_step logic(struct mdl_cs *cs, uint64_t word)
{
	unsigned int d = cs_d(word), a = cs_a(word), b = cs_b(word), mode = cs_bits(word, 0, 4);
	uint32_t x, y;

	if (!cs_reg_ok(d) || !cs_reg_ok(a) || !cs_reg_ok(b))
		return cs_invalid(cs);
	x = cs->regs[a];
	y = cs->regs[b];
	if (cs_bits(word, 4, 1))
		y = 1u << (y & 31);
	cs->regs[d] = (mode & 1 ? x & y : 0) | (mode & 2 ? x & ~y : 0) | (mode & 4 ? ~x & y : 0) |
		      (mode & 8 ? ~x & ~y : 0);
	return CS_NEXT;
}

enum cs_step mdl_cs_arch11(struct mdl_cs *cs, uint64_t word)
{
	switch (cs_opcode(word)) {
	case CS_OP_LOGIC32:
		return logic(cs, word);
	case CS_OP_NEXT_SB_ENTRY:
		return next_entry(cs, word);
	case CS_OP_SET_STATE:
		if (!cs_reg_ok(cs_a(word)))
			return cs_invalid(cs);
		return set_state(cs, cs_b(word), cs->regs[cs_a(word)]);
	case CS_OP_SET_STATE_IMM32:
		return set_state(cs, cs_b(word), (uint32_t)word);
	case CS_OP_SHARED_SB_DEC:
		return shared_dec(cs, word);
	default:
		return cs_invalid(cs);
	}
}
