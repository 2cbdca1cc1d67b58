/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See trials.h. */
#include "rollout/trials.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "model/util.h"
#include "model/vocabulary.h"
#include "rollout/maker.h"

#define KEY(knob) (ka_knob_infos[knob].key)

/* How long something that must never happen is waited for: a day, where that costs nothing. */
#define NEVER_MS(spec) ((spec)->virtual_clock ? 86400000 : 2000)

/* Nobody notices that the path is dead, until a write at the end shows it. */
static const struct ka_expect stays = { .when = KA_NEVER,
					.watch = { .ms = 100 },
					.counters = { { "TcpExt.TCPTimeouts", KA_ANY },
						      { "TcpExt.TCPLossProbes", KA_ANY },
						      { "Tcp.RetransSegs", KA_ANY } } };

/* ---- parts of a case ---------------------------------------------------------------------- */

bool ka_trials_regular(const struct ka_knobs *k)
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
				    .cnt = at_least(k->value[KA_KNOB_PROBES], 1),
				    .user_timeout_ms = k->ut_ms };
}

struct ka_trial *ka_trial_new_at(const char *declared, struct ka_maker *maker,
				 enum ka_trial_kind kind, struct ka_setting setting,
				 const struct ka_step *steps, size_t n_steps, const char *name,
				 const char *why)
{
	struct ka_trials *trials = maker->trials;
	struct ka_trial *t = &trials->trials[trials->n];

	*t = (struct ka_trial){ .kind = kind,
				.with = { setting },
				.case_ = &trials->cases[trials->n] };
	snprintf(t->name, sizeof(t->name), "%s", name);
	n_steps = (size_t)ka_lesser((int64_t)n_steps, KA_TRIAL_STEPS);
	memcpy(t->steps, steps, n_steps * sizeof(*steps));
	*t->case_ = (struct ka_case){ .name = t->name,
				      .declared = declared,
				      .why = why,
				      .topology = KA_ROUTED,
				      .from = KA_FROM_SYSCTL,
				      .families = KA_V4,
				      .probers = KA_ONLY_CLIENT,
				      .settings = t->with,
				      .steps = t->steps,
				      .n_steps = n_steps };
	trials->n += trials->n < KA_MAX_TRIALS;
	return t;
}

const char *ka_trial_number(struct ka_trial *t, int64_t value)
{
	char *text = t->texts[t->n_texts++ % KA_TRIAL_TEXTS];

	snprintf(text, sizeof(t->texts[0]), "%" PRId64, value);
	return text;
}

static struct ka_sysctl prober_sysctl(struct ka_trial *t, const struct ka_knobs *k,
				      enum ka_knob knob)
{
	return (struct ka_sysctl){ .who = KA_PROBER,
				   .key = KEY(knob),
				   .value = ka_trial_number(t, k->value[knob]) };
}

/* The keepalive values as sysctls of the prober's namespace, before there is a socket, which has
 * none of its own. */
static void put_sysctls(struct ka_trial *t, const struct ka_knobs *k)
{
	t->case_->from = KA_FROM_NOWHERE;
	for (enum ka_knob knob = KA_KNOB_TIME; knob <= KA_KNOB_PROBES; knob++)
		t->case_->sysctls[knob] = prober_sysctl(t, k, knob);
}

/* The steps from @first on write the three keepalive values of @k. */
static void put_values(struct ka_trial *t, size_t first, const struct ka_knobs *k)
{
	for (enum ka_knob knob = KA_KNOB_TIME; knob <= KA_KNOB_PROBES; knob++)
		t->steps[first + knob] =
			(struct ka_step){ .do_ = KA_SYSCTL,
					  .who = KA_PROBER,
					  .key = KEY(knob),
					  .text = ka_trial_number(t, k->value[knob]) };
}

/* ---- the values --------------------------------------------------------------------------- */

