/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What text and markdown have in common: figures and sentences of a rollout. */
#ifndef KA_SYSCTL_WORDS_H
#define KA_SYSCTL_WORDS_H

#include "rollout/rollout.h"

#define KA_ROW_TEXT 80

/* One line of before and after. */
struct ka_row {
	const char *what;
	char before[KA_ROW_TEXT], after[KA_ROW_TEXT];
};

#define KA_MAX_SIDE_ROWS 16

/* The figures side by side. Returns how many. */
size_t ka_sysctl_rows(const struct ka_rollout *r, struct ka_row rows[KA_MAX_SIDE_ROWS]);

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

/* "yes", "no"; "yes (computed)". */
const char *ka_sysctl_reply(const struct ka_reply *reply);

/* "Linux 6.12.0, HZ 250, virtual clock (uml:...)". */
const char *ka_sysctl_kernel(const struct ka_rollout *r, char *buf, size_t size);

/* The experiments that did not happen or came out otherwise: the next one from *@at on; NULL: no
 * more. */
const struct ka_measured *ka_sysctl_odd(const struct ka_rollout *r, size_t *at);

/* How the experiments went, in a sentence. */
const char *ka_sysctl_tally(const struct ka_rollout *r, char *buf, size_t size);

#endif
