#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Two guests at once, one of which faults: results right, faults contained, nothing left behind.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

guest_a --rounds 4 --frames 20
guest_b --rounds 4 --frames 20 --fault
wants A 0
wants B 0

guests
[ "$(counter_of A faults)" = 0 ] || fail "A was told of faults that are B's"
[ "$(counter_of A jobs_failed)" = 0 ] || fail "jobs of A failed"
[ "$(counter_of B faults)" -ge 2 ] || fail "B's faults were not counted"
for name in A B; do
	[ "$(counter_of $name gpu_time_ns)" -gt 0 ] || fail "$name got no GPU time"
	[ "$(counter_of $name jobs_done)" -gt 0 ] || fail "no job of $name was counted"
done
[ "$(gpu_counter resets)" = 0 ] || fail "a guest's fault reset the GPU"
all_gone
house_down
