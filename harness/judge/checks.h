/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks: each compares one observed item with the prediction and adds a finding if they
 * differ. None looks at what another has found.
 */
#ifndef KA_CHECKS_H
#define KA_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "judge/evidence.h"
#include "model/finding.h"

/* ---- guards.c: did the experiment happen? ----------------------------------------------------- */

/* What the host and the bench kept from happening, or from being seen. */
void ka_guard(const struct ka_evidence *e, struct ka_findings *f);

/* What the kernel did otherwise for certain: what is seen here needs no other evidence beside it. */
void ka_check_facts(const struct ka_evidence *e, struct ka_findings *f);

/* ---- contract.c: was it seen? ------------------------------------------------------------------- */

/* What was promised as evidence is there. Of an instance that ran. */
void ka_check_contract(const struct ka_evidence *e, struct ka_findings *f);

/* ---- checks_time.c ------------------------------------------------------------------------------ */

/* The window of one run. */
struct ka_bounds {
	int64_t p1[2];  /* first probe, jiffies after L; for the timer's regimes only */
	int64_t end[2]; /* jiffies after the evidence's zero */
};

/* Inclusive, without any allowance. Returns false for what lives. */
bool ka_bounds_of(const struct ka_evidence *e, struct ka_bounds *out);

/*
 * @window (as ka_bounds_of() gives it) in ns after the evidence's zero: the one window that results
 * and findings speak of. L is truncated to a jiffy, so the first jiffy counts in full when only its
 * end is left: the low end is one less on CLOCK_MONOTONIC. What comes at once does not come before
 * its cause.
 */
void ka_window_ns(const struct ka_evidence *e, const int64_t window[2], int64_t ns[2]);

/* True when the timer was armed by the last segment that was received, or after it. */
bool ka_armed_fresh(const struct ka_evidence *e);

/* It ended, or it lives, as it must. */
void ka_check_end(const struct ka_evidence *e, struct ka_findings *f);
/* Not before the window, not after it. */
void ka_check_window(const struct ka_evidence *e, struct ka_findings *f);
/* Where the application is to hear of the end later than the kernel: so much later. */
void ka_check_notice(const struct ka_evidence *e, struct ka_findings *f);
/* A connection between what its window counts from and its end. */
struct ka_watched {
	int64_t zero_ns, end_ns;
	bool blind; /* its packets are not looked at */
};
/* The times, ns after what a window counts from, between which the end of @of is accepted: the window
 * and what the host, just then, and the truncation of jiffies may do. */
void ka_accepted_ns(const struct ka_evidence *e, const int64_t window[2],
		    const struct ka_watched *of, int64_t accepted[2]);
/* @off: measured jiffy minus predicted one. */
void ka_check_jiffy(const struct ka_evidence *e, int64_t off, struct ka_findings *f);

/* ---- checks_wire.c: what is sent, and how many -------------------------------------------------- */

void ka_check_probe_count(const struct ka_evidence *e, struct ka_findings *f);
void ka_check_answered(const struct ka_evidence *e, struct ka_findings *f);
/* Probes of the peer's own keepalive. */
void ka_check_received(const struct ka_evidence *e, struct ka_findings *f);
void ka_check_first_probe(const struct ka_evidence *e, struct ka_findings *f);
/* RFC 9293 3.8.4 MUST-26: no probe before the idle time is over, at any time of the connection. */
void ka_check_idle(const struct ka_evidence *e, struct ka_findings *f);
/* What the device refuses is tried again every HZ/2, and counts as no probe. */
void ka_check_refused(const struct ka_evidence *e, struct ka_findings *f);

/* tcp_xmit_probe_skb(): no payload, ACK alone, SEQ = SND.UNA - 1. */
void ka_check_probe_format(const struct ka_evidence *e, struct ka_findings *f);
/* tcp_send_active_reset(): RST|ACK, SEQ = SND.NXT. */
void ka_check_rst_format(const struct ka_evidence *e, struct ka_findings *f);
void ka_check_rst_counts(const struct ka_evidence *e, struct ka_findings *f);

/* ---- checks_header.c ----------------------------------------------------------------------------- */

/* What probes and their answers say beside flags and numbers, at both ends: time stamps, TTL, DF, TOS, a
 * window that does not shrink. */
void ka_check_headers(const struct ka_evidence *e, struct ka_findings *f);

/* ---- gaps.c: each probe comes when the one before says ------------------------------------------- */

void ka_check_gaps(const struct ka_evidence *e, struct ka_findings *f);

/* ---- checks_socket.c ----------------------------------------------------------------------------- */

/* tcp_poll() */
void ka_check_masks(const struct ka_evidence *e, struct ka_findings *f);
/* The error of the first call that fails. */
void ka_check_error(const struct ka_evidence *e, struct ka_findings *f);
/* read() gives 0 and write() EPIPE when the error is consumed. */
void ka_check_calls(const struct ka_evidence *e, struct ka_findings *f);
/* A call that was waiting is woken by the end, with the right answer. */
void ka_check_blocked(const struct ka_evidence *e, struct ka_findings *f);
/* The first report of the edge-triggered set (tcp_done_with_error()). */
void ka_check_edge(const struct ka_evidence *e, struct ka_findings *f);
/* What lay in the receive queue is still there after the end. */
void ka_check_unread(const struct ka_evidence *e, struct ka_findings *f);
/* TCP_INFO and sock_diag: closed after its end, there while it lives. */
void ka_check_state(const struct ka_evidence *e, struct ka_findings *f);
/* What steps were declared to find, and what the set-up was to read back. */
void ka_check_steps(const struct ka_evidence *e, struct ka_findings *f);

/* ---- checks_counters.c --------------------------------------------------------------------------- */

/* Counters that must move do, all others that are watched stay. */
void ka_check_counters(const struct ka_evidence *e, struct ka_findings *f);

/* ---- checks_app.c -------------------------------------------------------------------------------- */

/* The programs did what is declared, when it is declared, and nothing else. */
void ka_check_app(const struct ka_evidence *e, struct ka_findings *f);

/* ---- checks_load.c ------------------------------------------------------------------------------ */

/* The load was there, and its fault came before the first probe. */
void ka_guard_load(const struct ka_evidence *e, struct ka_findings *f);
/* All of it ended as the observed connection must, or all of it lives. */
void ka_check_load(const struct ka_evidence *e, struct ka_findings *f);

/* True when the observed number @seen is what @want (a number, KA_SOME, KA_ANY) asks for. */
bool ka_number_fits(int64_t seen, int want);
/* "3", "some", "any" into @buf. Returns @buf. */
const char *ka_number_text(int want, char buf[16]);

#endif
