/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts a guest's processes, and makes sure that they end. */
#include "guest/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/util.h"
#include "netns/util.h"

/* Results that are written faster than they are read wait here; a full pipe would make the guest
 * wait, and its clock jump meanwhile. What an unprivileged process may ask for. */
#define RESULTS_PIPE (1 << 20)

/* A place for memory files that is nobody else's. */
#define MEMORY_FOLDER "/dev/shm"

#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 1
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* What the supervisor works with. */
struct supervisor {
	const struct ka_boot *boot;
	int lifeline, results, console; /* its ends of the pipes */
	bool sandboxed;
};

/* ---- without entropy ------------------------------------------------------------------------ */

/* User-mode Linux asks the host for random numbers. Two runs are the same only if it gets none; its
 * clock has none either. The guest's process 1 puts a constant in their place. */
static int forbid_entropy(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = KA_N(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 ? -errno : 0;
}

/* Tracing switches between two processes that never run side by side: on one CPU that is quicker by
 * a third, also on a busy host. The supervisor does it, so that the runner can see where it is. */
static void stay_on_one_cpu(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		cpu = sched_getcpu();
	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

/* ---- the kernel's process ----------------------------------------------------------------- */

/* A copy of @fd beyond the numbers that the kernel's files will get. */
static int dup_out_of_the_way(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, KA_BOOT_FILES);
}

static int place_files(const struct supervisor *supervisor, int *program)
{
	const int files[KA_BOOT_FILES] = {
		[STDIN_FILENO] = dup_out_of_the_way(open("/dev/null", O_RDWR | O_CLOEXEC)),
		[STDOUT_FILENO] = dup_out_of_the_way(supervisor->console),
		[STDERR_FILENO] = dup_out_of_the_way(supervisor->console),
		[KA_BOOT_RESULTS] = dup_out_of_the_way(supervisor->results),
		[KA_BOOT_INITRAMFS] = dup_out_of_the_way(supervisor->boot->initramfs),
		[KA_BOOT_KERNEL] = dup_out_of_the_way(supervisor->boot->kernel),
	};

	*program = dup_out_of_the_way(supervisor->boot->program);
	for (int fd = 0; fd < KA_BOOT_KERNEL + (supervisor->boot->kernel > 0); fd++)
		if (dup2(files[fd], fd) < 0)
			return -errno;
	return *program < 0 ? -EMFILE : 0;
}

/* A User-mode Linux executes what is in its memory's file; a container's /dev/shm is often noexec. */
static bool can_hold_memory(const char *folder)
{
	struct statvfs fs;

	return access(folder, W_OK) == 0 && statvfs(folder, &fs) == 0 && !(fs.f_flag & ST_NOEXEC);
}

static const char *memory_folder(bool sandboxed)
{
	const char *own = sandboxed ? NULL : getenv("TMPDIR");
	const char *const folders[] = { own ? own : MEMORY_FOLDER, MEMORY_FOLDER, "/tmp" };

	for (size_t i = 0; i < KA_N(folders); i++)
		if (can_hold_memory(folders[i]))
			return folders[i];
	return NULL;
}

/* Does not return. What goes wrong is told where the kernel would speak. */
static void become_kernel(const struct supervisor *supervisor) __attribute__((noreturn));
static void become_kernel(const struct supervisor *supervisor)
{
	char *environment[] = { NULL, NULL, NULL };
	const char *memory = memory_folder(supervisor->sandboxed);
	char path[600], folder[600];
	int program;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(path, sizeof(path), "PATH=%.500s", getenv("PATH") ? getenv("PATH") : "/usr/bin");
	snprintf(folder, sizeof(folder), "TMPDIR=%.500s", memory ? memory : "");
	environment[0] = path;
	if (supervisor->boot->memory_in_file && memory)
		environment[1] = folder;
	if (supervisor->boot->without_entropy)
		(void)forbid_entropy(); /* a host without seccomp loses only reproducibility */
	if (place_files(supervisor, &program) == 0)
		fexecve(program, (char *const *)supervisor->boot->argv, environment);
	dprintf(2, "cannot execute %s: error %d\n", supervisor->boot->argv[0], errno);
	_exit(127);
}

/* ---- the supervisor --------------------------------------------------------------------------- */

/* Kills the supervisor's children. False: /proc does not list them, or is that of another pid
 * namespace, whose numbers mean other processes. */
static bool kill_children(void)
{
	char path[64], line[4096], *at, *end;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[got > 0 ? got : 0] = '\0';
	for (at = line; *at; at = end) {
		long pid = strtol(at, &end, 10);

		if (end == at)
			break;
		kill((pid_t)pid, SIGKILL);
		end += *end == ' ';
	}
	return true;
}

/* Waits for the end of the kernel's process, or of the lifeline. Returns its wait status. */
static int wait_for_kernel(pid_t pid, int lifeline)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), status = 0;
	struct pollfd fds[] = { { .fd = lifeline, .events = 0 },
				{ .fd = pidfd, .events = POLLIN } };

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	if (!(fds[1].revents & POLLIN))
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Ends what the kernel's process has left; it belongs to the supervisor by now. The exit of a
 * sandbox's process 1 does the same, and needs no /proc for it. */
static void end_orphans(const struct supervisor *supervisor)
{
	while (!supervisor->sandboxed && kill_children() && waitpid(-1, NULL, 0) > 0)
		;
}

/* In a mount namespace of one's own, this hides the host's folder, which may be small, noexec, or
 * full of other things. */
static void mount_memory(void)
{
	(void)mount("kacheck", MEMORY_FOLDER, "tmpfs", MS_NOSUID | MS_NODEV, "size=100%");
}

/* From here on, no file of the host can be written, renamed, removed or given other rights by this
 * process and its children, not even by root; what is mounted later, can. */
