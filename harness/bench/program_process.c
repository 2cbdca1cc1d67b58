/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes of a program: started in the prober's network and in a root of their own, and reaped. The
 * engine is process 1: whatever loses its parent becomes its child, and all of them end with it.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/program.h"
#include "model/util.h"
#include "netns/util.h"

#define SAID_MAX 100

/* What a child could not do before it was the program. */
struct trouble {
	int code;
	char doing[60];
};

/* ---- in the child ----------------------------------------------------------------------------- */

struct start {
	const struct ka_bench_program *p;
	struct nn_ns *ns;
	const char *const *argv;
	bool as_user; /* else as root, or the caller */
	int out, report;
};

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0) {
		/* whoever is nobody then will say so */
	}
	close(fd);
}

/* A sandbox without privilege knows one user, who is root there. Programs refuse to be root, or want to
 * become somebody else: in a user namespace below they are who called. */
static int become_caller(const struct ka_program_root *root)
{
	char line[64];

	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	snprintf(line, sizeof(line), "%u 0 1", root->uid);
	put("/proc/self/uid_map", line);
	put("/proc/self/setgroups", "deny");
	snprintf(line, sizeof(line), "%u 0 1", root->gid);
	put("/proc/self/gid_map", line);
	return getuid() == root->uid ? 0 : -EPERM;
}

/* What a program may do as root concerns its own files, processes and network, never the host. */
static void drop_capabilities(void)
{
	static const int kept[] = { CAP_CHOWN,      CAP_DAC_OVERRIDE,     CAP_FSETID,
				    CAP_FOWNER,     CAP_NET_RAW,          CAP_SETGID,
				    CAP_SETUID,     CAP_SETFCAP,          CAP_SETPCAP,
				    CAP_SYS_CHROOT, CAP_NET_BIND_SERVICE, CAP_KILL,
				    CAP_IPC_LOCK,   CAP_SYS_NICE,         CAP_SYS_RESOURCE,
				    CAP_AUDIT_WRITE };

	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		bool keep = false;

		for (size_t i = 0; i < KA_N(kept); i++)
			keep |= kept[i] == cap;
		if (!keep)
			(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	}
}

static int become_user(const struct start *start)
{
	const struct ka_program_root *root = &start->p->root;

	if (!root->all_ids)
		return become_caller(root);
	drop_capabilities();
	if (!start->as_user || !root->other_user)
		return 0;
	if (setgroups((size_t)root->n_groups, root->groups) < 0 || setgid(root->gid) < 0 ||
	    setuid(root->uid) < 0)
		return -errno;
	return 0;
}

/* Servers are in sbin, which a user's PATH has not. */
static void set_path(void)
{
	static const char all[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const char *had = getenv("PATH");
	char path[4096];

	snprintf(path, sizeof(path), "%s%s%s", had ? had : "", had ? ":" : "", all);
	setenv("PATH", path, 1);
}

static void set_environment(const struct start *start)
{
	const struct ka_program *program = start->p->program;

	set_path();
	setenv("HOME", start->as_user ? start->p->root.home : "/root", 1);
	unsetenv("NOTIFY_SOCKET");
	for (size_t i = 0; program->env[i]; i++)
		putenv((char *)(uintptr_t)program->env[i]);
}

static int take_streams(int out)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		return -errno;
	if (null > 2)
		close(null);
	return 0;
}

/* The report's own end is closed by the exec. */
static void close_all_but(int report)
{
	if (report > 3)
		nn_close_range(3, (unsigned)report - 1);
	nn_close_range((unsigned)report + 1, ~0u);
}

/* Sets *@doing to what is tried. */
static int become_program(const struct start *start, const char **doing)
{
	const char *cwd = start->p->program->cwd ? start->p->program->cwd : KA_PROGRAM_DIR;
	sigset_t none;
	int ret;

	*doing = "enter its network";
	if (nn_ns_enter(start->ns, NULL) < 0)
		return -errno;
	*doing = "enter its root file system";
	ret = ka_program_root_enter(&start->p->root);
	if (ret)
		return ret;
	*doing = "take its standard streams";
	ret = take_streams(start->out);
	if (ret)
		return ret;
	*doing = "become its user";
	ret = become_user(start);
	if (ret)
		return ret;
	*doing = cwd;
	if (chdir(cwd) < 0)
		return -errno;
	set_environment(start);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	*doing = start->argv[0];
	close_all_but(start->report);
	execvp(start->argv[0], (char *const *)(uintptr_t)start->argv);
	return -errno;
}

