/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that look right and that no kernel has. Pure. */
#ifndef KA_SPELLING_H
#define KA_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

/* True when no kernel has @key ("net/ipv6/tcp_keepalive_time") and one of the known sysctls is meant:
 * its name is in @buf then. */
bool ka_spelling_meant(const char *key, char *buf, size_t size);

#endif
