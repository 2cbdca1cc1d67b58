#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The HTML pages in a real browser: Chromium, driven by playwright-core from npm.
# shellcheck source=lib.bash
. "$(dirname "$0")/lib.bash"
need jq node npm chromium perl
cd "$work" || exit 99
here=$OLDPWD
tests=$(cd "$here" && cd "$(dirname "$0")/.." && pwd)

mkdir browser
cp "$tests/browser/package.json" "$tests/browser/page.js" browser
if ! (cd browser && npm install --no-audit --no-fund) >npm.log 2>&1; then
	[ "${KACHECK_TOOLS-}" != required ] || { not_ok "npm install" "$(tail -n 5 npm.log)"; finish; }
	skip_all "npm cannot get playwright-core: $(tail -n 1 npm.log)"
fi

"$KACHECK" run --filter 'silent_drop' --filter answered --filter 'peer_killed*' --format json >one.json
is "a run" "$?" 0
"$KACHECK" report --format html one.json >one.html
is "its page" "$?" 0
is "nothing is loaded from anywhere" "$(grep -c -E '(src|href)="?(https?:)?//|@import|url\(' one.html)" 0

late='.kernel.release = "9.9.9" | del(.plan)'
jq -c "$late"' | if .instance == "silent_drop/1-1-3/v4/client" then .verdict = "fail" | .why = "ended late"
	| .findings = [{code: "end_late", class: "loss", text: "ended late", step: null, where: null}] else . end' \
	one.json >other.json
"$KACHECK" report --format html <(jq -c 'del(.plan)' one.json) other.json >two.html
is "two kernels" "$?" 1

attack='</script><script>owned=1</script><img src=x onerror=owned=2><b>'
jq -c --arg a "$attack" 'select(.instance == "silent_drop/1-1-1/v4/client") | del(.plan) | .instance = "silent_drop/\($a | gsub("/"; "/"))/v4/client"
	| .case = $a | .title = $a | .rule = $a | .why = $a | .errno = $a | .theme = $a | .verdict = "fail"
	| .findings = [{code: $a, class: "kernel", text: $a, step: null, where: $a}]
	| .kernel.release = $a | .kernel.where = $a | .timeline[].what = $a' one.json >hostile.json
"$KACHECK" report --format html hostile.json >hostile.html
is "hostile text" "$?" 1
is "no text ends the script" "$(grep -c 'owned=1</script' hostile.html)" 0

jq -c 'del(.plan) | if .instance == "peer_killed/1-1-1/v4/client" then .verdict = "broken" | .why = "host stalled" else . end' \
	one.json >before.json
jq -c 'del(.plan) | .kernel.release = "9.9.9"
	| if .instance == "silent_drop/1-1-3/v4/client" then .verdict = "fail" | .why = "ended late" | .detect_s += 1
		| .findings = [{code: "end_late", class: "loss", text: "ended late", step: null, where: null}]
	elif .instance == "silent_drop/1-1-1/v6/client" then .detect_s = 2.9 | .off_jiffies = 220
	elif .instance == "silent_drop/1-1-3/v6/client" then .errno = "ECONNRESET"
	elif .instance == "silent_drop/2-1-3/v4/client" then .instance = "silent_drop/2-1-9/v4/client" else . end' \
	one.json >after.json
"$KACHECK" compare --format html before.json after.json >compare.html
is "a comparison" "$?" 1
is "compare: nothing is loaded from anywhere" "$(grep -c -E '(src|href)="?(https?:)?//|@import|url\(' compare.html)" 0
"$KACHECK" compare --format html before.json hostile.json >compare_hostile.html
is "compare: hostile text" "$?" 0
is "compare: no text ends the script" "$(grep -c 'owned=1</script' compare_hostile.html)" 0

# A rollout and a program; the name of one, and what the other says, would run if it were markup.
attack='<img src=x onerror=owned=1>'
printf 'net.ipv4.tcp_keepalive_%s\n' 'time = 1' 'intvl = 1' 'probes = 2' >"$attack"
"$KACHECK" sysctl "$attack" --kernel host --budget 4s --detect-within 5s --detect-busy-within 1m --suggest \
	--format html >sysctl.html 2>sysctl.err &
rollout=$!
cat >srv.pl <<'END'
use Socket;
socket(my $l, PF_INET, SOCK_STREAM, 6);
setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1);
setsockopt($l, SOL_SOCKET, SO_KEEPALIVE, 1);
setsockopt($l, 6, 4, 2);
setsockopt($l, 6, 5, 1);
setsockopt($l, 6, 6, 2);
bind($l, sockaddr_in(7000, INADDR_ANY));
listen($l, 9);
print STDERR "$ARGV[0]\n";
accept(my $c, $l);
while (sysread($c, my $text, 99)) { syswrite($c, $text) }
END
"$KACHECK" program --quiet --kernel host --budget 6s --port 7000 --send hello --keepalive 2/1/2 --detect-busy-within 1m \
	--filter '*.silent/*' --format html -- perl srv.pl "$attack" >program.html 2>program.err
is "a program" "$?" 1
wait "$rollout"
is "a rollout" "$?" 1
for page in sysctl program; do
	is "$page: nothing is loaded from anywhere" "$(grep -c -E '(src|href)="?(https?:)?//|@import|url\(' $page.html)" 0
done

lines=$(wc -l <one.json)
for ((i = 0; i * lines < 10000; i++)); do
	jq -c --argjson i "$i" 'del(.plan) | .repetition = $i' one.json
done >big.json
"$KACHECK" report --format html big.json >big.html
is "ten thousand results" "$?" 0
is "... below 10 MB" "$(($(wc -c <big.html) < 10000000))" 1

shots=${KACHECK_SCREENSHOTS-}
[ -z "$shots" ] || mkdir -p "$shots"
(cd browser && node page.js "$(command -v chromium)" "$work" "$shots") >browser.log 2>&1
is "in the browser" "$?" 0
sed 's/^/  /' browser.log
finish
