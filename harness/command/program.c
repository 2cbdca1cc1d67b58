/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck program: which programs, where they run, survey, scenarios; the writers tell. */
#include "command/program.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "command/progress.h"
#include "command/where.h"
#include "guest/arch.h"
#include "model/util.h"
#include "plan/plan.h"
#include "program/words.h"

/* In real time: what takes longer is computed. */
#define BUDGET_S     15
/* Where time costs little: but a program that wakes up ten times a second makes an hour last ten seconds. */
#define LONG_S       3600.0
/* In real time, for what never comes; no more than a third of the budget. */
#define MOST_WATCH_S 5.0

struct asking {
	struct ka_inquiry q;
	const struct ka_program_options *options;
	struct ka_where where;
	struct ka_guest_program guest;
	struct ka_plan plan;
	struct ka_progress_line progress;
	char *text; /* of the spec */
	/* what is copied into a guest that cannot read the host's files; ends with NULL */
	const char *copies[KA_MAX_COPIES + KA_MAX_SUBJECTS + 1];
	int made; /* what set-up commands have made, for all instances; owned; 0: not open */
	json_t *surveyed;
};

/* ---- which programs ------------------------------------------------------------------------ */

/* A recipe is a text of lines. */
static int check_lines(const char *const *words)
{
	for (; *words; words++)
		if (strpbrk(*words, "\r\n")) {
			ka_complain(
				"program: a word of COMMAND has more than one line; put it into "
				"a script");
			return KA_EXIT_USAGE;
		}
	return KA_EXIT_OK;
}

/* Of two commands, each has the name of its end. */
static const char *name_of(const struct ka_program_options *options, const char *command,
			   enum ka_role role)
{
	if (options->client && (options->server || options->command))
		return role == KA_SERVER ? "server" : "client";
	return options->name ? options->name : command;
}

/* Takes over @recipe. */
static int add_recipe(struct asking *a, struct ka_recipe *recipe, const char *variant)
{
	struct nn_err err = { "" };
	int ret = ka_program_spec_add(&a->q.spec, recipe, variant, &err);

	ka_recipe_free(recipe);
	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("program: %s", err.text);
	return KA_EXIT_USAGE;
}

/* A program of the command line: its words, or one text. */
static int add_command(struct asking *a, const char *const *command, const char *line,
		       enum ka_role role)
{
	const char *const one[] = { line, NULL };
	struct nn_err err = { "" };
	struct ka_recipe recipe;
	char *text, *file;
	int status = check_lines(command ? command : one);

	if (status != KA_EXIT_OK)
		return status;
	text = ka_program_recipe(a->options, command, line, role);
	file = strndup(command ? command[0] : line, command ? PATH_MAX : strcspn(line, " "));
	if (!text || !file)
		status = KA_EXIT_BROKEN;
	else if (ka_recipe_parse(&recipe, name_of(a->options, basename(file), role), text,
				 strlen(text), &err) < 0)
		status = KA_EXIT_USAGE;
	free(text);
	free(file);
	if (status == KA_EXIT_OK)
		return add_recipe(a, &recipe, NULL);
	if (status == KA_EXIT_USAGE) {
		ka_recipe_free(&recipe);
		ka_complain("program: the options make no recipe: %s", err.text);
	}
	return status;
}

/* "redis", "redis:timeout-60", "./mine.conf" */
static int add_word(struct asking *a, const char *word)
{
	char *copy = strdup(word);
	char *colon = copy ? strrchr(copy, ':') : NULL;
	struct nn_err err = { "" };
	struct ka_recipe recipe;
	int status = KA_EXIT_BROKEN;

	if (colon)
		*colon = '\0';
	if (copy && ka_recipes_read(&recipe, copy, &err) == 0) {
		status = add_recipe(a, &recipe, colon ? colon + 1 : NULL);
	} else if (copy) {
		ka_recipe_free(&recipe);
		ka_complain("program: %s", err.text);
		status = KA_EXIT_USAGE;
	}
	free(copy);
	return status;
}

