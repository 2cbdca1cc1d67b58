/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What really happened, run through the simulated timer: the end to the jiffy where the phase is
 * known, the window where steps have changed the timer's values on the way.
 */
#ifndef KA_REPLAY_H
#define KA_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "judge/evidence.h"

/*
 * The jiffy of the observed end minus the predicted one. Where an input lies so near to a tick that
 * it may belong to either jiffy, both are tried and what explains most counts. Returns false when
 * there is nothing to compare: no phase, another regime, no end, no memory.
 */
bool ka_replay_off(const struct ka_evidence *e, int64_t *off);

/* The window of the end in jiffies after L, over all phases. Returns false as above. */
bool ka_replay_window(const struct ka_evidence *e, int64_t window[2]);

/* How many attempts the device must have refused by the end, over all phases. Returns false
 * without a segment received, or memory. */
bool ka_replay_refused(const struct ka_evidence *e, int64_t range[2]);

/*
 * Of two offs that inputs beside a tick lead to, does @off explain more than @than? A host may be
 * late, nothing may be early: a small lateness before a great one, and any before being early.
 */
bool ka_off_explains(int64_t off, int64_t than);

#endif
