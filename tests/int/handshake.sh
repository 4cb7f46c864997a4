#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Guests that do not keep to the hand-shake, that go away in it, or that connect without end: each is turned away, nothing
# is left of it, its partition takes the next one, and another guest's results stay right meanwhile. And one that only
# notifies: that costs the daemon next to nothing.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

rude=$top_builddir/tests/int/rude_guest

# until it is killed
guest_a --rounds 1000000 --frames 20
# with all that the daemon keeps open for it: it has run a job
until [ "$(counter A jobs_done)" != 0 ]; do :; done
before=$(descriptors)

# be HOW [COUNT]
be()
{
	"$rude" "$work/b.sock" "$@" || fail "$*: see above"
	gone B
}

for how in leave leave-greeted leave-mapped wrong talkative seals silent holes; do
	be $how
done
logged malimuxd 'a guest is turned away: it has not mapped its region in time .*guest=B'
logged malimuxd 'a guest is turned away: it has sealed its region itself .*guest=B'

# one that is silent holds the partition for its time only: who comes meanwhile waits
spawn silent "$rude" "$work/b.sock" silent
guest_b --rounds 1 --frames 2
wants B 0
wants silent 0

# floods: more than the daemon lets in at once, and more lines than it logs
for how in leave leave-greeted leave-mapped wrong; do
	be $how 100
done
lines=$(grep -c 'guest=B' "$work/malimuxd.log")
[ "$lines" -lt 120 ] || fail "the log has $lines lines of B"
grep -q 'lines were left out guest=B' "$work/malimuxd.log" || fail "no lines were left out"
guest_b --rounds 1 --frames 2
wants B 0
gone B

# without A, which keeps it busy with work
[ "$(counter A jobs_failed)" = 0 ] || fail "jobs of A failed"
signal A KILL
wants A 137
gone A
start=$(ticks)
be notifies
used=$((($(ticks) - start) * 1000 / $(getconf CLK_TCK)))
[ "$used" -lt 300 ] || fail "one second of notifications for nothing took $used ms of the daemon's time"

# the count before may have one more, of a malimuxctl that was just leaving
until [ "$(descriptors)" -le "$before" ]; do
	[ "$SECONDS" -lt $((4 * patience)) ] || fail "the daemon has $(descriptors) descriptors, and had $before"
done
if grep -q WRONG "$work/A.log"; then
	fail "results of A are wrong"
fi
all_gone
house_down
