# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of kacheck for bash.

_kacheck_words() {
	case $1 in
	run)
		echo '--kernel --filter --exclude --setting --shard --long --jobs --guest-binary --guests --repeat --until-fail
			--seed --noise-budget --noise-goal --format --report --out --keep --color --quiet --verbose --strict
			--exit-style --help --usage'
		;;
	list) echo '--filter --exclude --setting --shard --long --format --help --usage' ;;
	explain) echo '--hz --help --usage' ;;
	report) echo '--format --report --color --quiet --verbose --strict --exit-style --help --usage' ;;
	compare) echo '--all --format --help --usage' ;;
	sysctl)
		echo '--system --from --live --program --port --verbose --detect-within --detect-busy-within --survive-idle --survive-half-closed --max-probes-per-second
			--connections --kernel --budget --format --suggest --strict --hz --fleet --help --usage'
		;;
	program)
		echo '--port --send --expect --request --request-expect --flood --flood-times --server --client --answer
			--name --user --env --cwd --rootfs --copy --settle --patience --memory --detect-within
			--detect-busy-within --survive --survive-idle --keepalive --no-leak --kernel --budget --idle --watch
			--filter --out --keep --format --list --recipe --quiet --help --usage'
		;;
	kernels | doctor) echo '--help --usage' ;;
	esac
}

# The instances of this kacheck, and the cases that begin them.
_kacheck_instances() {
	kacheck list 2>/dev/null | grep -o '[a-z0-9_]*/[^ ]*/v[46]/[a-z]*' |
		awk -F/ '!seen[$1]++ { print $1 } { print }'
}

_kacheck_recipes() {
	kacheck program --list 2>/dev/null | awk 'NR > 1 { print $1 }'
}

_kacheck_kernels() {
	kacheck kernels 2>/dev/null | awk 'NR > 1 { print $NF }'
}

_kacheck() {
	local at=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]} prev
	local command=${COMP_WORDS[1]} formats

	# bash breaks --format=tap into three words.
	[ "$cur" != = ] || { cur='' && at=$((at + 1)); }
	prev=${COMP_WORDS[at - 1]}
	[ "$prev" != = ] || prev=${COMP_WORDS[at - 2]}
	if [ "$at" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W 'run list explain report compare sysctl program kernels doctor help --help --version' -- "$cur")
		return
	fi
	case $command:$prev in
	compare:--format | compare:-f)
		mapfile -t COMPREPLY < <(compgen -W 'text markdown json html' -- "$cur")
		return
		;;
	sysctl:--format | sysctl:-f)
		mapfile -t COMPREPLY < <(compgen -W 'text markdown json html prometheus' -- "$cur")
		return
		;;
	program:--format | program:-f)
		mapfile -t COMPREPLY < <(compgen -W 'text markdown table json junit html results' -- "$cur")
		return
		;;
	program:--survive)
		mapfile -t COMPREPLY < <(compgen -W 'aws-nlb aws-natgw azure-lb gcp ipvs alicloud meraki conntrack conntrack-kube' -- "$cur")
		return
		;;
	program:--copy | program:--rootfs | program:--cwd)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
		return
		;;
	program:--user | program:-u)
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		return
		;;
	program:--filter | program:--[dimnpras]* | program:--[ei]* | program:--flood* | program:--c* | program:--w* | program:--b*)
		return
		;;
	sysctl:--live)
		mapfile -t COMPREPLY < <(compgen -W all -- "$cur")
		return
		;;
	sysctl:--survive-half-closed)
		mapfile -t COMPREPLY < <(compgen -W 'ipvs conntrack conntrack-kube cisco-asa cisco-pix fortinet pfsense' -- "$cur")
		return
		;;
	sysctl:--survive-idle)
		mapfile -t COMPREPLY < <(compgen -W 'aws-nlb aws-natgw azure-lb gcp ipvs alicloud meraki conntrack conntrack-kube ec2-nitro azure-nat aks cisco-asa cisco-pix fortinet pfsense istio envoy nginx-stream haproxy kafka pgbouncer' -- "$cur")
		return
		;;
	sysctl:--detect-within | sysctl:--detect-busy-within | sysctl:--budget | sysctl:--connections | sysctl:--max-probes-per-second | sysctl:--program | sysctl:--port)
		return
		;;
	*:--filter | *:-f | *:--exclude)
		mapfile -t COMPREPLY < <(compgen -W "$(_kacheck_instances)" -- "$cur")
		return
		;;
	list:--format | list:-F)
		mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$cur")
		return
		;;
	*:--format)
		formats=$(kacheck run --format help 2>/dev/null)
		mapfile -t COMPREPLY < <(compgen -W "$formats" -- "$cur")
		return
		;;
	*:--report)
		formats=$(kacheck run --format help 2>/dev/null)
		mapfile -t COMPREPLY < <(compgen -S = -W "$formats" -- "$cur")
		compopt -o nospace
		return
		;;
	*:--kernel | *:-k)
		mapfile -t COMPREPLY < <(compgen -W "$(_kacheck_kernels)" -- "$cur")
		return
		;;
	*:--out)
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		compopt -o filenames
		return
		;;
	*:--color)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
		return
		;;
	*:--exit-style)
		mapfile -t COMPREPLY < <(compgen -W 'default kselftest bisect' -- "$cur")
		return
		;;
	*:--setting | *:-s | *:--shard | *:--jobs | *:-j | *:--guests | *:--repeat | *:--seed | *:--noise-budget | *:--noise-goal | *:--hz | *:-z)
		return
		;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_kacheck_words "$command")" -- "$cur")
	elif [ "$command" = explain ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_kacheck_instances)" -- "$cur")
	elif [ "$command" = report ] || [ "$command" = compare ] || [ "$command" = sysctl ]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames
	elif [ "$command" = kernels ] && [ "$at" -eq 2 ]; then
		mapfile -t COMPREPLY < <(compgen -W 'build get' -- "$cur")
	elif [ "$command:$prev" = kernels:build ]; then
		mapfile -t COMPREPLY < <(compgen -W 'uml' -- "$cur")
	elif [ "$command" = program ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_kacheck_recipes)" -- "$cur")
	elif [ "$command" = help ]; then
		mapfile -t COMPREPLY < <(compgen -W 'run list explain report compare sysctl program kernels doctor' -- "$cur")
	fi
}

complete -F _kacheck kacheck