static int forbid_writing(void)
{
	/* struct mount_attr, which not every libc has: set, clear, propagation, user namespace */
	const uint64_t attributes[4] = { MOUNT_ATTR_RDONLY };

	return (int)syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, attributes,
			    sizeof(attributes));
}

/* Closes all other files, first of all the near end of this and every other lifeline. */
static void close_others(const struct supervisor *supervisor)
{
	const int kept[] = { supervisor->lifeline,        supervisor->results,
			     supervisor->console,         supervisor->boot->program,
			     supervisor->boot->initramfs, supervisor->boot->kernel };
	int from = 3;

	for (;;) {
		int next = INT_MAX;

		for (size_t i = 0; i < KA_N(kept); i++)
			if (kept[i] >= from && kept[i] < next)
				next = kept[i];
		if (next > from)
			nn_close_range((unsigned)from,
				       next == INT_MAX ? UINT_MAX : (unsigned)next - 1);
		if (next == INT_MAX)
			return;
		from = next + 1;
	}
}

/* The supervisor's life; its exit status is that of the kernel's process. */
static int supervisor_main(void *arg)
{
	struct supervisor *supervisor = arg;
	int status;
	pid_t pid;

	(void)setpgid(0, 0); /* Ctrl-C is for the runner, who lets go of the lifeline */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	close_others(supervisor);
	if (supervisor->boot->host_files && forbid_writing() < 0) {
		dprintf(supervisor->console,
			"cannot make the host's files read-only for the guest: %s\n",
			strerror(errno));
		return 125;
	}
	if (supervisor->boot->on_one_cpu)
		stay_on_one_cpu(supervisor->boot->cpu);
	if (supervisor->sandboxed && supervisor->boot->memory_in_file)
		mount_memory();
	pid = fork();
	if (pid == 0)
		become_kernel(supervisor);
	close(supervisor->results);
	close(supervisor->console);
	if (pid < 0)
		return 126;
	status = wait_for_kernel(pid, supervisor->lifeline);
	end_orphans(supervisor);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- the runner --------------------------------------------------------------------------- */

/* Where namespaces are not allowed: a child, with the signals of any new program. */
static int fork_supervisor(struct supervisor *supervisor, struct nn_sandbox *box,
			   struct nn_err *err)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid < 0)
		return nn_fail(err, errno, "cannot start a guest: fork");
	if (pid == 0) {
		for (int sig = 1; sig < NSIG; sig++)
			(void)signal(sig, SIG_DFL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		_exit(supervisor_main(supervisor));
	}
	*box = (struct nn_sandbox){ .pid = pid, .pidfd = (int)syscall(SYS_pidfd_open, pid, 0) };
	return 0;
}

/* A guest that reads the host's files needs mounts of its own, which are made read-only. */
static int start_in_sandbox(struct supervisor *supervisor, struct nn_sandbox *box,
			    struct nn_err *err)
{
	int ret;

	supervisor->sandboxed = true;
	if (syscall(SYS_mount_setattr, -1, "", 0, NULL, 0) < 0 && errno == ENOSYS) {
		nn_refuse(err, "a guest that reads the host's files needs mount_setattr() (Linux "
			       "5.12), so that it cannot write them");
		return -ENOSYS;
	}
	ret = nn_sandbox_start(box, supervisor_main, supervisor, err);
	return ret < 0 ? nn_prefix(err, ret, "a guest that reads the host's files") : 0;
}

static int start_supervisor(struct supervisor *supervisor, struct nn_sandbox *box,
			    struct nn_err *err)
{
	struct nn_err why = { "" };

	if (supervisor->boot->host_files)
		return start_in_sandbox(supervisor, box, err);
	supervisor->sandboxed = true;
	if (nn_sandbox_start(box, supervisor_main, supervisor, &why) == 0)
		return 0;
	supervisor->sandboxed = false;
	return fork_supervisor(supervisor, box, err);
}

static int make_pipe(int fds[2], int size)
{
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if (size)
		(void)fcntl(fds[1], F_SETPIPE_SZ, size); /* or what the host allows */
	return fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

int ka_boot(struct ka_booted *booted, const struct ka_boot *boot, struct nn_err *err)
{
	enum { LIFELINE, RESULTS, CONSOLE, PIPES };
	int pipes[PIPES][2] = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct supervisor supervisor = { .boot = boot };
	int ret = 0;

	for (int i = 0; ret == 0 && i < PIPES; i++)
		ret = make_pipe(pipes[i], i == RESULTS ? RESULTS_PIPE : 0);
	*booted = (struct ka_booted){ .supervisor = NN_SANDBOX_INIT,
				      .lifeline = pipes[LIFELINE][1],
				      .results = pipes[RESULTS][0],
				      .console = pipes[CONSOLE][0] };
	supervisor.lifeline = pipes[LIFELINE][0];
	supervisor.results = pipes[RESULTS][1];
	supervisor.console = pipes[CONSOLE][1];
	if (ret < 0)
		ret = nn_fail(err, -ret, "cannot start a guest: pipe");
	else
		ret = start_supervisor(&supervisor, &booted->supervisor, err);
	close(boot->program);
	ka_close_fd(&supervisor.lifeline);
	ka_close_fd(&supervisor.results);
	ka_close_fd(&supervisor.console);
	if (ret < 0)
		ka_booted_stop(booted);
	return ret;
}

int ka_booted_stop(struct ka_booted *booted)
{
	int status = 0;

	ka_close_fd(&booted->lifeline);
	if (booted->supervisor.pid > 0)
		status = nn_sandbox_wait(&booted->supervisor);
	ka_close_fd(&booted->results);
	ka_close_fd(&booted->console);
	return status;
}
