/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The result line: there, and back, and what must not come back. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/util.h"
#include "netns/tests/unit.h"
#include "result/result.h"
#include "sample.h"

/* ---- there and back ----------------------------------------------------------------------- */

static json_t *through_a_line(json_t *json)
{
	char *line = ka_result_line(json);
	json_t *back;

	assert_non_null(line);
	assert_null(strchr(line, '\n'));
	back = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	free(line);
	json_decref(json);
	assert_non_null(back);
	return back;
}

TEST(a_line_is_the_same_after_a_round_trip)
{
	for (int i = 0; i < KA_SAMPLES; i++) {
		char *first, *second;
		json_t *json = ka_sample(i);

		assert_non_null(json);
		first = ka_result_line(json);
		json = through_a_line(json);
		second = ka_result_line(json);
		assert_string_equal(first, second);
		free(first);
		free(second);
		json_decref(json);
	}
}

TEST(decoding_gives_what_was_encoded)
{
	struct ka_result result;

	assert_int_equal(ka_result_decode(&result, through_a_line(ka_sample(KA_SAMPLE_FAIL)), NULL),
			 0);
	assert_string_equal(result.instance, "silent_drop/1-1-3/v6/client");
	assert_string_equal(result.theme, "peer_vanishes");
	assert_string_equal(result.case_, "silent_drop");
	assert_string_equal(result.declared, "cases/peer_vanishes.c:27");
	assert_string_equal(result.family, "v6");
	assert_string_equal(result.prober, "client");
	assert_string_equal(result.from, "option");
	assert_string_equal(result.release, "6.18.44");
	assert_int_equal(result.hz, 250);
	assert_int_equal(result.verdict, KA_FAIL);
	assert_true(result.nominal_s == 4 && result.detect_s == 4.308123);
	assert_true(result.window_s[0] == 4.056 && result.window_s[1] == 4.104);
	assert_true(result.wall_s == 5.012346 && isnan(result.alive_s));
	assert_string_equal(result.errno_name, "ETIMEDOUT");
	assert_string_equal(result.expect_when, "keepalive expiry");
	assert_int_equal(result.probes, 3);
	assert_true(result.have_off && result.off_jiffies == 51);
	assert_string_equal(result.kept, "out/silent_drop.1-1-3.v6.client");
	assert_int_equal(json_array_size(result.gaps), 2);
	ka_result_clear(&result);
	ka_result_clear(&result);
}

TEST(a_program_comes_back)
{
	const json_t *options;
	struct ka_result result;

	assert_int_equal(
		ka_result_decode(&result, through_a_line(ka_sample(KA_SAMPLE_PROGRAM)), NULL), 0);
	assert_string_equal(result.program_name, "redis");
	assert_string_equal(result.program_variant, "timeout-60");
	assert_string_equal(result.program_verdict, "notices");
	assert_true(result.kernel_end_s == 602.112 && result.program_end_s == 602.1121);
	assert_int_equal(json_array_size(result.options), 2);
	options = json_array_get(result.options, 1);
	assert_string_equal(json_string_value(json_object_get(options, "of")), "connection");
	assert_true(json_is_true(json_object_get(options, "keepalive")));
	assert_int_equal(json_integer_value(json_object_get(options, "idle")), 300);
	ka_result_clear(&result);
	assert_int_equal(ka_result_decode(&result, ka_sample(KA_SAMPLE_PROGRAM_HOLDS), NULL), 0);
	assert_true(isnan(result.program_end_s) && ka_result_blames_program(&result));
	ka_result_clear(&result);
	assert_int_equal(ka_result_decode(&result, ka_sample(KA_SAMPLE_PASS), NULL), 0);
	assert_null(result.program);
	assert_null(result.options);
	assert_null(result.program_verdict);
	assert_true(isnan(result.kernel_end_s));
	ka_result_clear(&result);
}

/* Half a program is none: each of its fields is asked for. */
TEST(what_a_program_must_have)
{
	static const char *const fields[] = { "program_verdict", "kernel_end_s", "program_end_s",
					      "options" };

	for (size_t i = 0; i < KA_N(fields); i++) {
		json_t *json = ka_sample(KA_SAMPLE_PROGRAM);
		struct ka_result result;
		struct nn_err err = { "" };

		assert_int_equal(json_object_del(json, fields[i]), 0);
		assert_int_equal(ka_result_decode(&result, json, &err), -EINVAL);
		assert_non_null(strstr(err.text, fields[i]));
	}
}

