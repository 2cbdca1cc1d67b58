/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rollout means, by arithmetic: knobs, spans of time, answers, questions, findings. */
#include <math.h>

#include "model/span.h"
#include "model/util.h"
#include "netns/tests/unit.h"
#include "rollout/picture.h"
#include "rollout/sanity.h"
#include "rollout/spelling.h"
#include "rollout/suggest.h"

static void assert_near(double a, double b)
{
	if (fabs(a - b) >= 0.0015)
		fail_msg("%f is not %f", a, b);
}

TEST(reads_spans)
{
	static const struct {
		const char *text;
		double seconds;
	} rows[] = { { "350s", 350 },  { "5m", 300 },   { "1h30m", 5400 }, { "2d", 172800 },
		     { "90", 90 },     { "1.5s", 1.5 }, { "250ms", 0.25 }, { "1h5s", 3605 },
		     { "10min", 600 }, { "1m30", 0 },   { "", 0 },         { "s", 0 },
		     { "-5s", 0 },     { "5x", 0 },     { "0", 0 },        { "inf", 0 },
		     { "0x10", 0 },    { "1..5s", 0 },  { "5m ", 0 },      { "400d", 0 },
		     { "5mm", 0 },     { "1e3", 0 } };

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct nn_err err = { "" };
		double seconds = 0;
		int ret = ka_span_parse(&seconds, rows[i].text, &err);

		assert_int_equal(ret, rows[i].seconds > 0 ? 0 : -EINVAL);
		assert_near(seconds, rows[i].seconds);
		assert_int_equal(*err.text != '\0', rows[i].seconds <= 0);
	}
}

TEST(writes_spans)
{
	static const struct {
		double seconds;
		const char *text;
	} rows[] = { { 7875, "2 h 11 min 15 s" }, { 60, "1 min" }, { 4, "4 s" },
		     { 0.25, "0.25 s" },          { 3600, "1 h" }, { 3605, "1 h 5 s" },
		     { 350, "5 min 50 s" },       { NAN, "never" } };
	char buf[64];

	for (size_t i = 0; i < KA_N(rows); i++)
		assert_string_equal(ka_span_text(rows[i].seconds, buf, sizeof(buf)), rows[i].text);
}

TEST(numbers_are_the_kernels)
{
	int64_t value = 0;

	assert_int_equal(ka_knob_number(&value, "0x3c"), 0);
	assert_int_equal(value, 60);
	assert_int_equal(ka_knob_number(&value, "010"), 0);
	assert_int_equal(value, 8);
	assert_int_equal(ka_knob_number(&value, "-5"), 0);
	assert_int_equal(value, -5);
	assert_int_equal(ka_knob_number(&value, "5s"), -EINVAL);
	assert_int_equal(ka_knob_number(&value, "000000000000000000600"), -EINVAL); /* TMPBUFLEN */
	assert_int_equal(ka_knob_number(&value, ""), -EINVAL);
	assert_int_equal(ka_knob_number(&value, "99999999999999999999"), -EINVAL);
	assert_true(ka_knob_takes(KA_KNOB_PROBES, "255", 250));
	assert_false(ka_knob_takes(KA_KNOB_PROBES, "256", 250));
	assert_false(ka_knob_takes(KA_KNOB_PROBES, "-0", 250));
	assert_false(ka_knob_takes(KA_KNOB_SYN_RETRIES, "0", 250));
	assert_true(ka_knob_takes(KA_KNOB_TIME, "-1", 250));
	assert_true(ka_knob_takes(KA_KNOB_TIME, "-0", 250));
}

/* White space ends a number; what is behind it is not read (proc_get_long()). */
TEST(text_behind_a_number_is_not_read)
{
	static const struct {
		const char *text, *rest;
		int64_t value; /* -1: refused */
	} rows[] = { { "600 # comment", "# comment", 600 },
		     { "600 s", "s", 600 },
		     { "600 60 6", "60 6", 600 },
		     { "600 \\", "\\", 600 },
		     { "600\t//c", "//c", 600 },
		     { "600", "", 600 },
		     { "600 ", "", 600 },
		     { "600;c", "", -1 },
		     { "600s", "", -1 },
		     { "600\f", "", -1 },
		     { "600\302\240", "", -1 },
		     { "\"600\"", "", -1 } };

	for (size_t i = 0; i < KA_N(rows); i++) {
		int64_t value = -1;

		assert_int_equal(ka_knob_number(&value, rows[i].text),
				 rows[i].value < 0 ? -EINVAL : 0);
		assert_string_equal(ka_knob_rest(rows[i].text), rows[i].rest);
		assert_true(rows[i].value < 0 || value == rows[i].value);
	}
}

