/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck sysctl: what was asked, what is written, what is measured; the writers tell. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command/command.h"
#include "command/options.h"
#include "command/progress.h"
#include "command/select.h"
#include "command/sysctl.h"
#include "command/where.h"
#include "model/escape.h"
#include "model/util.h"
#include "netns/sysctl.h"
#include "rollout/suggest.h"

/* ---- what was asked ------------------------------------------------------------------------ */

/* In real time: what takes longer is computed instead. */
#define BUDGET_S 60

static const char about[] =
	"Tells what sysctls will do before they are rolled out: applies them in new network "
	"namespaces, measures, and says what changes, for whom, and for whom not. The host is not "
	"touched."
	"\v"
	"FILE is of the kind of /etc/sysctl.d, or YAML of Kubernetes, compose or Ansible, a "
	"profile "
	"of tuned, a module of NixOS; DIR has some of the first kind; time=60 intvl=10 probes=6 "
	"does without, and user_timeout=20000 asks about sockets with that TCP_USER_TIMEOUT (ms). "
	"Ends with 1 if a question is answered with no, 2 for bad input, 77 where nothing "
	"could be run, 99 if an experiment broke or its result could not be read.";

static void take_rate(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_sysctl_options *options = target;
	char *end;

	options->rate = strtod(arg, &end);
	if (!isdigit((unsigned char)*arg) || *end || !(options->rate > 0) || options->rate > 1e12)
		ka_usage_error("--%s: '%.*s' is no number; write one above 0, like 1000",
			       option->name, KA_CUT(arg, 40));
}

static void take_connections(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_sysctl_options *options = target;

	options->connections = ka_number_argument(option->name, arg, 1, 1000000000000ul);
}

static void take_budget(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_sysctl_options *options = target;
	struct nn_err err = { "" };

	options->budget_s = 0;
	if (strcmp(arg, "0") != 0 && ka_span_parse(&options->budget_s, arg, &err) < 0)
		ka_usage_error("--%s: %s", option->name, err.text);
}

static void take_question(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_questions *questions = &((struct ka_sysctl_options *)target)->questions;
	struct nn_err err = { "" };
	int ret;

	if (strcmp(option->name, "detect-within") == 0)
		ret = ka_questions_detect(questions, arg, &err);
	else if (strcmp(option->name, "detect-busy-within") == 0)
		ret = ka_questions_busy(questions, arg, &err);
	else if (strcmp(option->name, "survive-half-closed") == 0)
		ret = ka_questions_half_closed(questions, arg, &err);
	else
		ret = ka_questions_survive(questions, arg, &err);

	if (ret < 0)
		ka_usage_error("%s", err.text);
}

static void take_hz(void *target, const struct ka_option *option, const char *arg)
{
	struct ka_sysctl_options *options = target;

	options->hz = KA_HZ_ALL;
	if (arg && strcmp(arg, "all") != 0)
		options->hz = (int)ka_number_argument(option->name, arg, 10, 10000);
}

/* The one word that is no sysctl: an option of the sockets, in milliseconds. */
#define USER_TIMEOUT "user_timeout="

static void take_word(void *target, const char *word)
{
	struct ka_sysctl_options *options = target;

	if (options->n_what == KA_MAX_ROLLED)
		ka_usage_error("sysctl: more than %d files and words", KA_MAX_ROLLED);
	if (strncmp(word, USER_TIMEOUT, strlen(USER_TIMEOUT)) == 0)
		options->user_timeout_ms = (unsigned)ka_number_argument(
			"user_timeout", word + strlen(USER_TIMEOUT), 1, INT_MAX);
	options->what[options->n_what++] = word;
}

/* What makes sense only of connections that exist. */
static void check_live(const struct ka_sysctl_options *options)
{
	if (options->live && (options->hz || options->kernel))
		ka_usage_error("sysctl: --kernel, --hz and --fleet are about other kernels; --live "
			       "looks at this one");
	if (options->live && (options->from || options->connections))
		ka_usage_error(
			"sysctl: --live sees what there was before, and how many connections "
			"there are: without --from and --connections");
	if (options->live && options->user_timeout_ms)
		ka_usage_error("sysctl: user_timeout= is an option of sockets; --live reads it "
			       "from them");
	if (options->live && options->format == KA_SYSCTL_HTML)
		ka_usage_error("sysctl: --format html is a page of what is rolled out; of --live "
			       "write text, markdown, json or prometheus");
	if (options->live)
		return;
	if (options->program || options->port || options->verbose)
		ka_usage_error("sysctl: --program, --port and -v are about connections that exist; "
			       "add --live PID or --live all");
	if (options->format == KA_SYSCTL_METRICS)
		ka_usage_error("sysctl: --format prometheus is about connections that exist; add "
			       "--live PID or --live all");
}

