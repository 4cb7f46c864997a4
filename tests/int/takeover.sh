#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# The daemon is killed under two machines, again and again ($MMX_KILLS times): each time the holder begins another one, which
# takes the machines over, and their drivers have sessions and right results again. Nothing is left over of so many
# daemons. Then it is begun anew by SIGHUP, with a configuration that is wrong, and with one that does not fit a machine.
set -u
MMX_TRANSPORT=ivshmem
. "${top_srcdir:-.}/tests/int/lib.sh"
house_begin
pick_image
write_config "$image"
# A has memory of its own, too: its file is opened anew by each daemon
sed -i 's|name = "A";|& guest_ram = { file = "/proc/%p/fd/10"; memory = "1M"; pieces = (\
	{ guest = "1G"; size = "1M"; offset = "0"; } ); };|' "$config"
model_up
daemon_up
remember

holder=${pid_of[malimuxd]}

machine_up()
{
	spawn_lines "$1" "$top_builddir/tests/int/survivor" "$work/${1,,}.sock" "$1"
	next_line "$1" || fail "$1 did not come to work"
}

# works_again NAME...: each has another session, and right results in it
works_again()
{
	local name
	for name; do
		next_line "$name" || fail "$name has no session any more"
	done
}

holds()
{
	find "/proc/$holder/fd" -mindepth 1 | wc -l
}

mappings()
{
	wc -l <"/proc/$holder/maps"
}

# dies: the daemon, and the next one is there
dies()
{
	local pid
	pid=$(daemon_pid)
	kill -KILL "$pid"
	daemon_pid "$pid" >/dev/null
}

idle_holds=$(holds)
machine_up A
machine_up B
[ "$(holds)" = $((idle_holds + 8)) ] || fail "the holder has $(holds) descriptors, and had $idle_holds before there were machines"
dies
works_again A B
before="$(descriptors) $(holds) $(mappings)"
for ((i = 1; i < ${MMX_KILLS:-8}; i++)); do
	dies
	works_again A B
done
now="$(descriptors) $(holds) $(mappings)"
[ "$now" = "$before" ] || fail "descriptors, those of the holder, its mappings: $now, and were $before"
logged malimuxd 'the daemon was killed (Killed); machines held: 2'
logged malimuxd 'machine taken over .*guest=A'
[ "$(counter A connected)" = true ] || fail "the daemon knows nothing of A"

# a configuration that is no good changes nothing
cp "$config" "$work/good.conf"
echo 'nonsense = 1;' >>"$config"
pid=$(daemon_pid)
signal malimuxd HUP
until grep -q 'going on as before' "$work/malimuxd.log"; do :; done
[ "$(daemon_pid)" = "$pid" ] || fail "the daemon has begun anew"
# one that is does
sed 's/name = "A";/name = "A"; weight = 7;/' "$work/good.conf" >"$config"
signal malimuxd HUP
daemon_pid "$pid" >/dev/null
works_again A B
[ "$(counter A weight)" = 7 ] || fail "the configuration was not read anew"

# who does not fit any more is let go of
sed '/name = "B"/s/16M/32M/' "$work/good.conf" >"$config"
pid=$(daemon_pid)
signal malimuxd HUP
daemon_pid "$pid" >/dev/null
wants B 4
works_again A
logged malimuxd 'the machine is not taken over: its partition has another size now.*guest=B'
until [ "$(holds)" = $((idle_holds + 4)) ]; do
	[ "$SECONDS" -lt $((8 * patience)) ] || fail "the holder still has $(holds) descriptors"
done
machine_up B

# without machines nobody needs the next one
for name in A B; do
	signal $name KILL
	wants $name 137
	gone $name
done
until [ "$(holds)" -le "$idle_holds" ]; do
	[ "$SECONDS" -lt $((8 * patience)) ] || fail "the holder still has $(holds) descriptors"
done
if grep -q WRONG "$work"/[AB].log; then
	fail "results are wrong"
fi
kill -KILL "$(daemon_pid)"
wants malimuxd 137
daemon_up
house_down
