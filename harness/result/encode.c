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

/* An epoll mask; none was seen or is expected: null. */
static json_t *json_mask(uint32_t mask)
{
	return mask ? json_sprintf("0x%" PRIx32, mask) : json_null();
}

static json_t *json_pair(json_t *first, json_t *second)
{
	return json_pack("[o, o]", first, second);
}

/* ---- instance and kernel ------------------------------------------------------------------ */

static json_t *encode_setting(const struct ka_instance *instance)
{
	static const char *const from[] = {
		[KA_FROM_OPTION] = "option", [KA_FROM_ACCEPTED] = "accepted",
		[KA_FROM_SYSCTL] = "sysctl", [KA_FROM_NOWHERE] = "nowhere",
		[KA_FROM_VALUES] = "values", [KA_FROM_BPF] = "bpf",
	};
	const struct ka_setting *setting = &instance->setting;
	char name[64];
	const struct ka_json_field fields[] = {
		{ "name", ka_json_text(ka_setting_text(setting, name, sizeof(name))) },
		{ "idle", json_integer(setting->idle) },
		{ "intvl", json_integer(setting->intvl) },
		{ "cnt", json_integer(setting->cnt) },
		{ "user_timeout_ms", json_integer(setting->user_timeout_ms) },
		{ "from", json_string(from[instance->case_->from]) },
	};

	return ka_json_object(fields, KA_N(fields));
}

static json_t *encode_kernel(const struct ka_facts *facts)
{
	return json_pack("{s:o, s:i, s:s, s:s}", "release", ka_json_text(facts->release), "hz",
			 facts->hz, "clock", facts->virtual_clock ? "virtual" : "real", "where",
			 facts->virtual_clock ? "guest" : "host");
}

static json_t *encode_again(const struct ka_instance *instance)
{
	unsigned needs = ka_again_needs(instance);
	json_t *array = json_array();

	for (size_t i = 0; i < KA_N(ka_again_names); i++)
		if (needs & 1u << i)
			array = ka_json_append(array, json_string(ka_again_names[i]));
	return array;
}

/* ---- prediction --------------------------------------------------------------------------- */

static json_t *encode_number_wanted(int n)
{
	if (n == KA_SOME)
		return json_string("some");
	return n == KA_ANY ? json_string("any") : json_integer(n);
}

static json_t *encode_jiffies(bool wanted, int64_t lo, int64_t hi)
{
	return wanted ? json_pair(json_integer(lo), json_integer(hi)) : json_null();
}

static json_t *encode_prediction(const struct ka_prediction *p)
{
	bool ends = !ka_regime_is(p->when, KA_REGIME_LIVES);
	const struct ka_json_field fields[] = {
		{ "when", json_string(ka_regime(p->when)->name) },
		{ "errno", ka_json_errno(p->error) },
		{ "eof", json_boolean(p->eof) },
		{ "probes", encode_number_wanted(p->probes) },
		{ "events", json_mask(p->events) },
		{ "events_full", json_mask(p->events_full) },
		{ "rst_sent", encode_number_wanted(p->rst_sent) },
		{ "rst_received", encode_number_wanted(p->rst_received) },
		{ "end_j", encode_jiffies(ends, p->lo_j, p->hi_j) },
		{ "first_probe_j", encode_jiffies(p->p1_hi_j > 0, p->p1_lo_j, p->p1_hi_j) },
		{ "gap_j", json_integer(p->gap_j) },
	};

	return ka_json_object(fields, KA_N(fields));
}

/* ---- what was seen ------------------------------------------------------------------------ */

static json_t *encode_gaps(const struct ka_verdict *verdict)
{
	json_t *array = json_array();

	for (int i = 0; i < verdict->n_gaps && i < KA_MAX_GAPS; i++)
		array = ka_json_append(array, ka_json_seconds(verdict->gaps_s[i]));
	return array;
}

static json_t *encode_window(const double window_s[2])
{
	if (!isfinite(window_s[0]) || !isfinite(window_s[1]))
		return json_null();
	return json_pair(ka_json_seconds(window_s[0]), ka_json_seconds(window_s[1]));
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
	if (!bad)
		return object;
	json_decref(object);
	return NULL;
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

/* ---- findings ---------------------------------------------------------------------------- */

static json_t *encode_findings(const struct ka_findings *findings, const char *where)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < findings->n; i++) {
		const struct ka_finding *finding = &findings->list[i];
		enum ka_finding_class class_ = ka_finding_class(finding->code);

		array = ka_json_append(array, json_pack("{s:s, s:s, s:o, s:o, s:o}", "code",
							ka_finding_name(finding->code), "class",
							ka_finding_class_name(class_), "text",
							ka_json_text(finding->text), "step",
							ka_json_count(finding->step), "where",
							ka_json_text(where)));
	}
	return array;
}

