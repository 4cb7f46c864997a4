#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# One guest has 24 groups in three address spaces, on a GPU with 8 slots; another guest works beside it. All jobs
# are right, both get GPU time, nothing is left.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

spawn A "$top_builddir/tests/int/many_groups" "$dial$work/a.sock" A
guest_b --rounds 3 --frames 20
wants A 0
wants B 0
logged A '^A: 24 groups, 144 jobs, 0 wrong$'

guests
[ "$(counter_of A jobs_done)" = 144 ] || fail "$(counter_of A jobs_done) jobs of A were counted"
for name in A B; do
	[ "$(counter_of $name gpu_time_ns)" -gt 0 ] || fail "$name got no GPU time"
	[ "$(counter_of $name jobs_failed)" = 0 ] || fail "jobs of $name failed"
	echo "$name: $(($(counter_of $name gpu_time_ns) / 1000000)) ms of GPU time"
done
all_gone
house_down