TEST(what_has_no_value_is_null)
{
	struct ka_result result;

	assert_int_equal(ka_result_decode(&result, through_a_line(ka_sample(KA_SAMPLE_SKIP)), NULL),
			 0);
	assert_int_equal(result.verdict, KA_SKIP);
	assert_true(isnan(result.detect_s) && isnan(result.window_s[0]) && isnan(result.wall_s));
	assert_true(!result.have_off && result.probes == -1 && result.answered == -1);
	assert_null(result.errno_name);
	assert_null(result.events);
	assert_null(result.prediction);
	assert_null(result.kept);
	ka_result_clear(&result);
}

/* Two runs in virtual time must give the same bytes. */
TEST(a_virtual_clock_has_no_wall_time)
{
	static const struct ka_case case_ = { .name = "c", .why = "w", .source = "s" };
	static const struct ka_theme theme = { .name = "t", .title = "T" };
	const struct ka_instance instance = { .theme = &theme,
					      .case_ = &case_,
					      .setting = { NULL, NULL, 7200, 75, 9, 2500 },
					      .name = "c/x/v4/client" };
	const struct ka_facts facts = { .release = "6.1", .hz = 1000, .virtual_clock = true };
	const struct ka_timeline timeline = { 0 };
	const struct ka_verdict verdict = { .kind = KA_PASS, .detect_s = 7875.0000004 };
	struct ka_result result;
	json_t *json = ka_result_encode(&instance, &facts, NULL, &timeline, &verdict, 1.5);

	assert_int_equal(ka_result_decode(&result, through_a_line(json), NULL), 0);
	assert_true(isnan(result.wall_s) && result.detect_s == 7875);
	assert_string_equal(result.clock, "virtual");
	assert_int_equal(result.user_timeout_ms, 2500);
	ka_result_clear(&result);
	json = ka_result_without_run(&instance, NULL, KA_SKIP, NULL); /* before facts are known */
	assert_int_equal(ka_result_decode(&result, json, NULL), 0);
	assert_string_equal(result.release, "");
	ka_result_clear(&result);
}

/* What lines of both versions have. */
#define FIELDS                                                                                     \
	"\"instance\":\"silent_drop/1-1-3/v4/client\",\"case\":\"silent_drop\","                   \
	"\"theme\":\"peer_vanishes\",\"setting\":{\"idle\":1,\"intvl\":1,\"cnt\":3,"               \
	"\"user_timeout_ms\":0,\"from\":\"option\"},\"family\":\"v4\",\"prober\":\"client\","      \
	"\"topology\":\"routed\",\"kernel\":{\"release\":\"6.18.44\",\"hz\":250,"                  \
	"\"clock\":\"real\",\"where\":\"host\"},\"nominal_s\":4,\"window_s\":[4.052,4.104],"       \
	"\"noise_s\":0.001,\"detect_s\":4.0958,\"notice_s\":4.0961,\"off_jiffies\":0,"             \
	"\"errno\":\"ETIMEDOUT\",\"events\":\"0x2019\",\"probes\":3,\"gaps_s\":[1.024,1.024],"     \
	"\"counters\":{\"TCPKeepAlive\":3}"

static const char documented[] =
	"{\"v\":2," FIELDS ",\"verdict\":\"pass\",\"why\":\"\",\"findings\":[],"
	"\"timeline\":[{\"t\":0.0,\"at\":\"client\",\"kind\":\"packet\",\"what\":\"last_rx\"}]}";

/* A line that kacheck wrote before there were findings. */
static const char of_version_1[] =
	"{\"v\":1," FIELDS ",\"verdict\":\"fail\",\"why\":\"no error; 2 probes\","
	"\"timeline\":[{\"t\":0.0,\"at\":\"client\",\"what\":\"last_rx\"}]}";

/* ---- what must not come back -------------------------------------------------------------- */

/* @json must be refused with an error that names @field. */
static void assert_refused(json_t *json, const char *field)
{
	struct ka_result result;
	struct nn_err err = { "" };

	assert_int_equal(ka_result_decode(&result, json, &err), -EINVAL);
	assert_null(result.json);
	if (!strstr(err.text, field))
		fail_msg("\"%s\" does not name %s", err.text, field);
}

TEST(every_documented_field_is_checked)
{
	json_t *good = json_loads(documented, 0, NULL), *bad;
	const char *name;
	json_t *value;

	assert_non_null(good);
	json_object_foreach(good, name, value)
	{
		bad = json_deep_copy(good);
		json_object_del(bad, name);
		assert_refused(bad, name);
		bad = json_deep_copy(good);
		json_object_set_new(bad, name, json_true());
		assert_refused(bad, name);
	}
	json_decref(good);
}