/* The first finding that blames the host; NULL: there is none. */
static json_t *host_finding(const json_t *json)
{
	const char *host = ka_finding_class_name(KA_OF_HOST);
	json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(json, "findings"), i, finding)
	{
		const char *class_ = json_string_value(json_object_get(finding, "class"));

		if (class_ && strcmp(class_, host) == 0)
			return finding;
	}
	return NULL;
}

bool ka_result_is_stall(const json_t *json)
{
	const char *verdict = json_string_value(json_object_get(json, "verdict"));

	return verdict && !strcmp(verdict, ka_verdict_name(KA_BROKEN)) && host_finding(json);
}

json_t *ka_result_try(const json_t *json)
{
	const json_t *finding = host_finding(json);

	return json_pack("{s:O?, s:O?}", "code", json_object_get(finding, "code"), "text",
			 json_object_get(finding, "text"));
}

static double noise_s(const struct ka_facts *facts)
{
	return facts->noise_ns < 0 ? NAN : (double)facts->noise_ns / 1e9;
}

/* The reference of what this kernel is known to fail in; NULL: nothing is known. */
static const char *known_failure(const struct ka_instance *instance, const struct ka_facts *facts)
{
	return facts ? ka_known_reference(&instance->case_->known, instance->name, facts->release,
					  facts->hz)
		     : NULL;
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

json_t *ka_result_encode(const struct ka_instance *instance, const struct ka_facts *known,
			 const struct ka_prediction *prediction, const struct ka_timeline *timeline,
			 const struct ka_verdict *verdict, double wall_s)
{
	static const struct ka_facts unknown = { .noise_ns = -1 };
	static const struct ka_timeline nothing;
	const struct ka_facts *facts = known ? known : &unknown;
	const struct ka_timeline *seen = timeline ? timeline : &nothing;
	const struct ka_case *c = instance->case_;
	int answered = timeline ? ka_count_answered(instance, seen) : -1;
	const struct ka_json_field fields[] = {
		{ "v", json_integer(KA_RESULT_VERSION) },
		{ "instance", ka_json_text(instance->name) },
		{ "repetition", json_integer(instance->repetition) },
		{ "seed", json_sprintf("0x%" PRIx64, instance->seed) },
		{ "again", encode_again(instance) },
		{ "case", ka_json_text(c->name) },
		{ "declared", ka_json_text(c->declared) },
		{ "theme", ka_json_text(instance->theme->name) },
		{ "title", ka_json_text(instance->theme->title) },
		{ "rule", ka_json_text(c->why) },
		{ "source", ka_json_text(c->source) },
		{ "setting", encode_setting(instance) },
		{ "family", json_string(instance->family == AF_INET6 ? "v6" : "v4") },
		{ "prober", json_string(instance->prober == KA_SERVER ? "server" : "client") },
		{ "topology", json_string(c->topology == KA_PAIR ? "pair" : "routed") },
		{ "kernel", encode_kernel(facts) },
		{ "prediction", prediction ? encode_prediction(prediction) : json_null() },
		{ "nominal_s", ka_json_seconds(ka_nominal_s(&instance->setting)) },
		{ "window_s", encode_window(verdict->window_s) },
		{ "noise_s", ka_json_seconds(noise_s(facts)) },
		{ "host_lost", json_integer((json_int_t)seen->host_lost) },
		{ "detect_s", ka_json_seconds(verdict->detect_s) },
		{ "notice_s", ka_json_seconds(verdict->notice_s) },
		{ "off_jiffies",
		  verdict->have_off ? json_integer(verdict->off_jiffies) : json_null() },
		{ "errno", ka_json_errno(verdict->error) },
		{ "events", json_mask(verdict->events) },
		{ "probes", ka_json_count(verdict->probes) },
		{ "gaps_s", encode_gaps(verdict) },
		{ "answered", ka_json_count(answered) },
		{ "alive_s", ka_json_seconds(alive_s(seen)) },
		{ "verdict", json_string(ka_verdict_name(verdict->kind)) },
		{ "why", ka_json_text(verdict->why) },
		{ "known", ka_json_text(known_failure(instance, known)) },
		{ "findings", encode_findings(&verdict->findings, c->declared) },
		{ "wall_s", facts->virtual_clock ? json_null() : ka_json_seconds(wall_s) },
		{ "kept", json_null() },
		{ "counters", encode_counters(instance, seen) },
		{ "timeline", ka_json_timeline(instance, seen, zero_of(seen, verdict)) },
	};
	json_t *json = ka_json_object(fields, KA_N(fields));

	if (!instance->program ||
	    json_object_update_new(
		    json, ka_json_program(instance, seen, verdict, zero_of(seen, verdict))) == 0)
		return json;
	json_decref(json);
	return NULL;
}

json_t *ka_result_without_run(const struct ka_instance *instance, const struct ka_facts *facts,
			      enum ka_verdict_kind kind, const char *why)
{
	struct ka_verdict verdict = {
		.kind = kind,
		.window_s = { NAN, NAN },
		.detect_s = NAN,
		.notice_s = NAN,
		.kernel_end_s = NAN,
		.program_end_s = NAN,
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
