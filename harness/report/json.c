/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For programs: the result lines themselves, one a line (JSON Lines). */
#include "report/writer.h"
#include "result/encode.h"

/* Nothing in it that another reader, or a terminal, could take for something else. */
static bool is_plain(const char *line)
{
	for (; *line >= ' ' && *line < '\177'; line++)
		;
	return !*line;
}

/* A line that was read needs not be made again. */
static int json_result(struct ka_report *report, FILE *out, const struct ka_result *result)
{
	(void)report;
	if (result->line && is_plain(result->line)) {
		fprintf(out, "%s\n", result->line);
		return 0;
	}
	return ka_json_put(out, result->json, JSON_COMPACT | JSON_REAL_PRECISION(15));
}

KA_WRITER(json) = {
	.result = json_result,
};
