/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See holder.h. */
#include "holder.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc.h"
#include "util.h"

/* ---- one look through /proc --------------------------------------------------------------- */

struct walk {
	bool begun;
	bool foreign;       /* that /proc counts its processes otherwise than the caller */
	char classes[1024]; /* the caller's lines of network classes; empty: the host has none */
	char process[16];   /* whose files these are: */
	struct nn_holder holder;
	int (*each)(const struct nn_holder *holder, void *arg);
	void *arg;
};

/* True for "4:net_cls,net_prio:/path" with such a controller. */
static bool is_class(const char *line, size_t len)
{
	const char *from = memchr(line, ':', len), *to;
	char names[128];

	to = from ? memchr(from + 1, ':', len - (size_t)(from + 1 - line)) : NULL;
	if (!to)
		return false;
	snprintf(names, sizeof(names), "%.*s", (int)(to - from - 1), from + 1);
	return strstr(names, "net_cls") || strstr(names, "net_prio");
}

/* Keeps of a process's cgroups, in place, only those that give packets a class. */
static void keep_classes(char *text)
{
	char *to = text;

	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n"), whole = len + (line[len] == '\n');

		if (is_class(line, len)) {
			memmove(to, line, whole);
			to += whole;
		}
		line += whole;
	}
	*to = '\0';
}

static bool has_other_class(const struct walk *walk, const struct nn_proc_file *file)
{
	char classes[sizeof(walk->classes)];

	if (!*walk->classes)
		return false;
	nn_proc_text(file->proc, file->process, "cgroup", classes, sizeof(classes));
	keep_classes(classes);
	return strcmp(classes, walk->classes) != 0;
}

/* The pid in the innermost namespace of the process, if that is the caller's; else 0. */
static pid_t pid_here(const struct walk *walk, const struct nn_proc_file *file)
{
	char path[300], status[4096], *line, *last;
	struct stat there, here;

	if (!walk->foreign)
		return (pid_t)strtol(file->process, NULL, 10);
	snprintf(path, sizeof(path), "%s/ns/pid", file->process);
	if (fstatat(file->proc, path, &there, 0) || fstatat(file->proc, "self/ns/pid", &here, 0) ||
	    there.st_ino != here.st_ino ||
	    !nn_proc_text(file->proc, file->process, "status", status, sizeof(status)))
		return 0;
	line = strstr(status, "\nNSpid:");
	if (!line)
		return 0;
	line[1 + strcspn(line + 1, "\n")] = '\0';
	last = strrchr(line, '\t');
	return last ? (pid_t)strtol(last, NULL, 10) : 0;
}

/* Whose /proc is it, and does this host give classes to packets? */
static void begin(struct walk *walk, const struct nn_proc_file *file)
{
	char text[32];
	ssize_t len = readlinkat(file->proc, "self", text, sizeof(text) - 1);

	text[len > 0 ? len : 0] = '\0';
	walk->foreign = strtol(text, NULL, 10) != getpid();
	nn_proc_text(file->proc, "self", "cgroup", walk->classes, sizeof(walk->classes));
	keep_classes(walk->classes);
	walk->begun = true;
}

static void describe(struct walk *walk, const struct nn_proc_file *file)
{
	if (!walk->begun)
		begin(walk, file);
	snprintf(walk->process, sizeof(walk->process), "%s", file->process);
	nn_proc_comm(file->proc, file->process, walk->holder.comm);
	walk->holder.pid = pid_here(walk, file);
	walk->holder.other_class = has_other_class(walk, file);
}

static int on_file(const struct nn_proc_file *file, void *arg)
{
	struct walk *walk = arg;
	uint64_t inode = nn_proc_inode(file->link, "socket");

	if (!inode || file->fd < 0)
		return 0;
	if (strcmp(walk->process, file->process) != 0)
		describe(walk, file);
	walk->holder.inode = inode;
	walk->holder.fd = file->fd;
	return walk->each(&walk->holder, walk->arg);
}

/* ---- all sockets ---------------------------------------------------------------------------- */

struct nn_holders {
	struct nn_holder *list; /* by inode */
	size_t n, room;
	struct nn_unseen unseen;
};

