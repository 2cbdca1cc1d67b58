/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two runs side by side: what counts as a regression, and what the model of the timers explains. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command/compare.h"
#include "netns/tests/unit.h"
#include "sample.h"

/* ---- one instance in two runs ------------------------------------------------------------- */

/* silent_drop/1-1-3 on two kernels: ends between 4.052 and 4.104 s. */
static struct ka_result plain(void)
{
	return (struct ka_result){ .json = json_null(),
				   .verdict = KA_PASS,
				   .why = "",
				   .detect_s = 4.08,
				   .noise_s = 0.001,
				   .window_s = { 4.052, 4.104 },
				   .errno_name = "ETIMEDOUT",
				   .events = "0x2019",
				   .probes = 3,
				   .have_off = true,
				   .hz = 250 };
}

static struct pair {
	struct ka_result before, after;
} pair;

static int set_up(void **state)
{
	(void)state;
	pair = (struct pair){ plain(), plain() };
	return 0;
}

static void becomes(enum ka_change wanted, const char *why)
{
	char text[256];
	enum ka_change got = ka_compare(&pair.before, &pair.after, text, sizeof(text));

	assert_string_equal(ka_change_name(got), ka_change_name(wanted));
	assert_string_equal(text, why);
}

TEST_WITH(equal_is_same, set_up, NULL)
{
	becomes(KA_SAME, "");
}

TEST_WITH(another_phase_is_same, set_up, NULL)
{
	pair.before.detect_s = 4.053;
	pair.after.detect_s = 4.104;
	pair.after.off_jiffies = 1;
	becomes(KA_SAME, "");
}

/* A busy host before, a guest after: the host's own noise explains the difference. */
TEST_WITH(a_noisy_host_is_same, set_up, NULL)
{
	pair.before.noise_s = 0.026;
	pair.before.off_jiffies = 9;
	becomes(KA_SAME, "");
	pair.before.off_jiffies = 15;
	becomes(KA_MOVED, "off by 0 jiffies, was 15");
}

TEST_WITH(pass_to_fail_regressed, set_up, NULL)
{
	pair.after.verdict = KA_FAIL;
	pair.after.why = "ended too late";
	becomes(KA_REGRESSED, "pass -> fail: ended too late");
}

TEST_WITH(the_first_finding_is_told_whole, set_up, NULL)
{
	pair.after.verdict = KA_FAIL;
	pair.after.why = "2 probes, must be 3; ended too early";
	pair.after.findings = json_pack("[{s:s}, {s:s}]", "text", "2 probes, must be 3", "text",
					"ended too early");
	becomes(KA_REGRESSED, "pass -> fail: 2 probes, must be 3; and 1 more");
	json_decref(pair.after.findings);
}

TEST_WITH(skip_to_broken_regressed, set_up, NULL)
{
	pair.before.verdict = KA_SKIP;
	pair.after.verdict = KA_BROKEN;
	pair.after.why = "no packets";
	becomes(KA_REGRESSED, "skip -> broken: no packets");
}

TEST_WITH(fail_to_pass_is_fixed, set_up, NULL)
{
	pair.before.verdict = KA_FAIL;
	becomes(KA_FIXED, "fail -> pass");
}

TEST_WITH(fail_to_broken_is_no_regression, set_up, NULL)
{
	pair.before.verdict = KA_FAIL;
	pair.after.verdict = KA_BROKEN;
	pair.after.why = "no packets";
	becomes(KA_CHANGED, "fail -> broken: no packets");
}

/* A kernel that fails as it is known to does otherwise than one that passes. */
TEST_WITH(known_failures_are_the_kernels, set_up, NULL)
{
	json_t *passes = json_pack("[{s:s, s:s}]", "class", "catalogue", "text", "passes, though");
	json_t *fails = json_pack("[{s:s, s:s}]", "class", "kernel", "text", "late");

	pair.after.verdict = KA_KNOWN;
	pair.after.why = "the patch: late";
	becomes(KA_REGRESSED, "pass -> known: the patch: late");
	pair.before.verdict = KA_FAIL;
	becomes(KA_CHANGED, "fail -> known: the patch: late");
	pair.before.verdict = KA_KNOWN;
	becomes(KA_SAME, "");
	pair.after = plain();
	becomes(KA_FIXED, "known -> pass");
	pair.after.verdict = KA_FAIL;
	pair.after.findings = passes;
	becomes(KA_FIXED, "known -> fail: passes, though");
	pair.after.findings = fails;
	becomes(KA_REGRESSED, "known -> fail: late");
	pair.before.verdict = KA_FAIL;
	pair.before.findings = passes;
	becomes(KA_REGRESSED, "late");
	pair.before.findings = fails;
	pair.after.findings = passes;
	becomes(KA_FIXED, "passes, though");
	json_decref(passes);
	json_decref(fails);
}

