#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# SIGTERM while two guests are at work: the daemon ends cleanly, the guests see the end; and the same GPU serves the
# next daemon.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

for turn in 1 2; do
	for name in A B; do
		spawn_lines $name "$guest" --socket "$work/${name,,}.sock" --name $name --rounds 1000
		at_work $name
	done
	daemon_down
	for name in A B; do
		wants $name 3
		logged $name 'No such device'
	done
	[ $turn = 2 ] || daemon_up
done

daemon_up
guest_a --rounds 1 --frames 5
wants A 0
all_gone
house_down
