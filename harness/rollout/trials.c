/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See trials.h. */
#include "rollout/trials.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "model/util.h"
#include "model/vocabulary.h"

#define KEY(knob) (ka_knob_infos[knob].key)

/* How long something that must never happen is waited for: a day, where that costs nothing. */
#define NEVER_MS(spec) ((spec)->virtual_clock ? 86400000 : 2000)

struct maker {
	struct ka_trials *trials;
	const struct ka_spec *spec;
	int hz;
};

/* Nobody notices that the path is dead, until a write at the end shows it. */
static const struct ka_expect stays = { .when = KA_NEVER,
					.watch = { .ms = 100 },
					.counters = { { "TcpExt.TCPTimeouts", KA_ANY },
						      { "TcpExt.TCPLossProbes", KA_ANY },
						      { "Tcp.RetransSegs", KA_ANY } } };

/* ---- parts of a case ---------------------------------------------------------------------- */

/* The values make sense as a setting: all are at least 1. */
static bool is_regular(const struct ka_knobs *k)
{
	return k->value[KA_KNOB_TIME] > 0 && k->value[KA_KNOB_INTVL] > 0 &&
	       k->value[KA_KNOB_PROBES] > 0;
}

static unsigned at_least(int64_t value, unsigned least)
{
	return value > (int64_t)least ? (unsigned)value : least;
}

/* The unit of the times in a case. A setting without probes would end the list of settings. */
static struct ka_setting setting_of(const struct ka_knobs *k)
{
	return (struct ka_setting){ .idle = at_least(k->value[KA_KNOB_TIME], 0),
				    .intvl = at_least(k->value[KA_KNOB_INTVL], 0),
				    .cnt = at_least(k->value[KA_KNOB_PROBES], 1) };
}

/* A new case with these steps, NULL when there is no room; it stands where this is called. */
#define new_trial(...) new_trial_at(KA_HERE, __VA_ARGS__)
static struct ka_case *new_trial_at(const char *declared, struct maker *maker,
				    enum ka_trial_kind kind, const struct ka_setting *setting,
				    const struct ka_step *steps, size_t n_steps, const char *name,
				    const char *why)
{
	struct ka_trials *trials = maker->trials;
	struct ka_trial_store *store = &trials->store[trials->n];
	struct ka_case *c = &trials->cases[trials->n];

	if (trials->n == KA_MAX_TRIALS || n_steps > KA_TRIAL_STEPS)
		return NULL;
	trials->trials[trials->n++] = (struct ka_trial){ .kind = kind, .with = *setting };
	snprintf(store->name, sizeof(store->name), "%s", name);
	snprintf(store->why, sizeof(store->why), "%s", why);
	memcpy(store->steps, steps, n_steps * sizeof(*steps));
	store->settings[0] = *setting;
	*c = (struct ka_case){ .name = store->name,
			       .declared = declared,
			       .why = store->why,
			       .topology = KA_ROUTED,
			       .from = KA_FROM_SYSCTL,
			       .families = KA_V4,
			       .probers = KA_ONLY_CLIENT,
			       .settings = store->settings,
			       .steps = store->steps,
			       .n_steps = n_steps };
	return c;
}

static struct ka_trial_store *store_of(const struct ka_case *c, struct ka_trials *trials)
{
	return &trials->store[c - trials->cases];
}

/* @value as text that lives as long as the case. */
static const char *number_text(struct ka_case *c, struct ka_trials *trials, int64_t value)
{
	struct ka_trial_store *store = store_of(c, trials);
	char *text = store->texts[store->n_texts++ % KA_TRIAL_TEXTS];

	snprintf(text, sizeof(store->texts[0]), "%" PRId64, value);
	return text;
}

/* The keepalive values as sysctls of the prober's namespace, before there is a socket. */
static void put_sysctls(struct ka_case *c, struct ka_trials *trials, const struct ka_knobs *k)
{
	static const enum ka_knob knobs[] = { KA_KNOB_TIME, KA_KNOB_INTVL, KA_KNOB_PROBES };

	for (size_t i = 0; i < KA_N(knobs); i++)
		c->sysctls[i] =
			(struct ka_sysctl){ .who = KA_PROBER,
					    .key = KEY(knobs[i]),
					    .value = number_text(c, trials, k->value[knobs[i]]) };
}

