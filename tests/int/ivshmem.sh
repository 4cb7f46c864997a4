#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Virtual machines, played by processes that speak ivshmem's protocol: tests of guests as they are for other transports,
# then machines that do not keep to anything, or are reset, while another one's results stay right.
set -u
for test in two_guests guest_killed daemon_stop model_killed conformance hostile; do
	MMX_HOSTILE_MS=${MMX_HOSTILE_MS:-50} MMX_TRANSPORT=ivshmem "${top_srcdir:-.}/tests/int/$test.sh" || exit 1
done

MMX_TRANSPORT=ivshmem
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

rude=$top_builddir/tests/int/rude_machine

# be HOW [COUNT]
be()
{
	"$rude" "$work/b.sock" "$@" || fail "$*: see above"
	gone B
}

# until it is killed
guest_a --rounds 1000000 --frames 20
until [ "$(counter A jobs_done)" != 0 ]; do :; done
before=$(descriptors)

for how in talks seals leave leave-kicked leave-wishing talks-later holes wishes blocks breaks reboots; do
	be $how
done
logged malimuxd 'a guest is turned away: it does not keep to the hand-shake .*guest=B'
logged malimuxd 'a guest is turned away: it has sealed its region itself .*guest=B'
for how in leave leave-kicked leave-wishing talks; do
	be $how 50
done
guest_b --rounds 1 --frames 2
wants B 0
gone B

# without A, which keeps it busy with work
[ "$(counter A jobs_failed)" = 0 ] || fail "jobs of A failed"
signal A KILL
wants A 137
gone A
start=$(ticks)
be kicks
used=$((($(ticks) - start) * 1000 / $(getconf CLK_TCK)))
[ "$used" -lt 600 ] || fail "two seconds of notifications for nothing took $used ms of the daemon's time"

until [ "$(descriptors)" -le "$before" ]; do
	[ "$SECONDS" -lt $((4 * patience)) ] || fail "the daemon has $(descriptors) descriptors, and had $before"
done
if grep -q WRONG "$work/A.log"; then
	fail "results of A are wrong"
fi
all_gone
house_down