static int add_all(struct asking *a)
{
	const struct ka_program_options *o = a->options;
	int status = KA_EXIT_OK;

	for (size_t i = 0; i < o->n_words && status == KA_EXIT_OK; i++)
		status = add_word(a, o->words[i]);
	if (status == KA_EXIT_OK && o->command)
		status = add_command(a, (const char *const *)o->command, NULL, KA_SERVER);
	if (status == KA_EXIT_OK && o->server)
		status = add_command(a, NULL, o->server, KA_SERVER);
	if (status == KA_EXIT_OK && o->client)
		status = add_command(a, NULL, o->client, KA_CLIENT);
	return status;
}

/* Those whose program is not here are left out, unless none is: then that is bad input, or, of a recipe of
 * the house, something that is not possible here. */
static int keep_installed(struct asking *a)
{
	struct ka_program_spec *spec = &a->q.spec;
	const struct ka_recipe *told = NULL;
	size_t kept = 0, n = spec->n_subjects;

	for (size_t i = 0; i < n; i++) {
		const struct ka_subject s = spec->subjects[i];
		const struct ka_program *p = &s.variant->program;

		if (ka_recipes_installed(p)) {
			spec->subjects[kept++] = s;
			continue;
		}
		if (told != s.recipe)
			ka_complain("program: %s: there is no %s here%s%s", p->name, p->command[0],
				    s.recipe->package ? "; apt-get install " : "",
				    s.recipe->package ? s.recipe->package : "");
		told = s.recipe;
	}
	spec->n_subjects = kept;
	if (kept)
		return KA_EXIT_OK;
	return a->options->n_words ? KA_EXIT_NOTHING : KA_EXIT_USAGE;
}

static void put_demands(struct asking *a)
{
	struct ka_inquiry *q = &a->q;

	ka_program_spec_pass(&q->spec, &a->options->demands);
	for (size_t i = 0; i < q->spec.n_subjects; i++) {
		q->demands[i] = q->spec.subjects[i].variant->demands;
		ka_demands_add(&q->demands[i], &a->options->demands);
		ka_program_spec_pass(&q->spec, &q->demands[i]);
	}
}

/* ---- how long ---------------------------------------------------------------------------------- */

static double budget_s(const struct asking *a)
{
	return a->options->budget_s > 0 ? a->options->budget_s : BUDGET_S;
}

/* The longest that a healthy connection must live for. */
static double demanded_idle_s(const struct ka_inquiry *q)
{
	double most = 0;

	for (size_t i = 0; i < q->spec.n_subjects; i++)
		most = fmax(most, q->demands[i].idle_s);
	return most;
}

static void put_times(struct asking *a, bool virtual_clock)
{
	struct ka_program_spec *spec = &a->q.spec;
	double demanded = demanded_idle_s(&a->q);
	double brief = fmin(budget_s(a) / 3, MOST_WATCH_S);

	spec->virtual_clock = virtual_clock;
	spec->idle_s = virtual_clock ? fmax(LONG_S, demanded) : brief;
	if (!virtual_clock && demanded > 0 && demanded < budget_s(a) - 1)
		spec->idle_s = demanded;
	spec->watch_s = virtual_clock ? LONG_S : brief;
	if (a->options->idle_s > 0)
		spec->idle_s = a->options->idle_s;
	if (a->options->watch_s > 0)
		spec->watch_s = a->options->watch_s;
}

/* ---- the kernel -------------------------------------------------------------------------------- */

static void on_note(void *arg, const char *text)
{
	struct asking *a = arg;

	ka_progress_clear(&a->progress);
	ka_complain("program: %s", text);
	snprintf(a->q.note, sizeof(a->q.note), "%s", text);
}

/* The most that one of the programs needs. */
static unsigned instance_mib(const struct ka_program_spec *spec)
{
	unsigned most = 0;

	for (size_t i = 0; i < spec->n_subjects; i++)
		most = spec->subjects[i].variant->program.memory_mib > most
			       ? spec->subjects[i].variant->program.memory_mib
			       : most;
	return most;
}

