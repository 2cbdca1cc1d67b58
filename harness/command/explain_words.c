/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the braces in the sentences of verbs and regimes stand for. */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "command/explain.h"
#include "command/page.h"
#include "judge/values.h"
#include "model/names.h"
#include "model/regimes.h"
#include "model/util.h"
#include "model/verbs.h"

typedef const struct ka_lesson lesson_t;

static void put_filled(FILE *out, lesson_t *l, const char *sentence);

const char *ka_explain_name(const char *word, char *buf, size_t size)
{
	char *at, *next;

	if ((size_t)snprintf(buf, size, "%s", word) >= size)
		return word;
	for (at = strchr(buf, '/'); at && isdigit((unsigned char)at[1]); at = next) {
		next = strchr(at + 1, '/');
		if (next && isdigit((unsigned char)next[1 + (next[1] == 'u')]))
			*next = '-';
	}
	return buf;
}

const char *ka_explain_who(const struct ka_instance *instance, enum ka_who who)
{
	if (who == KA_GATEWAY)
		return "the gateway";
	if (who == KA_NOBODY)
		return "nobody";
	return (who == KA_PROBER) == (instance->prober == KA_CLIENT) ? "the client" : "the server";
}

static void put_who(FILE *out, lesson_t *l)
{
	fputs(ka_explain_who(l->instance, l->step->who), out);
}

static void put_other(FILE *out, lesson_t *l)
{
	fputs(ka_explain_who(l->instance, l->step->who == KA_PROBER ? KA_PEER : KA_PROBER), out);
}

static void put_prober(FILE *out, lesson_t *l)
{
	fputs(ka_explain_who(l->instance, KA_PROBER), out);
}

static void put_peer(FILE *out, lesson_t *l)
{
	fputs(ka_explain_who(l->instance, KA_PEER), out);
}

/* ---- the setting ---------------------------------------------------------------------------- */

static void put_idle(FILE *out, lesson_t *l)
{
	fprintf(out, "%lld s", (long long)ka_values_begin(l->instance).idle);
}

static void put_intvl(FILE *out, lesson_t *l)
{
	fprintf(out, "%lld s", (long long)ka_values_begin(l->instance).intvl);
}

static void put_cnt(FILE *out, lesson_t *l)
{
	unsigned cnt = ka_values_begin(l->instance).cnt;

	fprintf(out, "%u probe%s", cnt, cnt == 1 ? "" : "s");
}

static void put_nominal(FILE *out, lesson_t *l)
{
	fprintf(out, "%g s", l->prediction->nominal_s);
}

static void put_timeout(FILE *out, lesson_t *l)
{
	fprintf(out, "%u ms", l->instance->setting.user_timeout_ms);
}

/* Which sysctl says how often data is sent again. */
static void put_retries(FILE *out, lesson_t *l)
{
	if (ka_case_orphans(l->instance->case_))
		fputs("net.ipv4.tcp_orphan_retries (nobody holds the socket any more; 0 stands for "
		      "8)",
		      out);
	else
		fputs("net.ipv4.tcp_retries2", out);
}

static void put_or_timeout(FILE *out, lesson_t *l)
{
	if (l->instance->setting.user_timeout_ms)
		put_filled(out, l, ", or TCP_USER_TIMEOUT ({timeout}),");
}

static void put_error(FILE *out, lesson_t *l)
{
	fputs(ka_errno_name(l->prediction->error), out);
}

static void put_values(FILE *out, lesson_t *l)
{
	const struct ka_setting *v = &l->instance->setting;

	fprintf(out, "TCP_KEEPIDLE %u, TCP_KEEPINTVL %u, TCP_KEEPCNT %u", v->idle, v->intvl,
		v->cnt);
	if (v->user_timeout_ms)
		fprintf(out, ", TCP_USER_TIMEOUT %u ms", v->user_timeout_ms);
}

static void put_on(FILE *out, lesson_t *l)
{
	fputs(l->instance->case_->from == KA_FROM_OPTION ? ", and SO_KEEPALIVE"
							 : ", but not (yet) SO_KEEPALIVE",
	      out);
}

