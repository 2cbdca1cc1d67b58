/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck explain: one instance in words. */
#include "command/explain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "command/command.h"
#include "command/page.h"
#include "command/select.h"
#include "model/again.h"
#include "run/host.h"

enum ka_who ka_explain_other(enum ka_who who)
{
	return who == KA_PROBER ? KA_PEER : KA_PROBER;
}

const char *ka_explain_who(const struct ka_instance *instance, enum ka_who who)
{
	if (who == KA_GATEWAY)
		return "the gateway";
	if (who == KA_NOBODY)
		return "nobody";
	return (who == KA_PROBER) == (instance->prober == KA_CLIENT) ? "the client" : "the server";
}

struct explain_options {
	const char *name;
	unsigned hz; /* 0: the running kernel's */
};

static const struct argp_option table[] = {
	{ "hz", 'z', "HZ", 0, "As on a kernel with this HZ (default: the running kernel's)", 0 },
	{ NULL, 0, NULL, 0, NULL, 0 },
};

static const char about[] =
	"Tells what an experiment does, which rule of the kernel decides, when the end must come "
	"and "
	"why that is not idle + intvl * cnt, and what must be seen.\v"
	"INSTANCE is a name of `kacheck list', like silent_drop/1-1-3/v4/client; or only its "
	"beginning, like silent_drop; or one with any other setting, like "
	"silent_drop/300-100-3/v6/server.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct explain_options *options = state->input;

	switch (key) {
	case 'z':
		options->hz = (unsigned)ka_number_argument("--hz", arg, 10, 10000);
		return 0;
	case ARGP_KEY_ARG:
		if (options->name)
			ka_usage_error("unexpected '%.60s'; one instance is explained at a time",
				       arg);
		options->name = arg;
		return 0;
	case ARGP_KEY_NO_ARGS:
		ka_usage_error("explain: which INSTANCE? 'kacheck list' shows them; try 'kacheck "
			       "explain silent_drop'");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- which -------------------------------------------------------------------------------- */

/* The setting in a name like "silent_drop/300-100-3/v6" is taken as it is, also if no run would
 * have it. */
static void take_setting(struct ka_plan_options *options, const char *name)
{
	const char *start = strchr(name, '/');
	char text[64];
	size_t len;

	if (!start)
		return;
	len = strcspn(++start, "/");
	if (len == 0 || len >= sizeof(text) || memchr(start, '*', len))
		return;
	memcpy(text, start, len);
	text[len] = '\0';
	if (ka_setting_parse(&options->settings[0], text, NULL) == 0)
		options->n_settings = 1;
}

/* Finds the first instance that @name means. */
static int find(struct ka_plan *plan, const char *name, const struct ka_facts *facts)
{
	struct ka_plan_options options = { .filters = { name }, .n_filters = 1, .long_ = true };

	take_setting(&options, name);
	return ka_select_plan(plan, &options, facts);
}

/* ---- the head ----------------------------------------------------------------------------- */

static void print_title(const struct ka_lesson *lesson)
{
	const struct ka_instance *instance = lesson->instance;
	const struct ka_setting *v = &instance->setting;
	char user_timeout[64] = "";

	if (v->user_timeout_ms)
		snprintf(user_timeout, sizeof(user_timeout), ", user timeout %u ms",
			 v->user_timeout_ms);
	printf("%s\n", instance->name);
	ka_page_text(2,
		     "%s; idle %u s, interval %u s, %u probe%s%s; %s; %s holds the keepalive.%s%s",
		     instance->theme->title, v->idle, v->intvl, v->cnt, v->cnt == 1 ? "" : "s",
		     user_timeout, instance->family == AF_INET ? "IPv4" : "IPv6",
		     ka_explain_who(instance, KA_PROBER), v->source ? " Values of " : "",
		     v->source ? v->source : "");
}

static void print_proof(const struct ka_lesson *lesson)
{
	const struct ka_case *c = lesson->instance->case_;
	bool name = strncmp(c->why, "cnt", 3) == 0; /* is not written with a capital letter */

	ka_page_head("WHAT IT PROVES");
	ka_page_text(2, "%c%s.", name ? c->why[0] : toupper((unsigned char)c->why[0]), c->why + 1);
	if (c->lesson) {
		putchar('\n');
		ka_page_text(2, "%s", c->lesson);
	}
	if (c->holds_from.release) {
		putchar('\n');
		ka_page_text(2,
			     "It holds from Linux %s on (%s); a kernel before that and without "
			     "it is skipped.",
			     c->holds_from.release, c->holds_from.change);
	}
}

/* "192.0.2.1 -------- 192.0.2.254", the second address in column @column. */
static void print_wire(const char *from, const char *to, int column)
{
	static const char wire[] = "----------------------------------------";

	printf("%s %.*s %s", from, column - (int)strlen(from) - 2, wire, to);
}

static void print_routed(bool v4)
{
	printf("  %-24s%-26s%s\n  ", "client", "gateway", "server");
	print_wire(v4 ? "192.0.2.1" : "2001:db8:1::1", v4 ? "192.0.2.254" : "2001:db8:1::fe", 24);
	printf("\n%26s", "");
	print_wire(v4 ? "198.51.100.254" : "2001:db8:2::fe", v4 ? "198.51.100.1" : "2001:db8:2::1",
		   26);
}

static void print_pair(bool v4)
{
	printf("  %-24s%s\n  ", "client", "server");
	print_wire(v4 ? "192.0.2.1" : "2001:db8:1::1", v4 ? "192.0.2.2" : "2001:db8:1::2", 24);
}

static void print_network(const struct ka_lesson *lesson)
{
	const struct ka_instance *instance = lesson->instance;

	ka_page_head("THE NETWORK");
	if (instance->case_->topology == KA_ROUTED)
		print_routed(instance->family == AF_INET);
	else
		print_pair(instance->family == AF_INET);
	printf("\n\n");
	ka_page_text(2,
		     "Each is a network namespace of its own, the wires are veth pairs; the host's "
		     "network is not touched. Below, \"the prober\" is %s, which holds the "
		     "keepalive, and \"the peer\" is %s.",
		     ka_explain_who(instance, KA_PROBER), ka_explain_who(instance, KA_PEER));
	if (instance->case_->transport == KA_MPTCP)
		ka_page_text(2, "Both ends use Multipath TCP (IPPROTO_MPTCP).");
	else if (instance->case_->transport == KA_MPTCP_CLIENT)
		ka_page_text(2, "The client uses Multipath TCP (IPPROTO_MPTCP), the server plain "
				"TCP.");
}

/* As it stands: it runs this one instance. */
static void print_command(const struct ka_lesson *lesson)
{
	const struct ka_again again = {
		.instance = lesson->instance->name,
		.more = " -v --keep",
		/* any phase will do */
		.needs = ka_again_needs(lesson->instance) & ~(unsigned)KA_AGAIN_SEED,
	};

	char *text = NULL, *filter;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	ka_page_head("SEE FOR YOURSELF");
	if (out)
		ka_put_again_command(out, &again);
	if (out && fclose(out) == 0 && (filter = strstr(text, " --filter"))) {
		if (len + 2 > KA_PAGE_WIDTH)
			printf("  %.*s \\\n     %s\n", (int)(filter - text), text, filter);
		else
			printf("  %s\n", text);
	}
	free(text);
	if (lesson->instance->case_->declared)
		printf("  The case is declared in %s.\n", lesson->instance->case_->declared);
	if (lesson->instance->case_->long_)
		printf("  (It takes about %.0f s.)\n", lesson->prediction->expected_s);
}

static void print_lesson(const struct ka_lesson *lesson)
{
	print_title(lesson);
	print_network(lesson);
	print_proof(lesson);
	ka_explain_steps(lesson);
	ka_explain_rule(lesson);
	ka_explain_time(lesson);
	ka_explain_signs(lesson);
	print_command(lesson);
}

int ka_command_explain(int argc, char **argv)
{
	const struct argp argp = { table, parse, "INSTANCE", about, NULL, NULL, NULL };
	struct explain_options options = { .name = NULL };
	struct ka_plan plan = { .n = 0 };
	struct ka_facts facts;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	status = ka_select_host(&facts);
	if (status != KA_EXIT_OK)
		return status;
	if (options.hz && options.hz != (unsigned)facts.hz)
		facts = (struct ka_facts){ .hz = (int)options.hz };
	status = find(&plan, options.name, &facts);
	if (status == KA_EXIT_OK) {
		const struct ka_lesson lesson = { &plan.instances[0], &plan.predictions[0],
						  &facts };

		print_lesson(&lesson);
	}
	ka_plan_free(&plan);
	return status;
}
