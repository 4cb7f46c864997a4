# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# Sourced by the tests of whole processes and by the demo: starts the model, the daemon and guests in a folder of
# its own, and takes everything down again, also when something fails.
#
#   house_begin                  folder $work, clean-up at exit
#   spawn NAME COMMAND...        starts a process; output into $work/NAME.log
#   spawn_lines NAME COMMAND...  the same, but next_line NAME reads its standard output
#   finish NAME [SECONDS]        waits for its end; exit status in $status
#   house_up                     model, daemon with its partitions; firmware as $image or pick_image say, GPU as $product,
#                                with ${model_options[@]}
#   house_down                   both end on SIGTERM, with 0; the model has found no mistake of the daemon's
#   ${partitions[@]}             names of the daemon's, if others than A and B are wanted; their sockets are those in lower case
#   ${own_of[PARTITION]}         settings of that one alone
#   $dial                        stands before the path of a partition's socket, for guests; MMX_TRANSPORT=ivshmem: they play
#                                virtual machines
#   counter PARTITION NAME       a number of 'malimuxctl --json guests'; gpu_counter NAME of 'status'
#   daemon_pid                   of the daemon, which is a child of the process malimuxd: that one is its holder
#   ticks, descriptors           what the daemon has had of the cores, and has open
#
# Nothing sleeps: a process holds the writing end of a FIFO while it lives, and its end is the FIFO's; --ready-fd
# tells that it is up. Each wait has a deadline, multiplied by MMX_TEST_TIMEOUT_FACTOR for slow machines and
# sanitizers. Processes are ended by their id only.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${top_srcdir:=$here/../..}" "${top_builddir:=$top_srcdir/build}"

malimuxd=$top_builddir/backend/malimuxd
model=$top_builddir/malimux-model
ctl=$top_builddir/tools/malimuxctl/malimuxctl
fw=$top_builddir/tools/malimux-fw/malimux-fw
guest=$top_builddir/tools/demo/malimux-demo-guest

factor=${MMX_TEST_TIMEOUT_FACTOR:-1}
case $factor in
''|*[!0-9]*|0*) factor=1 ;;
esac
patience=$((20 * factor)) # seconds

transport=${MMX_TRANSPORT:-local}
dial=
[ "$transport" = local ] || dial=$transport:

declare -A pid_of life_of own_of
model_options=()
# of the daemon; what own_of has goes into that one alone
partitions=(A B)
# of each: what it may register
share=16M
work=
status=0
# counters that must be 0 when a guest has gone
guest_counters='clients vms heaps groups timelines mems jobs mem_bytes backend_bytes heap_bytes'

# fail MESSAGE...: ends the test; logs are shown on the way out
fail()
{
	printf 'FAIL: %s\n' "$*" >&2
	exit 1
}

skip()
{
	printf 'skipped: %s\n' "$*"
	exit 77
}

house_begin()
{
	work=$(mktemp -d) || exit 1
	trap house_end EXIT
	trap 'exit 1' HUP INT PIPE TERM
	config=$work/malimuxd.conf
	control=$work/control.sock
}

# The end, whatever came before: no process is left, nor the folder.
house_end()
{
	local code=$? name log
	set +e
	trap - EXIT
	trap '' HUP INT PIPE TERM
	for name in "${!pid_of[@]}"; do
		kill -KILL "${pid_of[$name]}" 2>/dev/null
	done
	wait 2>/dev/null
	if [ "$code" != 0 ] && [ "$code" != 77 ]; then
		for log in "$work"/*.log; do
			[ -s "$log" ] || continue
			printf -- '--- the end of %s:\n' "${log##*/}"
			tail -n 40 "$log"
		done
	fi
	rm -rf "$work"
	exit "$code"
}

# ---- processes ----

# follow NAME: the process that was just started in the background; $work/NAME.life is the FIFO that it holds
follow()
{
	local life
	pid_of[$1]=$!
	# waits until the other end is open in the child
	exec {life}<"$work/$1.life"
	life_of[$1]=$life
}

fifo()
{
	rm -f "$work/$1"
	mkfifo "$work/$1"
}

spawn()
{
	fifo "$1.life"
	"${@:2}" </dev/null >>"$work/$1.log" 2>&1 8>"$work/$1.life" &
	follow "$1"
}

spawn_lines()
{
	fifo "$1.life"
	"${@:2}" </dev/null >"$work/$1.life" 2>>"$work/$1.log" &
	follow "$1"
}