/* One line of the file: written, and read back. A tool writes a line, also an empty one. */
static void add_write(struct ka_maker *maker, size_t index)
{
	const struct ka_spec_write *w = &maker->spec->writes[index];
	const struct ka_setting setting = { .idle = 1, .intvl = 1, .cnt = 1 };
	struct ka_step steps[] = { KA_CONNECTED,
				   { .do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(w->knob) },
				   { .do_ = KA_SYSCTL_IS, .who = KA_PROBER, .key = KEY(w->knob) } };
	int64_t value = ka_knob_infos[w->knob].initial;
	char name[32];
	bool exists = ka_knob_exists(w->knob, maker->release);
	struct ka_trial *t;

	snprintf(name, sizeof(name), "write_%zu", index);
	t = ka_trial_new(maker, KA_TRIAL_WRITE, setting, steps, exists ? KA_N(steps) : 2, name,
			 "the kernel takes the value, or refuses it, as computed");
	t->index = index;
	t->refused = !exists || !ka_knob_takes(w->knob, w->text, maker->hz);
	if (t->refused)
		t->steps[1].fails = exists ? EINVAL : ENOENT;
	else
		ka_knob_number(&value, w->text);
	t->steps[1].text = *w->text ? w->text : "\n";
	t->steps[2].text = ka_trial_number(t, value);
	t->case_->from = KA_FROM_NOWHERE;
	t->case_->topology = KA_PAIR;
	t->case_->expect.when = KA_NEVER;
}

/* probes = 0 cannot be a setting: it is written when the connection is there. Nothing is wrong
 * with peer or path. */
static void add_killer(struct ka_maker *maker, enum ka_trial_kind kind, const char *name,
		       const struct ka_knobs *k)
{
	const struct ka_step steps[] = {
		KA_IDLE,
		{ .do_ = KA_SYSCTL, .who = KA_PROBER, .key = KEY(KA_KNOB_PROBES), .text = "0" }
	};
	struct ka_trial *t = ka_trial_new(maker, kind, setting_of(k), steps, KA_N(steps), name,
					  "probes = 0 ends a connection to a peer that lives");

	t->case_->expect = (struct ka_expect){ KA_EXPIRES };
	t->case_->expect.probes = 0;
}

/* Values that no socket option takes: keepalive is switched on when they are there. */
static void add_odd(struct ka_maker *maker, enum ka_trial_kind kind, const char *name,
		    const struct ka_knobs *k)
{
	const struct ka_step steps[] = { KA_CONNECTED, KA_SILENCE, { KA_SWITCH(1) } };
	bool endless = k->value[KA_KNOB_INTVL] < 0;
	struct ka_trial *t = ka_trial_new(maker, kind, setting_of(k), steps, KA_N(steps), name,
					  endless ? "there is one probe, and never an end"
						  : "a dead peer is noticed");

	put_sysctls(t, k);
	t->case_->expect = (struct ka_expect){ KA_EXPIRES };
	if (endless)
		t->case_->expect = (struct ka_expect){
			.when = KA_NEVER,
			.probes = 1,
			.watch = { .idle = 1.2, .ms = NEVER_MS(maker->spec) },
		};
}

/* A negative time: the write at the end shows that the path is dead. */
static void add_silent(struct ka_maker *maker, enum ka_trial_kind kind, const char *name,
		       const struct ka_knobs *k)
{
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
	struct ka_trial *t = ka_trial_new(maker, kind, setting_of(k), steps, KA_N(steps), name,
					  "the timer runs, and there never is a probe");

	put_sysctls(t, k);
	t->case_->expect = stays;
}

/* Values that make no setting. With several of them wrong at once, the first one rules. */
static void add_irregular(struct ka_maker *maker, enum ka_trial_kind kind, const char *name,
			  const struct ka_knobs *k)
{
	if (k->value[KA_KNOB_TIME] < 0)
		add_silent(maker, kind, name, k);
	else if (k->value[KA_KNOB_PROBES] > 0)
		add_odd(maker, kind, name, k);
	else if (k->value[KA_KNOB_TIME] > 0 && k->value[KA_KNOB_INTVL] > 0)
		add_killer(maker, kind, name, k);
}

