#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# SIGTERM, then SIGHUP, while two guests are at work: the daemon ends cleanly, the guests see the end; and the same GPU serves the
# next daemon.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

for how in TERM HUP; do
	for name in A B; do
		spawn_lines $name "$guest" --socket "$work/${name,,}.sock" --name $name --rounds 1000
		at_work $name
	done
	daemon_down $how
	for name in A B; do
		wants $name 3
		logged $name 'No such device'
	done
	[ $how = HUP ] || daemon_up
done

daemon_up
guest_a --rounds 1 --frames 5
wants A 0
all_gone
house_down
