/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all formats have in common: sentences of a rollout. */
#ifndef KA_SYSCTL_WORDS_H
#define KA_SYSCTL_WORDS_H

#include "rollout/rollout.h"

/* Where a knob's value comes from, "60-x.conf:3"; and what became of it: "read back", "refused:
 * Invalid argument", "not tried". */
const char *ka_sysctl_origin(const struct ka_rollout *r, enum ka_knob knob, char *buf, size_t size);
const char *ka_sysctl_written(const struct ka_rollout *r, enum ka_knob knob, char *buf,
			      size_t size);

/* Why a line is not used; NULL: it is. */
const char *ka_sysctl_unused(const struct ka_rollout *r, const struct ka_sysctl_line *line,
			     char *buf, size_t size);

/* Who is not changed: four sentences, each with what was tried. */
struct ka_unchanged {
	const char *who;
	char shown[300];
	bool tried;
};
#define KA_N_UNCHANGED 4
void ka_sysctl_who(const struct ka_rollout *r, struct ka_unchanged who[KA_N_UNCHANGED]);

/* "shown: noticed after 60.2 s", "not tried". */
const char *ka_sysctl_proof(const struct ka_rollout *r, const struct ka_warning *finding, char *buf,
			    size_t size);

/* The experiments that did not happen or came out otherwise: the next one from *@at on; NULL: no
 * more. */
const struct ka_measured *ka_sysctl_odd(const struct ka_rollout *r, size_t *at);

#endif
