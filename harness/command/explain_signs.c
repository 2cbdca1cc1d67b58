/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the application and the wire must show, item by item: all of it is checked. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "command/explain.h"
#include "command/page.h"
#include "judge/checks.h"
#include "judge/values.h"
#include "model/names.h"
#include "model/util.h"
#include "model/verbs.h"

static void number_text(int n, const char *what, char *buf, size_t size)
{
	if (n == KA_SOME)
		snprintf(buf, size, "at least one %s", what);
	else if (n == KA_ANY)
		snprintf(buf, size, "any number of %ss", what);
	else if (n == 0)
		snprintf(buf, size, "no %s", what);
	else
		snprintf(buf, size, "exactly %d %s%s", n, what, n == 1 ? "" : "s");
}

/* What a timer that gives up reports in place of ETIMEDOUT. */
static bool is_soft(const struct ka_prediction *p)
{
	return p->error && p->error != ETIMEDOUT &&
	       (p->when == KA_KEEPALIVE_EXPIRY || p->when == KA_USER_TIMEOUT ||
		p->when == KA_RETRANSMIT_LIMIT);
}

/* Who asks first gets the error. */
static void order_sign(const struct ka_case *c, const struct ka_prediction *p)
{
	const char *error = ka_errno_name(p->error);

	if (p->error == ENOTCONN)
		ka_page_hang("  - ", "read() returns -1 with ENOTCONN, each time; SO_ERROR is 0.");
	else if (c->expect.survives)
		ka_page_hang("  - ",
			     "read() returns -1 with %s, once; then it waits for data as before. "
			     "The connection is still established, and write() works.",
			     error);
	else if (c->post_mortem == KA_SO_ERROR_FIRST)
		ka_page_hang("  - ",
			     "SO_ERROR says %s, once, and clears it: a read() after that returns "
			     "0, as if the peer had finished.",
			     error);
	else if (c->post_mortem == KA_WRITE_FIRST)
		ka_page_hang("  - ",
			     "write() returns -1 with %s, once; the next write() EPIPE, and only "
			     "that one raises SIGPIPE. read() then returns 0.",
			     error);
	else if (p->events == (EPOLLERR | EPOLLHUP) && c->transport != KA_TCP)
		ka_page_hang("  - ",
			     "read() returns -1 with %s, once, then ENOTCONN. (SO_ERROR would "
			     "tell the same, and clears it.)",
			     error);
	else if (p->events == (EPOLLERR | EPOLLHUP))
		ka_page_hang("  - ",
			     "read() goes on to return 0, since the peer's FIN was seen; SO_ERROR "
			     "says %s, once.",
			     error);
	else if (is_soft(p))
		ka_page_hang("  - ",
			     "read() returns -1 with %s, once; then 0. SO_ERROR gives the same "
			     "once more: it is a soft error, which the socket had kept.",
			     error);
	else
		ka_page_hang(
			"  - ",
			"read() returns -1 with %s, once; then 0. (SO_ERROR would tell the same, "
			"and clears it.)",
			error);
	if (c->expect.soft_again)
		ka_page_hang("  - ",
			     "SO_ERROR says %s once more after read(): the kernel kept it twice, "
			     "as an error and as a soft error.",
			     error);
	if (c->expect.unread)
		ka_page_hang("  - ",
			     "Before the error, read() gives the %d bytes that nobody had read.",
			     c->expect.unread);
}

static void error_sign(const struct ka_case *c, const struct ka_prediction *p)
{
	if (p->error)
		order_sign(c, p);
	else if (p->eof)
		ka_page_hang("  - ", "read() returns 0: end of file, no error.");
	else if (p->when == KA_NEVER)
		ka_page_hang("  - ", "No event, no error: read() would block.");
}

static void notice_sign(const struct ka_lesson *lesson)
{
	const struct ka_instance *instance = lesson->instance;
	double notice_s = ka_time_s(&instance->case_->expect.notice, &instance->setting);

	if (notice_s > 0)
		ka_page_hang("  - ",
			     "The application hears of it %.4g s after the RST, and not before.",
			     notice_s);
}

static void event_signs(const struct ka_lesson *lesson)
{
	const struct ka_prediction *p = lesson->prediction;
	uint32_t asks = lesson->instance->case_->asks;
	const struct ka_edge *edge = &lesson->instance->case_->expect.edge;
	char mask[80], asked[80];

	ka_mask_text(asks ? asks : EPOLLIN | EPOLLRDHUP, asked, sizeof(asked));
	if (p->events)
		ka_page_hang("  - ", "epoll, asked for %s: 0x%04x = %s.", asked, p->events,
			     ka_mask_text(p->events, mask, sizeof(mask)));
	if (p->events_full)
		ka_page_hang("  - ", "epoll, asked for everything: 0x%04x = %s.", p->events_full,
			     ka_mask_text(p->events_full, mask, sizeof(mask)));
	if (edge->mask)
		ka_page_hang("  - ",
			     "The first report of an edge-triggered set that tells of the end is "
			     "0x%04x from Linux %s on; before, it need only contain 0x%04x.",
			     edge->mask, edge->since, edge->before);
}

