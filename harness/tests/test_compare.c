/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two runs side by side: what counts as a regression, and what the model of the timers explains. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/compare.h"
#include "sample.h"

/* ---- one instance in two runs ------------------------------------------------------------- */

/* silent_drop/1-1-3 on two kernels: ends between 4.052 and 4.104 s. */
static struct ka_result plain(json_t *json)
{
	return (struct ka_result){ .json = json,
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

struct pair {
	json_t *json;
	struct ka_result before, after;
	char why[256];
};

static int set_up(void **state)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	pair->json = json_object();
	pair->before = plain(pair->json);
	pair->after = plain(pair->json);
	*state = pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *pair = *state;

	json_decref(pair->json);
	free(pair);
	return 0;
}

static void becomes(struct pair *pair, enum ka_change wanted, const char *why)
{
	enum ka_change got = ka_compare(&pair->before, &pair->after, pair->why, sizeof(pair->why));

	assert_string_equal(ka_change_name(got), ka_change_name(wanted));
	assert_string_equal(pair->why, why);
}

static void equal_is_same(void **state)
{
	becomes(*state, KA_SAME, "");
}

static void another_phase_is_same(void **state)
{
	struct pair *pair = *state;

	pair->before.detect_s = 4.053;
	pair->after.detect_s = 4.104;
	pair->after.off_jiffies = 1;
	becomes(pair, KA_SAME, "");
}

/* A busy host before, a guest after: the host's own noise explains the difference. */
static void a_noisy_host_is_same(void **state)
{
	struct pair *pair = *state;

	pair->before.noise_s = 0.026;
	pair->before.off_jiffies = 9;
	becomes(pair, KA_SAME, "");
	pair->before.off_jiffies = 15;
	becomes(pair, KA_MOVED, "off by 0 jiffies, was 15");
}

static void pass_to_fail_regressed(void **state)
{
	struct pair *pair = *state;

	pair->after.verdict = KA_FAIL;
	pair->after.why = "ended too late";
	becomes(pair, KA_REGRESSED, "pass -> fail: ended too late");
}

static void skip_to_broken_regressed(void **state)
{
	struct pair *pair = *state;

	pair->before.verdict = KA_SKIP;
	pair->after.verdict = KA_BROKEN;
	pair->after.why = "no packets";
	becomes(pair, KA_REGRESSED, "skip -> broken: no packets");
}

static void fail_to_pass_is_fixed(void **state)
{
	struct pair *pair = *state;

	pair->before.verdict = KA_FAIL;
	becomes(pair, KA_FIXED, "fail -> pass");
}

static void fail_to_broken_is_no_regression(void **state)
{
	struct pair *pair = *state;

	pair->before.verdict = KA_FAIL;
	pair->after.verdict = KA_BROKEN;
	pair->after.why = "no packets";
	becomes(pair, KA_CHANGED, "fail -> broken: no packets");
}

static void pass_to_skip_is_told(void **state)
{
	struct pair *pair = *state;

	pair->after.verdict = KA_SKIP;
	pair->after.why = "no IPv6";
	becomes(pair, KA_CHANGED, "pass -> skip: no IPv6");
}

static void jiffies_tell_before_the_window(void **state)
{
	struct pair *pair = *state;

	pair->after.off_jiffies = 2;
	becomes(pair, KA_MOVED, "off by 2 jiffies, was 0");
}

static void another_hz_has_other_jiffies(void **state)
{
	struct pair *pair = *state;

	pair->after.hz = 1000;
	pair->after.off_jiffies = 2;
	becomes(pair, KA_SAME, "");
}

static void beyond_the_windows_it_moved(void **state)
{
	struct pair *pair = *state;

	pair->before.have_off = false;
	pair->after.detect_s = 4.2;
	becomes(pair, KA_MOVED,
		"ends after 4.200 s, was 4.080 s; the model allows -0.053 .. +0.053 s");
}

static void other_windows_explain_a_move(void **state)
{
	struct pair *pair = *state;

	pair->before.have_off = false;
	pair->after.detect_s = 4.2;
	pair->after.window_s[0] = 4.1;
	pair->after.window_s[1] = 4.3;
	becomes(pair, KA_SAME, "");
}

static void no_time_no_move(void **state)
{
	struct pair *pair = *state;

	pair->before.have_off = pair->after.have_off = false;
	pair->before.detect_s = pair->before.window_s[0] = pair->before.window_s[1] = NAN;
	becomes(pair, KA_SAME, "");
}

static void other_signs_are_told(void **state)
{
	struct pair *pair = *state;

	pair->after.probes = 4;
	becomes(pair, KA_CHANGED, "3 -> 4 probes");
	pair->after.events = "0x201d";
	becomes(pair, KA_CHANGED, "epoll 0x2019 -> 0x201d");
	pair->after.errno_name = NULL;
	becomes(pair, KA_CHANGED, "errno ETIMEDOUT -> none");
}

static void missing_is_new_or_vanished(void **state)
{
	struct pair *pair = *state;

	pair->before.json = NULL;
	becomes(pair, KA_NEW, "new: pass");
	pair->after.json = NULL;
	becomes(pair, KA_SAME, "");
	pair->before.json = pair->json;
	becomes(pair, KA_VANISHED, "vanished, was pass");
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

static void columns_are_kernels_of_files(void **state)
{
	struct ka_comparison c = { .n_columns = 0 };

	(void)state;
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

static void text_and_markdown_name_what_changed(void **state)
{
	struct ka_comparison c = { .n_columns = 0 };
	char *text;

	(void)state;
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

static void json_can_be_read_again(void **state)
{
	struct ka_comparison c = { .n_columns = 0 };
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	json_t *json;

	(void)state;
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

#define pair_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		pair_test(equal_is_same),
		pair_test(another_phase_is_same),
		pair_test(a_noisy_host_is_same),
		pair_test(pass_to_fail_regressed),
		pair_test(skip_to_broken_regressed),
		pair_test(fail_to_pass_is_fixed),
		pair_test(fail_to_broken_is_no_regression),
		pair_test(pass_to_skip_is_told),
		pair_test(jiffies_tell_before_the_window),
		pair_test(another_hz_has_other_jiffies),
		pair_test(beyond_the_windows_it_moved),
		pair_test(other_windows_explain_a_move),
		pair_test(no_time_no_move),
		pair_test(other_signs_are_told),
		pair_test(missing_is_new_or_vanished),
		cmocka_unit_test(columns_are_kernels_of_files),
		cmocka_unit_test(text_and_markdown_name_what_changed),
		cmocka_unit_test(json_can_be_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
