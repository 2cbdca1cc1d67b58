/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck sysctl: what a rollout does, to whom, and what it does not do. */
#ifndef KA_SYSCTL_H
#define KA_SYSCTL_H

#include <stdio.h>

#include "rollout/rollout.h"

enum ka_sysctl_format {
	KA_SYSCTL_TEXT,
	KA_SYSCTL_MARKDOWN,
	KA_SYSCTL_JSON,
	KA_SYSCTL_METRICS,
	KA_SYSCTL_HTML,
};

#define KA_MAX_ROLLED 64

struct ka_sysctl_options {
	const char *what[KA_MAX_ROLLED]; /* files, directories, words */
	size_t n_what;
	bool system;
	const char *from;    /* NULL: the kernel's defaults */
	const char *live;    /* look into this namespace, or "all"; NULL: no */
	const char *program; /* of those, only connections of this program; NULL: of any */
	unsigned port;       /* only those to this service; 0: to any */
	bool verbose;        /* all of them, however many */
	const char *kernel;  /* NULL: a guest kernel if there is one */
	double budget_s;
	unsigned user_timeout_ms; /* of the sockets that are asked about; 0: none */
	struct ka_questions questions;
	double rate;               /* 0: not asked */
	unsigned long connections; /* 0: not said */
	enum ka_sysctl_format format;
	bool suggest;
	int hz;      /* KA_HZ_OF_KERNEL, KA_HZ_ALL, or one */
	bool strict; /* what the tools would pass over is refused */
};

/* --live: looks, writes, complains itself (sysctl_live.c). */
int ka_sysctl_live(const struct ka_sysctl_options *options, const struct ka_sysctl_set *set);

/* What --suggest came to. */
struct ka_suggestion {
	enum { KA_SUGGEST_NOT_ASKED, KA_SUGGEST_NOTHING, KA_SUGGEST_NONE, KA_SUGGEST_CHANGE } kind;
	struct ka_rollout rollout; /* KA_SUGGEST_CHANGE: with the proposed values */
};

/* The writers (sysctl_page.c, sysctl_json.c, sysctl_html.c). 0 or -ENOMEM. */
int ka_sysctl_put_page(const struct ka_rollout *r, const struct ka_suggestion *suggestion,
		       bool markdown, FILE *out);
int ka_sysctl_put_json(const struct ka_rollout *r, const struct ka_suggestion *suggestion,
		       int status);
int ka_sysctl_put_html(const struct ka_rollout *r, const struct ka_suggestion *suggestion,
		       int status);
/* What --format json writes. A new reference, NULL without memory. */
json_t *ka_sysctl_json(const struct ka_rollout *r, const struct ka_suggestion *suggestion,
		       int status);

/* ---- what all formats have in common: sentences of a rollout (sysctl_words.c) ----------------- */

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
