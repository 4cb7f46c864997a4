#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# bare-debian.sh [COMMAND...]: the newcomer's way on a bare Debian 12. Clones the current commit in a
# chroot that has only Debian's minimal system and git, and runs each COMMAND in the clone (default:
# './bootstrap demo' and './bootstrap check').
#
# Also shown there: without root and with packages missing, ./bootstrap names the command to run and
# installs nothing; with all of them present it builds without root; a second run is quick.
#
# Needs root (chroot, mounts). The minimal system is made once, in the cache; each run has a copy of
# it, thrown away at the end. All mounts are in a namespace of their own and end with it.
set -euo pipefail
. "$(dirname "$0")/env.sh"

[ "$(id -u)" = 0 ] || die "a chroot needs root"
need debootstrap debootstrap
need unshare util-linux
[ $# -gt 0 ] || set -- './bootstrap demo' './bootstrap check'

base=$MMX_CACHE/bare/bookworm
root=$MMX_CACHE/bare/run.$$
mkdir -p "$MMX_CACHE/bare"

# the mirror of this machine, and how to reach it (proxies and the like)
mirror=$(apt-get indextargets --format "\$(ORIGIN) \$(RELEASE) \$(REPO_URI)" |
	awk '$1 == "Debian" && $2 !~ /security/ && !uri { uri = $3 } END { print uri }')
[ -n "$mirror" ] || die "apt's sources on this machine name no Debian mirror; run apt-get update first"

if [ ! -f "$base/.complete" ]; then
	rm -rf "$base"
	say "making the minimal system, once"
	debootstrap --variant=minbase --include=git bookworm "$base" "$mirror" >"$MMX_CACHE/bare/debootstrap.log" ||
		die "debootstrap failed: see $MMX_CACHE/bare/debootstrap.log"
	apt-config dump | grep -E '^Acquire::[A-Za-z:-]+ "[^"]+";$' >"$base/etc/apt/apt.conf.d/90mirror" || true
	rm -f "$base"/var/cache/apt/archives/*.deb
	touch "$base/.complete"
fi

trap 'rm -rf "$root"' EXIT
cp -a --reflink=auto "$base" "$root"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
git -C "$SRCDIR" diff --quiet HEAD || say "note: this tests the last commit; the work tree has changes beyond it"
git clone -q --bare "$SRCDIR" "$root/malimux.git"

cat >"$root/inside" <<'INSIDE'
#!/bin/bash
set -euo pipefail
export HOME=/root LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
as_user()
{
	HOME=/tmp/user setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

mkdir -m 777 /tmp/user
# both root and the user clone the same repository
git config --system safe.directory /malimux.git
as_user git clone -q /malimux.git /tmp/user/malimux
echo '--- without root, packages missing'
if as_user /tmp/user/malimux/bootstrap >/tmp/user/log 2>&1; then
	echo 'FAIL: ./bootstrap went on without its packages'
	exit 1
fi
cat /tmp/user/log
grep -q 'apt-get install --no-install-recommends .*libuv1-dev' /tmp/user/log ||
	{ echo 'FAIL: ./bootstrap did not name the command to run'; exit 1; }

git clone -q /malimux.git /srv/malimux
cd /srv/malimux
for command in "$@"; do
	echo "--- $command"
	start=$SECONDS
	$command </dev/null || { echo "FAIL: $command"; exit 1; }
	echo "--- $command: $((SECONDS - start)) s"
done
[ -x build/config.status ] || exit 0

echo '--- ./bootstrap again'
start=$SECONDS
./bootstrap </dev/null
[ $((SECONDS - start)) -lt 15 ] || { echo 'FAIL: a second run is not quick'; exit 1; }
echo '--- without root, all packages there'
as_user /tmp/user/malimux/bootstrap </dev/null >/tmp/user/log 2>&1 ||
	{ cat /tmp/user/log; echo 'FAIL: ./bootstrap without root'; exit 1; }
echo 'PASS: bare Debian 12'
INSIDE
chmod +x "$root/inside"

ROOT=$root unshare --mount --pid --fork --kill-child bash -c '
	set -e
	mount --make-rprivate /
	mount -t proc proc "$ROOT/proc"
	mount -t sysfs -o ro sys "$ROOT/sys"
	mount --rbind /dev "$ROOT/dev"
	exec chroot "$ROOT" /inside "$@"
' bare "$@"
