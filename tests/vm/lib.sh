# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# What vm/run is made of: the cache, images, machines. Processes are started and ended by int/lib.sh.
#
# In the cache, below $MMX_CACHE/vm, all of it Debian's and unpacked by apt-fetch:
#
#   host             QEMU and the tools that make images, of this machine's architecture. They come from a newer
#                    suite and run with its loader and libraries, not this machine's; no chroot, no root
#   guest            what every guest has: busybox, for arm64
#   linux-<kernel>   one kernel with its modules
#   user-<test>      the packages that a test's guest has, for arm64
#
# Folders that are there stay as they are: a kernel changes when its folder is removed (or with --refresh).
: "${top_srcdir:?}" "${top_builddir:?}" "${vm:?}"
# shellcheck source=tests/int/lib.sh
. "$top_srcdir/tests/int/lib.sh"

cache=$MMX_CACHE/vm
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
	topology=([memory]=256 [cpus]=2 [seconds]=60 [firmware]=real [modules]='fixed panthor' [gpu]=model [machines]=1 [user]=$1)
	allow=()
	[ -f "$vm/$1/topology" ] && [ -f "$vm/$1/guest" ] || die "there is no test '$1' in $vm"
	while read -r key value; do
		value=${value#=}
		value=${value# }
		case $key in
		''|'#'*) ;;
		allow) allow+=(-a "$value") ;;
		quick|ci|full|memory|cpus|seconds|modules|firmware|packages|programs|command_line|reboots|gpu|machines|user|partition)
			topology[$key]=$value ;;
		*) die "$1/topology: what is '$key'?" ;;
		esac
	done <"$vm/$1/topology"
}

# ---- the cache ----

# kernel_suites KERNEL
kernel_suites()
{
	case $1 in
	# a suite that gets no more updates: the one that cannot turn red by itself
	6.12) echo bookworm,bookworm-backports ;;
	stable) echo trixie ;;
	newest) echo trixie,trixie-backports ;;
	*) die "unknown kernel '$1': there are 6.12, stable, newest" ;;
	esac
}

# get_kernel KERNEL: also its list of dependencies, which the package makes when it is installed
get_kernel()
{
	local suites folder=$cache/linux-$1 new version
	suites=$(kernel_suites "$1")
	new=$folder
	if [ "$1" = newest ] && [ -n "${refresh-}" ] && [ -d "$folder" ]; then
		new=$folder.new
	fi
	"$top_srcdir/tests/apt-fetch" -a arm64 -m '^linux-(image|modules|binary)' -s "$suites" -o "$new" \
		linux-image-arm64 || [ "$new" != "$folder" ]
	# the one that is there stays until there is another
	if [ "$new" != "$folder" ] && [ -d "$new" ]; then
		rm -rf "$folder" "$new.lock"
		mv "$new" "$folder"
	fi
	version=$(kernel_version "$1")
	[ -n "$version" ] || die "the packages of kernel $1 hold no modules"
	(
		flock 9
		[ -s "$folder/usr/lib/modules/$version/modules.dep" ] || tool depmod -b "$folder" "$version"
	) 9>"$folder.lock"
}

# get_packages TEST: what its topology asks for, and what its programs are built with
get_packages()
{
	local programs
	read_topology "$1"
	for programs in ${topology[programs]-}; do
		"$top_srcdir/tests/$programs/fetch"
	done
	[ -n "${topology[packages]-}" ] || return 0
	# shellcheck disable=SC2086 # a list of words
	"$top_srcdir/tests/apt-fetch" -a arm64 -s trixie,trixie-backports -o "$cache/user-${topology[user]}" \
		${topology[packages]}
}

# get_all: into the cache what $kernels and $tests need and is not there
get_all()
{
	local kernel test
	"$top_srcdir/tests/apt-fetch" -s trixie,trixie-backports -o "$cache/host" \
		qemu-system-arm device-tree-compiler xz-utils cpio kmod
	"$top_srcdir/tests/apt-fetch" -a arm64 -m '^busybox' -s trixie -o "$cache/guest" busybox-static
	for kernel in $kernels; do
		get_kernel "$kernel"
	done
	for test in $tests; do
		get_packages "$test"
	done
	# without real images the generated one does
	"$top_srcdir/tests/data/fetch-firmware" || true
}

