/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real program at the prober's end: its processes, its sockets as they are seen from outside, and the
 * talk of its counterpart, which is a peer of our own. Private to bench/. The engine waits for all of it
 * in its one loop, by one file: an epoll set inside its own.
 */
#ifndef KA_BENCH_PROGRAM_H
#define KA_BENCH_PROGRAM_H

#include "bench/engine.h"
#include "bench/program_root.h"
#include "netns/destroyed.h"
#include "netns/holder.h"

#define KA_PROGRAM_THREADS  64
#define KA_PROGRAM_CHILDREN (1 + 2 * KA_PROGRAM_COMMANDS)

/* Within so long it must listen, answer the greeting, do what a step says. */
#define KA_PROGRAM_START_NS  (KA_PROGRAM_START_S * INT64_C(1000000000))
#define KA_PROGRAM_ANSWER_NS INT64_C(15000000000)

/* What wakes the engine, as the data of the inner epoll set: a kind and an index. */
enum ka_program_wake {
	KA_WAKE_TIMER,
	KA_WAKE_CHILDREN,  /* a process has ended */
	KA_WAKE_OUTPUT,    /* of child number .index */
	KA_WAKE_DESTROYED, /* the kernel has freed a socket */
	KA_WAKE_SOCKET,    /* the state of the connection has changed */
};

/* A process that was started here. */
struct ka_program_child {
	pid_t pid;   /* 0: it has ended */
	int status;  /* of waitid(): when it has */
	bool killed; /* .status is a signal */
	int out;     /* its output; owned; -1: at its end */
	char name[16];
	char line[160]; /* of its output, not complete yet */
	size_t used;
};

enum ka_program_phase {
	KA_PROGRAM_SET_UP,  /* its set-up commands run */
	KA_PROGRAM_STARTS,  /* it must listen; of a client, connect */
	KA_PROGRAM_ANSWERS, /* its counterpart connects */
	KA_PROGRAM_IS_UP,
};

/* A thread of the program, and how long it was not asleep: in all, ns. */
struct ka_program_thread {
	pid_t id;
	int64_t runnable_ns;
};

/* Listeners, as far as they matter. */
struct ka_program_listener {
	bool found;     /* one that the counterpart can connect to */
	uint32_t inode; /* its */
	char other[96]; /* where else something listens: "127.0.0.1:8080" */
	size_t n;       /* how many of them in all */
};

struct ka_bench_program {
	const struct ka_program *program;
	struct ka_program_root root;
	int epoll, timer, signals; /* owned */
	int64_t timer_ns;          /* what the timer is set to; 0: nothing */
	struct nn_destroyed *destroyed;

	struct ka_program_child children[KA_PROGRAM_CHILDREN];
	size_t n_children;
	size_t main;        /* index of the program's own process */
	size_t set_up_done; /* commands */
	uint64_t making;    /* the set-up that others wait for; 0: none */
	bool stays;         /* it has left its first process, and goes on in others */
	char last[160];     /* the last line that it said, for errors */
	unsigned said;      /* lines in the timeline */
	enum ka_program_phase phase;
	int64_t pause_ns; /* until the next look; doubles */
	bool look;        /* something happened: look at once */
	struct ka_program_listener listener;
	int64_t elsewhere_ns; /* since when it listens only elsewhere */

	/* the counterpart's talk */
	bool talking;
	bool answered;    /* as expected */
	char heard[96];   /* what was said instead */
	int64_t retry_ns; /* when to try again; 0: not */
	int64_t retry_pause_ns;
	unsigned tries;
	uint32_t sent_before; /* KA_ASK: the program's sequence number */

	/* the connection */
	bool is_watched;      /* the kernel wakes us by its state */
	int64_t told_ns;      /* when the other end's FIN was there; 0: not yet */
	uint32_t inode;       /* of the connection, since somebody holds it */
	int64_t gone_ns;      /* when the kernel had ended it; 0: not yet */
	int64_t let_go_ns;    /* when no process held it any more; 0: not yet */
	bool is_seen;         /* a process shows that it holds it */
	int holders;          /* processes, by the last look; -1: never looked */
	bool recount;         /* a process has ended since */
	int64_t geometric_ns; /* next look at one whose FIN could not leave; 0: no need */
	int64_t slow_ns;      /* from when its pauses are counted */

	/* its threads, some time after the end of a connection that is held on to */
	struct ka_program_thread noted[KA_PROGRAM_THREADS];
	size_t n_noted;
	int64_t noted_ns; /* 0: not yet */
};

