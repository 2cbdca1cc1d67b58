/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vocabulary in which an experiment is declared. Plain data: a case has no code, so the same
 * declaration runs with 1/1/3 in real time and with 7200/75/9 in virtual time, and everything
 * that the engine, the judge and the reports know about a case, they read here.
 */
#ifndef KA_CASE_H
#define KA_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/app.h"
#include "model/known.h"
#include "model/program.h"
#include "model/release.h"
#include "model/setting.h"
#include "model/units.h"

/* ---- who and where ------------------------------------------------------------------------ */

/* The two networks of netns/topology.h. */
enum ka_topology { KA_ROUTED, KA_PAIR };

/* ---- settings ----------------------------------------------------------------------------- */

/* Where the prober's socket has its values from. */
enum ka_from {
	KA_FROM_OPTION,   /* client: before connect(); server: on the listener, so that both are
			     armed by the handshake itself */
	KA_FROM_ACCEPTED, /* set on the connected socket, after the handshake */
	KA_FROM_SYSCTL,   /* the namespace's sysctls; the socket only says SO_KEEPALIVE */
	KA_FROM_NOWHERE,  /* no SO_KEEPALIVE at all */
	KA_FROM_VALUES,   /* as KA_FROM_OPTION, but without SO_KEEPALIVE: a step may say it */
	KA_FROM_BPF, /* a BPF program of the host's (sockops) sets all of it when the connection
			     is there; no call of the prober's does */
};

/* What the sockets are. With a plain TCP server, an MPTCP client falls back to TCP. */
enum ka_transport { KA_TCP, KA_MPTCP, KA_MPTCP_CLIENT };

/* Explicit congestion notification: RFC 3168; RFC 9768, which counts in the flags of every segment. */
enum ka_ecn { KA_ECN_OFF, KA_ECN_CLASSIC, KA_ECN_ACCURATE };

/* ---- a gateway with a memory ---------------------------------------------------------------- */

/* What the gateway does with a segment that belongs to no connection it knows. */
enum ka_unknown {
	KA_UNKNOWN_DROP,  /* swallows it */
	KA_UNKNOWN_RESET, /* answers with a TCP reset */
	KA_UNKNOWN_ADOPT, /* takes a connection over in the middle (nf_conntrack_tcp_loose) */
};

/* A gateway that translates the client's address into its own, and forgets a connection over which
 * nothing has passed for the timeout. */
struct ka_gateway {
	const char *name, *source; /* whose it is; NULL: only of the case */
	unsigned timeout_s;        /* of an established connection; 0: .timeout says it */
	struct ka_time timeout;    /* in the setting's units; rounded up to whole seconds */
	enum ka_unknown unknown;
	bool counts; /* it must follow sequence numbers, to see what is sent again */
};

/* Gateways out there, by enum ka_gateway_name (model/gateway.c). */
enum ka_gateway_name {
	KA_GATEWAY_AWS_NLB,
	KA_GATEWAY_AWS_NATGW,
	KA_GATEWAY_AZURE_LB,
	KA_GATEWAY_GCP,
	KA_GATEWAY_IPVS,
	KA_GATEWAY_ALICLOUD,
	KA_GATEWAY_MERAKI,
	KA_GATEWAY_CONNTRACK,
	KA_GATEWAY_CONNTRACK_KUBE,
	KA_GATEWAYS
};
extern const struct ka_gateway ka_gateways[KA_GATEWAYS];

/* ---- steps -------------------------------------------------------------------------------- */

/* What a step does. Each word has a row in verbs.def: what its fields mean, and all that is known of it. */
enum ka_do {
#define KA_VERB(word, ...) word,
#include "model/verbs.def"
	KA_VERBS /* how many there are */
};

/* What a step's time counts from. */
enum ka_since {
	KA_SINCE_STEP,    /* the end of the step before */
	KA_SINCE_LAST_RX, /* L: the last segment that the prober accepted */
	KA_SINCE_PROBE,   /* the moment probe number .nth was seen on the wire */
	KA_SINCE_BOOT,    /* the machine's: skipped where that is over, as on any host */
};

/* Seen from the prober. */
enum ka_way { KA_BOTH_WAYS, KA_PROBES, KA_ANSWERS };

/* Where packets are lost. KA_ON_PATH: the gateway's forward hook (routed), the peer's prerouting
 * (pair; nothing that the prober sends arrives). */
enum ka_place { KA_ON_PATH, KA_PROBER_OUTPUT, KA_PROBER_POSTROUTING };

#define KA_TCP_RESET (-1)

