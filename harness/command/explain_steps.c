/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done in an experiment, step by step, in words. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "command/explain.h"
#include "command/page.h"
#include "model/names.h"
#include "model/util.h"
#include "model/verbs.h"

#define TEXT 512

/* ---- when --------------------------------------------------------------------------------- */

/* "1.5 s" in a precision that suits a declared time. */
static const char *seconds(double s, char *buf, size_t size)
{
	snprintf(buf, size, "%.4g s", s);
	return buf;
}

/* "After 0.1 s" ... as the beginning of a sentence, or nothing for at once. */
static void say_when(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		     size_t size)
{
	double at = ka_time_s(&step->at, &instance->setting);
	const char *extra = step->random_phase
				    ? " plus a random part of a second (from the seed: the timer's "
				      "phase is to differ from run to run)"
				    : "";
	char s[32];

	seconds(at, s, sizeof(s));
	buf[0] = '\0';
	if (step->since == KA_SINCE_LAST_RX)
		snprintf(buf, size, "%s after %s received its last segment%s: ", s,
			 ka_explain_who(instance, KA_PROBER), extra);
	else if (step->since == KA_SINCE_PROBE)
		snprintf(buf, size, "%s after probe %d was seen on the wire%s: ", s,
			 ka_number(step->nth, &instance->setting), extra);
	else if (at > 0)
		snprintf(buf, size, "After %s%s: ", s, extra);
	else if (step->random_phase)
		snprintf(buf, size,
			 "After a random part of a second (from the seed: the timer's "
			 "phase is to differ from run to run): ");
}

/* ---- what --------------------------------------------------------------------------------- */

static const char *values_text(const struct ka_setting *v, char *buf, size_t size)
{
	snprintf(buf, size, "TCP_KEEPIDLE %u, TCP_KEEPINTVL %u, TCP_KEEPCNT %u", v->idle, v->intvl,
		 v->cnt);
	if (v->user_timeout_ms)
		snprintf(buf + strlen(buf), size - strlen(buf), ", TCP_USER_TIMEOUT %u ms",
			 v->user_timeout_ms);
	return buf;
}

static void say_connecting(const struct ka_instance *instance, char *buf, size_t size)
{
	bool on = instance->case_->from == KA_FROM_OPTION;
	char values[160];

	snprintf(buf, size,
		 "the client calls connect(), on a socket that had %s%s set before%s. Its SYN "
		 "leaves; "
		 "nobody waits for an answer.",
		 on ? "SO_KEEPALIVE and " : "",
		 values_text(&instance->setting, values, sizeof(values)),
		 on ? "" : ", but not (yet) SO_KEEPALIVE");
}

static void say_connect(const struct ka_instance *instance, char *buf, size_t size)
{
	const struct ka_setting *v = &instance->setting;
	const char *prober = ka_explain_who(instance, KA_PROBER);
	char values[160];

	values_text(v, values, sizeof(values));
	switch (instance->case_->from) {
	case KA_FROM_OPTION:
		snprintf(buf, size,
			 "the client connects to the server. %s had SO_KEEPALIVE and %s set "
			 "before%s; "
			 "the handshake itself arms the keepalive timer.",
			 instance->prober == KA_CLIENT ? "Its socket" : "The listener", values,
			 instance->prober == KA_CLIENT ? ""
						       : ", and the accepted socket inherits them");
		break;
	case KA_FROM_ACCEPTED:
		snprintf(buf, size,
			 "the client connects to the server; after the handshake, %s sets %s and "
			 "SO_KEEPALIVE on its connected socket. That moment arms the keepalive "
			 "timer.",
			 prober, values);
		break;
	case KA_FROM_SYSCTL:
		snprintf(buf, size,
			 "the client connects to the server. The socket of %s only says "
			 "SO_KEEPALIVE; net.ipv4.tcp_keepalive_time, _intvl and _probes of its "
			 "namespace are %u, %u and %u (for IPv6 too).",
			 prober, v->idle, v->intvl, v->cnt);
		break;
	case KA_FROM_VALUES:
		snprintf(
			buf, size,
			"the client connects to the server. The socket of %s has %s, but not (yet) "
			"SO_KEEPALIVE: no timer runs.",
			prober, values);
		break;
	case KA_FROM_NOWHERE:
		snprintf(buf, size,
			 "the client connects to the server. Neither says SO_KEEPALIVE.");
		break;
	}
}

static void say_place(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		      size_t size)
{
	const char *prober = ka_explain_who(instance, KA_PROBER);

	if (step->place == KA_PROBER_OUTPUT)
		snprintf(buf, size, "%s's own output hook", prober);
	else if (step->place == KA_PROBER_POSTROUTING)
		snprintf(buf, size, "%s's own postrouting hook", prober);
	else if (instance->case_->topology == KA_ROUTED)
		snprintf(buf, size, "the gateway (nftables, forward hook)");
	else
		snprintf(buf, size, "%s's prerouting hook (nftables)",
			 ka_explain_who(instance, KA_PEER));
}

