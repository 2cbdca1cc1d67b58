/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every format against its golden file, and outputs that cannot be written. */
#include <math.h>
#include <signal.h>

#include "golden.h"
#include "model/util.h"
#include "netns/tests/unit.h"
#include "report/report.h"
#include "report/writer.h"
#include "sample.h"

static const enum ka_sample all[] = { KA_SAMPLE_PASS,   KA_SAMPLE_FAIL,  KA_SAMPLE_SKIP,
				      KA_SAMPLE_BROKEN, KA_SAMPLE_ALIVE, KA_SAMPLE_KNOWN,
				      KA_SAMPLE_PASSES };
static const enum ka_sample programs[] = { KA_SAMPLE_PROGRAM, KA_SAMPLE_PROGRAM_HOLDS,
					   KA_SAMPLE_PROGRAM_CLOSES };
static const enum ka_sample good[] = { KA_SAMPLE_PASS, KA_SAMPLE_SKIP, KA_SAMPLE_ALIVE };

static void count(struct ka_totals *totals, const struct ka_result *result)
{
	enum ka_verdict_kind kind = result->verdict;

	totals->fail_program += ka_result_blames_program(result);
	totals->pass += kind == KA_PASS;
	totals->fail += kind == KA_FAIL;
	totals->skip += kind == KA_SKIP;
	totals->broken += kind == KA_BROKEN;
	totals->known += kind == KA_KNOWN;
	totals->fail_passes += ka_result_blames_catalogue(result);
}

static int report_sample(struct ka_report *report, enum ka_sample which, struct ka_totals *totals)
{
	struct ka_result result;
	int ret = ka_result_decode(&result, ka_sample(which), NULL);

	if (ret)
		return ret;
	count(totals, &result);
	ret = ka_report_result(report, &result);
	ka_result_clear(&result);
	return ret;
}

/* Reports the samples. Returns the first error. */
static int report_to(FILE *out, const char *format, const struct ka_report_options *options,
		     const enum ka_sample *samples, unsigned n)
{
	struct ka_totals totals = { .wall_s = 15.0625 };
	struct ka_report *report = NULL;
	int ret = ka_report_open(&report, format, out, options, NULL);

	for (unsigned i = 0; !ret && i < n; i++)
		ret = report_sample(report, samples[i], &totals);
	if (!ret)
		ret = ka_report_finish(report, &totals);
	ka_report_free(report);
	return ret;
}

/* Hours are told as hours. */
TEST(long_times_are_told_in_words)
{
	json_t *json = ka_sample(KA_SAMPLE_PASS);
	struct ka_result result;
	char *text;

	assert_int_equal(json_object_set_new(json, "detect_s", json_real(7928.112)), 0);
	assert_int_equal(ka_result_decode(&result, json, NULL), 0);
	text = ka_phrase(ka_put_summary, &result);
	assert_non_null(text);
	assert_non_null(strstr(text, "7928.112 s in "));
	assert_non_null(strstr(text, "(2 h 12 min 8 s; nominal "));
	free(text);
	ka_result_clear(&result);
}

/* How often the host made it be run again, and how loud it was. */
TEST(what_was_run_again_is_told)
{
	const struct ka_report_options options = { .command = "kacheck" };
	const struct ka_totals totals = {
		.fail = 1, .again = 1, .wall_s = NAN, .late_s = 0.0213, .late_99_s = 0.0041
	};
	json_t *json = ka_sample(KA_SAMPLE_FAIL);
	struct ka_report *report = NULL;
	struct ka_result result;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	json_object_set_new(json, "tries",
			    json_pack("[{s:s, s:s}, {s:s, s:s}]", "code", "stalled", "text",
				      "host stalled 251 ms", "code", "step_late", "text",
				      "host stalled 300 ms before: drop both ways"));
	assert_int_equal(ka_result_decode(&result, json, NULL), 0);
	assert_int_equal(json_array_size(result.tries), 2);
	assert_int_equal(ka_report_open(&report, "text", out, &options, NULL), 0);
	assert_int_equal(ka_report_result(report, &result), 0);
	assert_int_equal(ka_report_finish(report, &totals), 0);
	ka_report_free(report);
	ka_result_clear(&result);
	fclose(out);
	assert_non_null(strstr(text, "  before    host stalled 251 ms\n"
				     "            host stalled 300 ms before: drop both ways\n"));
	assert_non_null(strstr(text, "1 failed, 0 skipped, 0 broken, 1 run again\n"
				     "the host woke its timers up to 21.3 ms late, 99 of 100 "
				     "within 4.1 ms\n"));
	free(text);
}

