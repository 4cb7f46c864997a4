#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Faults of the GPU on demand: what the model's control socket takes and refuses, from whom and how; then each fault in
# turn, and its consequences for guests and daemon (model_faults.c has them in a table); at last those that the daemon does
# not survive, and that it is fine when it comes again.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
orders=$work/orders.sock
say=$top_builddir/tests/int/say
model_options=(--control "$orders")
pick_image

# config IDLE_MS: the daemon powers the GPU off after that; 0 = never
config()
{
	write_config "$image" "job_timeout_ms = $((1000 * factor)); resets_max = 16;"
	printf 'scheduler = { idle_power_off_ms = %s; };\n' "$1" >>"$config"
}

# says WANT LINE...: the answers
says()
{
	local got
	got=$("$say" "$orders" "${@:2}") || fail "no answer to '${*:2}'"
	[ "$got" = "$1" ] || fail "'${*:2}' is answered with '$got', not '$1'"
}

# input WANT: what is said by printf to standard input is answered with that, and hung up on
input()
{
	local got
	got=$("$say" "$orders") || fail "neither answered nor hung up on: $1"
	[ "$got" = "$1" ] || fail "answered with '$got', not '$1'"
}

# ---- the socket ----

config 0
model_up
daemon_up
remember
guest_a --rounds 1000000 --frames 20

says ok 'hang flush 3'
says ok 'delay boot 1000'
says 'flush 3 boot 1' left
says ok clear
says nothing left
says 'tlb 0 table 0 dirty 0 data 0 unmapped 0 freed 0' findings
says "error: 'blow' is no command" 'blow up'
says 'error: the command is missing' ''
says "error: WHAT 'flash' is none of reset flush power as boot firmware job" 'hang flash'
says "error: WHAT 'flush' is none of doorbell irq-job irq-mmu irq-gpu" 'drop flush'
says "error: COUNT 'many' is no number up to 1000000" 'hang flush many'
says 'error: NS is missing' 'delay job'
says "error: REGISTER '0x200000' is no number up to 2097148" 'corrupt 0x200000 1'
says 'error: AS 15 has no table of level 3 for 0x1000' 'flip 15 0x1000 3 0'
says "error: 'now' is too much" 'clear now'
printf 'left\nle' | input nothing
printf 'left\nx%0200d\nleft\n' 0 | input $'nothing\nerror: a line has at most 127 bytes\nnothing'
printf 'left\nx%0100000d\nleft\n' 0 | input $'nothing\nerror: a line without an end'
printf 'left\nhang job\0\nleft\n' | input $'nothing\nerror: a NUL in a line'
head -c 100000 /dev/urandom | tr '\n\0' 'xy' | input 'error: a line without an end'
says nothing left

# two clients: the second one is answered when the first has gone, here by being killed in the middle of a line
fifo first.in
# shellcheck disable=SC2016 # for the other shell
spawn_lines first bash -c 'exec "$0" "$1" <"$2"' "$say" "$orders" "$work/first.in"
exec {first}>"$work/first.in"
printf 'findings\nhang jo' >&"$first"
next_line first || fail 'the first client was not answered'
spawn_lines second "$say" "$orders" left
signal first KILL
wants first 137
exec {first}>&-
next_line second || fail 'the second client was not answered'
[ "$line" = nothing ] || fail "the second client was told '$line'"
wants second 0

# none of that has concerned anybody
[ "$(counter A connected)" = true ] || fail 'the guest is gone'
signal A KILL
wants A 137
! grep -q WRONG "$work/A.log" || fail 'results are wrong'
all_gone

# ---- faults of a GPU at work, and of one that comes back from sleep ----

for state in awake asleep; do
	if [ $state = asleep ]; then
		house_down
		config 10
		model_up
		daemon_up
		remember
	fi
	spawn faults "$top_builddir/tests/int/model_faults" "$orders" "$control" "$work/a.sock" "$work/b.sock" $state
	wants faults 0 $((8 * patience))
	cat "$work/faults.log"
	rm "$work/faults.log"
	all_gone
done
logged malimuxd 'interrupt was lost line=GPU'

# ---- what the daemon does not survive ----

daemon_down
config 0
daemon_up
remember
spawn_lines A "$guest" --socket "$work/a.sock" --name A --rounds 1000 --frames 60
at_work A
says $'ok\nok' 'hang firmware' 'hang reset 10'
# its next request is not answered, and the reset does not end
wants malimuxd 1
logged malimuxd 'given up: the GPU does not finish its reset'
wants A 3
logged A 'No such device'
says ok clear

says ok 'corrupt 0 0xf0000000'
if spawn_ready malimuxd "$malimuxd" --config "$config"; then
	fail 'malimuxd drives a GPU that it does not know'
fi
wants malimuxd 1
logged malimuxd 'not a GPU of architecture 10'

# nothing is left of all that; and what goes wrong once at the start is overcome
says ok 'hang power'
daemon_up
remember
guest_a --rounds 1 --frames 5
guest_b --rounds 1 --frames 5
wants A 0
wants B 0
all_gone
[ "$(gpu_counter resets)" = 1 ] || fail 'the GPU was not reset at the start'
house_down