static _Noreturn void live(const struct start *start)
{
	struct trouble trouble = { 0 };
	const char *doing = "";

	trouble.code = -become_program(start, &doing);
	snprintf(trouble.doing, sizeof(trouble.doing), "%s", doing);
	if (write(start->report, &trouble, sizeof(trouble)) < 0)
		_exit(126);
	_exit(127);
}

/* ---- in the engine ---------------------------------------------------------------------------- */

/* A file that is there, but cannot be run, lacks what runs it. */
static const char *hint_at(const char *command, int code)
{
	bool is_path = strchr(command, '/');

	if (code == ENOENT && is_path)
		return " (or what it is run by: the file behind its #!, the loader of its "
		       "libraries)";
	if (code == ENOENT)
		return " in PATH (is its package installed?)";
	if (code == EACCES && is_path)
		return " (is it executable, for its user, and on a file system without noexec?)";
	if (code == EACCES)
		return " (it, or a folder of PATH, is not for its user)";
	return "";
}

static int explain(struct ka_engine *e, const char *command, const struct trouble *trouble)
{
	if (strcmp(trouble->doing, command) != 0)
		return nn_refuse(&e->err, "cannot start %s: %s: %s", command, trouble->doing,
				 strerror(trouble->code));
	return nn_refuse(&e->err, "cannot run %s: %s%s", command, strerror(trouble->code),
			 hint_at(command, trouble->code));
}

static struct ka_program_child *new_child(struct ka_engine *e, const char *name)
{
	struct ka_bench_program *p = e->program;
	struct ka_program_child *child = &p->children[p->n_children];

	*child = (struct ka_program_child){ .out = -1 };
	snprintf(child->name, sizeof(child->name), "%s", name);
	return child;
}

static void record(struct ka_engine *e, const struct ka_program_child *child,
		   enum ka_process_act act, pid_t pid, int status, const char *text)
{
	struct ka_event event = { .at = e->prober, .what = KA_EV_PROCESS };

	event.process.act = act;
	event.process.pid = (int)pid;
	event.process.status = status;
	snprintf(event.process.name, sizeof(event.process.name), "%s",
		 child ? child->name : "a child of it");
	snprintf(event.process.text, sizeof(event.process.text), "%s", text);
	ka_engine_event(e, event);
}

static int watch_output(struct ka_engine *e, const struct ka_program_child *child)
{
	struct ka_bench_program *p = e->program;
	struct epoll_event event = { .events = EPOLLIN,
				     .data.u64 = KA_WAKE_OUTPUT | (uint64_t)(child - p->children)
									  << 8 };

	if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, child->out, &event) < 0)
		return nn_fail(&e->err, errno, "epoll");
	return 0;
}

/* Both pipes are ours: the child has the other ends. The report ends when the program runs. */
static int begin(struct ka_engine *e, struct ka_program_child *child, const struct start *start,
		 int report)
{
	struct trouble trouble = { 0 };
	ssize_t got;

	do
		got = read(report, &trouble, sizeof(trouble));
	while (got < 0 && errno == EINTR);
	if (got == (ssize_t)sizeof(trouble)) {
		waitpid(child->pid, NULL, 0);
		ka_close_fd(&child->out);
		return explain(e, start->argv[0], &trouble);
	}
	e->program->n_children++;
	record(e, child, KA_PROC_STARTED, child->pid, 0, start->argv[0]);
	return watch_output(e, child);
}