/* ---- formats ------------------------------------------------------------------------------ */

static const struct format {
	const char *name, *golden, *format;
	struct ka_report_options options;
	const enum ka_sample *samples;
	unsigned n;
} formats[] = {
	{ "text_tells_a_story",
	  "all.txt",
	  "text",
	  { .command = "kacheck", .planned = KA_N(all) },
	  all,
	  KA_N(all) },
	{ "text_with_everything",
	  "good-verbose.txt",
	  "text",
	  { .color = true,
	    .verbose = true,
	    .command = "./build/bin/kacheck",
	    .planned = KA_N(good) + 2, /* cut short */
	    .name_width = 30 },
	  good,
	  KA_N(good) },
	{ "tap_of_all", "all.tap", "tap", { .planned = KA_N(all) }, all, KA_N(all) },
	{ "tap_of_what_is_good", "good.tap", "tap", { .planned = KA_N(good) }, good, KA_N(good) },
	{ "tap_that_was_cut_short", "short.tap", "tap", { .planned = 7 }, good, 1 },
	{ "tap_without_a_plan", "unplanned.tap", "tap", { .planned = 0 }, good, KA_N(good) },
	{ "ktap_of_all", "all.ktap", "ktap", { .planned = KA_N(all) }, all, KA_N(all) },
	{ "junit_of_all", "all.xml", "junit", { .planned = KA_N(all) }, all, KA_N(all) },
	{ "junit_of_nothing", "nothing.xml", "junit", { .planned = 0 }, all, 0 },
	{ "text_of_programs",
	  "programs.txt",
	  "text",
	  { .command = "kacheck", .planned = KA_N(programs), .verbose = true },
	  programs,
	  KA_N(programs) },
	{ "junit_of_programs",
	  "programs.xml",
	  "junit",
	  { .planned = KA_N(programs) },
	  programs,
	  KA_N(programs) },
	{ "markdown_of_programs",
	  "programs.md",
	  "markdown",
	  { .command = "kacheck", .planned = KA_N(programs) },
	  programs,
	  KA_N(programs) },
	{ "json_of_programs",
	  "programs.jsonl",
	  "json",
	  { .planned = KA_N(programs) },
	  programs,
	  KA_N(programs) },
	{ "lava_of_all", "all.lava", "lava", { .planned = KA_N(all) }, all, KA_N(all) },
	{ "github_of_all", "all.github", "github", { .planned = KA_N(all) }, all, KA_N(all) },
	{ "json_is_the_lines_themselves",
	  "all.jsonl",
	  "json",
	  { .planned = KA_N(all) },
	  all,
	  KA_N(all) },
};

TEST_ROWS(format_is_golden, formats)
{
	const struct format *row = *state;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(report_to(out, row->format, &row->options, row->samples, row->n), 0);
	fclose(out);
	ka_assert_golden(row->golden, text);
	free(text);
}

/* Ten annotations are shown of a step: nine failures, and how many more there are. */
TEST(github_has_ten_annotations_at_most)
{
	static const struct ka_report_options options = { .planned = 30 };
	enum ka_sample many[30];
	char *text = NULL;
	size_t len = 0, lines = 0;
	FILE *out = open_memstream(&text, &len);

	for (size_t i = 0; i < KA_N(many); i++)
		many[i] = KA_SAMPLE_FAIL;
	assert_int_equal(report_to(out, "github", &options, many, KA_N(many)), 0);
	fclose(out);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 10);
	assert_non_null(strstr(text, "::error title=kacheck::21 more; in all"));
	free(text);
}

