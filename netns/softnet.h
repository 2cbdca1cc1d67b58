/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that the host itself lost on the way between two namespaces: each CPU has a queue of
 * net.core.netdev_max_backlog packets, shared by all namespaces.
 */
#ifndef NN_SOFTNET_H
#define NN_SOFTNET_H

#include <stdint.h>

/* So many since boot, by all CPUs; 0 where the kernel does not say. */
uint64_t nn_softnet_dropped(void);
/* The same from the text of /proc/net/softnet_stat. Pure. */
uint64_t nn_softnet_sum(const char *text);

#endif
