// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Golden words of the instructions that the backend writes: put together by hand from panthor's
 * expressions (panthor_sched.c, prepare_job_instrs(); SYNC_SET64 is SYNC_ADD64 but for the opcode),
 * with the registers that it uses on a part with 96 of them.
 */
#include "backend/gpu/cs_insn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct golden {
	const char *name;
	uint64_t word, want;
};

static void test_golden(void **state)
{
	/* r92:r93 = 0x5c, r94 = 0x5e */
	const struct golden table[] = {
		{ "MOVE48 d92, max", mmx_cs_move48(92, 0xffffffffffff), 0x015cffffffffffff },
		{ "MOVE48 d92", mmx_cs_move48(92, 0x123456789abc), 0x015c123456789abc },
		{ "MOVE48 d94, 1", mmx_cs_move48(94, 1), 0x015e000000000001 },
		{ "MOVE48 is cut", mmx_cs_move48(92, 0xabcd000000000001), 0x015c000000000001 },
		{ "MOVE32 r94", mmx_cs_move32(94, 0xdeadbeef), 0x025e0000deadbeef },
		{ "MOVE32 r0", mmx_cs_move32(0, 0), 0x0200000000000000 },
		{ "WAIT 0", mmx_cs_wait(1), 0x0300000000010000 },
		{ "WAIT all of 8", mmx_cs_wait(0xff), 0x0300000000ff0000 },
		{ "WAIT all of 16", mmx_cs_wait(0xffff), 0x03000000ffff0000 },
		{ "CALL d92, r94", mmx_cs_call(92, 94), 0x20005c5e00000000 },
		{ "FLUSH_CACHE2 r94", mmx_cs_flush_all(94, 0), 0x24005e0000000233 },
		{ "FLUSH_CACHE2 signal 3", mmx_cs_flush_all(94, 3), 0x24035e0000000233 },
		{ "SYNC_SET64 d92, d94", mmx_cs_sync_set64_system(92, 94), 0x34005c5e00000001 },
		{ "ERROR_BARRIER", mmx_cs_error_barrier(), 0x2f00000000000000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].word != table[i].want)
			fail_msg("%s: 0x%016llx, want 0x%016llx", table[i].name,
				 (unsigned long long)table[i].word,
				 (unsigned long long)table[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
