/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which rule of the kernel decides how an experiment ends. */
#include "command/explain.h"
#include "command/page.h"
#include "judge/values.h"

static void expiry_rule(const struct ka_lesson *lesson)
{
	const struct ka_values v = ka_values_begin(lesson->instance);
	const char *prober = ka_explain_who(lesson->instance, KA_PROBER);

	ka_page_para("Keepalive expiry. Nothing that %s sent waits for an acknowledgement, so its "
		     "kernel has no other way to find out than to ask: when no segment has been "
		     "received for %lld s it sends a probe, a segment that the peer's kernel must "
		     "answer, and another one every %lld s. Any answer stops this and begins the "
		     "idle time anew.",
		     prober, (long long)v.idle, (long long)v.intvl);
	if (lesson->prediction->changing) {
		ka_page_para(
			"The timer is asked at each expiry, not before: how many probes are "
			"enough, how long idle is, how long the next interval. Then it sends a "
			"probe, or a RST, or only sets itself again.");
		return;
	}
	ka_page_para(
		"The connection is not given up when the last probe is sent but when the next "
		"one would be due: with %u unanswered probe%s the timer goes off once more, and "
		"instead of a probe the kernel sends a RST, reports ETIMEDOUT and closes. Hence "
		"idle + intvl * cnt, with %u (not %u) times intvl.",
		v.cnt, v.cnt == 1 ? "" : "s", v.cnt, v.cnt ? v.cnt - 1 : 0);
}

static void first_probe_rule(const struct ka_lesson *lesson)
{
	const char *peer = ka_explain_who(lesson->instance, KA_PEER);

	if (lesson->instance->case_->gateway) {
		ka_page_para("The first probe. The gateway has forgotten the connection, and "
			     "nobody sends anything until the idle time is over. The first probe "
			     "is for the gateway a segment from nowhere and is answered with a "
			     "RST; the connection ends with ECONNRESET one round trip later. intvl "
			     "and cnt have no part in it.");
		return;
	}
	if (lesson->instance->case_->expect.unseen) {
		ka_page_para(
			"The first probe. The host of %s itself refuses it, with a RST made in "
			"the name of the peer. Nothing is sent until the idle time is over; "
			"then the first probe provokes the RST, and the connection ends with "
			"ECONNRESET at once. intvl and cnt have no part in it.",
			ka_explain_who(lesson->instance, KA_PROBER));
		return;
	}
	ka_page_para(
		"The first probe. The host of %s is reachable but knows no such connection, and "
		"answers any segment of it with a RST (RFC 9293 3.10.7.1). Nobody sends one "
		"until the idle time is over; then the first probe provokes the RST, and the "
		"connection ends with ECONNRESET one round trip later. intvl and cnt have no "
		"part in it.",
		peer);
}

static void at_once_rule(const struct ka_lesson *lesson)
{
	const struct ka_prediction *p = lesson->prediction;

	if (p->eof)
		ka_page_para(
			"At once. A kernel that still lives closes the socket and says so with "
			"a FIN; the application learns of it when the segment arrives. No "
			"timer takes part: keepalive is for those who vanish without a word.");
	else
		ka_page_para(
			"At once. Somebody who still lives ends the connection with %s, and "
			"the application learns of it in the same moment. No timer takes part: "
			"keepalive is for those who vanish without a word.",
			p->rst_received ? "a RST" : "an order to the kernel");
}

/* Something is received again and again. */
static bool is_busy(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].do_ == KA_SEND && c->steps[i].times > 1)
			return true;
	return false;
}

static void never_rule(const struct ka_lesson *lesson)
{
	const struct ka_instance *instance = lesson->instance;

	if (lesson->prediction->changing)
		ka_page_para("It must live. Steps switch the timer or change its values while the "
			     "connection is there, and as they leave it, nothing ends it while "
			     "anybody watches.");
	else if (!ka_runs_keepalive(instance))
		ka_page_para("It must live. Without SO_KEEPALIVE no timer runs on an idle "
			     "connection: there is nothing that could end it, whatever happens to "
			     "the path.");
	else if (ka_case_persists(instance->case_))
		ka_page_para("It must live. Data waits for a closed window, so keepalive is silent "
			     "and the persist timer asks whether the window is open. Every answer "
			     "of the kernel of %s sets the count of unanswered window probes to 0, "
			     "and the limit is never reached.",
			     ka_explain_who(instance, KA_PEER));
	else if (is_busy(instance->case_))
		ka_page_para("It must live, without a single probe: a segment is received more "
			     "often than every idle time, and whenever the timer goes off it finds "
			     "that idle is not over.");
	else if (ka_case_does(instance->case_, KA_REFUSE, KA_PROBER))
		ka_page_para(
			"It must live. A probe that the device refuses (NET_XMIT_DROP) was not "
			"sent, so it does not count as unanswered: the kernel tries again "
			"after half a second, for ever. Only what was handed over counts; so "
			"neither TCP_KEEPCNT nor TCP_USER_TIMEOUT can be reached.");
	else if (instance->case_->expect.answered)
		ka_page_para("It must live. The kernel of %s answers probes whether or not its "
			     "application does anything. Each answer counts as a segment received: "
			     "the number of unanswered probes returns to 0, and the next probe is "
			     "due when the connection has again been idle.",
			     ka_explain_who(instance, KA_PEER));
	else
		ka_page_para(
			"It must live. Nothing happens here that keepalive could object to: this "
			"experiment is about values, which are read and written.");
}

