/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bench with its eyes taken out. Each row makes one call fail that gathers evidence, or makes it
 * report the same for ever: it must be on record which evidence is missing, or why the instance was
 * ended, and nothing may pass.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <pcap/pcap.h>

#include "bench/engine.h"
#include "bench/peer_self.h"
#include "model/util.h"
#include "netns/nl.h"
#include "netns/qdisc.h"
#include "netns/sandbox.h"
#include "netns/softnet.h"
#include "netns/tests/unit.h"
#include "run/host.h"

/* ---- calls that fail ------------------------------------------------------------------------- */

enum symbol {
	NONE,
	NETSTAT,
	NETSTAT_EMPTY,
	NETSTAT_CUT,     /* in the middle of a line */
	NETSTAT_GONE,    /* a counter is called otherwise */
	SYSCTL_OPEN,     /* one cannot be written */
	SYSCTL_OPEN_ALL, /* none can */
	NFT_COUNTERS,
	NL_TALK,
	DIAG,
	NEIGH_KNOWN,
	QDISC_REFUSED,
	SOFTNET,
	PEER_SEND,
	TIMELINE_ADD,
	PCAP_DISPATCH,
	PCAP_STATS,
	PCAP_DROPS,
	PCAP_READABLE, /* for ever */
	TCP_INFO_,
	EPOLL_WAIT,
	EPOLL_ERR, /* of a connection that lives */
	ACCEPT,
	RECV_NOTHING, /* though epoll says that there is something */
	RECV_FOR_EVER,
	LISTEN,
	CONNECT, /* says that it may not */
	SEND,    /* the same */
	OWN,     /* no /dev/fuse */
};

/* Which call fails; a copy of it is in each process of the sandbox. */
static struct {
	enum symbol symbol;
	unsigned from; /* from this call on, counted from 0 */
	bool at_end;   /* only when the last evidence is gathered */
	bool once;
	unsigned calls;
	bool ended;
} armed;

static bool fails(enum symbol symbol)
{
	if (armed.symbol != symbol || (armed.at_end && !armed.ended))
		return false;
	if (armed.once && armed.calls > armed.from)
		return false;
	return armed.calls++ >= armed.from;
}

#define WRAP(type, name, ...)                                                                      \
	type __real_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__)

WRAP(void, ka_engine_last_evidence, struct ka_engine *e)
{
	armed.ended = true;
	__real_ka_engine_last_evidence(e);
}

WRAP(int, ka_self_own, struct ka_peer_self *self)
{
	return fails(OWN) ? ENOENT : __real_ka_self_own(self);
}

static bool is_netstat(int fd)
{
	char path[32], file[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, file, sizeof(file) - 1);
	file[n > 0 ? n : 0] = '\0';
	return strstr(file, "/netstat");
}

WRAP(ssize_t, pread, int fd, void *buf, size_t size, off_t at)
{
	ssize_t n;
	char *name;

	errno = EIO;
	if (!is_netstat(fd))
		return __real_pread(fd, buf, size, at);
	if (fails(NETSTAT))
		return -1;
	n = __real_pread(fd, buf, size, at);
	if (fails(NETSTAT_EMPTY))
		return 0;
	if (fails(NETSTAT_CUT))
		return n / 2;
	if (n > 0 && fails(NETSTAT_GONE) &&
	    (name = memmem(buf, (size_t)n, "TCPKeepAlive", strlen("TCPKeepAlive"))))
		*name = 'X';
	return n;
}

WRAP(int, nn_ns_open_proc, const struct nn_ns *ns, const char *path, int flags, struct nn_err *err)
{
	if (flags != O_RDONLY && strncmp(path, "sys/", 4) == 0 &&
	    (fails(SYSCTL_OPEN_ALL) || (strstr(path, "tcp_keepalive_intvl") && fails(SYSCTL_OPEN))))
		return nn_fail(err, EACCES, "cannot open %s", path);
	return __real_nn_ns_open_proc(ns, path, flags, err);
}

