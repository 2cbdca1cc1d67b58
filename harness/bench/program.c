/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real program at the prober's end, from its set-up commands until its connection is there, and what
 * its counterpart says to it. Everything goes on when something has happened; by the clock only while it
 * is waited for that the program listens, or answers at all: with pauses of 1 ms to 50 ms.
 */
#include "bench/program.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/program_files.h"
#include "bench/program_made.h"
#include "model/util.h"

#define PAUSE_MIN INT64_C(1000000)
#define PAUSE_MAX INT64_C(50000000)

/* A program that listens, but elsewhere, may open its other port so much later. */
#define ELSEWHERE_NS INT64_C(3000000000)

/* ---- failures --------------------------------------------------------------------------------- */

int ka_program_fail(struct ka_engine *e, const char *fmt, ...)
{
	const struct ka_bench_program *p = e->program;
	char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (*p->last)
		nn_refuse(&e->err, "%s; its last words: %.100s", text, p->last);
	else
		nn_refuse(&e->err, "%s; it said nothing", text);
	return ka_engine_fail(e, -EINVAL);
}

static const char *name_of(const struct ka_bench_program *p)
{
	return p->children[p->main].name;
}

/* How a process ended, in words that follow its name. */
static const char *end_text(const struct ka_program_child *child, char *buf, size_t size)
{
	if (child->killed)
		snprintf(buf, size, "was killed by signal %d (%s)", child->status,
			 strsignal(child->status));
	else
		snprintf(buf, size, "ended with exit status %d", child->status);
	return buf;
}

/* ---- waking the engine ------------------------------------------------------------------------ */

