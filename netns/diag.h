/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sock_diag knows of one TCP socket (linux/sock_diag.h, linux/inet_diag.h). */
#ifndef NN_DIAG_H
#define NN_DIAG_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "link.h"
#include "ns.h"

/* Values of idiag_timer. */
enum nn_timer {
	NN_TIMER_OFF,
	NN_TIMER_RETRANS,
	NN_TIMER_KEEPALIVE,
	NN_TIMER_TIMEWAIT,
	NN_TIMER_PROBE0,
	NN_TIMER_DELACK
};

/* The fields of struct tcp_info that matter here; a copy, because <linux/tcp.h> and
 * <netinet/tcp.h> both define that struct and cannot be included together. */
struct nn_diag {
	uint8_t family;      /* AF_INET, AF_INET6 */
	uint8_t state;       /* TCP_ESTABLISHED 1 ... TCP_CLOSE 7 */
	uint8_t timer;       /* enum nn_timer */
	uint8_t probes_out;  /* idiag_retrans */
	uint32_t expires_ms; /* idiag_expires: time to the unrounded expiry */
	uint32_t rqueue, wqueue;
	uint32_t inode; /* of the file that a process has of it (holder.h); 0: nobody has one */
	uint32_t uid;
	uint32_t cookie[2];
	uint8_t local[16], remote[16]; /* addresses; IPv4 in the first 4 bytes */
	bool has_info; /* the rest is set: a socket in TIME_WAIT or SYN_RECV has none */
	uint8_t probes, retransmits, backoff;
	uint32_t rto_us;
	uint32_t last_data_sent_ms, last_data_recv_ms, last_ack_recv_ms;
};

/* The timer that is about data or life. Since Linux 7.1, where no such timer runs, an ACK that is put off is
 * told in its place: that is none. */
unsigned nn_diag_timer(const struct nn_diag *diag);

/* Which connection. */
struct nn_diag_key {
	int family;
	uint16_t sport, dport;        /* host order; 0: any */
	struct nn_addr local, remote; /* of family 0: any */
};

/* The connected socket that @key tells. -ENOENT if there is none. Where the key leaves nothing open,
 * the kernel looks it up; else its table of the connections of all namespaces is walked (milliseconds
 * on a large machine). */
int nn_diag_get(struct nn_ns *ns, const struct nn_diag_key *key, struct nn_diag *out,
		struct nn_err *err);

/* Reads the very socket again that nn_diag_get() found. -ENOENT when it is gone. */
int nn_diag_again(struct nn_ns *ns, const struct nn_diag_key *key, struct nn_diag *inout,
		  struct nn_err *err);

/* SOCK_DESTROY on that socket (as `ss -K`). -EOPNOTSUPP without CONFIG_INET_DIAG_DESTROY. */
int nn_diag_destroy(struct nn_ns *ns, const struct nn_diag_key *key, struct nn_err *err);

#define NN_ALL_STATES 0xffffffffu

/* Calls @each for every TCP socket of @ns, IPv4 and IPv6, in one of @states (1 << TCP_ESTABLISHED ...),
 * with its ports in host order. @each returns 0 to go on. */
int nn_diag_walk(struct nn_ns *ns, uint32_t states,
		 int (*each)(const struct nn_diag *, uint16_t sport, uint16_t dport, void *arg),
		 void *arg, struct nn_err *err);

#endif