/* ---- the values --------------------------------------------------------------------------- */

/* One line of the file: written, and read back. */
static void add_write(struct maker *maker, size_t index)
{
	const struct ka_spec_write *w = &maker->spec->writes[index];
	const struct ka_setting setting = { .idle = 1, .intvl = 1, .cnt = 1 };
	struct ka_step steps[] = { KA_CONNECTED,
				   { .do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(w->knob) },
				   { .do_ = KA_SYSCTL_IS, .who = KA_PROBER, .key = KEY(w->knob) } };
	int64_t value = 0;
	char name[32];
	struct ka_case *c;

	snprintf(name, sizeof(name), "write_%zu", index);
	c = new_trial(maker, KA_TRIAL_WRITE, &setting, steps, KA_N(steps), name,
		      "the kernel takes the value");
	if (!c)
		return;
	maker->trials->trials[maker->trials->n - 1].index = index;
	ka_knob_number(&value, w->text);
	store_of(c, maker->trials)->steps[1].text = w->text;
	store_of(c, maker->trials)->steps[2].text = number_text(c, maker->trials, value);
	c->from = KA_FROM_NOWHERE;
	c->topology = KA_PAIR;
	c->expect.when = KA_NEVER;
}

/* probes = 0 cannot be a setting: it is written when the connection is there. Nothing is wrong
 * with peer or path. */
static void add_killer(struct maker *maker, enum ka_trial_kind kind, const char *name,
		       const struct ka_setting *setting)
{
	const struct ka_step steps[] = {
		KA_IDLE,
		{ .do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(KA_KNOB_PROBES), .text = "0" }
	};
	struct ka_case *c = new_trial(maker, kind, setting, steps, KA_N(steps), name,
				      "probes = 0 ends a connection to a peer that lives");

	if (!c)
		return;
	c->expect = (struct ka_expect){ KA_EXPIRES };
	c->expect.probes = 0;
}

/* Values that no socket option takes: keepalive is switched on when they are there. */
static void add_odd(struct maker *maker, enum ka_trial_kind kind, const char *name,
		    const struct ka_knobs *k)
{
	const struct ka_setting setting = setting_of(k);
	const struct ka_step steps[] = { KA_CONNECTED, KA_SILENCE, { KA_SWITCH(1) } };
	bool endless = k->value[KA_KNOB_INTVL] < 0;
	struct ka_case *c = new_trial(maker, kind, &setting, steps, KA_N(steps), name,
				      endless ? "there is one probe, and never an end"
					      : "a dead peer is noticed");

	if (!c)
		return;
	c->from = KA_FROM_NOWHERE;
	put_sysctls(c, maker->trials, k);
	c->expect = (struct ka_expect){ KA_EXPIRES };
	if (endless)
		c->expect = (struct ka_expect){
			.when = KA_NEVER,
			.probes = 1,
			.watch = { .idle = 1.2, .ms = NEVER_MS(maker->spec) },
		};
}

/* A negative time: the write at the end shows that the path is dead. */
static void add_silent(struct maker *maker, enum ka_trial_kind kind, const char *name,
		       const struct ka_knobs *k)
{
	const struct ka_setting setting = setting_of(k);
	const struct ka_step steps[] = {
		KA_CONNECTED,
		KA_SILENCE,
		{ KA_SWITCH(1) },
		{ .do_ = KA_DIAG_IS,
		  .who = KA_PROBER,
		  .at = { .ms = NEVER_MS(maker->spec) },
		  .timer = 2 },
		KA_WRITE(1),
	};
	struct ka_case *c = new_trial(maker, kind, &setting, steps, KA_N(steps), name,
				      "the timer runs, and there never is a probe");

	if (!c)
		return;
	c->from = KA_FROM_NOWHERE;
	put_sysctls(c, maker->trials, k);
	c->expect = stays;
}

/* Values that make no setting. With several of them wrong at once, the first one rules. */
static void add_irregular(struct maker *maker, enum ka_trial_kind kind, const char *name,
			  const struct ka_knobs *k)
{
	const struct ka_setting setting = setting_of(k);

	if (k->value[KA_KNOB_TIME] < 0)
		add_silent(maker, kind, name, k);
	else if (k->value[KA_KNOB_PROBES] > 0)
		add_odd(maker, kind, name, k);
	else if (setting.idle > 0 && setting.intvl > 0)
		add_killer(maker, kind, name, &setting);
}