/* ---- program.c ------------------------------------------------------------------------------ */
/* In place of the prober's peer. 0 or -errno. */
int ka_program_set_up(struct ka_engine *e);
void ka_program_tear_down(struct ka_engine *e);
/* The next look by the clock: 1 ms from now, then 2 ms, ... 50 ms. */
void ka_program_pause(struct ka_engine *e);
/* Nothing of the connection is on its way. */
bool ka_program_is_settled(const struct ka_engine *e);
/* KA_CONNECT. */
int ka_program_connect(struct ka_engine *e);
bool ka_program_is_connected(struct ka_engine *e);
/* Takes in all that woke the inner epoll set. Returns how much that was. */
unsigned ka_program_hear(struct ka_engine *e);
int ka_program_fd(const struct ka_engine *e);
/* True for a step that the program takes part in: how long it may take, and why it did not take effect,
 * is said here. */
bool ka_program_does(const struct ka_step *step);
int64_t ka_program_patience_ns(const struct ka_step *step);
/* Why @step did not take effect, as a failure of the experiment. Returns -errno. */
int ka_program_explain(struct ka_engine *e, const struct ka_step *step);
/* The counterpart could not connect. */
int ka_program_refused(struct ka_engine *e, int error);
/* The counterpart has told of its talk. */
void ka_program_heard(struct ka_engine *e, bool as_expected, const char *text);
/* Fails the instance; adds what the program said last. Returns -errno. */
int ka_program_fail(struct ka_engine *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The timer is to fire at @when_ns, if not earlier. */
void ka_program_wake_at(struct ka_engine *e, int64_t when_ns);

/* ---- program_return.c --------------------------------------------------------------------------- */
/* All is over, and its end is on record: the counterpart comes back, and what becomes of that is put into
 * the timeline (KA_PROC_RETURNS, KA_PROC_STAYS_AWAY); nothing, where it could not be tried. */
void ka_program_return(struct ka_engine *e);

/* ---- program_process.c: 0 or -errno ------------------------------------------------------------ */
/* The program itself. */
int ka_process_start_main(struct ka_engine *e);
/* A line for the shell, called @name. */
int ka_process_start_shell(struct ka_engine *e, const char *name, const char *line);
/* Reaps whatever has ended, also what was handed to process 1. Returns how many. */
unsigned ka_process_reap(struct ka_engine *e);
/* Reads what child number @i has to say. */
void ka_process_hear(struct ka_engine *e, size_t i);
/* Kills all that was started, and waits until it is gone. */
void ka_process_end_all(struct ka_engine *e);
/* True when the program's own process is on its way out: its descriptors are closed before it can be
 * reaped. */
bool ka_process_is_exiting(const struct ka_engine *e);
/* True when some process of the program runs. */
bool ka_process_is_any(const struct ka_engine *e);
/* True when process @pid, as our own /proc counts, is one of the program's. */
bool ka_process_is_of_program(const struct ka_engine *e, pid_t pid);

/* ---- program_busy.c --------------------------------------------------------------------------- */
/* What of it is still to be noted, by the clock. */
void ka_busy_tick(struct ka_engine *e);
/* Says so if a thread of it was never asleep since. */
void ka_busy_evidence(struct ka_engine *e);

/* ---- program_socket.c ------------------------------------------------------------------------- */
/* Looks for the program's listener. 0 or -errno. */
int ka_socket_find_listener(struct ka_engine *e);
/* Takes a sample of the connection, and says what has changed. */
void ka_socket_look(struct ka_engine *e);
/* A packet of the program's end has passed its device. */
void ka_socket_packet(struct ka_engine *e, const struct ka_packet *packet);
/* The kernel has freed sockets. */
void ka_socket_destroyed(struct ka_engine *e);
/* True when a process has accepted it. */
bool ka_socket_is_held(struct ka_engine *e);
/* The options of the listener and of the connection, into the timeline. */
void ka_socket_options(struct ka_engine *e);
/* What of it is still to be looked at, by the clock. */
void ka_socket_tick(struct ka_engine *e);
/* Last evidence. */
void ka_socket_evidence(struct ka_engine *e);
/* Nothing more is to be seen: it has ended, and nobody holds it any more; or it has been held for too
 * long. Otherwise sets *@until_ns, which then is when that will be, if it is earlier. */
bool ka_socket_is_over(struct ka_engine *e, int64_t *until_ns);

#endif
