/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See questions.h. */
#include "rollout/questions.h"
#include "model/escape.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/nearest.h"
#include "model/span.h"
#include "model/util.h"
#include "rollout/presets.h"

/* ---- lengths of time ------------------------------------------------------------------------ */

#define LONGEST_S 31536000.0 /* a year */

static const struct {
	const char *name;
	double seconds;
} units[] = {
	{ "ms", 0.001 }, { "min", 60 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
};

/* The unit that begins @text; 0: none. */
static double take_unit(const char **text)
{
	for (size_t i = 0; i < KA_N(units); i++) {
		size_t len = strlen(units[i].name);

		if (strncmp(*text, units[i].name, len) == 0 &&
		    !isalpha((unsigned char)(*text)[len])) {
			*text += len;
			return units[i].seconds;
		}
	}
	return 0;
}

/* Digits with at most one point. strtod() would also take "0x1p3", "inf" and "nan". */
static bool take_number(double *number, const char **text)
{
	size_t len = strspn(*text, "0123456789.");
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*number = strtod(*text, &end);
	if (end != *text + len)
		return false;
	*text = end;
	return true;
}

int ka_span_parse(double *seconds, const char *text, struct nn_err *err)
{
	const char *at = text;
	double sum = 0, number;

	while (take_number(&number, &at)) {
		double unit = take_unit(&at);

		if (unit == 0 && (*at || at == text || sum > 0))
			break;
		sum += number * (unit > 0 ? unit : 1);
		if (!*at && sum > 0 && sum <= LONGEST_S) {
			*seconds = sum;
			return 0;
		}
	}
	return nn_refuse(err,
			 "'%.*s' is no length of time; write 350s, 5m, 1h30m or 2d (more than 0, "
			 "at most 365d)",
			 KA_CUT(text, 40));
}

/* ---- questions ------------------------------------------------------------------------------ */

static int add(struct ka_questions *questions, const struct ka_question *question,
	       struct nn_err *err)
{
	if (questions->n == KA_MAX_QUESTIONS)
		return nn_refuse(err, "more than %d questions", KA_MAX_QUESTIONS);
	questions->list[questions->n++] = *question;
	return 0;
}

int ka_questions_detect(struct ka_questions *questions, const char *text, struct nn_err *err)
{
	struct ka_question question = { .kind = KA_ASK_DETECT };
	int ret = ka_span_parse(&question.limit_s, text, err);

	return ret ? nn_prefix(err, ret, "--detect-within") : add(questions, &question, err);
}

int ka_questions_busy(struct ka_questions *questions, const char *text, struct nn_err *err)
{
	struct ka_question question = { .kind = KA_ASK_BUSY };
	int ret = ka_span_parse(&question.limit_s, text, err);

	return ret ? nn_prefix(err, ret, "--detect-busy-within") : add(questions, &question, err);
}

int ka_questions_rate(struct ka_questions *questions, double rate, unsigned long connections,
		      struct nn_err *err)
{
	const struct ka_question question = { .kind = KA_ASK_RATE,
					      .rate = rate,
					      .connections = connections };

	return add(questions, &question, err);
}

static int no_half_closed(const struct ka_preset *gateway, struct nn_err *err)
{
	return gateway->timer
		       ? nn_refuse(err, "'%s' is a proxy, which has two connections", gateway->name)
		       : nn_refuse(err,
				   "how long '%s' remembers a half-closed connection is not known "
				   "here; write a length of time (60s)",
				   gateway->name);
}

static int survive_name(struct ka_questions *questions, const char *name, bool half_closed,
			struct nn_err *err)
{
	struct ka_question question = { .kind = KA_ASK_SURVIVE, .half_closed = half_closed };
	struct ka_nearest nearest = { .n = 0 };
	const struct ka_preset *gateway;
	struct ka_preset room;
	char hint[600];

	for (size_t i = 0; (gateway = ka_preset_at(i, &room)); i++) {
		ka_nearest_offer(&nearest, name, gateway->name);
		if (strcmp(gateway->name, name) != 0)
			continue;
		if (half_closed && !gateway->half_closed_s)
			return no_half_closed(gateway, err);
		question.limit_s = half_closed ? gateway->half_closed_s : gateway->timeout_s;
		question.unknown = gateway->unknown;
		question.timer = gateway->timer;
		snprintf(question.gateway, sizeof(question.gateway), "%s", gateway->name);
		return add(questions, &question, err);
	}
	return nn_refuse(err,
			 "'%.*s' is neither a length of time (350s, 5m) nor a gateway that is "
			 "known here%.200s",
			 KA_CUT(name, 40), ka_nearest_text(&nearest, hint, sizeof(hint)));
}

/* Gateways count in whole seconds. */
static int survive_span(struct ka_questions *questions, const char *text, bool half_closed,
			struct nn_err *err)
{
	struct ka_question question = { .kind = KA_ASK_SURVIVE,
					.unknown = KA_UNKNOWN_DROP,
					.half_closed = half_closed };
	int ret = ka_span_parse(&question.limit_s, text, err);

	if (ret)
		return ret;
	if (question.limit_s < 1 || question.limit_s > floor(question.limit_s))
		return nn_refuse(err, "'%.*s': a gateway's memory is a number of whole seconds",
				 KA_CUT(text, 40));
	ret = add(questions, &question, err);
	question.unknown = KA_UNKNOWN_RESET;
	return ret ? ret : add(questions, &question, err);
}

static int survive(struct ka_questions *questions, const char *text, bool half_closed,
		   struct nn_err *err)
{
	char word[64] = "";
	int ret = 0;

	for (const char *at = text; ret == 0; at += *at == ',') {
		size_t len = strcspn(at, ",");

		if (len == 0 || len >= sizeof(word))
			ret = nn_refuse(err,
					"'%.*s': write lengths of time or names of gateways, with "
					"commas between",
					KA_CUT(text, 60));
		else
			snprintf(word, sizeof(word), "%.*s", (int)len, at);
		if (ret == 0)
			ret = strchr("0123456789", *word)
				      ? survive_span(questions, word, half_closed, err)
				      : survive_name(questions, word, half_closed, err);
		at += len;
		if (!*at)
			break;
	}
	if (ret)
		return nn_prefix(err, ret,
				 half_closed ? "--survive-half-closed" : "--survive-idle");
	return 0;
}

int ka_questions_survive(struct ka_questions *questions, const char *text, struct nn_err *err)
{
	return survive(questions, text, false, err);
}

int ka_questions_half_closed(struct ka_questions *questions, const char *text, struct nn_err *err)
{
	return survive(questions, text, true, err);
}

void ka_questions_own(struct ka_questions *questions, const struct ka_knobs *knobs)
{
	for (size_t i = 0; i < questions->n; i++) {
		struct ka_question *question = &questions->list[i];
		enum ka_knob knob;
		int64_t timeout_s;

		if (strcmp(question->gateway, ka_gateways[KA_GATEWAY_CONNTRACK].name) != 0)
			continue;
		knob = question->half_closed ? KA_KNOB_CT_CLOSE_WAIT : KA_KNOB_CT_ESTABLISHED;
		question->own = knobs->value[knob] != ka_knob_infos[knob].initial;
		timeout_s = ka_greater(knobs->value[knob], 1);
		question->limit_s = (double)timeout_s;
	}
}

static double rate_of(const struct ka_question *question, const struct ka_answer *answer)
{
	return ka_answer_alive_per_hour(answer) / 3600 * (double)question->connections;
}

bool ka_question_holds(const struct ka_question *question, const struct ka_answer *answer)
{
	switch (question->kind) {
	case KA_ASK_DETECT:
		return answer->effect == KA_EFFECT_DETECTS &&
		       answer->detect_s[1] <= question->limit_s;
	case KA_ASK_BUSY:
		return answer->unacked_s[1] <= question->limit_s;
	case KA_ASK_SURVIVE:
		return !question->timer && ka_answer_keeps(answer, question->limit_s);
	case KA_ASK_RATE:
		return rate_of(question, answer) <= question->rate;
	}
	return false;
}

double ka_question_seconds(const struct ka_question *question, const struct ka_answer *answer)
{
	switch (question->kind) {
	case KA_ASK_DETECT:
		return answer->detect_s[1];
	case KA_ASK_BUSY:
		return answer->unacked_s[1];
	case KA_ASK_SURVIVE:
		return question->timer ? NAN : answer->period_s[1];
	case KA_ASK_RATE:
		break;
	}
	return NAN;
}

bool ka_questions_hold(const struct ka_questions *questions, const struct ka_answer *answer)
{
	for (size_t i = 0; i < questions->n; i++)
		if (!ka_question_holds(&questions->list[i], answer))
			return false;
	return true;
}

const char *ka_question_text(const struct ka_question *question, char *buf, size_t size)
{
	char span[64];

	ka_span_text(question->limit_s, span, sizeof(span));
	switch (question->kind) {
	case KA_ASK_DETECT:
		snprintf(buf, size, "is a dead peer noticed within %s?", span);
		break;
	case KA_ASK_BUSY:
		snprintf(buf, size, "is a peer that dies with data in flight noticed within %s?",
			 span);
		break;
	case KA_ASK_SURVIVE:
		if (question->timer) {
			snprintf(buf, size,
				 "does an idle connection live through %s, a proxy that ends it "
				 "after %s without data (%s)?",
				 question->gateway, span, question->timer);
			break;
		}
		snprintf(buf, size,
			 "does %s connection live through %s%s%sa gateway that forgets %safter %s "
			 "%s?",
			 question->half_closed ? "a half-closed" : "an idle", question->gateway,
			 question->own ? " with these values" : "", *question->gateway ? ", " : "",
			 question->half_closed ? "such " : "", span,
			 question->unknown == KA_UNKNOWN_RESET ? "and then resets"
							       : "and then is silent");
		break;
	case KA_ASK_RATE:
		snprintf(buf, size,
			 question->connections == 1
				 ? "does %lu idle connection cost at most %.6g probes a second?"
				 : "do %lu idle connections cost at most %.6g probes a second "
				   "together?",
			 question->connections, question->rate);
		break;
	}
	return buf;
}

/* Values that make no sense answer alike, whatever is asked. */
static const char *senseless(const struct ka_answer *answer)
{
	switch (answer->effect) {
	case KA_EFFECT_KILLS:
		return "with probes = 0 living connections are declared dead";
	case KA_EFFECT_SILENT:
		return "with a negative time no probe is ever sent";
	case KA_EFFECT_ENDLESS:
		return "with a negative interval there is one probe, and never an end";
	case KA_EFFECT_DETECTS:
		break;
	}
	return NULL;
}

static void reason_survive(const struct ka_question *question, const struct ka_answer *answer,
			   char *buf, size_t size)
{
	if (question->timer)
		snprintf(buf, size,
			 "a probe is no activity there: the proxy's kernel answers it, and its %s "
			 "counts data only. No value of keepalive changes that; a heartbeat of the "
			 "application does, or a longer %s",
			 question->timer, question->timer);
	else if (ka_answer_keeps(answer, question->limit_s))
		snprintf(buf, size, "a probe passes each %.1f .. %.1f s, before %.0f s",
			 answer->period_s[0], answer->period_s[1], question->limit_s);
	else if (ka_answer_may_keep(answer, question->limit_s))
		snprintf(buf, size,
			 "%.1f s is below %.0f s, but the kernel's timer wheel makes it up to "
			 "%.1f s: luck decides",
			 answer->period_s[0], question->limit_s, answer->period_s[1]);
	else
		snprintf(buf, size,
			 "the first probe comes %.1f .. %.1f s after the last segment: the gateway "
			 "has forgotten the connection after %.0f s",
			 answer->first_s[0], answer->first_s[1], question->limit_s);
}

const char *ka_question_reason(const struct ka_question *question, const struct ka_answer *answer,
			       char *buf, size_t size)
{
	const char *why = senseless(answer);

	if (why && question->kind != KA_ASK_RATE && question->kind != KA_ASK_BUSY) {
		snprintf(buf, size, "%s", why);
		return buf;
	}
	switch (question->kind) {
	case KA_ASK_DETECT:
		snprintf(buf, size, "%.1f s at the latest (%.1f s at the earliest)",
			 answer->detect_s[1], answer->detect_s[0]);
		break;
	case KA_ASK_BUSY:
		snprintf(buf, size,
			 "%.1f s after the write at the latest (%.1f s at the earliest): %s rules "
			 "then, not keepalive",
			 answer->unacked_s[1], answer->unacked_s[0],
			 answer->ut_ms ? "TCP_USER_TIMEOUT" : "tcp_retries2");
		break;
	case KA_ASK_SURVIVE:
		reason_survive(question, answer, buf, size);
		break;
	case KA_ASK_RATE:
		snprintf(buf, size,
			 "%.4g a second while all peers live; %.4g if all of them are gone at once",
			 rate_of(question, answer),
			 ka_answer_dead_per_hour(answer) / 3600 * (double)question->connections);
		break;
	}
	return buf;
}

const struct ka_gateway *ka_gateway_shortest(void)
{
	const struct ka_gateway *shortest = &ka_gateways[0];

	for (size_t i = 1; i < KA_GATEWAYS; i++)
		if (ka_gateways[i].timeout_s < shortest->timeout_s)
			shortest = &ka_gateways[i];
	return shortest;
}
