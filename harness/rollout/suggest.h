/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest change that answers every question with yes. Pure. */
#ifndef KA_SUGGEST_H
#define KA_SUGGEST_H

#include "rollout/rates.h"

/* Fewest knobs first, then the least change of each; it holds at all of @rates. False: there is none, the
 * questions exclude each other. */
bool ka_suggest(struct ka_knobs *suggested, const struct ka_knobs *now,
		const struct ka_questions *questions, const struct ka_rates *rates);

/* What people copy: a file of sysctl.d, the security context of a pod, the options of `docker run`. */
enum ka_snippet { KA_SNIPPET_FILE, KA_SNIPPET_KUBERNETES, KA_SNIPPET_DOCKER };
/* Into @buf, which is returned. @before: what a machine has without the file. */
const char *ka_suggest_text(enum ka_snippet kind, const struct ka_knobs *knobs,
			    const struct ka_knobs *before, char *buf, size_t size);

#endif
