#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# One guest's 24 groups all run streams that never end. They keep the other guest from nothing but their share, and go
# with their guest.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

spawn_lines A "$top_builddir/tests/int/many_groups" "$dial$work/a.sock" A endless
next_line A || fail "A did not come to work"
guest_b --rounds 2 --frames 20 --fault
wants B 0
guests
[ "$(counter_of A slots)" -gt 0 ] || fail "A lost its slots"
[ "$(counter_of A jobs_done)" = 0 ] || fail "jobs without end have ended"
[ "$(counter_of B gpu_time_ns)" -gt 0 ] || fail "B got no GPU time"
signal A KILL
wants A 137
all_gone
house_down
