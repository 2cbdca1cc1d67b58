/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs above TCP and the load beside the observed connection, in words. */
#include <stdio.h>
#include <string.h>

#include "command/explain.h"
#include "command/page.h"
#include "model/util.h"

static void explain_program(const struct ka_instance *instance, enum ka_who who,
			    const struct ka_app *app)
{
	const char *name = ka_explain_who(instance, who);
	double timeout = ka_time_s(&app->timeout, &instance->setting);
	char closes[80] = "";

	if (timeout > 0)
		snprintf(closes, sizeof(closes), ", and closes after %.4g s without a request",
			 timeout);
	switch (app->program) {
	case KA_APP_NONE:
		break;
	case KA_APP_HTTP:
		ka_page_text(2, "On %s runs a program that speaks HTTP/1%s.", name, closes);
		break;
	case KA_APP_LINES:
		ka_page_text(2, "On %s runs a program that answers a line with a line%s.", name,
			     closes);
		break;
	case KA_APP_HEARTBEAT:
		ka_page_text(2,
			     "On %s runs a program with a heartbeat: a line each %.4g s, which "
			     "must be answered within %.4g s.",
			     name, ka_time_s(&app->every, &instance->setting), timeout);
		break;
	case KA_APP_PROXY:
		ka_page_text(2,
			     "On %s runs a proxy with %u places: a newcomer gets the place of "
			     "the connection that sent nothing for the longest time, which is "
			     "closed with a %s.",
			     name, app->slots, app->reset ? "RST" : "FIN");
		break;
	}
}

void ka_explain_programs(const struct ka_instance *instance)
{
	explain_program(instance, KA_PROBER, &instance->case_->prober_app);
	explain_program(instance, KA_PEER, &instance->case_->peer_app);
	if (instance->case_->load)
		ka_page_text(2,
			     "Besides the observed connection there are %u of the same setting: "
			     "they come after it, in groups over a second or more, and %s starts "
			     "the timer of each when it is there, that of the observed one last.",
			     instance->case_->load, ka_explain_who(instance, KA_PROBER));
}

void ka_explain_app_step(const struct ka_instance *instance, const struct ka_step *step, char *buf,
			 size_t size)
{
	if (step->do_ == KA_REQUEST)
		snprintf(buf, size, "%s sends the request \"%.*s\" and gets its answer.",
			 ka_explain_who(instance, step->who), (int)strcspn(step->text, "\r\n"),
			 step->text);
	else
		snprintf(buf, size, "%d more connection%s to the server; nothing is sent on %s.",
			 step->value, step->value == 1 ? " comes" : "s come",
			 step->value == 1 ? "it" : "them");
}

/* What one act is called, with its number where one is declared. */
static void act_text(const struct ka_app_want *want, char *buf, size_t size)
{
	switch (want->act) {
	case KA_DID_SERVE:
		snprintf(buf, size, "answers a request on this connection");
		break;
	case KA_DID_GET:
		if (want->number)
			snprintf(buf, size, "gets an answer with status %d", want->number);
		else
			snprintf(buf, size, "gets an answer");
		break;
	case KA_DID_CLOSE:
		snprintf(buf, size, "closes, as it was asked to");
		break;
	case KA_DID_TIME_OUT:
		snprintf(buf, size, "closes because nothing was asked for");
		break;
	case KA_DID_MISS:
		snprintf(buf, size, "misses the answer to its heartbeat");
		break;
	case KA_DID_EVICT:
		snprintf(buf, size, "closes connection %d (1 is the observed one)", want->number);
		break;
	}
}

static void explain_act(const struct ka_instance *instance, const struct ka_app_want *want)
{
	double after = ka_time_s(&want->after, &instance->setting);
	char act[96], times[32], when[64] = "";

	act_text(want, act, sizeof(act));
	if (want->times == KA_SOME)
		snprintf(times, sizeof(times), "at least once");
	else
		snprintf(times, sizeof(times), "%d time%s", want->times,
			 want->times == 1 ? "" : "s");
	if (after > 0)
		snprintf(when, sizeof(when), ", after %.4g s by its own clock, never earlier",
			 after);
	ka_page_hang("  - ", "The program of %s %s: %s%s.", ka_explain_who(instance, want->who),
		     act, times, when);
}

void ka_explain_acts(const struct ka_instance *instance)
{
	const struct ka_expect *expect = &instance->case_->expect;
	const size_t n = KA_N(expect->app);

	for (size_t i = 0; i < n && expect->app[i].who != KA_NOBODY; i++)
		explain_act(instance, &expect->app[i]);
}
