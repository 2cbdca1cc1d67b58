/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chapters of `kacheck explain`. */
#ifndef KA_EXPLAIN_H
#define KA_EXPLAIN_H

#include "judge/judge.h"
#include "model/case.h"

struct ka_lesson {
	const struct ka_instance *instance;
	const struct ka_prediction *prediction;
	const struct ka_facts *facts;
};

/* "the client", "the server", "the gateway". */
const char *ka_explain_who(const struct ka_instance *instance, enum ka_who who);
/* The other end of @who. */
enum ka_who ka_explain_other(enum ka_who who);

/* What is done, step by step (explain_steps.c). */
void ka_explain_steps(const struct ka_lesson *lesson);
/* A gateway with a memory, and a step that is about it (explain_gateway.c). */
void ka_explain_gateway(const struct ka_instance *instance);
void ka_explain_entry(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		      size_t size);
/* The programs above TCP and the load, steps that are about them, and what they must do (explain_app.c). */
void ka_explain_programs(const struct ka_instance *instance);
void ka_explain_app_step(const struct ka_instance *instance, const struct ka_step *step, char *buf,
			 size_t size);
void ka_explain_acts(const struct ka_instance *instance);
/* Which rule of the kernel decides (explain_rule.c). */
void ka_explain_rule(const struct ka_lesson *lesson);
/* When, and why it is not idle + intvl * cnt (explain_time.c). */
void ka_explain_time(const struct ka_lesson *lesson);
/* What the application and the wire must show (explain_signs.c). */
void ka_explain_signs(const struct ka_lesson *lesson);

#endif
