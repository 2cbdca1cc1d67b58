/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that is known of the programs under test: what was asked, which options they give their sockets,
 * what each experiment has shown, what the others would by those options. The writers only put it into
 * words.
 */
#ifndef KA_INQUIRY_H
#define KA_INQUIRY_H

#include "judge/judge.h"
#include "program/attempts.h"

/* What it did when its counterpart came back: a server served it, a client connected to it again. */
enum ka_back {
	KA_BACK_NOT_TRIED,
	KA_BACK_YES,
	KA_BACK_NO,
	KA_BACK_ENDED /* it is there no more */
};

/* What one experiment has shown. Seconds after the last segment that the program's kernel accepted; NAN:
 * no value. */
struct ka_shown {
	bool planned; /* it was to run */
	bool there;   /* there is a result */
	enum ka_verdict_kind verdict;
	char why[400];
	bool of_program; /* it failed, and that is the program's doing */
	enum ka_program_verdict program;
	double kernel_s, program_s;
	double watched_s; /* from its first step to the end of the watch */
	double waited_s;  /* how long it was idle, where a KA_WAIT came to its end; NAN: none did */
	bool have_off;
	int64_t off_jiffies;
	enum ka_back back;
	double back_s;
	json_t *result; /* all of it; owned; NULL: there is none */
};

struct ka_inquiry {
	struct ka_program_spec spec;
	struct ka_demands demands[KA_MAX_SUBJECTS]; /* of the recipe and of the command line */
	struct ka_facts facts;
	char where[256]; /* "host", "uml:FILE" */
	char note[256];  /* what a reader must know of the guest's clock; empty: nothing */
	struct ka_survey surveys[KA_MAX_SUBJECTS];
	struct ka_attempts *attempts; /* owned; NULL: the survey has not told yet */
	/* one for each attempt; owned */
	struct ka_prediction *predictions;
	struct ka_shown *shown;
};

/* The survey has told: makes the scenarios. 0 or -ENOMEM. */
int ka_inquiry_begin(struct ka_inquiry *q, const json_t *surveyed, struct nn_err *err);
void ka_inquiry_free(struct ka_inquiry *q);

/* Attempt number @i has this prediction, and is to run or is not. */
void ka_inquiry_expect(struct ka_inquiry *q, size_t i, const struct ka_prediction *prediction,
		       bool planned);
/* Its result has come: takes over @json. */
void ka_inquiry_take(struct ka_inquiry *q, size_t i, json_t *json);

/* The attempt of @subject at @scenario, and, of gateways, at @passage; SIZE_MAX: there is none. */
size_t ka_inquiry_find(const struct ka_inquiry *q, size_t subject, enum ka_scenario_number scenario,
		       size_t passage);

/* ---- how one ends ----------------------------------------------------------------------------- */

enum ka_ending_kind {
	KA_ENDING_UNKNOWN,  /* nothing is known; .why */
	KA_ENDING_BROKEN,   /* the experiment did not happen; .why */
	KA_ENDING_LIVES,    /* nothing ended it while it was watched, or would */
	KA_ENDING_NOTICED,  /* the kernel ended it, and the program let go */
	KA_ENDING_CLOSED,   /* the program ended it by itself */
	KA_ENDING_HELD,     /* the kernel ended it, and the program never let go */
	KA_ENDING_DIED,     /* ... and that killed the program */
	KA_ENDING_COMPUTED, /* not measured: the kernel would end it */
};

struct ka_ending {
	enum ka_ending_kind kind;
	bool failed;     /* and it ought not to have */
	double kernel_s; /* NAN: it did not */
	double program_s;
	double window_s[2]; /* by the options; NAN: never */
	double watched_s;   /* KA_ENDING_LIVES; NAN: it was not tried */
	bool have_off;
	int64_t off_jiffies;
	enum ka_back back;
	double back_s;   /* after so long it was served, or connected; or was waited for in vain */
	const char *why; /* borrowed of the inquiry, or constant; NULL: nothing to say */
};

/* Attempt number @i; SIZE_MAX: there is none. */
struct ka_ending ka_inquiry_ending(const struct ka_inquiry *q, size_t i);
/* The same of @subject at @scenario; without an attempt, .why says why. */
struct ka_ending ka_inquiry_scenario(const struct ka_inquiry *q, size_t subject,
				     enum ka_scenario_number scenario);

/* It was measured. */
bool ka_ending_measured(const struct ka_ending *e);
/* When the program has let go at the latest, whatever the phase of the timers; INFINITY: never, NAN: not
 * known. */
double ka_ending_worst_s(const struct ka_ending *e);

#endif
