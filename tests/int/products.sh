#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The daemon and two guests on the products of the model that it knows (architecture 10), each with the firmware image
# of its architecture if there is one. All other tests have the G610.

. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin

# image_for ARCH: into $image; a generated one if there is none
image_for()
{
	local path
	image=$work/generated.bin
	while IFS= read -r path; do
		case $path in
		*/"$1"/*) image=$path ;;
		esac
	done < <(real_images)
	[ -e "$image" ] || "$fw" generate "$image" || fail "malimux-fw made no image"
}

while read -r product arch; do
	image_for "$arch"
	house_up
	guest_a --rounds 3
	guest_b --rounds 3
	wants A 0
	wants B 0
	all_gone
	house_down
	printf '%s: fine\n' "$product"
done <<-END
	g310 arch10.12
	g710 arch10.8
END
