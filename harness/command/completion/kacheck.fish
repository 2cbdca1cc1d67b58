# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of kacheck for fish.

function __kacheck_instances
    kacheck list 2>/dev/null | string match -r '[a-z0-9_]+/\S+/v[46]/[a-z]+'
end

function __kacheck_kernels
    kacheck kernels 2>/dev/null | string match -r '(?:host|uml:\S+|image:\S+)$'
end

function __kacheck_in
    __fish_seen_subcommand_from $argv
end

complete -c kacheck -f
complete -c kacheck -n __fish_use_subcommand -a run -d 'run experiments and judge what happened'
complete -c kacheck -n __fish_use_subcommand -a list -d 'the experiments and what must come of them'
complete -c kacheck -n __fish_use_subcommand -a explain -d 'one experiment in words'
complete -c kacheck -n __fish_use_subcommand -a report -d 'results of runs, shards and machines as one'
complete -c kacheck -n __fish_use_subcommand -a compare -d 'runs of several kernels side by side'
complete -c kacheck -n __fish_use_subcommand -a sysctl -d 'before a rollout: what will these sysctls do?'
complete -c kacheck -n __fish_use_subcommand -a kernels -d 'what --kernel can be on this machine'
complete -c kacheck -n __fish_use_subcommand -a doctor -d 'what this host can do'
complete -c kacheck -n __fish_use_subcommand -a help -d 'what a command does and its options'
complete -c kacheck -n __fish_use_subcommand -s V -l version -d 'print the version'
complete -c kacheck -s '?' -l help -d 'give the list of options'
complete -c kacheck -n 'not __fish_use_subcommand' -l usage -d 'give a short usage message'

# What run and list choose by.
complete -c kacheck -n '__kacheck_in run list' -s f -l filter -x -a '(__kacheck_instances)' -d 'only what matches'
complete -c kacheck -n '__kacheck_in run list' -l exclude -x -a '(__kacheck_instances)' -d 'nothing that matches'
complete -c kacheck -n '__kacheck_in run list' -s s -l setting -x -d 'idle/intvl/cnt'
complete -c kacheck -n '__kacheck_in run list' -l shard -x -d 'only part I/N'
complete -c kacheck -n '__kacheck_in run list' -l long -d 'also what takes minutes or hours'

complete -c kacheck -n '__kacheck_in run' -s k -l kernel -x -a '(__kacheck_kernels)' -d 'the running kernel or a guest'
complete -c kacheck -n '__kacheck_in run' -s j -l jobs -x -d 'at most N instances at once'
complete -c kacheck -n '__kacheck_in run' -l guests -x -d 'at most N guest kernels side by side'
complete -c kacheck -n '__kacheck_in run' -l repeat -x -d 'every instance N times'
complete -c kacheck -n '__kacheck_in run' -l until-fail -d 'until something is not a pass'
complete -c kacheck -n '__kacheck_in run' -l seed -x -d 'where random phases come from'
complete -c kacheck -n '__kacheck_in run' -l noise-budget -x -d 'milliseconds; a later host has stalled'
complete -c kacheck -n '__kacheck_in run' -l noise-goal -x -d 'milliseconds; what set-ups may make timers late by'
complete -c kacheck -n '__kacheck_in run report' -l format -x -a '(kacheck run --format help 2>/dev/null)' -d 'of standard output'
complete -c kacheck -n '__kacheck_in run report' -l report -x -a '(kacheck run --format help 2>/dev/null | string replace -r "\$" =)' -d 'FORMAT=FILE'
complete -c kacheck -n '__kacheck_in run' -l out -x -a '(__fish_complete_directories)' -d 'keep what failed here'
complete -c kacheck -n '__kacheck_in run' -l keep -d 'keep everything'
complete -c kacheck -n '__kacheck_in run report' -l color -x -a 'auto always never' -d 'when to use colour'
complete -c kacheck -n '__kacheck_in run report' -s q -l quiet -d 'only what did not pass'
complete -c kacheck -n '__kacheck_in run report' -s v -l verbose -d 'more of what passed'
complete -c kacheck -n '__kacheck_in run report' -l strict -d 'what is skipped has failed'
complete -c kacheck -n '__kacheck_in run report' -l exit-style -x -a 'default kselftest bisect' -d 'numbers of the exit status'

complete -c kacheck -n '__kacheck_in list' -s F -l format -x -a 'text json' -d 'text, or one object a line'
complete -c kacheck -n '__kacheck_in explain' -s z -l hz -x -a '100 250 300 1000' -d 'as on a kernel with this HZ'
complete -c kacheck -n '__kacheck_in explain' -a '(__kacheck_instances)'
complete -c kacheck -n '__kacheck_in report' -F
complete -c kacheck -n '__kacheck_in compare' -F
complete -c kacheck -n '__kacheck_in compare' -s a -l all -d 'also where nothing changed'
complete -c kacheck -n '__kacheck_in compare' -s f -l format -x -a 'text markdown json' -d 'of standard output'
complete -c kacheck -n '__kacheck_in sysctl' -F
complete -c kacheck -n '__kacheck_in sysctl' -l system -d 'also what this host reads at boot'
complete -c kacheck -n '__kacheck_in sysctl' -l from -r -d 'what there was before: FILE or host'
complete -c kacheck -n '__kacheck_in sysctl' -l live -r -a all -d 'look into namespaces: PID, PATH or all'
complete -c kacheck -n '__kacheck_in sysctl' -l program -x -d 'of --live, only this program'
complete -c kacheck -n '__kacheck_in sysctl' -l port -x -d 'of --live, only to this port'
complete -c kacheck -n '__kacheck_in sysctl' -s v -l verbose -d 'of --live, all of them'
complete -c kacheck -n '__kacheck_in sysctl' -l detect-within -x -d 'is a dead peer noticed in time?'
complete -c kacheck -n '__kacheck_in sysctl' -l survive-idle -x -a 'aws-nlb aws-natgw azure-lb gcp ipvs alicloud meraki conntrack conntrack-kube' -d 'does an idle connection live?'
complete -c kacheck -n '__kacheck_in sysctl' -l max-probes-per-second -x -d 'of all connections'
complete -c kacheck -n '__kacheck_in sysctl' -l connections -x -d 'how many there are'
complete -c kacheck -n '__kacheck_in sysctl' -s k -l kernel -x -a '(__kacheck_kernels)' -d 'the running kernel or a guest'
complete -c kacheck -n '__kacheck_in sysctl' -l budget -x -d 'only compute what takes longer'
complete -c kacheck -n '__kacheck_in sysctl' -s f -l format -x -a 'text markdown json prometheus' -d 'of standard output'
complete -c kacheck -n '__kacheck_in sysctl' -l suggest -d 'the smallest change that answers all with yes'
complete -c kacheck -n '__kacheck_in kernels' -a 'build get uml'
complete -c kacheck -n '__kacheck_in help' -a 'run list explain report compare sysctl kernels doctor'