static void add_dead(struct maker *maker, enum ka_trial_kind kind, const char *name,
		     const struct ka_knobs *k)
{
	const struct ka_setting setting = setting_of(k);
	const struct ka_step steps[] = { KA_IDLE, KA_SILENCE };
	struct ka_case *c;

	if (!is_regular(k)) {
		add_irregular(maker, kind, name, k);
		return;
	}
	c = new_trial(maker, kind, &setting, steps, KA_N(steps), name,
		      "a dead peer is noticed by an idle connection");
	if (c)
		c->expect = (struct ka_expect){ KA_EXPIRES };
}

static void add_unacked(struct maker *maker, enum ka_trial_kind kind, const char *name,
			const struct ka_knobs *k)
{
	const struct ka_setting setting = setting_of(k);
	const struct ka_step steps[] = { KA_IDLE, KA_SILENCE, KA_WRITE(1) };
	struct ka_case *c =
		new_trial(maker, kind, &setting, steps, KA_N(steps), name,
			  "a dead peer is noticed by a connection that has just written");

	if (!c)
		return;
	if (!is_regular(k))
		c->from = KA_FROM_NOWHERE;
	c->sysctls[0] = (struct ka_sysctl){ .who = KA_PROBER,
					    .key = KEY(KA_KNOB_RETRIES2),
					    .value = number_text(c, maker->trials,
								 k->value[KA_KNOB_RETRIES2]) };
	c->expect = (struct ka_expect){ .when = KA_RETRANSMIT_LIMIT,
					.error = ETIMEDOUT,
					.counters = { { "TcpExt.TCPTimeouts", KA_SOME } } };
}

/* Three and a half times what lies between two probes. */
static void add_alive(struct maker *maker, enum ka_trial_kind kind, const char *name,
		      const struct ka_knobs *k)
{
	const struct ka_setting setting = setting_of(k);
	const struct ka_step regular[] = { KA_IDLE }, odd[] = { KA_CONNECTED, { KA_SWITCH(1) } };
	bool regular_values = is_regular(k);
	struct ka_case *c;

	if (k->value[KA_KNOB_PROBES] == 0 || k->value[KA_KNOB_INTVL] < 0 ||
	    (k->value[KA_KNOB_TIME] == 0 && k->value[KA_KNOB_INTVL] == 0))
		return;
	c = new_trial(maker, kind, &setting, regular_values ? regular : odd, 2, name,
		      "an idle connection to a peer that lives is probed, and stays");
	if (!c)
		return;
	c->expect = (struct ka_expect){ .when = KA_NEVER, .arming = KA_PROBED };
	c->expect.answered = k->value[KA_KNOB_TIME] < 0 ? 0 : KA_SOME;
	c->expect.watch.idle = 3.5;
	if (setting.intvl > setting.idle)
		c->expect.watch = (struct ka_time){ .idle = 1.2, .intvl = 3.5 };
	if (regular_values)
		return;
	c->from = KA_FROM_NOWHERE;
	put_sysctls(c, maker->trials, k);
	if (k->value[KA_KNOB_TIME] < 0)
		c->expect.watch = (struct ka_time){ .ms = NEVER_MS(maker->spec) };
}

static void add_one_lost(struct maker *maker, const struct ka_knobs *k)
{
	const struct ka_setting setting = setting_of(k);
	const struct ka_step steps[] = { KA_IDLE,
					 { .do_ = KA_DROP, .way = KA_PROBES, .first = 1 } };
	struct ka_case *c =
		new_trial(maker, KA_TRIAL_ONE_LOST, &setting, steps, KA_N(steps), "one_probe_lost",
			  "one lost probe ends a connection to a peer that lives");

	if (c)
		c->expect = (struct ka_expect){ KA_EXPIRES };
}

