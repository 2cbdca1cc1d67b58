/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done with a real program at the prober's end. */
#include <errno.h>

#include "bench/engine.h"

static int start_nothing(struct ka_engine *e, const struct ka_step *step)
{
	(void)step;
	return nn_fail(&e->err, ENOSYS, "a program at an end is not built yet");
}

/* ---- the words that are done here ------------------------------------------------------------ */

const struct ka_doing ka_done_by_program[] = {
	{ KA_GREET, start_nothing, NULL },
	{ KA_ASK, start_nothing, NULL },
	{ KA_FLOOD, start_nothing, NULL },
	{ KA_OPTIONS, start_nothing, NULL },
	{ .start = NULL },
};