/* Seconds become jiffies in an int: a larger HZ takes less (proc_dointvec_jiffies()). */
TEST(the_most_seconds_depend_on_hz)
{
	static const struct {
		int hz;
		const char *most, *more;
	} rows[] = { { 100, "21474836", "21474837" },
		     { 250, "8589934", "8589935" },
		     { 300, "7158278", "7158279" },
		     { 1000, "2147483", "2147484" } };

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_knobs before = ka_knobs_initial(), knobs = before;

		assert_true(ka_knob_takes(KA_KNOB_TIME, rows[i].most, rows[i].hz));
		assert_false(ka_knob_takes(KA_KNOB_TIME, rows[i].more, rows[i].hz));
		knobs.value[KA_KNOB_TIME] = strtoll(rows[i].more, NULL, 10);
		knobs.value[KA_KNOB_PROBES] = 3;
		ka_knobs_keep(&knobs, &before, rows[i].hz, "6.18.0");
		assert_int_equal(knobs.value[KA_KNOB_TIME], 7200);
		assert_int_equal(knobs.value[KA_KNOB_PROBES], 3);
	}
}

/* Names that look right, and what is meant by them. */
TEST(knows_slips_of_the_pen)
{
	static const struct {
		const char *key, *meant; /* NULL: it may exist */
	} rows[] = {
		{ "net/ipv6/tcp_keepalive_time", "net.ipv4.tcp_keepalive_time" },
		{ "net/tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_intvl" },
		{ "net/ipv4/tcp_keep_alive_probes", "net.ipv4.tcp_keepalive_probes" },
		{ "net/ipv4/tcp_keepalive_interval", "net.ipv4.tcp_keepalive_intvl" },
		{ "net/ipv4/tcp_keepalive_timeout", "net.ipv4.tcp_keepalive_time" },
		{ "net/ipv4/tcp_keepalive_prob", "net.ipv4.tcp_keepalive_probes" },
		{ "net/ipv4/tcp_keepalive",
		  "one of net.ipv4.tcp_keepalive_time, _intvl and _probes" },
		{ "net/ipv4/conf/all/tcp_keepalive_time", "net.ipv4.tcp_keepalive_time" },
		{ "tcp_keepalive_time", "net.ipv4.tcp_keepalive_time" },
		{ "net.ipv4/tcp_keepalive_time", "net.ipv4.tcp_keepalive_time" },
		{ "net/ipv4.tcp_keepalive_time", "net.ipv4.tcp_keepalive_time" },
		{ "net/core/tcp_retries2", "net.ipv4.tcp_retries2" },
		{ "net/ipv6/tcp_fin_timeout", "net.ipv4.tcp_fin_timeout" },
		{ "net/ipv4/netfilter/ip_conntrack_tcp_timeout_established",
		  "net.netfilter.nf_conntrack_tcp_timeout_established" },
		{ "net/ipv4/tcp_keepalive_time", NULL },
		{ "net/ipv4/tcp_retries1", NULL },
		{ "net/ipv4/tcp_synack_retries", NULL },
		{ "net/ipv4/tcp_tw_reuse", NULL },
		{ "net/netfilter/nf_conntrack_tcp_loose", NULL },
		{ "net/ipv4/tcp_*", NULL },
		{ "sunrpc/tcp_fin_timeout", NULL },
		{ "vm/swappiness", NULL },
	};
	char buf[160];

	for (size_t i = 0; i < KA_N(rows); i++) {
		bool meant = ka_spelling_meant(rows[i].key, buf, sizeof(buf));

		if (meant != (rows[i].meant != NULL))
			fail_msg("%s", rows[i].key);
		if (meant)
			assert_string_equal(buf, rows[i].meant);
	}
}