static void add_dead(struct ka_maker *maker, enum ka_trial_kind kind, const char *name,
		     const struct ka_knobs *k)
{
	const struct ka_step steps[] = { KA_IDLE, KA_SILENCE };
	struct ka_trial *t;

	if (!ka_trials_regular(k)) {
		add_irregular(maker, kind, name, k);
		return;
	}
	t = ka_trial_new(maker, kind, setting_of(k), steps, KA_N(steps), name,
			 "a dead peer is noticed by an idle connection");
	t->case_->expect = (struct ka_expect){ KA_EXPIRES };
}

/* What rules data that nobody acknowledges. What a kernel does without need not be there. */
static void put_data_sysctls(struct ka_trial *t, const struct ka_knobs *k)
{
	size_t n = 0;

	t->case_->sysctls[n++] = prober_sysctl(t, k, KA_KNOB_RETRIES2);
	for (int i = KA_KNOB_RTO_MIN_US; i <= KA_KNOB_RTO_MAX_MS; i++)
		if (k->value[i] != ka_knob_infos[i].initial)
			t->case_->sysctls[n++] = prober_sysctl(t, k, (enum ka_knob)i);
}

static void add_unacked(struct ka_maker *maker, enum ka_trial_kind kind, const char *name,
			const struct ka_knobs *k)
{
	const struct ka_step steps[] = { KA_IDLE, KA_SILENCE, KA_WRITE(1) };
	struct ka_trial *t =
		ka_trial_new(maker, kind, setting_of(k), steps, KA_N(steps), name,
			     "a dead peer is noticed by a connection that has just written");

	if (!ka_trials_regular(k))
		t->case_->from = KA_FROM_NOWHERE;
	put_data_sysctls(t, k);
	t->case_->expect = (struct ka_expect){ .when = KA_RETRANSMIT_LIMIT,
					       .error = ETIMEDOUT,
					       .counters = { { "TcpExt.TCPTimeouts", KA_SOME } } };
}

/* Three and a half times what lies between two probes. */
static void add_alive(struct ka_maker *maker, enum ka_trial_kind kind, const char *name,
		      const struct ka_knobs *k)
{
	const struct ka_setting setting = setting_of(k);
	const struct ka_step regular[] = { KA_IDLE }, odd[] = { KA_CONNECTED, { KA_SWITCH(1) } };
	bool regular_values = ka_trials_regular(k);
	struct ka_trial *t;

	if (k->value[KA_KNOB_PROBES] == 0 || k->value[KA_KNOB_INTVL] < 0 ||
	    (k->value[KA_KNOB_TIME] == 0 && k->value[KA_KNOB_INTVL] == 0))
		return;
	t = ka_trial_new(maker, kind, setting, regular_values ? regular : odd, 2, name,
			 "an idle connection to a peer that lives is probed, and stays");
	t->case_->expect = (struct ka_expect){ .when = KA_NEVER, .arming = KA_PROBED };
	t->case_->expect.answered = k->value[KA_KNOB_TIME] < 0 ? 0 : KA_SOME;
	t->case_->expect.watch.idle = 3.5;
	if (setting.intvl > setting.idle)
		t->case_->expect.watch = (struct ka_time){ .idle = 1.2, .intvl = 3.5 };
	if (regular_values)
		return;
	put_sysctls(t, k);
	if (k->value[KA_KNOB_TIME] < 0)
		t->case_->expect.watch = (struct ka_time){ .ms = NEVER_MS(maker->spec) };
}

static void add_one_lost(struct ka_maker *maker, const struct ka_knobs *k)
{
	const struct ka_step steps[] = { KA_IDLE,
					 { .do_ = KA_DROP, .way = KA_PROBES, .first = 1 } };
	struct ka_trial *t = ka_trial_new(maker, KA_TRIAL_ONE_LOST, setting_of(k), steps,
					  KA_N(steps), "one_probe_lost",
					  "one lost probe ends a connection to a peer that lives");

	t->case_->expect = (struct ka_expect){ KA_EXPIRES };
}

/* What the sysctls take and a socket does not. */
static void add_option(struct ka_maker *maker, const struct ka_knobs *k)
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
	struct ka_trial *t;

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
	t = ka_trial_new(maker, KA_TRIAL_OPTION, setting, steps, n, "as_options",
			 "a socket option refuses the value");
	t->case_->from = KA_FROM_NOWHERE;
	t->case_->topology = KA_PAIR;
	t->case_->expect.when = KA_NEVER;
}