/* How the timer is armed, by where the values are from. */
static void put_armed(FILE *out, lesson_t *l)
{
	static const char *const armed[] = {
		[KA_FROM_OPTION] = "Its socket had SO_KEEPALIVE and {values} set before; the "
				   "handshake itself arms the keepalive timer.",
		[KA_FROM_ACCEPTED] =
			"After the handshake, {prober} sets {values} and SO_KEEPALIVE on its "
			"connected socket. That moment arms the keepalive timer.",
		[KA_FROM_SYSCTL] =
			"The socket of {prober} only says SO_KEEPALIVE; "
			"net.ipv4.tcp_keepalive_time, _intvl and _probes of its namespace are "
			"{idle}, {intvl} and {cnt} (for IPv6 too).",
		[KA_FROM_VALUES] = "The socket of {prober} has {values}, but not (yet) "
				   "SO_KEEPALIVE: no timer runs.",
		[KA_FROM_NOWHERE] = "Neither says SO_KEEPALIVE.",
		[KA_FROM_BPF] =
			"Neither says SO_KEEPALIVE: in the moment that the connection is "
			"there, a BPF program of the host sets {values} and SO_KEEPALIVE on "
			"the socket of {prober}. That arms the keepalive timer.",
	};
	enum ka_from from = l->instance->case_->from;

	if (from == KA_FROM_OPTION && l->instance->prober == KA_SERVER)
		put_filled(out, l,
			   "The listener had SO_KEEPALIVE and {values} set before, and the "
			   "accepted socket inherits them; the handshake itself arms the "
			   "keepalive timer.");
	else
		put_filled(out, l, armed[from]);
}

/* ---- a step --------------------------------------------------------------------------------- */

static void put_bytes(FILE *out, lesson_t *l)
{
	fprintf(out, "%u byte%s", l->step->bytes, l->step->bytes == 1 ? "" : "s");
}

static void put_anew(FILE *out, lesson_t *l)
{
	fputs(l->step->who == KA_PEER ? " They start the idle time anew." : "", out);
}

static void put_text(FILE *out, lesson_t *l)
{
	fprintf(out, "%.*s", (int)strcspn(l->step->text, "\r\n"), l->step->text);
}

static void put_key(FILE *out, lesson_t *l)
{
	fputs(l->step->key, out);
}

static void put_value(FILE *out, lesson_t *l)
{
	fprintf(out, "%d", ka_step_value(l->step, &l->instance->setting));
}

static void put_option(FILE *out, lesson_t *l)
{
	char name[64];

	fputs(ka_option_name(l->step->level, l->step->option, name, sizeof(name)), out);
}

static void put_fails(FILE *out, lesson_t *l)
{
	if (l->step->fails)
		fprintf(out, ", which must fail with %s", ka_errno_name(l->step->fails));
}

static void put_place(FILE *out, lesson_t *l)
{
	static const char *const places[] = {
		[KA_ON_PATH] = "{peer}'s prerouting hook (nftables)",
		[KA_PROBER_OUTPUT] = "{prober}'s own output hook",
		[KA_PROBER_POSTROUTING] = "{prober}'s own postrouting hook",
	};

	if (l->step->place == KA_ON_PATH && l->instance->case_->topology == KA_ROUTED)
		fputs("the gateway (nftables, forward hook)", out);
	else
		put_filled(out, l, places[l->step->place]);
}

/* "every segment that the client sends", "only the first 2 segments of ..." */
static void put_which(FILE *out, lesson_t *l)
{
	static const char *const ways[] = { [KA_BOTH_WAYS] = " in both directions",
					    [KA_PROBES] = " that {prober} sends",
					    [KA_ANSWERS] = " that {peer} sends" };
	int first = ka_number(l->step->first, &l->instance->setting);
	int after = ka_number(l->step->after, &l->instance->setting);

	if (first)
		fprintf(out, "only the first %d segment%s", first, first == 1 ? "" : "s");
	else if (after)
		fprintf(out, "every segment after the first %d", after);
	else
		fputs("every segment", out);
	put_filled(out, l, ways[l->step->way]);
	if (l->step->flags_mask)
		fprintf(out, " whose TCP flags & 0x%02x are 0x%02x", l->step->flags_mask,
			l->step->flags);
}

static void put_misses(FILE *out, lesson_t *l)
{
	if (l->step->misses)
		fputs(" (On purpose, the rule matches another port: nothing is lost.)", out);
}

