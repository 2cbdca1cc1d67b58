/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LAVA (kernel labs): a signal on the console for each test case, as lava-test-case writes it. A
 * name has no blank there. It has no word for what is known to fail: that is a skip, with the reason.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/writer.h"

static const char *const words[] = {
	[KA_PASS] = "pass",      [KA_FAIL] = "fail",  [KA_SKIP] = "skip",
	[KA_BROKEN] = "unknown", [KA_KNOWN] = "skip",
};

static void put_id(FILE *out, const char *name)
{
	for (; *name; name++)
		putc(strchr(" <>=", *name) ? '_' : *name, out);
}

static int lava_result(struct ka_report *report, FILE *out, const struct ka_result *result)
{
	char name[KA_FULL_NAME_SIZE];
	char *plain = ka_plain(ka_full_name(report, result, name, sizeof(name)));

	if (!plain)
		return -ENOMEM;
	fputs("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=", out);
	put_id(out, plain);
	fprintf(out, " RESULT=%s", words[result->verdict]);
	if (isfinite(result->detect_s))
		fprintf(out, " UNITS=seconds MEASUREMENT=%.6f", result->detect_s);
	fputs(">\n", out);
	free(plain);
	if (result->verdict != KA_PASS)
		ka_print(out, "kacheck: %s%s\n",
			 result->verdict == KA_KNOWN ? "known to fail: " : "", result->why);
	return 0;
}

KA_WRITER(lava) = {
	.result = lava_result,
};
