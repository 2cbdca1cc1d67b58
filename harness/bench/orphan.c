/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket that its process has closed, and that its kernel still has: nobody is told of its end, and
 * no packet need show it. The kernel says when it frees a socket; which one, its cookie tells.
 */
#include <errno.h>
#include <string.h>

#include "bench/engine.h"
#include "judge/values.h"
#include "model/util.h"

int ka_orphan_watch(struct ka_engine *e)
{
	if (!ka_case_orphans(e->case_))
		return -ENOENT;
	return nn_destroyed_open(&e->destroyed, e->net.ns[ka_engine_node(e, KA_PROBER)], &e->err);
}

static bool is_ours(const struct ka_engine *e, const uint32_t cookie[2])
{
	const struct ka_end_state *end = &e->ends[e->prober];

	return end->have_diag && !memcmp(end->diag.cookie, cookie, sizeof(end->diag.cookie));
}

static void note_freed(struct ka_engine *e)
{
	const struct ka_event event = { .t_ns = ka_now_ns(), .at = e->prober, .what = KA_EV_DIAG };

	ka_engine_event(e, event);
	e->ends[e->prober].ended = true;
}

unsigned ka_orphan_hear(struct ka_engine *e)
{
	struct nn_err err = { "" };
	uint32_t cookie[2];
	unsigned heard = 0;
	int ret;

	while (!(ret = nn_destroyed_next(e->destroyed, cookie, &err))) {
		heard++;
		if (is_ours(e, cookie))
			note_freed(e);
	}
	if (ret != -EAGAIN)
		ka_engine_gathered(e, e->prober, KA_PROOF_SOCKET, ret, &err);
	return heard;
}
