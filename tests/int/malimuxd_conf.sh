#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# malimuxd.conf(5) and the example file have every setting that the daemon reads, and the page has
# none that it does not; both examples are such as the daemon takes.

set -eu

src=${top_srcdir:?run me by make check}
daemon=${top_builddir:?run me by make check}/backend/malimuxd
page=$src/backend/malimuxd.conf.5
example=$src/backend/malimuxd.conf.example
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail()
{
	echo "FAIL $*"
	failed=1
}

# the tables of the code: group name, as "group setting"
awk '
	/^static const struct setting [a-z_]+_settings\[\]/ {
		group = $5
		sub(/_settings.*/, "", group)
	}
	/^\};/ { group = "" }
	group != "" && match($0, /((TEXT|NUMBER)\(|\.name = )"[a-z_]+"/) {
		name = substr($0, RSTART, RLENGTH)
		gsub(/.*(\(|= )"|"/, "", name)
		print group, name
	}
' "$src/backend/core/config.c" >"$work/code"
[ "$(wc -l <"$work/code")" -ge 20 ] || fail "the tables of config.c were not found"

# the man page: .SS GROUP, then .TP and .BR or .B with the name
awk '
	/^\.S[HS] / { group = tolower($2); tag = 0 }
	/^\.TP/ { tag = 1; next }
	tag && /^\.BR? / { print group, $2 }
	{ tag = 0 }
' "$page" >"$work/page"

while read -r group name; do
	grep -q -x "$group $name" "$work/page" || fail "$group.$name is not in malimuxd.conf(5)"
	grep -q -w "$name" "$example" || fail "$group.$name is not in the example"
done <"$work/code"
grep -E '^(device|firmware|control|scheduler|partition|guest_ram|piece) ' "$work/page" >"$work/told" || true
while read -r group name; do
	grep -q -x "$group $name" "$work/code" || fail "malimuxd.conf(5) has $group.$name, the code has not"
done <"$work/told"

"$daemon" --config "$example" --test >"$work/out" 2>&1 || {
	cat "$work/out"
	fail "the example is refused"
}
# the one in the man page as well
sed -n '/^\.SH EXAMPLE/,/^\.SH SEE/{/^\.EX/,/^\.EE/{/^\.E/d;s/\\-/-/g;p}}' "$page" >"$work/from_page"
[ -s "$work/from_page" ] || fail "malimuxd.conf(5) has no example"
"$daemon" --config "$work/from_page" --test >"$work/out" 2>&1 || {
	cat "$work/out"
	fail "the example of malimuxd.conf(5) is refused"
}
[ $failed -ne 0 ] || echo "ok   $(wc -l <"$work/code") settings told, examples taken"
exit $failed