# have_all: whether all of it is in the cache; says what is not
have_all()
{
	local kernel test programs missing=''
	[ -e "$cache/host/.packages" ] || missing=' QEMU'
	[ -e "$cache/guest/.packages" ] || missing+=' busybox'
	for kernel in $kernels; do
		[ -s "$cache/linux-$kernel/usr/lib/modules/$(kernel_version "$kernel")/modules.dep" ] ||
			missing+=" linux-$kernel"
	done
	for test in $tests; do
		read_topology "$test"
		[ -z "${topology[packages]-}" ] || [ -e "$cache/user-${topology[user]}/.packages" ] ||
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
	local kernel test
	sed -n 's/^qemu-system-arm=/    emulator: QEMU /p' "$cache/host/.packages"
	for kernel in $kernels; do
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
		read_topology "$test"
		[ ! -e "$cache/user-${topology[user]}/.packages" ] ||
			sed -n "s/^\(mesa-vulkan-drivers\)=/    $test: \1 /p" "$cache/user-${topology[user]}/.packages"
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
	local path loader
	for path in "$cache/host/usr/bin/$1" "$cache/host/usr/sbin/$1"; do
		[ ! -e "$path" ] || break
	done
	for loader in "$cache/host"/usr/lib64/ld-linux-*.so.* "$cache/host"/usr/lib/ld-linux-*.so.*; do
		[ ! -e "$loader" ] || break
	done
	command=("$loader" --library-path "$(echo "$cache/host"/usr/lib/*-linux-gnu)" --argv0 "$1" "$path")
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
		got=0
		"$top_srcdir/tests/$programs/build" "$1" >"$work/build.log" 2>&1 || got=$?
		[ "$got" != 77 ] || skip "$(tail -n 1 "$work/build.log")"
		[ "$got" = 0 ] || fail "tests/$programs cannot be built"
	done
}

# add_driver KERNEL ROOT: malimux.ko, made anew if a source of it is newer
add_driver()
{
	local ko=$top_builddir/ci/kobj-arm64/malimux/malimux.ko
	[ "$1" = 6.12 ] || skip "malimux.ko is built for Debian's 6.12 only"
	if [ ! -e "$ko" ] || [ -n "$(find "$top_srcdir/frontend" "$top_srcdir/hv" -newer "$ko" -name '*.[ch]')" ]; then
		"$top_srcdir/tests/kobj/run" arm64 >"$work/kobj.log" 2>&1 || fail "malimux.ko can't be built: see kobj.log"
	fi
	cp "$ko" "$2/test/modules.d/"
	echo malimux.ko >>"$2/test/modules"
}

# build_image TEST KERNEL: $work/initrd. Not compressed: unpacking would take the guest longer than loading.
build_image()
{
	local root=$work/root
	mkdir -p "$root/test"
	if [ -n "${topology[packages]-}" ]; then
		cp -a "$cache/user-${topology[user]}/." "$root/"
		rm -rf "$root"/usr/share/{bug,doc,lintian,locale,man}
	fi
	mkdir -p "$root/bin"
	install -m 755 "$cache/guest/usr/bin/busybox" "$root/bin/"
	install -m 755 "$vm/init" "$root/init"
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
		. "$vm/$1/prepare" "$root"
	fi
	(cd "$root" && find . | tool cpio -o -H newc -R 0:0 --quiet) >"$work/initrd"
	rm -rf "$root"
}

# ---- machines ----

