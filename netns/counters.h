/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SNMP counters of one namespace: /proc/net/snmp, netstat, snmp6. */
#ifndef NN_COUNTERS_H
#define NN_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ns.h"

#define NN_COUNTER_MISSING UINT64_MAX

struct nn_counters; /* keeps the files open: a later read costs two or three preads */

/* The counters @names: "TcpExt.TCPKeepAlive", "Tcp.OutRsts", "Ip.OutNoRoutes", "Ip6.OutNoRoutes",
 * "MPTcpExt....". The names must stay. Returns 0 or -errno. */
int nn_counters_open(const struct nn_ns *ns, const char *const *names, size_t n,
		     struct nn_counters **ret, struct nn_err *err);
struct nn_counters *nn_counters_close(struct nn_counters *counters);

/* Reads all of them into @values, in the order of their names; NN_COUNTER_MISSING where this kernel
 * has no such counter. Returns 0 or -errno. */
int nn_counters_read(struct nn_counters *counters, uint64_t *values, struct nn_err *err);

#endif
