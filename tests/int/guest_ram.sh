#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# A machine whose own memory the daemon was given (ram_machine.c): the GPU reaches the very pages that are meant, in a file
# that can be cut short as in one that cannot; one that is cut short in use, or full of holes, fails jobs of its own at
# most; a file that is none is refused. Another guest works meanwhile.
set -u
MMX_TRANSPORT=ivshmem
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin

# To the model memory that was taken away looks as if the daemon had given it back too early: not at B's addresses.
no_findings()
{
	if grep FINDING "$work/model.log" | grep -v 'freed: AS[0-9]* 0x4000[0-9a-f]* goes to .* not mapped for DMA'; then
		fail "the model has found the daemon to do wrong"
	fi
}

pick_image
write_config "$image"
# of B; A has none
sed -i 's|name = "B";|& guest_ram = { file = "/proc/%p/fd/10"; memory = "2M"; pieces = (\
	{ guest = "1G"; size = "1M"; offset = "64K"; }, { guest = "4G"; size = "64K"; offset = "2M"; } ); };|' "$config"
model_up
daemon_up
remember

# until it is killed
guest_a --rounds 1000000 --frames 20
until [ "$(counter A jobs_done)" != 0 ]; do :; done
before=$(descriptors)

# what is logged comes first: a partition has ten lines in five seconds
for how in short none wrong-layout works works-sealed truncates holes holes-sealed works; do
	"$top_builddir/tests/int/ram_machine" "$work/b.sock" "$how" || fail "$how: see above"
	gone B
done
logged malimuxd 'piece 1 of guest_ram, at 0x40000000, is not what the guest has there: it is left alone .*guest=B'
logged malimuxd 'guest_ram: /proc/%p/fd/10: it has 2158592 bytes, and the pieces need 2162688 .*guest=B'
logged malimuxd 'guest_ram: /proc/%p/fd/10: No such file or directory .*guest=B'

[ "$(counter A jobs_failed)" = 0 ] || fail "jobs of A failed"
signal A KILL
wants A 137
gone A
until [ "$(descriptors)" -le "$before" ]; do
	[ "$SECONDS" -lt $((4 * patience)) ] || fail "the daemon has $(descriptors) descriptors, and had $before"
done
if grep -q WRONG "$work/A.log"; then
	fail "results of A are wrong"
fi
all_gone
house_down
