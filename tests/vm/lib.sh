# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# What vm/run is made of: the cache, images, machines. Processes are started and ended by int/lib.sh.
#
# In the cache, below $MMX_CACHE/vm, all of it Debian's and unpacked by apt-fetch:
#
#   host             QEMU and the tools that make images, of this machine's architecture. They come from a newer
#                    suite and run with its loader and libraries, not this machine's; no chroot, no root
#   host-amd64       the same for guests that are amd64: only their QEMU
#   guest            what every guest has: busybox, for arm64; guest-amd64, for amd64
#   linux-<kernel>   one kernel with its modules; linux-debug is built here, by debug/build
#   user-<test>      the packages that a test's guest has, for arm64; user-<test>-amd64, for amd64
#
# Folders that are there stay as they are: a kernel changes when its folder is removed (or with --refresh).
: "${top_srcdir:?}" "${top_builddir:?}" "${vm:?}"
# for what a test runs on the host
export top_builddir
# shellcheck source=tests/int/lib.sh
. "$top_srcdir/tests/int/lib.sh"

cache=$MMX_CACHE/vm
# lists of words; of 'tests' each is TEST/ARCH
: "${kernels=}" "${tests=}"
declare -A topology
allow=()

# ---- tests ----

all_tests()
{
	local file
	for file in "$vm"/*/topology; do
		file=${file%/topology}
		printf '%s\n' "${file##*/}"
	done
}

# read_topology TEST: into the array 'topology', with defaults; 'allow' may stand in it more than once
read_topology()
{
	local key value
	topology=([memory]=256 [cpus]=2 [seconds]=60 [firmware]=real [modules]='fixed panthor' [gpu]=model [user]=$1
		[suites]='trixie,trixie-backports')
	allow=()
	[ -f "$vm/$1/topology" ] && [ -f "$vm/$1/guest" ] || die "there is no test '$1' in $vm"
	while read -r key value; do
		value=${value#=}
		value=${value# }
		case $key in
		''|'#'*) ;;
		allow) allow+=(-a "$value") ;;
		quick|ci|full|memory|cpus|seconds|modules|firmware|packages|programs|command_line|reboots|gpu|user|suites|killed|partition|partition[1-9]|guest_ram)
			topology[$key]=$value ;;
		*) die "$1/topology: what is '$key'?" ;;
		esac
	done <"$vm/$1/topology"
}

# ---- the cache ----

# arch_of KERNEL: those of amd64 have it in their names
arch_of()
{
	case $1 in
	*-amd64) echo amd64 ;;
	*) echo arm64 ;;
	esac
}

# folder_of WHAT ARCH: in the cache
folder_of()
{
	[ "$2" = arm64 ] && echo "$cache/$1" || echo "$cache/$1-$2"
}

# kernel_suites KERNEL
kernel_suites()
{
	case ${1%-amd64} in
	# a suite that gets no more updates: the one that cannot turn red by itself
	6.12|debug) echo bookworm,bookworm-backports ;;
	stable) echo trixie ;;
	newest) echo trixie,trixie-backports ;;
	*) die "unknown kernel '$1': there are 6.12, stable, newest, those for amd64, such as 6.12-amd64, and debug" ;;
	esac
}

# list_dependencies KERNEL: of its modules, which a package makes when it is installed
list_dependencies()
{
	local folder=$cache/linux-$1 version
	version=$(kernel_version "$1")
	[ -n "$version" ] || die "kernel $1 has no modules"
	(
		flock 9
		[ -s "$folder/usr/lib/modules/$version/modules.dep" ] || tool depmod -b "$folder" "$version"
	) 9>"$folder.lock"
}

# build_kernel: the one that is built here. If it can't be, that is a reason to skip the tests that want it
build_kernel()
{
	"$vm/debug/build" >"$cache/linux-debug.log" 2>&1 || return 0
	list_dependencies debug
}

