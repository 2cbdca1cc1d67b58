/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timeline: everything that was done and seen in one instance, append-only, in the order of
 * time. It is the bench's only product and the judge's only evidence. Times are CLOCK_MONOTONIC
 * nanoseconds; packets carry the kernel's own time stamps.
 */
#ifndef KA_TIMELINE_H
#define KA_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/case.h"
#include "model/finding.h"
#include "model/proof.h"

/* Where it was seen. KA_AT_BENCH: the engine itself. */
enum ka_at { KA_AT_CLIENT, KA_AT_SERVER, KA_AT_GATEWAY, KA_AT_BENCH };

enum ka_what {
	KA_EV_STEP,     /* a step was done; .step; the time is when it began */
	KA_EV_PACKET,   /* a packet passed the device of .at; .packet */
	KA_EV_EPOLL,    /* epoll_wait returned; .epoll */
	KA_EV_CALL,     /* a call on the socket returned; .call */
	KA_EV_TCP_INFO, /* .info */
	KA_EV_DIAG,     /* sock_diag sample; .diag */
	KA_EV_FAULT,   /* evidence that a fault took effect, read when the instance ended; .fault */
	KA_EV_COUNTER, /* how far a counter of the prober's namespace moved; .counter */
	KA_EV_CHECK,   /* a declared check (option, sysctl, diag) of a step; .check */
	KA_EV_APP,     /* a program above TCP did or noticed something; .app */
	KA_EV_LOAD,    /* what became of the connections besides the observed one; .load */
	KA_EV_PROOF,   /* a kind of evidence was taken whole at .at; .proof */
	KA_EV_GAP,     /* evidence that should have been taken could not be; .gap */
	KA_EV_END,     /* why the bench stopped watching; .end */
	KA_EV_OPTIONS, /* the options of a program's socket, as read from outside; .options */
	KA_EV_HOLD,    /* how many processes hold a program's connection; .hold */
	KA_EV_PROCESS, /* what became of a program's process, or what it said; .process */
};

/* What a TCP segment is, from the prober's side; derived by bench/segments.h. */
enum ka_segment {
	KA_SEG_OTHER, /* not of the connection, or not understood */
	KA_SEG_SYN,
	KA_SEG_SYN_ACK,
	KA_SEG_DATA, /* new data or FIN */
	KA_SEG_RETRANSMIT,
	KA_SEG_ACK,    /* pure ACK */
	KA_SEG_PROBE,  /* keepalive probe: no payload, SEQ = SND.UNA - 1 of its sender */
	KA_SEG_ANSWER, /* the ACK that answers a probe */
	KA_SEG_WINDOW_PROBE,
	KA_SEG_RST,
	KA_SEG_ICMP, /* ICMP error about the connection */
};

struct ka_packet {
	bool out; /* leaves .at (else arrives) */
	enum ka_segment kind;
	bool accepted;         /* arrives at the prober and counts as received (sets L) */
	uint32_t seq, ack;     /* relative: the first byte of data is 1 */
	uint32_t snd_una;      /* of the packet's sender before this packet, relative */
	uint32_t rcv_nxt;      /* of the packet's sender, relative */
	uint16_t len;          /* payload bytes */
	uint8_t flags;         /* TH_SYN ... */
	bool timestamps;       /* carries a TCP timestamp option */
	bool mptcp;            /* carries an MPTCP option */
	uint8_t other_options; /* number of options that are none of these, nor NOP, nor EOL */
	uint16_t window;       /* as it stands in the header */
	uint8_t scale_offer;   /* window scale option plus one; 0: none */
	uint32_t tsval, tsecr;
	uint8_t icmp_type, icmp_code;
	uint8_t ttl;        /* or hop limit */
	uint8_t tos;        /* or traffic class: DSCP and ECN */
	bool dont_fragment; /* IPv4 DF; true for IPv6 */
};

/* epoll instances in which every socket is registered. */
enum ka_epoll_set {
	KA_EPOLL_LEVEL, /* EPOLLIN | EPOLLRDHUP, level-triggered: what most servers ask for */
	KA_EPOLL_FULL,  /* everything, edge-triggered */
};

