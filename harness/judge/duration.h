/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long an instance takes: for schedule and shards, and for giving up. */
#ifndef KA_DURATION_H
#define KA_DURATION_H

#include "judge/judge.h"

/* Seconds that the steps of @instance take at the most that can be said before they are done:
 * waits for probes count with the setting's longest rounding. */
double ka_steps_s(const struct ka_instance *instance);

/* Fills expected_s and give_up_s of @out, from the rest of it. */
void ka_predict_duration(const struct ka_instance *instance, int hz, struct ka_prediction *out);

#endif
