#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# The daemon has no descriptor left for a guest that connects: it says so now and then instead of spinning on the
# connection that it can't take, goes on serving, and takes it when it can.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
command -v prlimit >/dev/null || skip "prlimit is not installed"
house_begin
house_up

# no new descriptor may have a number above 2: those it has
prlimit --pid "$(daemon_pid)" --nofile=3: || fail "prlimit failed"
guest_a --rounds 1 --frames 2
wants A 3
lines=$(grep -c "Too many open files" "$work/malimuxd.log")
if [ "$lines" -lt 1 ] || [ "$lines" -gt $((50 * factor)) ]; then
	fail "the daemon spoke of it $lines times"
fi

prlimit --pid "$(daemon_pid)" --nofile=1024: || fail "prlimit failed"
guest_b --rounds 1 --frames 2
wants B 0
guest_a --rounds 1 --frames 2
wants A 0
all_gone
house_down
