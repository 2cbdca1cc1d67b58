/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SNMP counters of one namespace: /proc/net/snmp, netstat, snmp6. */
#ifndef NN_COUNTERS_H
#define NN_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "ns.h"

#define NN_COUNTER_MISSING UINT64_MAX

struct nn_counters; /* keeps the files open: a later read costs three preads */

int nn_counters_open(const struct nn_ns *ns, struct nn_counters **ret, struct nn_err *err);
struct nn_counters *nn_counters_close(struct nn_counters *counters);

/* Reads the counters named "TcpExt.TCPKeepAlive", "Tcp.OutRsts", "Ip.OutNoRoutes",
 * "Ip6.OutNoRoutes", "MPTcpExt...." into @values; NN_COUNTER_MISSING where this kernel has no
 * such counter. Returns 0 or -errno. */
int nn_counters_read(struct nn_counters *counters, const char *const *names, uint64_t *values,
		     size_t n, struct nn_err *err);

#endif