static void finish(void *target)
{
	struct ka_sysctl_options *options = target;
	struct nn_err err = { "" };

	if (options->n_what == 0 && !options->system && !options->live)
		ka_usage_error("sysctl: what is rolled out? Give a FILE or DIR, --system, or "
			       "words like time=60 intvl=10 probes=6");
	check_live(options);
	if (options->rate <= 0)
		return;
	if (options->connections == 0 && !options->live)
		ka_usage_error("--max-probes-per-second: of how many? Add --connections N");
	if (ka_questions_rate(&options->questions, options->rate, options->connections, &err) < 0)
		ka_usage_error("%s", err.text);
}

/* By enum ka_sysctl_format. */
static const char *const formats[] = { "text", "markdown", "json", "prometheus", "html", NULL };

#define AT(member) .at = offsetof(struct ka_sysctl_options, member)

static const struct ka_option table[] = {
	{ "system", 0, NULL,
	  "Also what this host reads at boot: /etc/sysctl.d and the like, in their order", 0,
	  ka_take_flag, AT(system) },
	{ "from", 0, "FILE|host",
	  "What there was before: a file, or this host's values (default: what the kernel begins "
	  "with)",
	  0, ka_take_text, AT(from) },
	{ "live", 0, "PID|PATH|all",
	  "Looks into a namespace that exists (of a process, of a container by its process, or "
	  "/run/netns/NAME), or into all of this host: its connections with their programs and "
	  "options, and what a dead peer costs, now and with FILE; questions are about them",
	  0, ka_take_text, AT(live) },
	{ "program", 0, "NAME", "Of --live, only connections of this program", 0, ka_take_text,
	  AT(program) },
	{ "port", 0, "N", "Of --live, only connections to this port, or accepted on it", 0,
	  ka_take_number, AT(port), .min = 1, .max = 65535 },
	{ "verbose", 'v', NULL, "Of --live, each connection and each group, however many", 0,
	  ka_take_flag, AT(verbose) },
	{ "detect-within", 0, "TIME", "Is a silent, idle peer that died noticed within 5m?", 1,
	  .take = take_question },
	{ "detect-busy-within", 0, "TIME",
	  "Is a peer that dies while data is unacknowledged noticed within 1m?", 1,
	  .take = take_question },
	{ "survive-idle", 0, "TIME|GATEWAY,...",
	  "Does an idle connection live through gateways that forget after 350s, or such as "
	  "aws-nlb, azure-lb, gcp, ipvs, or proxies such as envoy, nginx-stream, haproxy?",
	  1, .take = take_question },
	{ "survive-half-closed", 0, "TIME|GATEWAY,...",
	  "The same where one end has shut down, which gateways forget sooner: conntrack, ipvs, "
	  "fortinet",
	  1, .take = take_question },
	{ "max-probes-per-second", 0, "N",
	  "Do all idle connections together cost at most N probes a second? Needs --connections", 1,
	  .take = take_rate },
	{ "connections", 0, "N", "How many there are", 1, .take = take_connections },
	{ "hz", 'z', "HZ|all",
	  "For kernels with which HZ answers, and suggestions, must hold (default: answers for "
	  "the HZ of the kernel that is tried, suggestions for all)",
	  1, .take = take_hz },
	{ "fleet", 0, NULL, "The same as --hz all", 1, .take = take_hz },
	{ "kernel", 'k', "KERNEL",
	  "Where to try it, as for run (default: a guest kernel of the cache, whose clock jumps; "
	  "else this host)",
	  2, ka_take_text, AT(kernel) },
	{ "budget", 0, "TIME",
	  "In real time, only compute what takes longer (default: 60s; 0: try nothing)", 2,
	  .take = take_budget },
	{ "format", 'f', "FORMAT",
	  "text (default), markdown (for a change ticket), json, html, or prometheus (of --live)",
	  3, ka_take_choice, AT(format), .choices = formats },
	{ "suggest", 0, NULL, "The smallest change that answers every question with yes, tried", 3,
	  ka_take_flag, AT(suggest) },
	{ "strict", 0, NULL, "Lines that the tools would pass over, or not read whole, are refused",
	  3, ka_take_flag, AT(strict) },
	{ .doc = NULL },
};

