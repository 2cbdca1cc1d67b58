/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The result: instance + kernel facts + prediction + timeline + verdict as one JSON object on one
 * line, version 2. It is the only thing that travels between processes, kernels, machines and
 * reports. Whoever reads a field reads it from the JSON; this header names the fields once.
 *
 *   v                  2
 *   instance           its name; repetition, seed ("0x1f"): which run of it
 *   again              of "setting", "long", "seed": options that a run needs to have just this one
 *                      again; "own": the case brings its setting along; absent: not known
 *   case, theme        title of the theme; rule and source of the case, to explain a failure
 *   declared           where the case stands: "cases/silent_drop.c:27"
 *   setting            name, idle, intvl, cnt, user_timeout_ms, from: option|accepted|sysctl|nowhere|values
 *   family, prober     v4|v6, client|server; topology: routed|pair
 *   kernel             release, hz, clock: real|virtual, where: host|uml:FILE|image:FILE
 *   prediction         when, errno, eof, probes (number, "some", "any"), events, events_full,
 *                      rst_sent, rst_received; in jiffies: end_j, first_probe_j, gap_j; null: not run
 *   nominal_s, window_s, noise_s, detect_s, notice_s, off_jiffies   figures; null: no value
 *   errno, events, probes, gaps_s      observed; errno a name, events "0x2019"
 *   answered, alive_s  answered probes in all; seconds from the first step to the end of the watch
 *   verdict, why       pass|fail|skip|broken|known; why in one line, for people
 *   known              where the case is declared known to fail on this kernel, the reference; null or
 *                      absent: it is not. It then fails as declared (known), or is a failure
 *   findings           [{"code": "end_late", "class": kernel|loss|program|host|experiment|catalogue,
 *                      "text", "step": from 0, or null, "where": "cases/silent_drop.c:27", or null}]:
 *                      those that decided, also why it was skipped where that has a code; since
 *                      version 2
 *   wall_s, kept       null, until whoever runs the instance knows them (json_object_set_new)
 *   tries              [{"code": "step_late", "text"}]: why the host made it be run again, as often as
 *                      it was; absent: the first try told
 *   counters           {"TCPKeepAlive": 3}: those that moved, without the prefix "TcpExt."
 *   timeline           [{"t": seconds after the last segment received, "at", "kind", "what"}], and
 *                      numbers of each kind (result/event.c); "what" is for people; kind and
 *                      numbers since version 2
 *   plan               which part of which plan it is a result of (part.h); absent: not known
 *
 * Of a real program under test, and else absent; setting and prediction are those that its sockets
 * and what it did led to (judge/settle.c):
 *
 *   program            name, variant (or null), role: server|client, declared
 *   program_verdict    lives|notices|late|closed first|never|died, null: not judged; never and died
 *                      are failures, of the class "program"
 *   kernel_end_s       when the kernel had the connection no more, also after the program's own close
 *   program_end_s      when no process held it any more; both after the last segment received, or, of
 *                      one that closed first, after the last data received
 *   options            [{"t", "of": listener|connection, "comm", "holders", "errno", "keepalive",
 *                      "idle", "intvl", "cnt", "user_timeout_ms"}]: each time that they were read;
 *                      null: could not be
 *
 * Version 1 is still read: it has neither findings nor kinds.
 *
 * Times are rounded to the microsecond. Keys keep this order.
 */
#ifndef KA_RESULT_H
#define KA_RESULT_H

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

#include "model/timeline.h"
#include "model/verdict.h"
#include "netns/err.h"

#define KA_RESULT_VERSION 2

/* In the folder of what is kept. */
#define KA_KEPT_PACKETS "packets.pcapng"

/* What reports need often, decoded. Strings and arrays belong to .json; NULL: null or, for what
 * reports can do without, absent. */
struct ka_result {
	json_t *json; /* owned */
	/* as it was read, borrowed until the next one is; NULL: there is none, or .json is no more that */
	const char *line;
	const char *instance, *theme, *case_, *family, *prober;
	enum ka_verdict_kind verdict;
	const char *why;
	json_t *findings;                                      /* NULL: version 1 */
	json_t *tries;                                         /* NULL: it was not run again */
	double nominal_s, detect_s, notice_s, noise_s, wall_s; /* NAN: null */
	double window_s[2];
	const char *errno_name; /* NULL: null */
	int probes;             /* -1: null */
	bool have_off;
	int64_t off_jiffies;
	const char *kept; /* folder with packets, timeline, result; NULL: none */
	int idle, intvl, cnt, user_timeout_ms;
	const char *from, *topology;
	const char *title, *rule, *source;   /* of the theme and of the case */
	const char *declared;                /* "cases/silent_drop.c:27" */
	const char *known;                   /* reference of a failure that is known */
	const char *release, *clock, *where; /* of the kernel */
	int hz;
	int repetition; /* -1: null */
	int answered;   /* -1: null */
	double alive_s;
	const char *events; /* "0x2019" */
	/* of the prediction; NULL also: there is none */
	const char *expect_when, *expect_errno, *expect_events;
	json_t *prediction, *gaps, *counters, *timeline;
	json_t *plan; /* part.h; NULL: not known */
	/* of a program; NULL, NAN: it is none, or no value */
	json_t *program, *options;
	const char *program_name, *program_variant, *program_verdict;
	double kernel_end_s, program_end_s;
};

/* Builds the object. @timeline is sorted; it and @prediction may be NULL: not run; @facts may be
 * NULL: not known. @wall_s: how long the instance took; left out (null) with a virtual clock, so
 * that two virtual runs give the same bytes. Returns a new reference, NULL without memory. */
json_t *ka_result_encode(const struct ka_instance *instance, const struct ka_facts *facts,
			 const struct ka_prediction *prediction, const struct ka_timeline *timeline,
			 const struct ka_verdict *verdict, double wall_s);

/* A result for an instance of which there is no timeline: not started, killed, host forbids. */
json_t *ka_result_without_run(const struct ka_instance *instance, const struct ka_facts *facts,
			      enum ka_verdict_kind kind, const char *why);

/* What the host did to one of which ka_result_is_stall(): an element of "tries"; a new reference. */
json_t *ka_result_try(const json_t *json);
/* True for a broken instance whose host was at fault: another try may tell. */
bool ka_result_is_stall(const json_t *json);

/* True when one of its findings has @code. */
bool ka_result_finds(const struct ka_result *result, enum ka_finding_code code);
/* True for a failure of which none is the kernel's: a real program under test did otherwise. */
bool ka_result_blames_program(const struct ka_result *result);
/* True for a failure that is none but of its declaration: it passes, and is known to fail. */
bool ka_result_blames_catalogue(const struct ka_result *result);

/* The object as the one line that travels, without the newline, to be freed. NULL without memory. */
char *ka_result_line(const json_t *json);

/* Reads the next line of @file into *@line, of which there is *@room; both are as for getline(). Returns its
 * length, 0 at the end, or -errno; -EINVAL: it has a zero byte, or is longer than any result. */
ssize_t ka_result_read_line(FILE *file, char **line, size_t *room, struct nn_err *err);

/* Takes over @json (also on failure). Returns 0, or -EINVAL naming the field. */
int ka_result_decode(struct ka_result *out, json_t *json, struct nn_err *err);
void ka_result_clear(struct ka_result *result);

#endif