/* Of each program its first word, or the tree that it lies in; and what was asked for. */
static void list_copies(struct asking *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->q.spec.n_subjects; i++) {
		const struct ka_program *program = &a->q.spec.subjects[i].variant->program;

		a->copies[n++] = program->rootfs ? program->rootfs : program->command[0];
	}
	for (size_t i = 0; i < a->options->n_copies; i++)
		a->copies[n++] = a->options->copies[i];
	a->copies[n] = NULL;
}

static void put_filters(const struct asking *a, struct ka_plan_options *plan)
{
	for (size_t i = 0; i < a->options->n_filters; i++)
		plan->filters[plan->n_filters++] = a->options->filters[i];
}

static int open_kernel(struct asking *a, const char *kernel)
{
	struct ka_plan_options plan = { .long_ = true };
	int status;

	put_filters(a, &plan);
	status = ka_where_parse(&a->where, kernel, NULL, &plan, 0);
	if (status == KA_EXIT_OK && a->where.is_guest && a->where.kernel.arch != ka_arch_own()) {
		ka_complain("--kernel %s is for %s, and the programs of this machine are for %s",
			    kernel, a->where.kernel.arch->name, ka_arch_own()->name);
		status = KA_EXIT_USAGE;
	}
	if (status != KA_EXIT_OK)
		return status;
	put_times(a, a->where.is_guest);
	free(a->text);
	a->text = ka_program_spec_text(&a->q.spec);
	if (!a->text)
		return KA_EXIT_BROKEN;
	list_copies(a);
	a->guest = (struct ka_guest_program){ .copies = a->copies,
					      .instance_mib = instance_mib(&a->q.spec),
					      .say = on_note,
					      .arg = a };
	a->where.options.trials = a->text;
	a->where.options.program = &a->guest;
	a->where.options.keep = a->options->out_dir != NULL;
	a->where.options.keep_all = a->options->keep_all;
	snprintf(a->q.where, sizeof(a->q.where), "%.250s",
		 a->where.is_guest ? a->where.kernel.where : "host");
	return ka_where_facts(&a->where, &a->q.facts);
}

/* Nobody asked for the guest: the host will do. Only User-mode Linux reads the host's files as they are. */
static int choose_kernel(struct asking *a)
{
	char found[PATH_MAX + 16];
	int status;

	if (a->options->kernel)
		return open_kernel(a, a->options->kernel);
	if (ka_kernels_find(found, sizeof(found)) && strncmp(found, "uml:", 4) == 0) {
		status = open_kernel(a, found);
		if (status == KA_EXIT_INTERRUPTED || (status == KA_EXIT_OK && !*a->where.why.text))
			return status;
		ka_where_close(&a->where);
	}
	return open_kernel(a, "host");
}

/* ---- running ------------------------------------------------------------------------------------ */

static void on_progress(void *arg, const struct ka_progress *progress)
{
	struct asking *a = arg;

	ka_progress_show(&a->progress, progress);
}

static int run_plan(struct asking *a, int (*on_result)(void *arg, size_t index, json_t *json))
{
	const struct ka_schedule_options schedule = { .retries = KA_RETRIES,
						      .out_dir = a->options->out_dir,
						      .keep_all = a->options->keep_all,
						      .made = a->made,
						      .noise_budget_ns = KA_NOISE_BUDGET_NS,
						      .noise_goal_ns = KA_NOISE_GOAL_NS };
	const struct ka_schedule_events events = {
		.result = on_result, .progress = a->progress.wanted ? on_progress : NULL, .arg = a
	};
	struct nn_err err = { "" };
	int ret;

	if (a->plan.n == 0)
		return KA_EXIT_OK;
	ret = ka_where_run(&a->where, &a->plan, &a->q.facts, &schedule, &events, &err);
	ka_progress_clear(&a->progress);
	if (ret == 0)
		return KA_EXIT_OK;
	ka_complain("%s", err.text);
	return ret == -EINTR ? KA_EXIT_INTERRUPTED : KA_EXIT_BROKEN;
}

