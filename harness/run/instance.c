/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first process of a sandbox: runs one instance, judges it, sends the result. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench.h"
#include "model/util.h"
#include "result/result.h"
#include "run/keep.h"
#include "run/schedule.h"

#define NSEC_PER_SEC 1000000000ll

/* When the instance's process began, when its set-up was done, and when all was seen. */
struct stamps {
	const struct ka_instance_run *run;
	int64_t began_ns, ready_ns, done_ns;
};

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, text, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		text += done;
		len -= (size_t)done;
	}
	return 0;
}

void ka_instance_ready(const struct ka_instance_run *run)
{
	(void)write_all(run->fd, "R", 1); /* if nobody listens any more, the result will tell */
}

void ka_instance_done(const struct ka_instance_run *run)
{
	char answer;

	if (!run->paced || write_all(run->fd, "D", 1) < 0)
		return;
	while (read(run->fd, &answer, 1) < 0 && errno == EINTR)
		;
}

int ka_instance_send(const struct ka_instance_run *run, const char *line)
{
	int ret = write_all(run->fd, line, strlen(line));

	return ret < 0 ? ret : write_all(run->fd, "\n", 1);
}

static void on_ready(void *arg)
{
	struct stamps *stamps = arg;

	stamps->ready_ns = ka_now_ns();
	ka_instance_ready(stamps->run);
}

static void on_done(void *arg)
{
	struct stamps *stamps = arg;

	stamps->done_ns = ka_now_ns();
	ka_instance_done(stamps->run);
}

static int64_t late_ns(void *arg, int64_t from_ns, int64_t to_ns)
{
	const struct stamps *stamps = arg;

	/* building networks is late for nobody */
	if (!stamps->ready_ns || from_ns < stamps->ready_ns)
		return 0;
	return ka_noise_between(stamps->run->noise, from_ns, to_ns);
}

/* Where hours cost seconds, a program's own rule is waited for, however long it takes. */
static int64_t give_up_ns(void *arg, const struct ka_timeline *timeline)
{
	const struct ka_instance_run *run = ((const struct stamps *)arg)->run;
	struct ka_settled was;

	if (!run->facts->virtual_clock)
		return 0;
	ka_settle(run->instance, run->facts, run->prediction, timeline, &was);
	return was.since_ns + (int64_t)(was.prediction.give_up_s * NSEC_PER_SEC);
}

/* The noise that counts is that of the time when timers ran: building networks is late for nobody. */
static struct ka_facts measured_facts(const struct stamps *stamps, int64_t end_ns)
{
	const struct ka_instance_run *run = stamps->run;
	int64_t from_ns = stamps->ready_ns ? stamps->ready_ns : stamps->began_ns;
	struct ka_facts facts = *run->facts;

	if (run->noise) {
		facts.noise_ns = ka_noise_between(run->noise, from_ns, end_ns);
		ka_noise_collect(run->noise, from_ns, end_ns, facts.tick_ns / KA_QUIET_PART,
				 &facts.late);
	}
	return facts;
}

static json_t *judge(const struct stamps *stamps, struct ka_record *record)
{
	const struct ka_instance_run *run = stamps->run;
	int64_t end_ns = stamps->done_ns;
	struct ka_facts facts = measured_facts(stamps, end_ns);
	struct ka_verdict verdict;
	struct ka_settled was;
	json_t *json;

	ka_timeline_sort(&record->timeline);
	ka_settle(run->instance, &facts, run->prediction, &record->timeline, &was);
	ka_judge(&was.instance, &facts, &was.prediction, &was.timeline, &verdict);
	json = ka_result_encode(&was.instance, &facts, &was.prediction, &was.timeline, &verdict,
				(double)(end_ns - stamps->began_ns) / NSEC_PER_SEC);
	if (json && ka_keep_is_due(run, &verdict))
		ka_keep(run, record, &verdict, json);
	return json;
}

static int send_result(const struct ka_instance_run *run, const json_t *json)
{
	char *line = ka_result_line(json);
	int ret = line ? ka_instance_send(run, line) : -ENOMEM;

	free(line);
	return ret;
}

int ka_schedule_made(struct nn_err *err)
{
	return ka_made_open(err);
}

int ka_instance_run(const struct ka_instance_run *run)
{
	struct stamps stamps = { .run = run, .began_ns = ka_now_ns() };
	struct ka_record record = { .timeline = { .n = 0 } };
	const struct ka_bench_events events = { .ready = on_ready,
						.done = on_done,
						.late_ns = run->noise ? late_ns : NULL,
						.last = true,
						.look_ns = run->facts->look_ns,
						.own_machine = run->facts->virtual_clock,
						.made = run->made,
						.budget_ns = run->facts->noise_budget_ns,
						.give_up_ns = give_up_ns,
						.arg = &stamps };
	json_t *json = NULL;
	int ret;

	ret = ka_bench_run(run->instance, run->prediction, &events, &record);
	if (ret == 0)
		json = judge(&stamps, &record);
	if (json)
		ret = send_result(run, json);
	json_decref(json);
	ka_record_free(&record);
	return ret < 0 || !json ? EXIT_FAILURE : EXIT_SUCCESS;
}