static int launch(struct ka_engine *e, struct ka_program_child *child, struct start *start)
{
	int out[2], report[2], ret;

	if (pipe2(out, O_CLOEXEC) < 0)
		return nn_fail(&e->err, errno, "pipe");
	if (pipe2(report, O_CLOEXEC) < 0) {
		ret = nn_fail(&e->err, errno, "pipe");
		close(out[0]);
		close(out[1]);
		return ret;
	}
	start->p = e->program;
	start->ns = e->net.ns[ka_engine_node(e, KA_PROBER)];
	start->out = out[1];
	start->report = report[1];
	child->pid = fork();
	if (child->pid == 0)
		live(start);
	ret = child->pid < 0 ? nn_fail(&e->err, errno, "cannot fork") : 0;
	close(out[1]);
	close(report[1]);
	child->out = out[0];
	fcntl(child->out, F_SETFL, O_NONBLOCK);
	if (!ret)
		ret = begin(e, child, start, report[0]);
	else
		ka_close_fd(&child->out);
	close(report[0]);
	return ret;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int ka_process_start_main(struct ka_engine *e)
{
	const struct ka_program *program = e->program->program;
	struct start start = { .argv = program->command, .as_user = true };

	e->program->main = e->program->n_children;
	return launch(e, new_child(e, base_name(program->command[0])), &start);
}

int ka_process_start_shell(struct ka_engine *e, const char *name, const char *line)
{
	const char *const argv[] = { "/bin/sh", "-c", line, NULL };
	struct start start = { .argv = argv };

	return launch(e, new_child(e, name), &start);
}

/* ---- what they say ---------------------------------------------------------------------------- */

static void take_line(struct ka_engine *e, struct ka_program_child *child)
{
	struct ka_bench_program *p = e->program;

	while (child->used && isspace((unsigned char)child->line[child->used - 1]))
		child->used--;
	child->line[child->used] = '\0';
	if (!child->used)
		return;
	memcpy(p->last, child->line, child->used + 1);
	if (p->said++ < SAID_MAX)
		record(e, child, KA_PROC_SAYS, child->pid, 0, child->line);
	child->used = 0;
}

static void take_output(struct ka_engine *e, struct ka_program_child *child, const char *text,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n')
			take_line(e, child);
		else if (child->used < sizeof(child->line) - 1)
			child->line[child->used++] = text[i] ? text[i] : '?';
	}
}

/* One reading each time: whoever prints for ever keeps nobody else waiting. */
void ka_process_hear(struct ka_engine *e, size_t i)
{
	struct ka_program_child *child = &e->program->children[i];
	char text[1 << 16];
	ssize_t n;

	if (child->out < 0)
		return;
	n = read(child->out, text, sizeof(text));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		take_output(e, child, text, (size_t)n);
		return;
	}
	take_line(e, child);
	ka_close_fd(&child->out);
}

/* ---- their end -------------------------------------------------------------------------------- */

static struct ka_program_child *child_of(struct ka_engine *e, pid_t pid)
{
	for (size_t i = 0; i < e->program->n_children; i++)
		if (e->program->children[i].pid == pid)
			return &e->program->children[i];
	return NULL;
}

static void take_end(struct ka_engine *e, const siginfo_t *info)
{
	struct ka_program_child *child = child_of(e, info->si_pid);
	bool killed = info->si_code != CLD_EXITED;

	if (child) {
		/* what it said before it went */
		ka_process_hear(e, (size_t)(child - e->program->children));
		child->status = info->si_status;
		child->killed = killed;
		child->pid = 0;
	}
	record(e, child, killed ? KA_PROC_KILLED : KA_PROC_EXITED, info->si_pid, info->si_status,
	       "");
}

/* A peer of our own is reaped by who kills it; one that died by itself ends the instance anyway. */
static bool is_peer(const struct ka_engine *e, pid_t pid)
{
	return pid == e->ends[0].peer.pid || pid == e->ends[1].peer.pid;
}

unsigned ka_process_reap(struct ka_engine *e)
{
	unsigned n = 0;

	for (;; n++) {
		siginfo_t info = { .si_pid = 0 };

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid ||
		    is_peer(e, info.si_pid))
			return n;
		if (waitid(P_PID, (id_t)info.si_pid, &info, WEXITED) == 0)
			take_end(e, &info);
	}
}

/* PF_EXITING in the flags of /proc/PID/stat, the seventh field behind the name in parentheses. */
#define EXITING 0x4ul

bool ka_process_is_exiting(const struct ka_engine *e)
{
	pid_t pid = e->program->n_children ? e->program->children[e->program->main].pid : 0;
	unsigned long flags = 0;
	char path[40], text[512], *at;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	ka_close_fd(&fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	at = strrchr(text, ')');
	return at && sscanf(at, ") %*c %*d %*d %*d %*d %*d %lu", &flags) == 1 && flags & EXITING;
}

bool ka_process_is_of_program(const struct ka_engine *e, pid_t pid)
{
	return pid > 1 && !is_peer(e, pid);
}

bool ka_process_is_any(const struct ka_engine *e)
{
	const struct dirent *entry;
	bool any = false;
	DIR *dir = opendir("/proc");

	while (dir && !any && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		any = ka_process_is_of_program(e, pid);
	}
	if (dir)
		closedir(dir);
	return any;
}

/* As process 1 that is: all processes of the sandbox. */
void ka_process_end_all(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;

	if (getpid() == 1) {
		kill(-1, SIGKILL);
		while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
			;
		e->ends[0].peer.pid = e->ends[1].peer.pid = -1;
	}
	for (size_t i = 0; i < p->n_children; i++)
		ka_close_fd(&p->children[i].out);
}
