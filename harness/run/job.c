/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One instance under way: start, read, finish, kill. */
#include "run/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/touch.h"
#include "model/util.h"
#include "result/result.h"

#define CHUNK    65536
/* No timeline is so long; an instance that sends more has lost its mind. */
#define MAX_TEXT (64u << 20)

/* What an instance is told: the nursery has the rest of the memory as it was before the first one. */
struct told {
	ka_instance_fn *fn;
	struct ka_instance_run run;
	struct ka_facts facts;
	struct ka_touch touch; /* looked for once, not in every process that is forked */
};
_Static_assert(sizeof(struct told) <= NN_NURSERY_TOLD, "fits into what a sandbox may be told");

static int begin(const void *arg, int fd)
{
	struct told told = *(const struct told *)arg;

	if (told.facts.look_ns)
		ka_touch_process(&told.touch);
	told.run.facts = &told.facts;
	told.run.fd = fd;
	return told.fn(&told.run);
}

int ka_job_nursery(struct nn_nursery *nursery, const struct ka_facts *facts, int made,
		   struct nn_err *err)
{
	if (facts->look_ns)
		ka_touch_before_forks();
	json_object_seed(0); /* once, not in every process that is forked */
	return nn_nursery_open(nursery, begin, made ? made : -1, err);
}

int ka_job_start(struct ka_job *job, struct nn_nursery *nursery, ka_instance_fn *fn,
		 const struct ka_instance_run *run, struct nn_err *err)
{
	struct told told = { .fn = fn, .run = *run, .facts = *run->facts };
	int fds[2], ret;

	if (told.facts.look_ns)
		ka_touch_find(&told.touch);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return nn_fail(err, errno, "cannot make a channel for a result");
	/* The instance writes blocking, the runner never waits for one alone. */
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0) {
		ret = nn_fail(err, errno, "fcntl(O_NONBLOCK)");
		goto out;
	}
	ret = nn_nursery_start(nursery, &job->box, &told, sizeof(told), fds[1], err);
	if (ret < 0)
		goto out;
	job->fd = fds[0];
	job->running = true;
	job->ready = job->asked = job->going = false;
	job->tries++;
	fds[0] = -1;
out:
	close(fds[1]);
	ka_close_fd(&fds[0]);
	return ret;
}

static int make_room(struct ka_job *job)
{
	if (job->used + CHUNK > MAX_TEXT)
		return -EMSGSIZE;
	return ka_grow(&job->text, &job->room, job->used + CHUNK / 2, 1);
}

/* These come first, and are no part of the result. */
static void take_letters(struct ka_job *job)
{
	while (job->used && (job->text[0] == 'R' || job->text[0] == 'D')) {
		if (job->text[0] == 'R')
			job->ready = true;
		else
			job->asked = true;
		memmove(job->text, job->text + 1, --job->used);
	}
}

void ka_job_go(struct ka_job *job)
{
	job->going = true;
	/* one that is dead by now needs no leave */
	(void)send(job->fd, "G", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int ka_job_read(struct ka_job *job)
{
	for (;;) {
		ssize_t got;
		int ret = make_room(job);

		if (ret < 0)
			return ret;
		got = read(job->fd, job->text + job->used, job->room - job->used);
		if (got < 0 && errno == EINTR)
			continue;
		/* reset: it died with an answer unread */
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			return 1;
		if (got < 0)
			return errno == EAGAIN ? 0 : -errno;
		job->used += (size_t)got;
		take_letters(job);
	}
}

static void say_how_it_ended(int status, char *why, size_t size)
{
	if (status < 0)
		snprintf(why, size, "its process was lost: %s", strerror(-status));
	else if (status > 128)
		snprintf(why, size, "its process was killed by signal %d (%s)", status - 128,
			 strsignal(status - 128));
	else if (status)
		snprintf(why, size, "its process ended with status %d", status);
	else
		snprintf(why, size, "its process ended without a result");
}

/* A result is an object that says what the verdict is. */
static json_t *parse(const struct ka_job *job, char *why, size_t size)
{
	json_t *json = json_loadb(job->text, job->used, 0, NULL);

	if (json_is_string(json_object_get(json, "verdict")))
		return json;
	json_decref(json);
	snprintf(why, size, "its process sent something that is no result (%zu bytes)", job->used);
	return NULL;
}

static void forget(struct ka_job *job)
{
	ka_close_fd(&job->fd);
	free(job->text);
	job->text = NULL;
	job->used = job->room = 0;
	job->running = false;
}

json_t *ka_job_finish(struct ka_job *job, char *why, size_t size)
{
	int ret = ka_job_read(job); /* what was written just before the end */
	int status = nn_sandbox_wait(&job->box);
	json_t *json = NULL;

	if (status || job->used == 0)
		say_how_it_ended(status, why, size);
	else if (ret < 0)
		snprintf(why, size, "its result cannot be read: %s", strerror(-ret));
	else
		json = parse(job, why, size);
	forget(job);
	return json;
}

int ka_job_remember(struct ka_job *job, const json_t *json)
{
	json_t *tries = job->history ? job->history : json_array();
	json_t *try = ka_result_try(json);

	job->history = tries;
	return json_array_append_new(tries, try) ? -ENOMEM : 0;
}

void ka_job_kill(struct ka_job *job)
{
	nn_sandbox_kill(&job->box);
	forget(job);
}
