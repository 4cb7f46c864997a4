#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# The GPU vanishes while two guests use it: the daemon says so and ends with 1, the guests see the end.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

for name in A B; do
	spawn_lines $name "$guest" --socket "$dial$work/${name,,}.sock" --name $name --rounds 1000 --frames 60
	at_work $name
done
signal model KILL
wants model 137
wants malimuxd 1
logged malimuxd 'GPU is lost'
for name in A B; do
	wants $name 3
	logged $name 'No such device'
done