void ka_program_wake_at(struct ka_engine *e, int64_t when_ns)
{
	struct ka_bench_program *p = e->program;
	struct itimerspec at = { .it_value = { .tv_sec = when_ns / KA_NS_PER_S,
					       .tv_nsec = when_ns % KA_NS_PER_S } };

	if (p->timer_ns && p->timer_ns <= when_ns)
		return;
	p->timer_ns = when_ns;
	(void)timerfd_settime(p->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void hear_timer(struct ka_engine *e)
{
	uint64_t expirations;

	if (read(e->program->timer, &expirations, sizeof(expirations)) < 0)
		return;
	e->program->timer_ns = 0;
	e->program->look = true;
	ka_socket_tick(e);
	ka_busy_tick(e);
}

static void hear_children(struct ka_engine *e)
{
	struct signalfd_siginfo info[8];

	while (read(e->program->signals, info, sizeof(info)) > 0)
		;
	e->program->look |= ka_process_reap(e) > 0;
	e->program->recount = true;
	ka_socket_look(e);
}

static void hear_one(struct ka_engine *e, uint64_t data)
{
	switch ((enum ka_program_wake)(data & 0xff)) {
	case KA_WAKE_TIMER:
		hear_timer(e);
		break;
	case KA_WAKE_CHILDREN:
		hear_children(e);
		break;
	case KA_WAKE_OUTPUT:
		ka_process_hear(e, data >> 8);
		e->program->look = true;
		break;
	case KA_WAKE_DESTROYED:
		ka_socket_destroyed(e);
		break;
	case KA_WAKE_SOCKET:
		ka_socket_look(e);
		break;
	}
}

unsigned ka_program_hear(struct ka_engine *e)
{
	struct epoll_event events[8];
	int n = epoll_wait(e->program->epoll, events, KA_N(events), 0);

	for (int i = 0; i < n; i++)
		hear_one(e, events[i].data.u64);
	return n > 0 ? (unsigned)n : 0;
}

int ka_program_fd(const struct ka_engine *e)
{
	return e->program ? e->program->epoll : -1;
}

/* ---- building ----------------------------------------------------------------------------------- */

static int add(struct ka_engine *e, int fd, enum ka_program_wake wake)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = wake };

	if (epoll_ctl(e->program->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return nn_fail(&e->err, errno, "epoll");
	return 0;
}

static int open_wakes(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;
	sigset_t set;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->epoll < 0 || p->timer < 0 || p->signals < 0)
		return nn_fail(&e->err, errno, "epoll, timerfd or signalfd");
	ret = nn_destroyed_open(&p->destroyed, e->net.ns[ka_engine_node(e, KA_PROBER)], &e->err);
	if (!ret)
		ret = add(e, p->timer, KA_WAKE_TIMER);
	if (!ret)
		ret = add(e, p->signals, KA_WAKE_CHILDREN);
	if (!ret)
		ret = add(e, nn_destroyed_fd(p->destroyed), KA_WAKE_DESTROYED);
	return ret;
}

/* A user who is nobody may listen on port 80, as on a host where a service manager opens it. */
static int open_ports(struct ka_engine *e)
{
	int ret = ka_engine_put_number(e, ka_engine_node(e, KA_PROBER),
				       "net/ipv4/ip_unprivileged_port_start", 0);

	return ret == -ENOENT ? 0 : ret;
}

/* Puts what lies in the program's own folder away, or takes it from there; in a process of its own, since
 * it enters the program's root. 0 or -errno. */
static int in_its_folder(struct ka_engine *e, uint64_t key, bool put)
{
	const struct ka_program_root *root = &e->program->root;
	int status = 0, ret;
	pid_t pid = fork();

	if (pid == 0) {
		ret = ka_program_root_enter(root);
		if (!ret && chdir(KA_PROGRAM_DIR) < 0)
			ret = -errno;
		if (!ret)
			ret = put ? ka_made_put(e->told->made, key)
				  : ka_made_take(e->told->made, key, root->all_ids);
		if (!ret && !put)
			ret = ka_program_files_make_late(root, e->program->program, NULL);
		_exit(-ret);
	}
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

static void record_copy(struct ka_engine *e)
{
	struct ka_event event = { .at = e->prober, .what = KA_EV_PROCESS };

	event.process.act = KA_PROC_SAYS;
	snprintf(event.process.name, sizeof(event.process.name), "set-up");
	snprintf(event.process.text, sizeof(event.process.text),
		 "its files are a copy of what the set-up of another instance has made");
	ka_engine_event(e, event);
}

/* What another instance has made, or the claim to make it for the others. */
static int share_set_up(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;
	uint64_t key = e->told->made ? ka_made_key(p->program) : 0;
	int ret;

	if (!key)
		return 0;
	if (!ka_made_claim(e->told->made, key)) {
		p->making = key;
		return 0;
	}
	ret = in_its_folder(e, key, false);
	if (ret)
		return nn_fail(&e->err, -ret, "a copy of what the set-up has made");
	while (p->program->set_up[p->set_up_done])
		p->set_up_done++;
	record_copy(e);
	return 0;
}

/* The last of the set-up commands has ended. What cannot be kept, each instance makes for itself. */
static void end_set_up(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;

	if (p->making) {
		(void)in_its_folder(e, p->making, true);
		ka_made_release(e->told->made, p->making);
		p->making = 0;
	}
}

int ka_program_set_up(struct ka_engine *e)
{
	struct ka_bench_program *p = calloc(1, sizeof(*p));
	int ret;

	if (!p)
		return nn_fail(&e->err, ENOMEM, "a program");
	*p = (struct ka_bench_program){ .program = e->instance->program,
					.root = KA_PROGRAM_ROOT_INIT,
					.epoll = -1,
					.timer = -1,
					.signals = -1,
					.holders = -1 };
	e->program = p;
	ret = open_wakes(e);
	if (!ret)
		ret = open_ports(e);
	if (!ret)
		ret = ka_program_root_build(&p->root, p->program, &e->err);
	return ret ? ret : share_set_up(e);
}

void ka_program_tear_down(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;

	if (!p)
		return;
	ka_process_end_all(e);
	nn_destroyed_close(p->destroyed);
	ka_program_root_close(&p->root);
	ka_close_fd(&p->signals);
	ka_close_fd(&p->timer);
	ka_close_fd(&p->epoll);
	free(p);
	e->program = NULL;
}

/* ---- starting ----------------------------------------------------------------------------------- */

static bool is_server(const struct ka_bench_program *p)
{
	return p->program->role == KA_SERVER;
}

void ka_program_pause(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;

	p->pause_ns = p->pause_ns ? ka_lesser(2 * p->pause_ns, PAUSE_MAX) : PAUSE_MIN;
	ka_program_wake_at(e, ka_now_ns() + p->pause_ns);
}

static int start_helpers(struct ka_engine *e)
{
	const char *const *line = e->program->program->helpers;
	int ret = 0;

	for (; !ret && *line; line++)
		ret = ka_process_start_shell(e, "helper", *line);
	return ret;
}

static int start_main(struct ka_engine *e)
{
	const struct ka_peer_command listen = { .kind = KA_CMD_LISTEN };
	struct ka_bench_program *p = e->program;
	int ret = 0;

	if (!is_server(p))
		ret = ka_engine_obey(e, e->peer, &listen);
	if (!ret)
		ret = ka_process_start_main(e);
	if (!ret && !is_server(p))
		ret = start_helpers(e);
	p->phase = KA_PROGRAM_STARTS;
	p->look = true;
	return ret;
}

/* The next command, if the one before has ended well. */
static int go_on_setting_up(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;
	const struct ka_program_child *child =
		p->n_children ? &p->children[p->n_children - 1] : NULL;
	char text[80];

	if (child && child->pid)
		return 0;
	if (child && (child->killed || child->status))
		return ka_program_fail(e, "set-up command %zu of %s %s", p->set_up_done,
				       p->program->name, end_text(child, text, sizeof(text)));
	if (!p->program->set_up[p->set_up_done]) {
		end_set_up(e);
		return start_main(e);
	}
	return ka_process_start_shell(e, "set-up", p->program->set_up[p->set_up_done++]);
}

int ka_program_connect(struct ka_engine *e)
{
	return go_on_setting_up(e);
}

/* ---- until it listens ----------------------------------------------------------------------------- */

/* Its first process has ended: that is well if it has only gone into the background. */
static int check_alive(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;
	const struct ka_program_child *child = &p->children[p->main];
	const char *before = is_server(p) ? "listened" : "connected";
	char text[80];

	if (child->pid)
		return 0;
	if (!child->killed && !child->status && ka_process_is_any(e)) {
		p->stays = true;
		return 0;
	}
	return ka_program_fail(e, "%s %s before it %s", child->name,
			       end_text(child, text, sizeof(text)), before);
}

static void record_listening(struct ka_engine *e)
{
	struct ka_event event = { .at = e->prober, .what = KA_EV_PROCESS };

	event.process.act = KA_PROC_LISTENS;
	event.process.pid = (int)e->program->children[e->program->main].pid;
	snprintf(event.process.name, sizeof(event.process.name), "%s", name_of(e->program));
	ka_engine_event(e, event);
}

static int listens_elsewhere(struct ka_engine *e)
{
	const struct ka_bench_program *p = e->program;
	const int family = e->instance->family;

	return ka_program_fail(e, "%s listens on %s, not on port %u of %s", name_of(p),
			       p->listener.other, e->port,
			       family == AF_INET ? "0.0.0.0 or 198.51.100.1" : "[::]");
}

static int connect_to_it(struct ka_engine *e)
{
	const struct ka_peer_command connect = { .kind = KA_CMD_CONNECT };
	struct ka_bench_program *p = e->program;
	int ret;

	record_listening(e);
	ret = start_helpers(e);
	if (!ret)
		ret = ka_engine_obey(e, e->peer, &connect);
	p->phase = KA_PROGRAM_ANSWERS;
	return ret;
}

static int look_for_listener(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;
	int ret = ka_socket_find_listener(e);

	if (ret)
		return ret;
	if (p->listener.found)
		return connect_to_it(e);
	ret = check_alive(e);
	if (ret)
		return ret;
	if (*p->listener.other && !p->elsewhere_ns)
		p->elsewhere_ns = ka_now_ns();
	if (p->elsewhere_ns && ka_now_ns() - p->elsewhere_ns > ELSEWHERE_NS)
		return listens_elsewhere(e);
	ka_program_pause(e);
	return 0;
}

/* What a client does first is connect; its counterpart will say so. */
static int look_for_life(struct ka_engine *e)
{
	if (e->ends[e->peer].connected) {
		e->program->phase = KA_PROGRAM_ANSWERS;
		return 0;
	}
	return check_alive(e);
}

bool ka_program_is_settled(const struct ka_engine *e)
{
	return ka_flow_settled(&e->ends[0].flow) && ka_flow_settled(&e->ends[1].flow);
}

static int go_on(struct ka_engine *e)
{
	struct ka_bench_program *p = e->program;
	bool look = p->look;

	p->look = false;
	switch (p->phase) {
	case KA_PROGRAM_SET_UP:
		return go_on_setting_up(e);
	case KA_PROGRAM_STARTS:
		if (!is_server(p))
			return look_for_life(e);
		return look ? look_for_listener(e) : 0;
	case KA_PROGRAM_ANSWERS:
		if (!e->ends[e->peer].connected || !ka_program_is_settled(e))
			return 0;
		e->ends[e->prober].connected = true;
		p->phase = KA_PROGRAM_IS_UP;
		return 0;
	case KA_PROGRAM_IS_UP:
		return 0;
	}
	return 0;
}

bool ka_program_is_connected(struct ka_engine *e)
{
	enum ka_program_phase before;
	int ret;

	do {
		before = e->program->phase;
		ret = go_on(e);
	} while (!ret && !e->over && e->program->phase != before);
	if (ret)
		ka_engine_fail(e, ret);
	return !e->over && e->program->phase == KA_PROGRAM_IS_UP;
}