/* ---- gateways that forget ----------------------------------------------------------------- */

/* Of a gateway: what the last step finds. */
static void expect_kept(struct ka_trial *t, unsigned timeout_s)
{
	t->steps[t->case_->n_steps - 1] =
		(struct ka_step){ .do_ = KA_ENTRY_IS, .at = { .ms = (int)(timeout_s * 2500) } };
	t->case_->expect = (struct ka_expect){ KA_LIVES_ON, .watch = { .ms = 100 } };
}

static void expect_gone(struct ka_trial *t, const struct ka_spec_gateway *g)
{
	t->steps[t->case_->n_steps - 1] = (struct ka_step){ .do_ = KA_ENTRY_GONE, KA_AT_PROBE(1) };
	t->case_->expect = (struct ka_expect){ KA_EXPIRES };
	if (g->unknown == KA_UNKNOWN_RESET)
		t->case_->expect = (struct ka_expect){ KA_RESET_AT_FIRST_PROBE };
}

/* What leads to the time that is asked about; the one of an established connection is as it comes. The
 * prober does it: the acknowledgement passes the gateway on its way, as that of KA_LAST_WRITE. */
static void shut_down(struct ka_trial *t, const struct ka_spec_gateway *g)
{
	t->steps[3] = (struct ka_step){ .do_ = KA_SHUTDOWN, .who = KA_PROBER };
	t->case_->n_steps++;
	t->gateway.timeout_s = (unsigned)ka_knob_infos[KA_KNOB_CT_ESTABLISHED].initial;
	t->case_->sysctls[0] = (struct ka_sysctl){ KA_GATEWAY, KEY(KA_KNOB_CT_CLOSE_WAIT),
						   ka_trial_number(t, g->timeout_s) };
}

static void add_phase(struct ka_maker *maker, size_t index, const struct ka_answer *answer,
		      unsigned phase)
{
	const struct ka_spec_gateway *g = &maker->spec->gateways[index];
	struct ka_step steps[] = { KA_CONNECTED, { .do_ = KA_WAIT }, KA_LAST_WRITE, KA_CONNECTED };
	double range_s = answer->period_s[1] - answer->period_s[0];
	struct ka_trial *t;
	char name[40];

	snprintf(name, sizeof(name), "gateway_%zu_%u", index, phase);
	if (range_s > g->timeout_s / 2.0) /* it is not to forget before the connection begins */
		range_s = g->timeout_s / 2.0;
	steps[1].at.ms = (int)(range_s * 1000 * phase / KA_TRIAL_PHASES);
	t = ka_trial_new(maker, KA_TRIAL_GATEWAY, setting_of(&maker->spec->after), steps,
			 KA_N(steps), name, "an idle connection and a gateway that forgets");
	t->index = index;
	t->must_keep = ka_answer_may_keep(answer, g->timeout_s);
	t->gateway = (struct ka_gateway){ .timeout_s = g->timeout_s, .unknown = g->unknown };
	t->case_->gateway = &t->gateway;
	if (g->half_closed)
		shut_down(t, g);
	if (t->must_keep)
		expect_kept(t, g->timeout_s);
	else
		expect_gone(t, g);
}

/* Two and a half of it are waited for, in milliseconds. */
#define LONGEST_MEMORY_S (INT_MAX / 2500u)

/* One gateway is met in several phases of the timer, where each of them costs nothing. */
static void add_gateway(struct ka_maker *maker, size_t index)
{
	unsigned phases = maker->spec->virtual_clock ? KA_TRIAL_PHASES : 1;
	struct ka_answer answer;

	if (maker->spec->gateways[index].timeout_s > LONGEST_MEMORY_S)
		return;
	ka_answer_predict(&answer, &maker->spec->after, maker->hz);
	for (unsigned i = 0; i < phases && answer.effect == KA_EFFECT_DETECTS; i++)
		add_phase(maker, index, &answer, i);
}

