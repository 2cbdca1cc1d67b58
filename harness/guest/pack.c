/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process of its own writes the initramfs: the libraries that it takes for that never get into the
 * one that goes on to fork instances, or to pack for another guest.
 */
#include "guest/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/initramfs.h"
#include "guest/machine.h"

/* How the packer ended. Small enough for a pipe to carry it whole. */
struct outcome {
	int ret;
	struct nn_err err;
};

/* ---- in the packer ------------------------------------------------------------------------ */

static int add_job(struct ka_initramfs *initramfs, const struct ka_guest_job *job,
		   struct nn_err *err)
{
	char *text = ka_guest_job_text(job);
	int ret;

	if (!text)
		return nn_fail(err, ENOMEM, "cannot write the job of a guest");
	ret = ka_initramfs_add(initramfs, KA_GUEST_JOB_PATH, text, strlen(text), err);
	free(text);
	return ret;
}

static int write_initramfs(const struct ka_guest_kernel *kernel, const struct ka_guest_job *job,
			   int fd, struct nn_err *err)
{
	struct ka_initramfs *initramfs;
	int ret = ka_initramfs_new(&initramfs, fd, err);

	if (ret < 0)
		return ret;
	ret = add_job(initramfs, job, err);
	if (ret == 0 && kernel->machine->has_modules)
		ret = ka_modules_add(kernel, initramfs, err);
	if (ret == 0)
		ret = ka_initramfs_finish(initramfs, err);
	ka_initramfs_free(initramfs);
	return ret;
}

/* ---- around it ---------------------------------------------------------------------------- */

static int wait_for(pid_t pid, int pipe, struct nn_err *err)
{
	struct outcome outcome = { .ret = 0 };
	ssize_t got;

	while ((got = read(pipe, &outcome, sizeof(outcome))) < 0 && errno == EINTR)
		;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (got != sizeof(outcome))
		return nn_fail(err, ECHILD, "the process that writes the initramfs died");
	if (err)
		*err = outcome.err;
	return outcome.ret;
}

static int pack_apart(const struct ka_guest_kernel *kernel, const struct ka_guest_job *job, int fd,
		      struct nn_err *err)
{
	struct outcome outcome = { .ret = 0 };
	int pipes[2], ret;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return nn_fail(err, errno, "initramfs: pipe");
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		outcome.ret = write_initramfs(kernel, job, fd, &outcome.err);
		_exit(write(pipes[1], &outcome, sizeof(outcome)) != sizeof(outcome));
	}
	ret = pid < 0 ? nn_fail(err, errno, "initramfs: fork") : 0;
	close(pipes[1]);
	if (ret == 0)
		ret = wait_for(pid, pipes[0], err);
	close(pipes[0]);
	return ret;
}

int ka_pack(const struct ka_guest_kernel *kernel, const struct ka_guest_job *job,
	    struct nn_err *err)
{
	int fd = memfd_create("kacheck-initramfs", MFD_CLOEXEC), ret;

	if (fd < 0)
		return nn_fail(err, errno, "initramfs");
	ret = pack_apart(kernel, job, fd, err);
	if (ret == 0)
		return fd;
	close(fd);
	return ret;
}