TEST(takes_files)
{
	static const char text[] = "net.ipv4.tcp_keepalive_time = 60\n"
				   "-net.ipv4.tcp_keepalive_probes = 300\n"
				   "net.ipv4.tcp_keepalive_* = 20\n";
	static const char wrong[] = "\nnet.ipv4.tcp_keepalive_probes = 256\n";
	struct ka_sysctl_set set = { .n = 0 };
	struct ka_knobs knobs = ka_knobs_initial();
	struct nn_err err = { "" };

	assert_int_equal(ka_sysctl_parse(&set, "a.conf", text, strlen(text), &err), 0);
	ka_sysctl_resolve(&set);
	assert_int_equal(ka_knobs_take(&knobs, &set, &err), 0);
	assert_int_equal(knobs.value[KA_KNOB_TIME], 60);
	assert_int_equal(knobs.value[KA_KNOB_INTVL], 20);
	assert_int_equal(knobs.value[KA_KNOB_PROBES], 9); /* refused, and that was allowed for */
	assert_int_equal(ka_sysctl_parse(&set, "b.conf", wrong, strlen(wrong), &err), 0);
	ka_sysctl_resolve(&set);
	assert_int_equal(ka_knobs_take(&knobs, &set, &err), -EINVAL);
	assert_non_null(strstr(err.text, "b.conf:2: net.ipv4.tcp_keepalive_probes = 256"));
	assert_non_null(strstr(err.text, "0..255"));
	ka_sysctl_free(&set);
}

/* What is written to a kernel that does not have it is not written. */
TEST(some_kernels_have_more)
{
	const struct ka_knobs before = ka_knobs_initial();
	struct ka_knobs knobs = before;
	struct ka_answer answer;

	knobs.value[KA_KNOB_RETRIES2] = 8;
	knobs.value[KA_KNOB_RTO_MAX_MS] = 1000;
	ka_answer_predict(&answer, &knobs, 250);
	assert_true(answer.unacked_s[0] > 7.5 && answer.unacked_s[1] < 9);
	ka_knobs_keep(&knobs, &before, 250, "6.15.0");
	assert_int_equal(knobs.value[KA_KNOB_RTO_MAX_MS], 1000);
	ka_knobs_keep(&knobs, &before, 250, "6.12.117");
	assert_int_equal(knobs.value[KA_KNOB_RTO_MAX_MS], 120000);
	assert_int_equal(knobs.value[KA_KNOB_RETRIES2], 8);
	assert_false(ka_knob_exists(KA_KNOB_RTO_MIN_US, "6.10.3"));
	assert_true(ka_knob_exists(KA_KNOB_RTO_MIN_US, "6.11"));
	assert_false(ka_knob_takes(KA_KNOB_RTO_MAX_MS, "999", 250));
	assert_false(ka_knob_takes(KA_KNOB_RTO_MAX_MS, "120001", 250));
}

TEST(answers)
{
	struct ka_knobs knobs = ka_knobs_of(60, 10, 6);
	struct ka_answer answer;

	ka_answer_predict(&answer, &knobs, 250);
	assert_near(answer.nominal_s, 120);
	assert_near(answer.detect_s[0], 121.204);
	assert_near(answer.detect_s[1], 123.488);
	assert_near(answer.period_s[0], 60);
	assert_near(answer.period_s[1], 62.048);
	assert_near(answer.gap_s, 10.24);
	assert_near(ka_answer_alive_per_hour(&answer), 60);
	assert_true(answer.unacked_s[0] > 924 && answer.unacked_s[1] < 1100);
	assert_true(ka_answer_keeps(&answer, 350));
	assert_false(ka_answer_keeps(&answer, 61));
	assert_true(ka_answer_may_keep(&answer, 61));
	assert_false(ka_answer_may_keep(&answer, 60));
}

/* An interval longer than idle is what rules once a probe was answered. */
TEST(long_intervals)
{
	struct ka_knobs knobs = ka_knobs_of(10, 60, 3);
	struct ka_answer answer;

	ka_answer_predict(&answer, &knobs, 250);
	assert_near(answer.period_s[0], 60);
	assert_false(ka_answer_keeps(&answer, 30));
	assert_true(answer.detect_s[1] > 10 + 3 * 60 + 50); /* the timer may run with intvl */
}

