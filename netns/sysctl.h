/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sysctls of one namespace; @key is below /proc/sys, with '/' ("net/ipv4/tcp_keepalive_time"). */
#ifndef NN_SYSCTL_H
#define NN_SYSCTL_H

#include <stddef.h>

#include "err.h"
#include "ns.h"

/* Reads the value without its newline into @buf. Returns its length or -errno. */
int nn_sysctl_get(const struct nn_ns *ns, const char *key, char *buf, size_t size,
		  struct nn_err *err);

/* Writes @value; returns 0 or the kernel's -errno (-EINVAL: out of range; -EROFS: the
 * container's /proc/sys is read-only, named in @err; -EACCES: only this one cannot be written). */
int nn_sysctl_set(const struct nn_ns *ns, const char *key, const char *value, struct nn_err *err);

/* nn_sysctl_set, then reads back and compares: -ENOMSG when the kernel kept something else. */
int nn_sysctl_put(const struct nn_ns *ns, const char *key, const char *value, struct nn_err *err);

#endif