TEST(every_field_inside_is_checked)
{
	static const char *const objects[] = { "setting", "kernel" };
	json_t *good = json_loads(documented, 0, NULL), *bad, *value;
	const char *name;

	for (size_t i = 0; i < 2; i++) {
		json_object_foreach(json_object_get(good, objects[i]), name, value)
		{
			bad = json_deep_copy(good);
			json_object_del(json_object_get(bad, objects[i]), name);
			assert_refused(bad, name);
			bad = json_deep_copy(good);
			json_object_set_new(json_object_get(bad, objects[i]), name, json_null());
			assert_refused(bad, name);
		}
	}
	json_decref(good);
}

TEST(strange_values_are_refused)
{
	static const struct {
		const char *name, *value, *field;
	} strange[] = {
		{ "v", "3", "version" },
		{ "v", "0", "version" },
		{ "findings", "[{\"code\":\"gap\",\"class\":\"loss\"}]", "findings[].text" },
		{ "findings", "[{\"class\":7}]", "findings[].code" },
		{ "findings", "[{\"code\":\"gap\",\"class\":\"loss\",\"text\":\"\"}]",
		  "a pass has none" },
		{ "verdict", "\"maybe\"", "verdict" },
		{ "window_s", "[1]", "window_s" },
		{ "window_s", "[1,\"2\"]", "window_s" },
		{ "probes", "-1", "probes" },
		{ "probes", "4294967296", "probes" },
		{ "off_jiffies", "0.5", "off_jiffies" },
		{ "gaps_s", "[1,null]", "gaps_s" },
		{ "counters", "{\"TCPKeepAlive\":\"3\"}", "counters.TCPKeepAlive" },
		{ "timeline", "[{\"t\":0,\"at\":\"client\"}]", "timeline[].what" },
		{ "timeline", "[{\"t\":0,\"at\":\"client\",\"what\":\"\"}]", "timeline[].kind" },
		{ "timeline", "[7]", "timeline" },
		{ "kept", "1", "kept" },
		{ "prediction", "{}", "prediction.when" },
		{ "repetition", "\"0\"", "repetition" },
	};

	for (size_t i = 0; i < KA_N(strange); i++) {
		json_t *json = json_loads(documented, 0, NULL);

		json_object_set_new(json, strange[i].name,
				    json_loads(strange[i].value, JSON_DECODE_ANY, NULL));
		assert_refused(json, strange[i].field);
	}
	assert_refused(json_array(), "object");
	assert_refused(NULL, "object");
}

/* A word that is none: all are named, and nothing follows that only a call could say. */
TEST(every_verdict_is_named)
{
	json_t *json = json_loads(documented, 0, NULL);
	struct ka_result result;
	struct nn_err err;

	json_object_set_new(json, "verdict", json_string("KNOWN"));
	assert_int_equal(ka_result_decode(&result, json, &err), -EINVAL);
	for (int kind = 0; kind < KA_VERDICTS; kind++)
		assert_non_null(strstr(err.text, ka_verdict_name((enum ka_verdict_kind)kind)));
	assert_non_null(strstr(err.text, ", is another word"));
	assert_null(strstr(err.text, strerror(EINVAL)));
}

/* Reads all of @bytes, @lengths of lines, until the end or what is the last of them. */
static void assert_lines(const char *bytes, size_t size, const ssize_t *lengths)
{
	FILE *file = fmemopen((void *)bytes, size, "r");
	char *line = NULL;
	size_t room = 0;

	assert_non_null(file);
	do
		assert_int_equal(ka_result_read_line(file, &line, &room, NULL), *lengths);
	while (*lengths++ > 0);
	free(line);
	fclose(file);
}

TEST(lines_have_an_end)
{
	const size_t endless = 65u << 20;
	char *text = malloc(endless);

	assert_lines("{}\n\n{\n", 6, (const ssize_t[]){ 3, 1, 2, 0 });
	assert_lines("{}\n{", 4, (const ssize_t[]){ 3, 1, 0 });
	assert_lines("{}\n\0\0\0", 6, (const ssize_t[]){ 3, -EINVAL });
	assert_non_null(text);
	memset(text, 'x', endless);
	text[200000] = '\n';
	assert_lines(text, 200001, (const ssize_t[]){ 200001, 0 });
	text[200000] = 'x';
	assert_lines(text, endless, (const ssize_t[]){ -EINVAL });
	free(text);
}

