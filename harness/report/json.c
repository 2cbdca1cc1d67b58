/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For programs: the result lines themselves, one a line (JSON Lines). */
#include <errno.h>
#include <stdlib.h>

#include "report/writer.h"

static int json_result(struct ka_report *report, FILE *out, const struct ka_result *result)
{
	char *line = ka_result_line(result->json);

	(void)report;
	if (!line)
		return -ENOMEM;
	fprintf(out, "%s\n", line);
	free(line);
	return 0;
}

KA_WRITER(json) = {
	.result = json_result,
};
