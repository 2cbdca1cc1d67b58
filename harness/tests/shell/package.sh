#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The Debian package: lintian finds no error, it is installed, used and removed, and nothing of it stays.
# All of that in an overlay over the machine's files, which keeps what is changed. $1: the build folder.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need cpack lintian dpkg unshare
need_root

build=$1
run cpack --config "$build/CPackConfig.cmake" -B "$work/deb"
is "cpack makes it" "$status" 0
deb=$(find "$work/deb" -maxdepth 1 -name 'kacheck_*.deb')
run lintian --allow-root --fail-on error "$deb"
is "lintian has no error" "$status" 0
[ "$status" -eq 0 ] || printf '%s\n' "$out"
has "its libraries are found by dpkg-shlibdeps" "$(dpkg-deb -f "$deb" Depends)" 'libmnl0.*libnftnl11'
has "guests' libraries are recommended" "$(dpkg-deb -f "$deb" Recommends)" 'libarchive13, libkmod2'

cat >"$work/inside" <<'END'
set -u
mount -t tmpfs tmpfs "$1"
mkdir "$1/up" "$1/work" "$1/root"
mount -t overlay overlay -o lowerdir=/,upperdir="$1/up",workdir="$1/work" "$1/root" || exit 77
mount --rbind /proc "$1/root/proc" && mount --rbind /dev "$1/root/dev" && mount --rbind /sys "$1/root/sys"
cp "$2" "$1/root/kacheck.deb"
chroot "$1/root" sh -u <<'CHROOT'
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
say() { echo "$1=$2"; }
dpkg -i /kacheck.deb >/dev/null 2>&1
say installed $?
cd /
kacheck run --filter silent_drop/1-1-1/v4/client >/dev/null 2>&1
say run $?
kacheck kernels build uml --help | grep -c User-mode | sed 's/^/build=/'
kacheck kernels get --help | grep -c Debian | sed 's/^/get=/'
kacheck kernels build 2>/dev/null
say refused $?
[ -f /usr/share/kacheck/programs/redis.conf ]
say recipes $?
zcat /usr/share/man/man1/kacheck.1.gz | grep -c '^.Dt KACHECK' | sed 's/^/man=/'
[ -f /etc/apparmor.d/kacheck ]
say apparmor $?
! command -v apparmor_parser >/dev/null || apparmor_parser -Q -K /etc/apparmor.d/kacheck >/dev/null 2>&1
say parsed $?
dpkg -P kacheck >/dev/null 2>&1
say removed $?
find / -xdev -name '*kacheck*' -not -path '/kacheck.deb' -newer /kacheck.deb 2>/dev/null | grep -c -E '^/(usr|etc|var/lib/dpkg/info)' | sed 's/^/left=/'
CHROOT
END
mkdir "$work/over"
run unshare -m bash "$work/inside" "$work/over" "$deb"
[ "$status" -ne 77 ] || skip_all "this machine allows no overlay over its files"
for wanted in installed=0 run=0 build=1 get=1 refused=2 recipes=0 man=1 apparmor=0 parsed=0 removed=0 left=0; do
	is "${wanted%=*}" "$(grep "^${wanted%=*}=" <<<"$out")" "$wanted"
done
finish