static void put_followed(FILE *out, lesson_t *l)
{
	if (l->step->followed)
		fputs(" From now on it is the one that is looked at.", out);
}

static void put_answer(FILE *out, lesson_t *l)
{
	int family = l->instance->family;

	if (l->step->value == KA_TCP_RESET)
		fputs("a TCP reset", out);
	else
		fprintf(out, "ICMP%s \"%s\"", family == AF_INET6 ? "v6" : "",
			ka_icmp_name(family, l->step->value));
}

static void put_route(FILE *out, lesson_t *l)
{
	static const char *const what[] = {
		[KA_ROUTE_NONE] = "its default route is removed",
		[KA_ROUTE_UNREACHABLE] = "a route of type unreachable to the other end is added",
		[KA_ROUTE_BLACKHOLE] = "a route of type blackhole to the other end is added",
		[KA_ROUTE_PROHIBIT] = "a route of type prohibit to the other end is added",
	};

	fputs(what[l->step->route], out);
}

static void put_call(FILE *out, lesson_t *l)
{
	static const char *const calls[] = {
		[KA_IN_RECV] = "recv()",
		[KA_IN_SELECT] = "select(), asking for readable and exceptional",
		[KA_IN_POLL] = "poll(), asking for IN and RDHUP",
		[KA_IN_SIGNAL] = "sigwaitinfo(), for the signal of O_ASYNC (F_SETOWN, F_SETSIG)",
	};

	fputs(calls[l->step->call], out);
}

static void put_socket(FILE *out, lesson_t *l)
{
	static const char *const sockets[] = {
		[KA_RAW_TCP] = "a raw socket of the protocol TCP",
		[KA_UDP] = "a UDP socket",
		[KA_UNIX] = "a stream socket of AF_UNIX",
	};

	fputs(sockets[l->step->socket], out);
}

static void put_timer(FILE *out, lesson_t *l)
{
	fputs(ka_timer_name(l->step->timer), out);
}

static void put_probes(FILE *out, lesson_t *l)
{
	int n = ka_number(l->step->value, &l->instance->setting);

	if (n != KA_ANY && l->step->timer != 0)
		fprintf(out, ", with %d unanswered probe%s", n, n == 1 ? "" : "s");
}

static void put_expires(FILE *out, lesson_t *l)
{
	double most = ka_time_s(&l->step->expires[1], &l->instance->setting);

	if (l->step->overdue)
		fputs(", and is overdue: 0 s are left, and no less; /proc/net/tcp must say the "
		      "same",
		      out);
	if (most > 0)
		fprintf(out, ", and expires in %.4g .. %.4g s",
			ka_time_s(&l->step->expires[0], &l->instance->setting), most);
}

static void put_left(FILE *out, lesson_t *l)
{
	fprintf(out, "%.0f to %u s", ka_time_s(&l->step->left, &l->instance->setting),
		ka_gateway_timeout_s(l->instance->case_->gateway, &l->instance->setting));
}

/* ---- a rule --------------------------------------------------------------------------------- */

bool ka_explain_unseen(const struct ka_lesson *lesson)
{
	const struct ka_case *c = lesson->instance->case_;
	const struct ka_regime *regime = ka_regime(lesson->prediction->when);

	return regime->unseen && c->expect.unseen &&
	       (regime->flags & KA_REGIME_KEEPALIVE || ka_case_stuck(c));
}

static void put_intervals(FILE *out, lesson_t *l)
{
	fputs(ka_case_refuses(l->instance->case_)
		      ? "every half second (the device refuses each attempt)"
		      : "in growing intervals",
	      out);
}

static void put_refuser(FILE *out, lesson_t *l)
{
	if (l->instance->case_->gateway)
		fputs("The gateway has forgotten the connection, and", out);
	else
		put_filled(out, l,
			   "The host of {peer} is reachable but knows no such connection, and");
}

static void put_ender(FILE *out, lesson_t *l)
{
	fputs(l->prediction->eof            ? "a FIN"
	      : l->prediction->rst_received ? "a RST"
					    : "an order to the kernel",
	      out);
}

static void put_syn_linear(FILE *out, lesson_t *l)
{
	fprintf(out, "%lld",
		(long long)ka_case_sysctl(l->instance->case_, KA_PROBER, "tcp_syn_linear_timeouts",
					  0));
}

