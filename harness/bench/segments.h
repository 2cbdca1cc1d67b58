/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads captured frames of one connection at one end and says what each segment is: data,
 * keepalive probe, answer, RST. Pure; the names are those of RFC 9293 (SND.UNA, RCV.NXT).
 */
#ifndef KA_SEGMENTS_H
#define KA_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/timeline.h"

/* One direction: what its sender has sent and what it was told. Sequence numbers are relative to
 * the sender's initial one. */
struct ka_half {
	bool have_isn;
	uint32_t isn;
	uint32_t snd_nxt;    /* highest sequence number seen plus one */
	uint32_t snd_una;    /* acknowledged by the other end, as far as it arrived here */
	uint32_t rcv_nxt;    /* what it has received in order, as far as seen here */
	uint32_t edge;       /* end of the window that it grants, in the other's sequence numbers */
	uint8_t scale_offer; /* window scale of its SYN plus one; 0: none */
	bool probing;        /* its last segment was a keepalive probe, not answered yet */
};

/* The connection as seen from one device. */
struct ka_flow {
	enum ka_at at;          /* KA_AT_CLIENT or KA_AT_SERVER */
	uint16_t server_port;   /* host order */
	uint16_t client_port;   /* learnt from the SYN; 0 before */
	bool over;              /* the client's next SYN begins another connection */
	struct ka_half half[2]; /* by sender: KA_AT_CLIENT, KA_AT_SERVER */
};

void ka_flow_init(struct ka_flow *flow, enum ka_at at, uint16_t server_port);

/*
 * Parses the Ethernet frame @bytes, updates @flow, fills @out. Returns false for what does not
 * belong to the connection (another protocol, another port, cut off).
 */
bool ka_flow_packet(struct ka_flow *flow, const uint8_t *bytes, size_t len, struct ka_packet *out);

/* How many bytes @sender may still send into the window that it was granted, as far as seen here. */
uint32_t ka_flow_room(const struct ka_flow *flow, enum ka_at sender);

/* True when everything that either end sent has been acknowledged, as far as seen here. */
bool ka_flow_settled(const struct ka_flow *flow);

#endif
