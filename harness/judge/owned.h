/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The times in which a process owns the prober's socket: sock_owned_by_user(). */
#ifndef KA_OWNED_H
#define KA_OWNED_H

#include <stdbool.h>
#include <stdint.h>

#include "judge/evidence.h"
#include "model/finding.h"

struct ka_owned {
	int step;         /* index of the KA_OWN; begin with -1 */
	int64_t from_ns;  /* since then for certain */
	int64_t until_ns; /* until then for certain, */
	int64_t free_ns;  /* and from then on no more */
};

/* The next one after @owned->step that is over. Returns false if there is none. */
bool ka_owned_next(const struct ka_evidence *e, struct ka_owned *owned);

/* When the prober first sends something after @ns; 0: never. */
int64_t ka_owned_sent_ns(const struct ka_evidence *e, int64_t ns);

/* Nothing is sent meanwhile, and what keepalive's timer puts off is sent within HZ/20 after it. */
void ka_check_owned(const struct ka_evidence *e, struct ka_findings *f);

#endif
