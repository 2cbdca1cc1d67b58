/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the judge knows of each rule that ends a connection, beside model/regimes.h: one row for each
 * enum ka_when, of functions and of what stands on the wire. A new rule is a row here and one there.
 */
#ifndef KA_JUDGE_REGIMES_H
#define KA_JUDGE_REGIMES_H

#include "judge/backoff.h"
#include "judge/evidence.h"
#include "model/regimes.h"

struct ka_rule {
	/* Why @instance cannot end like this, or NULL; NULL: any can. */
	const char *(*check)(const struct ka_instance *instance);
	/* When the end comes, and after how many probes, if not as many as declared; NULL: never. */
	void (*predict)(const struct ka_instance *instance, int hz, struct ka_prediction *out);
	/* The packet that is, or announces, the end; NULL: there is none. */
	const struct ka_event *(*end_packet)(const struct ka_evidence *e);
	/* The timer whose intervals double, RTO as a LAN has it; NULL: none takes part. */
	struct ka_backoff (*timer)(const struct ka_instance *instance, int hz);
	enum ka_segment expiry; /* what each of its expiries sends */
};

const struct ka_rule *ka_rule(enum ka_when when);

#endif