/* What the sysctls take and a socket does not. */
static void add_option(struct maker *maker, const struct ka_knobs *k)
{
	static const struct {
		enum ka_knob knob;
		int option, most;
	} rows[] = { { KA_KNOB_TIME, TCP_KEEPIDLE, 32767 },
		     { KA_KNOB_INTVL, TCP_KEEPINTVL, 32767 },
		     { KA_KNOB_PROBES, TCP_KEEPCNT, 127 } };
	const struct ka_setting setting = { .idle = 1, .intvl = 1, .cnt = 1 };
	struct ka_step steps[1 + KA_N(rows)] = { KA_CONNECTED };
	size_t n = 1;
	struct ka_case *c;

	for (size_t i = 0; i < KA_N(rows); i++)
		if (k->value[rows[i].knob] > rows[i].most)
			steps[n++] = (struct ka_step){ .do_ = KA_SETSOCKOPT,
						       .who = KA_PROBER,
						       .level = IPPROTO_TCP,
						       .option = rows[i].option,
						       .value = (int)k->value[rows[i].knob],
						       .fails = EINVAL };
	if (n == 1)
		return;
	c = new_trial(maker, KA_TRIAL_OPTION, &setting, steps, n, "as_options",
		      "a socket option refuses the value");
	if (!c)
		return;
	c->from = KA_FROM_NOWHERE;
	c->topology = KA_PAIR;
	c->expect.when = KA_NEVER;
}

/* ---- gateways that forget ----------------------------------------------------------------- */

static void expect_kept(struct ka_case *c, struct ka_step *last, unsigned timeout_s)
{
	*last = (struct ka_step){ .do_ = KA_ENTRY_IS, .at = { .ms = (int)timeout_s * 2500 } };
	c->expect = (struct ka_expect){ KA_LIVES_ON, .watch = { .ms = 100 } };
}

static void expect_gone(struct ka_case *c, struct ka_step *last, enum ka_unknown unknown)
{
	*last = (struct ka_step){ .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) };
	c->expect = (struct ka_expect){ KA_EXPIRES };
	if (unknown == KA_UNKNOWN_RESET)
		c->expect = (struct ka_expect){ KA_RESET_AT_FIRST_PROBE };
}

static void add_phase(struct maker *maker, size_t index, const struct ka_answer *answer,
		      unsigned phase)
{
	const struct ka_spec_gateway *g = &maker->spec->gateways[index];
	const struct ka_setting setting = setting_of(&maker->spec->after);
	struct ka_step steps[] = { KA_CONNECTED, { .do_ = KA_WAIT }, KA_LAST_WRITE, KA_CONNECTED };
	double range_s = answer->period_s[1] - answer->period_s[0];
	struct ka_trial_store *store;
	struct ka_trial *trial;
	struct ka_case *c;
	char name[40];

	snprintf(name, sizeof(name), "gateway_%zu_%u", index, phase);
	if (range_s > g->timeout_s / 2.0) /* it is not to forget before the connection begins */
		range_s = g->timeout_s / 2.0;
	steps[1].at.ms = (int)(range_s * 1000 * phase / KA_TRIAL_PHASES);
	c = new_trial(maker, KA_TRIAL_GATEWAY, &setting, steps, KA_N(steps), name,
		      "an idle connection and a gateway that forgets");
	if (!c)
		return;
	trial = &maker->trials->trials[maker->trials->n - 1];
	store = store_of(c, maker->trials);
	trial->index = index;
	trial->must_keep = ka_answer_may_keep(answer, g->timeout_s);
	store->gateway = (struct ka_gateway){ .timeout_s = g->timeout_s, .unknown = g->unknown };
	c->gateway = &store->gateway;
	if (trial->must_keep)
		expect_kept(c, &store->steps[3], g->timeout_s);
	else
		expect_gone(c, &store->steps[3], g->unknown);
}

/* One gateway is met in several phases of the timer, where each of them costs nothing. */
static void add_gateway(struct maker *maker, size_t index)
{
	unsigned phases = maker->spec->virtual_clock ? KA_TRIAL_PHASES : 1;
	struct ka_answer answer;

	ka_answer_predict(&answer, &maker->spec->after, maker->hz);
	for (unsigned i = 0; i < phases && answer.effect == KA_EFFECT_DETECTS; i++)
		add_phase(maker, index, &answer, i);
}

/* ---- who is not changed ------------------------------------------------------------------- */