/* Calls that can block until the connection ends. */
enum ka_blocking { KA_IN_RECV, KA_IN_SELECT, KA_IN_POLL, KA_IN_SIGNAL };

/* Other kinds of sockets. */
enum ka_socket { KA_RAW_TCP, KA_UDP, KA_UNIX };

/* What a route look-up towards the other end finds after KA_ROUTE_GONE. */
enum ka_route { KA_ROUTE_NONE, KA_ROUTE_UNREACHABLE, KA_ROUTE_BLACKHOLE, KA_ROUTE_PROHIBIT };

#define KA_TCP_RTO_MAX_MS 44 /* of IPPROTO_TCP; Linux 6.15 */

struct ka_step {
	enum ka_do do_;
	enum ka_who who;
	enum ka_since since;
	int nth; /* KA_SINCE_PROBE: number or KA_CNT */
	struct ka_time at;
	bool random_phase; /* plus a seeded random part of min(idle, 1 s), so that the timer's phase
			      differs from run to run; never changes the meaning of the case */
	int times;         /* done so many times (0: once), .every after the last time */
	struct ka_time every;

	unsigned bytes; /* KA_SEND */
	bool unacked;
	bool deferred; /* KA_CONNECT: TCP_FASTOPEN_CONNECT is set, so the first write brings the SYN; the
			  next KA_SEND is done when the connection is established */

	enum ka_way way; /* KA_DROP, KA_REJECT, KA_PROMISE */
	enum ka_place place;
	int first;                 /* only the first N packets that match; 0: all */
	int after;                 /* only those after the first N that match */
	uint8_t flags_mask, flags; /* TCP flags that must match */
	bool misses; /* for experiments that must end broken: matches another port; the neighbour
			stays known */

	int level, option;     /* KA_TCP_...: what libraries' headers do not have yet */
	int value;             /* KA_CNT allowed */
	struct ka_time amount; /* KA_SETSOCKOPT, KA_GETSOCKOPT: instead of .value, seconds in the
				  setting's units; they must come to a whole number */
	int fails;             /* errno that the call must give; 0: it must succeed */
	const char *key, *text;
	int timer;
	enum ka_blocking call;     /* KA_BLOCK */
	struct ka_time left;       /* KA_ENTRY_IS */
	struct ka_time expires[2]; /* KA_DIAG_IS: at the least and at the most until the timer's
				      unrounded expiry; most 0: not looked at */
	bool overdue; /* KA_DIAG_IS: the unrounded expiry is over, the rounded one is to come: 0 is
			 left, and so says /proc/net/tcp */
	enum ka_route route;   /* KA_ROUTE_GONE */
	bool followed;         /* KA_ADD_SUBFLOW: it is the one that is looked at from now on */
	enum ka_socket socket; /* KA_KEEPALIVE_OF */
};

#define KA_STEPS(...)                                                                              \
	.steps = (const struct ka_step[]){ __VA_ARGS__ },                                          \
	.n_steps = sizeof((const struct ka_step[]){ __VA_ARGS__ }) / sizeof(struct ka_step)

/* ---- expectation -------------------------------------------------------------------------- */

/* The regime: which rule of the kernel ends the connection. */
enum ka_when {
	KA_KEEPALIVE_EXPIRY, /* cnt unanswered probes: idle + intvl * cnt, rounded up by the wheel */
	KA_FIRST_PROBE,      /* the first probe meets a RST */
	KA_AT_ONCE,          /* an arriving segment (or the local kernel) ends it at the fault */
	KA_NEVER,            /* it lives through .watch */
	KA_USER_TIMEOUT,     /* first probe tick >= TCP_USER_TIMEOUT with at least one probe out */
	KA_RETRANSMIT_LIMIT, /* tcp_retries2 of unacknowledged data */
	KA_PERSIST_LIMIT,    /* tcp_retries2 of window probes; counts from the write */
	KA_SHRUNK_LIMIT, /* data in flight beyond a window that was taken back; twice the longest
				timeout without an answer, or the user timeout */
	KA_FIRST_RETRANSMIT, /* an ICMP error answers the first retransmission */
	KA_CONNECT_LIMIT,    /* tcp_syn_retries of a handshake that nobody answers, or the user
				timeout; counts from the first SYN, in place of L */
	KA_FIN_LIMIT,        /* tcp_fin_timeout of a closed socket in FIN_WAIT2, what is more than a
				minute of it */
	KA_PROGRAM_CLOSES,   /* a real program closes before its kernel ends it; never declared, the
				judge finds it (judge/program.h) */
	KA_REGIMES,          /* how many there are */
};