WRAP(int, nn_nft_counters, struct nn_ns *ns, const char *name, uint64_t *packets, size_t n,
     struct nn_err *err)
{
	return fails(NFT_COUNTERS) ? nn_fail(err, EIO, "NFT_MSG_GETRULE")
				   : __real_nn_nft_counters(ns, name, packets, n, err);
}

WRAP(int, nn_nl_talk, struct nn_nl *nl, struct nn_msg *msg, nn_nl_each each, void *arg,
     struct nn_err *err)
{
	return fails(NL_TALK) ? nn_fail(err, ENOBUFS, "netlink")
			      : __real_nn_nl_talk(nl, msg, each, arg, err);
}

WRAP(int, nn_diag_again, struct nn_ns *ns, const struct nn_diag_key *key, struct nn_diag *diag,
     struct nn_err *err)
{
	return fails(DIAG) ? nn_fail(err, EIO, "sock_diag")
			   : __real_nn_diag_again(ns, key, diag, err);
}

WRAP(int, nn_neigh_known, struct nn_ns *ns, const char *dev, const struct nn_addr *addr,
     struct nn_err *err)
{
	return fails(NEIGH_KNOWN) ? nn_fail(err, EIO, "neighbour")
				  : __real_nn_neigh_known(ns, dev, addr, err);
}

WRAP(int, nn_qdisc_refused, struct nn_ns *ns, const char *dev, uint64_t *packets,
     struct nn_err *err)
{
	return fails(QDISC_REFUSED) ? nn_fail(err, EIO, "qdisc")
				    : __real_nn_qdisc_refused(ns, dev, packets, err);
}

WRAP(int, nn_softnet_dropped, uint64_t *sum, struct nn_err *err)
{
	return fails(SOFTNET) ? nn_fail(err, EIO, "softnet_stat")
			      : __real_nn_softnet_dropped(sum, err);
}

WRAP(int, ka_peer_send, struct ka_peer *peer, const struct ka_peer_command *command,
     struct nn_err *err)
{
	return fails(PEER_SEND) ? nn_fail(err, EIO, "a peer does not take commands")
				: __real_ka_peer_send(peer, command, err);
}

WRAP(int, ka_timeline_add, struct ka_timeline *timeline, const struct ka_event *event)
{
	return fails(TIMELINE_ADD) ? -ENOMEM : __real_ka_timeline_add(timeline, event);
}

WRAP(int, pcap_dispatch, pcap_t *pcap, int n, pcap_handler handler, u_char *arg)
{
	if (fails(PCAP_READABLE))
		return 0;
	return fails(PCAP_DISPATCH) ? PCAP_ERROR : __real_pcap_dispatch(pcap, n, handler, arg);
}

WRAP(int, pcap_stats, pcap_t *pcap, struct pcap_stat *stat)
{
	int ret = fails(PCAP_STATS) ? PCAP_ERROR : __real_pcap_stats(pcap, stat);

	if (fails(PCAP_DROPS))
		stat->ps_drop = 2;
	return ret;
}

WRAP(int, getsockopt, int fd, int level, int option, void *value, socklen_t *len)
{
	errno = EIO;
	return level == IPPROTO_TCP && option == TCP_INFO && fails(TCP_INFO_)
		       ? -1
		       : __real_getsockopt(fd, level, option, value, len);
}

WRAP(int, epoll_wait, int fd, struct epoll_event *events, int n, int timeout)
{
	int ret;

	errno = EIO;
	if (!timeout && fails(EPOLL_WAIT))
		return -1;
	ret = __real_epoll_wait(fd, events, n, timeout);
	if (ret > 0 && !timeout && fails(EPOLL_ERR))
		events[0].events |= EPOLLERR | EPOLLHUP;
	return ret;
}

WRAP(int, accept4, int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	errno = ENOTRECOVERABLE;
	return fails(ACCEPT) ? -1 : __real_accept4(fd, addr, len, flags);
}

WRAP(ssize_t, recv, int fd, void *buf, size_t size, int flags)
{
	errno = EAGAIN;
	if (flags & MSG_DONTWAIT && fails(RECV_NOTHING))
		return -1;
	return flags & MSG_DONTWAIT && fails(RECV_FOR_EVER) ? 1 : __real_recv(fd, buf, size, flags);
}

