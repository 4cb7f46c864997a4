#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# The model is stopped, again and again, for longer than anything is given to answer (panthor's 100 ms, five times), as on a
# machine that has too much to do. Nobody is to blame for that: no group is taken away, no GPU reset, and all results are
# right.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
own_of[A]='job_timeout_ms = 60000;'
house_up
mkfifo "$work/nothing"
exec {nothing}<>"$work/nothing"

# more groups than slots, so that some are on their way all the time; the guest waits for its jobs until it is killed
spawn_lines A env MMX_TEST_TIMEOUT_FACTOR=100 "$top_builddir/tests/int/many_groups" "$dial$(socket_of A)" A endless
next_line A || fail "A did not come to work"
guest_b --rounds 1000000 --frames 20
until [ "$(counter B jobs_done)" -gt 0 ]; do :; done
# excused: how often something had not been answered in time because of it
excused()
{
	grep -c 'the device does not run' "$work/malimuxd.log"
}

for ((tries = 0; tries < 5 || $(excused) < 3; tries++)); do
	[ "$tries" -lt 40 ] || fail "$tries pauses, and only $(excused) times an answer was late"
	signal model STOP
	read -r -t "0.$((55 + 5 * (tries % 4)))" -u "$nothing" _
	signal model CONT
	before=$(counter B jobs_done)
	until [ "$(counter B jobs_done)" -gt "$before" ]; do :; done
done
guests
for name in A B; do
	for what in resets lost timeouts; do
		[ "$(counter_of $name $what)" = 0 ] || fail "$name has $(counter_of $name $what) $what: $answer"
	done
done
[ "$(counter_of B jobs_failed)" = 0 ] || fail "jobs of B failed"
[ "$(gpu_counter resets)" = 0 ] || fail "the GPU was reset"
for name in A B; do
	signal $name KILL
	wants $name 137
done
! grep -q WRONG "$work/B.log" || fail "results of B are wrong"
all_gone
house_down