static void wire_signs(const struct ka_lesson *lesson)
{
	const struct ka_prediction *p = lesson->prediction;
	const struct ka_expect *expect = &lesson->instance->case_->expect;
	char text[64], received[64];

	bool persists = ka_case_persists(lesson->instance->case_);
	const char *kind = persists ? "unanswered window probe" : "unanswered probe";

	number_text(p->probes, p->when == KA_FIRST_PROBE ? "probe" : kind, text, sizeof(text));
	ka_page_hang("  - ", "On the wire: %s.%s", text,
		     p->probes == 0
			     ? ""
			     : " (A probe is an ACK without data whose sequence number is one "
			       "below the next: old news, which must be answered.)");
	if (expect->answered) {
		number_text(ka_number(expect->answered, &lesson->instance->setting),
			    persists ? "answered window probe" : "answered probe", text,
			    sizeof(text));
		ka_page_hang("  - ", "On the wire: %s.", text);
	}
	if (expect->probes_received) {
		number_text(ka_number(expect->probes_received, &lesson->instance->setting), "probe",
			    text, sizeof(text));
		ka_page_hang("  - ", "On the wire: %s of the other end's own keepalive arrives.",
			     text);
	}
	if (expect->unseen)
		ka_page_hang("  - ",
			     "After its last answer, nothing that %s sends reaches its device: "
			     "the counter TCPKeepAlive is the evidence of probes, and the first "
			     "event of the socket that of the end.",
			     ka_explain_who(lesson->instance, KA_PROBER));
	number_text(p->rst_sent, "RST", text, sizeof(text));
	number_text(p->rst_received, "RST", received, sizeof(received));
	ka_page_hang("  - ", "On the wire: %s sent by the prober, %s received.", text, received);
}

static void counter_signs(const struct ka_lesson *lesson)
{
	const struct ka_expect *expect = &lesson->instance->case_->expect;
	char list[400] = "";
	size_t used = 0;

	for (size_t i = 0; i < KA_N(expect->counters); i++)
		if (expect->counters[i].name && used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 used ? ", " : "", expect->counters[i].name);
	ka_page_hang("  - ",
		     "The namespace's counters agree (TCPKeepAlive, TCPAbortOnTimeout, OutRsts and "
		     "others), and those that have no part in this stand still%s%s.",
		     used ? "; besides these move or may move: " : "", list);
	for (size_t i = 0; i < KA_N(expect->peer_counters); i++) {
		const struct ka_counter_want *want = &expect->peer_counters[i];
		int delta = ka_number(want->delta, &lesson->instance->setting);
		char count[16];

		if (want->name)
			ka_page_hang("  - ", "In the namespace of %s, %s moves by %s.",
				     ka_explain_who(lesson->instance, KA_PEER), want->name,
				     ka_number_text(delta, count));
	}
}

static void load_signs(const struct ka_lesson *lesson)
{
	unsigned load = lesson->instance->case_->load;

	if (!load)
		return;
	if (lesson->prediction->when == KA_NEVER)
		ka_page_hang("  - ", "Each of the %u other connections lives, too.", load);
	else
		ka_page_hang("  - ",
			     "Each of the %u other connections: the same error, epoll mask and "
			     "number of probes (tcpi_probes), and its end inside the same window, "
			     "counted from the start of its own timer; every counter moves by "
			     "%u times what one connection does.",
			     load, load + 1);
}

/* True when a step of @c promises one of @promises, or has one of @flags. */
static bool has_step(const struct ka_case *c, unsigned promises, unsigned flags)
{
	for (size_t i = 0; i < c->n_steps; i++) {
		const struct ka_verb *verb = ka_verb(c->steps[i].do_);

		if ((verb->promises & promises) || (verb->flags & flags))
			return true;
	}
	return false;
}

void ka_explain_signs(const struct ka_lesson *lesson)
{
	const struct ka_case *c = lesson->instance->case_;

	ka_page_head("WHAT MUST BE SEEN");
	error_sign(c, lesson->prediction);
	notice_sign(lesson);
	event_signs(lesson);
	wire_signs(lesson);
	counter_signs(lesson);
	load_signs(lesson);
	ka_explain_acts(lesson->instance);
	if (has_step(c, KA_PROOF_CHECK, 0))
		ka_page_hang("  - ",
			     "Every call of the steps succeeds, or fails with the error that "
			     "is named; what is read is what is named.");
	if (has_step(c, 0, KA_VERB_FAULT))
		ka_page_hang("  - ",
			     "The fault itself: it must be proved that it took effect (packets "
			     "met the rule, the process is gone); else nothing is said about "
			     "the kernel, and the verdict is \"broken\".");
}
