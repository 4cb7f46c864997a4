#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# All real firmware images in the cache: those for arch 10 boot and run guests; the others are loaded too, and then
# either boot or are refused with a reason. Downloads nothing; tests/data/fetch-firmware fills the cache.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin

found=0
booted=0
while IFS= read -r path; do
	found=$((found + 1))
	what=${path#*/firmware/}
	write_config "$path"
	model_up
	if spawn_ready malimuxd "$malimuxd" --config "$config"; then
		remember
		guest_a --rounds 1 --frames 5
		guest_b --rounds 1 --frames 5 --fault
		wants A 0
		wants B 0
		all_gone
		daemon_down
		booted=$((booted + 1))
		echo "ok   $what: boots and runs guests"
	else
		case $what in
		*/arch10.*) fail "$what did not boot" ;;
		esac
		wants malimuxd 1
		logged malimuxd 'GPU is lost: '
		echo "ok   $what: $(sed -n 's/.*GPU is lost: //p' "$work/malimuxd.log" | tail -n 1)"
	fi
	signal model TERM
	wants model 0
done < <(real_images)
[ "$found" != 0 ] || skip "no real firmware image in the cache; tests/data/fetch-firmware gets them"
echo "$found images, $booted of them boot"
