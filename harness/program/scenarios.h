/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done to a program's connection: one row a scenario. Pure. */
#ifndef KA_SCENARIOS_H
#define KA_SCENARIOS_H

#include "model/case.h"

enum ka_scenario_number {
	KA_SCENARIO_SILENT,
	KA_SCENARIO_SILENT_NEW,
	KA_SCENARIO_SILENT_BUSY,
	KA_SCENARIO_SILENT_FULL,
	KA_SCENARIO_DEAF, /* what it sends is lost */
	KA_SCENARIO_MUTE, /* what it is sent is lost */
	KA_SCENARIO_FIN,
	KA_SCENARIO_RESET,
	KA_SCENARIO_REBOOT,
	KA_SCENARIO_FROZEN,
	KA_SCENARIO_RETURN, /* silent; and when all is over, it comes back */
	KA_SCENARIO_HEALTHY,
	KA_SCENARIO_OUTAGE_ONE,
	KA_SCENARIO_OUTAGE_MOST,
	KA_SCENARIO_GATEWAY, /* one for each that is tried */
	KA_SCENARIOS,
	KA_SCENARIO_SURVEY = KA_SCENARIOS, /* finds out the options; no row */
};

/* What the recipe, or the options, must have for a scenario to make sense. */
enum ka_scenario_needs {
	KA_SCENARIO_TALKS = 1u << 0,  /* something to ask the program */
	KA_SCENARIO_FLOODS = 1u << 1, /* something whose answer fills a window */
	KA_SCENARIO_KEEPALIVE =
		1u << 2, /* keepalive is on, with at least two probes and no user timeout */
};

/* How it ends by the kernel's rules. */
enum ka_scenario_end {
	KA_SCENARIO_EXPIRES,  /* keepalive, or never */
	KA_SCENARIO_REFUSED,  /* the first probe is answered with a RST, or never */
	KA_SCENARIO_GIVES_UP, /* tcp_retries2, or the user timeout */
	KA_SCENARIO_PERSISTS, /* the same of window probes */
	KA_SCENARIO_ENDS,     /* the other end says FIN */
	KA_SCENARIO_DIES,     /* ... or RST */
	KA_SCENARIO_WAITS,    /* window probes are answered: never, or the user timeout */
	KA_SCENARIO_LIVES,
};

struct ka_scenario {
	const char *name;  /* "silent": the last part of a case's name */
	const char *title; /* "silent, idle" */
	const char *why, *source, *lesson;
	unsigned needs;
	enum ka_scenario_end end;
	const struct ka_step *steps;
	size_t n_steps;
	bool brief; /* where it never ends, another scenario waits the whole time for that */
};

const struct ka_scenario *ka_scenario(enum ka_scenario_number number);

#endif
