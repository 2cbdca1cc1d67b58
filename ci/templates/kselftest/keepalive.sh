#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kacheck as a test of the kernel's own selftests: copy this folder to tools/testing/selftests/keepalive,
# or run it by itself. TEST_PROGS := keepalive.sh
exec kacheck run --format ktap --exit-style kselftest "$@"