TEST(odd_values)
{
	static const struct {
		int64_t time, intvl, probes;
		enum ka_effect effect;
	} rows[] = { { 60, 10, 0, KA_EFFECT_KILLS },  { -1, 10, 3, KA_EFFECT_SILENT },
		     { -1, -1, 0, KA_EFFECT_SILENT }, { 60, -1, 3, KA_EFFECT_ENDLESS },
		     { 0, 10, 3, KA_EFFECT_DETECTS }, { 60, 0, 3, KA_EFFECT_DETECTS },
		     { 60, -1, 0, KA_EFFECT_KILLS },  { 0, 0, 3, KA_EFFECT_DETECTS },
		     { 0, 0, 0, KA_EFFECT_KILLS } };

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_knobs knobs = ka_knobs_of(rows[i].time, rows[i].intvl, rows[i].probes);
		struct ka_answer answer;

		ka_answer_predict(&answer, &knobs, 250);
		assert_int_equal(answer.effect, rows[i].effect);
		assert_int_equal(isnan(answer.period_s[0]), rows[i].effect != KA_EFFECT_DETECTS);
		assert_int_equal(ka_answer_keeps(&answer, 1e9),
				 rows[i].effect == KA_EFFECT_DETECTS);
		assert_false(isinf(ka_answer_alive_per_hour(&answer)));
	}
}

/* The preset of Linux's own connection tracking is what the file makes of it. */
TEST(asks_of_own_tracking)
{
	struct ka_questions questions = { .n = 0 };
	struct ka_knobs knobs = ka_knobs_of(600, 10, 6);
	struct ka_answer answer;
	char text[200];

	assert_int_equal(ka_questions_survive(&questions, "conntrack,conntrack-kube", NULL), 0);
	ka_answer_predict(&answer, &knobs, 250);
	ka_questions_own(&questions, &knobs);
	assert_near(questions.list[0].limit_s, 432000);
	assert_true(ka_question_holds(&questions.list[0], &answer));
	assert_null(
		strstr(ka_question_text(&questions.list[0], text, sizeof(text)), "these values"));
	knobs.value[KA_KNOB_CT_ESTABLISHED] = 180;
	ka_questions_own(&questions, &knobs);
	assert_near(questions.list[0].limit_s, 180);
	assert_near(questions.list[1].limit_s, 86400);
	assert_false(ka_question_holds(&questions.list[0], &answer));
	ka_question_text(&questions.list[0], text, sizeof(text));
	assert_non_null(
		strstr(text, "conntrack with these values, a gateway that forgets after 3 min"));
}

TEST(asks_of_data_in_flight)
{
	struct ka_questions questions = { .n = 0 };
	struct ka_knobs knobs = ka_knobs_of(60, 10, 6);
	struct ka_answer answer;
	char text[300];

	assert_int_equal(ka_questions_busy(&questions, "1m", NULL), 0);
	ka_answer_predict(&answer, &knobs, 250);
	assert_false(ka_question_holds(&questions.list[0], &answer));
	knobs.value[KA_KNOB_RETRIES2] = 6;
	ka_answer_predict(&answer, &knobs, 250);
	assert_true(ka_question_holds(&questions.list[0], &answer));
	assert_non_null(strstr(ka_question_reason(&questions.list[0], &answer, text, sizeof(text)),
			       "after the write at the latest"));
	knobs.value[KA_KNOB_TIME] = -1; /* keepalive has no say */
	ka_answer_predict(&answer, &knobs, 250);
	assert_true(ka_question_holds(&questions.list[0], &answer));
}

/* TCP_USER_TIMEOUT overrides the count of probes, and tcp_retries2. */
TEST(answers_for_a_user_timeout)
{
	struct ka_knobs knobs = ka_knobs_of(15, 15, 9);
	struct ka_answer answer;

	knobs.ut_ms = 20000;
	ka_answer_predict(&answer, &knobs, 250);
	assert_near(answer.detect_s[0], 30.004);
	assert_near(answer.detect_s[1], 30.36);
	assert_true(answer.unacked_s[0] > 20 && answer.unacked_s[1] < 23);
	assert_near(answer.nominal_s, 30);
	knobs.ut_ms = 0;
	ka_answer_predict(&answer, &knobs, 250);
	assert_true(answer.detect_s[0] > 150 && answer.unacked_s[0] > 900);
}

/* A proxy's own timer sees no probe: no value helps. */
TEST(asks_of_proxies)
{
	struct ka_questions questions = { .n = 0 };
	struct ka_answer answer;
	char text[500];

	assert_int_equal(ka_questions_survive(&questions, "nginx-stream,envoy,cisco-asa", NULL), 0);
	assert_int_equal(questions.n, 3);
	for (int64_t time = 1; time < 600; time += 100) {
		struct ka_knobs knobs = ka_knobs_of(time, 1, 3);

		ka_answer_predict(&answer, &knobs, 250);
		assert_false(ka_question_holds(&questions.list[0], &answer));
		assert_false(ka_question_holds(&questions.list[1], &answer));
		assert_true(ka_question_holds(&questions.list[2], &answer));
	}
	assert_non_null(strstr(ka_question_text(&questions.list[0], text, sizeof(text)),
			       "after 10 min without data (proxy_timeout)"));
	assert_non_null(strstr(ka_question_reason(&questions.list[0], &answer, text, sizeof(text)),
			       "a probe is no activity there"));
}

