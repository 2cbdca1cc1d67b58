/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kacheck explain: one instance in words. */
#include "command/explain.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "command/command.h"
#include "command/options.h"
#include "command/page.h"
#include "command/select.h"
#include "judge/checks.h"
#include "judge/values.h"
#include "model/again.h"
#include "model/escape.h"
#include "model/names.h"
#include "model/regimes.h"
#include "model/util.h"
#include "model/verbs.h"
#include "run/host.h"

struct explain_options {
	const char *name;
	unsigned hz; /* 0: the running kernel's */
};

static const struct ka_option table[] = {
	{ "hz", 'z', "HZ", "As on a kernel with this HZ (default: the running kernel's)", 0,
	  ka_take_number, .at = offsetof(struct explain_options, hz), 10, 10000 },
	{ .doc = NULL },
};

static const char about[] =
	"Tells what an experiment does, which rule of the kernel decides, when the end must come "
	"and "
	"why that is not idle + intvl * cnt, and what must be seen.\v"
	"INSTANCE is a name of `kacheck list', like silent_drop/1-1-3/v4/client; or only its "
	"beginning, like silent_drop; or one with any setting, silent_drop/300-100-3/v6/server.";

static void take_name(void *target, const char *word)
{
	struct explain_options *options = target;

	if (options->name)
		ka_usage_error("unexpected '%.*s'; one instance is explained at a time",
			       KA_CUT(word, 60));
	options->name = word;
}