/* ---- several kernels ---------------------------------------------------------------------- */

static json_t *on_kernel(enum ka_sample which, const char *release, const char *where)
{
	json_t *json = ka_sample(which), *kernel = json_object_get(json, "kernel");

	json_object_set_new(kernel, "release", json_string(release));
	json_object_set_new(kernel, "where", json_string(where));
	return json;
}

static void give(struct ka_report *report, json_t *json, struct ka_totals *totals)
{
	struct ka_result result;

	assert_int_equal(ka_result_decode(&result, json, NULL), 0);
	count(totals, &result);
	assert_int_equal(ka_report_result(report, &result), 0);
	ka_result_clear(&result);
}

/* Three kernels; two have the same release, and one of these kills the connection wrongly. The last
 * has not run all. */
static void report_matrix(FILE *out, const char *format, bool quiet)
{
	static const char *const wheres[] = { "host", "uml:/a/linux", "uml:/it's/linux" };
	const struct ka_report_options options = { .planned = 8, .kernels = 3, .quiet = quiet };
	struct ka_totals totals = { .wall_s = 15.0625, .kernel_s = { 12, 2, 1 } };
	struct ka_report *report = NULL;

	assert_int_equal(ka_report_open(&report, format, out, &options, NULL), 0);
	for (size_t k = 0; k < 3; k++) {
		const char *release = k ? "6.12.117" : "6.18.44";
		json_t *json =
			on_kernel(k == 1 ? KA_SAMPLE_FAIL : KA_SAMPLE_PASS, release, wheres[k]);

		json_object_set_new(json, "instance", json_string("silent_drop/10-1-3/v4/client"));
		give(report, json, &totals);
		give(report, on_kernel(KA_SAMPLE_ALIVE, release, wheres[k]), &totals);
		if (k < 2)
			give(report, on_kernel(KA_SAMPLE_SKIP, release, wheres[k]), &totals);
	}
	assert_int_equal(ka_report_finish(report, &totals), 0);
	ka_report_free(report);
}

TEST(several_kernels_are_told_apart)
{
	static const struct {
		const char *golden, *format;
		bool quiet;
	} matrices[] = { { "kernels.txt", "text", false },
			 { "kernels-quiet.txt", "text", true },
			 { "kernels.tap", "tap", false },
			 { "kernels.ktap", "ktap", false },
			 { "kernels.xml", "junit", false } };

	for (size_t i = 0; i < KA_N(matrices); i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		assert_non_null(out);
		report_matrix(out, matrices[i].format, matrices[i].quiet);
		fclose(out);
		ka_assert_golden(matrices[i].golden, text);
		free(text);
	}
}

/* ---- markdown ------------------------------------------------------------------------------ */

/* What @n results like this one become, to be freed. */
static char *markdown_of(json_t *json, unsigned n, const struct ka_report_options *options)
{
	struct ka_totals totals = { .wall_s = NAN };
	struct ka_report *report = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(ka_report_open(&report, "markdown", out, options, NULL), 0);
	for (unsigned i = 0; i < n; i++)
		give(report, json_incref(json), &totals);
	json_decref(json);
	assert_int_equal(ka_report_finish(report, &totals), 0);
	ka_report_free(report);
	fclose(out);
	return text;
}

TEST(markdown_tells_what_did_not_pass)
{
	static const char broken[] = "\n| **broken** | `silent_drop/1-1-3/v6/client #2` | "
				     "the drop rule met no packet | ";
	static const char passes[] = "\n| **fail** | `sysctl_negative/1-1-3/v6/server` | "
				     "passes, though declared known to fail: ";
	static const char *const lines[] = {
		"## kacheck: 2 passed, **2 failed**, 1 known, 1 skipped, **1 broken** in 15.1 s\n",
		"\n- 1 known to fail: proc_int_k2u_conv_kop(): \"&lt;a divided sign>\": net/ipv4/",
		passes,
		"\nkernel 6.18.44 (host), HZ 250, real clock\n",
		"\n| **fail** | `silent_drop/1-1-3/v6/client` | ended 0.204 s too late: ",
		" | `cases/peer_vanishes.c:27` |\n",
		broken,
		"\nagain     kacheck run --filter 'silent_drop/1-1-3/v6/client' --keep\n",
		"\n- 1 skipped: no IPv6 here: ",
	};
	const struct ka_report_options options = { .command = "kacheck", .planned = KA_N(all) };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(report_to(out, "markdown", &options, all, KA_N(all)), 0);
	fclose(out);
	for (size_t i = 0; i < KA_N(lines); i++)
		if (!strstr(text, lines[i]))
			fail_msg("missing: %s\nin %s", lines[i], text);
	/* what the sample's finding holds */
	assert_null(strstr(text, "<tag>"));
	assert_non_null(strstr(text, "&lt;tag> &amp; \\\\"));
	free(text);
}