# get_kernel KERNEL
get_kernel()
{
	local suites arch folder=$cache/linux-$1 new
	suites=$(kernel_suites "$1")
	arch=$(arch_of "$1")
	new=$folder
	if [ "${1%-amd64}" = newest ] && [ -n "${refresh-}" ] && [ -d "$folder" ]; then
		new=$folder.new
	fi
	"$top_srcdir/tests/apt-fetch" -a "$arch" -m '^linux-(image|modules|binary)' -s "$suites" -o "$new" \
		"linux-image-$arch" || [ "$new" != "$folder" ]
	# the one that is there stays until there is another
	if [ "$new" != "$folder" ] && [ -d "$new" ]; then
		rm -rf "$folder" "$new.lock"
		mv "$new" "$folder"
	fi
	list_dependencies "$1"
}

# get_packages TEST ARCH: what its topology asks for, and what its programs are built with
get_packages()
{
	local programs
	read_topology "$1"
	for programs in ${topology[programs]-}; do
		"$top_srcdir/tests/$programs/fetch"
	done
	[ -n "${topology[packages]-}" ] || return 0
	# shellcheck disable=SC2086 # a list of words
	"$top_srcdir/tests/apt-fetch" -a "$2" -s "${topology[suites]}" -o "$(folder_of "user-${topology[user]}" "$2")" \
		${topology[packages]}
}

# architectures: of $kernels
architectures()
{
	local kernel
	for kernel in $kernels; do
		arch_of "$kernel"
	done | sort -u
}

# get_all: into the cache what $kernels and $tests need and is not there
get_all()
{
	local kernel test arch
	"$top_srcdir/tests/apt-fetch" -s trixie,trixie-backports -o "$cache/host" \
		qemu-system-arm device-tree-compiler xz-utils cpio kmod
	for arch in $(architectures); do
		[ "$arch" = arm64 ] || "$top_srcdir/tests/apt-fetch" -s trixie,trixie-backports \
			-o "$(folder_of host "$arch")" qemu-system-x86
		"$top_srcdir/tests/apt-fetch" -a "$arch" -m '^busybox' -s trixie \
			-o "$(folder_of guest "$arch")" busybox-static
	done
	for kernel in $kernels; do
		[ "$kernel" = debug ] || get_kernel "$kernel"
	done
	for test in $tests; do
		get_packages "${test%/*}" "${test#*/}"
	done
	# without real images the generated one does
	"$top_srcdir/tests/data/fetch-firmware" || true
}

# has_kernel KERNEL
has_kernel()
{
	[ -s "$cache/linux-$1/usr/lib/modules/$(kernel_version "$1")/modules.dep" ]
}

# have_all: whether all of it is in the cache; says what is not
have_all()
{
	local kernel test arch programs missing=''
	[ -e "$cache/host/.packages" ] || missing=' QEMU'
	for arch in $(architectures); do
		[ -e "$(folder_of host "$arch")/.packages" ] || missing+=" QEMU-$arch"
		[ -e "$(folder_of guest "$arch")/.packages" ] || missing+=" busybox-$arch"
	done
	for kernel in $kernels; do
		has_kernel "$kernel" || [ "$kernel" = debug ] ||
			missing+=" linux-$kernel"
	done
	for test in $tests; do
		arch=${test#*/}
		read_topology "${test%/*}"
		[ -z "${topology[packages]-}" ] || [ -e "$(folder_of "user-${topology[user]}" "$arch")/.packages" ] ||
			missing+=" user-${topology[user]}"
		for programs in ${topology[programs]-}; do
			"$top_srcdir/tests/$programs/fetch" --cached >/dev/null || missing+=" $programs"
		done
	done
	[ -n "$missing" ] || return 0
	echo "not in the cache:$missing ('tests/vm/run --fetch' gets it, with a network)"
	return 1
}

# can_run: whether this machine can at all; says why not. The tools that every Debian has are not asked for.
can_run()
{
	case $(uname -m) in
	x86_64|aarch64) ;;
	*) echo "no emulator for this machine ($(uname -m))" && return 1 ;;
	esac
	if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
		echo 'kernels and emulator are unpacked from packages of Debian, which this machine is not'
		return 1
	fi
}

