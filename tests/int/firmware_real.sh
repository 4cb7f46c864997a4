#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# malimux-fw over all real firmware images in the cache, which tests/data/fetch-firmware fills; this
# test downloads nothing, and is skipped without them.
#
# Each image must be taken. Those in the golden table below, known by their SHA-256 (a suite's image
# changes in time), must also have this interface version and these numbers of sections, of skipped
# entries, and of KiB in memory.

set -eu

fw=${top_builddir:?run me by make check}/tools/malimux-fw/malimux-fw

if [ -n "${MMX_CACHE-}" ]; then
	images=$MMX_CACHE/firmware
elif [ -n "${XDG_CACHE_HOME-}" ]; then
	images=$XDG_CACHE_HOME/malimux/firmware
else
	images=${HOME-}/.cache/malimux/firmware
fi
list=$(find "$images" -name mali_csffw.bin 2>/dev/null | sort) || true
if [ -z "$list" ]; then
	echo "skipped: no real firmware image in $images; tests/data/fetch-firmware gets them"
	exit 77
fi

# SHA-256, interface version, sections, skipped entries, KiB in memory
golden()
{
	cat <<-'TABLE'
	43c3c36b914c031d88ae152fd89019d8f99ad41d9879fb5ab7496ed13f7b378b 1.1.0 8 17 704
	a27847ea11f8efb3136340c3ba8aab413ae25145eeb4a7f64ff5edd829a2405b 1.5.0 8 15 896
	98ef32f43f05d03711580fb78f44a5b24dcd1f8a2f3ab09a25410fb3d39d7e1d 2.8.0 8 15 896
	718f6224e7af2b7876cad22ef4b1e087a0479af81dc46befcea5d1aeca96412b 3.13.0 9 15 960
	0aa6e8c796b85215e18d1fae12a891c65523847f5531fa877c59363b1be29e6a 3.13.0 9 15 960
	TABLE
}

measure()
{
	"$fw" inspect "$1" | awk '
		$1 == "interface" { version = $2 }
		$1 == "memory" { memory = $2 }
		NF == 0 { part = "" }
		part == "sections" && $1 ~ /^[0-9]+$/ { sections++ }
		part == "skipped" && $1 ~ /^[0-9]+$/ { skipped++ }
		$1 == "sections" || $1 == "skipped" { part = $1 }
		END { print version, sections + 0, skipped + 0, memory }'
}

failed=0
known=0
# one path a line; caches may well have a blank in their path
while IFS= read -r image; do
	name=${image#"$images"/}
	if ! "$fw" inspect --json "$image" >/dev/null; then
		echo "FAIL $name: refused"
		failed=1
		continue
	fi
	sum=$(sha256sum <"$image")
	sum=${sum%% *}
	got=$(measure "$image")
	want=$(golden | sed -n "s/^$sum //p")
	if [ -z "$want" ]; then
		echo "ok   $name: $got (taken; not in the golden table)"
	elif [ "$got" = "$want" ]; then
		echo "ok   $name: $got"
		known=$((known + 1))
	else
		echo "FAIL $name: $got, expected $want"
		failed=1
	fi
done <<LIST
$list
LIST

echo "$known images agree with the golden table"
exit $failed
