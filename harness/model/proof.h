/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence by contract. What is done promises evidence; the bench says of each kind that it took it
 * whole (KA_EV_PROOF), or what kept it from doing so (KA_EV_GAP); the judge holds the one against the
 * other. Silence is no proof.
 */
#ifndef KA_PROOF_H
#define KA_PROOF_H

/* Kinds of evidence, as bits. */
enum ka_proof {
	KA_PROOF_CAPTURE = 1u << 0,  /* every packet of this end's device was seen */
	KA_PROOF_COUNTERS = 1u << 1, /* this end's counters, before and after */
	KA_PROOF_FAULT = 1u << 2,    /* a fault took effect: KA_EV_FAULT of its step */
	KA_PROOF_CHECK = 1u << 3,    /* KA_EV_CHECK of its step */
	KA_PROOF_SOCKET = 1u << 4,   /* sock_diag of this end when it was over */
	KA_PROOF_INFO = 1u << 5,     /* TCP_INFO of the prober */
	KA_PROOF_LOAD = 1u << 6,     /* what became of the connections besides */
	KA_PROOF_CALLS = 1u << 7,    /* the calls on the socket after its end */
	KA_PROOF_EVENTS = 1u << 8,   /* epoll */
	KA_PROOF_BLOCKED = 1u << 9,  /* what the blocked call returned */
	KA_PROOF_HOST = 1u << 10,    /* packets lost between namespaces */
	/* of a program, in place of INFO, CALLS and EVENTS, which only a peer of our own has */
	KA_PROOF_OPTIONS = 1u << 11, /* the options of its sockets: KA_EV_OPTIONS */
	KA_PROOF_HOLDERS =
		1u << 12, /* who holds its socket: KA_EV_HOLD, each time that it changed */
};

/* "the capture", "the counters": in the words of a finding. */
const char *ka_proof_name(enum ka_proof proof);

#endif