# versions: exactly what was got
versions()
{
	local kernel test folder
	sed -n 's/^qemu-system-arm=/    emulator: QEMU /p' "$cache/host/.packages"
	for kernel in $kernels; do
		has_kernel "$kernel" || continue
		printf '    kernel %s: %s, of %s\n' "$kernel" \
			"$(grep -m 1 -E '^linux-image-[0-9]' "$cache/linux-$kernel/.packages" | tr '=' ' ')" \
			"$(kernel_suites "$kernel")"
	done
	if [ -f "$firmware_folder/version" ]; then
		printf '    firmware: %s\n' "$(cat "$firmware_folder/version")"
	else
		echo '    firmware: the generated image, as no real ones are in the cache'
	fi
	for test in $tests; do
		read_topology "${test%/*}"
		folder=$(folder_of "user-${topology[user]}" "${test#*/}")
		[ ! -e "$folder/.packages" ] ||
			sed -n -E "s/^(mesa-vulkan-drivers|igt-gpu-tools-tests)=/    ${test%/*}: \1 /p" "$folder/.packages"
	done
}

firmware_folder=$MMX_CACHE/firmware/trixie-backports

# kernel_version KERNEL: as uname -r says it
kernel_version()
{
	local folder
	for folder in "$cache/linux-$1"/usr/lib/modules/*/kernel; do
		[ ! -d "$folder" ] || basename "${folder%/kernel}"
	done
}

# kernel_image KERNEL: its path, which has moved into the modules' folder with 7.x
kernel_image()
{
	local path version
	version=$(kernel_version "$1")
	for path in "$cache/linux-$1/boot/vmlinuz-$version" "$cache/linux-$1/usr/lib/modules/$version/vmlinuz"; do
		if [ -f "$path" ]; then
			echo "$path"
			return
		fi
	done
	fail "kernel $1 has no vmlinuz; remove $cache/linux-$1 and try again"
}

# host_tool NAME: sets the array 'command' to how a tool of the cache is started
host_tool()
{
	local path loader folder=$cache/host
	[ "$1" != qemu-system-x86_64 ] || folder=$cache/host-amd64
	for path in "$folder/usr/bin/$1" "$folder/usr/sbin/$1"; do
		[ ! -e "$path" ] || break
	done
	for loader in "$folder"/usr/lib64/ld-linux-*.so.* "$folder"/usr/lib/ld-linux-*.so.*; do
		[ ! -e "$loader" ] || break
	done
	command=("$loader" --library-path "$(echo "$folder"/usr/lib/*-linux-gnu)" --argv0 "$1" "$path")
}

# tool NAME ARGUMENT...
tool()
{
	local -a command
	host_tool "$1"
	"${command[@]}" "${@:2}"
}

# ---- images ----

# add_modules KERNEL ROOT: the topology's modules and what they need, in the order of loading
add_modules()
{
	local module path name version order=$2/test/modules
	version=$(kernel_version "$1")
	mkdir -p "$2/test/modules.d"
	: >"$order"
	for module in ${topology[modules]}; do
		tool modprobe -d "$cache/linux-$1" -S "$version" --show-depends "$module" >"$work/depends" ||
			fail "kernel $1 has no module $module"
		while read -r _ path _; do
			name=$(basename "$path" .xz)
			! grep -qxF "$name" "$order" || continue
			case $path in
			# guests are slow
			*.xz) tool xz -dc "$path" >"$2/test/modules.d/$name" ;;
			*) cp "$path" "$2/test/modules.d/" ;;
			esac
			echo "$name" >>"$order"
		done < <(grep '^insmod' "$work/depends")
	done
}

# add_firmware ROOT: for every architecture, as drivers look by that of the GPU that they find
add_firmware()
{
	local arch folder=$1/lib/firmware/arm/mali
	mkdir -p "$folder"
	if [ "${topology[firmware]}" = real ] && [ -d "$firmware_folder/arm/mali" ]; then
		cp -r "$firmware_folder/arm/mali/." "$folder/"
	fi
	for arch in 10.8 10.10 10.12 11.8 12.8 13.8 14.8; do
		[ ! -d "$folder/arch$arch" ] || continue
		mkdir "$folder/arch$arch"
		case $arch in
		# nobody ships an image for it: the newest one with the interface that it switches to
		14.*) set -- --arch 13 --interface 4.1.0 ;;
		*) set -- --arch "${arch%.*}" ;;
		esac
		"$fw" generate "$@" "$folder/arch$arch/mali_csffw.bin" || fail "malimux-fw made no image"
	done
}

# add_programs ROOT: what other folders of tests build for guests
add_programs()
{
	local programs got
	for programs in ${topology[programs]-}; do
		[ "$arch" = arm64 ] || fail "tests/$programs is built for arm64 only"
		got=0
		"$top_srcdir/tests/$programs/build" "$1" >"$work/build.log" 2>&1 || got=$?
		[ "$got" != 77 ] || skip "$(tail -n 1 "$work/build.log")"
		[ "$got" = 0 ] || fail "tests/$programs cannot be built"
	done
}

# compile OUTPUT SOURCE...: a program for the guest. The cross compiler is the one that the arm64 stage of 'make ci' needs, too
compile()
{
	local compiler package
	case "$arch $(uname -m)" in
	'arm64 aarch64'|'amd64 x86_64') compiler=gcc package='gcc' ;;
	arm64*) compiler=aarch64-linux-gnu-gcc package='gcc-aarch64-linux-gnu, libc6-dev-arm64-cross' ;;
	*) compiler=x86_64-linux-gnu-gcc package='gcc-x86-64-linux-gnu, libc6-dev-amd64-cross' ;;
	esac
	command -v "$compiler" >/dev/null || skip "no $compiler (packages $package)"
	"$compiler" -std=gnu11 -O2 -Wall -D_GNU_SOURCE -I"$top_srcdir" -static -o "$@" ||
		fail "${1##*/} cannot be compiled for $arch"
}

