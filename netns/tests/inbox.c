/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests that run inside a sandbox. */
#include "inbox.h"

#include <fcntl.h>

#include "netns/sandbox.h"

struct start {
	int (*body)(struct inbox *in);
	int fd;
};

int inbox_fail(struct inbox *in, const char *file, int line, const char *what, long long got)
{
	dprintf(in->fd, "%s:%d: %s (got %lld; last error: %s)\n", file, line, what, got,
		in->err.text[0] ? in->err.text : "none");
	return 1;
}

static int run_body(void *arg)
{
	const struct start *start = arg;
	struct inbox in = { .fd = start->fd };

	return start->body(&in);
}

static bool not_possible(int ret)
{
	return ret == -EPERM || ret == -ENOSPC || ret == -ENOSYS || ret == -EUSERS;
}

/* Reads what the sandbox reports until its last process has gone. */
static void read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t got;

	while (len < size - 1 && (got = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)got;
	buf[len] = '\0';
}

void inbox_run(int (*body)(struct inbox *in))
{
	struct nn_sandbox box = NN_SANDBOX_INIT;
	struct nn_err err = { "" };
	char text[2048] = "";
	int pipefd[2], ret, status = -1;
	struct start start = { .body = body };

	assert_int_equal(pipe2(pipefd, O_CLOEXEC), 0);
	start.fd = pipefd[1];
	ret = nn_sandbox_start(&box, run_body, &start, &err);
	close(pipefd[1]);
	if (!ret) {
		read_all(pipefd[0], text, sizeof(text));
		status = nn_sandbox_wait(&box);
	}
	close(pipefd[0]);
	if (not_possible(ret)) {
		print_message("skipped: %s\n", err.text);
		skip();
	}
	if (ret)
		fail_msg("no sandbox: %s", err.text);
	if (status)
		fail_msg("status %d\n%s", status, text);
}