static void finish(void *target)
{
	const struct explain_options *options = target;

	if (!options->name)
		ka_usage_error("explain: which INSTANCE? 'kacheck list' shows them; try 'kacheck "
			       "explain silent_drop'");
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

/* Finds the first instance that @word means. */
static int find(struct ka_plan *plan, const char *word, const struct ka_facts *facts)
{
	char buf[200];
	const char *name = ka_explain_name(word, buf, sizeof(buf));
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
	ka_explain_kernels(lesson->instance);
}

/* By topology and family. */
static const char *const drawings[][2] = {
	[KA_ROUTED] = { "  client                  gateway                   server\n"
			"  192.0.2.1 ------------- 192.0.2.254\n"
			"                          198.51.100.254 ---------- 198.51.100.1",
			"  client                  gateway                   server\n"
			"  2001:db8:1::1 --------- 2001:db8:1::fe\n"
			"                          2001:db8:2::fe ---------- 2001:db8:2::1" },
	[KA_PAIR] = { "  client                  server\n  192.0.2.1 ------------- 192.0.2.2",
		      "  client                  server\n  2001:db8:1::1 --------- 2001:db8:1::2" },
};

static void print_network(const struct ka_lesson *lesson)
{
	static const char *const transports[] = {
		[KA_MPTCP] = "Both ends use Multipath TCP (IPPROTO_MPTCP).",
		[KA_MPTCP_CLIENT] =
			"The client uses Multipath TCP (IPPROTO_MPTCP), the server TCP.",
	};
	const struct ka_instance *instance = lesson->instance;
	const char *sockets = transports[instance->case_->transport];

	if (instance->case_->mapped)
		sockets =
			"Both sockets are of IPv6, and their addresses of IPv4 (::ffff:192.0.2.1).";
	ka_page_head("THE NETWORK");
	printf("%s\n\n", drawings[instance->case_->topology][instance->family == AF_INET6]);
	ka_page_text(2,
		     "Each is a network namespace of its own, the wires are veth pairs; the host's "
		     "network is not touched. Below, \"the prober\" is %s, which holds the "
		     "keepalive, and \"the peer\" is %s.",
		     ka_explain_who(instance, KA_PROBER), ka_explain_who(instance, KA_PEER));
	if (sockets)
		ka_page_text(2, "%s", sockets);
}

/* ---- what happens --------------------------------------------------------------------------- */

static void print_program(const struct ka_instance *instance, enum ka_who who,
			  const struct ka_app *app)
{
	static const char *const does[] = {
		[KA_APP_HTTP] = "speaks HTTP/1",
		[KA_APP_LINES] = "answers a line with a line",
		[KA_APP_HEARTBEAT] = "has a heartbeat",
		[KA_APP_PROXY] = "is a proxy",
	};
	double timeout = ka_time_s(&app->timeout, &instance->setting);
	char more[200] = "";

	if (app->program == KA_APP_NONE)
		return;
	if (app->program == KA_APP_HEARTBEAT)
		snprintf(more, sizeof(more),
			 ": a line each %.4g s, which must be answered within %.4g s",
			 ka_time_s(&app->every, &instance->setting), timeout);
	else if (app->program == KA_APP_PROXY)
		snprintf(more, sizeof(more),
			 " with %u places: a newcomer gets the place of the connection that sent "
			 "nothing for the longest time, which is closed with a %s",
			 app->slots, app->reset ? "RST" : "FIN");
	else if (timeout > 0)
		snprintf(more, sizeof(more), ", and closes after %.4g s without a request",
			 timeout);
	ka_page_text(2, "On %s runs a program that %s%s.", ka_explain_who(instance, who),
		     does[app->program], more);
}

static void print_gateway(const struct ka_instance *instance)
{
	static const char *const then[] = {
		[KA_UNKNOWN_DROP] = "swallows what comes later",
		[KA_UNKNOWN_RESET] = "answers what comes later with a TCP reset",
		[KA_UNKNOWN_ADOPT] = "takes over what the client's side goes on with",
	};
	const struct ka_gateway *gateway = instance->case_->gateway;

	ka_page_text(2,
		     "Before: the gateway translates the client's address into its own, forgets a "
		     "connection over which nothing has passed for %u s, and %s.%s%s%s",
		     ka_gateway_timeout_s(gateway, &instance->setting), then[gateway->unknown],
		     gateway->source ? " (Figures of: " : "",
		     gateway->source ? gateway->source : "", gateway->source ? ".)" : "");
}

static void print_sysctl(const struct ka_instance *instance, const struct ka_sysctl *s,
			 const char *where)
{
	if (s->key)
		ka_page_text(2, "Before: the sysctl %s in the namespace of %s becomes %s%s.",
			     s->key, ka_explain_who(instance, s->who), s->value, where);
}

static void print_preparations(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;

	if (c->gateway)
		print_gateway(instance);
	print_program(instance, KA_PROBER, &c->prober_app);
	print_program(instance, KA_PEER, &c->peer_app);
	if (c->load)
		ka_page_text(2,
			     "Besides the observed connection there are %u of the same setting: "
			     "they come after it, in groups over a second or more, and %s starts "
			     "the timer of each when it is there, that of the observed one last.",
			     c->load, ka_explain_who(instance, KA_PROBER));
	if (c->no_timestamps)
		ka_page_text(2, "Before: net.ipv4.tcp_timestamps is 0 at both ends.");
	for (size_t i = 0; i < KA_N(c->sysctls); i++)
		print_sysctl(instance, &c->sysctls[i], "");
	print_sysctl(instance, &c->sysctl_if_there, " (on kernels that have it)");
}

static void print_step(const struct ka_lesson *lesson, size_t number)
{
	const struct ka_step *step = lesson->step;
	char when[400], times[80] = "", lead[32], what[KA_EXPLAIN_TEXT];

	ka_explain_when(lesson, when, sizeof(when));
	ka_explain_fill(lesson, ka_step_sentence(step), what);
	(*when ? when : what)[0] = (char)toupper((unsigned char)(*when ? when : what)[0]);
	if (step->times > 1)
		snprintf(times, sizeof(times), " This is done %d times, every %.4g s.", step->times,
			 ka_time_s(&step->every, &lesson->instance->setting));
	snprintf(lead, sizeof(lead), "%4zu. ", number);
	ka_page_hang(lead, "%s%s%s", when, what, times);
}

static void print_steps(const struct ka_lesson *lesson)
{
	const struct ka_case *c = lesson->instance->case_;
	double watch_s = ka_time_s(&c->expect.watch, &lesson->instance->setting);

	ka_page_head("WHAT HAPPENS");
	print_preparations(lesson->instance);
	for (size_t i = 0; i < c->n_steps; i++) {
		struct ka_lesson at = *lesson;

		at.step = &c->steps[i];
		print_step(&at, i + 1);
	}
	if (ka_regime_is(lesson->prediction->when, KA_REGIME_LIVES) && watch_s > 0)
		ka_page_text(2, "Then the connection is watched for another %.4g s.", watch_s);
}

static void print_rule(const struct ka_lesson *lesson)
{
	const struct ka_case *c = lesson->instance->case_;
	const struct ka_regime *regime = ka_regime(lesson->prediction->when);
	char text[KA_EXPLAIN_TEXT];

	ka_page_head("WHICH RULE DECIDES");
	ka_page_para("%s%s",
		     ka_explain_fill(lesson,
				     ka_explain_unseen(lesson) ? regime->unseen : regime->sentence,
				     text),
		     ka_explain_on_the_way(lesson));
	ka_page_text(2, "Where it is written: %s.", c->source);
}

/* ---- what must be seen ---------------------------------------------------------------------- */

#define SIGN "  - "

static const char *number_text(int n, const char *what, char *buf, size_t size)
{
	if (n == KA_SOME)
		snprintf(buf, size, "at least one %s", what);
	else if (n == KA_ANY)
		snprintf(buf, size, "any number of %ss", what);
	else if (n == 0)
		snprintf(buf, size, "no %s", what);
	else
		snprintf(buf, size, "exactly %d %s%s", n, what, n == 1 ? "" : "s");
	return buf;
}

/* What a timer that gives up reports in place of ETIMEDOUT. */
static bool is_soft(const struct ka_prediction *p)
{
	return p->error != ETIMEDOUT && ka_regime_is(p->when, KA_REGIME_GIVES_UP);
}

/* Who asks first gets the error, {error}. */
static const char *error_sign(const struct ka_case *c, const struct ka_prediction *p)
{
	bool finished = p->events == (EPOLLERR | EPOLLHUP);

	if (!p->error)
		return p->eof ? "read() returns 0: end of file, no error."
		       : ka_regime_is(p->when, KA_REGIME_LIVES)
			       ? "No event, no error: read() would block."
			       : NULL;
	if (p->error == ENOTCONN)
		return "read() returns -1 with ENOTCONN, each time; SO_ERROR is 0.";
	if (c->expect.survives)
		return "read() returns -1 with {error}, once; then it waits for data as before. "
		       "The connection is still established, and write() works.";
	if (c->post_mortem == KA_SO_ERROR_FIRST)
		return "SO_ERROR says {error}, once, and clears it: a read() after that returns 0, "
		       "as if the peer had finished.";
	if (c->post_mortem == KA_WRITE_FIRST)
		return "write() returns -1 with {error}, once; the next write() EPIPE, and only "
		       "that one raises SIGPIPE. read() then returns 0.";
	if (finished && c->transport != KA_TCP)
		return "read() returns -1 with {error}, once, then ENOTCONN. (SO_ERROR would tell "
		       "the same, and clears it.)";
	if (finished)
		return "read() goes on to return 0, since the peer's FIN was seen; SO_ERROR says "
		       "{error}, once.";
	if (is_soft(p))
		return "read() returns -1 with {error}, once; then 0. SO_ERROR gives the same once "
		       "more: it is a soft error, which the socket had kept.";
	return "read() returns -1 with {error}, once; then 0. (SO_ERROR would tell the same, and "
	       "clears it.)";
}

static void print_application(const struct ka_lesson *lesson)
{
	const struct ka_case *c = lesson->instance->case_;
	const char *sign = error_sign(c, lesson->prediction);
	double notice_s = ka_time_s(&c->expect.notice, &lesson->instance->setting);
	char text[KA_EXPLAIN_TEXT];

	if (sign)
		ka_page_hang(SIGN, "%s", ka_explain_fill(lesson, sign, text));
	if (c->expect.soft_again)
		ka_page_hang(SIGN,
			     "SO_ERROR says %s once more after read(): the kernel kept it twice, "
			     "as an error and as a soft error.",
			     ka_errno_name(lesson->prediction->error));
	if (c->expect.unread)
		ka_page_hang(SIGN,
			     "Before the error, read() gives the %d bytes that nobody had read.",
			     c->expect.unread);
	if (notice_s > 0)
		ka_page_hang(SIGN,
			     "The application hears of it %.4g s after the RST, and not before.",
			     notice_s);
}

static void print_events(const struct ka_lesson *lesson)
{
	const struct ka_prediction *p = lesson->prediction;
	uint32_t asks = lesson->instance->case_->asks;
	const struct ka_edge *edge = &lesson->instance->case_->expect.edge;
	char mask[80], asked[80];

	ka_mask_text(asks ? asks : EPOLLIN | EPOLLRDHUP, asked, sizeof(asked));
	if (p->events)
		ka_page_hang(SIGN, "epoll, asked for %s: 0x%04x = %s.", asked, p->events,
			     ka_mask_text(p->events, mask, sizeof(mask)));
	if (p->events_full)
		ka_page_hang(SIGN, "epoll, asked for everything: 0x%04x = %s.", p->events_full,
			     ka_mask_text(p->events_full, mask, sizeof(mask)));
	if (edge->mask)
		ka_page_hang(SIGN,
			     "The first report of an edge-triggered set that tells of the end is "
			     "0x%04x from Linux %s on; before, it need only contain 0x%04x.",
			     edge->mask, edge->since, edge->before);
}

static void print_wire_signs(const struct ka_lesson *lesson)
{
	const struct ka_prediction *p = lesson->prediction;
	const struct ka_setting *setting = &lesson->instance->setting;
	const struct ka_expect *expect = &lesson->instance->case_->expect;
	const char *probe = ka_case_persists(lesson->instance->case_) ? "window probe" : "probe";
	char kind[40], text[64], received[64];

	snprintf(kind, sizeof(kind), "%s%s",
		 ka_regime_is(p->when, KA_REGIME_ONE_PROBE) ? "" : "unanswered ", probe);
	ka_page_hang(SIGN, "On the wire: %s.%s", number_text(p->probes, kind, text, sizeof(text)),
		     p->probes == 0 ? ""
				    : " (A probe is an ACK without data whose sequence number is "
				      "one below the next: old news, which must be answered.)");
	snprintf(kind, sizeof(kind), "answered %s", probe);
	if (expect->answered)
		ka_page_hang(SIGN, "On the wire: %s.",
			     number_text(ka_number(expect->answered, setting), kind, text,
					 sizeof(text)));
	if (expect->probes_received)
		ka_page_hang(SIGN, "On the wire: %s of the other end's own keepalive arrives.",
			     number_text(ka_number(expect->probes_received, setting), "probe", text,
					 sizeof(text)));
	if (expect->unseen)
		ka_page_hang(SIGN,
			     "After its last answer, nothing that %s sends reaches its device: "
			     "the counter TCPKeepAlive is the evidence of probes, and the first "
			     "event of the socket that of the end.",
			     ka_explain_who(lesson->instance, KA_PROBER));
	ka_page_hang(SIGN, "On the wire: %s sent by the prober, %s received.",
		     number_text(p->rst_sent, "RST", text, sizeof(text)),
		     number_text(p->rst_received, "RST", received, sizeof(received)));
}

static void print_counters(const struct ka_lesson *lesson)
{
	const struct ka_expect *expect = &lesson->instance->case_->expect;
	char list[400] = "", count[16];
	size_t used = 0;

	for (size_t i = 0; i < KA_N(expect->counters); i++)
		if (expect->counters[i].name && used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 used ? ", " : "", expect->counters[i].name);
	ka_page_hang(SIGN,
		     "The namespace's counters agree (TCPKeepAlive, TCPAbortOnTimeout, OutRsts and "
		     "others), and those that have no part in this stand still%s%s.",
		     used ? "; besides these move or may move: " : "", list);
	for (size_t i = 0; i < KA_N(expect->peer_counters); i++)
		if (expect->peer_counters[i].name)
			ka_page_hang(SIGN, "In the namespace of %s, %s moves by %s.",
				     ka_explain_who(lesson->instance, KA_PEER),
				     expect->peer_counters[i].name,
				     ka_number_text(ka_number(expect->peer_counters[i].delta,
							      &lesson->instance->setting),
						    count));
}

static void print_load(const struct ka_lesson *lesson)
{
	unsigned load = lesson->instance->case_->load;

	if (load && ka_regime_is(lesson->prediction->when, KA_REGIME_LIVES))
		ka_page_hang(SIGN, "Each of the %u other connections lives, too.", load);
	else if (load)
		ka_page_hang(SIGN,
			     "Each of the %u other connections: the same error, epoll mask and "
			     "number of probes (tcpi_probes), and its end inside the same window, "
			     "counted from the start of its own timer; every counter moves by "
			     "%u times what one connection does.",
			     load, load + 1);
}

/* What a program must have done. */
static void print_act(const struct ka_instance *instance, const struct ka_app_want *want)
{
	static const char *const acts[] = {
		[KA_DID_SERVE] = "answers a request on this connection",
		[KA_DID_GET] = "gets an answer",
		[KA_DID_CLOSE] = "closes, as it was asked to",
		[KA_DID_TIME_OUT] = "closes because nothing was asked for",
		[KA_DID_MISS] = "misses the answer to its heartbeat",
		[KA_DID_EVICT] = "closes a connection of its pool",
	};
	double after = ka_time_s(&want->after, &instance->setting);
	char which[64] = "", times[32] = "at least once", when[64] = "";

	if (want->act == KA_DID_GET && want->number)
		snprintf(which, sizeof(which), " with status %d", want->number);
	else if (want->act == KA_DID_EVICT)
		snprintf(which, sizeof(which), ", number %d (1 is the observed one)", want->number);
	if (want->times != KA_SOME)
		snprintf(times, sizeof(times), "%d time%s", want->times,
			 want->times == 1 ? "" : "s");
	if (after > 0)
		snprintf(when, sizeof(when), ", after %.4g s by its own clock, never earlier",
			 after);
	ka_page_hang(SIGN, "The program of %s %s%s: %s%s.", ka_explain_who(instance, want->who),
		     acts[want->act], which, times, when);
}

/* Is there a step whose verb is one of @flag, or promises one of @proof? */
static bool has_step(const struct ka_case *c, unsigned flag, unsigned proof)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if ((ka_verb(c->steps[i].do_)->flags & flag) ||
		    (ka_step_promises(&c->steps[i]) & proof))
			return true;
	return false;
}

