/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that the host itself lost on the way between two namespaces: each CPU has a queue of
 * net.core.netdev_max_backlog packets, shared by all namespaces.
 */
#ifndef NN_SOFTNET_H
#define NN_SOFTNET_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/* So many since boot, by all CPUs, into @sum. 0 or -errno. */
int nn_softnet_dropped(uint64_t *sum, struct nn_err *err);
/* The same from the text of /proc/net/softnet_stat; false: it is empty, or no lines of such words. Pure. */
bool nn_softnet_sum(const char *text, uint64_t *sum);

#endif
