/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timeline, its words, and how the two ends of a connection become one tale. */
#include <netinet/tcp.h>

#include "model/timeline.h"
#include "model/util.h"
#include "netns/tests/unit.h"
#include "result/encode.h"

/* ---- timeline ----------------------------------------------------------------------------- */

TEST(timeline_sorts_and_keeps_the_order_of_equals)
{
	static const int64_t times[] = { 5, 1, 3, 1, 9, 3, 0 };
	static const int order[] = { 6, 1, 3, 2, 5, 0, 4 };
	struct ka_timeline timeline = { 0 };

	for (int i = 0; i < 7; i++) {
		const struct ka_event event = { .t_ns = times[i],
						.what = KA_EV_STEP,
						.step.index = i };

		assert_int_equal(ka_timeline_add(&timeline, &event), 0);
	}
	ka_timeline_sort(&timeline);
	for (int i = 0; i < 7; i++)
		assert_int_equal(timeline.events[i].step.index, order[i]);
	ka_timeline_free(&timeline);
	ka_timeline_free(&timeline);
	assert_int_equal(timeline.n, 0);
	ka_timeline_sort(&timeline);
}

TEST(timeline_grows)
{
	struct ka_timeline timeline = { 0 };
	struct ka_event event = { .what = KA_EV_STEP };

	for (int i = 1000; i > 0; i--) {
		event.t_ns = i;
		assert_int_equal(ka_timeline_add(&timeline, &event), 0);
	}
	ka_timeline_sort(&timeline);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(timeline.events[i].t_ns, i + 1);
	ka_timeline_free(&timeline);
}

static void assert_words(struct ka_event event, const char *words)
{
	char text[320];

	assert_string_equal(ka_event_text(&event, text, sizeof(text)), words);
}

#define EVENT(kind, member, ...) ((struct ka_event){ .what = kind, .member = { __VA_ARGS__ } })
#define PACKET(...)              EVENT(KA_EV_PACKET, packet, __VA_ARGS__)
#define CALL(...)                EVENT(KA_EV_CALL, call, __VA_ARGS__)

TEST(packets_in_words)
{
	assert_words(PACKET(.kind = KA_SEG_PROBE, .out = true), "probe");
	assert_words(PACKET(.kind = KA_SEG_PROBE), "arrives: probe");
	assert_words(PACKET(.kind = KA_SEG_PROBE, .len = 1), "arrives: probe, 1 byte");
	assert_words(PACKET(.kind = KA_SEG_DATA, .len = 64), "arrives: data, 64 bytes");
	assert_words(PACKET(.kind = KA_SEG_DATA, .len = 64, .flags = TH_FIN),
		     "arrives: data, 64 bytes, FIN");
	assert_words(PACKET(.kind = KA_SEG_DATA, .flags = TH_FIN, .out = true), "FIN");
	assert_words(PACKET(.kind = KA_SEG_ICMP, .icmp_type = 3, .icmp_code = 1),
		     "arrives: ICMP type 3 code 1");
	assert_words(PACKET(.kind = KA_SEG_OTHER, .flags = 0x3f, .out = true),
		     "other packet, flags 0x3f, 0 bytes");
}

TEST(sockets_in_words)
{
	assert_words((struct ka_event){ .what = KA_EV_EPOLL, .epoll.mask = 0x2019 },
		     "epoll 0x2019 (IN|RDHUP|ERR|HUP)");
	assert_words(EVENT(KA_EV_EPOLL, epoll, KA_EPOLL_FULL, 0x215d),
		     "epoll for all 0x215d (IN|RDNORM|OUT|WRNORM|RDHUP|ERR|HUP)");
	assert_words(CALL(.name = KA_CALL_READ, .ret = -1, .err = ETIMEDOUT),
		     "read = -1 ETIMEDOUT");
	assert_words(CALL(.name = KA_CALL_READ, .ret = 0, .after_end = true),
		     "read = 0 (after the end)");
	assert_words(CALL(.name = KA_CALL_SO_ERROR, .ret = ECONNRESET), "SO_ERROR = ECONNRESET");
	assert_words((struct ka_event){ .what = KA_EV_DIAG }, "sock_diag: no such socket");
	assert_words(EVENT(KA_EV_DIAG, diag, true, TCP_ESTABLISHED, 2, 1, 1020),
		     "sock_diag: ESTABLISHED, keepalive timer in 1.020 s, probes out 1");
	assert_words(EVENT(KA_EV_TCP_INFO, info, .state = TCP_CLOSE, .rto_us = 204000),
		     "TCP_INFO: CLOSE, probes out 0, retransmits 0, backoff 0, rto 0.204 s");
}