# add_driver KERNEL ROOT: malimux.ko, made anew if a source of it, or the kernel, is another; it is in $modules_made
add_driver()
{
	local kind=${1%-amd64} ko got=0
	case $kind in
	6.12) modules_made=$top_builddir/ci/kobj-$arch ;;
	newest|debug) modules_made=$top_builddir/ci/kobj-$arch-$kind ;;
	*) skip "malimux.ko is built for Debian's 6.12, for the newest kernel, and for the one built here only" ;;
	esac
	ko=$modules_made/malimux/malimux.ko
	if [ ! -e "$ko" ] || [ "$cache/linux-$1/.request" -nt "$ko" ] ||
		[ -n "$(find "$top_srcdir"/{frontend,hv,tests/kobj} -newer "$ko" -name '*.[ch]')" ] ||
		! tool modinfo -F vermagic "$ko" | grep -q "^$(kernel_version "$1") "; then
		"$top_srcdir/tests/kobj/run" "$arch" "$kind" >"$work/kobj.log" 2>&1 || got=$?
		[ $got != 77 ] || skip "$(tail -n 1 "$work/kobj.log")"
		[ $got = 0 ] || fail "malimux.ko can't be built: see kobj.log"
	fi
	cp "$ko" "$2/test/modules.d/"
	echo malimux.ko >>"$2/test/modules"
}

