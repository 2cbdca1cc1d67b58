#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# ci/templates/slurm on a real cluster of one node (munged, slurmctld, slurmd of Debian), which lives in
# namespaces of the test, with ports, keys and files of its own.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need munged slurmctld slurmd sbatch ip jq unshare
need_root
if [ "${SLURM_INSIDE-}" != yes ]; then
	here=$(cd "$(dirname "$0")" && pwd)
	rmdir "$work"
	SLURM_INSIDE=yes exec unshare --net --uts --mount --pid --fork --mount-proc --kill-child bash "$here/slurm.sh"
fi
top=$(cd "$(dirname "$0")/../../.." && pwd)
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/slurm /run/slurm/state /run/slurm/spool
cd "$work" || exit 99
ip link set lo up
ip link add lan type bridge # names are not looked up where there is nothing but lo
ip addr add 10.77.0.1/24 dev lan
ip link set lan up
hostname localhost

cat >/run/slurm/slurm.conf <<END
ClusterName=kacheck
SlurmctldHost=localhost
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=/run/slurm/munge
MpiDefault=none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SchedulerParameters=sched_interval=1,batch_sched_delay=0,defer_batch
StateSaveLocation=/run/slurm/state
SlurmdSpoolDir=/run/slurm/spool
SlurmctldPidFile=/run/slurm/slurmctld.pid
SlurmdPidFile=/run/slurm/slurmd.pid
PropagateResourceLimits=NONE
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=localhost CPUs=6 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=/run/slurm/slurm.conf
(umask 077 && head -c 128 /dev/urandom >/run/slurm/key)

# until_says FILE PATTERN: waits until a server has written it; ends the test where the server ends first.
until_says() {
	until grep -q -s -E "$2" "$1"; do
		if ! kill -0 "$!" 2>/dev/null; then
			skip_all "no Slurm here: $(tail -n 3 "$1")"
		fi
		read -r -t 0.1 <> <(:) || true
	done
}
munged --foreground --force --key-file=/run/slurm/key --socket=/run/slurm/munge --pid-file=/run/slurm/munged.pid \
	--log-file=/run/slurm/munged.log --seed-file=/run/slurm/seed >munged.log 2>&1 &
until [ -S /run/slurm/munge ]; do
	kill -0 $! 2>/dev/null || skip_all "no munge here: $(tail -n 1 munged.log)"
	read -r -t 0.1 <> <(:) || true
done
slurmctld -D -i >slurmctld.log 2>&1 &
until_says slurmctld.log 'Running as primary controller|slurmctld version .* started'
slurmd -D >slurmd.log 2>&1 &
until_says slurmd.log 'CPUs=[0-9]+ Boards'

mkdir bin
ln -s "$KACHECK" bin/kacheck
PATH=$work/bin:$PATH
filter=(--filter 'peer_killed/1-1-1' --filter 'option_*')
run sbatch --wait --array=0-2 --output=task-%a "$top/ci/templates/slurm" "${filter[@]}"
is "sbatch --wait: an array of three" "$status" 0
[ "$status" -eq 0 ] || { tail -n 5 slurmctld.log slurmd.log task-*; printf '%s\n' "$out" "$err"; }
is "each has left its shard" "$(cd kacheck-results && echo *)" "0.json 1.json 2.json"
"$KACHECK" list "${filter[@]}" | grep -E -o '^[^ ]+/v[46]/[a-z]+' >planned
run "$KACHECK" report --format json kacheck-results/*.json
is "they are one run" "$status" 0
is "every instance, once, in the order of the plan" "$(jq -r .instance <<<"$out")" "$(cat planned)"
rm kacheck-results/1.json
run "$KACHECK" report kacheck-results/*.json
is "a shard that is missing: exit status" "$status" 99
has "... is named" "$out$err" '2/3|2 of 3'
finish