WRAP(ssize_t, send, int fd, const void *buf, size_t size, int flags)
{
	errno = EPERM;
	return flags == (MSG_DONTWAIT | MSG_NOSIGNAL) && fails(SEND)
		       ? -1
		       : __real_send(fd, buf, size, flags);
}

WRAP(int, connect, int fd, const struct sockaddr *addr, socklen_t len)
{
	errno = EACCES;
	return fails(CONNECT) ? -1 : __real_connect(fd, addr, len);
}

WRAP(int, listen, int fd, int backlog)
{
	return fails(LISTEN) ? 0 : __real_listen(fd, backlog);
}

/* ---- experiments ------------------------------------------------------------------------------ */

#define ESTABLISHED                                                                                \
	{ .do_ = KA_CONNECT },                                                                     \
	{                                                                                          \
		.do_ = KA_SEND, .who = KA_PEER, .bytes = 64                                        \
	}

static const struct ka_case dropped = {
	.name = "dropped",
	.why = "the path swallows everything",
	KA_STEPS(ESTABLISHED, { .do_ = KA_DROP }),
	.expect = { .when = KA_KEEPALIVE_EXPIRY,
		    .error = ETIMEDOUT,
		    .probes = KA_CNT,
		    .rst_sent = 1 },
};

static const struct ka_case by_sysctl = {
	.name = "by_sysctl",
	.why = "the values come from sysctls",
	.topology = KA_PAIR,
	.from = KA_FROM_SYSCTL,
	KA_STEPS(ESTABLISHED),
	.expect = { .when = KA_NEVER, .watch = { .idle = 2 } },
};

static const struct ka_case lives = {
	.name = "lives",
	.why = "a healthy peer answers",
	KA_STEPS(ESTABLISHED),
	.expect = { .when = KA_NEVER,
		    .arming = KA_PROBED,
		    .watch = { .idle = 2 },
		    .answered = KA_SOME },
};

static const struct ka_case refused = {
	.name = "refused",
	.why = "the device refuses what is sent",
	.topology = KA_PAIR,
	KA_STEPS(ESTABLISHED, { .do_ = KA_REFUSE, .who = KA_PROBER }),
	.expect = { .when = KA_NEVER, .watch = { .idle = 2 } },
};

static const struct ka_case deaf = {
	.name = "deaf",
	.why = "the next hop cannot be resolved",
	.topology = KA_PAIR,
	KA_STEPS(ESTABLISHED, { .do_ = KA_NEIGHBOUR_GONE, .who = KA_PROBER }),
	.expect = { .when = KA_KEEPALIVE_EXPIRY,
		    .error = ETIMEDOUT,
		    .probes = KA_CNT,
		    .unseen = true,
		    .counters = { { "TcpExt.OutOfWindowIcmps", KA_ANY } } },
};

static const struct ka_case crowd = {
	.name = "crowd",
	.why = "one of a few",
	.topology = KA_PAIR,
	.from = KA_FROM_ACCEPTED,
	.load = 5,
	KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_DROP }),
	.expect = { .when = KA_KEEPALIVE_EXPIRY,
		    .arming = KA_FRESH,
		    .error = ETIMEDOUT,
		    .probes = KA_CNT,
		    .rst_sent = 1 },
};

static const struct ka_case owned = {
	.name = "owned",
	.why = "a process owns the socket",
	KA_STEPS(ESTABLISHED, { .do_ = KA_OWN, .who = KA_PROBER },
		 { .do_ = KA_RELEASE, .who = KA_PROBER }),
	.expect = { .when = KA_NEVER },
};

static const struct ka_case later = {
	.name = "later",
	.why = "a drop that comes later",
	KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_WAIT, .at = { .nominal = 0.3 } },
		 { .do_ = KA_DROP }),
	.expect = { .when = KA_KEEPALIVE_EXPIRY,
		    .error = ETIMEDOUT,
		    .probes = KA_CNT,
		    .rst_sent = 1 },
};