TEST(the_bench_in_words)
{
	assert_words(EVENT(KA_EV_STEP, step, .text = "connect"), "step 1: connect");
	assert_words(EVENT(KA_EV_FAULT, fault, 2, 0, "drop"),
		     "fault of step 3 had no effect: drop");
	assert_words(EVENT(KA_EV_FAULT, fault, 2, 1, "process gone"),
		     "fault of step 3 took effect: process gone");
	assert_words(EVENT(KA_EV_CHECK, check, .step = 1, .text = "idle is 2"),
		     "check of step 2 FAILED: idle is 2");
	assert_words(EVENT(KA_EV_COUNTER, counter, "Tcp.OutRsts", 1), "counter Tcp.OutRsts +1");
	assert_words(EVENT(KA_EV_APP, app, .text = "gets answer 1"), "program gets answer 1");
	assert_words(EVENT(KA_EV_LOAD, load, .n = 5000), "load of 5000: all live");
	assert_words(EVENT(KA_EV_LOAD, load, .n = 50, .dead = 49, .earliest_ns = 4076000000,
			   .latest_ns = 4104000000, .error = ETIMEDOUT, .events = 0x2019,
			   .probes = 3, .other = 1),
		     "load of 50: 49 ended 4.076000 .. 4.104000 s after their last segment: "
		     "ETIMEDOUT, epoll 0x2019, probes out 3; 1 otherwise");
	assert_words(EVENT(KA_EV_END, end, .why = KA_END_SKIP, .text = "no veth"),
		     "end: not possible here: no veth");
}

/* Every value of every enumeration has words, also one that nobody knows. */
TEST(nothing_is_without_words)
{
	char text[320];

	for (unsigned what = KA_EV_STEP; what <= KA_EV_END; what++) {
		for (unsigned i = 0; i < 16; i++) {
			struct ka_event event = { .what = what };

			memset(&event.packet, 0, sizeof(event.packet));
			if (what == KA_EV_PACKET && i <= KA_SEG_ICMP)
				event.packet.kind = i;
			if (what == KA_EV_CALL && i <= KA_CALL_ERROR_QUEUE)
				event.call.name = i;
			if (what == KA_EV_DIAG)
				event.diag = (struct ka_diag_sample){ true, (uint8_t)i, (uint8_t)i,
								      0, 0 };
			if (what == KA_EV_END && i <= KA_END_SKIP)
				event.end.why = i;
			text[0] = '\0';
			assert_true(strlen(ka_event_text(&event, text, sizeof(text))) > 2);
		}
	}
}

/* ---- the tale ----------------------------------------------------------------------------- */

struct seen {
	int64_t ms;
	enum ka_at at;
	bool out;
	enum ka_segment kind;
};

/* What a prober at the client and its peer have @seen must be told in these @words, each
 * "at what". */
static void assert_told(const struct seen *seen, size_t n, const char *const *words, int answered)
{
	const struct ka_instance instance = { .prober = KA_CLIENT };
	struct ka_timeline timeline = { 0 };
	json_t *told, *event;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct ka_event packet = {
			.t_ns = seen[i].ms * 1000000,
			.at = seen[i].at,
			.what = KA_EV_PACKET,
			.packet = { .out = seen[i].out,
				    .kind = seen[i].kind,
				    .accepted = !seen[i].out && seen[i].kind != KA_SEG_PROBE },
		};

		assert_int_equal(ka_timeline_add(&timeline, &packet), 0);
	}
	assert_int_equal(ka_count_answered(&instance, &timeline), answered);
	told = ka_json_timeline(&instance, &timeline, 0);
	ka_timeline_free(&timeline);
	json_array_foreach(told, i, event)
	{
		char text[200];

		assert_non_null(words[i]);
		snprintf(text, sizeof(text), "%s %s",
			 json_string_value(json_object_get(event, "at")),
			 json_string_value(json_object_get(event, "what")));
		assert_string_equal(text, words[i]);
	}
	assert_null(words[i]);
	json_decref(told);
}