/* These are about mechanisms: in real time they run with small values, and say so. */

static struct ka_knobs knobs_of(int64_t time, int64_t intvl, int64_t probes)
{
	struct ka_knobs knobs = ka_knobs_initial();

	knobs.value[KA_KNOB_TIME] = time;
	knobs.value[KA_KNOB_INTVL] = intvl;
	knobs.value[KA_KNOB_PROBES] = probes;
	return knobs;
}

/* The values of the file, where they can be waited for and make sense. */
static struct ka_knobs rolled_out(const struct ka_spec *spec)
{
	if (spec->virtual_clock && is_regular(&spec->after))
		return spec->after;
	return knobs_of(1, 1, 2);
}

static void add_no_keepalive(struct maker *maker, const struct ka_knobs *k)
{
	const struct ka_setting setting = setting_of(k);
	const struct ka_step steps[] = {
		KA_IDLE,
		KA_SILENCE,
		{ .do_ = KA_DIAG_IS, .who = KA_PROBER, .at = { .nominal = 1.5, .idle = 1 } },
		KA_WRITE(1),
	};
	struct ka_case *c =
		new_trial(maker, KA_TRIAL_NO_KEEPALIVE, &setting, steps, KA_N(steps),
			  "without_keepalive", "a socket without SO_KEEPALIVE notices nothing");

	if (!c)
		return;
	c->from = KA_FROM_NOWHERE;
	put_sysctls(c, maker->trials, k);
	c->expect = stays;
}

static void add_own_options(struct maker *maker, const struct ka_knobs *k)
{
	bool virtual_clock = maker->spec->virtual_clock;
	const struct ka_setting setting = { .idle = virtual_clock ? 15 : 2,
					    .intvl = virtual_clock ? 15 : 1,
					    .cnt = virtual_clock ? 9 : 3 };
	const struct ka_step steps[] = { KA_IDLE, KA_SILENCE };
	struct ka_case *c = new_trial(maker, KA_TRIAL_OWN_OPTIONS, &setting, steps, KA_N(steps),
				      "own_options", "a socket with values of its own keeps them");

	if (!c)
		return;
	c->from = KA_FROM_OPTION;
	put_sysctls(c, maker->trials, k);
	c->expect = (struct ka_expect){ KA_EXPIRES };
	maker->trials->trials[maker->trials->n - 1].then = setting_of(k);
}

/* The values that a living connection had: those before, unless they are shorter. */
static struct ka_knobs armed_with(const struct ka_spec *spec, const struct ka_knobs *k)
{
	if (!spec->virtual_clock)
		return knobs_of(4, 1, 2);
	if (is_regular(&spec->before) && spec->before.value[KA_KNOB_TIME] > k->value[KA_KNOB_TIME])
		return spec->before;
	return knobs_of(k->value[KA_KNOB_TIME] * 4, k->value[KA_KNOB_INTVL],
			k->value[KA_KNOB_PROBES]);
}

static void add_armed(struct maker *maker, const struct ka_knobs *k)
{
	const struct ka_knobs had = armed_with(maker->spec, k);
	const struct ka_setting setting = setting_of(&had);
	struct ka_step steps[] = {
		KA_IDLE,
		KA_SILENCE,
		{ .do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(KA_KNOB_TIME) },
		{ .do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(KA_KNOB_INTVL) },
		{ .do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(KA_KNOB_PROBES) },
		/* it says the new value, and nothing has changed */
		{ .do_ = KA_GETSOCKOPT,
		  .who = KA_PROBER,
		  .level = IPPROTO_TCP,
		  .option = TCP_KEEPIDLE,
		  .value = (int)k->value[KA_KNOB_TIME] },
		{ .do_ = KA_DIAG_IS, .who = KA_PROBER, .timer = 2, .value = 0 },
	};
	struct ka_case *c =
		new_trial(maker, KA_TRIAL_ARMED, &setting, steps, KA_N(steps), "armed_before",
			  "a timer that runs already goes off when it was to");

	if (!c)
		return;
	for (size_t i = 0; i < 3; i++)
		store_of(c, maker->trials)->steps[3 + i].text =
			number_text(c, maker->trials, k->value[KA_KNOB_TIME + i]);
	c->expect = (struct ka_expect){ KA_EXPIRES };
	c->expect.probes = (int)k->value[KA_KNOB_PROBES];
	maker->trials->trials[maker->trials->n - 1].then = setting_of(k);
}

