#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# What is refused, and that it is said why: images, files, configurations, and guests that do not belong.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
pick_image
model_up

# refused PATTERN: malimuxd with $config ends with 1, and says so
refused()
{
	if spawn_ready malimuxd "$malimuxd" --config "$config"; then
		fail "malimuxd started, though: $1"
	fi
	wants malimuxd 1
	logged malimuxd "$1"
	rm -f "$work/malimuxd.log"
	[ ! -e "$work/a.sock" ] || fail "guests could have come: $1"
}

# changed SED: the usual configuration with a change
changed()
{
	write_config "$image"
	sed -i "$1" "$config"
}

# what README.md tells to start with is taken
"$malimuxd" --test --config "$top_srcdir/tools/demo/malimuxd.conf" || fail "tools/demo/malimuxd.conf is refused"

changed 's/allow_unsigned = true;//'
refused 'not signed.*allow_unsigned'
write_config "$work/nowhere.bin"
refused 'nowhere.bin: No such file'
head -c 100 "$image" >"$work/short.bin"
write_config "$work/short.bin"
refused 'short.bin: '
write_config "$work"
refused 'firmware .*: '
changed 's,gpu.sock,nothing.sock,'
refused 'nothing.sock: no such socket; is the vfio-user server'
changed 's,gpu.sock,stale.sock,'
spawn_ready stale "$model" --socket "$work/stale.sock" || fail "the second model did not start"
signal stale KILL
wants stale 137
refused 'stale.sock: nobody listens there'
changed "s,a.sock,nowhere/a.sock,"
refused "partition A: socket $work/nowhere/a.sock: the folder does not exist"
changed "s,a.sock,short.bin,"
refused "partition A: socket $work/short.bin: a file that is no socket is in its place"
changed "s,control.sock,gpu.sock,"
refused "control socket $work/gpu.sock: somebody else listens there"
changed "1i @include \"$work\""
refused 'malimuxd.conf:1: @include is not supported'
changed 's/memory = "16M"/memory = "16X"/'
refused 'malimuxd.conf:[0-9]*: memory'
changed 's/name = "B"/name = "A"/'
refused "malimuxd.conf:[0-9]*: name 'A' is given twice"
changed 's/^partition/ghosts/'
refused "malimuxd.conf:[0-9]*: 'ghosts' is not known here"
rm "$config"
refused 'malimuxd.conf: No such file'

# a partition without any of the GPU's cores
write_config "$image" 'shader_cores = 0x2;'
refused 'shader_cores'

# guests
write_config "$image"
daemon_up
remember
spawn_lines A "$guest" --socket "$dial$work/a.sock" --name A --rounds 1000
next_line A || fail "A did not come to work"
spawn A2 "$guest" --socket "$dial$work/a.sock" --name A2
wants A2 3
logged A2 'busy'
[ "$(counter A connected)" = true ] || fail "the second guest threw out the first one"
signal A KILL
wants A 137
gone A
guest_a --rounds 1 --frames 2
wants A 0
all_gone
daemon_down

# partitions that belong to somebody else
write_config "$image" "uid = $(($(id -u) + 1));"
daemon_up
guest_b
wants B 3
logged B 'Permission denied'
logged malimuxd 'refused: this partition is for uid'
write_config "$image" "uid = $(id -u);"
daemon_down
daemon_up
remember
guest_b --rounds 1 --frames 2
wants B 0
all_gone
house_down