/* The peer's kernel knows nothing of it any more: what the prober sends first ends it, and the
 * second cannot be sent. */
static const struct ka_case ends_early = {
	.name = "ends_early",
	.why = "it ends before the last step",
	KA_STEPS(ESTABLISHED, { .do_ = KA_FORGET, .who = KA_PEER },
		 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 1, .unacked = true },
		 { .do_ = KA_SEND, .who = KA_PROBER, .bytes = 1, .at = { .nominal = 0.2 } }),
	.expect = { .when = KA_AT_ONCE, .error = ECONNRESET, .rst_received = 1 },
};

/* ---- rows --------------------------------------------------------------------------------------- */

static const struct row {
	const char *name;
	const struct ka_case *case_;
	enum symbol symbol;
	unsigned from;
	bool at_end, once;
	/* what must be on record: a gap of this kind, or how it ended */
	enum ka_proof gap;
	enum ka_finding_code code; /* of the gap; of the end */
	enum ka_end_why why;       /* without a gap */
	int step;
} rows[] = {
	{ "counters at the end", &dropped, NETSTAT, .at_end = true, .gap = KA_PROOF_COUNTERS },
	{ "netstat from the third read on", &dropped, NETSTAT, .from = 2,
	  .gap = KA_PROOF_COUNTERS },
	{ "counters at the beginning", &dropped, NETSTAT, .why = KA_END_BROKEN,
	  .code = KA_FIND_BENCH, .step = 1 },
	{ "a netstat that is empty", &dropped, NETSTAT_EMPTY, .at_end = true,
	  .gap = KA_PROOF_COUNTERS },
	{ "a netstat that is cut short", &dropped, NETSTAT_CUT, .at_end = true,
	  .gap = KA_PROOF_COUNTERS },
	{ "a counter that goes", &dropped, NETSTAT_GONE, .at_end = true, .gap = KA_PROOF_COUNTERS },
	{ "a sysctl that cannot be written", &by_sysctl, SYSCTL_OPEN, .why = KA_END_BROKEN,
	  .code = KA_FIND_READS },
	{ "a /proc/sys that cannot be written", &by_sysctl, SYSCTL_OPEN_ALL, .why = KA_END_SKIP,
	  .code = KA_FIND_READ_ONLY },
	{ "rules' counters", &dropped, NFT_COUNTERS, .gap = KA_PROOF_FAULT },
	{ "netlink at the end", &dropped, NL_TALK, .at_end = true,
	  .gap = KA_PROOF_SOCKET | KA_PROOF_FAULT },
	{ "sock_diag", &dropped, DIAG, .gap = KA_PROOF_SOCKET },
	{ "the neighbour", &deaf, NEIGH_KNOWN, .gap = KA_PROOF_FAULT },
	{ "the queue", &refused, QDISC_REFUSED, .gap = KA_PROOF_FAULT },
	{ "lost by the host", &dropped, SOFTNET, .at_end = true, .gap = KA_PROOF_HOST },
	{ "TCP_INFO of the dead", &dropped, TCP_INFO_, .gap = KA_PROOF_INFO },
	{ "TCP_INFO of the living", &lives, TCP_INFO_, .gap = KA_PROOF_INFO },
	{ "asking the living", &lives, PEER_SEND, .at_end = true, .gap = KA_PROOF_INFO },
	{ "the load's sum", &crowd, PEER_SEND, .at_end = true, .gap = KA_PROOF_LOAD },
	{ "TCP_INFO of the load", &crowd, TCP_INFO_, .gap = KA_PROOF_LOAD | KA_PROOF_INFO },
	{ "the capture at the end", &dropped, PCAP_DISPATCH, .at_end = true,
	  .gap = KA_PROOF_CAPTURE },
	{ "the capture before", &dropped, PCAP_DISPATCH, .from = 12, .gap = KA_PROOF_CAPTURE },
	{ "what the capture lost", &dropped, PCAP_STATS, .gap = KA_PROOF_CAPTURE },
	{ "a capture that lost packets", &dropped, PCAP_DROPS, .gap = KA_PROOF_CAPTURE,
	  .code = KA_FIND_CAPTURE_LOST },
	{ "memory at the end", &dropped, TIMELINE_ADD, .at_end = true, .once = true,
	  .why = KA_END_BROKEN, .code = KA_FIND_NOT_GATHERED, .step = -1 },
	{ "epoll", &lives, EPOLL_WAIT, .why = KA_END_BROKEN, .code = KA_FIND_PEER_DIED,
	  .gap = KA_PROOF_EVENTS },
	{ "a capture that is readable for ever", &lives, PCAP_READABLE, .why = KA_END_BROKEN,
	  .code = KA_FIND_STICKY },
	{ "a listener that is readable for ever", &lives, ACCEPT, .why = KA_END_BROKEN,
	  .code = KA_FIND_STICKY },
	{ "a socket that is readable for ever", &lives, RECV_NOTHING, .why = KA_END_BROKEN,
	  .code = KA_FIND_STICKY, .step = 1 },
	{ "bytes without end", &lives, RECV_FOR_EVER, .why = KA_END_BROKEN, .code = KA_FIND_STICKY,
	  .step = 1 },
	{ "nobody listens", &lives, LISTEN, .why = KA_END_BROKEN, .code = KA_FIND_NO_CONNECTION },
	{ "who may not connect", &lives, CONNECT, .why = KA_END_BROKEN,
	  .code = KA_FIND_NO_CONNECTION },
	{ "who may not write", &lives, SEND, .why = KA_END_BROKEN, .code = KA_FIND_CALL,
	  .step = 1 },
	{ "no /dev/fuse", &owned, OWN, .why = KA_END_SKIP, .step = 2 },
	{ "an end that nothing brought", &later, EPOLL_ERR, .why = KA_END_DIED, .step = 1 },
	{ "it ends before its last step", &ends_early, NONE, .why = KA_END_DIED, .step = 4 },
};

