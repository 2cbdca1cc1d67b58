/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a timeline to the inputs of ka_wheel_run(). */
#ifndef KA_REPLAY_INPUTS_H
#define KA_REPLAY_INPUTS_H

#include "judge/evidence.h"
#include "judge/wheel.h"

/* What happened to the prober's timer, in the order of time. */
struct ka_replay {
	struct ka_wheel_input *inputs; /* owned; .jiffy not set */
	int64_t *ns;                   /* owned; when each happened */
	size_t n;
};

/* Returns 0 or -ENOMEM. */
int ka_replay_new(const struct ka_evidence *e, struct ka_replay *out);
void ka_replay_free(struct ka_replay *replay);

#endif