TEST_WITH(pass_to_skip_is_told, set_up, NULL)
{
	pair.after.verdict = KA_SKIP;
	pair.after.why = "no IPv6";
	becomes(KA_CHANGED, "pass -> skip: no IPv6");
}

/* ---- programs under test -------------------------------------------------------------------- */

static void make_program(struct ka_result *result)
{
	result->program = json_null();
	result->from = "option";
	result->idle = 300;
	result->intvl = 100;
	result->cnt = 3;
	result->program_verdict = "notices";
	result->program_end_s = result->detect_s;
}

static int set_up_programs(void **state)
{
	set_up(state);
	make_program(&pair.before);
	make_program(&pair.after);
	return 0;
}

TEST_WITH(a_program_that_is_the_same, set_up_programs, NULL)
{
	pair.after.program_end_s += 0.9;
	becomes(KA_SAME, "");
}

TEST_WITH(a_program_with_other_options, set_up_programs, NULL)
{
	pair.after.idle = 60;
	becomes(KA_CHANGED,
		"keepalive 300/100/3, user timeout 0 ms -> 60/100/3, user timeout 0 ms");
	pair.after.from = "nowhere";
	becomes(KA_CHANGED, "keepalive 300/100/3, user timeout 0 ms -> off, user timeout 0 ms");
}

TEST_WITH(a_program_that_notices_otherwise, set_up_programs, NULL)
{
	pair.after.program_verdict = "late";
	becomes(KA_CHANGED, "the program: notices -> late");
	pair.before.program_verdict = pair.after.program_verdict = "closed first";
	pair.after.program_end_s = pair.before.program_end_s + 60;
	becomes(KA_CHANGED, "the program closes after 64.080 s, was 4.080 s");
}

/* What only the program does wrong hides no kernel that now does, too, and is none of the kernel's. */
TEST_WITH(a_kernel_fails_behind_a_program, set_up_programs, NULL)
{
	json_t *of_program = json_pack("[{s:s, s:s}]", "class", "program", "text", "never lets go");
	json_t *of_kernel = json_pack("[{s:s, s:s}]", "class", "kernel", "text", "too early");

	pair.before.verdict = pair.after.verdict = KA_FAIL;
	pair.before.findings = pair.after.findings = of_program;
	becomes(KA_SAME, "");
	pair.after.findings = of_kernel;
	becomes(KA_REGRESSED, "was the program's: the kernel fails: too early");
	pair.before.findings = of_kernel;
	pair.after.findings = of_program;
	becomes(KA_CHANGED, "was the kernel's: the program fails: never lets go");
	pair.before.verdict = KA_PASS;
	becomes(KA_REGRESSED, "pass -> fail: never lets go");
	json_decref(of_program);
	json_decref(of_kernel);
}

TEST_WITH(jiffies_tell_before_the_window, set_up, NULL)
{
	pair.after.off_jiffies = 2;
	becomes(KA_MOVED, "off by 2 jiffies, was 0");
}

TEST_WITH(another_hz_has_other_jiffies, set_up, NULL)
{
	pair.after.hz = 1000;
	pair.after.off_jiffies = 2;
	becomes(KA_SAME, "");
}

TEST_WITH(beyond_the_windows_it_moved, set_up, NULL)
{
	pair.before.have_off = false;
	pair.after.detect_s = 4.2;
	becomes(KA_MOVED, "ends after 4.200 s, was 4.080 s; the model allows -0.053 .. +0.053 s");
}

TEST_WITH(other_windows_explain_a_move, set_up, NULL)
{
	pair.before.have_off = false;
	pair.after.detect_s = 4.2;
	pair.after.window_s[0] = 4.1;
	pair.after.window_s[1] = 4.3;
	becomes(KA_SAME, "");
}

TEST_WITH(no_time_no_move, set_up, NULL)
{
	pair.before.have_off = pair.after.have_off = false;
	pair.before.detect_s = pair.before.window_s[0] = pair.before.window_s[1] = NAN;
	becomes(KA_SAME, "");
}

TEST_WITH(other_signs_are_told, set_up, NULL)
{
	pair.after.probes = 4;
	becomes(KA_CHANGED, "3 -> 4 probes");
	pair.after.events = "0x201d";
	becomes(KA_CHANGED, "epoll 0x2019 -> 0x201d");
	pair.after.errno_name = NULL;
	becomes(KA_CHANGED, "errno ETIMEDOUT -> none");
}

