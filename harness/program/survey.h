/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the survey of a program has found: the options that it gives its sockets. */
#ifndef KA_SURVEY_H
#define KA_SURVEY_H

#include <jansson.h>

#include "model/setting.h"
#include "model/verdict.h"

struct ka_socket_options {
	bool known; /* else .error says why not, or nobody held it */
	char error[24];
	char comm[24]; /* who holds it */
	bool keepalive;
	unsigned idle, intvl, cnt, user_timeout_ms;
};

struct ka_survey {
	bool there; /* there is a result */
	enum ka_verdict_kind verdict;
	char why[400]; /* what went wrong; empty: nothing */
	bool closed;   /* the program closed the connection as soon as it had answered */
	struct ka_socket_options listener, connection;
};

/* What the result @json of a survey says; borrowed. Without one, or if it cannot be read, .there is
 * false, and .why says so. */
void ka_survey_read(struct ka_survey *survey, const json_t *json);

/* True when the options of the connection are known, so that scenarios can be made. */
bool ka_survey_tells(const struct ka_survey *survey);

/* The setting that they are; one without SO_KEEPALIVE is called "off", and has 7200/75/9. */
struct ka_setting ka_survey_setting(const struct ka_survey *survey);

/* "TCP_KEEPIDLE 300, TCP_KEEPINTVL 100, TCP_KEEPCNT 3, no TCP_USER_TIMEOUT", "no SO_KEEPALIVE" into
 * @buf. Returns @buf. */
const char *ka_survey_text(const struct ka_socket_options *options, char *buf, size_t size);

#endif