TEST(probes_are_numbered_from_the_last_answer)
{
	static const struct seen seen[] = {
		{ 1000, KA_AT_CLIENT, true, KA_SEG_PROBE },
		{ 2000, KA_AT_CLIENT, true, KA_SEG_PROBE },
		{ 2000, KA_AT_SERVER, false, KA_SEG_PROBE },
		{ 3000, KA_AT_CLIENT, true, KA_SEG_PROBE },
		{ 3001, KA_AT_SERVER, false, KA_SEG_PROBE },
		{ 3002, KA_AT_SERVER, true, KA_SEG_ANSWER },
		{ 3003, KA_AT_CLIENT, false, KA_SEG_ANSWER },
		{ 4000, KA_AT_CLIENT, true, KA_SEG_PROBE },
	};
	static const char *const words[] = { "client probe 1",          "client probe 2",
					     "server arrives: probe 2", "client probe (answered)",
					     "server arrives: probe",   "client arrives: answer",
					     "client probe 1",          NULL };

	assert_told(seen, KA_N(seen), words, 1);
}

TEST(what_the_peer_sends_is_told_by_it_only_when_lost)
{
	static const struct seen seen[] = {
		{ 0, KA_AT_SERVER, true, KA_SEG_DATA },
		{ 0, KA_AT_CLIENT, false, KA_SEG_DATA },
		{ 1, KA_AT_CLIENT, true, KA_SEG_ACK },
		{ 1, KA_AT_SERVER, false, KA_SEG_ACK },
		{ 1000, KA_AT_CLIENT, true, KA_SEG_PROBE },
		{ 1001, KA_AT_SERVER, false, KA_SEG_PROBE },
		{ 1002, KA_AT_SERVER, true, KA_SEG_ANSWER },
		{ 2000, KA_AT_SERVER, true, KA_SEG_RST },
	};
	static const char *const words[] = {
		"client arrives: FIN",     "client ACK",    "server arrives: ACK", "client probe 1",
		"server arrives: probe 1", "server answer", "server RST",          NULL
	};

	assert_told(seen, KA_N(seen), words, 0);
}

/* The peer may hold keepalive too: its probes have no number. */
TEST(probes_of_the_peer_have_no_number)
{
	static const struct seen seen[] = {
		{ 1000, KA_AT_CLIENT, true, KA_SEG_PROBE },
		{ 1500, KA_AT_SERVER, true, KA_SEG_PROBE },
		{ 2000, KA_AT_SERVER, true, KA_SEG_PROBE },
		{ 2000, KA_AT_CLIENT, false, KA_SEG_PROBE },
	};
	static const char *const words[] = { "client probe 1", "server probe",
					     "client arrives: probe", NULL };

	assert_told(seen, KA_N(seen), words, 0);
}

TEST(texts_become_valid_utf8)
{
	static const char *const texts[][2] = {
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "a\xff"
		  "b",
		  "a\xef\xbf\xbd"
		  "b" },
		{ "\xc3", "\xef\xbf\xbd" },
		{ "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd" },                 /* overlong */
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* surrogate */
		{ "\xf4\x90\x80\x80x", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx" },
	};

	for (size_t i = 0; i < KA_N(texts); i++) {
		json_t *string = ka_json_text(texts[i][0]);

		assert_string_equal(json_string_value(string), texts[i][1]);
		json_decref(string);
		string = json_string(texts[i][1]); /* jansson agrees that it is valid */
		assert_non_null(string);
		json_decref(string);
	}
	assert_true(json_is_null(ka_json_text(NULL)));
}
