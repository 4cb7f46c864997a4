#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Signals at all times: while guests are at work, while they hang, are stopped, or have not finished their hand-shake; twice; and
# while the GPU is being brought up. The daemon ends cleanly each time, the guests see the end, and the same GPU serves the
# next daemon.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

# at_once COMMAND...: the daemon needs nothing like the 5 seconds after which it would give up
at_once()
{
	local began=$EPOCHREALTIME
	"$@"
	[ $(((${EPOCHREALTIME/./} - ${began/./}) / 1000)) -lt $((4000 * factor)) ] || fail "$*: it took too long"
	if grep -q 'did not end in time' "$work/malimuxd.log"; then
		fail "sessions did not end in time"
	fi
}

for how in TERM INT; do
	for name in A B; do
		spawn_lines $name "$guest" --socket "$dial$work/${name,,}.sock" --name $name --rounds 1000
		at_work $name
	done
	at_once daemon_down $how
	for name in A B; do
		wants $name 3
		logged $name 'No such device'
	done
	daemon_up
done

# streams that never end in all slots, and a guest that is stopped and so takes no notice
spawn_lines A "$top_builddir/tests/int/many_groups" "$dial$work/a.sock" A endless
next_line A || fail "A did not submit its streams"
spawn_lines B "$guest" --socket "$dial$work/b.sock" --name B --rounds 1000
at_work B
signal B STOP
signal malimuxd TERM
at_once daemon_down INT # the second one
wants A 1
signal B CONT
wants B 3

# a guest that is connecting, and takes its time; or a machine that has not come to its driver yet
daemon_up
if [ "$transport" = local ]; then
	spawn B "$top_builddir/tests/int/rude_guest" "$work/b.sock" silent
else
	spawn B "$top_builddir/tests/int/rude_machine" "$work/b.sock" waits
fi
guest_a --rounds 1000
until [ "$(counter A connected)" = true ]; do :; done
at_once daemon_down
wants B 0
wants A 3

# while the GPU is being brought up, or a little later or earlier: before it listens to signals it is killed by them, and
# has made no sockets yet
for ((i = 0; i < 8; i++)); do
	spawn malimuxd "$malimuxd" --config "$config"
	# a shell that has not executed it yet may lose the signal
	until [ "$(<"/proc/${pid_of[malimuxd]}/comm")" = malimuxd ]; do :; done
	if [ $((i % 2)) = 1 ]; then
		until [ -S "$control" ]; do :; done
	fi
	signal malimuxd TERM
	finish malimuxd
	[ "$status" = 0 ] || [ "$status" = 143 ] || fail "malimuxd ended with $status"
	[ $((i % 2)) = 0 ] || [ "$status" = 0 ] || fail "malimuxd was killed"
	no_sockets || fail "malimuxd left a socket behind"
done

daemon_up
remember
guest_a --rounds 1 --frames 5
wants A 0
all_gone
house_down
