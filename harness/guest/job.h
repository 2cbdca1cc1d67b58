/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What travels between host and guest. In: a job, a JSON file in the initramfs. Out, over a
 * serial line: one kind, a number, a blank, JSON, newline: F facts, R a result with its index, K a
 * file that is kept of it, just before (parcel.h), X why the guest could not begin, E the end. Of a
 * program besides: S a result of the survey, T the seconds of the guest's clock, a sign of life while
 * so many instances run.
 */
#ifndef KA_GUEST_JOB_H
#define KA_GUEST_JOB_H

#include <jansson.h>

#include "model/verdict.h"
#include "netns/err.h"
#include "plan/plan.h"

#define KA_GUEST_JOB_PATH "/job.json"
#define KA_MODULES_PATH   "/modules.list" /* one path a line, in the order of loading */

/* A sign of life comes whenever so much of the guest's time is over. That is soon, unless its clock
 * stands; and waking up so often costs three hours half a second. */
#define KA_SIGN_OF_LIFE_S 20

struct ka_guest_job {
	struct ka_plan_options plan; /* its strings belong to .json */
	const char *trials;          /* NULL: the catalogue */
	unsigned jobs;
	unsigned part, part_size; /* of the plan: see below */
	bool keep, keep_all;      /* files of what failed, or of everything */
	bool program;             /* of the host, is under test */
	bool hostfs;              /* the host's files are to be mounted for it */
	bool plain_clock;         /* the clock does not stand while the guest computes */
	const json_t *surveyed;   /* borrowed; NULL: a survey comes first, if .program */
	json_t *json;             /* owned */
};

/* As JSON text, to be freed; NULL without memory. */
char *ka_guest_job_text(const struct ka_guest_job *job);
/* Reads the file at @path. 0 or -errno. */
int ka_guest_job_read(struct ka_guest_job *job, const char *path, struct nn_err *err);
void ka_guest_job_free(struct ka_guest_job *job);

/* The kernel's facts as JSON, NULL without memory, and back: 0 or -EINVAL. */
json_t *ka_facts_encode(const struct ka_facts *facts);
int ka_facts_decode(struct ka_facts *facts, const json_t *json);

/*
 * A plan, cut for guests side by side. What an instance sees depends on its neighbours: they share
 * the guest's random numbers, its jiffies, its tables of routes and neighbours. So the cut depends on
 * the plan and the kind of kernel, and on nothing of the machine: the same results come whether one
 * guest runs the parts in turn, or as many as there are parts run them at once.
 *
 * Parts are dealt like cards, each round beginning one further on, so that no part gets all of one
 * family or one end.
 */
#define KA_MAX_PARTS 8

/* How many parts a plan of @n instances has, none of them with much less than @part_size. */
unsigned ka_parts(size_t n, unsigned part_size);
/* Which instance of the whole plan is number @i of part @part; it may be one beyond the plan. */
size_t ka_part_index(unsigned part, unsigned parts, size_t i);
/* Keeps in @plan what part @part of @parts has, in the order of the plan. */
void ka_part_keep(struct ka_plan *plan, unsigned part, unsigned parts);

#endif
