#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ci/kernels and ci/bisect, without building or fetching a kernel: make, apt and kacheck are played by
# scripts of a few lines. A real build is what the guest tests begin with.
# shellcheck source=harness/tests/shell/lib.bash
. "$(dirname "$0")/lib.bash"
need git make bc bison flex gcc strip
top=$PWD
export XDG_CACHE_HOME=$work/cache GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t
mkdir "$work/bin"
PATH=$work/bin:$PATH

player() {
	cat >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

# Does not compile a MISTAKE; what a WORM does is seen only when the kernel runs. LACKS: what it does
# not know.
player make <<'END'
#!/bin/sh
for word; do
	case $word in
	O=* | KBUILD_KCONFIG=* | KCONFIG_ALLCONFIG=*) eval "${word%%=*}=\${word#*=}" ;;
	esac
done
[ "$1" = -C ] || exit 1
if [ -n "$KCONFIG_ALLCONFIG" ]; then
	lacks=$(sed -n 's/^LACKS //p' "$2/timer.c")
	{ grep -vE "${lacks:-^$}" "$KCONFIG_ALLCONFIG"; sed -n '/^config HZ/,/default/s/.*default /CONFIG_HZ=/p' \
		"$KBUILD_KCONFIG"; grep WORM "$2/timer.c"; } >"$O/.config"
	exit 0