# build_image TEST KERNEL: $work/initrd-KERNEL. Not compressed: unpacking would take the guest longer than loading.
build_image()
{
	local root=$work/root arch why
	[ ! -e "$work/initrd-$2" ] || return 0
	if ! has_kernel "$2"; then
		why=$(tail -n 1 "$cache/linux-debug.log" 2>/dev/null) || true
		skip "there is no kernel '$2': ${why:-it was not built}"
	fi
	arch=$(arch_of "$2")
	mkdir -p "$root/test"
	if [ -n "${topology[packages]-}" ]; then
		cp -a "$(folder_of "user-${topology[user]}" "$arch")/." "$root/"
		rm -rf "$root"/usr/share/{bug,doc,lintian,locale,man}
	fi
	mkdir -p "$root/bin"
	install -m 755 "$(folder_of guest "$arch")/usr/bin/busybox" "$root/bin/"
	install -m 755 "$vm/init" "$root/init"
	install -m 755 "$vm/await" "$root/bin/await"
	cp "$vm/$1/guest" "$root/test/guest"
	add_modules "$2" "$root"
	if [ "${topology[gpu]}" = model ]; then
		add_firmware "$root"
		: >"$root/test/gpu"
	else
		add_driver "$2" "$root"
	fi
	add_programs "$root"
	# what else a test brings, or needs not
	if [ -f "$vm/$1/prepare" ]; then
		# shellcheck source=/dev/null
		. "$vm/$1/prepare" "$root" "$2"
	fi
	(cd "$root" && find . | tool cpio -o -H newc -R 0:0 --quiet) >"$work/initrd-$2"
	rm -rf "$root"
}

# ---- machines ----

# machine_options ARCH: what is common to the machine and to the dump of its device tree
machine_options()
{
	local accel=tcg cpu=cortex-a57 machine=virt,gic-version=3 memory=${topology[memory]} folder
	# the model maps the guest's memory; so does the daemon, which has to find it
	local backend=memory-backend-memfd
	[ -z "${topology[guest_ram]-}" ] || backend="memory-backend-file,mem-path=/proc/self/fd/10"
	folder=$(folder_of host "$1")
	# the most that emulation offers
	[ "$1" = arm64 ] || machine=q35 cpu=max
	if [ "${MALIMUX_KVM-}" = 1 ]; then
		case "$1 $(uname -m)" in
		'arm64 aarch64'|'amd64 x86_64') accel=kvm cpu=host ;;
		*) fail "MALIMUX_KVM=1 needs a machine that is $1" ;;
		esac
	fi
	options=(-L "$folder/usr/share/seabios" -L "$folder/usr/share/qemu" -nodefaults -no-user-config -display none
		-machine "$machine,memory-backend=memory" -accel "$accel" -cpu "$cpu"
		-smp "${topology[cpus]}" -m "$memory"
		-object "$backend,id=memory,size=${memory}M,share=on")
	# a kernel that dies restarts, which ends the machine
	[ -n "${topology[reboots]-}" ] || options+=(-no-reboot)
}

# device_tree: $work/machine.dtb, QEMU's own with the GPU
device_tree()
{
	tool dtc -q -I dts -O dtb -o "$work/gpu.dtbo" "$vm/gpu.dtso"
	tool qemu-system-aarch64 "${options[@]}" -machine dumpdtb="$work/virt.dtb" >"$work/qemu.log" 2>&1
	tool fdtoverlay -i "$work/virt.dtb" -o "$work/machine.dtb" "$work/gpu.dtbo"
}

# ends_within NAME SECONDS: as int/lib.sh's finish, but a process that does not end is no reason to give up
ends_within()
{
	local got=0
	while [ "$got" = 0 ]; do
		IFS= read -r -t "$2" -u "${life_of[$1]}" _ || got=$?
	done
	[ "$got" -le 128 ]
}

# start_model PRODUCT
start_model()
{
	spawn_ready model setpriv --pdeathsig KILL "$model" --socket "$work/gpu.sock" --product "$1" --coherent \
		"${spans[@]}" || fail "the model did not start"
}