static void put_syn_retries(FILE *out, lesson_t *l)
{
	fprintf(out, "%lld",
		(long long)ka_case_sysctl(l->instance->case_, KA_PROBER, "tcp_syn_retries", 0));
}

static void put_persist(FILE *out, lesson_t *l)
{
	if (l->instance->setting.user_timeout_ms)
		put_filled(out, l,
			   "At each of its expiries the kernel compares with TCP_USER_TIMEOUT "
			   "({timeout}) how long ago the first of these window probes was sent. "
			   "Answers make no difference to that.");
	else if (ka_case_orphans(l->instance->case_))
		fputs("Nobody holds the socket any more: net.ipv4.tcp_orphan_retries unanswered "
		      "ones are the limit (0 stands for 8), and of answered ones it is enough that "
		      "the interval has doubled up to its most.",
		      out);
	else
		fputs("Every answer begins the count anew, so a live peer may keep its window "
		      "closed for ever; when nobody answers, net.ipv4.tcp_retries2 probes are the "
		      "limit.",
		      out);
}

/* Something is received again and again. */
static bool is_busy(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].times > 1 &&
		    (c->steps[i].do_ == KA_SEND || c->steps[i].do_ == KA_EXCHANGE))
			return true;
	return false;
}

/* Why a connection lives. */
static void put_never(FILE *out, lesson_t *l)
{
	const struct ka_case *c = l->instance->case_;

	if (l->prediction->changing && !ka_case_does(c, KA_OWN, KA_PROBER))
		fputs("Steps switch the timer or change its values while the connection is "
		      "there, and as they leave it, nothing ends it while anybody watches.",
		      out);
	else if (!ka_runs_keepalive(l->instance))
		fputs("Without SO_KEEPALIVE no timer runs on an idle connection: there is "
		      "nothing that could end it, whatever happens to the path.",
		      out);
	else if (ka_case_persists(c))
		put_filled(out, l,
			   "Data waits for a closed window, so keepalive is silent and the "
			   "persist timer asks whether the window is open. Every answer of the "
			   "kernel of {peer} sets the count of unanswered window probes to 0, and "
			   "the limit is never reached.");
	else if (is_busy(c))
		fputs("Not a single probe is sent: a segment is received more often than every "
		      "idle time, and whenever the timer goes off it finds that idle is not "
		      "over.",
		      out);
	else if (ka_case_does(c, KA_REFUSE, KA_PROBER))
		fputs("A probe that the device refuses (NET_XMIT_DROP) was not sent, so it does "
		      "not count as unanswered: the kernel tries again after half a second, for "
		      "ever. Neither TCP_KEEPCNT nor TCP_USER_TIMEOUT can be reached.",
		      out);
	else if (c->expect.answered)
		put_filled(out, l,
			   "The kernel of {peer} answers probes whether or not its application "
			   "does anything. Each answer counts as a segment received: the number "
			   "of unanswered probes returns to 0, and the next probe is due when the "
			   "connection has again been idle.");
	else
		fputs("Nothing happens here that keepalive could object to: this experiment is "
		      "about values, which are read and written.",
		      out);
}

/* ---- filling in ----------------------------------------------------------------------------- */

static const struct {
	const char *name;
	void (*put)(FILE *out, lesson_t *l);
} words[] = {
	{ "intervals", put_intervals },
	{ "nominal", put_nominal },
	{ "who", put_who },
	{ "other", put_other },
	{ "prober", put_prober },
	{ "peer", put_peer },
	{ "idle", put_idle },
	{ "intvl", put_intvl },
	{ "cnt", put_cnt },
	{ "timeout", put_timeout },
	{ "error", put_error },
	{ "or_timeout", put_or_timeout },
	{ "retries", put_retries },
	{ "values", put_values },
	{ "on", put_on },
	{ "armed", put_armed },
	{ "bytes", put_bytes },
	{ "anew", put_anew },
	{ "text", put_text },
	{ "key", put_key },
	{ "value", put_value },
	{ "option", put_option },
	{ "fails", put_fails },
	{ "place", put_place },
	{ "which", put_which },
	{ "misses", put_misses },
	{ "followed", put_followed },
	{ "answer", put_answer },
	{ "route", put_route },
	{ "call", put_call },
	{ "socket", put_socket },
	{ "timer", put_timer },
	{ "probes", put_probes },
	{ "expires", put_expires },
	{ "left", put_left },
	{ "refuser", put_refuser },
	{ "ender", put_ender },
	{ "persist", put_persist },
	{ "syn_linear", put_syn_linear },
	{ "never", put_never },
	{ "syn_retries", put_syn_retries },
};