fi
echo built >>"$O/log"
! grep MISTAKE "$2/timer.c" && cp /bin/true "$O/linux"
END
player kacheck <<'END'
#!/bin/sh
for word; do case $word in uml:*) kernel=${word#uml:} ;; esac; done
[ -x "$kernel" ] || exit 99
! grep -q WORM "${kernel%/linux}/config"
END

# ---- a tree with a history ----------------------------------------------------------------------

tree=$work/tree
commit() {
	printf '%s\n' "$2" >"$tree/timer.c"
	git -C "$tree" add -A
	git -C "$tree" commit -q -m "$1"
	git -C "$tree" tag "$1"
}
mkdir -p "$tree/arch/um"
git init -q "$tree"
echo 'mainmenu "Linux"' >"$tree/Kconfig"
touch "$tree/arch/um/Kconfig"
commit good one
commit harmless two
commit untidy three
commit does_not_compile MISTAKE
commit compiles_again four
commit harmless_too five
commit guilty 'WORM one'
commit last 'WORM two'

cd "$tree" || exit 1
git bisect start last good >"$work/start" 2>&1
KACHECK=$work/bin/kacheck run git bisect run "$top/ci/bisect" --filter 'silent_drop/*'
has "bisect names the commit" "$out" "$(git rev-parse guilty) is the first bad commit"
is "bisect: exit status" "$status" 0
has "bisect steps over what does not compile" "$(git bisect log)" "skip: .*$(git rev-parse does_not_compile)"
is "bisect leaves the tree as it is" "$(git status --porcelain --ignored)" ""
is "bisect builds on what it has built" \
	"$(wc -l <"$work/cache/kacheck/bisect-objects/log")" "$(git bisect log | grep -c '^git bisect [bgs].*[0-9a-f]$')"
git bisect reset >"$work/reset" 2>&1
git checkout -q good

# bisect_says STATUS PATTERN FOLDER
bisect_says() {
	KACHECK=$work/bin/kacheck KACHECK_BISECT_TREE=$3 run "$top/ci/bisect"
	is "bisect in $3: exit status" "$status" "$1"
	says "bisect in $3" "$2"
}
bisect_says 128 'is no kernel tree' "$work"
touch "$tree/.config"
bisect_says 128 "make mrproper" "$tree"
rm "$tree/.config"

# ---- build-uml ----------------------------------------------------------------------------------

build() {
	run "$top/ci/kernels/build-uml" --tree "$tree" "$@"
}
build --hz 100,1000
is "build-uml: one line for each HZ" "$(wc -l <<<"$out")" 2
is "build-uml: exit status" "$status" 0
before=$out
build --hz 100,1000
is "build-uml finds what it has built" "$out" "$before"
is "... and says nothing" "$err" ""
echo six >"$tree/timer.c"
build --hz 100
has "a change makes another kernel" "$(grep -c -x -F "$out" <<<"$before")" '^0$'
has "no work is left in the cache" "$(find "$work/cache/kacheck" -name '.work*' | wc -l)" '^0$'

echo 'LACKS CONFIG_(MPTCP|MPTCP_IPV6|NFT_COUNTER)=' >"$tree/timer.c"
build
is "build-uml of an old tree" "$status" 0
has "... and says what is left out" "$err" 'left out CONFIG_MPTCP: mptcp_\* is skipped'
is "... says all of it" "$(grep -c 'left out' <<<"$err")" 3
echo 'LACKS CONFIG_(MPTCP|VETH)=' >"$tree/timer.c"
ends 99 "build-uml of a tree without veth" "$top/ci/kernels/build-uml" --tree "$tree"
has "... and says why" "$err" 'does not know, or not allow: CONFIG_VETH=y$'

# A tree that another repository ignores is not that repository's commit.
git -C "$work" init -q
echo tree >"$work/.gitignore"
git -C "$work" add .gitignore
git -C "$work" commit -q -m outer
rm -rf "$tree/.git"
build
before=$out
echo seven >"$tree/timer.c"
build
is "a tree inside a repository is seen to change" "$(grep -c -x -F "$out" <<<"$before")" 0

# build_says STATUS PATTERN ARGUMENT...
build_says() {
	local wanted=$1 pattern=$2
	shift 2
	ends "$wanted" "build-uml $*" "$top/ci/kernels/build-uml" "$@"
	says "build-uml $*" "$pattern"
}
build_says 2 'none of 100, 250, 300, 1000' --hz 200
build_says 2 'no version like' --source six
build_says 2 'is no kernel tree' --tree "$work"
build_says 2 'stays as it is' --tree "$tree" --patch "$work/.gitignore"
build_says 2 'cannot read' --patch "$work/none.patch"

# ---- mutants ------------------------------------------------------------------------------------

run "$top/ci/mutants" --list
is "mutants: one line each" "$(wc -l <<<"$out")" "$(find "$top/ci/kernels/mutants" -name '*.patch' | wc -l)"
for patch in "$top"/ci/kernels/mutants/*.patch; do
	is "mutants: $(basename "$patch") begins with what the reader must know" \
		"$(sed '/^--- /,$d; s/: .*//' "$patch" | sort -u | xargs)" "rule run sees what"
done
ends 2 "mutants: an unknown name" "$top/ci/mutants" nobody
says "mutants: an unknown name" "there is no 'nobody'"
echo new >"$tree/timer.c"
XDG_CACHE_HOME=$work/.gitignore build_says 77 'set XDG_CACHE_HOME' --tree "$tree"

# ---- get-image ----------------------------------------------------------------------------------

player apt-cache <<'END'
#!/bin/sh
printf 'linux-image-%s\n' 6.1.0-9-cloud-amd64 6.1.0-10-cloud-amd64 6.12.1+deb12-amd64
END
player apt-get <<'END'
#!/bin/sh
echo "E: Failed to fetch $2  Could not resolve 'deb.example.org'"
exit 100
END
image_says() {
	local wanted=$1 pattern=$2
	shift 2
	ends "$wanted" "get-image $*" "$top/ci/kernels/get-image" "$@"
	has "get-image $*" "$(tail -n 1 <<<"$err")" "$pattern"
}
image_says 77 'cannot fetch linux-image-6.1.0-10-cloud-amd64: E: .*resolve.*is there a network' 6.1
image_says 2 "no kernel '5.10' for .* is offered; see .*--list" 5.10
image_says 2 'say which version'
XDG_CACHE_HOME=$work/.gitignore image_says 77 'set XDG_CACHE_HOME' 6.1
has "no work is left" "$(find "$work/cache/kacheck" -name '.work*' | wc -l)" '^0$'
finish