static void parse_options(struct ka_sysctl_options *options, int argc, char **argv)
{
	static const struct ka_options all = { .rows = table,
					       .words = "FILE|DIR|WORD=VALUE...",
					       .about = about,
					       .take_word = take_word,
					       .finish = finish };

	*options = (struct ka_sysctl_options){ .budget_s = BUDGET_S };
	ka_options_parse(&all, argc, argv, options);
}

/* ---- what is written ---------------------------------------------------------------------- */

/* A word has a '='; a file may have one in its name. */
static bool is_word(const char *text)
{
	struct stat st;

	return strchr(text, '=') && stat(text, &st) < 0;
}

static int read_one(struct ka_sysctl_set *set, const char *what, struct nn_err *err)
{
	if (strncmp(what, USER_TIMEOUT, strlen(USER_TIMEOUT)) == 0)
		return 0;
	return is_word(what) ? ka_sysctl_parse_word(set, what, err)
			     : ka_sysctl_read(set, what, err);
}

/* --strict: each line that does not do what it seems to do. */
static int complain_of_notes(const struct ka_sysctl_set *set)
{
	int status = KA_EXIT_OK;

	for (size_t i = 0; i < set->n_notes; i++) {
		struct nn_err err = { "" };

		if (set->notes[i].remark)
			continue;
		ka_sysctl_refuse(&set->notes[i], &err);
		ka_complain("%s", err.text);
		status = KA_EXIT_USAGE;
	}
	return status;
}

/* All of it, or nothing. Complains itself. */
static int read_all(struct ka_sysctl_set *set, const struct ka_sysctl_options *options)
{
	struct nn_err err = { "" };
	int ret = options->system ? ka_sysctl_read_system(set, &err) : 0;

	for (size_t i = 0; ret == 0 && i < options->n_what; i++)
		ret = read_one(set, options->what[i], &err);
	if (ret == 0) {
		ka_sysctl_resolve(set);
		return options->strict ? complain_of_notes(set) : KA_EXIT_OK;
	}
	ka_complain("%s", err.text);
	return ret == -ENOMEM ? KA_EXIT_BROKEN : KA_EXIT_USAGE;
}

/* What this host has now; a knob that it does not have keeps its default. */
static int take_host(struct ka_knobs *knobs, struct nn_err *err)
{
	struct nn_ns *ns;
	char text[64];
	int ret = nn_ns_current(&ns, err);

	if (ret < 0)
		return ret;
	for (int i = 0; i < KA_KNOBS; i++)
		if (nn_sysctl_get(ns, ka_knob_infos[i].key, text, sizeof(text), NULL) > 0)
			ka_knob_number(&knobs->value[i], text);
	nn_ns_free(ns);
	return 0;
}

static int take_file(struct ka_knobs *knobs, const char *path, struct nn_err *err)
{
	struct ka_sysctl_set set = { .n = 0 };
	int ret = ka_sysctl_read(&set, path, err);

	if (ret == 0) {
		ka_sysctl_resolve(&set);
		ret = ka_knobs_take(knobs, &set, err);
	}
	ka_sysctl_free(&set);
	return ret;
}

static int take_values(struct ka_rollout *r, const struct ka_sysctl_options *options)
{
	struct nn_err err = { "" };
	int ret = 0;

	r->spec.before = ka_knobs_initial();
	r->before_name = "kernel defaults";
	if (options->from && strcmp(options->from, "host") == 0)
		ret = take_host(&r->spec.before, &err);
	else if (options->from)
		ret = take_file(&r->spec.before, options->from, &err);
	if (options->from)
		r->before_name = options->from;
	r->spec.after = r->spec.before;
	if (ret == 0)
		ret = ka_knobs_take(&r->spec.after, r->set, &err);
	r->spec.after.ut_ms = options->user_timeout_ms;
	if (ret == 0 && options->user_timeout_ms && !ka_trials_regular(&r->spec.after))
		ret = nn_refuse(&err, "user_timeout= takes time, intvl and probes of at least 1");
	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("%s", err.text);
	return KA_EXIT_USAGE;
}

static void put_title(char *title, size_t size, const struct ka_sysctl_options *options)
{
	size_t used = (size_t)snprintf(title, size, "%s", options->system ? "--system" : "");

	for (size_t i = 0; i < options->n_what && used < size; i++)
		used += (size_t)snprintf(title + used, size - used, "%s%s", used ? " " : "",
					 options->what[i]);
}

/* ---- the experiments: on a guest kernel, else on this host as far as it fits -------------- */

struct measuring {
	struct ka_rollout *rollout;
	struct ka_where where;
	struct ka_plan plan;
	struct ka_progress_line progress;
	char *text; /* of the spec */
};