static int make_plan(struct asking *a, const struct ka_attempts *attempts,
		     const struct ka_plan_options *options)
{
	struct nn_err err = { "" };

	ka_plan_free(&a->plan);
	a->plan = (struct ka_plan){ .n = 0 };
	if (!attempts->n)
		return KA_EXIT_OK;
	if (ka_plan_new(&a->plan, attempts->themes, 1, options, a->q.facts.hz, &err) == 0)
		return KA_EXIT_OK;
	ka_complain("program: %s", err.text);
	return a->options->n_filters ? KA_EXIT_USAGE : KA_EXIT_BROKEN;
}

static int on_surveyed(void *arg, size_t index, json_t *json)
{
	struct asking *a = arg;

	return json_array_set_new(a->surveyed, index, json) < 0 ? -ENOMEM : 0;
}

/* On the host; a guest has made it when its facts are there. */
static int survey(struct asking *a)
{
	const struct ka_plan_options options = { .long_ = true };
	struct ka_attempts *attempts;
	struct nn_err err = { "" };
	int status;

	a->surveyed = json_array();
	for (size_t i = 0; i < a->q.spec.n_subjects; i++)
		json_array_append_new(a->surveyed, json_null());
	if (ka_attempts_new(&attempts, &a->q.spec, NULL, a->q.facts.hz, &err) < 0) {
		ka_complain("%s", err.text);
		return KA_EXIT_BROKEN;
	}
	status = make_plan(a, attempts, &options);
	if (status == KA_EXIT_OK)
		status = run_plan(a, on_surveyed);
	ka_plan_free(&a->plan);
	a->plan = (struct ka_plan){ .n = 0 };
	ka_attempts_free(attempts);
	return status;
}

static int on_result(void *arg, size_t index, json_t *json)
{
	struct asking *a = arg;
	const struct ka_case *c = a->plan.instances[index].case_;

	ka_inquiry_take(&a->q, (size_t)(c - a->q.attempts->cases), json);
	return 0;
}

/* In real time only what ends within the budget; all of it has a prediction. */
static void keep_short(struct asking *a)
{
	struct ka_plan *plan = &a->plan;
	size_t kept = 0;

	for (size_t i = 0; i < plan->n; i++) {
		size_t attempt = (size_t)(plan->instances[i].case_ - a->q.attempts->cases);
		bool fits = a->where.is_guest || plan->predictions[i].expected_s <= budget_s(a);

		ka_inquiry_expect(&a->q, attempt, &plan->predictions[i], fits);
		if (!fits)
			continue;
		plan->instances[kept] = plan->instances[i];
		plan->predictions[kept++] = plan->predictions[i];
	}
	plan->n = kept;
}

/* Those that a filter leaves out are predicted all the same. */
static int predict_all(struct asking *a)
{
	const struct ka_plan_options all = { .long_ = true };
	int status = make_plan(a, a->q.attempts, &all);

	for (size_t i = 0; i < a->plan.n && status == KA_EXIT_OK; i++)
		ka_inquiry_expect(&a->q,
				  (size_t)(a->plan.instances[i].case_ - a->q.attempts->cases),
				  &a->plan.predictions[i], false);
	return status;
}

static int try_scenarios(struct asking *a)
{
	struct ka_plan_options host = { .long_ = true };
	const json_t *surveyed = a->where.guest ? ka_guest_surveyed(a->where.guest) : a->surveyed;
	struct nn_err err = { "" };
	int status;

	if (ka_inquiry_begin(&a->q, surveyed, &err) < 0) {
		ka_complain("%s", err.text);
		return KA_EXIT_BROKEN;
	}
	for (size_t i = 0; i < a->q.spec.n_subjects && *a->where.why.text; i++)
		snprintf(a->q.surveys[i].why, sizeof(a->q.surveys[i].why), "%.390s",
			 a->where.why.text);
	put_filters(a, &host);
	status = predict_all(a);
	if (status == KA_EXIT_OK)
		status = make_plan(a, a->q.attempts, a->where.is_guest ? &a->where.plan : &host);
	if (status != KA_EXIT_OK)
		return status;
	keep_short(a);
	return run_plan(a, on_result);
}

