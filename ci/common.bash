# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What ci/check, ci/test, ci/lint and ci/bench share. All messages go to stderr: stdout belongs to
# the reports.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
log_dir=$top/build/log
# An installed kacheck keeps its logs where it keeps its kernels.
[ -w "$top" ] || log_dir=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/kacheck/log

say() {
	printf 'kacheck: %s\n' "$*" >&2
}

die() {
	local status=$1
	shift
	say "$@"
	exit "$status"
}

# Runs a command without a word; if it fails, shows what it said, and where that is kept.
quietly() {
	local what=$1 log=$log_dir/$2
	shift 2
	if ! { mkdir -p "$log_dir" && : >"$log"; } 2>/dev/null; then
		say "cannot write $log: does $top/build belong to another user?"
		return 1
	fi
	if ! "$@" >"$log" 2>&1 </dev/null; then
		tail -n 60 "$log" >&2
		say "$what failed; all of its output is in $log"
		return 1
	fi
}

# Prints the packages of the named sections of ci/packages.
packages() {
	awk -v wanted=" $* " '
		/^#/ || /^$/ { next }
		/^\[/ { inside = index(wanted, " " substr($0, 2, length($0) - 2) " "); next }
		inside' "$top/ci/packages"
}

# Prints those of the given packages that are neither installed nor provided by one that is (a nodejs
# from elsewhere brings npm, and conflicts with the package of that name). One of another architecture
# has that in its name, libmnl-dev:arm64, and does not stand for this machine's own.
missing_packages() {
	comm -23 <(printf '%s\n' "$@" | sed "s/:$(dpkg --print-architecture)\$//" | sort -u) \
		<(dpkg-query -W -f '${db:Status-Status} ${Architecture} ${Package}, ${Provides}\n' |
			awk -v own="$(dpkg --print-architecture)" '$1 == "installed" {
				suffix = $2 == own || $2 == "all" ? "" : ":" $2
				n = split(substr($0, length($1 $2) + 3), names, ",")
				for (i = 1; i <= n; i++)
					if (split(names[i], name, " "))
						print name[1] suffix
			}' | sort -u)
}

as_root() {
	local sudo=()
	if [ "$(id -u)" != 0 ]; then
		sudo=(sudo)
		[ -t 0 ] || sudo+=(-n)
	fi
	"${sudo[@]}" "$@"
}

apt_get() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

# Runs a command that installs packages; no service of theirs is started, since servers are wanted as
# programs only. Where the machine has a policy of its own, that decides.
without_services() (
	policy=${POLICY:-/usr/sbin/policy-rc.d}
	if [ ! -e "$policy" ]; then
		trap 'as_root rm -f "$policy"' EXIT
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		as_root chmod 755 "$policy"
	fi
	"$@"
)

# Makes known the other architectures that packages are of.
add_architectures() {
	local package
	for package in "$@"; do
		case $package in
		*:*)
			{ dpkg --print-architecture && dpkg --print-foreign-architectures; } |
				grep -qxF -- "${package##*:}" ||
				as_root dpkg --add-architecture "${package##*:}" || return
			;;
		esac
	done
}

install_packages() {
	add_architectures "$@" && apt_get update && without_services apt_get install --no-install-recommends "$@"
}

may_install() {
	[ "$(id -u)" = 0 ] && return
	command -v sudo >/dev/null || return
	[ -t 0 ] || sudo -n true 2>/dev/null
}

# Installs what is missing of the named sections; where it may not, names it and ends with 77.
need_packages() {
	local wanted missing
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		say "this is not Debian: install by hand what ci/packages lists"
		return
	fi
	mapfile -t wanted < <(packages "$@")
	mapfile -t missing < <(missing_packages "${wanted[@]}")
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! may_install; then
		say "these Debian packages are missing, and only root (or sudo) may install them:"
		die 77 "  apt-get install ${missing[*]}"
	fi
	say "installing ${#missing[@]} Debian packages"
	quietly "apt-get" apt.log install_packages "${missing[@]}" || exit 99
}

# Configures and builds a preset, in the top folder. A build folder that came from elsewhere is
# made anew.
build() {
	local preset=$1 cmake=(cmake --preset "$1")
	shift
	cd "$top" || return
	"${cmake[@]}" "$@" >/dev/null 2>&1 || "${cmake[@]}" --fresh "$@" || return
	cmake --build --preset "$preset"
}

# The same without a word; ends with 99 where it fails.
build_quietly() {
	local preset=$1
	shift
	quietly "building the preset $preset" "build-$preset.log" build "$preset" "$@" || exit 99
}
