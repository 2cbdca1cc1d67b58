/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections of a look with what is computed of each, put into groups, and asked questions. Pure. */
#ifndef KA_SEEN_H
#define KA_SEEN_H

#include "rollout/fleet.h"
#include "rollout/live_cost.h"
#include "rollout/presets.h"
#include "rollout/questions.h"

/* With the values of now, and with those that a file would make. */
enum ka_seen_when { KA_SEEN_NOW, KA_SEEN_AFTER, KA_SEEN_TIMES };

struct ka_seen {
	const struct ka_live *live;
	const struct ka_live_socket *socket;
	struct ka_live_rule rule[KA_SEEN_TIMES];
	struct ka_live_cost cost[KA_SEEN_TIMES];
};

/* Which connections: of a program (the first 15 bytes of its name count, as the kernel keeps no more), to a
 * service's port. */
struct ka_seen_filter {
	const char *program; /* NULL: any */
	unsigned port;       /* 0: any */
};

/* What a dead peer costs. */
enum ka_seen_class {
	KA_SEEN_NEVER,
	KA_SEEN_HOURS,
	KA_SEEN_MINUTES,
	KA_SEEN_SECONDS,
	KA_SEEN_UNKNOWN, /* its options are not known */
	KA_SEEN_CLASSES
};
enum ka_seen_class ka_seen_class(const struct ka_live_cost *cost);
/* "never", "hours", ... */
const char *ka_seen_class_name(enum ka_seen_class class);

/* Connections of one program, to one port, with the same options and in the same state. */
struct ka_seen_group {
	const struct ka_seen *list; /* beside each other */
	size_t n;
	size_t namespaces;
	double window_s[KA_SEEN_TIMES][2]; /* the earliest and the latest end; INFINITY: never */
	int64_t quiet_ms;                  /* the longest */
	enum ka_seen_class worst;
};

struct ka_seen_all {
	struct ka_seen *list; /* the established ones first */
	size_t n, established;
	struct ka_seen_group *groups; /* the worst first; the established ones before the others */
	size_t n_groups, established_groups;
	int hz;
};

/* @all is filled on success only, and refers to @fleet; free it. 0 or -ENOMEM. */
int ka_seen_look(struct ka_seen_all *all, const struct ka_fleet *fleet,
		 const struct ka_seen_filter *filter, int hz, struct nn_err *err);
void ka_seen_free(struct ka_seen_all *all);

/* ---- questions ---------------------------------------------------------------------------- */

enum ka_seen_reply { KA_SEEN_YES, KA_SEEN_NO, KA_SEEN_NOT_KNOWN };

/* Of one established connection: whenever its peer dies, also now. KA_ASK_RATE is none of one connection:
 * yes. */
enum ka_seen_reply ka_seen_reply(const struct ka_seen *seen, enum ka_seen_when when,
				 const struct ka_question *question, int hz);
/* Why, into @buf, which is returned. */
const char *ka_seen_reason(const struct ka_seen *seen, enum ka_seen_when when,
			   const struct ka_question *question, int hz, char *buf, size_t size);

struct ka_seen_tally {
	enum ka_seen_reply reply;    /* of all together */
	size_t count[3];             /* by enum ka_seen_reply */
	const struct ka_seen *worst; /* one for which it is not yes; NULL: there is none */
	double rate; /* KA_ASK_RATE: probes a second of those whose options are known */
};
struct ka_seen_tally ka_seen_ask(const struct ka_seen_all *all, enum ka_seen_when when,
				 const struct ka_question *question);

/* True when an idle connection of @rule lives through @gateway; through a proxy none does. */
bool ka_seen_survives(const struct ka_live_rule *rule, const struct ka_preset *gateway, int hz);

/* ---- what would help ---------------------------------------------------------------------- */

struct ka_seen_help {
	bool keepalive;        /* SO_KEEPALIVE must be set */
	struct ka_knobs knobs; /* idle, intvl and cnt */
	unsigned ut_ms;
};

/* The smallest change of @rule with which all questions about one connection are answered with yes, at every
 * usual HZ. False: there is none. */
bool ka_seen_suggest(struct ka_seen_help *help, const struct ka_live_rule *rule,
		     const struct ka_questions *questions, int hz);

#endif