/* ---- who is not changed ------------------------------------------------------------------- */

/* These are about mechanisms: in real time they run with small values, and say so. */

/* The values of the file, where they can be waited for and make sense; also those of no silence and of
 * no interval, which are as real. */
static struct ka_knobs rolled_out(const struct ka_spec *spec)
{
	const int64_t *value = spec->after.value;
	bool real =
		value[KA_KNOB_TIME] >= 0 && value[KA_KNOB_INTVL] >= 0 && value[KA_KNOB_PROBES] > 0;

	if (spec->virtual_clock && real)
		return spec->after;
	return ka_knobs_of(1, 1, 2);
}

static void add_no_keepalive(struct ka_maker *maker, const struct ka_knobs *k)
{
	const struct ka_step steps[] = {
		KA_IDLE,
		KA_SILENCE,
		{ .do_ = KA_DIAG_IS, .who = KA_PROBER, .at = { .nominal = 1.5, .idle = 1 } },
		KA_WRITE(1),
	};
	struct ka_trial *t =
		ka_trial_new(maker, KA_TRIAL_NO_KEEPALIVE, setting_of(k), steps, KA_N(steps),
			     "without_keepalive", "a socket without SO_KEEPALIVE notices nothing");

	put_sysctls(t, k);
	t->case_->expect = stays;
}

static void add_own_options(struct ka_maker *maker, const struct ka_knobs *k)
{
	bool virtual_clock = maker->spec->virtual_clock;
	const struct ka_setting setting = { .idle = virtual_clock ? 15 : 2,
					    .intvl = virtual_clock ? 15 : 1,
					    .cnt = virtual_clock ? 9 : 3 };
	const struct ka_step steps[] = { KA_IDLE, KA_SILENCE };
	struct ka_trial *t =
		ka_trial_new(maker, KA_TRIAL_OWN_OPTIONS, setting, steps, KA_N(steps),
			     "own_options", "a socket with values of its own keeps them");

	put_sysctls(t, k);
	t->case_->from = KA_FROM_OPTION;
	t->case_->expect = (struct ka_expect){ KA_EXPIRES };
	t->then = setting_of(k);
}

/* The values that a living connection had: those before, unless they are shorter. */
static struct ka_knobs armed_with(const struct ka_spec *spec, const struct ka_knobs *k)
{
	if (!spec->virtual_clock)
		return ka_knobs_of(4, 1, 2);
	if (ka_trials_regular(&spec->before) &&
	    spec->before.value[KA_KNOB_TIME] > k->value[KA_KNOB_TIME])
		return spec->before;
	return ka_knobs_of(k->value[KA_KNOB_TIME] * 4, k->value[KA_KNOB_INTVL],
			   k->value[KA_KNOB_PROBES]);
}

static void add_armed(struct ka_maker *maker, const struct ka_knobs *k)
{
	const struct ka_knobs had = armed_with(maker->spec, k);
	struct ka_step steps[] = {
		KA_IDLE,
		KA_SILENCE,
		{ .do_ = KA_SYSCTL },
		{ .do_ = KA_SYSCTL },
		{ .do_ = KA_SYSCTL },
		/* it says the new value, and nothing has changed */
		{ .do_ = KA_GETSOCKOPT,
		  .who = KA_PROBER,
		  .level = IPPROTO_TCP,
		  .option = TCP_KEEPIDLE,
		  .value = (int)k->value[KA_KNOB_TIME] },
		{ .do_ = KA_DIAG_IS, .who = KA_PROBER, .timer = 2, .value = 0 },
	};
	struct ka_trial *t =
		ka_trial_new(maker, KA_TRIAL_ARMED, setting_of(&had), steps, KA_N(steps),
			     "armed_before", "a timer that runs already goes off when it was to");

	put_values(t, 3, k);
	t->case_->expect = (struct ka_expect){ KA_EXPIRES };
	t->case_->expect.probes = (int)k->value[KA_KNOB_PROBES];
	t->then = setting_of(k);
}

/* The prober's namespace is the machine, the peer's a container on it: one that is there already
 * when the values are written, and, once it was started again, a new one. */
