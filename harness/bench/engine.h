/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine: process 1 of a sandbox. It owns the topology, the peers and the observers of one
 * instance, and drives the steps from one epoll loop. Private to bench/.
 */
#ifndef KA_ENGINE_H
#define KA_ENGINE_H

#include "bench/bench.h"
#include "bench/peer.h"
#include "bench/record.h"
#include "bench/segments.h"
#include "netns/counters.h"
#include "netns/destroyed.h"
#include "netns/diag.h"
#include "netns/topology.h"

#define KA_WATCHED_COUNTERS 32
#define KA_MAX_TABLES       8

/* One end of the connection, by enum ka_at: KA_AT_CLIENT, KA_AT_SERVER. */
struct ka_end_state {
	struct ka_peer peer;
	struct ka_capture *capture; /* NULL: closed */
	bool no_device;             /* a step has taken this end's device away, or set it down */
	struct ka_flow flow;
	size_t parsed; /* packets of the capture file that are in the timeline */
	struct nn_counters *counters;
	uint64_t before[KA_WATCHED_COUNTERS];
	struct nn_diag diag; /* last sample, if there was one: finds the socket again */
	bool have_diag;
	bool is_there; /* at that sample */
	bool connected;
	bool saw_eof, ended;
	bool frozen, killed;
	bool owned; /* a call of its process holds the socket's lock: who asks for TCP_INFO waits */
	bool load_there, load_dead;
	int got;          /* answers that its program got */
	uint32_t written; /* bytes, by its program */
};

/* An nftables table that a step has made. */
struct ka_table {
	int step;
	enum nn_node node;
	size_t n_rules;
	bool active;
	bool stays; /* the gateway's own: no fault, not healed */
	char name[32], text[80];
};

struct ka_engine {
	const struct ka_instance *instance;
	const struct ka_case *case_;
	const struct ka_prediction *prediction;
	struct ka_record *record;
	const struct ka_bench_events *told; /* never NULL */
	bool ready;                         /* told */
	size_t looked;                      /* events that the host was not late for */

	struct nn_topology net;
	struct ka_end_state ends[2];
	enum ka_at prober, peer;
	uint16_t port;                    /* the server's */
	struct nn_destroyed *destroyed;   /* owned; NULL: the prober's socket stays its process's */
	struct ka_bench_program *program; /* owned; NULL: both ends are peers of our own */
	int epoll, timer;
	int armer;       /* owned: as long as it is open, a BPF program sets options; -1 */
	int64_t wake_ns; /* what the timer is set to */
	int64_t now_ns; /* what ka_engine_now() has said since it last waited or worked; 0: nothing */
	uint16_t subflows[2]; /* the client's ports of them, in their order; 0: not there */
	struct nn_addr
		followed; /* the client's address of the one that is looked at; family 0: the first */
	struct ka_table tables[KA_MAX_TABLES];
	size_t n_tables;
	/* number (from 1) of the step whose evidence is read when it is undone, or at the end;
	 * 0: none */
	size_t neighbour_gone, refusing;

	size_t step; /* index of the step in hand */
	bool step_started;
	int repeats; /* how often the step in hand was done already */
	int64_t step_due_ns, step_start_ns;
	int64_t step_done_ns; /* when the step before was done */
	bool load_called;
	int got;           /* KA_REQUEST: answers before it */
	uint32_t send_end; /* KA_SEND: the sender's snd_nxt when all is sent */

	int64_t last_rx_ns;       /* L */
	int64_t packet_ns;        /* the last packet of the connection, at either end */
	int64_t first_unacked_ns; /* first transmission of data not acknowledged; 0: none */
	int probes;               /* since L */
	int64_t probe_ns[128];
	uint64_t host_lost;     /* packets, by the beginning */
	unsigned gaps[4];       /* by enum ka_at: kinds of evidence that are not whole */
	unsigned empty_wakeups; /* since something was last heard */
	bool call_failed;       /* of the step in hand, on a socket: the kernel said no */
	bool over;
	struct ka_end end; /* when it is over */
	struct nn_err err;
};

/* ---- engine.c ------------------------------------------------------------------------------- */
/* Waits until something has something to say, at most until @until_ns, and takes that in. 0 or -errno. */
int ka_engine_wait(struct ka_engine *e, int64_t until_ns);

/* ---- messages.c ----------------------------------------------------------------------------- */
/* Gives a command and waits until the peer says that it is done; what it tells meanwhile goes to
 * the timeline. Returns 0 (then @reply, unless NULL, holds the answer) or -errno. */
int ka_engine_command(struct ka_engine *e, enum ka_at at, const struct ka_peer_command *command,
		      struct ka_message *reply);
/* True for the reply of a peer that asked for an MPTCP socket in vain; e->err says so. */
bool ka_engine_lacks_mptcp(struct ka_engine *e, const struct ka_message *reply);
/* A command that must succeed. 0 or -errno, of the peer's own failure too. */
int ka_engine_obey(struct ka_engine *e, enum ka_at at, const struct ka_peer_command *command);
/* Takes in all that a peer has told. Returns how many messages that were. */
unsigned ka_engine_receive(struct ka_engine *e, enum ka_at at);
/* Asks both ends that can answer whether their connection has ended. */
bool ka_engine_has_ended(struct ka_engine *e);

