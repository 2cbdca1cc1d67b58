/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the bench writes into the timeline, and how an instance ends. Below everything else of the
 * engine: what drives, gathers or does a step records here and asks nobody back.
 */
#ifndef KA_RECORD_H
#define KA_RECORD_H

#include "model/case.h"
#include "model/timeline.h"
#include "netns/topology.h"

struct ka_engine;

/* The end that .who of a step means; the gateway has none. */
enum ka_at ka_engine_end(const struct ka_engine *e, enum ka_who who);
enum nn_node ka_engine_node(const struct ka_engine *e, enum ka_who who);

/* CLOCK_MONOTONIC as it was when the engine last woke, or was done with something that may have taken
 * its time: in a guest each look at it is a system call. */
int64_t ka_engine_now(struct ka_engine *e);

/* The first gap of its kind at one end says enough. */
void ka_engine_event(struct ka_engine *e, struct ka_event event);
void ka_engine_fault(struct ka_engine *e, int step, uint64_t hits, const char *text);

/* ---- evidence by contract ------------------------------------------------------------------- */
/* Evidence @proof of @at was taken whole, unless a gap in it is on record. */
void ka_engine_proof(struct ka_engine *e, enum ka_at at, enum ka_proof proof);
/* It was not. */
void ka_engine_gap(struct ka_engine *e, enum ka_at at, struct ka_gap gap, const char *text);
/* One or the other: @ret is what gathering it returned, the text stands in @err. */
void ka_engine_gathered(struct ka_engine *e, enum ka_at at, enum ka_proof proof, int ret,
			const struct nn_err *err);

/* ---- the end of an instance ----------------------------------------------------------------- */
/* Nothing more is to be waited for. */
void ka_engine_finish(struct ka_engine *e, enum ka_end_why why);
/* The experiment cannot go on: skip where @ret says so, before anything is over, that the host
 * cannot do it, else broken. The first failure counts, whenever it comes; the text stands in e->err.
 * Returns @ret. */
int ka_engine_fail(struct ka_engine *e, int ret);
/* The same, and whose fault it is. */
int ka_engine_fail_by(struct ka_engine *e, int ret, enum ka_finding_code code);
/* True when the instance has failed. */
bool ka_engine_has_failed(const struct ka_engine *e);

#endif
