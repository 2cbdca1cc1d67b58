/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's table of TCP sockets as a text: /proc/net/tcp and tcp6. */
#ifndef NN_TCP_TABLE_H
#define NN_TCP_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "ns.h"

struct nn_tcp_row {
	uint16_t sport, dport; /* host order */
	uint8_t state;         /* TCP_ESTABLISHED 1 ... TCP_CLOSE 7 */
	uint8_t timer;         /* enum nn_timer */
	uint8_t probes_out;
	uint64_t expires_ms; /* "tm->when", in steps of the clock tick of old (USER_HZ, 10 ms) */
};

/* One line of the table. False: it is none, like the headline. */
bool nn_tcp_row_parse(const char *line, struct nn_tcp_row *out);

/* The row of @ns, of the table of @family, with these ports. -ENOENT if there is none. */
int nn_tcp_row_get(const struct nn_ns *ns, int family, uint16_t sport, uint16_t dport,
		   struct nn_tcp_row *out, struct nn_err *err);

#endif