/* "all segments that the client sends", "the first 2 of ..." */
static void say_which(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		      size_t size)
{
	int first = ka_number(step->first, &instance->setting);
	int after = ka_number(step->after, &instance->setting);
	char count[64] = "every segment", flags[64] = "", way[80] = " in both directions";

	if (first)
		snprintf(count, sizeof(count), "only the first %d segment%s", first,
			 first == 1 ? "" : "s");
	else if (after)
		snprintf(count, sizeof(count), "every segment after the first %d", after);
	if (step->flags_mask)
		snprintf(flags, sizeof(flags), " whose TCP flags & 0x%02x are 0x%02x",
			 step->flags_mask, step->flags);
	if (step->way != KA_BOTH_WAYS)
		snprintf(way, sizeof(way), " that %s sends",
			 ka_explain_who(instance, step->way == KA_PROBES ? KA_PROBER : KA_PEER));
	snprintf(buf, size, "%s%s%s", count, way, flags);
}

static void say_fault(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		      size_t size)
{
	char place[80], which[240], how[80] = "loses";

	say_place(instance, step, place, sizeof(place));
	say_which(instance, step, which, sizeof(which));
	if (step->do_ == KA_REJECT && step->value == KA_TCP_RESET)
		snprintf(how, sizeof(how), "answers with a TCP reset");
	else if (step->do_ == KA_REJECT)
		snprintf(how, sizeof(how), "answers with ICMP%s \"%s\"",
			 instance->family == AF_INET6 ? "v6" : "",
			 ka_icmp_name(instance->family, step->value));
	snprintf(buf, size, "from now on %s %s %s.%s", place, how, which,
		 step->misses ? " (On purpose, the rule matches another port: nothing is lost.)"
			      : "");
}

static void say_option(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		       size_t size)
{
	const char *who = ka_explain_who(instance, step->who);
	int value = ka_step_value(step, &instance->setting);
	char name[64];
	const char *option = ka_option_name(step->level, step->option, name, sizeof(name));

	if (step->do_ == KA_SETSOCKOPT && step->fails)
		snprintf(buf, size, "%s sets %s to %d, which must fail with %s.", who, option,
			 value, ka_errno_name(step->fails));
	else if (step->do_ == KA_SETSOCKOPT)
		snprintf(buf, size, "%s sets %s to %d.", who, option, value);
	else if (step->fails)
		snprintf(buf, size, "%s reads %s, which must fail with %s.", who, option,
			 ka_errno_name(step->fails));
	else
		snprintf(buf, size, "%s reads %s, which must be %d.", who, option, value);
}

static void say_sysctl(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		       size_t size)
{
	const char *who = ka_explain_who(instance, step->who);

	if (step->do_ == KA_SYSCTL_IS)
		snprintf(buf, size, "the sysctl %s in the namespace of %s must read %s.", step->key,
			 who, step->text);
	else if (step->fails)
		snprintf(buf, size,
			 "writing %s to the sysctl %s in the namespace of %s must fail with %s.",
			 step->text, step->key, who, ka_errno_name(step->fails));
	else
		snprintf(buf, size, "the sysctl %s in the namespace of %s becomes %s.", step->key,
			 who, step->text);
}

static void say_diag(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		     size_t size)
{
	int probes = ka_number(step->value, &instance->setting);
	double most = ka_time_s(&step->expires[1], &instance->setting);
	char count[80] = "", expiry[80] = "";

	if (step->value != KA_ANY && step->timer != 0)
		snprintf(count, sizeof(count), ", with %d unanswered probe%s", probes,
			 probes == 1 ? "" : "s");
	if (most > 0)
		snprintf(expiry, sizeof(expiry), ", and expires in %.4g .. %.4g s",
			 ka_time_s(&step->expires[0], &instance->setting), most);
	snprintf(buf, size,
		 "sock_diag (what `ss -o' shows) must say that %s runs on %s's socket%s%s.",
		 ka_timer_name(step->timer), ka_explain_who(instance, step->who), count, expiry);
}

static void say_send(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		     size_t size)
{
	const char *other = ka_explain_who(instance, ka_explain_other(step->who));

	if (step->unacked)
		snprintf(buf, size, "%s writes %u byte%s; nobody waits for the acknowledgement.",
			 ka_explain_who(instance, step->who), step->bytes,
			 step->bytes == 1 ? "" : "s");
	else
		snprintf(buf, size, "%s sends %u byte%s, and the kernel of %s acknowledges them.%s",
			 ka_explain_who(instance, step->who), step->bytes,
			 step->bytes == 1 ? "" : "s", other,
			 step->who == KA_PEER ? " They start the idle time anew." : "");
}

