# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# Sourced by the scripts of 'make ci': the names of tools and folders, in one place. Each can be
# overridden from the environment or as 'make lint CLANG_TIDY=...'. clang's tools are named with
# their version, since another one formats and warns differently.

: "${CLANG:=clang-14}" "${CLANG_FORMAT:=clang-format-14}" "${CLANG_TIDY:=clang-tidy-14}"
: "${JOBS:=$(nproc)}"

SRCDIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${BUILDDIR:=$SRCDIR/build}"

# packages of other suites and architectures, kernel headers, firmware images, chroots
if [ -z "${MMX_CACHE-}" ]; then
	if [ -n "${XDG_CACHE_HOME-}" ]; then
		MMX_CACHE=$XDG_CACHE_HOME/malimux
	elif [ -n "${HOME-}" ]; then
		MMX_CACHE=$HOME/.cache/malimux
	else
		MMX_CACHE=$BUILDDIR/cache
	fi
fi
export MMX_CACHE

# for builds with sanitizers
: "${ASAN_OPTIONS:=detect_leaks=1:detect_stack_use_after_return=1}"
: "${UBSAN_OPTIONS:=print_stacktrace=1:halt_on_error=1}"
: "${LSAN_OPTIONS:=suppressions=$SRCDIR/tests/lsan.supp:print_suppressions=0}"
export ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS

# say MESSAGE: with the name of the script
say()
{
	printf '%s: %s\n' "${0##*/}" "$*"
}

die()
{
	say "$@" >&2
	exit 1
}

# need TOOL PACKAGE: a missing tool is a failure, since a check that does not run cannot fail
need()
{
	command -v "$1" >/dev/null || die "$1 is missing: run as root ./bootstrap install $2"
}

# gfx_flags FOLDER: what tests/gfx needs to be compiled, as flags: headers of packages in the cache (fetched if they are not
# there), and those that its shaders become, in FOLDER
gfx_flags()
{
	local cache
	cache=$("$SRCDIR/tests/gfx/fetch") || die "the headers that tests/gfx needs cannot be had"
	"$SRCDIR/tests/gfx/build" --shaders "$1" || die "the shaders of tests/gfx cannot be compiled"
	printf '%s\n' "-isystem $cache/usr/include -I$1"
}

# tracked PATTERN...: the files of the repository that match, without those that are deleted
tracked()
{
	git -C "$SRCDIR" ls-files --cached --others --exclude-standard -- "$@" |
		(cd "$SRCDIR" && while IFS= read -r file; do
			if [ -f "$file" ]; then printf '%s\n' "$file"; fi
		done)
}