/* The prober's namespace is the machine, the peer's a container on it: one that is there already
 * when the values are written, and, once it was started again, a new one. */
static void add_containers(struct maker *maker, const struct ka_knobs *k)
{
#define WRITE(knob)                                                                                \
	{                                                                                          \
		.do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(knob)                               \
	}
#define IS(knob, value)                                                                            \
	{                                                                                          \
		.do_ = KA_SYSCTL_IS, .who = KA_PEER, .key = KEY(knob), .text = value               \
	}
	const struct ka_setting setting = setting_of(k);
	struct ka_step steps[] = {
		KA_CONNECTED,
		WRITE(KA_KNOB_TIME),
		WRITE(KA_KNOB_INTVL),
		WRITE(KA_KNOB_PROBES),
		IS(KA_KNOB_TIME, "7200"),
		IS(KA_KNOB_PROBES, "9"),
		{ .do_ = KA_CRASH, .who = KA_PEER },
		{ .do_ = KA_REBOOT, .who = KA_PEER },
		IS(KA_KNOB_TIME, "7200"),
		IS(KA_KNOB_PROBES, "9"),
	};
#undef WRITE
#undef IS
	struct ka_case *c = new_trial(maker, KA_TRIAL_CONTAINERS, &setting, steps, KA_N(steps),
				      "containers", "other namespaces begin with 7200/75/9");

	if (!c)
		return;
	for (size_t i = 0; i < 3; i++)
		store_of(c, maker->trials)->steps[1 + i].text =
			number_text(c, maker->trials, k->value[KA_KNOB_TIME + i]);
	c->from = KA_FROM_NOWHERE;
	c->expect.when = KA_NEVER;
}

/* ---- all of them -------------------------------------------------------------------------- */

static void add_values(struct maker *maker)
{
	const struct ka_knobs *before = &maker->spec->before, *after = &maker->spec->after;

	for (size_t i = 0; i < maker->spec->n_writes; i++)
		add_write(maker, i);
	add_dead(maker, KA_TRIAL_DEAD_BEFORE, "dead_before", before);
	add_dead(maker, KA_TRIAL_DEAD_AFTER, "dead_after", after);
	add_unacked(maker, KA_TRIAL_UNACKED_BEFORE, "unacked_before", before);
	add_unacked(maker, KA_TRIAL_UNACKED_AFTER, "unacked_after", after);
	add_alive(maker, KA_TRIAL_ALIVE_BEFORE, "alive_before", before);
	add_alive(maker, KA_TRIAL_ALIVE_AFTER, "alive_after", after);
	if (is_regular(after) && after->value[KA_KNOB_PROBES] == 1)
		add_one_lost(maker, after);
	add_option(maker, after);
	for (size_t i = 0; i < maker->spec->n_gateways && is_regular(after); i++)
		add_gateway(maker, i);
}

static void add_unchanged(struct maker *maker)
{
	const struct ka_knobs k = rolled_out(maker->spec);

	add_no_keepalive(maker, &k);
	add_own_options(maker, &k);
	add_armed(maker, &k);
	add_containers(maker, &k);
}

int ka_trials_new(struct ka_trials **ret, const struct ka_spec *spec, int hz, struct nn_err *err)
{
	struct ka_trials *trials = calloc(1, sizeof(*trials));
	struct maker maker = { .trials = trials, .spec = spec, .hz = hz };

	if (!trials)
		return nn_fail(err, ENOMEM, "cannot make the experiments of a rollout");
	add_values(&maker);
	add_unchanged(&maker);
	trials->theme = (struct ka_theme){ .name = "rollout",
					   .title = "What a rollout changes",
					   .cases = trials->cases,
					   .n = trials->n };
	trials->themes[0] = &trials->theme;
	*ret = trials;
	return 0;
}

const struct ka_trial *ka_trials_find(const struct ka_trials *trials, const char *name)
{
	for (size_t i = 0; i < trials->n; i++)
		if (strcmp(trials->cases[i].name, name) == 0)
			return &trials->trials[i];
	return NULL;
}
