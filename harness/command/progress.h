/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line on a terminal that says how far the run is. Written to standard error only, and only if
 * that is a terminal. */
#ifndef KA_PROGRESS_H
#define KA_PROGRESS_H

#include <stdbool.h>

#include "run/schedule.h"

struct ka_progress_line {
	bool wanted, shown;
	unsigned round; /* of --until-fail; 0: there are no rounds */
};

/* @quiet: never. */
void ka_progress_init(struct ka_progress_line *line, bool quiet);
void ka_progress_show(struct ka_progress_line *line, const struct ka_progress *progress);
/* Makes room for other output. */
void ka_progress_clear(struct ka_progress_line *line);

#endif
