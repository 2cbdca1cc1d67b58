#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same files for procps, systemd-sysctl and our reader, each in a network namespace of its own,
# so that the host keeps its values: what stands there afterwards must be the same. Where the two
# tools disagree the row says so; there the reader follows systemd-sysctl, or refuses the file.
# $SYSCTLD_VALUES prints what the reader predicts; the kernel then says what that becomes.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
: "${SYSCTLD_VALUES:?path of the program that prints the predicted values}"
need sysctl unshare
systemd=/lib/systemd/systemd-sysctl
need "$systemd"

if [ "$(id -u)" = 0 ]; then
	fresh=(unshare --net --mount)
else
	fresh=(unshare --user --map-root-user --net --mount)
fi
"${fresh[@]}" sh -c 'echo 7 >/proc/sys/net/ipv4/tcp_retries2' 2>/dev/null ||
	skip_all "no network namespace with a /proc/sys that can be written"

# The keys that exist in every kernel, as they stand.
# shellcheck disable=SC2016 # the shell inside expands it
dump='cd /proc/sys/net/ipv4 && head -n 1 tcp_keepalive_* tcp_retries2 tcp_orphan_retries \
	tcp_fin_timeout tcp_syn_retries | paste -s -d " "'

# procps ARGUMENT, systemd [ARGUMENT], ours ARGUMENT: the dump after the tool was there.
# $prepare runs before it, in the same namespaces.
prepare=:
procps() {
	"${fresh[@]}" sh -c "$prepare; sysctl -q ${1---system} >/dev/null 2>&1; $dump"
}

systemd() {
	"${fresh[@]}" sh -c "$prepare; $systemd ${1-} >/dev/null 2>&1; $dump"
}

# What the kernel refuses is refused for everybody.
ours() {
	"${fresh[@]}" sh -c "$prepare; $SYSCTLD_VALUES ${1---system} |
		while read -r key value; do echo \"\$value\" >/proc/sys/\$key; done 2>/dev/null; $dump"
}

file=$work/row.conf

write_row() {
	printf '%b' "$1" >"$file"
}

# same WHAT CONTENT: all three agree.
same() {
	local ours
	write_row "$2"
	ours=$(ours "$file")
	is "$1: as procps" "$ours" "$(procps "-p $file")"
	is "$1: as systemd" "$ours" "$(systemd "$file")"
}

# changes WHAT CONTENT: the same, and something was set at all.
changes() {
	same "$@"
	isnt "$1: sets something" "$(systemd "$file")" "$untouched"
}

# disagree WHAT CONTENT: procps does otherwise; the reader follows systemd-sysctl.
disagree() {
	local ours
	write_row "$2"
	ours=$(ours "$file")
	is "$1: as systemd" "$ours" "$(systemd "$file")"
	isnt "$1: procps does otherwise" "$ours" "$(procps "-p $file")"
}

# refused WHAT PATTERN CONTENT: the reader takes nothing of it and says why.
refused() {
	write_row "$3"
	run "$SYSCTLD_VALUES" "$file"
	is "$1: refused" "$status" 2
	has "$1: says why" "$err" "^$file:?[0-9]*: .*$2"
}