# give_model PRODUCT: the model as a device of the machine, which panthor finds in the device tree
give_model()
{
	local -a options
	machine_options arm64
	device_tree
	start_model "$1"
	# each write waits for its answer, so that an interrupt which a write ends is not raised after it: panthor has
	# masked all when it suspends, and answers none (docs/model-vfio-user.md)
	gpu=(-dtb "$work/machine.dtb" -device
		'{"driver":"vfio-user-pci","addr":"1.0","x-no-posted-writes":true,"socket":{"type":"unix","path":"'"$work/gpu.sock"'"}}')
}

# guest_ram ARCH: the machine's own memory, for the daemon; a layout that is not the machine's if the topology says 'wrong'
guest_ram()
{
	local base=0 piece="size = \"${topology[memory]}M\";" quota=${topology[guest_ram]}
	[ "$1" != arm64 ] || base='"1G"'
	if [ "$quota" = wrong ]; then
		quota=256M piece="size = \"$((topology[memory] - 1))M\"; offset = \"1M\";"
	fi
	echo "guest_ram = { file = \"/proc/%p/fd/10\"; memory = \"$quota\"; pieces = ( { guest = $base; $piece } ); };"
}

# give_malimux PRODUCT COUNT ARCH: shares of the model for so many machines, by malimuxd and ivshmem devices
give_malimux()
{
	local number ram=
	[ -z "${topology[guest_ram]-}" ] || ram=$(guest_ram "$3")
	# shellcheck disable=SC2034 # of int/lib.sh
	transport=ivshmem share=256M product=$1
	pick_image
	partitions=()
	for ((number = 1; number <= $2; number++)); do
		partitions+=("guest$number")
		own_of[guest$number]=${topology[partition$number]-}
	done
	# what a test asks for comes last, and counts
	write_config "$image" "backend_memory = \"512M\"; max_vms = 128; max_groups = 256; max_heaps = 256;
		sched_priority = \"realtime\"; $ram ${topology[partition]-}"
	start_model "$1"
	spawn_ready malimuxd setpriv --pdeathsig KILL "$malimuxd" --config "$config" || fail "malimuxd did not start"
	# the kernel's words about every module that it was not built with, and what the driver says of broken jobs
	allow+=(-a '^malimux: (loading out-of-tree module|module verification failed)')
}

# start_machine NUMBER KERNEL [LIFE]: of what boot has prepared. Its process is qemu1, its console console.log; qemu2,
# console2.log; ...
start_machine()
{
	local arch console=ttyAMA0 qemu=qemu-system-aarch64 talk='' log
	local -a command options
	log=$work/$(console_of "$1")
	arch=$(arch_of "$2")
	[ "$arch" = arm64 ] || console=ttyS0 qemu=qemu-system-x86_64
	machine_options "$arch"
	if [ "${topology[gpu]}" = malimux ]; then
		gpu=(-chardev "socket,id=gpu,path=$(socket_of "guest$1")" -device 'ivshmem-doorbell,chardev=gpu,vectors=1')
	fi
	# what the first guest reads
	if [ "$1" = 1 ]; then
		fifo talk
		# QEMU waits for a writer; this one is for as long as this process
		# shellcheck disable=SC2034
		exec {talk_end}<>"$work/talk"
		talk=,input-path=$work/talk
	fi
	host_tool "$qemu"
	[ -z "${topology[guest_ram]-}" ] || command=("$top_builddir/tests/vm/with_memory" "${topology[memory]}" "${command[@]}")
	: >"$log"
	# what the kernel does not know becomes variables of init's
	spawn "qemu$1" setpriv --pdeathsig KILL "${command[@]}" "${options[@]}" "${gpu[@]}" \
		-chardev "file,id=console,path=$log$talk" -serial chardev:console \
		-kernel "$(kernel_image "$2")" -initrd "$work/initrd-$2" -append \
		"console=$console panic=-1 printk.devkmsg=on console_msg_format=syslog machine=$1 life=${3:-1} ${topology[command_line]-}"
}

# console_of NUMBER
console_of()
{
	[ "$1" = 1 ] && echo console.log || echo "console$1.log"
}