/* How the timer was armed before the silence: decides the window (judge/wheel.h). */
enum ka_arming {
	KA_CHAINED, /* by earlier traffic */
	KA_FRESH,   /* in the jiffy of the last received segment: the handshake */
	KA_PROBED,  /* an answered probe may have armed it with intvl */
};

struct ka_counter_want {
	const char *name; /* "TcpExt.TCPKeepAlive" */
	int delta;        /* number, KA_CNT..., KA_SOME (>= 1) or KA_ANY */
};

/*
 * The first report of an edge-triggered epoll set that has ERR or HUP, where kernels differ: .mask
 * from release .since ("6.11") on; before, anything that contains .before. Mask 0: not compared.
 */
struct ka_edge {
	uint32_t mask;
	const char *since; /* as in struct ka_since_release */
	uint32_t before;
};

struct ka_expect {
	enum ka_when when;
	enum ka_arming arming;
	int error;  /* errno of the first failing call at the prober; 0: none */
	bool eof;   /* the peer's FIN: read() returns 0 */
	int probes; /* keepalive probes on the wire since L; KA_CNT, KA_SOME, KA_ANY */
	int rst_sent, rst_received; /* by the prober; KA_ANY allowed */
	/* epoll masks of the prober, 0: what the regime gives (0x2019 and 0x215d for an error,
	 * 0x2001 and 0x2145 for an EOF). .events: registered for IN|RDHUP; .events_full: for all */
	uint32_t events, events_full;
	struct ka_time watch; /* KA_NEVER: how long it must live after the last step */
	/* KA_NEVER: the rule that could end it and does not, but whose timer works meanwhile, from the
	 * last write on, and is judged; 0: none */
	enum ka_when meanwhile;
	/* the application hears of the end only so much later (MPTCP keeps a connection without a
	 * subflow); 0: at once */
	struct ka_time notice;
	/* counters in the prober's namespace that move besides those of the regime; any other
	 * watched counter that moves is a failure. */
	struct ka_counter_want counters[6];
	/* of those in the peer's namespace, only these are looked at */
	struct ka_counter_want peer_counters[2];
	/* probe numbering starts again with every answer: .probes then counts the last unanswered
	 * run. .answered: this many probes must have been answered (KA_SOME) */
	int answered;
	/* keepalive probes of the peer's own that arrive at the prober */
	int probes_received;
	/* data waits for a closed window: what looks like a keepalive probe is a window probe.
	 * KA_PERSIST_LIMIT implies it. */
	bool window_probes;
	struct ka_edge edge;
	int unread;      /* bytes that read() still gives after the end, before the error; 0: any */
	bool soft_again; /* SO_ERROR gives the error once more after read() (sk_err_soft) */
	struct ka_app_want app[4]; /* ends with .who == KA_NOBODY */
	/* after the last answer nothing that the prober sends reaches its device: the counter
	 * TCPKeepAlive is the evidence of the probes, the socket's first event that of the end */
	bool unseen;
	/* the error is a report, not an end (IP_RECVERR): the connection is still established
	 * afterwards */
	bool survives;
};

/* In which order the application asks when the connection has ended; the first to ask gets the
 * error. */
enum ka_post_mortem {
	KA_READ_FIRST,     /* read, SO_ERROR, read, write */
	KA_SO_ERROR_FIRST, /* SO_ERROR, read, SO_ERROR, write */
	KA_WRITE_FIRST,    /* write, write, read, SO_ERROR */
};

/* Wrong on purpose, for experiments that must fail; all zero in the catalogue. */
struct ka_bias {
	int window_jiffies; /* moves the accepted window */
	int gap_granules;   /* expects probe gaps longer by so many wheel granules */
	int probes, error;  /* added to the expected number; errno expected instead */
};

/* ---- case, theme, instance ---------------------------------------------------------------- */

#define KA_V4          1u
#define KA_V6          2u
#define KA_ANY_FAMILY  0u /* both */
#define KA_ONLY_CLIENT 1u
#define KA_ONLY_SERVER 2u

struct ka_sysctl {
	enum ka_who who;
	const char *key, *value; /* key below /proc/sys */
};

