#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# The ivshmem server and QEMU's own ivshmem-doorbell device, without a guest: this script writes what a driver would, over
# QEMU's qtest protocol, and sees BARs, doorbell, answers and MSI-X messages. QEMU is that of the cache ('tests/vm/run
# --fetch' gets it), or $MMX_QEMU, any qemu-system-aarch64.
set -u
MMX_TRANSPORT=ivshmem
. "${top_srcdir:-.}/tests/int/lib.sh"

cached=${MMX_CACHE:-${XDG_CACHE_HOME:-${HOME-}/.cache}/malimux}/vm/host
if [ -n "${MMX_QEMU-}" ]; then
	qemu=("$MMX_QEMU")
elif [ -x "$cached/usr/bin/qemu-system-aarch64" ]; then
	for loader in "$cached"/usr/lib64/ld-linux-*.so.* "$cached"/usr/lib/ld-linux-*.so.*; do
		[ ! -e "$loader" ] || break
	done
	qemu=("$loader" --library-path "$(echo "$cached"/usr/lib/*-linux-gnu)" "$cached/usr/bin/qemu-system-aarch64"
		-L "$cached/usr/share/qemu")
else
	skip "no qemu-system-aarch64 in the cache"
fi

house_begin
house_up

# machine_up NAME PARTITION's socket: its qtest commands go to $to, answers come from $from
machine_up()
{
	fifo "$1.life"
	fifo "$1.in"
	fifo "$1.out"
	"${qemu[@]}" -nodefaults -no-user-config -display none -machine virt -accel tcg -S -m 16 -qtest stdio \
		-chardev "socket,path=$2,id=server" -device ivshmem-doorbell,chardev=server,addr=1.0 \
		<"$work/$1.in" >"$work/$1.out" 2>>"$work/$1.log" 8>"$work/$1.life" &
	exec {to}>"$work/$1.in"
	exec {from}<"$work/$1.out"
	follow "$1"
}

# ask COMMAND...: its answer, after OK, is in $got
ask()
{
	local ok
	echo "$*" >&"$to"
	read -r -t "$patience" -u "$from" ok got || fail "QEMU does not answer '$*'"
	[ "$ok" = OK ] || fail "QEMU says '$ok $got' to '$*'"
}

# sees WIDTH ADDRESS VALUE WHAT
sees()
{
	ask "read$1" "$2"
	[ $((got)) = $(($3)) ] || fail "$4: $got, not $3"
}

# comes ADDRESS VALUE WHAT: looks until it is so
comes()
{
	local until=$((SECONDS + patience))
	ask readl "$1"
	until [ $((got)) = $(($2)) ]; do
		[ "$SECONDS" -lt "$until" ] || fail "$3: $got, not $2"
		ask readl "$1"
	done
}

# where things are: config space of device 1, the BARs as they are placed here, and memory of the machine
config_space=$((0x4010008000)) registers=$((0x10000000)) table=$((0x10001000)) region=$((0x20000000))
memory=$((0x40000000))
link=$((region + 2048))

# wish NUMBER ERROR: the driver asks for a session, and is answered
wish()
{
	ask writel $memory 0
	ask writel $((link + 64)) "$1"
	ask writel $((registers + 12)) $((0x20000))
	comes $((link + 8)) "$1" "the wish"
	sees l $((link + 12)) "$2" "the error"
	# the message is written when the vector is signalled
	comes $memory $((0xcafe)) "MSI-X message"
}

before=$(find "/proc/$(daemon_pid)/fd" -mindepth 1 | wc -l)
machine_up machine "$work/b.sock"
sees l $config_space 0x11101af4 'PCI id'
sees b $((config_space + 8)) 1 'PCI revision'
# BAR 2: 16M, 64 bits wide, prefetchable
ask writel $((config_space + 0x18)) $((0xffffffff))
sees l $((config_space + 0x18)) $((0xff00000c)) 'size of BAR 2'
ask writel $((config_space + 0x10)) $registers
ask writel $((config_space + 0x14)) $table
ask writel $((config_space + 0x18)) $region
ask writel $((config_space + 0x1c)) 0
ask writew $((config_space + 4)) 6
# MSI-X: vector 0 writes 0xcafe into memory
ask readb $((config_space + 0x34))
while cap=$((got)); [ "$cap" != 0 ]; do
	ask readb $((config_space + cap))
	[ $((got)) != $((0x11)) ] || break
	ask readb $((config_space + cap + 1))
done
[ "$cap" != 0 ] || fail "there is no MSI-X"
ask writel $table $memory
ask writel $((table + 4)) 0
ask writel $((table + 8)) $((0xcafe))
ask writel $((table + 12)) 0
ask writew $((config_space + cap + 2)) $((0x8000))

sees l $((registers + 8)) 1 IVPosition
sees l $region 0x52584d4d "the region's magic"
sees q $((region + 8)) $((16 << 20)) "the region's size"
sees l $link 0x4b584d4d "the link's magic"
sees l $((link + 8)) 0 'answered'

wish 1 0
[ "$(counter B connected)" = true ] || fail "there is no session"
ask readl $((region + 16))
page=$((region + got))
ask readq $page
[ $((got)) != 0 ] || fail "the session page has no heartbeat"
# the driver is loaded again, without a word of its end; and says good-bye
wish 7 0
wish 0 0
[ "$(counter B connected)" = false ] || fail "the session has not ended"
wish 1 0
# the daemon is killed, and the next one takes the machine over: its driver is told, and asks anew
former=$(daemon_pid)
ask writel $memory 0
kill -KILL "$former"
daemon_pid "$former" >/dev/null
comes $memory $((0xcafe)) "MSI-X message"
sees l $((page + 24)) 108 'the reason (ESHUTDOWN)'
sees l $((link + 16)) 0 'the last word'
wish 2 0
[ "$(counter B connected)" = true ] || fail "there is no session with the next daemon"
ask readq $page
[ $((got)) != 0 ] || fail "the session page has no heartbeat"
# nobody else gets in: that QEMU does not start
machine_up second "$work/b.sock"
wants second 1
logged second 'server sent version -16'
signal machine KILL
wants machine 137
gone B

# a daemon that ends says so
machine_up last "$work/a.sock"
ask writel $((config_space + 0x10)) $registers
ask writel $((config_space + 0x18)) $region
ask writel $((config_space + 0x1c)) 0
ask writew $((config_space + 4)) 2
ask writel $((link + 64)) 1
ask writel $((registers + 12)) $((0x20000))
comes $((link + 8)) 1 'the wish'
gone_from=$(find "/proc/$(daemon_pid)/fd" -mindepth 1 | wc -l)
[ "$gone_from" -le $((before + 8)) ] || fail "the daemon has $gone_from descriptors, and had $before"
daemon_down
comes $((link + 16)) 1 'the last word'
ask readl $((region + 16))
sees l $((region + got + 24)) 108 'the reason (ESHUTDOWN)'
signal last KILL
wants last 137
signal model TERM
wants model 0
no_findings
