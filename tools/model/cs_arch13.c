// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The arithmetic that architecture 13 added: families of which sub-opcode 0 was there before (cs_exec.c executes that),
 * on 32 and 64 bits, with an immediate or a second register. Called by the interpreter.
 *
 * What the encoding can say and no description explains is decided here: a shift goes by its amount modulo the width of
 * the register, and a field that is empty or does not lie within the register is CS_INSTR_INVALID.
 */
#include "tools/model/cs_priv.h"

enum function {
	ADD,
	SUB,
	UMIN,
	LSHIFT,
	RSHIFT_U,
	RSHIFT_S,
	BFEXT_U,
	BFEXT_S,
	BFINS,
};

/* by sub-opcode */
static const enum function imm_functions[] = {
	ADD, LSHIFT, RSHIFT_U, RSHIFT_S, BFEXT_U, BFEXT_S, BFINS, UMIN,
};
static const enum function reg_functions[] = { UMIN, ADD, SUB, LSHIFT, RSHIFT_U, RSHIFT_S, BFINS };

struct operands {
	unsigned int bits; /* 32 or 64 */
	uint64_t x, y;
	unsigned int position, width; /* of a field */
};

static uint64_t ones(unsigned int count)
{
	return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

static int64_t sign_extend(uint64_t value, unsigned int bits)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	return (int64_t)((value ^ sign) - sign);
}

static uint64_t compute(enum function function, const struct operands *o)
{
	uint64_t amount = o->y % o->bits, field = ones(o->width);

	switch (function) {
	case ADD:
		return o->x + o->y;
	case SUB:
		return o->x - o->y;
	case UMIN:
		return o->x < o->y ? o->x : o->y;
	case LSHIFT:
		return o->x << amount;
	case RSHIFT_U:
		return o->x >> amount;
	case RSHIFT_S:
		return (uint64_t)(sign_extend(o->x, o->bits) >> amount);
	case BFEXT_U:
		return o->x >> o->position & field;
	case BFEXT_S:
		return (uint64_t)sign_extend(o->x >> o->position & field, o->width);
	default: /* BFINS: the low bits of y */
		return (o->x & ~(field << o->position)) | (o->y & field) << o->position;
	}
}

static bool field_ok(enum function function, const struct operands *o)
{
	if (function != BFEXT_U && function != BFEXT_S && function != BFINS)
		return true;
	return o->width && o->width <= o->bits && o->position <= o->bits - o->width;
}

static bool register_ok(unsigned int bits, unsigned int reg)
{
	return bits == 64 ? cs_pair_ok(reg) : cs_reg_ok(reg);
}

static uint64_t value(const struct mdl_cs *cs, unsigned int bits, unsigned int reg)
{
	return bits == 64 ? cs_pair(cs, reg) : cs->regs[reg];
}

/* The second operand of an immediate form. */
static uint64_t immediate(enum function function, uint64_t word)
{
	if (function == BFINS)
		return cs_bits(word, 16, 16);
	return function == ADD ? (uint64_t)cs_simm32(word) : (uint32_t)word;
}

/* ARITH_IMM32, ARITH_IMM64, ARITH_REG32, ARITH_REG64 */
enum cs_step mdl_cs_arch13(struct mdl_cs *cs, uint64_t word)
{
	unsigned int op = cs_opcode(word), d = cs_d(word), a = cs_a(word), b = cs_b(word);
	bool imm = op == CS_OP_ADD_IMM32 || op == CS_OP_ADD_IMM64;
	unsigned int sub_opcode = imm ? b : cs_bits(word, 24, 8);
	unsigned int count = imm ? sizeof(imm_functions) / sizeof(imm_functions[0])
				 : sizeof(reg_functions) / sizeof(reg_functions[0]);
	struct operands o = {
		.bits = op == CS_OP_ADD_IMM64 || op == CS_OP_ARITH_REG64 ? 64 : 32,
		.position = cs_bits(word, 0, 8),
		.width = cs_bits(word, 8, 8),
	};
	enum function function;
	uint64_t result;

	if (sub_opcode >= count || !register_ok(o.bits, d) || !register_ok(o.bits, a) ||
	    (!imm && !register_ok(o.bits, b)))
		return cs_invalid(cs);
	function = imm ? imm_functions[sub_opcode] : reg_functions[sub_opcode];
	if (!field_ok(function, &o))
		return cs_invalid(cs);
	o.x = value(cs, o.bits, a);
	o.y = imm ? immediate(function, word) : value(cs, o.bits, b);
	result = compute(function, &o);
	if (o.bits == 64)
		cs_set_pair(cs, d, result);
	else
		cs->regs[d] = (uint32_t)result;
	return CS_NEXT;
}