/* ---- the end ------------------------------------------------------------------------------------ */

static int status_of(const struct ka_inquiry *q)
{
	static const int statuses[] = { [KA_INQUIRY_GOOD] = KA_EXIT_OK,
					[KA_INQUIRY_BAD] = KA_EXIT_FAIL,
					[KA_INQUIRY_BROKEN] = KA_EXIT_BROKEN,
					[KA_INQUIRY_NOTHING] = KA_EXIT_NOTHING };

	return statuses[ka_inquiry_end(q)];
}

static int answer(const struct asking *a)
{
	int status = status_of(&a->q), ret = 0;

	switch (a->options->format) {
	case KA_PROGRAM_TEXT:
	case KA_PROGRAM_MARKDOWN:
		ret = ka_program_put_page(&a->q, a->options->format == KA_PROGRAM_MARKDOWN, stdout);
		break;
	case KA_PROGRAM_TABLE:
		ret = ka_program_put_matrix(&a->q, stdout);
		break;
	case KA_PROGRAM_JSON:
		ret = ka_program_put_json(&a->q, status, stdout);
		break;
	case KA_PROGRAM_JUNIT:
		ret = ka_program_put_junit(&a->q, stdout);
		break;
	case KA_PROGRAM_HTML:
		ret = ka_program_put_html(&a->q, status, stdout);
		break;
	case KA_PROGRAM_RESULTS:
		ret = ka_program_put_results(&a->q, &a->plan, stdout);
		break;
	}
	return ret < 0 ? KA_EXIT_BROKEN : status;
}

static bool open_made(struct asking *a)
{
	struct nn_err err = { "" };

	a->made = ka_schedule_made(&err);
	if (a->made > 0)
		return true;
	a->made = 0;
	ka_complain("%s", err.text);
	return false;
}

static int ask(struct asking *a)
{
	int status = add_all(a);

	if (status == KA_EXIT_OK)
		status = keep_installed(a);
	if (status != KA_EXIT_OK)
		return status;
	put_demands(a);
	if (!open_made(a))
		return KA_EXIT_BROKEN;
	ka_progress_init(&a->progress, a->options->quiet);
	status = choose_kernel(a);
	if (status == KA_EXIT_OK && !a->where.is_guest)
		status = survey(a);
	if (status == KA_EXIT_OK)
		status = try_scenarios(a);
	return status == KA_EXIT_OK ? answer(a) : status;
}

/* --recipe: what would be asked, as a file. */
static int write_recipe(const struct ka_program_options *o)
{
	enum ka_role role = o->client ? KA_CLIENT : KA_SERVER;
	char *text = ka_program_recipe(o, (const char *const *)o->command,
				       o->client ? o->client : o->server, role);

	if (!text)
		return KA_EXIT_BROKEN;
	fputs(text, stdout);
	free(text);
	return KA_EXIT_OK;
}

int ka_command_program(int argc, char **argv)
{
	struct ka_program_options options;
	struct asking *a = calloc(1, sizeof(*a));
	int status;

	if (!a)
		return KA_EXIT_BROKEN;
	ka_program_options_parse(&options, argc, argv);
	a->options = &options;
	if (options.list)
		status = ka_program_list(&options);
	else if (options.recipe)
		status = write_recipe(&options);
	else
		status = ask(a);
	ka_plan_free(&a->plan);
	ka_where_close(&a->where);
	ka_inquiry_free(&a->q);
	json_decref(a->surveyed);
	if (a->made)
		close(a->made);
	free(a->text);
	free(a);
	return status;
}
