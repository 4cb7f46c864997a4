#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# The conformance suite (conformance.c) against a daemon whose limits are small enough to be reached.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
pick_image
write_config "$image" 'ring_slots = 64; max_clients = 12; max_mems = 20; max_vms = 12; max_groups = 12;
	max_timelines = 24; max_heaps = 12; max_requests = 16; max_jobs = 8; max_mappings = 16;'
sed -i 's/memory = "16M"/memory = "4M"/' "$config"
model_up
daemon_up
remember

spawn suite "$top_builddir/tests/int/conformance" "$control" "$dial$work/a.sock" A "$dial$work/b.sock" B
wants suite 0 $((patience * 5))
cat "$work/suite.log"
all_gone
house_down