struct ka_epoll {
	enum ka_epoll_set set;
	uint32_t mask;
};

enum ka_call_name {
	KA_CALL_CONNECT,
	KA_CALL_ACCEPT,
	KA_CALL_READ,
	KA_CALL_WRITE,
	KA_CALL_SO_ERROR,
	KA_CALL_SHUTDOWN,
	KA_CALL_CLOSE,
	KA_CALL_SETSOCKOPT,
	KA_CALL_GETSOCKOPT,
	KA_CALL_BLOCKED_RECV,
	KA_CALL_BLOCKED_SELECT, /* .ret: 1 readable, 2 exceptional */
	KA_CALL_BLOCKED_POLL,   /* .ret: revents */
	KA_CALL_BLOCKED_SIGNAL, /* .ret: si_band of the signal that O_ASYNC sent */
	KA_CALL_ERROR_QUEUE     /* recvmsg(MSG_ERRQUEUE); .ret is the errno that was queued */
};

/* One call: what it returned; .err is the errno when .ret < 0 (for SO_ERROR, .ret is the value). */
struct ka_call {
	enum ka_call_name name;
	int64_t ret;
	int err;
	bool after_end;
	bool sigpipe;     /* the call raised SIGPIPE */
	int64_t since_ns; /* when a blocking call began */
};

struct ka_tcp_info {
	uint8_t state, probes, retransmits, backoff;
	uint32_t rto_us, last_data_recv_ms, last_ack_recv_ms;
};

/* .found false: no such socket any more. */
struct ka_diag_sample {
	bool found;
	uint8_t state, timer, probes_out;
	uint32_t expires_ms;
};

/* .hits: packets that the rule met, or 1 for a fault proved otherwise (pid gone, device gone). */
struct ka_fault {
	int step;
	uint64_t hits;
	char text[80];
};

struct ka_counter {
	char name[40];
	int64_t delta; /* of Tcp.CurrEstab: its value at the end */
};

struct ka_check {
	bool ok;
	int step;
	int error; /* errno of the call; 0: it succeeded */
	char text[160];
};

/* The time is just before what it did. */
struct ka_app_event {
	enum ka_app_act act;
	int number;
	int64_t waited_ns; /* since what the program counts from; 0: it did not wait */
	char text[80];
};

/*
 * A load in sum. Each connection's time counts from its own L (TCP_INFO tells how long ago, in
 * whole jiffies, so that the time is exact to one) or from its own arming, whichever came later,
 * and ends when epoll named it. What the first death showed, all others must show.
 */
struct ka_load {
	unsigned n, dead;
	int64_t armed_ns;               /* when the first one's timer was started */
	int64_t earliest_ns, latest_ns; /* of the dead; the latest is it by its .late_ns less */
	int64_t latest_at_ns;           /* when that one was seen to have ended */
	int error;                      /* SO_ERROR */
	uint32_t events;                /* epoll mask, asked for IN|RDHUP */
	uint8_t probes;                 /* tcpi_probes */
	unsigned other;                 /* so many showed something else */
};

struct ka_gap {
	enum ka_proof proof;
	enum ka_finding_code code; /* KA_FIND_NOT_GATHERED, KA_FIND_CAPTURE_LOST */
	int step;                  /* -1: none */
	char text[120];            /* what failed */
};

enum ka_end_why {
	KA_END_DIED,    /* the prober's connection ended, and its post-mortem is done */
	KA_END_WATCHED, /* it lived through all that was to be watched */
	KA_END_OVERDUE, /* it should have ended, the bench waited far beyond the window */
	KA_END_BROKEN,  /* the experiment could not be done; .text */
	KA_END_SKIP,    /* this kernel or host cannot do it; .text names what is missing */
};
struct ka_end {
	enum ka_end_why why;
	/* KA_END_BROKEN: whose fault it is, also the kernel's; KA_END_SKIP: nothing, or why */
	enum ka_finding_code code;
	int step; /* the step in hand, before which or under which it ended; -1: all were done */
	char text[200];
};

