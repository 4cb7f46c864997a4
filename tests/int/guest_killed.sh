#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# A guest is killed at several points of its life, many times. Nothing of it is left each time, the other guest's
# results stay right, and its partition takes the next guest.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

kills=20
# the lines of a guest: session, compute, render, two faults, then compute and render of each round
points=9

guest_a --rounds 1000 --frames 20
until [ "$(counter A connected)" = true ]; do :; done
for ((i = 0; i < kills; i++)); do
	spawn_lines B "$guest" --socket "$dial$work/b.sock" --name "B$i" --rounds 1000 --frames 60 --fault
	for ((n = 0; n < i % points; n++)); do
		next_line B || fail "guest $i ended by itself after $n lines"
	done
	signal B KILL
	wants B 137
	gone B
	[ "$(counter_of A connected)" = true ] || fail "A is gone since guest $i was killed"
done
[ "$(counter B guests)" -ge $((kills - kills / points - 1)) ] || fail "B's guests were not even connected"
[ "$(counter A jobs_failed)" = 0 ] || fail "jobs of A failed"

guest_b --rounds 1 --frames 5 --fault
wants B 0

# A has been right all the time, or would have ended
signal A KILL
wants A 137
if grep -q WRONG "$work/A.log"; then
	fail "results of A are wrong"
fi
grep -q 'render.*order right' "$work/A.log" || fail "A did nothing"
all_gone
house_down
