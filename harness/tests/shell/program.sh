#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kacheck program from outside, in real time: a small server of Perl, what is demanded of it, and what is
# wrong with a command line, a recipe or a program.
# shellcheck source=harness/tests/shell/lib.bash
. "$(dirname "$0")/lib.bash"
need perl jq xmllint
cd "$work" || exit 99

# srv.pl PORT [IDLE/INTVL/CNT [ADDRESS]]: says what it is told. Its listener has keepalive, as its
# connections then have. Numbers must be numbers: Perl hands a string to setsockopt() as it is.
cat >srv.pl <<'END'
use strict;
use Socket;
my ($port, $keep, $address) = @ARGV;
socket(my $l, PF_INET, SOCK_STREAM, 6) or die;
setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1);
if ($keep) {
	my ($idle, $intvl, $cnt) = split m{/}, $keep;
	setsockopt($l, SOL_SOCKET, SO_KEEPALIVE, 1);
	setsockopt($l, 6, 4, $idle + 0);
	setsockopt($l, 6, 5, $intvl + 0);
	setsockopt($l, 6, 6, $cnt + 0);
}
bind($l, sockaddr_in($port, inet_aton($address || '0.0.0.0'))) or die "bind: $!";
listen($l, 9);
$SIG{CHLD} = 'IGNORE';
while (accept(my $c, $l)) {
	next if fork;
	close $l;
	while (sysread($c, my $text, 4096)) { syswrite($c, $text) }
	exit 0;
}
END

program() {
	run "$KACHECK" program --quiet --kernel host "$@"
}

# ---- what is wrong before anything runs ----------------------------------------------------------

# refused WHAT PATTERN ARGUMENT...: one line, and 2.
refused() {
	local what=$1 pattern=$2
	shift 2
	run "$KACHECK" program "$@"
	is "$what: status" "$status" 2
	has "$what: text" "$err" "$pattern"
	is "$what: one line" "$(wc -l <<<"$err")" 1
}

refused "nothing" 'which one\?'
refused "no port" 'on which port does it listen\? Add --port' -- perl srv.pl
refused "no command" 'followed by a COMMAND' --port 1 --
refused "bytes" "'.q' stands for nothing" --port 1 --send '\q' -- perl
refused "a time" "'soon' is no length of time" redis --detect-within soon
refused "a gateway" "did you mean 'aws-nlb'" redis --survive aws-nbl
refused "options" 'keepalive' redis --keepalive 1
refused "a recipe's name" "there is no recipe 'redsi'; did you mean 'redis'" redsi
refused "a variant's name" "no variant 'timeout-6'; did you mean 'timeout-60'" redis:timeout-6
refused "a program" 'there is no ./no-such-program here' --port 1 -- ./no-such-program
refused "a file" 'No such file' ./none.conf
printf '[program]\nport = 1\ncomand = x\n' >bad.conf
refused "a recipe" "bad.conf:3: there is no key 'comand' here; did you mean 'command'" ./bad.conf

# ---- recipes ---------------------------------------------------------------------------------------

run "$KACHECK" program --list
is "--list: status" "$status" 0
has "--list has redis" "$out" '^redis +server'
run "$KACHECK" program --list --format json
is "--list as JSON" "$(jq -r 'map(select(.recipe == "redis"))[0].package' <<<"$out")" redis-server
run "$KACHECK" explain program:redis
is "explain: status" "$status" 0
has "explain tells settings" "$out" 'keepalive-300: '
run "$KACHECK" program --recipe --port 7000 --send 'hi\n' --env 'A=b c' -- perl srv.pl 'x y'
printf '%s\n' "$out" >own.conf
has "--recipe quotes" "$out" "^command = perl srv.pl 'x y'\$"
has "--recipe has bytes" "$out" '^hello = hi\\n$'
run "$KACHECK" explain program:./own.conf
is "what --recipe writes is a recipe" "$status" 0

# ---- a program that notices -------------------------------------------------------------------------

program --port 7000 --send 'hi\n' --expect 'hi\n' --detect-within 5s --keepalive 1/1/2 --no-leak \
	--survive aws-nlb --format json -- perl srv.pl 7000 1/1/2
if [ "$status" = 77 ]; then
	skip_all "$err"
fi
is "demands are met: status" "$status" 0
is "its options" "$(jq -c '.programs[0].connection | [.idle, .intvl, .cnt]' <<<"$out")" '[1,1,2]'
is "silence was measured" \
	"$(jq -r '.programs[0].experiments[] | select(.scenario == "silent") | .program' <<<"$out")" notices
is "a long one was computed" \
	"$(jq -r '.programs[0].experiments[] | select(.scenario == "silent-busy") | .measured' <<<"$out")" false