struct ka_case {
	const char *name;     /* unique over all themes: part of every instance's address */
	const char *declared; /* where it stands: "cases/silent_drop.c:27" */
	const char *why;      /* one sentence: what it proves */
	const char *source;   /* RFC clause and kernel function */
	const char *lesson;   /* for `kacheck explain`: what happens and why, in plain words */
	enum ka_topology topology;
	const struct ka_gateway *gateway; /* KA_ROUTED: NULL only forwards */
	enum ka_from from;
	enum ka_transport transport;
	bool mapped; /* sockets of IPv6 with addresses of IPv4: a listener on [::], a client that
			connects to ::ffff:ADDRESS; .families = KA_V4 */
	struct ka_since_release holds_from;
	struct ka_known known; /* that kernels fail in it */
	unsigned families;     /* KA_V4 | KA_V6; 0: both */
	unsigned probers;      /* KA_ONLY_CLIENT | KA_ONLY_SERVER; 0: both */
	const struct ka_setting
		*settings;    /* instead of the run's; ends with .cnt == 0; NULL: run's */
	bool one_setting;     /* the setting does not matter: only the first one of the run */
	bool long_;           /* only with --long or in virtual time */
	unsigned min_cnt;     /* settings with a smaller cnt make no sense here */
	bool no_user_timeout; /* nor do settings with a user timeout: it ends what must survive */
	bool no_timestamps;   /* net.ipv4.tcp_timestamps=0 at both ends */
	enum ka_ecn ecn;      /* must be in use: asked for, granted, and said of data */
	/* so many connections besides the observed one, of the same setting, each armed when it
	 * is there (KA_FROM_ACCEPTED), the observed one last. Only that one is captured; of the
	 * others a sum is kept */
	unsigned load;
	/* what the prober's level-triggered epoll set asks for; 0: EPOLLIN | EPOLLRDHUP */
	uint32_t asks;
	struct ka_app prober_app, peer_app;
	/* a real program is the prober, at its end of the topology; NULL: a peer of our own */
	const struct ka_program *program;
	/* when all is over, its counterpart comes back: within so long a server is to serve it, or a client
	 * to connect again; 0: it does not come back */
	struct ka_time returns;
	struct ka_sysctl sysctls[4]; /* set before the sockets exist; ends with NULL key */
	/* the same, but a kernel without it does as one that has it set to this */
	struct ka_sysctl sysctl_if_there;
	const struct ka_step *steps;
	size_t n_steps;
	enum ka_post_mortem post_mortem;
	struct ka_expect expect;
	struct ka_bias bias;
};

struct ka_theme {
	const char *name;  /* file name without .c */
	const char *title; /* headline in `kacheck list` */
	const struct ka_case *cases;
	size_t n;
};

/* "cases/silent_drop.c:27": the line that says it. The build strips the folder above the tree. */
#define KA_HERE             __FILE__ ":" KA_LINE_TEXT(__LINE__)
#define KA_LINE_TEXT(line)  KA_LINE_TEXT_(line)
#define KA_LINE_TEXT_(line) #line

/* How the declaration of a case begins: its name, and where it stands. */
#define KA_CASE(case_name) .name = (case_name), .declared = KA_HERE

#define KA_THEME(ident, theme_title)                                                               \
	extern const struct ka_theme ka_theme_##ident;                                             \
	const struct ka_theme ka_theme_##ident = { .name = #ident,                                 \
						   .title = theme_title,                           \
						   .cases = cases,                                 \
						   .n = sizeof(cases) / sizeof(cases[0]) }

/* All themes of the catalogue, in the order of a book's chapters (cases/cases.c). */
const struct ka_theme *const *ka_catalogue(size_t *n);

/* case x setting x family x prober. Its name is its address: silent_drop/1-1-3/v6/server. */
struct ka_instance {
	const struct ka_theme *theme;
	const struct ka_case *case_;
	struct ka_setting setting;
	int family; /* AF_INET or AF_INET6 */
	enum ka_role prober;
	const struct ka_program *program; /* the case's; NULL: both ends are peers of our own */
	uint64_t seed;
	unsigned repetition; /* 0, 1, ... with --repeat; not part of the name */
	unsigned place;      /* in the whole plan, before it is cut into shards */
	char name[160];
};

/* ---- the arithmetic of the vocabulary (model/case.c) ------------------------------------------ */

/* Seconds of @time under @setting. */
double ka_time_s(const struct ka_time *time, const struct ka_setting *setting);
/* A number with KA_CNT resolved; KA_SOME and KA_ANY stay as they are. */
int ka_number(int n, const struct ka_setting *setting);
/* After how many seconds without a packet the gateway forgets; as sysctls have it, whole ones. */
unsigned ka_gateway_timeout_s(const struct ka_gateway *gateway, const struct ka_setting *setting);
/* The number of the step that connects, if nothing comes before it but options of the unconnected
 * socket; -1: there is none, or something that may be in its way. */
int ka_handshake_step(const struct ka_case *c);
/* What a KA_SETSOCKOPT or KA_GETSOCKOPT means: .amount or .value. */
int ka_step_value(const struct ka_step *step, const struct ka_setting *setting);

#endif
