#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# A daemon that looks for work before it sleeps: guests get right results, and when nobody works it sleeps.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
pick_image
write_config "$image"
echo 'scheduler = { poll_us = 1000; };' >>"$config"
model_up
daemon_up
remember

guest_a --rounds 3 --frames 20
guest_b --rounds 3 --frames 20
wants A 0
wants B 0
all_gone

# nobody is there, then somebody who does nothing
hz=$(getconf CLK_TCK)
for who in nobody idle; do
	if [ $who = idle ]; then
		spawn_lines A "$guest" --socket "$dial$work/a.sock" --name A --rounds 1000
		at_work A
		signal A STOP
	fi
	mkfifo "$work/nothing.$who"
	exec {nothing}<>"$work/nothing.$who"
	# its last jobs end
	read -r -t 1 -u "$nothing" _
	before=$(ticks)
	read -r -t 2 -u "$nothing" _
	spent=$(($(ticks) - before))
	exec {nothing}<&-
	[ "$spent" -le $((2 * hz / 5)) ] || fail "with $who there the daemon took $spent ticks of $((2 * hz))"
done
signal A KILL
wants A 137
all_gone
house_down
