/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest change that answers every question with yes. Pure. */
#ifndef KA_SUGGEST_H
#define KA_SUGGEST_H

#include "rollout/questions.h"

/* Fewest knobs first, then the least change of each; it holds at every usual HZ, and at @hz. False:
 * there is none, the questions exclude each other. */
bool ka_suggest(struct ka_knobs *suggested, const struct ka_knobs *now,
		const struct ka_questions *questions, int hz);

/* As snippets, each into @buf. Returns @buf. @before: what a machine has without the file. */
const char *ka_suggest_file(const struct ka_knobs *knobs, const struct ka_knobs *before, char *buf,
			    size_t size);
/* A new container begins with the kernel's values: all that differ from these. */
const char *ka_suggest_kubernetes(const struct ka_knobs *knobs, char *buf, size_t size);
const char *ka_suggest_docker(const struct ka_knobs *knobs, char *buf, size_t size);

#endif
