#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# malimuxctl as its users meet it where no daemon is: messages and exit codes. With one: the demo's tests.

set -eu

ctl=${top_builddir:?run me by make check}/tools/malimuxctl/malimuxctl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset MALIMUX_CONTROL
failed=0

# expect STATUS PATTERN COMMAND...: the exit status, and a line of stdout or stderr (basic regex)
expect()
{
	status=$1
	pattern=$2
	shift 2
	got=0
	"$@" >"$work/out" 2>&1 || got=$?
	if [ "$got" != "$status" ] || ! grep -q -e "$pattern" "$work/out"; then
		echo "FAIL $*: status $got, expected $status with a line like '$pattern'; it said:"
		cat "$work/out"
		failed=1
	else
		echo "ok   $*"
	fi
}

expect 0 '^Usage: malimuxctl ' "$ctl" --help
expect 0 '^malimuxctl [0-9]' "$ctl" --version
expect 2 'a command is needed' "$ctl"
expect 2 'too many arguments: status' "$ctl" status guests
expect 2 'too many arguments: vms' "$ctl" vms A B
expect 2 'a partition is needed: guest' "$ctl" guest
expect 2 'no number of seconds from 1 to 3600: 0' "$ctl" watch 0
expect 2 'no number of seconds from 1 to 3600: x' "$ctl" watch x
expect 2 'no number of tables: -1' "$ctl" watch -- 1 -1
expect 2 'not for watch' "$ctl" --json watch
expect 2 'guests has it all' "$ctl" --json guest A
expect 2 'unknown command reboot' "$ctl" reboot
expect 2 'see malimuxctl --help' "$ctl" --bogus
expect 2 'is empty' "$ctl" --socket= status

none=$work/none.sock
expect 1 "^malimuxctl: $none: no such socket: is malimuxd running?$" "$ctl" --socket "$none" status
expect 1 "^malimuxctl: $none: no such socket" env "MALIMUX_CONTROL=$none" "$ctl" --json guests
for command in groups 'guest A' 'vms A' watch; do
	# shellcheck disable=SC2086 # words
	expect 1 "no such socket: is malimuxd running?$" "$ctl" --socket "$none" $command
done
expect 1 "that is no partition's name" "$ctl" --socket "$none" groups 'A"'
expect 1 '^malimuxctl: /[^:]*: .*too long' "$ctl" --socket "$work/$(printf '%0100d' 0)" status
: >"$work/file"
expect 1 'connection refused: is malimuxd running?$' "$ctl" --socket "$work/file" guests
expect 0 '^malimuxctl [0-9]' "$ctl" --socket "$none" version
expect 0 '^malimuxd is not running$' "$ctl" --socket "$none" version
expect 0 '^{"malimuxctl":{"version":"[0-9.]*"},"malimuxd":null}$' "$ctl" --socket "$none" --json version
if [ -c /dev/full ]; then
	# shellcheck disable=SC2016 # $1 and $2 are for the inner shell
	expect 1 'standard output: No space' sh -c '"$1" --socket "$2" version >/dev/full' sh "$ctl" "$none"
fi

exit $failed
