/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which instances of a plan show what a host has: for each thing that any of them needs, one. */
#ifndef KA_DOCTOR_PLAN_H
#define KA_DOCTOR_PLAN_H

#include "plan/plan.h"

/* One thing that instances need: a bit of enum ka_need, else a sysctl that not every kernel has,
 * else a release. */
struct ka_probe {
	unsigned need;
	const char *key;
	const struct ka_case *case_;
	size_t instance; /* that shows it: index into the examined plan */
};

struct ka_probes {
	struct ka_probe *all; /* owned */
	size_t n;
	struct ka_plan examined; /* the instances that show them */
};

/* True when @instance needs what @probe is about. */
bool ka_probe_matches(const struct ka_probe *probe, const struct ka_instance *instance);

/* Finds the probes of @plan, and for each the instance that needs the least besides and ends first.
 * 0 or -ENOMEM. */
int ka_probes_of(struct ka_probes *probes, const struct ka_plan *plan);
void ka_probes_free(struct ka_probes *probes);

#endif