static void user_timeout_rule(const struct ka_lesson *lesson)
{
	const struct ka_values v = ka_values_begin(lesson->instance);

	ka_page_para(
		"User timeout. With TCP_USER_TIMEOUT set (%u ms here) the kernel does not look "
		"at TCP_KEEPCNT any more. Each time the keepalive timer goes off it asks: has "
		"nothing been received for %u ms, and is at least one probe unanswered? The "
		"first time that both are true ends the connection with ETIMEDOUT and a RST. "
		"That may be before or after idle + intvl * cnt, and it is always when a probe "
		"would be due: never exactly at the user timeout.",
		v.user_timeout_ms, v.user_timeout_ms);
}

/* Both kinds of data that waits, when it does so inside the host. */
static void stuck_rule(const struct ka_lesson *lesson)
{
	ka_page_para("User timeout of data. What %s wrote cannot leave its host, and while "
		     "it waits the keepalive timer only looks and goes to sleep again: no "
		     "probe is sent. The timers that try to send it compare with "
		     "TCP_USER_TIMEOUT (%u ms) at each of their expiries, and give up "
		     "without a RST.",
		     ka_explain_who(lesson->instance, KA_PROBER),
		     lesson->instance->setting.user_timeout_ms);
}

static void retransmit_rule(const struct ka_lesson *lesson)
{
	ka_page_para(
		"Retransmission limit. Data of %s waits for its acknowledgement, and while it "
		"does, the keepalive timer only looks and goes to sleep again: no probe is sent. "
		"The data is retransmitted in growing intervals instead, until "
		"net.ipv4.tcp_retries2%s says that it is enough. Keepalive values make no "
		"difference, and no RST is sent at the end.",
		ka_explain_who(lesson->instance, KA_PROBER),
		lesson->instance->setting.user_timeout_ms ? " (or TCP_USER_TIMEOUT)" : "");
}

static void persist_rule(const struct ka_lesson *lesson)
{
	ka_page_para(
		"Persist limit. %s has data to send and was told that there is no room for it. Its "
		"kernel asks again and again, in growing intervals, whether the window is open: a "
		"window probe, which on Linux looks like a keepalive probe. While data waits, the "
		"keepalive timer only looks and goes to sleep again. Every answer begins the "
		"count anew, so a live peer may keep its window closed for ever; when nobody "
		"answers, net.ipv4.tcp_retries2 probes are the limit. No RST is sent at the "
		"end.",
		lesson->instance->prober == KA_CLIENT ? "The client" : "The server");
}

static void persist_timeout_rule(const struct ka_lesson *lesson)
{
	unsigned ut_ms = lesson->instance->setting.user_timeout_ms;

	ka_page_para(
		"User timeout before a closed window. %s has data to send and was told that there "
		"is no room for it. While it waits, the keepalive timer only looks and goes to "
		"sleep again; the persist timer asks in growing intervals whether the window is "
		"open. At each of its expiries the kernel compares with TCP_USER_TIMEOUT (%u ms) "
		"how long ago the first of these window probes was sent. Answers make no "
		"difference to that, and no RST is sent at the end.",
		lesson->instance->prober == KA_CLIENT ? "The client" : "The server", ut_ms);
}

static void connect_rule(const struct ka_lesson *lesson)
{
	const struct ka_case *c = lesson->instance->case_;

	ka_page_para(
		"Connect limit. The SYN is retransmitted by the timer that data has, too: first "
		"after 1 s, then in intervals that double (after net.ipv4.tcp_syn_linear_timeouts "
		"more of 1 s: %lld here). When net.ipv4.tcp_syn_retries (%lld here) and these are "
		"used up%s, connect() fails with ETIMEDOUT. Until then there is no connection, "
		"and keepalive sends nothing; nor is a RST sent, for nobody would know what it "
		"resets.",
		(long long)ka_case_sysctl(c, KA_PROBER, "tcp_syn_linear_timeouts", 0),
		(long long)ka_case_sysctl(c, KA_PROBER, "tcp_syn_retries", 0),
		lesson->instance->setting.user_timeout_ms
			? ", or TCP_USER_TIMEOUT since the first SYN is over"
			: "");
}

static void first_retransmit_rule(const struct ka_lesson *lesson)
{
	ka_page_para(
		"First retransmission. Data of %s is in flight when the ICMP error arrives, so "
		"that "
		"the sequence number which it quotes is believed. The first error comes back while "
		"the write is still going on, and a socket in use is not disturbed; the second one "
		"answers the first retransmission, and is reported.",
		ka_explain_who(lesson->instance, KA_PROBER));
}

void ka_explain_rule(const struct ka_lesson *lesson)
{
	bool stuck = lesson->instance->case_->expect.unseen;

	ka_page_head("WHICH RULE DECIDES");
	switch (lesson->prediction->when) {
	case KA_KEEPALIVE_EXPIRY:
		expiry_rule(lesson);
		break;
	case KA_FIRST_PROBE:
		first_probe_rule(lesson);
		break;
	case KA_AT_ONCE:
		at_once_rule(lesson);
		break;
	case KA_NEVER:
		never_rule(lesson);
		break;
	case KA_USER_TIMEOUT:
		user_timeout_rule(lesson);
		break;
	case KA_RETRANSMIT_LIMIT:
		(stuck ? stuck_rule : retransmit_rule)(lesson);
		break;
	case KA_PERSIST_LIMIT:
		(stuck                                       ? stuck_rule
		 : lesson->instance->setting.user_timeout_ms ? persist_timeout_rule
							     : persist_rule)(lesson);
		break;
	case KA_CONNECT_LIMIT:
		connect_rule(lesson);
		break;
	case KA_FIRST_RETRANSMIT:
		first_retransmit_rule(lesson);
		break;
	}
	ka_page_text(2, "Where it is written: %s.", lesson->instance->case_->source);
}