/* ---- running ------------------------------------------------------------------------------------ */

static struct outcome {
	bool told;
	enum ka_verdict_kind kind;
	char why[400];
	struct ka_findings findings;
	struct ka_end end;
	unsigned gaps, proofs;
	enum ka_finding_code code; /* of the last gap */
} * outcomes; /* shared with the sandboxes; one more than rows: nothing fails */

static struct ka_facts facts;
static struct nn_sandbox boxes[KA_N(rows) + 1];

static void sum_up(const struct ka_timeline *timeline, struct outcome *out)
{
	for (size_t i = 0; i < timeline->n; i++) {
		const struct ka_event *event = &timeline->events[i];

		if (event->what == KA_EV_GAP) {
			out->gaps |= event->gap.proof;
			out->code = event->gap.code;
		}
		if (event->what == KA_EV_PROOF)
			out->proofs |= event->proof;
		if (event->what == KA_EV_END)
			out->end = event->end;
	}
	out->told = true;
}

static int run(const struct ka_case *case_, struct outcome *out)
{
	static const struct ka_theme theme = { .name = "blind" };
	const struct ka_instance instance = { .theme = &theme,
					      .case_ = case_,
					      .setting = { .idle = 1, .intvl = 1, .cnt = 1 },
					      .family = AF_INET,
					      .prober = KA_CLIENT };
	struct ka_record record = { .timeline = { .n = 0 } };
	struct ka_prediction prediction;
	struct ka_verdict verdict;
	char why[KA_SENSE_TEXT];
	int ret = ka_check_sense(&instance, why, sizeof(why));

	if (ret)
		print_error("%s: %s\n", case_->name, why);
	else
		ret = ka_predict(&instance, &facts, &prediction);
	if (!ret)
		ret = ka_bench_run(&instance, &prediction, NULL, &record);
	if (!ret) {
		ka_judge(&instance, &facts, &prediction, &record.timeline, &verdict);
		out->kind = verdict.kind;
		out->findings = verdict.findings;
		memcpy(out->why, verdict.why, sizeof(out->why));
		sum_up(&record.timeline, out);
	}
	ka_record_free(&record);
	return ret ? 1 : 0;
}

