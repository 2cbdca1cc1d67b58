/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the sysctl.d reader share. */
#ifndef KA_SYSCTLD_PRIVATE_H
#define KA_SYSCTLD_PRIVATE_H

#include <stdarg.h>

#include "sysctld.h"

/* How much a set holds: what ka_sysctl_back() returns to after a failure. */
struct ka_sysctl_mark {
	size_t n, n_files;
};

struct ka_sysctl_mark ka_sysctl_mark(const struct ka_sysctl_set *set);
/* Drops what was added since @mark if @ret is an error; returns @ret. */
int ka_sysctl_back(struct ka_sysctl_set *set, struct ka_sysctl_mark mark, int ret);

/* "file:line: what": the text says all, so no errno is appended. Returns -EINVAL. */
int ka_sysctl_bad(struct nn_err *err, const char *file, unsigned line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* --system, below the directory @root ("": the host's own). */
int ka_sysctl_read_system_at(struct ka_sysctl_set *set, const char *root, struct nn_err *err);

#endif