static int on_result(void *arg, size_t index, json_t *json)
{
	struct measuring *m = arg;
	const struct ka_case *c = m->plan.instances[index].case_;

	ka_rollout_take(m->rollout, (size_t)(c - m->rollout->trials->cases), json);
	return 0;
}

static void on_progress(void *arg, const struct ka_progress *progress)
{
	struct measuring *m = arg;

	ka_progress_show(&m->progress, progress);
}

static int open_kernel(struct measuring *m, const char *kernel)
{
	struct ka_plan_options plan = { .long_ = true };
	int status = ka_where_parse(&m->where, kernel, NULL, &plan, 0);

	if (status != KA_EXIT_OK)
		return status;
	free(m->text);
	m->rollout->spec.virtual_clock = m->where.is_guest;
	m->text = ka_spec_text(&m->rollout->spec);
	if (!m->text)
		return KA_EXIT_BROKEN;
	m->where.options.trials = m->text;
	snprintf(m->rollout->where, sizeof(m->rollout->where), "%.250s",
		 m->where.is_guest ? m->where.kernel.where : "host");
	status = ka_where_facts(&m->where, &m->rollout->facts);
	m->rollout->host = m->rollout->facts;
	return status == KA_EXIT_OK && m->where.is_guest ? ka_select_host(&m->rollout->host)
							 : status;
}

/* Nobody asked for the guest: the host will do. */
static int choose_kernel(struct measuring *m, const struct ka_sysctl_options *options)
{
	char found[PATH_MAX + 16];
	int status;

	if (options->kernel)
		return open_kernel(m, options->kernel);
	if (options->budget_s > 0 && ka_kernels_find(found, sizeof(found))) {
		status = open_kernel(m, found);
		if (status == KA_EXIT_INTERRUPTED || (status == KA_EXIT_OK && !*m->where.why.text))
			return status;
		ka_where_close(&m->where);
	}
	return open_kernel(m, "host");
}

/* In real time only what ends within the budget. */
static void keep_short(struct measuring *m, double budget_s)
{
	struct ka_plan *plan = &m->plan;
	size_t kept = 0;

	for (size_t i = 0; i < plan->n; i++) {
		if (plan->predictions[i].expected_s > budget_s)
			continue;
		plan->instances[kept] = plan->instances[i];
		plan->predictions[kept++] = plan->predictions[i];
	}
	plan->n = kept;
}

static int make_plan(struct measuring *m, const struct ka_sysctl_options *options)
{
	struct ka_rollout *r = m->rollout;
	const struct ka_plan_options host = { .long_ = true };
	struct nn_err err = { "" };
	int ret = ka_rollout_predict(r, &err);

	if (ret == 0)
		ret = ka_plan_new(&m->plan, r->trials->themes, 1,
				  m->where.is_guest ? &m->where.plan : &host, r->facts.hz, &err);
	if (ret < 0) {
		ka_complain("%s", err.text);
		return KA_EXIT_BROKEN;
	}
	if (!m->where.is_guest)
		keep_short(m, options->budget_s);
	for (size_t i = 0; i < m->plan.n; i++)
		ka_rollout_expect(r, (size_t)(m->plan.instances[i].case_ - r->trials->cases));
	return KA_EXIT_OK;
}

static int run_trials(struct measuring *m)
{
	const struct ka_schedule_options schedule = { .retries = KA_RETRIES,
						      .noise_budget_ns = KA_NOISE_BUDGET_NS,
						      .noise_goal_ns = KA_NOISE_GOAL_NS };
	const struct ka_schedule_events events = {
		.result = on_result, .progress = m->progress.wanted ? on_progress : NULL, .arg = m
	};
	struct nn_err err = { "" };
	int ret;

	if (m->plan.n == 0)
		return KA_EXIT_OK;
	ret = ka_where_run(&m->where, &m->plan, &m->rollout->facts, &schedule, &events, &err);
	ka_progress_clear(&m->progress);
	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("%s", err.text);
	return ret == -EINTR ? KA_EXIT_INTERRUPTED : KA_EXIT_BROKEN;
}

static int measure(struct ka_rollout *rollout, const struct ka_sysctl_options *options)
{
	struct measuring m = { .rollout = rollout };
	int status;

	ka_progress_init(&m.progress, false);
	status = choose_kernel(&m, options);
	if (status == KA_EXIT_OK)
		status = make_plan(&m, options);
	if (status == KA_EXIT_OK)
		status = run_trials(&m);
	ka_plan_free(&m.plan);
	ka_where_close(&m.where);
	free(m.text);
	return status;
}

/* ---- the end ------------------------------------------------------------------------------ */

