/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line on a terminal that says how far the run is. */
#include "command/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void ka_progress_init(struct ka_progress_line *line, bool quiet)
{
	const char *terminal = getenv("TERM");

	*line = (struct ka_progress_line){ .wanted = !quiet && isatty(STDERR_FILENO) && terminal &&
						     strcmp(terminal, "dumb") != 0 };
}

static void left_text(double left_s, char *buf, size_t size)
{
	unsigned long s = (unsigned long)(left_s + 0.999);

	if (s >= 3600)
		snprintf(buf, size, "%lu h %02lu min left", s / 3600, s / 60 % 60);
	else if (s >= 100)
		snprintf(buf, size, "%lu min %02lu s left", s / 60, s % 60);
	else
		snprintf(buf, size, "%lu s left", s);
}

void ka_progress_show(struct ka_progress_line *line, const struct ka_progress *progress)
{
	char left[40], round[40] = "", running[40] = "";

	if (!line->wanted)
		return;
	left_text(progress->left_s, left, sizeof(left));
	if (line->round)
		snprintf(round, sizeof(round), "round %u: ", line->round);
	if (progress->running)
		snprintf(running, sizeof(running), "%u running, ", progress->running);
	fprintf(stderr, "\r\033[K%s%u of %u done, %s%s", round, progress->done, progress->total,
		running, left);
	fflush(stderr);
	line->shown = true;
}

void ka_progress_clear(struct ka_progress_line *line)
{
	if (!line->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	line->shown = false;
}
