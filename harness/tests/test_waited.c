/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process sees how long it waited for a CPU: two that want the same one share its time. */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/waited.h"
#include "model/util.h"
#include "netns/tests/unit.h"

#define MS INT64_C(1000000)

static void work_for(int64_t ns)
{
	for (int64_t end_ns = ka_now_ns() + ns; ka_now_ns() < end_ns;)
		;
}

static pid_t rival(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		work_for(2000 * MS);
		_exit(0);
	}
	return pid;
}

TEST(what_a_rival_takes_is_seen)
{
	int fd = ka_waited_open(), cpu = sched_getcpu();
	int64_t before = ka_waited_ns(fd), after;
	cpu_set_t old, one;
	pid_t pid;

	if (!before)
		skip();
	assert_true(ka_waited_since(fd, before) > 0);
	sched_getaffinity(0, sizeof(old), &old);
	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0 : (size_t)cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	pid = rival();
	before = ka_waited_ns(fd);
	work_for(100 * MS);
	after = ka_waited_since(fd, before);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	sched_setaffinity(0, sizeof(old), &old);
	close(fd);
	assert_true(after > 5 * MS);
}

TEST(a_kernel_that_does_not_count)
{
	assert_int_equal(ka_waited_ns(-1), 0);
	assert_int_equal(ka_waited_since(-1, 5), 0);
	assert_int_equal(ka_waited_since(-1, 0), 0);
}