TEST(asks)
{
	struct ka_questions questions = { .n = 0 };
	struct nn_err err = { "" };

	assert_int_equal(ka_questions_detect(&questions, "5m", &err), 0);
	assert_int_equal(ka_questions_survive(&questions, "aws-nlb,350s,gcp", &err), 0);
	assert_int_equal(questions.n, 5);
	assert_int_equal(questions.list[1].unknown, KA_UNKNOWN_RESET);
	assert_int_equal(questions.list[2].unknown, KA_UNKNOWN_DROP);
	assert_int_equal(questions.list[3].unknown, KA_UNKNOWN_RESET);
	assert_near(questions.list[4].limit_s, 600);
	assert_int_equal(ka_questions_survive(&questions, "azure-bl", &err), -EINVAL);
	assert_non_null(strstr(err.text, "azure-lb"));
	assert_int_equal(ka_questions_survive(&questions, "350s,", &err), -EINVAL);
	assert_int_equal(ka_questions_survive(&questions, "", &err), -EINVAL);
	assert_int_equal(ka_questions_survive(&questions, "1.5s", &err), -EINVAL);
}

static bool holds(int64_t time, int64_t intvl, int64_t probes, const struct ka_question *question)
{
	struct ka_knobs knobs = ka_knobs_of(time, intvl, probes);
	struct ka_answer answer;

	ka_answer_predict(&answer, &knobs, 250);
	return ka_question_holds(question, &answer);
}

/* The limit is compared with the latest, not with the nominal value. */
TEST(replies)
{
	const struct ka_question detect = { .kind = KA_ASK_DETECT, .limit_s = 120 };
	const struct ka_question survive = { .kind = KA_ASK_SURVIVE, .limit_s = 350 };
	const struct ka_question rate = { .kind = KA_ASK_RATE, .rate = 1000, .connections = 60000 };

	assert_false(holds(60, 10, 6, &detect));
	assert_true(holds(55, 10, 6, &detect));
	assert_false(holds(55, 10, 0, &detect));
	assert_true(holds(300, 10, 6, &survive));
	assert_false(holds(349, 10, 6, &survive));
	assert_false(holds(-1, 10, 6, &survive));
	assert_true(holds(60, 10, 6, &rate));
	assert_false(holds(59, 10, 6, &rate));
}

/* 870 s is below 900 s on paper, and on one of four kernels. */
TEST(answers_for_each_hz)
{
	const struct ka_question survive = { .kind = KA_ASK_SURVIVE, .limit_s = 900 };
	const struct ka_question rate = { .kind = KA_ASK_RATE, .rate = 1000, .connections = 1 };
	const struct ka_knobs before = ka_knobs_initial(), knobs = ka_knobs_of(870, 10, 6);
	const struct ka_rates rates = ka_rates_usual(250), odd = ka_rates_usual(128);
	static const double seconds[] = { 911.0, 886.4, 979.2, 902.8 };
	struct ka_at_hz at[4];
	char buf[300];

	assert_int_equal(rates.n, 4);
	assert_int_equal(odd.n, 5);
	assert_int_equal(odd.hz[4], 128);
	for (size_t i = 0; i < 4; i++) {
		at[i] = ka_rates_ask(&survive, &knobs, &before, "6.18.0", rates.hz[i]);
		assert_int_equal(at[i].yes, rates.hz[i] == 250);
		assert_true(fabs(at[i].seconds - seconds[i]) < 0.1);
	}
	assert_string_equal(ka_rates_text(&at[1], &at[2], 2, buf, sizeof(buf)),
			    "; that is at HZ 250, but NO at HZ 300 (979.2 s), 1000 (902.8 s)");
	assert_string_equal(
		ka_rates_text(&at[0], &at[2], 2, buf, sizeof(buf)),
		"; that is at HZ 100, and the same at HZ 300 (979.2 s), 1000 (902.8 s)");
	at[0] = ka_rates_ask(&rate, &knobs, &before, "6.18.0", 100);
	assert_string_equal(ka_rates_text(&at[0], &at[1], 3, buf, sizeof(buf)), "");
}

