#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One plan on three machines, one of which is lost in the middle: ci/templates/parallel over real sshd in
# network namespaces. All of it in namespaces of the test.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need parallel ssh sshd ip jq unshare
need_root
if [ "${PARALLEL_INSIDE-}" != yes ]; then
	here=$(cd "$(dirname "$0")" && pwd)
	PARALLEL_INSIDE=yes exec unshare --net --mount --pid --fork --mount-proc --kill-child bash "$here/parallel.sh"
fi
top=$(cd "$(dirname "$0")/../../.." && pwd)
cd "$work" || exit 99

mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/sshd
ip link set lo up
ip link add lan type bridge
ip addr add 10.77.0.254/24 dev lan
ip link set lan up
ssh-keygen -q -t ed25519 -N '' -f key
ssh-keygen -q -t ed25519 -N '' -f host
cat >sshd.conf <<END
HostKey $work/host
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
AuthorizedKeysFile $work/key.pub
END
machine() {
	local name=m$1 address=10.77.0.$1
	ip netns add "$name"
	ip link add "$name" type veth peer name eth0 netns "$name"
	ip link set "$name" master lan up
	ip -n "$name" addr add "$address/24" dev eth0
	ip -n "$name" link set eth0 up
	ip -n "$name" link set lo up
	ip netns exec "$name" "$(command -v sshd)" -D -e -f sshd.conf -o ListenAddress="$address" 2>"$name.log" &
	until grep -qs "Server listening" "$name.log"; do
		read -r -t 0.1 <> <(:) || true
	done
}
for i in 1 2 3; do
	machine "$i"
done
export HOME=$work
mkdir -p .ssh
cat >.ssh/config <<END
Host *
IdentityFile $work/key
StrictHostKeyChecking no
UserKnownHostsFile /dev/null
LogLevel ERROR
END
# ssh asks the password database where a configuration is, not HOME.
mkdir bin
printf '#!/bin/sh\nexec %s -F %s/.ssh/config "$@"\n' "$(type -P ssh)" "$work" >bin/ssh
chmod +x bin/ssh
PATH=$work/bin:$PATH

is "a machine answers" "$(ssh 10.77.0.2 echo yes)" yes
filter=(--filter 'silent_drop/1-1-*' --filter 'answered/1-1-1*' --filter 'peer_killed/1-1-1')
planned=$("$KACHECK" list "${filter[@]}" | grep -c '/v[46]/')
"$KACHECK" run --seed 7 "${filter[@]}" --format json >alone.json

# The second machine is gone for good as soon as it works on a shard.
(
	until pgrep -f "kacheck run .*--shard" >/dev/null; do read -r -t 0.05 <> <(:) || true; done
	ip -n m2 link set eth0 down
) &
SEED=7 REPORT='--format json' "$top/ci/templates/parallel" --hosts 10.77.0.1,10.77.0.2,10.77.0.3 --shards 6 \
	-- "${filter[@]}" >joined.json 2>joined.err
is "three machines, one is lost: exit status" "$?" 0
is "every instance is there, once" "$(jq -r .instance joined.json | sort | uniq -d | wc -l) $(wc -l <joined.json)" "0 $planned"
is "in the order of one machine" "$(jq -r .instance joined.json)" "$(jq -r .instance alone.json)"
is "the same seeds as on one machine" "$(jq -r .seed joined.json)" "$(jq -r .seed alone.json)"
is "every shard has ended" "$(awk 'NR > 1' kacheck-shards/joblog | wc -l)" 6
is "no shard was left to the lost machine" "$(awk 'NR > 1 && $7 != 0' kacheck-shards/joblog | wc -l)" 0
sed 's/^/  /' joined.err
finish
