#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# malimux-bench --quick: every row is there and sane, in the table and in the JSON; nothing is left behind, also when a
# signal ends it; wrong use is told. No time is judged: machines that run tests are busy.
set -euo pipefail

bench=${top_builddir:?run me by make check}/tools/bench/malimux-bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work/tmp
mkdir "$TMPDIR"

fail()
{
	printf 'FAIL: %s\n' "$*"
	exit 1
}

# refused PATTERN ARGUMENT...
refused()
{
	local status=0
	"$bench" "${@:2}" >"$work/out" 2>&1 || status=$?
	[ "$status" = 2 ] || fail "'${*:2}' ended with $status, not 2"
	grep -q -e "$1" "$work/out" || fail "'${*:2}' did not say '$1'"
}

nothing_left()
{
	[ -z "$(ls "$TMPDIR")" ] || fail "left behind: $(ls "$TMPDIR")"
}

"$bench" --help | grep -q '^Usage: malimux-bench ' || fail "no help"
"$bench" --version | grep -q '^malimux-bench [0-9]' || fail "no version"
refused "no row 'speed'" speed
refused 'malimux-bench --help' --reps 0
refused 'malimux-bench --help' --reps 33
status=0
"$bench" --quick --model "$work/none" latency >"$work/out" 2>&1 || status=$?
[ "$status" = 1 ] || fail "without a model it ended with $status, not 1"
grep -q 'none did not start' "$work/out" || fail "a model that is not there was not told of"
nothing_left

"$bench" --quick --json "$work/all.json" >"$work/out" 2>"$work/err" || {
	cat "$work/out" "$work/err"
	fail "it failed"
}
[ ! -s "$work/err" ] || fail "it said: $(cat "$work/err")"
nothing_left

# each number of the table is one; ratios are positive and below a million
for row in latency throughput submit binds attach memory start message polling model; do
	grep -q "^$row: " "$work/out" || fail "row $row is missing"
done
lines=$(grep -c ' +- *[0-9]' "$work/out")
[ "$lines" -ge 50 ] || fail "only $lines lines"
if grep -E '(nan|inf|-[0-9])' <(grep ' +- *[0-9]' "$work/out" | sed 's/+-//g; s/hang-up//; s/ping-pong//'); then
	fail "numbers that are none"
fi
zeros=$(grep ' +- *[0-9]' "$work/out" | grep -cE ' 0\.000 \+-' || true)
[ "$zeros" = 0 ] || fail "$zeros numbers are 0"
ratios=$(grep -cE ' x[0-9]+\.[0-9]{3}$' "$work/out")
[ "$ratios" = "$lines" ] || fail "$lines lines have $ratios ratios"
# the JSON has the same lines
names=$(grep -c '"ratio":' "$work/all.json")
[ "$names" = "$lines" ] || fail "the JSON has $names ratios, the table $lines"

# without cores for it, too
"$bench" --quick polling >"$work/out" 2>&1 || fail "row polling failed: $(cat "$work/out")"
[ "$(grep -c '  sleeping .* x[0-9]' "$work/out")" = 6 ] || fail "row polling is not all there"

# a signal, once something is being measured
mkfifo "$work/lines"
"$bench" --quick --reps 32 throughput >"$work/lines" 2>&1 &
pid=$!
exec 3<"$work/lines"
while IFS= read -r -t 120 -u 3 line; do
	case $line in
	*'in flight'*) break ;;
	esac
done
kill -TERM $pid
status=0
wait $pid || status=$?
[ "$status" = 143 ] || fail "SIGTERM: it ended with $status"
# the end of the pipe is the end of all its children
cat <&3 >/dev/null
nothing_left
echo "$lines lines, all sane"
