/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the encoder share. Every function returns a new reference, NULL without memory;
 * ka_json_object() and ka_json_append() take the NULL and return it, so the end is early enough to look. */
#ifndef KA_ENCODE_H
#define KA_ENCODE_H

#include <jansson.h>
#include <stdio.h>

#include "model/case.h"
#include "model/timeline.h"
#include "model/verdict.h"

struct ka_json_field {
	const char *name;
	json_t *value; /* is taken over */
};

/* The @n @fields as one object, in their order. */
json_t *ka_json_object(const struct ka_json_field *fields, size_t n);
/* @array with @value behind the others; both are taken over. */
json_t *ka_json_append(json_t *array, json_t *value);
/* A string; invalid UTF-8 becomes U+FFFD, NULL becomes null (text.c). */
json_t *ka_json_text(const char *text);
/* Writes @json so that no byte of it steers a terminal. @flags are jansson's. 0 or -ENOMEM. */
int ka_json_put(FILE *out, const json_t *json, size_t flags);
/* A number of seconds, rounded to the microsecond; NAN becomes null. */
json_t *ka_json_seconds(double seconds);
/* A number; below zero: none, null. */
json_t *ka_json_count(int n);
/* "ETIMEDOUT"; 0: null. */
json_t *ka_json_errno(int error);

/* The field "timeline"; times count from @zero_ns (event.c). */
json_t *ka_json_timeline(const struct ka_instance *instance, const struct ka_timeline *timeline,
			 int64_t zero_ns);
/* The fields that the result of a program has besides; times count from @zero_ns (program.c). */
json_t *ka_json_program(const struct ka_instance *instance, const struct ka_timeline *timeline,
			const struct ka_verdict *verdict, int64_t zero_ns);
/* How many of the prober's probes were answered. */
int ka_count_answered(const struct ka_instance *instance, const struct ka_timeline *timeline);

#endif
