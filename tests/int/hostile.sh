#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Hostile guests of all kinds beside an honest one (hostile.c): its results are right, always. MMX_HOSTILE_MS says for
# how long each kind (200), MMX_HOSTILE_BOUND how many percent its p99 may be of what it is beside an honest neighbour
# (0 = it is only told; make check-full: 150), MMX_HOSTILE_KIND names one, MMX_SEED gives the random numbers.
#
# With a bound the model, the daemon and the honest guest have real-time priority: hostile guests are processes of this
# host here, and what others lose when the host's scheduler lets those keep a core for a millisecond says nothing about
# the daemon.
set -u
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
house_up

bound=${MMX_HOSTILE_BOUND:-0}
if [ "$bound" != 0 ]; then
	for pid in "${pid_of[model]}" "$(daemon_pid)"; do
		chrt -r -p 1 "$pid" || fail "real-time priority is needed to measure: be root, or set ulimit -r"
	done
fi
ms=${MMX_HOSTILE_MS:-200}
spawn hostile "$top_builddir/tests/int/hostile" "$control" "$dial$work/a.sock" "$dial$work/b.sock" B "$ms" \
	"${MMX_SEED:-$RANDOM}" "$bound" ${MMX_HOSTILE_KIND:+"$MMX_HOSTILE_KIND"}
wants hostile 0 $((patience * 4 + ms / 10))
cat "$work/hostile.log"
[ "$(counter A jobs_failed)" = 0 ] || fail "jobs of the honest guest failed"
[ "$(gpu_counter resets)" = 0 ] || fail "a hostile guest has reset the GPU"
all_gone
house_down