# start_host TEST COUNT: the test's program, if there is one
start_host()
{
	local number
	local -a pids=()
	[ -f "$vm/$1/host" ] || return 0
	for ((number = 1; number <= $2; number++)); do
		pids+=("${pid_of[qemu$number]}")
	done
	# a group of its own
	spawn host env "MMX_VM_WORK=$work" "top_srcdir=$top_srcdir" "top_builddir=$top_builddir" \
		setsid "$vm/$1/host" "$work/console.log" "${pid_of[malimuxd]-}" "${pids[@]}"
}

# boot TEST KERNEL[+KERNEL...] PRODUCT: until all have powered off, or are stopped. How that ended is in $ended
boot()
{
	local -a gpu=() spans=() machines
	local image number count
	IFS=+ read -r -a machines <<<"$2"
	count=${#machines[@]}
	[ ! -e "$vm/$1/judge" ] || spans=(--spans "$work/spans.json")
	case ${topology[gpu]} in
	model)
		[ "$count $(arch_of "$2")" = '1 arm64' ] || fail 'the model itself is for one machine, which is arm64'
		give_model "$3" ;;
	malimux) give_malimux "$3" "$count" "$(arch_of "${machines[0]}")" ;;
	*) fail "topology: gpu is model or malimux" ;;
	esac
	for ((number = 1; number <= count; number++)); do
		start_machine $number "${machines[number - 1]}"
	done
	start_host "$1" "$count"
	ended=0
	for number in ${topology[killed]-}; do
		second_life "$number" "${machines[number - 1]}"
	done
	for ((number = 1; number <= count; number++)); do
		await_machine "qemu$number"
	done
	stop_host "$1"
	[ ! -e "$vm/$1/accounts" ] || "$ctl" --socket "$control" --json guests | tr '{' '\n' >"$work/guests.log"
	shut_down malimuxd "$1"
	shut_down model "$1"
}

# second_life NUMBER KERNEL: of a machine that the test's program kills; what it leaves goes first
second_life()
{
	local log
	log=$work/$(console_of "$1")
	if ! ends_within "qemu$1" $((topology[seconds] * factor)); then
		ended=timeout
		return
	fi
	finish "qemu$1"
	[ "$status" = 137 ] || fail "machine $1 ended with $status before it was killed"
	gone "guest$1"
	mv "$log" "${log%.log}-killed.log"
	start_machine "$1" "$2" 2
}

# await_machine NAME: the first that does not end well counts
await_machine()
{
	if [ "$ended" = timeout ] || ! ends_within "$1" $((topology[seconds] * factor)); then
		ended=timeout
		return
	fi
	finish "$1"
	[ "$ended" != 0 ] || ended=$status
}

# stop_host TEST: the test's program and what it has started; what it still waits for will not come
stop_host()
{
	[ -n "${pid_of[host]-}" ] || return 0
	kill -TERM -- "-${pid_of[host]}" 2>/dev/null || true
	finish host
	[ "$status" = 0 ] || [ "$status" = 143 ] || fail "$1/host ended with $status"
}

# shut_down NAME TEST: if there is one; what the verdict reads says so if it did not end well
shut_down()
{
	[ -n "${pid_of[$1]-}" ] || return 0
	signal "$1" TERM 2>/dev/null || true
	finish "$1"
	# the daemon may have been killed by the test
	[ "$status" = 0 ] || { [ "$1 $status" = 'malimuxd 137' ] && [ -f "$vm/$2/host" ]; } ||
		echo "$1: ended with $status" >>"$work/model.log"
}

# judge TEST: the last words of a case
judge()
{
	local console how
	for console in "$work"/console*.log; do
		how=$ended
		[[ $console != *-killed.log ]] || how=killed
		"$vm/verdict" "${allow[@]}" -e "$how" "$console" "$work/model.log" || return
	done
	[ ! -e "$vm/$1/accounts" ] || "$vm/$1/accounts" "$work/guests.log" || return
	[ ! -e "$vm/$1/judge" ] || "$vm/$1/judge" "$work/spans.json"
}
