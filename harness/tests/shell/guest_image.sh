#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A distribution's kernel, as it is shipped, under QEMU: a short plan, from the handshake to two hours.
# shellcheck source=harness/tests/shell/lib.bash
. "$(dirname "$0")/lib.bash"
need jq qemu-system-x86_64
image=$(kernel image) || skip_all "no image; ci/kernels/get-image fetches one"

ends 0 "a short plan" "$KACHECK" run --kernel "image:$image" --setting linux-default --setting 1/1/3 --seed 1 --strict \
	--filter 'silent_drop/*' --filter 'peer_*/*/v4/client' --format json
[ "$status" = 0 ] || printf '%s\n' "$err"
is "every one passes" "$(jq -r .verdict <<<"$out" | sort -u)" pass
is "predicted to the jiffy" \
	"$(jq -r '.off_jiffies | values | select(. != 0 and . != 1)' <<<"$out" | sort | uniq -c)" ""
is "the kernel is the image's" "vmlinuz-$(jq -r .kernel.release <<<"$out" | sort -u)" \
	"$(basename "$image")"
is "more than two hours" \
	"$(jq -r 'select(.instance == "silent_drop/linux-default/v4/client") | .detect_s > 7875' \
		<<<"$out")" true
printf '%d instances in %d s\n' "$(wc -l <<<"$out")" $SECONDS
finish