static int entry(void *arg)
{
	const struct row *row = arg;

	if (!row)
		return run(&dropped, &outcomes[KA_N(rows)]);
	armed.symbol = row->symbol;
	armed.from = row->from;
	armed.at_end = row->at_end;
	armed.once = row->once;
	return run(row->case_, &outcomes[row - rows]);
}

/* All at once: they mostly wait. */
static int start(void **state)
{
	struct nn_err err = { 0 };
	int ret = ka_host_facts(&facts, &err);

	(void)state;
	facts.noise_budget_ns = 250 * INT64_C(1000000);
	outcomes = mmap(NULL, (KA_N(rows) + 1) * sizeof(*outcomes), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcomes == MAP_FAILED)
		return -1;
	for (size_t i = 0; !ret && i <= KA_N(rows); i++)
		ret = nn_sandbox_start(&boxes[i], entry,
				       i < KA_N(rows) ? (void *)(uintptr_t)&rows[i] : NULL, &err);
	if (ret)
		print_error("%s\n", err.text);
	return ret;
}

static int stop(void **state)
{
	(void)state;
	for (size_t i = 0; i <= KA_N(rows); i++)
		nn_sandbox_kill(&boxes[i]);
	return munmap(outcomes, (KA_N(rows) + 1) * sizeof(*outcomes));
}

/* ---- what is said ------------------------------------------------------------------------------- */

static bool has(const struct outcome *out, enum ka_finding_code code)
{
	for (size_t i = 0; i < out->findings.n; i++)
		if (out->findings.list[i].code == code)
			return true;
	return false;
}

TEST_ROWS(is_told, rows)
{
	const struct row *row = *state;
	const struct outcome *out = &outcomes[row - rows];
	enum ka_finding_code code = row->code ? row->code : KA_FIND_NOT_GATHERED;
	enum ka_verdict_kind want;

	if (row->why == KA_END_DIED && !row->gap)
		code = KA_FIND_ENDED_BEFORE_STEP;
	assert_int_equal(nn_sandbox_wait(&boxes[row - rows]), 0);
	assert_true(out->told);
	if (row->gap) {
		assert_int_equal(out->gaps & row->gap, row->gap);
		assert_int_equal(out->proofs & row->gap & ~(unsigned)KA_PROOF_COUNTERS &
					 ~(unsigned)KA_PROOF_CAPTURE,
				 0);
	}
	if (row->gap && !row->why)
		assert_int_equal(out->code, code);
	if (!row->gap || row->why) {
		assert_int_equal(out->end.why, row->why);
		assert_int_equal(out->end.code, row->code);
	}
	if (!row->gap && row->code != KA_FIND_STICKY)
		assert_int_equal(out->end.step, row->step);
	if (row->why == KA_END_SKIP) {
		assert_int_equal(out->kind, KA_SKIP);
		return;
	}
	want = ka_finding_class(code) == KA_OF_KERNEL ? KA_FAIL : KA_BROKEN;
	if (out->kind != want || !has(out, code))
		fail_msg("%s (%s), must be %s by %s", ka_verdict_name(out->kind), out->why,
			 ka_verdict_name(want), ka_finding_name(code));
}

/* With both eyes: all that a contract can ask for was taken. */
TEST(sees_all)
{
	const struct outcome *out = &outcomes[KA_N(rows)];
	const unsigned all = KA_PROOF_CAPTURE | KA_PROOF_COUNTERS | KA_PROOF_SOCKET |
			     KA_PROOF_INFO | KA_PROOF_CALLS | KA_PROOF_EVENTS | KA_PROOF_BLOCKED |
			     KA_PROOF_HOST;

	assert_int_equal(nn_sandbox_wait(&boxes[KA_N(rows)]), 0);
	assert_true(out->told);
	assert_int_equal(out->gaps, 0);
	assert_int_equal(out->proofs, all);
	assert_int_equal(out->end.why, KA_END_DIED);
	assert_int_equal(out->end.step, -1);
}

TEST_GROUP(start, stop)