/*
 * The options of a socket that somebody else holds. .n_holders 0: nobody does, nothing could be read;
 * .error: a copy of the descriptor could not be had.
 */
struct ka_options_event {
	bool listener; /* else the connection */
	int pid, fd;   /* of the first holder, in the sandbox's pid namespace */
	int n_holders; /* processes */
	char comm[16];
	int error;      /* errno; 0: the rest is set */
	bool keepalive; /* SO_KEEPALIVE */
	unsigned idle, intvl, cnt, user_timeout_ms;
};

/* A program's connection is held by so many processes; 0: the program has let go of it. */
struct ka_hold {
	int n;
};

enum ka_process_act {
	KA_PROC_STARTED,
	KA_PROC_LISTENS, /* its port can be connected to */
	KA_PROC_SAYS,    /* .text: a line of its output */
	KA_PROC_EXITED,  /* .status: exit status */
	KA_PROC_KILLED,  /* .status: signal */
	KA_PROC_BUSY,    /* .status: percent of the time since its connection ended */
	/* after the end, when the counterpart came back: .status: after so many milliseconds; .text: what
	 * was seen; .pid 0: none of its processes was there any more */
	KA_PROC_RETURNS,    /* a server serves it, a client connects to it again */
	KA_PROC_STAYS_AWAY, /* it does not */
};

struct ka_process {
	enum ka_process_act act;
	int pid, status;
	char name[16];
	char text[160];
};

struct ka_event {
	int64_t t_ns;
	enum ka_at at;
	enum ka_what what;
	/* how long the process that saw it had waited for a CPU since it began to wait for it; of a load
	 * how long the latest end had waited to be seen, at most; 0: not known */
	int64_t late_ns;
	union {
		struct {
			int index;       /* into case_->steps */
			int64_t done_ns; /* when it had taken effect */
			int64_t due_ns;  /* when it should have begun */
			char text[80];
		} step;
		struct ka_packet packet;
		struct ka_epoll epoll;
		struct ka_call call;
		struct ka_tcp_info info;
		struct ka_diag_sample diag;
		struct ka_fault fault;
		struct ka_counter counter;
		struct ka_check check;
		struct ka_app_event app;
		struct ka_load load;
		enum ka_proof proof;
		struct ka_gap gap;
		struct ka_end end;
		struct ka_options_event options;
		struct ka_hold hold;
		struct ka_process process;
	};
};

#define KA_ARMED_UNKNOWN (-1)

struct ka_timeline {
	struct ka_event *events; /* owned; ordered by t_ns after ka_timeline_sort() */
	size_t n, room;
	/* when SO_KEEPALIVE began to run the timer; 0: by the handshake; KA_ARMED_UNKNOWN: a program
	 * said it, and nobody saw when */
	int64_t armed_ns;
	uint64_t host_lost;    /* packets between namespaces that did not fit into its queues */
	int64_t clock_step_ns; /* largest jump of CLOCK_REALTIME against CLOCK_MONOTONIC */
};

/* Appends a copy of @event. Returns 0 or -ENOMEM. */
int ka_timeline_add(struct ka_timeline *timeline, const struct ka_event *event);
/* Stable sort by time: events of several observers arrive out of order. */
void ka_timeline_sort(struct ka_timeline *timeline);
/* True when event @i is a probe that left @at and what it then heard first of its peer was an ACK
 * that counts. */
bool ka_timeline_is_answered(const struct ka_timeline *timeline, size_t i, enum ka_at at);
/* Frees the events; safe twice. */
void ka_timeline_free(struct ka_timeline *timeline);
/* One event in words ("probe 2", "epoll 0x2019 (IN|RDHUP|ERR|HUP)", "read = -1 ETIMEDOUT");
 * numbers of probes are not known to a single event and left out. Returns @buf. */
/* "packet", "tcp_info": what programs know an event by. */
const char *ka_event_kind(enum ka_what what);
/* "probe", "window probe"; "read", "SO_ERROR". */
const char *ka_segment_name(const struct ka_packet *packet);
const char *ka_call_name(enum ka_call_name name);
const char *ka_event_text(const struct ka_event *event, char *buf, size_t size);

#endif
