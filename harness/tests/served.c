/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small program to be put at an end, always there and of known manners. It answers each line with
 * "ok"; a line "big" with as much as big= says. Words of its command line change what it does:
 *
 *   port=N  bind=ADDRESS  connect=ADDRESS    where it listens; or it is a client, and says "hello"
 *   keepalive=IDLE,INTVL,CNT  user_timeout=MS    options of each connection
 *   timeout=S    closes a connection over which it read nothing for so long
 *   leak         never closes a connection, and asks nothing of it after its end
 *   once         stops serving when a connection has ended on an error: it listens, and accepts no more
 *   again        a client connects again when its connection has ended
 *   refuse=N     closes the first N connections at once, saying "not yet"
 *   quiet        answers nothing     wrong   answers "no"     slow=MS   listens only then
 *   children=N   forks so many, which live on     background   goes into the background
 *   print=MIB    prints so much first     deaf   ignores SIGTERM     exit=N   ends at once, with words
 *   shm          leaves shared memory of System V
 *   user         says who it is     two   listens twice     write=PATH   writes a file
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX 64

static int argc_;
static char **argv_;

/* What follows "@name=", or "" for "@name" alone; NULL: it was not said. */
static const char *word(const char *name)
{
	size_t len = strlen(name);

	for (int i = 1; i < argc_; i++)
		if (!strncmp(argv_[i], name, len) && (argv_[i][len] == '=' || !argv_[i][len]))
			return argv_[i] + len + (argv_[i][len] == '=');
	return NULL;
}

static int number(const char *name, int otherwise)
{
	const char *text = word(name);

	return text ? (int)strtol(text, NULL, 10) : otherwise;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) < 0)
		die("setsockopt");
}

static void set_options(int fd)
{
	const char *text = word("keepalive");
	int idle, intvl, cnt;

	if (text && sscanf(text, "%d,%d,%d", &idle, &intvl, &cnt) == 3) {
		option(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
		option(fd, IPPROTO_TCP, TCP_KEEPINTVL, intvl);
		option(fd, IPPROTO_TCP, TCP_KEEPCNT, cnt);
		option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	}
	if (word("user_timeout"))
		option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, number("user_timeout", 0));
}

static socklen_t address(const char *text, int port, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (strchr(text, ':')) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, text, &in6->sin6_addr) != 1)
			exit(2);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, text, &in->sin_addr) != 1)
		exit(2);
	return sizeof(*in);
}

static int open_listener(int port)
{
	struct sockaddr_storage addr;
	socklen_t len = address(word("bind") ? word("bind") : "0.0.0.0", port, &addr);
	int fd = socket(addr.ss_family, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) < 0 || listen(fd, 16) < 0)
		die("listen");
	return fd;
}

/* -1: it could not connect. */
static int try_client(void)
{
	struct sockaddr_storage addr;
	socklen_t len = address(word("connect"), number("port", 7000), &addr);
	int fd = socket(addr.ss_family, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket");
	set_options(fd);
	if (connect(fd, (struct sockaddr *)&addr, len) == 0 && write(fd, "hello\n", 6) == 6)
		return fd;
	close(fd);
	return -1;
}

static int open_client(void)
{
	int fd = try_client();

	if (fd < 0)
		die("connect");
	return fd;
}

/* Returns false when nobody has taken anything of it for as long as timeout= says. */
static bool answer_big(int fd)
{
	static char filler[65536];
	int limit = number("timeout", 0);
	long left = number("big", 0);

	while (left > 0) {
		struct pollfd out = { .fd = fd, .events = POLLOUT };
		ssize_t n;

		if (poll(&out, 1, limit > 0 ? limit * 1000 : -1) < 1)
			return false;
		n = send(fd, filler, sizeof(filler), MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN)
			return false;
		left -= n > 0 ? n : 0;
	}
	return true;
}

/* Returns false when the connection is over. */
static bool serve(int fd)
{
	char text[4096];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (word("quiet"))
		return true;
	if (word("big") && strstr(text, "big"))
		return answer_big(fd);
	return write(fd, word("wrong") ? "no\n" : "ok\n", 3) > 0;
}

static struct pollfd fds[MAX];
static double active[MAX];
static int n_fds;

static void add(int fd)
{
	if (n_fds == MAX)
		exit(3);
	active[n_fds] = now();
	fds[n_fds++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

static void take_connection(int listener)
{
	static int refused;
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		die("accept");
	set_options(fd);
	if (refused++ < number("refuse", 0)) {
		if (write(fd, "not yet\n", 8) < 0)
			die("write");
		close(fd);
		return;
	}
	add(fd);
}

/* The other end may not listen yet. */
static void connect_again(int i)
{
	while ((fds[i].fd = try_client()) < 0)
		poll(NULL, 0, 20);
	active[i] = now();
}

static void stop_serving(void)
{
	for (;;)
		pause();
}

/* One that leaks asks no more of a connection that has ended. */
static void drop(int i)
{
	if (word("leak")) {
		fds[i].fd = ~fds[i].fd;
		return;
	}
	close(fds[i].fd);
	fds[i].fd = -1;
	if (word("once"))
		stop_serving();
	if (word("again"))
		connect_again(i);
}

static int wait_ms(int n_listeners)
{
	double limit = number("timeout", 0), first = -1;

	if (limit <= 0)
		return -1;
	for (int i = n_listeners; i < n_fds; i++) {
		double left = active[i] + limit - now();

		if (fds[i].fd < 0)
			continue;
		if (left <= 0)
			drop(i);
		else if (first < 0 || left < first)
			first = left;
	}
	return first < 0 ? -1 : (int)(first * 1000) + 1;
}

static void loop(int n_listeners)
{
	for (;;) {
		int n = n_fds;

		if (poll(fds, (nfds_t)n, wait_ms(n_listeners)) < 0)
			die("poll");
		for (int i = 0; i < n; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			active[i] = now();
			if (i < n_listeners)
				take_connection(fds[i].fd);
			else if (!serve(fds[i].fd))
				drop(i);
		}
	}
}

static void print_much(long mib)
{
	char line[1024];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (long i = 0; i < mib * 1024; i++)
		if (write(1, line, sizeof(line)) < 0)
			exit(4);
}

static void behave(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	print_much(number("print", 0));
	if (word("user"))
		printf("uid %u gid %u home %s\n", getuid(), getgid(), getenv("HOME"));
	if (word("deaf"))
		signal(SIGTERM, SIG_IGN);
	if (word("exit")) {
		fprintf(stderr, "served: this ends badly\n");
		exit(number("exit", 0));
	}
	if (word("write")) {
		int fd = open(word("write"), O_CREAT | O_WRONLY, 0644);

		if (fd < 0)
			die(word("write"));
		close(fd);
	}
	if (word("shm") && shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600) < 0)
		die("shmget");
	if (word("background") && fork())
		exit(0);
	for (int i = 0; i < number("children", 0); i++)
		if (!fork()) {
			setsid();
			for (;;)
				pause();
		}
	poll(NULL, 0, number("slow", 0));
}

int main(int argc, char **argv)
{
	int port;

	argc_ = argc;
	argv_ = argv;
	signal(SIGPIPE, SIG_IGN);
	port = number("port", 7000);
	behave();
	if (word("connect")) {
		add(open_client());
		loop(0);
	}
	add(open_listener(port));
	if (word("two"))
		add(open_listener(port + 1));
	loop(n_fds);
}
