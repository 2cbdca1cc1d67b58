# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What build-uml and get-image share: where kernels are kept, and packages besides ci/packages.

cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/kacheck

# Makes the cache and a folder $work in it, on the same file system, so that a finished entry can be
# moved to its place.
open_cache() {
	if ! mkdir -p "$cache" 2>/dev/null || ! work=$(mktemp -d "$cache/.work.XXXXXX" 2>/dev/null); then
		die 77 "cannot write to the cache $cache; set XDG_CACHE_HOME to a folder that can be written"
	fi
	trap 'rm -rf "$work"' EXIT
	# What a kill -9 or a power cut has left; whoever still works there touches it.
	find "$cache" -mindepth 1 -maxdepth 1 -name '.work.*' -mtime +1 -exec rm -rf {} +
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# need_more_packages SECTION PACKAGE...: those of a section of ci/packages, and some by name.
need_more_packages() {
	local section=$1 wanted missing
	shift
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		say "this is not Debian: install by hand what ci/packages lists under [$section]"
		return
	fi
	mapfile -t wanted < <(packages "$section")
	wanted+=("$@")
	mapfile -t missing < <(missing_packages "${wanted[@]}")
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! may_install; then
		say "these Debian packages are missing, and only root (or sudo) may install them:"
		die 77 "  apt-get install ${missing[*]}"
	fi
	say "installing ${missing[*]}"
	quietly "apt-get" apt.log install_packages "${missing[@]}" || exit 99
}
