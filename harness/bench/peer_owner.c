/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread of the application that is inside a call while a timer of its socket expires. Here it is a
 * child of the peer with the same socket: its setsockopt(SO_ATTACH_FILTER) holds the lock of the socket
 * (lock_sock()) and waits there for a page of memory, which is one of a file that the peer itself serves
 * (FUSE), and which comes when the engine says so. What then comes is no filter, so that the call fails
 * and leaves nothing behind; send() and recv() would hold the same lock, but move bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fuse.h>
#include <linux/mount.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/peer_self.h"
#include "model/util.h"
#include "netns/sandbox.h"

/* The kernel asks at once, and the call returns as soon as it has the page; on a busy host the child waits
 * for a CPU. */
#define DEADLINE_MS   4000
#define FILE_BYTES    4096
/* FUSE_MIN_READ_BUFFER: less is refused. */
#define REQUEST_BYTES 8192

/* ---- the file ------------------------------------------------------------------------------------ */

static int configure(int fs, unsigned command, const char *key, const char *value)
{
	return syscall(SYS_fsconfig, fs, command, key, value, 0) < 0 ? errno : 0;
}

/* A file system whose root is a file, mounted nowhere: it goes with its descriptor. */
static int mount_file(int fuse, int *file)
{
	int fs = (int)syscall(SYS_fsopen, "fuse", 1u /* FSOPEN_CLOEXEC */), err;
	char number[16];

	if (fs < 0)
		return errno;
	snprintf(number, sizeof(number), "%d", fuse);
	err = configure(fs, FSCONFIG_SET_STRING, "fd", number);
	if (!err)
		err = configure(fs, FSCONFIG_SET_STRING, "rootmode", "0100400");
	if (!err)
		err = configure(fs, FSCONFIG_SET_STRING, "user_id", "0");
	if (!err)
		err = configure(fs, FSCONFIG_SET_STRING, "group_id", "0");
	if (!err)
		err = configure(fs, FSCONFIG_CMD_CREATE, NULL, NULL);
	if (!err) {
		*file = (int)syscall(SYS_fsmount, fs, 1u /* FSMOUNT_CLOEXEC */,
				     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
		err = *file < 0 ? errno : 0;
	}
	close(fs);
	return err;
}

static int answer(int fuse, uint64_t unique, int error, const void *data, size_t n)
{
	struct fuse_out_header header = { .len = (uint32_t)(sizeof(header) + n),
					  .error = -error,
					  .unique = unique };
	struct iovec parts[] = { { &header, sizeof(header) }, { (void *)data, n } };

	return writev(fuse, parts, n ? 2 : 1) < 0 ? errno : 0;
}

static int answer_init(int fuse, uint64_t unique, const struct fuse_init_in *in)
{
	const struct fuse_init_out out = {
		.major = FUSE_KERNEL_VERSION,
		.minor = in->minor < FUSE_KERNEL_MINOR_VERSION ? in->minor
							       : FUSE_KERNEL_MINOR_VERSION,
		.max_write = FILE_BYTES,
	};

	return answer(fuse, unique, 0, &out, sizeof(out));
}

static int answer_attributes(int fuse, uint64_t unique)
{
	const struct fuse_attr_out out = {
		.attr_valid = UINT32_MAX,
		.attr = { .ino = FUSE_ROOT_ID,
			  .size = FILE_BYTES,
			  .mode = S_IFREG | S_IRUSR,
			  .nlink = 1,
			  .blksize = FILE_BYTES },
	};

	return answer(fuse, unique, 0, &out, sizeof(out));
}

/* Answers one request. The one for the page stays open: its number is kept. 0 or a positive errno. */
static int serve_one(struct ka_owner_self *owner)
{
	_Alignas(struct fuse_in_header) char request[REQUEST_BYTES];
	const struct fuse_in_header *in = (const struct fuse_in_header *)request;
	ssize_t n = read(owner->fuse, request, sizeof(request));
	const struct fuse_open_out opened = { .fh = 0 };

	if (n < (ssize_t)sizeof(*in))
		return n < 0 ? errno : EIO;
	switch (in->opcode) {
	case FUSE_INIT:
		return answer_init(owner->fuse, in->unique, (const struct fuse_init_in *)(in + 1));
	case FUSE_GETATTR:
		return answer_attributes(owner->fuse, in->unique);
	case FUSE_OPEN:
		return answer(owner->fuse, in->unique, 0, &opened, sizeof(opened));
	case FUSE_READ:
		owner->page = in->unique;
		return 0;
	default:
		return answer(owner->fuse, in->unique, ENOSYS, NULL, 0);
	}
}

/* ---- the call -------------------------------------------------------------------------------------- */

/* Its size is asked for (FUSE_GETATTR), or the page would lie behind the end of the file. */
static void *map_file(int file)
{
	char path[40];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return MAP_FAILED;
	return mmap(NULL, FILE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
}

/* The errno that the call gave. Nobody else serves the file: it is left at once when the peer is gone. */
static int call(const struct ka_peer_self *self, int file)
{
	struct sock_fprog program = { .len = 1 };
	void *page;

	close(self->owner.fuse);
	page = map_file(file);
	if (page == MAP_FAILED)
		return errno;
	program.filter = page;
	return setsockopt(self->conn, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0
		       ? errno
		       : 0;
}

/* Waits for the child; the errno of its call. */
static int join(struct ka_owner_self *owner)
{
	struct pollfd pfd = { .fd = owner->pidfd, .events = POLLIN };
	siginfo_t info = { .si_status = 0 };

	if (poll(&pfd, 1, DEADLINE_MS) < 1)
		kill(owner->pid, SIGKILL);
	waitid(P_PID, (id_t)owner->pid, &info, WEXITED);
	ka_close_fd(&owner->pidfd);
	owner->pid = 0;
	return info.si_code == CLD_EXITED ? info.si_status : EINTR;
}

/* Serves the file until the page is asked for: then the lock is held. */
static int wait_for_page(struct ka_owner_self *owner)
{
	while (!owner->page) {
		struct pollfd fds[] = { { .fd = owner->fuse, .events = POLLIN },
					{ .fd = owner->pidfd, .events = POLLIN } };
		int err = 0;

		if (poll(fds, 2, DEADLINE_MS) < 1)
			return ETIMEDOUT;
		if (fds[0].revents & POLLIN)
			err = serve_one(owner);
		else if (fds[1].revents)
			return join(owner) ?: EIO;
		if (err)
			return err;
	}
	return 0;
}

static int begin(struct ka_peer_self *self, int file)
{
	struct ka_owner_self *owner = &self->owner;

	owner->pid = nn_sandbox_fork(&owner->pidfd);
	if (owner->pid < 0)
		return errno;
	if (owner->pid)
		return wait_for_page(owner);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(call(self, file));
}

int ka_self_own(struct ka_peer_self *self)
{
	struct ka_owner_self *owner = &self->owner;
	int file = -1, err;

	owner->page = 0;
	owner->fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	err = owner->fuse < 0 ? errno : mount_file(owner->fuse, &file);
	if (!err)
		err = begin(self, file);
	ka_close_fd(&file);
	if (err)
		ka_self_release(self);
	return err;
}

int ka_self_release(struct ka_peer_self *self)
{
	static const char no_filter[FILE_BYTES];
	struct ka_owner_self *owner = &self->owner;
	int err = 0;

	if (owner->page)
		err = answer(owner->fuse, owner->page, 0, no_filter, sizeof(no_filter));
	owner->page = 0;
	ka_close_fd(&owner->fuse);
	if (owner->pid > 0 && join(owner) != EINVAL && !err)
		err = EPROTO;
	return err;
}