static int keep(const struct nn_holder *holder, void *arg)
{
	struct nn_holders *holders = arg;

	if (holders->n == holders->room) {
		size_t room = holders->room ? 2 * holders->room : 256;
		struct nn_holder *list = reallocarray(holders->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		holders->list = list;
		holders->room = room;
	}
	holders->list[holders->n++] = *holder;
	return 0;
}

static int by_inode(const void *left, const void *right)
{
	const struct nn_holder *a = left, *b = right;

	return (a->inode > b->inode) - (a->inode < b->inode);
}

/* Those of one socket stay in the order in which they were found. */
static int by_inode_and_pid(const void *left, const void *right)
{
	const struct nn_holder *a = left, *b = right;
	int order = by_inode(a, b);

	if (!order)
		order = (a->pid > b->pid) - (a->pid < b->pid);
	return order ? order : (a->fd > b->fd) - (a->fd < b->fd);
}

int nn_holders_scan(struct nn_holders **ret, const char *proc, struct nn_err *err)
{
	struct nn_holders *holders = calloc(1, sizeof(*holders));
	struct walk walk = { .each = keep, .arg = holders };
	int rc;

	if (!holders)
		return nn_fail(err, ENOMEM, "holders of sockets");
	rc = nn_proc_walk(proc, on_file, &walk, &holders->unseen, err);
	if (rc) {
		nn_holders_free(holders);
		return rc;
	}
	if (holders->n)
		qsort(holders->list, holders->n, sizeof(*holders->list), by_inode_and_pid);
	*ret = holders;
	return 0;
}

struct nn_holders *nn_holders_free(struct nn_holders *holders)
{
	if (holders)
		free(holders->list);
	free(holders);
	return NULL;
}

const struct nn_holder *nn_holders_of(const struct nn_holders *holders, uint64_t inode, size_t *n)
{
	const struct nn_holder key = { .inode = inode }, *end = holders->list + holders->n, *first;

	*n = 0;
	if (!holders->n)
		return NULL;
	first = bsearch(&key, holders->list, holders->n, sizeof(key), by_inode);
	if (!first)
		return NULL;
	while (first > holders->list && first[-1].inode == inode)
		first--;
	while (first + *n < end && first[*n].inode == inode)
		++*n;
	return first;
}

size_t nn_holders_unseen(const struct nn_holders *holders)
{
	return holders->unseen.n;
}

/* ---- one socket ----------------------------------------------------------------------------- */

struct search {
	uint64_t inode;
	struct nn_holder *out;
	size_t room;
	int n;
};

static int match(const struct nn_holder *holder, void *arg)
{
	struct search *search = arg;

	if (holder->inode != search->inode)
		return 0;
	if ((size_t)search->n < search->room)
		search->out[search->n] = *holder;
	search->n++;
	return 0;
}

int nn_holder_find(const char *proc, uint64_t inode, struct nn_holder *out, size_t room,
		   struct nn_err *err)
{
	struct search search = { .inode = inode, .out = out, .room = room };
	struct walk walk = { .each = match, .arg = &search };
	struct nn_unseen unseen;
	int ret = nn_proc_walk(proc, on_file, &walk, &unseen, err);

	return ret ? ret : search.n;
}

/* ---- options -------------------------------------------------------------------------------- */

/* include/uapi/linux/tcp.h; older headers lack them, and <linux/tcp.h> cannot be included beside
 * <netinet/tcp.h>. */
#define RTO_MAX_MS 44
#define RTO_MIN_US 45

static const struct {
	const char *name;
	int level, option;
} options[NN_SOCKET_OPTIONS] = {
	[NN_SO_KEEPALIVE] = { "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE },
	[NN_TCP_KEEPIDLE] = { "TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE },
	[NN_TCP_KEEPINTVL] = { "TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL },
	[NN_TCP_KEEPCNT] = { "TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT },
	[NN_TCP_USER_TIMEOUT] = { "TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT },
	[NN_TCP_RTO_MAX] = { "TCP_RTO_MAX_MS", IPPROTO_TCP, RTO_MAX_MS },
	[NN_TCP_RTO_MIN] = { "TCP_RTO_MIN_US", IPPROTO_TCP, RTO_MIN_US },
};

const char *nn_socket_option_name(enum nn_socket_option option)
{
	return options[option].name;
}

void nn_socket_options_read(int fd, struct nn_socket_options *out)
{
	*out = (struct nn_socket_options){ 0 };
	for (int i = 0; i < NN_SOCKET_OPTIONS; i++) {
		socklen_t len = sizeof(out->value[i]);

		if (getsockopt(fd, options[i].level, options[i].option, &out->value[i], &len))
			out->error[i] = -errno;
	}
}

static int refused(const struct nn_holder *holder, int code, struct nn_err *err)
{
	const char *remedy = "";

	if (code == EPERM)
		remedy = " (CAP_SYS_PTRACE; or be its user where kernel.yama.ptrace_scope is 0)";
	if (code == ENOSYS)
		remedy = " (Linux 5.6; a container's seccomp filter may forbid pidfd_getfd)";
	return nn_fail(err, code, "may not look at file %d of process %d%s", holder->fd,
		       (int)holder->pid, remedy);
}

/* A copy of the socket, owned by the caller; -errno. */
static int borrow(const struct nn_holder *holder, struct nn_err *err)
{
	int pidfd __attribute__((cleanup(nn_close_fd))) = -1;
	struct stat st;
	int fd;

	pidfd = (int)syscall(SYS_pidfd_open, holder->pid, 0);
	if (pidfd < 0)
		return refused(holder, errno, err);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, holder->fd, 0);
	if (fd < 0)
		return refused(holder, errno, err);
	if (!fstat(fd, &st) && S_ISSOCK(st.st_mode) && st.st_ino == holder->inode)
		return fd;
	close(fd);
	return nn_fail(err, ESTALE, "file %d of process %d is no longer that socket", holder->fd,
		       (int)holder->pid);
}

/* A copy that changes nothing, owned by the caller; -errno. */
static int borrow_gently(const struct nn_holder *holder, struct nn_err *err)
{
	if (holder->pid <= 0)
		return nn_fail(err, EXDEV, "the process is of another pid namespace");
	if (holder->other_class)
		return nn_fail(err, EXDEV,
			       "process %d is in another cgroup of net_cls or net_prio: a copy of "
			       "its socket would move that into this one's (run this there)",
			       (int)holder->pid);
	return borrow(holder, err);
}

int nn_holder_options(const struct nn_holder *holder, struct nn_socket_options *out,
		      struct nn_err *err)
{
	int fd __attribute__((cleanup(nn_close_fd))) = borrow_gently(holder, err);

	if (fd < 0)
		return fd;
	nn_socket_options_read(fd, out);
	return 0;
}

/* epoll(7): what was registered stays until the last copy of the descriptor is closed. */
int nn_holder_watch(const struct nn_holder *holder, int epoll, uint32_t events, uint64_t data,
		    struct nn_err *err)
{
	struct epoll_event event = { .events = events, .data.u64 = data };
	int fd __attribute__((cleanup(nn_close_fd))) = borrow_gently(holder, err);

	if (fd < 0)
		return fd;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return nn_fail(err, errno, "cannot watch file %d of process %d", holder->fd,
			       (int)holder->pid);
	return 0;
}
