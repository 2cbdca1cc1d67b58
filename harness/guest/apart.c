/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See apart.h. */
#include "guest/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* How it ended. Small enough for a pipe to carry it whole. */
struct outcome {
	int ret;
	struct nn_err err;
};

static int wait_for(pid_t pid, int pipe, const char *what, struct nn_err *err)
{
	struct outcome outcome = { .ret = 0 };
	ssize_t got;

	while ((got = read(pipe, &outcome, sizeof(outcome))) < 0 && errno == EINTR)
		;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (got != sizeof(outcome))
		return nn_fail(err, ECHILD, "%s: the process died", what);
	if (err)
		*err = outcome.err;
	return outcome.ret;
}

int ka_apart(int (*work)(void *arg, struct nn_err *err), void *arg, const char *what,
	     struct nn_err *err)
{
	struct outcome outcome = { .ret = 0 };
	int pipes[2], ret;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return nn_fail(err, errno, "%s: pipe", what);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		outcome.ret = work(arg, &outcome.err);
		_exit(write(pipes[1], &outcome, sizeof(outcome)) != sizeof(outcome));
	}
	ret = pid < 0 ? nn_fail(err, errno, "%s: fork", what) : 0;
	close(pipes[1]);
	if (ret == 0)
		ret = wait_for(pid, pipes[0], what, err);
	close(pipes[0]);
	return ret;
}