/* ---- setup.c ------------------------------------------------------------------------------- */
int ka_engine_setup(struct ka_engine *e);
/* How the sockets of this instance name @node. */
struct nn_addr ka_engine_addr(const struct ka_engine *e, enum nn_node node);
int ka_engine_start_peer(struct ka_engine *e, enum ka_at at);
int ka_engine_open_capture(struct ka_engine *e, enum ka_at at);
void ka_engine_close_capture(struct ka_engine *e, enum ka_at at);
void ka_engine_teardown(struct ka_engine *e);
/* Sets a sysctl of @node and reads it back. */
int ka_engine_put_number(struct ka_engine *e, enum nn_node node, const char *key, unsigned value);

/* ---- gateway.c: one that translates and forgets ------------------------------------------------ */
/* Its rules and timeouts. Nothing for a gateway that only forwards. */
int ka_gateway_setup(struct ka_engine *e);
/* Deletes its entry of the connection. */
int ka_gateway_forget(struct ka_engine *e);
/* 0 with *@left_s, -ENOENT when it does not know the connection, or another -errno. */
int ka_gateway_entry(struct ka_engine *e, unsigned *left_s, struct nn_err *err);

/* ---- observe.c: what is seen --------------------------------------------------------------- */
/* Reads the captures, or that of one end, into the timeline. Returns how many packets that were. */
unsigned ka_engine_drain(struct ka_engine *e);
unsigned ka_engine_drain_end(struct ka_engine *e, enum ka_at at);
/* How sock_diag names the connection's socket at @at. */
struct nn_diag_key ka_engine_socket(const struct ka_engine *e, enum ka_at at);
void ka_engine_diag(struct ka_engine *e, enum ka_at at);
int ka_engine_open_counters(struct ka_engine *e, enum ka_at at);
int ka_engine_counters_before(struct ka_engine *e);
/* Says of the capture of @at, before it is closed, whether it holds every packet. */
void ka_engine_capture_ends(struct ka_engine *e, enum ka_at at);
/* Last evidence: diag, TCP_INFO, counters, rules. What cannot be had is a gap. */
void ka_engine_last_evidence(struct ka_engine *e);

/* ---- orphan.c: a socket that its process has closed ----------------------------------------- */
/* From now on its kernel tells when it frees sockets. 0, -ENOENT where the prober keeps its own, or
 * another -errno. */
int ka_orphan_watch(struct ka_engine *e);
/* Takes in what was freed. Returns how many that were. */
unsigned ka_orphan_hear(struct ka_engine *e);

/* ---- steps.c: how each word is done --------------------------------------------------------- */
/* A word, in the table of the file that does it. What it means stands in model/verbs.def. */
struct ka_doing {
	enum ka_do do_;
	int (*start)(struct ka_engine *e, const struct ka_step *step);
	/* NULL: it is done when it has begun */
	bool (*is_done)(struct ka_engine *e, const struct ka_step *step);
};
/* Each ends with .start NULL. */
extern const struct ka_doing ka_done_by_faults[], ka_done_by_net[], ka_done_by_checks[],
	ka_done_by_program[], ka_done_by_subflows[];
/* Every word has one. */
const struct ka_doing *ka_doing_of(enum ka_do do_);
/* Starts the step in hand. 0 or -errno. */
int ka_step_start(struct ka_engine *e, const struct ka_step *step);
/* True when the step in hand has taken effect. */
bool ka_step_is_done(struct ka_engine *e, const struct ka_step *step);
/* step_text.c: what it does, into @buf. Returns @buf. */
const char *ka_step_text(const struct ka_step *step, const struct ka_setting *setting, char *buf,
			 size_t size);

/* ---- load.c: connections besides the observed one ------------------------------------------ */
/* Calls them the first time; true when all of them are there (or none is declared). */
bool ka_load_is_there(struct ka_engine *e);
/* KA_JOIN: @n connections more. */
int ka_load_join(struct ka_engine *e, unsigned n);
bool ka_load_has_joined(const struct ka_engine *e);
/* True when nothing more is to be seen of them. */
bool ka_load_is_over(const struct ka_engine *e);
/* Puts what became of them into the timeline. */
void ka_load_evidence(struct ka_engine *e);

/* ---- faults.c ------------------------------------------------------------------------------ */
/* Reads a table's counters and puts them into the timeline as evidence, or says why not. */
void ka_fault_evidence(struct ka_engine *e, struct ka_table *table);
/* The device of @node goes, and with it the one at the other end of its wire. */
void ka_fault_takes_wire(struct ka_engine *e, enum nn_node node);

/* ---- faults_net.c: what a host does to its own network -------------------------------------- */
/* The evidence of those that show only later that they took effect. */
void ka_fault_late_evidence(struct ka_engine *e);

#endif