static void add_containers(struct ka_maker *maker, const struct ka_knobs *k)
{
#define IS(knob, value)                                                                            \
	{                                                                                          \
		.do_ = KA_SYSCTL_IS, .who = KA_PEER, .key = KEY(knob), .text = value               \
	}
	struct ka_step steps[] = {
		KA_CONNECTED,
		{ .do_ = KA_SYSCTL },
		{ .do_ = KA_SYSCTL },
		{ .do_ = KA_SYSCTL },
		IS(KA_KNOB_TIME, "7200"),
		IS(KA_KNOB_PROBES, "9"),
		{ .do_ = KA_CRASH, .who = KA_PEER },
		{ .do_ = KA_REBOOT, .who = KA_PEER },
		IS(KA_KNOB_TIME, "7200"),
		IS(KA_KNOB_PROBES, "9"),
	};
#undef IS
	struct ka_trial *t =
		ka_trial_new(maker, KA_TRIAL_CONTAINERS, setting_of(k), steps, KA_N(steps),
			     "containers", "other namespaces begin with 7200/75/9");

	put_values(t, 1, k);
	t->case_->from = KA_FROM_NOWHERE;
	t->case_->expect.when = KA_NEVER;
}

/* ---- all of them -------------------------------------------------------------------------- */

/* The trial that was made last. */
static void over_ipv6(struct ka_maker *maker)
{
	maker->trials->cases[maker->trials->n - 1].families = KA_V6;
}

static void add_values(struct ka_maker *maker)
{
	const struct ka_knobs *before = &maker->spec->before, *after = &maker->spec->after;

	for (size_t i = 0; i < maker->spec->n_writes; i++)
		add_write(maker, i);
	add_dead(maker, KA_TRIAL_DEAD_BEFORE, "dead_before", before);
	add_dead(maker, KA_TRIAL_DEAD_AFTER, "dead_after", after);
	add_unacked(maker, KA_TRIAL_UNACKED_BEFORE, "unacked_before", before);
	add_unacked(maker, KA_TRIAL_UNACKED_AFTER, "unacked_after", after);
	if (ka_trials_regular(after)) {
		add_dead(maker, KA_TRIAL_DEAD_V6, "dead_after_v6", after);
		over_ipv6(maker);
		add_unacked(maker, KA_TRIAL_UNACKED_V6, "unacked_after_v6", after);
		over_ipv6(maker);
	}
	add_alive(maker, KA_TRIAL_ALIVE_BEFORE, "alive_before", before);
	add_alive(maker, KA_TRIAL_ALIVE_AFTER, "alive_after", after);
	if (ka_trials_regular(after) && after->value[KA_KNOB_PROBES] == 1 && !after->ut_ms)
		add_one_lost(maker, after);
	add_option(maker, after);
	ka_trials_add_effects(maker);
	for (size_t i = 0; i < maker->spec->n_gateways && ka_trials_regular(after); i++)
		add_gateway(maker, i);
}

static void add_unchanged(struct ka_maker *maker)
{
	const struct ka_knobs regular = ka_knobs_of(1, 1, 2);
	struct ka_knobs k = rolled_out(maker->spec);

	k.ut_ms = 0; /* it would end what is to stay */
	add_no_keepalive(maker, &k);
	add_own_options(maker, &k);
	add_armed(maker, ka_trials_regular(&k) ? &k : &regular);
	add_containers(maker, &k);
}

int ka_trials_new(struct ka_trials **ret, const struct ka_spec *spec, int hz, const char *release,
		  struct nn_err *err)
{
	const struct ka_knobs initial = ka_knobs_initial();
	struct ka_trials *trials = calloc(1, sizeof(*trials));
	struct ka_maker maker = { .trials = trials, .hz = hz, .release = release };

	if (!trials)
		return nn_fail(err, ENOMEM, "cannot make the experiments of a rollout");
	trials->spec = *spec;
	ka_knobs_keep(&trials->spec.before, &initial, hz, release);
	ka_knobs_keep(&trials->spec.after, &trials->spec.before, hz, release);
	maker.spec = &trials->spec;
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
