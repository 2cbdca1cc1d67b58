/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The nursery: its sandboxes are its parent's children, are told what they need, and outlive it. */
#include <fcntl.h>
#include <signal.h>

#include "netns/nursery.h"
#include "netns/util.h"
#include "unit.h"

static char memory[16] = "old";

static int count_files(void)
{
	int n = 0;

	for (int fd = 3; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Writes what it was told, and what it sees of the parent's memory. Its status: other open files. */
static int tell(const void *told, int fd)
{
	if (write(fd, told, 4) != 4 || write(fd, memory, 4) != 4)
		return 99;
	return count_files() - 1;
}

/* What the parent keeps for all of them: @told is its number. */
static int write_also(const void *told, int fd)
{
	int also;

	memcpy(&also, told, sizeof(also));
	if (write(also, "also", 4) != 4)
		return 99;
	return count_files() - 1 - (also != fd);
}

static int wait_for_ever(const void *told, int fd)
{
	(void)told;
	(void)fd;
	while (pause())
		;
	return 0;
}

static void open_nursery(struct nn_nursery *nursery, nn_nursery_entry *entry)
{
	struct nn_err err = { "" };

	if (nn_nursery_open(nursery, entry, -1, &err))
		fail_msg("%s", err.text);
}

/* Skips the test where there are no sandboxes. */
static void start(struct nn_nursery *nursery, struct nn_sandbox *box, int fd)
{
	struct nn_err err = { "" };
	int ret = nn_nursery_start(nursery, box, "abc", 4, fd, &err);

	if (!ret)
		return;
	nn_nursery_close(nursery);
	print_message("skipped: %s\n", err.text);
	skip();
}

TEST(sandboxes_are_told_and_are_ones_own_children)
{
	struct nn_nursery nursery = NN_NURSERY_INIT;
	struct nn_sandbox boxes[2] = { NN_SANDBOX_INIT, NN_SANDBOX_INIT };
	char text[16] = "";
	int pipe_fds[2];

	assert_int_equal(pipe(pipe_fds), 0);
	open_nursery(&nursery, tell);
	memcpy(memory, "new", 4);
	for (size_t i = 0; i < NN_N(boxes); i++) {
		start(&nursery, &boxes[i], pipe_fds[1]);
		assert_true(boxes[i].pidfd >= 0);
		assert_int_equal(nn_sandbox_wait(&boxes[i]), 0);
		assert_int_equal(read(pipe_fds[0], text, sizeof(text)), 8);
		assert_memory_equal(text, "abc\0old", 8);
	}
	nn_nursery_close(&nursery);
	nn_nursery_close(&nursery);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

TEST(sandboxes_have_its_own_file_too)
{
	struct nn_nursery nursery = NN_NURSERY_INIT;
	struct nn_sandbox box = NN_SANDBOX_INIT;
	struct nn_err err = { "" };
	char text[16] = "";
	int also[2], other[2], ret;

	assert_int_equal(pipe(other), 0);
	assert_int_equal(pipe(also), 0);
	assert_int_equal(nn_nursery_open(&nursery, write_also, also[1], &err), 0);
	ret = nn_nursery_start(&nursery, &box, &also[1], sizeof(int), other[1], &err);
	if (!ret) {
		assert_int_equal(nn_sandbox_wait(&box), 0);
		assert_int_equal(read(also[0], text, sizeof(text)), 4);
		assert_string_equal(text, "also");
	}
	nn_nursery_close(&nursery);
	for (int i = 0; i < 2; i++) {
		close(also[i]);
		close(other[i]);
	}
	if (ret)
		skip();
}

TEST(sandboxes_outlive_it)
{
	struct nn_nursery nursery = NN_NURSERY_INIT;
	struct nn_sandbox box = NN_SANDBOX_INIT;

	open_nursery(&nursery, wait_for_ever);
	start(&nursery, &box, STDOUT_FILENO);
	nn_nursery_close(&nursery);
	assert_int_equal(kill(box.pid, 0), 0);
	nn_sandbox_kill(&box);
	assert_int_equal(box.pid, -1);
}

TEST(one_that_is_gone_is_told)
{
	struct nn_nursery nursery = NN_NURSERY_INIT;
	struct nn_sandbox box = NN_SANDBOX_INIT;
	struct nn_err err = { "" };
	char much[NN_NURSERY_TOLD + 1] = "";

	open_nursery(&nursery, tell);
	assert_int_equal(nn_nursery_start(&nursery, &box, much, sizeof(much), STDOUT_FILENO, &err),
			 -EMSGSIZE);
	assert_int_equal(kill(nursery.pid, SIGKILL), 0);
	assert_true(nn_nursery_start(&nursery, &box, "", 1, STDOUT_FILENO, &err) < 0);
	assert_non_null(strstr(err.text, "starts sandboxes is gone"));
	assert_int_equal(box.pid, -1);
	nn_nursery_close(&nursery);
}
