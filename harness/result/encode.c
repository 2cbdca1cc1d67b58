/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instance, kernel, prediction, timeline and verdict become one JSON object; result.h names the
 * fields. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "model/again.h"
#include "model/regimes.h"
#include "model/util.h"
#include "result/encode.h"
#include "result/result.h"

/* NULL if something failed while @object was filled. */
static json_t *finished(json_t *object, int bad)
{
	if (!bad)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *json_hex(uint64_t number)
{
	return json_sprintf("0x%" PRIx64, number);
}

/* An epoll mask; none was seen or is expected: null. */
static json_t *json_mask(uint32_t mask)
{
	return mask ? json_hex(mask) : json_null();
}

static json_t *json_errno(int error)
{
	return error ? json_string(ka_errno_name(error)) : json_null();
}

static json_t *json_count(int n)
{
	return n < 0 ? json_null() : json_integer(n);
}

static json_t *json_pair(json_t *first, json_t *second)
{
	json_t *array = json_array();
	int bad = 0;

	bad |= json_array_append_new(array, first);
	bad |= json_array_append_new(array, second);
	return finished(array, bad);
}

/* ---- instance and kernel ------------------------------------------------------------------ */

static json_t *encode_setting(const struct ka_instance *instance)
{
	static const char *const from[] = {
		[KA_FROM_OPTION] = "option", [KA_FROM_ACCEPTED] = "accepted",
		[KA_FROM_SYSCTL] = "sysctl", [KA_FROM_NOWHERE] = "nowhere",
		[KA_FROM_VALUES] = "values",
	};
	const struct ka_setting *setting = &instance->setting;
	json_t *object = json_object();
	char name[64];
	int bad = 0;

	ka_setting_text(setting, name, sizeof(name));
	bad |= json_object_set_new(object, "name", ka_json_text(name));
	bad |= json_object_set_new(object, "idle", json_integer(setting->idle));
	bad |= json_object_set_new(object, "intvl", json_integer(setting->intvl));
	bad |= json_object_set_new(object, "cnt", json_integer(setting->cnt));
	bad |= json_object_set_new(object, "user_timeout_ms",
				   json_integer(setting->user_timeout_ms));
	bad |= json_object_set_new(object, "from", json_string(from[instance->case_->from]));
	return finished(object, bad);
}

static json_t *encode_kernel(const struct ka_facts *facts)
{
	json_t *object = json_object();
	int bad = 0;

	bad |= json_object_set_new(object, "release", ka_json_text(facts->release));
	bad |= json_object_set_new(object, "hz", json_integer(facts->hz));
	bad |= json_object_set_new(object, "clock",
				   json_string(facts->virtual_clock ? "virtual" : "real"));
	bad |= json_object_set_new(object, "where",
				   json_string(facts->virtual_clock ? "guest" : "host"));
	return finished(object, bad);
}

static json_t *encode_again(const struct ka_instance *instance)
{
	unsigned needs = ka_again_needs(instance);
	json_t *array = json_array();
	int bad = 0;

	for (size_t i = 0; i < KA_N(ka_again_names); i++)
		if (needs & 1u << i)
			bad |= json_array_append_new(array, json_string(ka_again_names[i]));
	return finished(array, bad);
}

static int put_instance(json_t *object, const struct ka_instance *instance)
{
	const struct ka_case *case_ = instance->case_;
	const char *family = instance->family == AF_INET6 ? "v6" : "v4";
	const char *prober = instance->prober == KA_SERVER ? "server" : "client";
	const char *topology = case_->topology == KA_PAIR ? "pair" : "routed";
	int bad = 0;

	bad |= json_object_set_new(object, "instance", ka_json_text(instance->name));
	bad |= json_object_set_new(object, "repetition", json_integer(instance->repetition));
	bad |= json_object_set_new(object, "seed", json_hex(instance->seed));
	bad |= json_object_set_new(object, "again", encode_again(instance));
	bad |= json_object_set_new(object, "case", ka_json_text(case_->name));
	bad |= json_object_set_new(object, "declared", ka_json_text(case_->declared));
	bad |= json_object_set_new(object, "theme", ka_json_text(instance->theme->name));
	bad |= json_object_set_new(object, "title", ka_json_text(instance->theme->title));
	bad |= json_object_set_new(object, "rule", ka_json_text(case_->why));
	bad |= json_object_set_new(object, "source", ka_json_text(case_->source));
	bad |= json_object_set_new(object, "setting", encode_setting(instance));
	bad |= json_object_set_new(object, "family", json_string(family));
	bad |= json_object_set_new(object, "prober", json_string(prober));
	bad |= json_object_set_new(object, "topology", json_string(topology));
	return bad;
}

/* ---- prediction --------------------------------------------------------------------------- */

static json_t *encode_number_wanted(int n)
{
	if (n == KA_SOME)
		return json_string("some");
	if (n == KA_ANY)
		return json_string("any");
	return json_integer(n);
}

static json_t *encode_jiffies(bool wanted, int64_t lo, int64_t hi)
{
	return wanted ? json_pair(json_integer(lo), json_integer(hi)) : json_null();
}

static json_t *encode_prediction(const struct ka_prediction *p)
{
	json_t *object;
	int bad = 0;

	if (!p)
		return json_null();
	object = json_object();
	bad |= json_object_set_new(object, "when", json_string(ka_regime(p->when)->name));
	bad |= json_object_set_new(object, "errno", json_errno(p->error));
	bad |= json_object_set_new(object, "eof", json_boolean(p->eof));
	bad |= json_object_set_new(object, "probes", encode_number_wanted(p->probes));
	bad |= json_object_set_new(object, "events", json_mask(p->events));
	bad |= json_object_set_new(object, "events_full", json_mask(p->events_full));
	bad |= json_object_set_new(object, "rst_sent", encode_number_wanted(p->rst_sent));
	bad |= json_object_set_new(object, "rst_received", encode_number_wanted(p->rst_received));
	bad |= json_object_set_new(
		object, "end_j",
		encode_jiffies(!ka_regime_is(p->when, KA_REGIME_LIVES), p->lo_j, p->hi_j));
	bad |= json_object_set_new(object, "first_probe_j",
				   encode_jiffies(p->p1_hi_j > 0, p->p1_lo_j, p->p1_hi_j));
	bad |= json_object_set_new(object, "gap_j", json_integer(p->gap_j));
	return finished(object, bad);
}

/* ---- what was seen ------------------------------------------------------------------------ */

static json_t *encode_gaps(const struct ka_verdict *verdict)
{
	json_t *array = json_array();
	int bad = 0;

	for (int i = 0; i < verdict->n_gaps && i < KA_MAX_GAPS; i++)
		bad |= json_array_append_new(array, ka_json_seconds(verdict->gaps_s[i]));
	return finished(array, bad);
}

static json_t *encode_window(const struct ka_verdict *verdict)
{
	if (!isfinite(verdict->window_s[0]) || !isfinite(verdict->window_s[1]))
		return json_null();
	return json_pair(ka_json_seconds(verdict->window_s[0]),
			 ka_json_seconds(verdict->window_s[1]));
}

/* Of the prober's namespace. */
static json_t *encode_counters(const struct ka_instance *instance,
			       const struct ka_timeline *timeline)
{
	static const char usual[] = "TcpExt.";
	enum ka_at at = instance->prober == KA_CLIENT ? KA_AT_CLIENT : KA_AT_SERVER;
	json_t *object = json_object();
	int bad = 0;

	for (size_t i = 0; i < timeline->n; i++) {
		const struct ka_counter *counter = &timeline->events[i].counter;
		const char *name = counter->name;

		if (timeline->events[i].what != KA_EV_COUNTER || timeline->events[i].at != at ||
		    !counter->delta)
			continue;
		if (!strncmp(name, usual, sizeof(usual) - 1))
			name += sizeof(usual) - 1;
		bad |= json_object_set_new(object, name, json_integer(counter->delta));
	}
	return finished(object, bad);
}

/* From the first step to the end of a watch that the connection lived through. */
static double alive_s(const struct ka_timeline *timeline)
{
	const struct ka_event *first = NULL;

	for (size_t i = 0; i < timeline->n; i++) {
		const struct ka_event *event = &timeline->events[i];

		if (!first && event->what == KA_EV_STEP)
			first = event;
		if (first && event->what == KA_EV_END && event->end.why == KA_END_WATCHED)
			return (double)(event->t_ns - first->t_ns) / 1e9;
	}
	return NAN;
}

static int put_figures(json_t *object, const struct ka_facts *facts,
		       const struct ka_verdict *verdict)
{
	double noise_s = facts->noise_ns < 0 ? NAN : (double)facts->noise_ns / 1e9;
	int bad = 0;

	bad |= json_object_set_new(object, "window_s", encode_window(verdict));
	bad |= json_object_set_new(object, "noise_s", ka_json_seconds(noise_s));
	bad |= json_object_set_new(object, "detect_s", ka_json_seconds(verdict->detect_s));
	bad |= json_object_set_new(object, "notice_s", ka_json_seconds(verdict->notice_s));
	bad |= json_object_set_new(object, "off_jiffies",
				   verdict->have_off ? json_integer(verdict->off_jiffies)
						     : json_null());
	bad |= json_object_set_new(object, "errno", json_errno(verdict->error));
	bad |= json_object_set_new(object, "events", json_mask(verdict->events));
	bad |= json_object_set_new(object, "probes", json_count(verdict->probes));
	bad |= json_object_set_new(object, "gaps_s", encode_gaps(verdict));
	return bad;
}

/* ---- findings ---------------------------------------------------------------------------- */

static json_t *encode_finding(const struct ka_finding *finding, const char *where)
{
	json_t *object = json_object();
	enum ka_finding_class class_ = ka_finding_class(finding->code);
	int bad = 0;

	bad |= json_object_set_new(object, "code", json_string(ka_finding_name(finding->code)));
	bad |= json_object_set_new(object, "class", json_string(ka_finding_class_name(class_)));
	bad |= json_object_set_new(object, "text", ka_json_text(finding->text));
	bad |= json_object_set_new(object, "step", json_count(finding->step));
	bad |= json_object_set_new(object, "where", ka_json_text(where));
	return finished(object, bad);
}

static json_t *encode_findings(const struct ka_findings *findings, const char *where)
{
	json_t *array = json_array();
	int bad = 0;

	for (unsigned i = 0; i < findings->n; i++)
		bad |= json_array_append_new(array, encode_finding(&findings->list[i], where));
	return finished(array, bad);
}

bool ka_result_is_stall(const json_t *json)
{
	const char *verdict = json_string_value(json_object_get(json, "verdict"));
	const char *host = ka_finding_class_name(KA_OF_HOST);
	const json_t *finding;
	size_t i;

	if (!verdict || strcmp(verdict, ka_verdict_name(KA_BROKEN)) != 0)
		return false;
	json_array_foreach(json_object_get(json, "findings"), i, finding)
	{
		const char *class_ = json_string_value(json_object_get(finding, "class"));

		if (class_ && strcmp(class_, host) == 0)
			return true;
	}
	return false;
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* Times count from the last segment that the prober accepted. Where there was none, the first
 * event is as good a zero as any. */
static int64_t zero_of(const struct ka_timeline *timeline, const struct ka_verdict *verdict)
{
	if (verdict->last_rx_ns || !timeline->n)
		return verdict->last_rx_ns;
	return timeline->events[0].t_ns;
}

/* @timeline NULL: the instance did not run. */
static int put_observed(json_t *object, const struct ka_instance *instance,
			const struct ka_facts *facts, const struct ka_timeline *timeline,
			const struct ka_verdict *verdict, double wall_s)
{
	static const struct ka_timeline nothing;
	const struct ka_timeline *seen = timeline ? timeline : &nothing;
	int bad = put_figures(object, facts, verdict);

	bad |= json_object_set_new(object, "answered",
				   json_count(timeline ? ka_count_answered(instance, seen) : -1));
	bad |= json_object_set_new(object, "alive_s", ka_json_seconds(alive_s(seen)));
	bad |= json_object_set_new(object, "verdict", json_string(ka_verdict_name(verdict->kind)));
	bad |= json_object_set_new(object, "why", ka_json_text(verdict->why));
	bad |= json_object_set_new(object, "findings",
				   encode_findings(&verdict->findings, instance->case_->declared));
	bad |= json_object_set_new(object, "wall_s",
				   facts->virtual_clock ? json_null() : ka_json_seconds(wall_s));
	bad |= json_object_set_new(object, "kept", json_null());
	bad |= json_object_set_new(object, "counters", encode_counters(instance, seen));
	bad |= json_object_set_new(object, "timeline",
				   ka_json_timeline(instance, seen, zero_of(seen, verdict)));
	return bad;
}

json_t *ka_result_encode(const struct ka_instance *instance, const struct ka_facts *facts,
			 const struct ka_prediction *prediction, const struct ka_timeline *timeline,
			 const struct ka_verdict *verdict, double wall_s)
{
	static const struct ka_facts unknown = { .noise_ns = -1 };
	json_t *object = json_object();
	int bad = 0;

	if (!facts)
		facts = &unknown;
	bad |= json_object_set_new(object, "v", json_integer(KA_RESULT_VERSION));
	bad |= put_instance(object, instance);
	bad |= json_object_set_new(object, "kernel", encode_kernel(facts));
	bad |= json_object_set_new(object, "prediction", encode_prediction(prediction));
	bad |= json_object_set_new(object, "nominal_s",
				   ka_json_seconds(ka_nominal_s(&instance->setting)));
	bad |= put_observed(object, instance, facts, timeline, verdict, wall_s);
	return finished(object, bad);
}

json_t *ka_result_without_run(const struct ka_instance *instance, const struct ka_facts *facts,
			      enum ka_verdict_kind kind, const char *why)
{
	struct ka_verdict verdict = {
		.kind = kind,
		.window_s = { NAN, NAN },
		.detect_s = NAN,
		.notice_s = NAN,
		.probes = -1,
	};

	snprintf(verdict.why, sizeof(verdict.why), "%s", why ? why : "");
	if (kind == KA_BROKEN)
		ka_find(&verdict.findings, KA_FIND_BENCH, -1, "%s", verdict.why);
	return ka_result_encode(instance, facts, NULL, NULL, &verdict, NAN);
}

char *ka_result_line(const json_t *json)
{
	/* 15 digits: enough for a microsecond in years, too few to show what a double cannot hold. */
	return json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(15));
}