static bool finds(int64_t time, int64_t intvl, int64_t probes, enum ka_sane what)
{
	struct ka_knobs knobs = ka_knobs_of(time, intvl, probes);
	struct ka_warning findings[KA_SANES];
	struct ka_answer answer;
	size_t n;

	ka_answer_predict(&answer, &knobs, 250);
	n = ka_sanity_check(findings, &knobs, &answer);
	for (size_t i = 0; i < n; i++)
		if (findings[i].what == what)
			return *findings[i].text && *findings[i].reason;
	return false;
}

TEST(finds_what_is_odd)
{
	assert_true(finds(60, 10, 0, KA_SANE_PROBES_ZERO));
	assert_true(finds(60, 10, 1, KA_SANE_PROBES_ONE));
	assert_true(finds(0, 10, 3, KA_SANE_TIME_ZERO));
	assert_true(finds(60, 0, 3, KA_SANE_INTVL_ZERO));
	assert_true(finds(-1, 10, 3, KA_SANE_TIME_NEGATIVE));
	assert_true(finds(60, -1, 3, KA_SANE_INTVL_NEGATIVE));
	assert_true(finds(10, 60, 3, KA_SANE_INTVL_LONG));
	assert_true(finds(7200, 75, 9, KA_SANE_SLOW));
	assert_true(finds(40000, 75, 9, KA_SANE_BEYOND_OPTION));
	assert_true(finds(60, 10, 128, KA_SANE_BEYOND_OPTION));
	assert_true(finds(239, 10, 3, KA_SANE_GATEWAY));
	assert_true(finds(500000, 10, 3, KA_SANE_OWN_FIREWALL));
	assert_true(finds(60, 10, 3, KA_SANE_DATA_SLOWER));
	for (int what = 0; what < KA_SANES; what++)
		if (what != KA_SANE_DATA_SLOWER)
			assert_false(finds(60, 10, 3, (enum ka_sane)what));
}

/* The time of a half-closed connection is another one, and not known of each gateway. */
TEST(half_closed_has_a_time_of_its_own)
{
	struct ka_questions questions = { .n = 0 };
	struct ka_knobs own = ka_knobs_of(7200, 75, 9), k = ka_knobs_of(45, 10, 6);
	struct ka_answer answer;
	struct nn_err err = { "" };
	char buf[300];

	assert_int_equal(ka_questions_half_closed(&questions, "conntrack,ipvs,fortinet,1h", &err),
			 0);
	assert_int_equal(questions.n, 5);
	assert_int_equal((int)questions.list[0].limit_s, 60);
	assert_int_equal((int)questions.list[1].limit_s, 60);
	assert_int_equal((int)questions.list[2].limit_s, 120);
	assert_non_null(strstr(ka_question_text(&questions.list[1], buf, sizeof(buf)),
			       "does a half-closed connection live through ipvs, a gateway that "
			       "forgets such after 1 min"));
	ka_answer_predict(&answer, &k, 250);
	assert_true(ka_questions_hold(&questions, &answer));
	ka_answer_predict(&answer, &own, 250);
	assert_false(ka_question_holds(&questions.list[0], &answer));
	own.value[KA_KNOB_CT_CLOSE_WAIT] = 30;
	ka_questions_own(&questions, &own);
	assert_int_equal((int)questions.list[0].limit_s, 30);
	assert_true(questions.list[0].own);
	assert_int_equal((int)questions.list[1].limit_s, 60);
	assert_int_equal(ka_questions_half_closed(&questions, "gcp", &err), -EINVAL);
	assert_non_null(strstr(err.text, "--survive-half-closed: how long 'gcp'"));
	assert_int_equal(ka_questions_half_closed(&questions, "haproxy", &err), -EINVAL);
	assert_non_null(strstr(err.text, "is a proxy"));
}