/* A word that nobody knows stays in its braces: a test looks for these. */
static void put_word(FILE *out, lesson_t *l, const char *name, size_t len)
{
	for (size_t i = 0; i < KA_N(words); i++)
		if (strlen(words[i].name) == len && strncmp(words[i].name, name, len) == 0) {
			words[i].put(out, l);
			return;
		}
	fprintf(out, "{%.*s}", (int)len, name);
}

static void put_filled(FILE *out, lesson_t *l, const char *sentence)
{
	while (*sentence) {
		size_t plain = strcspn(sentence, "{"), len;

		fwrite(sentence, 1, plain, out);
		sentence += plain;
		if (!*sentence)
			break;
		len = strcspn(++sentence, "}");
		put_word(out, l, sentence, len);
		sentence += len + 1;
	}
}

const char *ka_explain_fill(const struct ka_lesson *lesson, const char *sentence,
			    char buf[KA_EXPLAIN_TEXT])
{
	FILE *out = fmemopen(buf, KA_EXPLAIN_TEXT, "w");

	buf[0] = '\0';
	if (!out)
		return buf;
	put_filled(out, lesson, sentence);
	fclose(out);
	buf[KA_EXPLAIN_TEXT - 1] = '\0';
	return buf;
}

/* ---- when ----------------------------------------------------------------------------------- */

const char *ka_explain_when(const struct ka_lesson *l, char *buf, size_t size)
{
	static const char phase[] = "a random part of a second (from the seed: the timer's phase "
				    "is to differ from run to run)";
	const struct ka_setting *setting = &l->instance->setting;
	double at = ka_time_s(&l->step->at, setting);
	char extra[160] = "";

	if (l->step->random_phase)
		snprintf(extra, sizeof(extra), " plus %s", phase);
	buf[0] = '\0';
	if (l->step->since == KA_SINCE_LAST_RX)
		snprintf(buf, size, "%.4g s after %s received its last segment%s: ", at,
			 ka_explain_who(l->instance, KA_PROBER), extra);
	else if (l->step->since == KA_SINCE_BOOT)
		snprintf(buf, size, "when the machine has been up for %.4g s%s: ", at, extra);
	else if (l->step->since == KA_SINCE_PROBE)
		snprintf(buf, size, "%.4g s after probe %d was seen on the wire%s: ", at,
			 ka_number(l->step->nth, setting), extra);
	else if (at > 0)
		snprintf(buf, size, "after %.4g s%s: ", at, extra);
	else if (l->step->random_phase)
		snprintf(buf, size, "after %s: ", phase);
	return buf;
}

/* ---- kernels that differ -------------------------------------------------------------------- */

static void explain_known(const struct ka_instance *instance)
{
	const struct ka_known *known = &instance->case_->known;
	char from[96] = "all kernels do", mended[96] = "none has it mended yet", slow[40] = "";

	if (!known->reference ||
	    (known->instances && fnmatch(known->instances, instance->name, 0) != 0))
		return;
	if (known->from)
		snprintf(from, sizeof(from), "Linux does from %.70s on", known->from);
	if (known->mended)
		snprintf(mended, sizeof(mended), "%.70s mended it", known->mended);
	if (known->below_hz)
		snprintf(slow, sizeof(slow), ", but with HZ %d not", known->below_hz);
	putchar('\n');
	ka_page_text(2,
		     "It is known to fail (%s%s, %s): %s. That is reported as known, and is no "
		     "failure; a pass there is one, for then this is out of date.",
		     from, slow, mended, known->reference);
}

void ka_explain_kernels(const struct ka_instance *instance)
{
	const struct ka_since_release *since = &instance->case_->holds_from;

	if (since->release) {
		putchar('\n');
		ka_page_text(2,
			     "It holds from Linux %s on (%s); a kernel before that and without "
			     "it is skipped.",
			     since->release, since->change);
	}
	explain_known(instance);
}
