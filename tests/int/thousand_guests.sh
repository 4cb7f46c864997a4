#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Guests that die at every step of what they do, and at random times (mortal.c), eight at a time: nothing of them is
# left. MMX_GUESTS says how many (1000), MMX_SEED with which random numbers.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
pick_image
{
	printf 'device = { socket = "%s/gpu.sock"; patience = 5; };\n' "$work"
	printf 'firmware = { image = "%s"; allow_unsigned = true; };\n' "$image"
	printf 'control = { socket = "%s"; };\n' "$control"
	printf 'partition = (\n'
	for ((i = 0; i < 8; i++)); do
		printf '\t{ name = "P%d"; socket = "%s/p%d.sock"; memory = "1M"; }%s\n' $i "$work" $i \
			"$([ $i = 7 ] || echo ,)"
	done
	printf ');\n'
} >"$config"
model_up
daemon_up
remember

guests=${MMX_GUESTS:-1000}
spawn mortal "$top_builddir/tests/int/mortal" "$control" "$work" "$(daemon_pid)" "${pid_of[model]}" \
	"$guests" "${MMX_SEED:-$RANDOM}"
wants mortal 0 $((patience + guests * factor / 2))
cat "$work/mortal.log"
[ "$(gpu_counter dma_bytes)" = "$dma_bytes" ] || fail "DMA memory is not what it was before guests came"
[ "$(gpu_counter resets)" = 0 ] || fail "a guest's death has reset the GPU"
house_down
