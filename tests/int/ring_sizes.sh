#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# A machine with rings of 4 KiB and one with rings of 256 KiB, the smallest and the largest, at once and with more jobs than the
# small ones hold: all results are right, also if the daemon does not read for a while, and whichever of them faults.
set -u
MMX_TRANSPORT=ivshmem
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
# of slots of 64 bytes
own_of[A]='ring_slots = 64;'
own_of[B]='ring_slots = 4096;'
house_up

# two rings come out of what can be registered
more=$(($(counter A mem_bytes_max) - $(counter B mem_bytes_max)))
[ "$more" = $((2 * (4096 - 64) * 64)) ] || fail "the rings' sizes differ by $more bytes"

# many NAME ARGUMENT...: many_groups has some 150 jobs under way
many()
{
	spawn "$1" "$top_builddir/tests/int/many_groups" "$dial$(socket_of "$1")" "$@"
}

many A stop "$(daemon_pid)"
many B
wants A 0
wants B 0
logged A 'the ring was full'

many B stop "$(daemon_pid)"
many A
wants A 0
wants B 0
logged B 'the ring had room for all'

guest_a --rounds 3 --frames 20 --fault
guest_b --rounds 3 --frames 20
wants A 0
wants B 0
guest_a --rounds 3 --frames 20
guest_b --rounds 3 --frames 20 --fault
wants A 0
wants B 0
all_gone
house_down
