/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that make the experiments of a rollout share. Nobody else includes this. */
#ifndef KA_MAKER_H
#define KA_MAKER_H

#include "rollout/trials.h"

struct ka_maker {
	struct ka_trials *trials;
	const struct ka_spec *spec;
	int hz;
	const char *release;
};

/* A new trial with these steps; its case stands where this is called. */
#define ka_trial_new(...) ka_trial_new_at(KA_HERE, __VA_ARGS__)
struct ka_trial *ka_trial_new_at(const char *declared, struct ka_maker *maker,
				 enum ka_trial_kind kind, struct ka_setting setting,
				 const struct ka_step *steps, size_t n_steps, const char *name,
				 const char *why);

/* @value as text that lives as long as the trial. */
const char *ka_trial_number(struct ka_trial *t, int64_t value);

/* Those of sysctls that are not about keepalive, of which more can be seen than that the kernel takes
 * them. */
void ka_trials_add_effects(struct ka_maker *maker);

#endif
