/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of the values, and the predicted reply. Pure. */
#ifndef KA_QUESTIONS_H
#define KA_QUESTIONS_H

#include "model/case.h"
#include "rollout/answer.h"

enum ka_question_kind {
	KA_ASK_DETECT,  /* is a dead peer noticed within .limit_s? */
	KA_ASK_BUSY,    /* the same while data is unacknowledged */
	KA_ASK_SURVIVE, /* does an idle connection live through a gateway that forgets? */
	KA_ASK_RATE,    /* do idle connections cost at most .rate probes a second? */
};

struct ka_question {
	enum ka_question_kind kind;
	double limit_s;
	char gateway[24];        /* KA_ASK_SURVIVE: whose timeout it is; empty: nobody's */
	enum ka_unknown unknown; /* what it does when it has forgotten */
	const char *timer;       /* of a proxy, for which only data counts; NULL: a gateway */
	bool half_closed;        /* KA_ASK_SURVIVE: one end has shut down its direction */
	bool own;                /* the time is what the rollout says of connection tracking */
	double rate;
	unsigned long connections;
};

#define KA_MAX_QUESTIONS 32

struct ka_questions {
	struct ka_question list[KA_MAX_QUESTIONS];
	size_t n;
};

/* "5m", "350s", "1h30m", "2d", "90": seconds. -EINVAL with a text that says what would be right. */
int ka_span_parse(double *seconds, const char *text, struct nn_err *err);

/* "5m". 0, or -EINVAL with a text. */
int ka_questions_detect(struct ka_questions *questions, const char *text, struct nn_err *err);
int ka_questions_busy(struct ka_questions *questions, const char *text, struct nn_err *err);
/* "350s" (silently and with a RST: two questions), "aws-nlb,azure-lb", or both mixed. */
int ka_questions_survive(struct ka_questions *questions, const char *text, struct nn_err *err);
/* The same of a connection that one end has shut down, for which gateways have a time of their own. */
int ka_questions_half_closed(struct ka_questions *questions, const char *text, struct nn_err *err);
int ka_questions_rate(struct ka_questions *questions, double rate, unsigned long connections,
		      struct nn_err *err);

/* A gateway that is a Linux with these values forgets after their time, not after the default one. */
void ka_questions_own(struct ka_questions *questions, const struct ka_knobs *knobs);

/* Yes, whatever the phase of the timers. */
bool ka_question_holds(const struct ka_question *question, const struct ka_answer *answer);
bool ka_questions_hold(const struct ka_questions *questions, const struct ka_answer *answer);

/* The time that is compared with the limit, at the latest; NAN: there is none. */
double ka_question_seconds(const struct ka_question *question, const struct ka_answer *answer);

/* "is a dead peer noticed within 5 min?" into @buf. Returns @buf. */
const char *ka_question_text(const struct ka_question *question, char *buf, size_t size);
/* Why the reply is what it is, by prediction. Returns @buf. */
const char *ka_question_reason(const struct ka_question *question, const struct ka_answer *answer,
			       char *buf, size_t size);

/* The gateway out there with the shortest timeout. */
const struct ka_gateway *ka_gateway_shortest(void);

#endif