isnt() {
	if [ "$2" != "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "both are $2"
	fi
}

untouched=$("${fresh[@]}" sh -c "$dump")
time=net.ipv4.tcp_keepalive_time
intvl=net.ipv4.tcp_keepalive_intvl
all='net.ipv4.tcp_keepalive_*'

# ---- lines ---------------------------------------------------------------------------------
changes "a line" "$time = 11\n"
changes "all keys" "$time=60\n$intvl=10\nnet.ipv4.tcp_keepalive_probes=6\nnet.ipv4.tcp_retries2=8
net.ipv4.tcp_orphan_retries=2\nnet.ipv4.tcp_fin_timeout=30\nnet.ipv4.tcp_syn_retries=3\n"
changes "no end of the last line" "$time=12"
changes "no spaces" "$time=13\n"
changes "spaces and tabs" " \t $time\t =\t 14 \t\n"
changes "carriage returns at the ends" "$time = 15\r\n$intvl = 16\r\n"
changes "comments and empty lines" "# a\n; b\n\n  # c\n\t; $intvl = 5\n$time = 17\n"
changes "a later line wins" "$time = 18\n$time = 19\n"
changes "a comment behind the value, which the kernel does not read" "$time = 20 # twenty\n"
changes "a second number, which the kernel does not read" "$time = 21 22\n"
changes "hexadecimal and octal" "$time = 0x10\n$intvl = 010\n"
changes "a negative value, which the kernel takes" "$time = -1\n"
same "a unit: refused by the kernel" "$time = 60s\n"
same "quotes: refused by the kernel" "$time = \"60\"\n"
same "two equals signs: refused by the kernel" "$time == 60\n"
same "out of range: refused by the kernel" "net.ipv4.tcp_keepalive_probes = 300\n$time = 23\n"
same "a file without settings" "# nothing\n"
same "an empty file" ""

# ---- keys ----------------------------------------------------------------------------------
changes "slashes" "net/ipv4/tcp_keepalive_time = 31\n"
changes "a slash before" "/net/ipv4/tcp_keepalive_time = 32\n"
changes "slashes twice, and a step to nowhere" "//net//ipv4/./tcp_keepalive_time = 33\n"
changes "dots twice" "net..ipv4.tcp_keepalive_time = 34\n"
changes "dots, then slashes" "$time = 35\nnet/ipv4/tcp_keepalive_time = 36\n"
same "the first separator decides: a dot" "net.ipv4/tcp_keepalive_time = 37\n"
same "the first separator decides: a slash" "net/ipv4.tcp_keepalive_time = 37\n"
same "another key" "net.ipv4.ip_default_ttl = 60\n"
changes "a minus" "-$time = 38\n\t-net.ipv4.tcp_keepalive_probes = 3\n"
disagree "a minus with a space: taken by systemd" "- $intvl = 39\n"
disagree "a separator at the end" "$time. = 41\n"
disagree "a slash at the end" "net/ipv4/tcp_keepalive_time/ = 42\n"

# ---- globs ---------------------------------------------------------------------------------
changes "a star" "$all = 51\n"
changes "a question mark" "net.ipv4.tcp_keepalive_tim? = 52\n"
changes "a class" "net/ipv4/tcp_keepalive_[ti]* = 53\n"
changes "all but a class" "net.ipv4.tcp_keepalive_[!p]* = 54\n"
changes "a star for a folder" "net.*.tcp_keepalive_time = 55\n"
changes "a backslash" "net.ipv4.tcp_keepalive_ti\\\\me* = 56\n"
same "a star is no slash" "net/*keepalive_time = 57\n"
changes "a name goes before a later glob" "$time = 58\n$all = 59\n"
changes "a name goes before an earlier glob" "$all = 60\n$time = 61\n"
changes "the later of two globs" "net.ipv4.tcp_keepalive_t* = 62\n$all = 63\n"
changes "the later of two globs, the narrow one last" "$all = 64\nnet.ipv4.tcp_keepalive_t* = 65\n"
changes "a glob again, with another value" \
	"net.ipv4.tcp_keepalive_t* = 66\n$all = 67\nnet.ipv4.tcp_keepalive_t* = 68\n"
changes "a key kept from globs" "-$time\n$all = 69\n"
changes "a key kept from an earlier glob" "$all = 70\n-$time\n"
changes "kept from globs, then set" "-$time\n$time = 71\n$all = 72\n"
changes "a glob with a minus" "-$all = 73\n"
disagree "a glob again with the same value: keeps its place (systemd) or moves (procps)" \
	"net.ipv4.tcp_keepalive_t* = 74\n$all = 75\nnet.ipv4.tcp_keepalive_t* = 74\n"
disagree "set, then excluded: taken back (systemd) or kept (procps)" "$time = 76\n-$time\n"
disagree "a glob, then excluded: taken back (systemd) or kept (procps)" "$all = 77\n-$all\n"

# ---- text behind a value: the kernel stops at white space ----------------------------------
for rest in '# silence before the first probe' s '; c' '//c' 5 '60 6' "\\\\" '\t# c' '"'; do
	changes "text behind a value: $rest" "$time = 600 $rest\n"
done
for value in '600;c' 600s '600,' '"600"' '600\0302\0240' 0x 08 6e2 +600 '- 600' 0000000000000000000000600; do
	same "a value that is none: $value" "$time = $value\n$intvl = 10\n"
done
same "minus nothing: of a byte it is refused" "net.ipv4.tcp_keepalive_probes = -0\n"
changes "minus nothing: of seconds it is not" "$time = -0\n"

# ---- what both tools pass over, and go on --------------------------------------------------
changes "no equals sign" "$time = 600\nrecommended:\n$intvl =15\n"
changes "a colon for it" "$time: 600\n$intvl = 15\n"
changes "a value that is empty" "$time = 60\nnet.ipv4.ip_local_reserved_ports =\n"
changes "a number that is empty" "$time =\n$intvl = 10\n"
changes "a pattern's number that is empty" "$all =\n$intvl = 10\n"
changes "an empty value before a glob" "-$time =\n$all = 9\n"
disagree "set, then set to nothing: the last line is refused (systemd) or the first kept (procps)" \
	"$time = 60\n$time =\n"
disagree "set, then set to what is no number" "$time = 60\n$time = abc\n"
changes "no key" "= 60\n$intvl = 10\n"
changes "a minus alone" "-\n$intvl = 10\n"
changes "a space in the key" "net.ipv4.tcp_keepalive _time = 60\n$intvl = 10\n"
changes "a shell's word before the key" "export $time = 60\n$intvl = 10\n"
changes "keys that no kernel has" "net.ipv6.tcp_keepalive_time = 60\nnet.tcp_keepalive_intvl = 10
net.ipv4.tcp_keep_alive_probes = 3\nnet.ipv4.tcp_keepalive_tyme = 60\n$intvl = 10\n"
changes "a continued line" "$time = 1\\\\\n2\n$intvl = 10\n"
changes "a byte order mark" "\\0357\\0273\\0277$time = 60\n$intvl = 10\n"
changes "a byte order mark before a comment" "\\0357\\0273\\0277# c\n$intvl = 10\n"
changes "/proc/sys before the key" "/proc/sys/net/ipv4/tcp_keepalive_time = 60\n$intvl = 10\n"
changes "a control character in a value" "$time = \\0033[0m60\n$intvl = 10\n"
changes "bytes that are no text" "\\0377$time = 60\n$intvl = 10\n"
disagree "two minuses: procps takes them" "--$time = 60\n"
disagree "two dots: procps takes it" "net/ipv4/../ipv4/tcp_keepalive_time = 60\n"
disagree "a form feed: a space for procps, not for the kernel" "$time = 60\f\n"

# ---- what the reader refuses: another kind of file, or other lines for the other tool ------
refused "nothing but what assigns nothing" 'assigns nothing; a line is' "$time 60\nhello\n"
refused "a lone carriage return: two lines for systemd" 'control character 0x0d' "$time = 1\r$intvl = 2\n"
refused "the same in a comment" 'control character 0x0d' "# c\r$intvl = 2\n"
refused "braces in a glob: systemd expands them" 'braces' "net.ipv4.tcp_keepalive_{ti*,in*} = 60\n"
refused "a NUL byte: two lines for both" 'NUL' "$time = 1\\0000$intvl = 2\n"

# ---- the host's own directories ------------------------------------------------------------
# Empty ones are mounted over them, and filled.
# shellcheck disable=SC2016
dirs='for d in /etc /run /usr/local/lib /usr/lib/sysctl.d; do mount -t tmpfs none $d; done
	mkdir /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d
	put() { echo "$2" >$1; }'
prepare_dirs() {
	prepare="{ $dirs; $1; } 2>&1 >/dev/null"
}

# system WHAT: all three agree on --system.
system() {
	local ours
	ours=$(ours)
	is "$1: as procps" "$ours" "$(procps)"
	is "$1: as systemd" "$ours" "$(systemd)"
	isnt "$1: sets something" "$ours" "$untouched"
}

if [ -d /usr/lib/sysctl.d ]; then
	prepare_dirs "put /etc/sysctl.d/50-a.conf $time=81; put /run/sysctl.d/50-a.conf $intvl=82"
	system "an earlier directory hides a namesake"
	prepare_dirs "put /etc/sysctl.d/50-a.conf $time=83; put /usr/lib/sysctl.d/60-b.conf $time=84"
	system "names decide, not directories"
	prepare_dirs "put /usr/local/lib/sysctl.d/9.conf $time=85; put /run/sysctl.d/10.conf $time=86"
	system "names are compared as text"
	prepare_dirs "put /run/sysctl.d/5.conf $time=87; ln -s /dev/null /etc/sysctl.d/5.conf
		put /etc/sysctl.d/6.conf $intvl=88"
	system "a link to /dev/null hides"
	prepare_dirs "put /etc/sysctl.d/a.conf $time=89; put /etc/sysctl.d/b.conf.bak $intvl=90
		put /etc/sysctl.d/b.txt $intvl=90"
	system "only *.conf"
	prepare_dirs "put /etc/sysctl.conf $time=91; ln -s ../sysctl.conf /etc/sysctl.d/99-sysctl.conf"
	system "/etc/sysctl.conf with Debian's link"

	prepare_dirs "put /etc/sysctl.conf $time=92"
	is "/etc/sysctl.conf without a link: systemd does not read it" "$(ours)" "$untouched"
	is "/etc/sysctl.conf without a link: as systemd" "$(ours)" "$(systemd)"
	isnt "/etc/sysctl.conf without a link: procps reads it" "$(ours)" "$(procps)"
	prepare_dirs "put /etc/sysctl.conf $time=93; ln -s ../sysctl.conf /etc/sysctl.d/50-sysctl.conf
		put /etc/sysctl.d/60.conf $time=94"
	is "/etc/sysctl.conf by a link, not once more at the end: as systemd" "$(ours)" "$(systemd)"
	isnt "/etc/sysctl.conf once more at the end: procps" "$(ours)" "$(procps)"
	# A host without systemd: what it has is procps, or does as procps.
	prepare_dirs "put /etc/sysctl.conf $time=92; mkdir /run/none
		mount --bind /run/none /usr/lib/systemd"
	is "/etc/sysctl.conf without systemd: as procps" "$(ours)" "$(procps)"
	isnt "/etc/sysctl.conf without systemd: sets something" "$(ours)" "$untouched"
	prepare_dirs "put /etc/sysctl.d/.hidden.conf $time=95; put /etc/sysctl.d/a.conf $intvl=96"
	is "a hidden file: as systemd" "$(ours)" "$(systemd)"
	isnt "a hidden file: procps reads it" "$(ours)" "$(procps)"
fi

finish