# spawn_ready NAME COMMAND...: the same as spawn, and waits until it is ready. Return: 1 if it ended instead
spawn_ready()
{
	local got=0 fd
	fifo "$1.life"
	fifo "$1.ready"
	"${@:2}" --ready-fd 9 </dev/null >>"$work/$1.log" 2>&1 8>"$work/$1.life" 9>"$work/$1.ready" &
	follow "$1"
	exec {fd}<"$work/$1.ready"
	IFS= read -r -N 1 -t "$patience" -u "$fd" _ || got=$?
	exec {fd}<&-
	[ "$got" -le 128 ] || fail "$1 was not ready within $patience s"
	return "$got"
}

# next_line NAME: into $line (for those who want to look); fails at the end of the output
next_line()
{
	local got=0
	# shellcheck disable=SC2034 # for the caller
	IFS= read -r -t "$patience" -u "${life_of[$1]}" line || got=$?
	[ "$got" -le 128 ] || fail "$1 said nothing for $patience s"
	return "$got"
}

# finish NAME [SECONDS]
finish()
{
	local name=$1 seconds=${2:-$patience} life=${life_of[$1]} got=0
	while [ "$got" = 0 ]; do
		IFS= read -r -t "$seconds" -u "$life" _ || got=$?
	done
	[ "$got" -le 128 ] || fail "$name did not end within $seconds s"
	exec {life}<&-
	status=0
	# bash reports killed jobs here
	{ wait "${pid_of[$name]}" || status=$?; } 2>/dev/null
	unset "pid_of[$name]" "life_of[$name]"
}

# signal NAME SIGNAL
signal()
{
	kill "-$2" "${pid_of[$1]}"
}

# wants NAME STATUS [SECONDS]: it ends by itself, with this status
wants()
{
	finish "$1" "${3:-$patience}"
	[ "$status" = "$2" ] || fail "$1 ended with $status, not $2"
}

# at_work NAME: one that was started with spawn_lines has said what GPU it has, and run its first streams
at_work()
{
	if ! next_line "$1" || ! next_line "$1"; then
		fail "$1 did not come to work"
	fi
}

# ---- the house ----

# socket_of PARTITION
socket_of()
{
	printf '%s\n' "$work/${1,,}.sock"
}

# write_config IMAGE [EXTRA]: EXTRA goes into all partitions, and so does, before it, what own_of has for one of them
write_config()
{
	local name list=''
	for name in "${partitions[@]}"; do
		list+=${list:+$',\n\t'}"{ name = \"$name\"; socket = \"$(socket_of "$name")\"; "
		list+="memory = \"$share\"; transport = \"$transport\"; ${own_of[$name]-} ${2-} }"
	done
	cat >"$config" <<-CONF
		device = { socket = "$work/gpu.sock"; patience = 5; };
		firmware = { image = "$1"; allow_unsigned = true; };
		control = { socket = "$control"; };
		partition = (
			$list
		);
	CONF
}

# real_images: the paths of the cached ones
real_images()
{
	local cache=${MMX_CACHE-}
	[ -n "$cache" ] || cache=${XDG_CACHE_HOME:+$XDG_CACHE_HOME/malimux}
	[ -n "$cache" ] || cache=${HOME-}/.cache/malimux
	find "$cache/firmware" -name mali_csffw.bin 2>/dev/null | sort
}

# pick_image: a real one for arch 10 if there is one, else one that malimux-fw makes; into $image and $image_kind
# shellcheck disable=SC2034 # the demo shows it
pick_image()
{
	local path
	while IFS= read -r path; do
		case $path in
		*/arch10.*) image=$path image_kind=real ;;
		esac
	done < <(real_images)
	if [ -z "${image-}" ]; then
		image=$work/generated.bin
		image_kind=generated
		"$fw" generate "$image" || fail "malimux-fw made no image"
	fi
}

model_up()
{
	spawn_ready model "$model" --socket "$work/gpu.sock" --product "${product:-g610}" "${model_options[@]}" ||
		fail "the model did not start"
}

daemon_up()
{
	spawn_ready malimuxd "$malimuxd" --config "$config" || fail "malimuxd did not start"
}

house_up()
{
	[ -n "${image-}" ] || pick_image
	write_config "$image"
	model_up
	daemon_up
	remember
}

