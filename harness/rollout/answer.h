/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What values of the knobs mean for a socket that says nothing but SO_KEEPALIVE. Pure: the
 * arithmetic of judge/wheel.h, over all phases of the kernel's timers. */
#ifndef KA_ANSWER_H
#define KA_ANSWER_H

#include "rollout/knobs.h"

/* What becomes of an idle connection. */
enum ka_effect {
	KA_EFFECT_DETECTS, /* a dead peer is noticed */
	KA_EFFECT_KILLS,   /* probes = 0: a living one is declared dead */
	KA_EFFECT_SILENT,  /* time < 0: there never is a probe */
	KA_EFFECT_ENDLESS, /* intvl < 0: there is one probe, and no end */
};

/* Bytes of a probe or its answer as IP counts them: headers and time stamps, no payload. */
#define KA_PROBE_BYTES_V4 52
#define KA_PROBE_BYTES_V6 72

/* Seconds since the last segment received: at the earliest, at the latest. NAN: never. */
struct ka_answer {
	enum ka_effect effect;
	double nominal_s;
	double first_s[2];   /* the first probe */
	double detect_s[2];  /* an idle connection ends */
	double unacked_s[2]; /* one with unacknowledged data ends, counted from the write */
	double period_s[2];  /* from one answered probe to the next */
	unsigned ut_ms;      /* TCP_USER_TIMEOUT decides the ends; 0: it is not set */
	double gap_s;        /* from one unanswered probe to the next */
};

void ka_answer_predict(struct ka_answer *answer, const struct ka_knobs *knobs, int hz);

/* Probes in an hour of one connection: idle and alive (at the most), or to a dead peer while it
 * probes. */
double ka_answer_alive_per_hour(const struct ka_answer *answer);
double ka_answer_dead_per_hour(const struct ka_answer *answer);

/* True when something passes each @timeout_s, whatever the phase of the timers. */
bool ka_answer_keeps(const struct ka_answer *answer, double timeout_s);
/* True when it depends on the phase. */
bool ka_answer_may_keep(const struct ka_answer *answer, double timeout_s);

#endif