TEST(the_documented_line_is_read)
{
	struct ka_result result;
	struct nn_err err = { "" };
	json_t *json = json_loads(documented, 0, NULL);

	json_object_set_new(json, "of_a_later_version", json_true());
	assert_int_equal(ka_result_decode(&result, json, &err), 0);
	assert_true(isnan(result.wall_s) && result.repetition == -1);
	assert_null(result.rule);
	assert_null(result.declared);
	ka_result_clear(&result);
}

TEST(version_1_is_read)
{
	struct ka_result result;
	json_t *json = json_loads(of_version_1, 0, NULL);

	assert_false(ka_result_is_stall(json));
	assert_int_equal(ka_result_decode(&result, json, NULL), 0);
	assert_int_equal(result.verdict, KA_FAIL);
	assert_string_equal(result.why, "no error; 2 probes");
	assert_null(result.findings);
	ka_result_clear(&result);
}

static json_t *of_verdict(const struct ka_timeline *timeline, const struct ka_verdict *verdict)
{
	static const struct ka_case case_ = { .name = "c", .why = "w", .source = "s" };
	static const struct ka_theme theme = { .name = "t", .title = "T" };
	const struct ka_instance instance = { .theme = &theme, .case_ = &case_, .name = "c" };

	return ka_result_encode(&instance, NULL, NULL, timeline, verdict, 1);
}

/* @code of the first finding, its class, and whether another try may tell. */
static void assert_finding(enum ka_verdict_kind kind, enum ka_finding_code code, const char *class_,
			   bool stall)
{
	struct ka_verdict verdict = { .kind = kind, .detect_s = NAN, .notice_s = NAN };
	const struct ka_timeline timeline = { 0 };
	struct ka_result result;
	json_t *finding;

	ka_find(&verdict.findings, KA_FIND_BENCH, -1, "the bench");
	ka_find(&verdict.findings, code, 3, "a \033 text");
	assert_int_equal(
		ka_result_decode(&result, through_a_line(of_verdict(&timeline, &verdict)), NULL),
		0);
	finding = json_array_get(result.findings, 1);
	assert_string_equal(json_string_value(json_object_get(finding, "code")),
			    ka_finding_name(code));
	assert_string_equal(json_string_value(json_object_get(finding, "class")), class_);
	assert_int_equal(json_integer_value(json_object_get(finding, "step")), 3);
	assert_true(json_is_null(json_object_get(json_array_get(result.findings, 0), "step")));
	assert_int_equal(ka_result_is_stall(result.json), stall);
	ka_result_clear(&result);
}

TEST(findings_have_a_class)
{
	assert_finding(KA_FAIL, KA_FIND_END_EARLY, "kernel", false);
	assert_finding(KA_FAIL, KA_FIND_GAP, "loss", false);
	assert_finding(KA_BROKEN, KA_FIND_STALLED, "host", true);
	assert_finding(KA_FAIL, KA_FIND_STALLED, "host", false);
	assert_finding(KA_BROKEN, KA_FIND_NO_EFFECT, "experiment", false);
	assert_finding(KA_FAIL, KA_FIND_KNOWN_PASSES, "catalogue", false);
}

/* Absent before there was such a verdict. */
TEST(a_known_failure_has_a_reference)
{
	struct ka_result result;
	json_t *json = ka_sample(KA_SAMPLE_PASS);

	assert_int_equal(ka_result_decode(&result, ka_sample(KA_SAMPLE_KNOWN), NULL), 0);
	assert_int_equal(result.verdict, KA_KNOWN);
	assert_string_equal(result.known, "proc_int_k2u_conv_kop(): \"<a divided sign>\"");
	ka_result_clear(&result);
	assert_int_equal(json_object_del(json, "known"), 0);
	assert_int_equal(ka_result_decode(&result, json, NULL), 0);
	assert_null(result.known);
	ka_result_clear(&result);
}

/* What a program reads of an event: numbers, no words. */
TEST(events_have_a_kind)
{
	json_t *json = ka_sample(KA_SAMPLE_ALIVE);
	size_t answered = 0, i;
	json_t *event;

	json_array_foreach(json_object_get(json, "timeline"), i, event)
	{
		assert_true(json_is_string(json_object_get(event, "kind")));
		answered += json_is_true(json_object_get(event, "answered"));
	}
	assert_int_equal(answered, json_integer_value(json_object_get(json, "answered")));
	assert_true(answered > 0);
	json_decref(json);
}
