/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances that misbehave; see misbehave.h. */
#include "tests/misbehave.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct ka_shared *shared;

struct ka_shared *ka_misbehave_shared(void)
{
	void *memory = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	shared = memory == MAP_FAILED ? NULL : memory;
	return shared;
}

static void raise_most(_Atomic unsigned *most, unsigned now)
{
	unsigned old = atomic_load(most);

	while (now > old && !atomic_compare_exchange_weak(most, &old, now))
		;
}

static int say(const struct ka_instance_run *run, const char *verdict, const char *why)
{
	char line[200];

	snprintf(line, sizeof(line), "{\"verdict\": \"%s\", \"why\": \"%s\"}", verdict, why);
	return ka_instance_send(run, line);
}

/* Words do not count, the class does. */
static int say_class(const struct ka_instance_run *run, const char *class_)
{
	char line[300];

	snprintf(line, sizeof(line),
		 "{\"verdict\": \"broken\", \"why\": \"host stalled 300 ms\", "
		 "\"findings\": [{\"class\": \"experiment\"}, {\"class\": \"%s\", "
		 "\"code\": \"stalled\", \"text\": \"it did\"}]}",
		 class_);
	return ka_instance_send(run, line);
}

static int say_much(const struct ka_instance_run *run)
{
	char *line = malloc(KA_MUCH + 100);
	size_t room = KA_MUCH + 100;
	int used, ret;

	if (!line)
		return EXIT_FAILURE;
	used = snprintf(line, room, "{\"verdict\": \"pass\", \"why\": \"");
	memset(line + used, 'x', KA_MUCH);
	snprintf(line + used + KA_MUCH, room - (size_t)used - KA_MUCH, "\"}");
	ret = ka_instance_send(run, line);
	free(line);
	return ret;
}

static void hang(void)
{
	for (;;)
		pause();
}

static void work(void)
{
	raise_most(&shared->most_working, atomic_fetch_add(&shared->working, 1) + 1);
	poll(NULL, 0, 20);
	atomic_fetch_sub(&shared->working, 1);
}

static int linger(const struct ka_instance_run *run)
{
	int ret;

	raise_most(&shared->most_running, atomic_fetch_add(&shared->running, 1) + 1);
	raise_most(&shared->most_setting_up, atomic_fetch_add(&shared->setting_up, 1) + 1);
	work();
	atomic_fetch_sub(&shared->setting_up, 1);
	ka_instance_ready(run);
	poll(NULL, 0, 60);
	ka_instance_done(run);
	work();
	ret = say(run, "pass", "");
	atomic_fetch_sub(&shared->running, 1);
	return ret;
}

static int misbehave(const struct ka_instance_run *run)
{
	switch ((enum ka_behaviour)run->instance->seed) {
	case PASSES:
		ka_instance_ready(run);
		return say(run, "pass", "");
	case PASSES_WITHOUT_READY:
		return say(run, "pass", "");
	case HANGS_WITH_CHILD:
		(void)!fork();
		hang();
		break;
	case HANGS:
		hang();
		break;
	case CRASHES:
		__builtin_trap();
	case EXITS_7:
		return 7;
	case SAYS_GARBAGE:
		return ka_instance_send(run, "Segmentation fault {\"verdict\": 1}");
	case SAYS_HALF:
		return ka_instance_send(run, "{\"verdict\": \"pass\", ");
	case SAYS_MUCH:
		return say_much(run);
	case PASSES_AND_EXITS_1:
		return say(run, "pass", "") < 0 ? 2 : 1;
	case STALLS_UNTIL_LAST_TRY:
		return run->last_try ? say(run, "pass", "") : say_class(run, "host");
	case STALLS_ALWAYS:
		return say_class(run, "host");
	case BREAKS:
		return say_class(run, "experiment"); /* whatever the words say */
	case LINGERS:
		return linger(run);
	case SAYS_NOTHING:
		break;
	}
	return 0;
}

int ka_misbehave(const struct ka_instance_run *run)
{
	unsigned index = run->instance->repetition;

	shared->order[atomic_fetch_add(&shared->starts, 1) % KA_MOST] = index + 1;
	atomic_fetch_add(&shared->tries[index], 1);
	return misbehave(run);
}