# machine_options: what is common to the machine and to the dump of its device tree
machine_options()
{
	local accel=tcg cpu=cortex-a57 memory=${topology[memory]}
	if [ "${MALIMUX_KVM-}" = 1 ]; then
		[ "$(uname -m)" = aarch64 ] || fail 'MALIMUX_KVM=1 needs an arm64 machine'
		accel=kvm cpu=host
	fi
	options=(-L "$cache/host/usr/share/qemu" -nodefaults -no-user-config -display none
		-machine "virt,gic-version=3,memory-backend=memory" -accel "$accel" -cpu "$cpu"
		-smp "${topology[cpus]}" -m "$memory"
		# the model maps the guest's memory
		-object "memory-backend-memfd,id=memory,size=${memory}M,share=on")
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
	device_tree
	start_model "$1"
	# each write waits for its answer, so that an interrupt which a write ends is not raised after it: panthor has
	# masked all when it suspends, and answers none (docs/model-vfio-user.md)
	options+=(-dtb "$work/machine.dtb" -device
		'{"driver":"vfio-user-pci","addr":"1.0","x-no-posted-writes":true,"socket":{"type":"unix","path":"'"$work/gpu.sock"'"}}')
}

# give_malimux PRODUCT: a share of the model, by malimuxd and an ivshmem device
give_malimux()
{
	# shellcheck disable=SC2034 # of int/lib.sh
	transport=ivshmem product=$1
	pick_image
	# what a test asks for comes last, and counts
	write_config "$image" "backend_memory = \"512M\"; max_vms = 128; max_groups = 256; max_heaps = 256;
		sched_priority = \"realtime\"; ${topology[partition]-}"
	sed -i 's/memory = "16M"/memory = "256M"/' "$config"
	start_model "$1"
	spawn_ready malimuxd setpriv --pdeathsig KILL "$malimuxd" --config "$config" || fail "malimuxd did not start"
	# the kernel's words about every module that it was not built with, and what the driver says of broken jobs
	allow+=(-a '^malimux: (loading out-of-tree module|module verification failed)')
}

# start_machine NAME SOCKET CONSOLE: of what boot has prepared
start_machine()
{
	local -a gpu=()
	[ "${topology[gpu]}" = model ] ||
		gpu=(-chardev "socket,id=gpu,path=$work/$2.sock" -device 'ivshmem-doorbell,chardev=gpu,vectors=1')
	host_tool qemu-system-aarch64
	: >"$work/$3.log"
	spawn "$1" setpriv --pdeathsig KILL "${command[@]}" "${options[@]}" "${gpu[@]}" \
		-serial "file:$work/$3.log" -kernel "$guest_image" -initrd "$work/initrd" \
		-append "console=ttyAMA0 panic=-1 printk.devkmsg=on console_msg_format=syslog ${topology[command_line]-}"
}

# boot TEST KERNEL PRODUCT: until it powers off, or is stopped. How it ended is in $ended
boot()
{
	local -a command options spans=()
	local image guest_image
	machine_options
	guest_image=$(kernel_image "$2")
	[ ! -e "$vm/$1/judge" ] || spans=(--spans "$work/spans.json")
	case ${topology[gpu]} in
	model) give_model "$3" ;;
	malimux) give_malimux "$3" ;;
	*) fail "topology: gpu is model or malimux" ;;
	esac
	start_machine qemu a console
	[ "${topology[machines]}" = 1 ] || start_machine qemu2 b console2
	[ ! -f "$vm/$1/host" ] || spawn host "$vm/$1/host" "$work/console.log" "${pid_of[malimuxd]-}"
	ended=timeout
	if ends_within qemu $((topology[seconds] * factor)) &&
		{ [ "${topology[machines]}" = 1 ] || ends_within qemu2 $((topology[seconds] * factor)); }; then
		finish qemu
		ended=$status
		[ "${topology[machines]}" = 1 ] || finish qemu2
		[ "$ended" != 0 ] || ended=$status
	fi
	shut_down malimuxd "$1"
	shut_down model "$1"
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
	"$vm/verdict" "${allow[@]}" -e "$ended" "$work/console.log" "$work/model.log" || return
	[ "${topology[machines]}" = 1 ] ||
		"$vm/verdict" "${allow[@]}" -e "$ended" "$work/console2.log" "$work/model.log" || return
	[ ! -e "$vm/$1/judge" ] || "$vm/$1/judge" "$work/spans.json"
}
