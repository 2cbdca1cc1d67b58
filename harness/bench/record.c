/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See record.h. */
#include "bench/record.h"

#include <errno.h>
#include <stdio.h>

#include "bench/engine.h"
#include "model/util.h"

enum ka_at ka_engine_end(const struct ka_engine *e, enum ka_who who)
{
	return who == KA_PEER ? e->peer : e->prober;
}

enum nn_node ka_engine_node(const struct ka_engine *e, enum ka_who who)
{
	if (who == KA_GATEWAY)
		return NN_GATEWAY;
	return ka_engine_end(e, who) == KA_AT_CLIENT ? NN_CLIENT : NN_SERVER;
}

int64_t ka_engine_now(struct ka_engine *e)
{
	if (!e->now_ns)
		e->now_ns = ka_now_ns();
	return e->now_ns;
}

void ka_engine_event(struct ka_engine *e, struct ka_event event)
{
	if (!event.t_ns)
		event.t_ns = ka_now_ns();
	if (event.what == KA_EV_GAP && event.gap.step < 0) {
		if (e->gaps[event.at] & event.gap.proof)
			return;
		e->gaps[event.at] |= event.gap.proof;
	}
	if (ka_timeline_add(&e->record->timeline, &event))
		ka_engine_fail_by(e, nn_fail(&e->err, ENOMEM, "timeline"), KA_FIND_NOT_GATHERED);
}

void ka_engine_fault(struct ka_engine *e, int step, uint64_t hits, const char *text)
{
	struct ka_event event = { .at = KA_AT_BENCH, .what = KA_EV_FAULT };

	event.fault.step = step;
	event.fault.hits = hits;
	snprintf(event.fault.text, sizeof(event.fault.text), "%s", text);
	ka_engine_event(e, event);
}

/* ---- evidence by contract ------------------------------------------------------------------- */

void ka_engine_proof(struct ka_engine *e, enum ka_at at, enum ka_proof proof)
{
	if (!(e->gaps[at] & proof))
		ka_engine_event(e, (struct ka_event){ .t_ns = ka_engine_now(e),
						      .at = at,
						      .what = KA_EV_PROOF,
						      .proof = proof });
}

void ka_engine_gap(struct ka_engine *e, enum ka_at at, struct ka_gap gap, const char *text)
{
	struct ka_event event = { .at = at, .what = KA_EV_GAP, .gap = gap };

	if (!gap.code)
		event.gap.code = KA_FIND_NOT_GATHERED;
	snprintf(event.gap.text, sizeof(event.gap.text), "%s", text);
	ka_engine_event(e, event);
}

void ka_engine_gathered(struct ka_engine *e, enum ka_at at, enum ka_proof proof, int ret,
			const struct nn_err *err)
{
	if (ret < 0)
		ka_engine_gap(e, at, (struct ka_gap){ .proof = proof, .step = -1 }, err->text);
	else
		ka_engine_proof(e, at, proof);
}

/* ---- the end of an instance ----------------------------------------------------------------- */

static bool host_cannot(int ret)
{
	return ret == -EOPNOTSUPP || ret == -EPROTONOSUPPORT || ret == -EAFNOSUPPORT ||
	       ret == -EPERM || ret == -EACCES || ret == -EROFS || ret == -ENOSYS;
}

void ka_engine_finish(struct ka_engine *e, enum ka_end_why why)
{
	e->over = true;
	e->end.why = why;
	e->end.step = e->step < e->case_->n_steps ? (int)e->step : -1;
}

bool ka_engine_has_failed(const struct ka_engine *e)
{
	return e->over && (e->end.why == KA_END_BROKEN || e->end.why == KA_END_SKIP);
}

int ka_engine_fail_by(struct ka_engine *e, int ret, enum ka_finding_code code)
{
	if (ka_engine_has_failed(e))
		return ret;
	ka_engine_finish(e, !e->over && code == KA_FIND_BENCH && host_cannot(ret) ? KA_END_SKIP
										  : KA_END_BROKEN);
	if (e->end.why == KA_END_SKIP)
		code = ret == -EROFS ? KA_FIND_READ_ONLY : KA_FIND_NOTHING;
	e->end.code = code;
	snprintf(e->end.text, sizeof(e->end.text), "%.*s", (int)sizeof(e->end.text) - 1,
		 e->err.text);
	return ret;
}

int ka_engine_fail(struct ka_engine *e, int ret)
{
	return ka_engine_fail_by(e, ret, KA_FIND_BENCH);
}
