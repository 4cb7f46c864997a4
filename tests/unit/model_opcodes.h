/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The tables behind model_opcodes_test.c: what each instruction of a command stream does
 * (model_opcodes_rows.c; later architectures: model_opcodes_later.c, model_opcodes_arith.c), and what each fault comes from (model_opcodes_faults.c).
 */
#ifndef TESTS_UNIT_MODEL_OPCODES_H
#define TESTS_UNIT_MODEL_OPCODES_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/unit/model_fake.h"
#include "tests/unit/model_words.h"
#include "tools/model/cost.h"

#define DATA FAKE_DATA_VA

#define OP_ROW_REGS   8u /* the last one ends the list */
#define OP_ROW_MEMORY 8u
#define OP_ROW_WORDS  8u

struct op_reg {
	unsigned int reg; /* + 1; 0 = end of list */
	uint32_t value;
};

#define R(r, v)                              \
	{                                    \
		.reg = (r) + 1, .value = (v) \
	}

/* Stream 0 of group 0; d0 is DATA unless the row says otherwise. */
struct op_row {
	int op; /* that it is about; -1: none that exists */
	const char *name;
	unsigned int arch; /* 0 = 10 */
	uint32_t ring_size; /* 0 = as usual */
	struct op_reg before[OP_ROW_REGS];
	uint64_t memory[OP_ROW_MEMORY]; /* at DATA, behind it */
	uint64_t words[OP_ROW_WORDS];
	struct op_reg after[OP_ROW_REGS];
	bool has_memory;
	uint64_t memory_after[OP_ROW_MEMORY];
	uint32_t fault, fatal; /* exception types */
	uint64_t info; /* of the fault or fatal; 0 = not looked at */
	enum mdl_cs_blocked blocked; /* at the end */
	uint32_t wait; /* CS_STATUS_WAIT if blocked */
	uint32_t
		busy; /* scoreboard entries that are not zero when the stream has gone as far as it can at once */
	uint32_t
		told; /* 1 << enum mdl_cs_report: must have been, beside faults and changes of state */
	uint64_t ns; /* of the stream's time until all is done; 0 = not looked at */
};

extern const struct op_row op_rows[];
extern const unsigned int op_row_count;
extern const struct op_row later_rows[];
extern const unsigned int later_row_count;
extern const struct op_row arith_rows[];
extern const unsigned int arith_row_count;
extern const struct op_row fault_rows[];
extern const unsigned int fault_row_count;

#endif
