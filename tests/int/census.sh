#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# What malimuxctl tells of guests at work: their groups and queues, their VMs, one guest against its limits, and rates.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

# says PATTERN COMMAND...: a line of malimuxctl's is like that (extended regex)
says()
{
	answer=$("$ctl" --socket "$control" "${@:2}" 2>&1) || fail "malimuxctl ${*:2}: $answer"
	grep -qE -e "$1" <<<"$answer" || fail "malimuxctl ${*:2} has no line like '$1': $answer"
}

# says_soon PATTERN COMMAND...: the same after a while: groups come and go, and a moment may find none in a slot
says_soon()
{
	local until=$((SECONDS + patience))
	until answer=$("$ctl" --socket "$control" "${@:2}") && grep -qE -e "$1" <<<"$answer"; do
		[ "$SECONDS" -lt "$until" ] || fail "malimuxctl ${*:2} had no line like '$1': $answer"
	done
}

says '^PARTITION +GROUP ' groups
says '^PARTITION +VM ' vms B
says '^guest: +none$' guest A
says '^\[\]$' --json groups
spawn_lines A "$top_builddir/tests/int/many_groups" "$dial$work/a.sock" A endless
next_line A || fail "A did not submit its streams"
guest_b --rounds 1000 --frames 20

says_soon '^A +0x[0-9a-f]+ +- +[^ ]+ +0x[0-9a-f]+ +medium +on +[0-9]+ +[0-7] +[0-9.]+ +[0-9.]+ +0 +6 +0 +0 +6$' groups A
[ "$(grep -c '^A' <<<"$answer")" = 24 ] || fail "A has 24 groups, not those: $answer"
says '^A +0x[0-9a-f]+ +- +[^ ]+ +(yes|no) +[0-9]+ +[0-9]+/16384 +[0-9.]+ +8$' vms
says '^groups: +24 of 128$' guest A
says '^jobs: +144 pending, 0 done, 0 failed$' guest A
says '^\[\{"groups":\[\{"group":"0x[0-9a-f]+",.*"partition":"A","next":0\}\]$' --json groups A
says '^A +[^ ]+ +[0-8]/8 +[0-9.]+ +0.0 +0.0 +[0-9.]+ +0.0 +144 +24 ' watch 1 2
[ "$(grep -c '^PARTITION' <<<"$answer")" = 2 ] || fail "watch printed not two tables: $answer"
grep -qE '^B +B +[0-8]/8 +[0-9.]+ +[0-9]*[1-9][0-9]*\.[0-9]' <<<"$answer" || fail "B does no jobs: $answer"

for what in groups vms guest; do
	if answer=$("$ctl" --socket "$control" $what nobody 2>&1); then
		fail "nobody is no partition"
	fi
	grep -q 'there is no such partition' <<<"$answer" || fail "of nobody is said: $answer"
done

for name in A B; do
	signal $name KILL
	wants $name 137
done
all_gone
house_down