TEST(markdown_shows_kernels_side_by_side)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	report_matrix(out, "markdown", false);
	fclose(out);
	assert_non_null(strstr(text, "\n- B: 6.12.117 (uml:/a/linux), HZ 250\n"));
	assert_non_null(strstr(text, "\n* silent_drop/10-1-3/v4/client"));
	assert_non_null(strstr(text, "/v4/client on uml-6.12.117-hz250` | "));
	assert_non_null(strstr(text, " differs in verdict, error or number of probes (*)\n```\n"));
	free(text);
}

TEST(markdown_is_shorter_than_a_mebibyte)
{
	const struct ka_report_options options = { .planned = 5000 };
	json_t *json = ka_sample(KA_SAMPLE_FAIL);
	json_t *finding = json_array_get(json_object_get(json, "findings"), 0);
	char long_text[3000];
	char *text;

	memset(long_text, '&', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(json_object_set_new(finding, "text", json_string(long_text)), 0);
	assert_int_equal(json_object_set_new(finding, "where", json_string(long_text)), 0);
	assert_int_equal(json_object_set_new(json, "instance", json_string(long_text)), 0);
	text = markdown_of(json, 4000, &options);
	assert_in_range(strlen(text), 100000, (1u << 20) - 1);
	assert_non_null(strstr(text, "**1000 of 5000 planned instances did not run.**\n"));
	assert_non_null(strstr(text, "\n... and 3800 more\n"));
	free(text);
}

TEST(unknown_format_names_the_known)
{
	const struct ka_report_options options = { .planned = 1 };
	struct ka_report *report = NULL;
	struct nn_err err = { "" };

	assert_int_equal(ka_report_open(&report, "yaml", stdout, &options, &err), -EINVAL);
	assert_null(report);
	for (size_t i = 0; ka_report_format(i); i++)
		assert_non_null(strstr(err.text, ka_report_format(i)));
}

/* ---- outputs that are gone ---------------------------------------------------------------- */

TEST(full_disk_is_an_error)
{
	const struct ka_report_options options = { .planned = KA_N(all) };

	for (size_t i = 0; ka_report_format(i); i++) {
		FILE *full = fopen("/dev/full", "w");

		assert_non_null(full);
		assert_int_equal(report_to(full, ka_report_format(i), &options, all, KA_N(all)),
				 -ENOSPC);
		assert_int_equal(fclose(full), 0); /* nothing is left to be written */
	}
}

TEST(closed_pipe_is_an_error_not_a_signal)
{
	const struct ka_report_options options = { .planned = KA_N(all) };
	struct sigaction action;

	assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
	assert_ptr_equal(action.sa_handler, SIG_DFL);
	for (size_t i = 0; ka_report_format(i); i++) {
		int fds[2];
		FILE *out;

		assert_int_equal(pipe(fds), 0);
		close(fds[0]);
		out = fdopen(fds[1], "w");
		assert_non_null(out);
		assert_int_equal(report_to(out, ka_report_format(i), &options, all, KA_N(all)),
				 -EPIPE);
		fclose(out);
	}
}

/* Whoever started the test may have left it ignored. */
static int default_sigpipe(void **state)
{
	(void)state;
	return signal(SIGPIPE, SIG_DFL) == SIG_ERR;
}
TEST_GROUP(default_sigpipe, NULL)