static int status_of(const struct ka_rollout *r)
{
	static const int statuses[] = { [KA_ROLLOUT_GOOD] = KA_EXIT_OK,
					[KA_ROLLOUT_BAD] = KA_EXIT_FAIL,
					[KA_ROLLOUT_BROKEN] = KA_EXIT_BROKEN,
					[KA_ROLLOUT_NOTHING] = KA_EXIT_NOTHING };

	return statuses[ka_rollout_end(r)];
}

/* Every question is answered with yes by computation at all of @rates. */
static bool holds_at(const struct ka_rollout *r, const struct ka_rates *rates)
{
	struct ka_answer computed;

	for (size_t i = 0; i < rates->n; i++) {
		ka_answer_predict(&computed, &r->spec.after, rates->hz[i]);
		if (!ka_questions_hold(&r->questions, &computed))
			return false;
	}
	return true;
}

/* Searches, and tries what was found. Unless told for which HZ, it must hold for all usual ones, even where
 * the kernel that was tried says yes. */
static int suggest(struct ka_suggestion *suggestion, const struct ka_rollout *r,
		   const struct ka_sysctl_options *options)
{
	const struct ka_rates usual = ka_rates_usual(r->facts.hz), asked = ka_rollout_rates(r);
	const struct ka_rates *rates = r->hz > 0 ? &asked : &usual;
	struct ka_rollout *s = &suggestion->rollout;
	bool all = holds_at(r, rates);

	for (size_t i = 0; i < r->questions.n; i++)
		all = all && ka_rollout_reply(r, i).yes;
	suggestion->kind = KA_SUGGEST_NOTHING;
	if (all)
		return KA_EXIT_OK;
	*s = (struct ka_rollout){ .title = "what is suggested",
				  .before_name = r->before_name,
				  .connections = r->connections,
				  .questions = r->questions,
				  .hz = r->hz };
	s->spec.before = r->spec.before;
	suggestion->kind = KA_SUGGEST_NONE;
	if (!ka_suggest(&s->spec.after, &r->spec.after, &r->questions, rates))
		return KA_EXIT_OK;
	suggestion->kind = KA_SUGGEST_CHANGE;
	ka_rollout_plan(s);
	return measure(s, options);
}

static int put(const struct ka_rollout *r, const struct ka_suggestion *suggestion,
	       enum ka_sysctl_format format, int status)
{
	if (format == KA_SYSCTL_JSON)
		return ka_sysctl_put_json(r, suggestion, status);
	if (format == KA_SYSCTL_HTML)
		return ka_sysctl_put_html(r, suggestion, status);
	return ka_sysctl_put_page(r, suggestion, format == KA_SYSCTL_MARKDOWN, stdout);
}

static int answer(struct ka_rollout *r, const struct ka_sysctl_options *options)
{
	struct ka_suggestion *suggestion = calloc(1, sizeof(*suggestion));
	int ret, status = suggestion ? KA_EXIT_OK : KA_EXIT_BROKEN;

	if (status == KA_EXIT_OK)
		status = measure(r, options);
	if (status == KA_EXIT_OK && options->suggest && !ka_rollout_silent(r))
		status = suggest(suggestion, r, options);
	if (status == KA_EXIT_OK) {
		status = status_of(r);
		ret = put(r, suggestion, options->format, status);
		status = ret < 0 ? KA_EXIT_BROKEN : status;
	}
	if (suggestion)
		ka_rollout_free(&suggestion->rollout);
	free(suggestion);
	return status;
}

static int compare(struct ka_rollout *r, const struct ka_sysctl_options *options)
{
	int status = take_values(r, options);

	if (status != KA_EXIT_OK)
		return status;
	ka_rollout_plan(r);
	return answer(r, options);
}

int ka_command_sysctl(int argc, char **argv)
{
	struct ka_sysctl_options options;
	struct ka_sysctl_set set = { .n = 0 };
	struct ka_rollout *r = calloc(1, sizeof(*r));
	char title[600];
	int status;

	if (!r)
		return KA_EXIT_BROKEN;
	parse_options(&options, argc, argv);
	put_title(title, sizeof(title), &options);
	r->set = &set;
	r->title = title;
	r->questions = options.questions;
	r->hz = options.hz;
	r->connections = options.connections;
	status = read_all(&set, &options);
	if (status == KA_EXIT_OK && options.live)
		status = ka_sysctl_live(&options, &set);
	else if (status == KA_EXIT_OK)
		status = compare(r, &options);
	ka_rollout_free(r);
	free(r);
	ka_sysctl_free(&set);
	return status;
}