is "all replies" "$(jq -r '[.programs[0].demands[].reply] | unique | join(" ")' <<<"$out")" yes
is "the status in the answer" "$(jq .exit_status <<<"$out")" 0

program --port 7000 --send 'hi\n' --filter '*.fin/*' --detect-within 1s -- perl srv.pl 7000 1/1/2
is "a demand is not met: status" "$status" 1
has "a demand is not met: text" "$out" 'NO .*noticed within 1 s'
program --port 7000 --send 'hi\n' --filter '*.fin/*' --survive-idle 1h -- perl srv.pl 7000
is "a demand cannot be tried: status" "$status" 77
has "without keepalive" "$out" 'Set SO_KEEPALIVE'
program --port 7000 --send 'hi\n' --filter '*.fin/*' --format junit -- perl srv.pl 7000
is "JUnit: status" "$status" 0
xmllint --noout --schema "$(dirname "$0")/../junit.xsd" - <<<"$out" 2>err.txt
is "JUnit is valid" "$?" 0
program --port 7000 --send 'hi\n' --filter '*.fin/*' --format results -- perl srv.pl 7000
is "result lines: status" "$status" 0
printf '%s\n' "$out" >results.json
is "... one for each experiment that ran" "$(jq -r '.program.name' results.json)" perl
is "... which part of which plan" "$(jq -c '[.plan.part, .plan.shards]' results.json)" '[1,1]'
run "$KACHECK" report results.json
is "... which a report reads: status" "$status" 0
has "... and tells" "$out" 'PASS +perl\.fin/.* the program let go'
cp results.json again.json
run "$KACHECK" compare results.json again.json
is "... and a comparison reads two of" "$status" 0
jq -c '.verdict = "fail"' results.json >failed.json
run "$KACHECK" report failed.json
has "... with the command that does it again" "$out" "again +kacheck program --filter 'perl.fin/.*' --kernel 'host' .* OPTIONS\.\.\. -- COMMAND"
mkdir sub
printf '#!/bin/sh\nexec perl "%s/srv.pl" 7000\n' "$work" >sub/my-server
chmod +x sub/my-server
cd sub || exit 99
program --port 7000 --filter '*.fin/*' -- ./my-server
is "a program in this folder: status" "$status" 0
cd .. || exit 99
program --port 7000 --filter '*.fin/*' --cwd sub -- ./my-server
is "a program in another folder: status" "$status" 0
program --port 7000 --filter '*.fin/*' --format markdown -- perl srv.pl 7000
has "nothing is said to it: FIN" "$out" 'killed: FIN'

# ---- a program that does not take it well ---------------------------------------------------------------

# ended WHAT PATTERN LINE: what a server does with a connection whose other end has closed.
ended() {
	local what=$1 pattern=$2 line=$3
	sed "s/exit 0;/$line/" srv.pl >ended.pl
	program --port 7000 --send 'hi\n' --filter '*.fin/*' --patience 3s --no-leak -- perl ended.pl 7000
	is "$what: status" "$status" 1
	has "$what: text" "$(tr -s ' \n' ' ' <<<"$out")" "$pattern"
}

ended "it holds on" 'NEVER .* perl never lets go of a socket .* to the end of the watch' 'sleep 60;'
is "it holds on, and sleeps" "$(grep -c circles <<<"$out")" 0
ended "it runs in circles" 'runs in circles' '1 while 1;'

# ---- a program that is not what was said ----------------------------------------------------------------

# broken WHAT PATTERN ARGUMENT...
broken() {
	local what=$1 pattern=$2
	shift 2
	program --send 'hi\n' "$@"
	is "$what: status" "$status" 99
	has "$what: text" "$(tr -s ' \n' ' ' <<<"$out")" "$pattern"
}

broken "it ends at once" 'ended with exit status 3 before it listened; its last words: bye' \
	--port 7000 -- sh -c 'echo bye; exit 3'
broken "another port" 'listens on 0\.0\.0\.0:7001, not on port 7000' --port 7000 -- perl srv.pl 7001
broken "another address" 'listens on 127\.0\.0\.1:7000' --port 7000 -- perl srv.pl 7000 '' 127.0.0.1
broken "another answer" 'otherwise than expected: hi' --port 7000 --expect ho -- perl srv.pl 7000
cat >once.pl <<'END'
use IO::Socket::INET;
my $l = IO::Socket::INET->new(Listen => 9, LocalPort => 7000, ReuseAddr => 1) or die;
while (my $c = $l->accept) { <$c>; print $c "hi\n"; close $c }
END
broken "it hangs up" 'answers the greeting and hangs up' --port 7000 -- perl once.pl
is "nothing is left" "$(pgrep -f "srv.pl 700" | wc -l)" 0
finish