static void print_signs(const struct ka_lesson *lesson)
{
	const struct ka_case *c = lesson->instance->case_;

	ka_page_head("WHAT MUST BE SEEN");
	print_application(lesson);
	print_events(lesson);
	print_wire_signs(lesson);
	print_counters(lesson);
	print_load(lesson);
	for (size_t i = 0; i < KA_N(c->expect.app) && c->expect.app[i].who != KA_NOBODY; i++)
		print_act(lesson->instance, &c->expect.app[i]);
	if (has_step(c, 0, KA_PROOF_CHECK))
		ka_page_hang(SIGN,
			     "Every call of the steps succeeds, or fails with the error that is "
			     "named; what is read is what is named.");
	if (has_step(c, KA_VERB_FAULT, 0))
		ka_page_hang(SIGN,
			     "The fault itself: it must be proved that it took effect (packets "
			     "met the rule, the process is gone); else nothing is said about the "
			     "kernel, and the verdict is \"broken\".");
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
			printf("  %.*s \\\n  %s\n", (int)(filter - text), text, filter);
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
	print_steps(lesson);
	print_rule(lesson);
	ka_explain_time(lesson);
	print_signs(lesson);
	print_command(lesson);
}

int ka_command_explain(int argc, char **argv)
{
	static const struct ka_options all = { .rows = table,
					       .words = "INSTANCE",
					       .about = about,
					       .take_word = take_name,
					       .finish = finish };
	struct explain_options options = { .name = NULL };
	struct ka_plan plan = { .n = 0 };
	struct ka_facts facts;
	int status;

	ka_options_parse(&all, argc, argv, &options);
	if (strncmp(options.name, KA_EXPLAIN_PROGRAM, strlen(KA_EXPLAIN_PROGRAM)) == 0)
		return ka_explain_program(options.name + strlen(KA_EXPLAIN_PROGRAM));
	status = ka_select_host(&facts);
	if (status != KA_EXIT_OK)
		return status;
	if (options.hz && options.hz != (unsigned)facts.hz)
		facts = (struct ka_facts){ .hz = (int)options.hz };
	status = find(&plan, options.name, &facts);
	if (status == KA_EXIT_OK)
		print_lesson(&(struct ka_lesson){ &plan.instances[0], &plan.predictions[0], &facts,
						  NULL });
	ka_plan_free(&plan);
	return status;
}