/* Puts @who into the one place of a plain sentence. */
static void say_plain(const char *sentence, const char *who, char *buf, size_t size)
{
	const char *place = strstr(sentence, "%s");

	if (place)
		snprintf(buf, size, "%.*s%s%s", (int)(place - sentence), sentence, who, place + 2);
	else
		snprintf(buf, size, "%s", sentence);
}

static void say_block(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		      size_t size)
{
	static const char *const calls[] = {
		[KA_IN_RECV] = "recv()",
		[KA_IN_SELECT] = "select(), asking for readable and exceptional",
		[KA_IN_POLL] = "poll(), asking for IN and RDHUP",
	};

	snprintf(buf, size, "a thread of %s blocks in %s; the end must wake it at once.",
		 ka_explain_who(instance, step->who), calls[step->call]);
}

static void say_route(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		      size_t size)
{
	static const char *const what[] = {
		[KA_ROUTE_NONE] = "its default route is removed",
		[KA_ROUTE_UNREACHABLE] = "a route of type unreachable to the other end is added",
		[KA_ROUTE_BLACKHOLE] = "a route of type blackhole to the other end is added",
		[KA_ROUTE_PROHIBIT] = "a route of type prohibit to the other end is added",
	};

	snprintf(buf, size, "%s loses its way: %s.", ka_explain_who(instance, step->who),
		 what[step->route]);
}

static void say_what(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		     size_t size)
{
	if (step->do_ == KA_FORGET && step->who == KA_GATEWAY) {
		ka_explain_entry(instance, step, buf, size);
		return;
	}
	switch (step->do_) {
	case KA_CONNECT:
		(step->unacked ? say_connecting : say_connect)(instance, buf, size);
		return;
	case KA_SEND:
		say_send(instance, step, buf, size);
		return;
	case KA_REQUEST:
	case KA_JOIN:
		ka_explain_app_step(instance, step, buf, size);
		return;
	case KA_DROP:
	case KA_REJECT:
		say_fault(instance, step, buf, size);
		return;
	case KA_SETSOCKOPT:
	case KA_GETSOCKOPT:
		say_option(instance, step, buf, size);
		return;
	case KA_SYSCTL:
	case KA_SYSCTL_IS:
		say_sysctl(instance, step, buf, size);
		return;
	case KA_ROUTE_GONE:
		say_route(instance, step, buf, size);
		return;
	case KA_DIAG_IS:
		say_diag(instance, step, buf, size);
		return;
	case KA_BLOCK:
		say_block(instance, step, buf, size);
		return;
	case KA_ENTRY_IS:
	case KA_ENTRY_GONE:
		ka_explain_entry(instance, step, buf, size);
		return;
	default:
		say_plain(ka_verb(step->do_)->sentence, ka_explain_who(instance, step->who), buf,
			  size);
	}
}

static void say_setting_of(const struct ka_instance *instance, const struct ka_sysctl *s,
			   const char *where)
{
	if (s->key)
		ka_page_text(2, "Before: the sysctl %s in the namespace of %s becomes %s%s.",
			     s->key, ka_explain_who(instance, s->who), s->value, where);
}

static void say_preparations(const struct ka_instance *instance)
{
	const struct ka_case *c = instance->case_;

	if (c->gateway)
		ka_explain_gateway(instance);
	ka_explain_programs(instance);
	if (c->no_timestamps)
		ka_page_text(2, "Before: net.ipv4.tcp_timestamps is 0 at both ends.");
	for (size_t i = 0; i < KA_N(c->sysctls); i++)
		say_setting_of(instance, &c->sysctls[i], "");
	say_setting_of(instance, &c->sysctl_if_there, " (on kernels that have it)");
}

/* A step that is done again and again. */
static void say_times(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		      size_t size)
{
	size_t used = strlen(buf);
	char s[32];

	if (step->times > 1)
		snprintf(buf + used, size - used, " This is done %d times, every %s.", step->times,
			 seconds(ka_time_s(&step->every, &instance->setting), s, sizeof(s)));
}

static void capitalise(char *text)
{
	if (text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 'a' + 'A');
}

void ka_explain_steps(const struct ka_lesson *lesson)
{
	const struct ka_instance *instance = lesson->instance;
	const struct ka_case *c = instance->case_;
	char when[TEXT], what[TEXT], number[32];
	double watch_s;

	ka_page_head("WHAT HAPPENS");
	say_preparations(instance);
	for (size_t i = 0; i < c->n_steps; i++) {
		say_when(instance, &c->steps[i], when, sizeof(when));
		say_what(instance, &c->steps[i], what, sizeof(what));
		say_times(instance, &c->steps[i], what, sizeof(what));
		if (!when[0])
			capitalise(what);
		snprintf(number, sizeof(number), "%4zu. ", i + 1);
		ka_page_hang(number, "%s%s", when, what);
	}
	watch_s = ka_time_s(&c->expect.watch, &instance->setting);
	if (lesson->prediction->when == KA_NEVER && watch_s > 0)
		ka_page_text(2, "Then the connection is watched for another %.4g s.", watch_s);
}