TEST(more_than_a_minute_in_fin_wait2_is_not_what_it_says)
{
	static const struct {
		int64_t timeout_s;
		const char *reason;
	} rows[] = { { 60, NULL },
		     { 61, "2 s here, not 61 s" },
		     { 120, NULL },
		     { 200, "280 s here, not 200 s" } };

	for (size_t i = 0; i < KA_N(rows); i++) {
		struct ka_knobs knobs = ka_knobs_of(60, 10, 3);
		struct ka_warning findings[KA_SANES];
		const char *reason = "";
		struct ka_answer answer;
		size_t n;

		knobs.value[KA_KNOB_FIN_TIMEOUT] = rows[i].timeout_s;
		ka_answer_predict(&answer, &knobs, 250);
		n = ka_sanity_check(findings, &knobs, &answer);
		for (size_t f = 0; f < n; f++)
			if (findings[f].what == KA_SANE_FIN_TIMEOUT)
				reason = findings[f].reason;
		assert_int_equal(*reason != 0, rows[i].reason != NULL);
		if (rows[i].reason)
			assert_non_null(strstr(reason, rows[i].reason));
	}
}

TEST(suggests_little)
{
	struct ka_questions questions = { .n = 0 };
	struct ka_knobs now = ka_knobs_of(600, 10, 6), suggested;
	const struct ka_rates rates = ka_rates_usual(250), one = { .hz = { 250 }, .n = 1 };
	char buf[1000];

	ka_questions_detect(&questions, "15m", NULL);
	ka_questions_survive(&questions, "aws-nlb,azure-lb", NULL);
	assert_true(ka_suggest(&suggested, &now, &questions, &rates));
	/* one knob, the nearest that holds at HZ 100, 250, 300 and 1000 */
	assert_int_equal(suggested.value[KA_KNOB_TIME], 220);
	assert_int_equal(suggested.value[KA_KNOB_INTVL], 10);
	assert_int_equal(suggested.value[KA_KNOB_PROBES], 6);
	assert_string_equal(ka_suggest_text(KA_SNIPPET_FILE, &suggested, &now, buf, sizeof(buf)),
			    "net.ipv4.tcp_keepalive_time = 220\n");
	assert_non_null(
		strstr(ka_suggest_text(KA_SNIPPET_KUBERNETES, &suggested, &now, buf, sizeof(buf)),
		       "  - name: net.ipv4.tcp_keepalive_time\n    value: \"220\"\n"));
	assert_non_null(
		strstr(ka_suggest_text(KA_SNIPPET_DOCKER, &suggested, &now, buf, sizeof(buf)),
		       " --sysctl net.ipv4.tcp_keepalive_intvl=10"));
	/* what concerns data in flight concerns tcp_retries2 */
	ka_questions_busy(&questions, "1m", NULL);
	assert_true(ka_suggest(&suggested, &now, &questions, &rates));
	assert_int_equal(suggested.value[KA_KNOB_TIME], 220);
	assert_int_equal(suggested.value[KA_KNOB_RETRIES2], 6);
	/* at HZ 250 alone, more would do */
	questions.n = 0;
	ka_questions_survive(&questions, "ipvs", NULL);
	now.value[KA_KNOB_TIME] = 870;
	assert_true(ka_suggest(&suggested, &now, &questions, &rates));
	assert_int_equal(suggested.value[KA_KNOB_TIME], 840);
	assert_true(ka_suggest(&suggested, &now, &questions, &one));
	assert_int_equal(suggested.value[KA_KNOB_TIME], 870);
	/* idle must be below 240 s and above 1000 s */
	ka_questions_survive(&questions, "azure-lb", NULL);
	ka_questions_rate(&questions, 1, 1000, NULL);
	assert_false(ka_suggest(&suggested, &now, &questions, &rates));
}

TEST(draws)
{
	const struct ka_question detect = { .kind = KA_ASK_DETECT, .limit_s = 300 };
	const struct ka_question rate = { .kind = KA_ASK_RATE, .rate = 1, .connections = 1 };
	struct ka_knobs knobs = ka_knobs_of(60, 10, 6);
	char buf[KA_PICTURE_ROOM];
	struct ka_answer answer;

	ka_answer_predict(&answer, &knobs, 250);
	ka_picture(&detect, &answer, 2, buf, sizeof(buf));
	assert_int_equal(strncmp(buf, "  0 .....", 9), 0);
	assert_non_null(strstr(buf, "X"));
	assert_non_null(strstr(buf, "| 5 min\n"));
	assert_string_equal(ka_picture(&rate, &answer, 2, buf, sizeof(buf)), "");
	knobs.value[KA_KNOB_PROBES] = 0;
	ka_answer_predict(&answer, &knobs, 250);
	assert_string_equal(ka_picture(&detect, &answer, 2, buf, sizeof(buf)), "");
}