TEST_WITH(missing_is_new_or_vanished, set_up, NULL)
{
	pair.before.json = NULL;
	becomes(KA_NEW, "new: pass");
	pair.after.json = NULL;
	becomes(KA_SAME, "");
	pair.before.json = json_null();
	becomes(KA_VANISHED, "vanished, was pass");
}

/* ---- whole runs --------------------------------------------------------------------------- */

static void add(struct ka_comparison *c, const char *file, enum ka_sample which,
		const char *release)
{
	struct nn_err err = { "" };
	struct ka_result result;
	json_t *json = ka_sample(which);

	json_object_set_new(json_object_get(json, "kernel"), "release", json_string(release));
	assert_int_equal(ka_result_decode(&result, json, &err), 0);
	assert_int_equal(ka_comparison_add(c, file, &result), 0);
}

/* Two kernels in one file, a third in another; the last has lost one and has a new one. */
static void fill(struct ka_comparison *c)
{
	add(c, "a.json", KA_SAMPLE_PASS, "6.1");
	add(c, "a.json", KA_SAMPLE_ALIVE, "6.1");
	add(c, "a.json", KA_SAMPLE_PASS, "6.12");
	add(c, "a.json", KA_SAMPLE_ALIVE, "6.12");
	add(c, "b.json", KA_SAMPLE_PASS, "6.18");
	add(c, "b.json", KA_SAMPLE_BROKEN, "6.18");
	ka_comparison_judge(c);
}

TEST(columns_are_kernels_of_files)
{
	struct ka_comparison c = { .n_columns = 0 };

	fill(&c);
	assert_int_equal(c.n_columns, 3);
	assert_int_equal(c.rows.n, 3);
	assert_string_equal(c.columns[1].release, "6.12");
	assert_string_equal(c.columns[2].file, "b.json");
	assert_int_equal(c.columns[1].changes[KA_SAME], 2);
	assert_int_equal(c.columns[2].changes[KA_VANISHED], 1);
	assert_int_equal(c.columns[2].changes[KA_NEW], 1);
	assert_int_equal(ka_comparison_regressions(&c), 0);
	ka_comparison_free(&c);
}

static char *written(const struct ka_comparison *c,
		     int (*write)(const struct ka_comparison *, bool, FILE *), bool all)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(write(c, all, out), 0);
	fclose(out);
	return text;
}

TEST(text_and_markdown_name_what_changed)
{
	struct ka_comparison c = { .n_columns = 0 };
	char *text;

	fill(&c);
	text = written(&c, ka_comparison_text, false);
	assert_non_null(strstr(text, "A  6.1 "));
	assert_non_null(strstr(text, "\nvanished (1)\n"));
	assert_non_null(strstr(text, "1 vanished, 1 new, 3 instances\n"));
	free(text);
	text = written(&c, ka_comparison_markdown, true);
	assert_non_null(strstr(text, "| instance | A | B | C |\n"));
	assert_non_null(strstr(text, "vanished: vanished, was pass"));
	free(text);
	ka_comparison_free(&c);
}

static json_t *data_of_page(const struct ka_comparison *c)
{
	static const char mark[] = "id=\"results\">";
	char *text = written(c, ka_comparison_html, false);
	size_t at = 0;
	json_t *data;

	while (strncmp(text + at, mark, strlen(mark)) != 0)
		at++;
	data = json_loads(text + at + strlen(mark), JSON_DISABLE_EOF_CHECK, NULL);
	free(text);
	return data;
}

/* What is in the page is data; the browser tests look at the rest. */
TEST(the_page_holds_both_sides)
{
	struct ka_comparison c = { .n_columns = 0 };
	json_t *data, *rows;

	fill(&c);
	data = data_of_page(&c);
	assert_int_equal(json_integer_value(json_object_get(data, "instances")), 3);
	assert_int_equal(json_array_size(json_object_get(data, "runs")), 3);
	rows = json_object_get(data, "rows");
	assert_int_equal(json_array_size(rows), 2);
	rows = json_object_get(json_array_get(rows, 0), "of");
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 2), "ch")),
			    "vanished");
	assert_non_null(json_object_get(json_object_get(json_array_get(rows, 0), "r"), "t"));
	assert_null(json_object_get(json_array_get(rows, 2), "r"));
	json_decref(data);
	ka_comparison_free(&c);
}

TEST(json_can_be_read_again)
{
	struct ka_comparison c = { .n_columns = 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *json;

	fill(&c);
	assert_int_equal(ka_comparison_json(&c, false, out), 0);
	fclose(out);
	json = json_loads(text, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(json, "runs")), 3);
	assert_int_equal(json_array_size(json_object_get(json, "instances")), 2);
	assert_int_equal(json_integer_value(json_object_get(json, "regressed")), 0);
	json_decref(json);
	free(text);
	ka_comparison_free(&c);
}