# daemon_pid [PID]: the daemon's; waits until there is one, which is not PID
# shellcheck disable=SC2120 # tests pass one
daemon_pid()
{
	local pid='' until=$((SECONDS + patience))
	while [ -z "$pid" ] || [ "$pid" = "${1-}" ]; do
		[ "$SECONDS" -lt "$until" ] || fail "there is no daemon"
		# a line without an end
		read -r pid _ <"/proc/${pid_of[malimuxd]}/task/${pid_of[malimuxd]}/children" || true
	done
	echo "$pid"
}

# ticks: what the daemon has had of the cores so far
ticks()
{
	local stat
	read -r -a stat <"/proc/$(daemon_pid)/stat" || fail "the daemon is gone"
	echo $((stat[13] + stat[14]))
}

# descriptors: how many the daemon has; those of the DMA pool, which come and go with guests' work, aside: all_gone looks
# after them
descriptors()
{
	find "/proc/$(daemon_pid)/fd" -mindepth 1 ! -lname '*malimux-dma*' | wc -l
}

# remember: the daemon's memory for the device as it is without guests, for all_gone
remember()
{
	dma_bytes=$(gpu_counter dma_bytes) || exit 1
}

no_sockets()
{
	local name
	for name in "${partitions[@]}"; do
		[ ! -e "$(socket_of "$name")" ] || return
	done
	[ ! -e "$control" ]
}

# daemon_down [SIGNAL]
# shellcheck disable=SC2120 # a test passes one
daemon_down()
{
	signal malimuxd "${1:-TERM}"
	wants malimuxd 0
	no_sockets || fail "malimuxd left a socket behind"
}

# no_findings: the model has not found the daemon to leave out any maintenance of the GPU's caches and TLBs
no_findings()
{
	! grep -q FINDING "$work/model.log" || fail "the model has found the daemon to do wrong"
}

house_down()
{
	daemon_down
	signal model TERM
	wants model 0
	no_findings
	[ "${#pid_of[@]}" = 0 ] || fail "still running: ${!pid_of[*]}"
}

# ---- what malimuxctl says ----

# member NAME TEXT: a value of a flat JSON object
member()
{
	local pattern="\"$1\": *\"?([^,\"}]*)"
	[[ $2 =~ $pattern ]] || fail "malimuxctl says nothing of $1"
	printf '%s\n' "${BASH_REMATCH[1]}"
}

# guests: asks once; counter_of then looks into the answer
guests()
{
	answer=$("$ctl" --socket "$control" --json guests | tr '{' '\n') || fail "malimuxctl guests failed"
}

# counter_of PARTITION NAME
counter_of()
{
	member "$2" "$(grep "\"partition\": *\"$1\"" <<<"$answer")"
}

counter()
{
	guests
	counter_of "$@"
}

gpu_counter()
{
	member "$1" "$("$ctl" --socket "$control" --json status | tr '{' '\n' | grep '"gpu_id"')"
}

is_empty()
{
	local name
	[ "$(counter_of "$1" connected)" = false ] || return 1
	for name in $guest_counters; do
		[ "$(counter_of "$1" "$name")" = 0 ] || return 1
	done
}

# gone PARTITION: its guest has left nothing behind. The daemon is asked until it is so, at most so long.
gone()
{
	local until=$((SECONDS + patience))
	guests
	until is_empty "$1"; do
		[ "$SECONDS" -lt "$until" ] || fail "guest $1 left something behind: $answer"
		guests
	done
}

# all_gone: they all have, and the daemon's memory for the device is what it was before they came
all_gone()
{
	local name now
	for name in "${partitions[@]}"; do
		gone "$name"
	done
	for name in vms groups heaps; do
		now=$(gpu_counter "$name")
		[ "$now" = 0 ] || fail "the GPU still has $now $name"
	done
	now=$(gpu_counter dma_bytes)
	[ "$now" = "$dma_bytes" ] || fail "DMA memory is $now bytes, and was $dma_bytes before guests came"
}

# logged NAME PATTERN: its log has such a line
logged()
{
	grep -q -e "$2" "$work/$1.log" || fail "$1 did not log '$2'"
}

# guest_a ARGUMENT..., guest_b ARGUMENT...: demo guests
guest_a()
{
	spawn A "$guest" --socket "$dial$work/a.sock" --name A "$@"
}

guest_b()
{
	spawn B "$guest" --socket "$dial$work/b.sock" --name B "$@"
}
