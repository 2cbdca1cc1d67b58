/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the application sees of the prober's socket: epoll, errno, what later calls return. */
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include "judge/checks.h"
#include "judge/program.h"
#include "judge/values.h"

static void check_mask(const char *set, uint32_t seen, uint32_t want, struct ka_findings *f)
{
	if (want && seen != want)
		ka_find(f, KA_FIND_MASK, -1, "epoll (%s) reports 0x%x, must be 0x%x", set, seen,
			want);
}

/* While it lives there is nothing to report but the peer's FIN, if there was one. */
static void check_silence(const struct ka_evidence *e, struct ka_findings *f)
{
	uint32_t news = EPOLLERR | EPOLLHUP | (e->peer_finished ? 0 : EPOLLRDHUP);

	if (!e->want->events && e->events & news)
		ka_find(f, KA_FIND_MASK, -1, "epoll (IN|RDHUP) reports 0x%x of a living connection",
			e->events);
	if (!e->want->events_full && !e->want->events && e->events_full & news)
		ka_find(f, KA_FIND_MASK, -1, "epoll (all) reports 0x%x of a living connection",
			e->events_full);
}

void ka_check_masks(const struct ka_evidence *e, struct ka_findings *f)
{
	/* a recv() that was waiting takes the error, and ERR with it, before or after this look */
	uint32_t taken = ka_case_blocks_in_recv(e->instance->case_) ? EPOLLERR : 0;

	check_mask(e->instance->case_->asks ? "as asked" : "IN|RDHUP",
		   e->events | (e->events ? taken : 0), e->want->events, f);
	check_mask("all", e->events_full | (e->events_full ? taken : 0), e->want->events_full, f);
	if (ka_regime_is(e->want->when, KA_REGIME_LIVES))
		check_silence(e, f);
}

/* EPIPE is what an application asks for that writes after its own shutdown. */
static bool asked_for(const struct ka_evidence *e, int error)
{
	const struct ka_case *c = e->instance->case_;

	return error == EPIPE && !e->want->error && ka_case_does(c, KA_SHUTDOWN, KA_PROBER);
}

void ka_check_error(const struct ka_evidence *e, struct ka_findings *f)
{
	if (e->error == e->want->error || asked_for(e, e->error))
		return;
	if (!e->error)
		ka_find(f, KA_FIND_ERROR, -1, "no error, must be %s",
			ka_errno_name(e->want->error));
	else if (!e->want->error)
		ka_find(f, KA_FIND_ERROR, -1, "%s, must be no error", ka_errno_name(e->error));
	else
		ka_find(f, KA_FIND_ERROR, -1, "%s, must be %s", ka_errno_name(e->error),
			ka_errno_name(e->want->error));
}

static const char *read_is_wrong(const struct ka_evidence *e, const struct ka_call *call,
				 bool consumed)
{
	/* an MPTCP socket without a subflow is not connected, and says so each time */
	if (consumed && e->instance->case_->transport != KA_TCP && call->err == ENOTCONN)
		return NULL;
	if (consumed)
		return call->ret ? "read() gives something after the error" : NULL;
	/* a socket that has seen FIN never gives the error to read() (SOCK_DONE, tcp_recvmsg()) */
	if (call->ret == 0 && e->want->error && !e->peer_finished)
		return "read() gives EOF before the error";
	return NULL;
}

/* sk_stream_error(): SIGPIPE comes with EPIPE, and never alone. */
static const char *write_is_wrong(const struct ka_evidence *e, const struct ka_call *call,
				  bool consumed)
{
	bool is_pipe = call->ret < 0 && call->err == EPIPE;

	if (consumed && !is_pipe)
		return "write() does not give EPIPE after the error";
	if (call->after_end && is_pipe != call->sigpipe)
		return is_pipe ? "write() gives EPIPE without SIGPIPE"
			       : "write() raises SIGPIPE without EPIPE";
	if (call->after_end && !consumed && e->want->error && call->ret >= 0)
		return "write() succeeds after the end";
	return NULL;
}

/* After an error that is only a report, the connection goes on. */
static const char *survivor_is_wrong(const struct ka_call *call, bool consumed, bool again)
{
	if (!consumed)
		return NULL;
	if (call->name == KA_CALL_SO_ERROR && call->ret && again)
		return "SO_ERROR gives the report of an error again and again";
	if (call->name == KA_CALL_READ && !(call->ret < 0 && call->err == EAGAIN))
		return "read() does not go on after the report of an error";
	if (call->name == KA_CALL_WRITE && call->ret < 0)
		return "write() fails after the report of an error";
	return NULL;
}

/*
 * A timer gives up with the soft error if there is one, else with ETIMEDOUT (tcp_write_err()). It
 * is kept, and SO_ERROR returns it once more when the error itself was read (sock_error()).
 */
static bool keeps_soft_error(const struct ka_evidence *e)
{
	bool gives_up = ka_regime_is(e->want->when, KA_REGIME_GIVES_UP);

	/* an MPTCP socket does not give up: what read() says is that it is not connected */
	if (e->instance->case_->transport == KA_MPTCP)
		return false;
	return e->instance->case_->expect.soft_again || (gives_up && e->want->error != ETIMEDOUT);
}

/* What SO_ERROR says after the error was given, and nobody is to hear of it again. @again: SO_ERROR was
 * asked since an earlier call returned the error. */
static bool is_sticky(const struct ka_evidence *e, const struct ka_call *call, bool consumed,
		      bool again)
{
	if (call->name != KA_CALL_SO_ERROR || !call->ret)
		return false;
	return again || (consumed && call->ret == e->error && !keeps_soft_error(e));
}

static const char *so_error_is_wrong(const struct ka_evidence *e, const struct ka_call *call,
				     bool consumed, bool again)
{
	bool first = e->instance->case_->post_mortem == KA_SO_ERROR_FIRST;

	if (consumed && call->ret && call->ret != e->error)
		return "SO_ERROR gives another error after the first";
	if (consumed && call->ret && !keeps_soft_error(e))
		return "SO_ERROR gives the error a second time";
	if (consumed && call->ret && again)
		return "SO_ERROR gives the soft error again and again";
	if (consumed && !call->ret && keeps_soft_error(e) && !again)
		return "SO_ERROR does not give the soft error once more";
	if (first && call->after_end && !consumed && e->want->error && !call->ret)
		return "SO_ERROR, asked first, does not give the error";
	return NULL;
}

/* What is wrong with @call; NULL: nothing. @consumed: an earlier call has returned the error. */
static const char *call_is_wrong(const struct ka_evidence *e, const struct ka_call *call,
				 bool consumed, bool again)
{
	/* an established TCP socket queues no ICMP errors (tcp_v4_err(), tcp_v6_err()) */
	if (call->name == KA_CALL_ERROR_QUEUE && call->ret >= 0)
		return "the error queue is not empty";
	if (e->instance->case_->expect.survives)
		return survivor_is_wrong(call, consumed, again);
	switch (call->name) {
	case KA_CALL_READ:
		return read_is_wrong(e, call, consumed);
	case KA_CALL_WRITE:
		return write_is_wrong(e, call, consumed);
	case KA_CALL_SO_ERROR:
		return so_error_is_wrong(e, call, consumed, again);
	default:
		return NULL;
	}
}

static bool gives_error(const struct ka_call *call)
{
	if (call->name == KA_CALL_SO_ERROR)
		return call->ret > 0;
	return (call->name == KA_CALL_READ || call->name == KA_CALL_WRITE ||
		call->name == KA_CALL_BLOCKED_RECV) &&
	       call->ret < 0 && call->err != EAGAIN;
}

void ka_check_calls(const struct ka_evidence *e, struct ka_findings *f)
{
	bool consumed = false, again = false, eof = false;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const char *wrong;

		if (event->what != KA_EV_CALL || event->at != e->at)
			continue;
		wrong = call_is_wrong(e, &event->call, consumed, again);
		if (wrong) {
			ka_find(f,
				is_sticky(e, &event->call, consumed, again) ? KA_FIND_STICKY
									    : KA_FIND_CALL,
				-1, "%s", wrong);
			return;
		}
		eof = eof || (event->call.name == KA_CALL_READ && event->call.ret == 0);
		again = again || (consumed && event->call.name == KA_CALL_SO_ERROR);
		/* in a living connection an error report is no end: it may be read on */
		consumed = consumed || (gives_error(&event->call) &&
					!ka_regime_is(e->want->when, KA_REGIME_LIVES));
	}
	if (e->want->eof && !eof)
		ka_find(f, KA_FIND_EOF, -1, "read() never gave EOF");
}

/* ---- state --------------------------------------------------------------------------------------- */

/* The last TCP_INFO from the prober's end up to the post_mortem's calls; NULL: none. */
static const struct ka_tcp_info *last_info(const struct ka_evidence *e)
{
	const struct ka_tcp_info *info = NULL;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_TCP_INFO && event->at == e->at &&
		    event->t_ns <= e->post_mortem_ns)
			info = &event->info;
	}
	return info;
}

/* The last word of sock_diag about the prober's socket; NULL: none. */
static const struct ka_diag_sample *last_diag(const struct ka_evidence *e)
{
	const struct ka_diag_sample *diag = NULL;

	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_DIAG && event->at == e->at)
			diag = &event->diag;
	}
	return diag;
}

/* Both ends are of the kernel under test: the other one has no reason either to report an end. */
static void check_other_end(const struct ka_evidence *e, struct ka_findings *f)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what != KA_EV_EPOLL || event->at == e->at ||
		    !(event->epoll.mask & EPOLLERR))
			continue;
		ka_find(f, KA_FIND_ENDED, -1,
			"epoll reports 0x%x at the other end of a living connection",
			event->epoll.mask);
		return;
	}
}

/* TCP_INFO of an MPTCP socket is that of its first subflow. */
static bool lost_the_first(const struct ka_case *c)
{
	for (size_t i = 0; i < c->n_steps; i++)
		if (c->steps[i].do_ == KA_LOSE_SUBFLOW && c->steps[i].value == 1)
			return true;
	return false;
}

static void check_lives(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_diag_sample *diag = last_diag(e);
	const struct ka_tcp_info *info = last_info(e);

	if (diag && !diag->found && !ka_case_closes(e->instance->case_))
		ka_find(f, KA_FIND_STATE, -1, "sock_diag does not find the connection, must live");
	if (info && info->state == TCP_CLOSE && !lost_the_first(e->instance->case_))
		ka_find(f, KA_FIND_STATE, -1, "TCP_INFO says closed, must live");
}

/* tcpi_probes keeps the last count of probes: with it tcp_keepalive_timer() decided. */
static void check_count_at_end(const struct ka_evidence *e, const struct ka_tcp_info *info,
			       struct ka_findings *f)
{
	unsigned cnt = ka_values_begin(e->instance).cnt;

	/* window probes that never left the host count there, too, and nowhere else */
	if (ka_regime_is(e->want->when, KA_REGIME_WINDOW_PROBES) &&
	    e->instance->case_->expect.unseen) {
		if (!info->probes)
			ka_find(f, KA_FIND_STATE, -1, "TCP_INFO counts no window probe");
		return;
	}
	/* retransmissions leave the count where it was when the data was written, window probes
	 * count in the same place */
	if (ka_regime_is(e->want->when, KA_REGIME_DATA | KA_REGIME_GIVES_UP))
		cnt = (unsigned)e->probes;
	else if (!ka_regime_is(e->want->when, KA_REGIME_BY_CNT) || e->want->changing)
		return;
	/* of a subflow that is no more, an MPTCP socket tells nothing */
	if (info->probes != cnt && e->instance->case_->transport != KA_MPTCP)
		ka_find(f, KA_FIND_STATE, -1, "TCP_INFO counts %u probes at the end, must be %u",
			info->probes, cnt);
}

void ka_check_state(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_tcp_info *info = last_info(e);

	if (ka_regime_is(e->want->when, KA_REGIME_LIVES)) {
		check_lives(e, f);
		check_other_end(e, f);
		return;
	}
	if (!info || !e->want->error || e->post_mortem_ns == INT64_MAX)
		return;
	if (e->instance->case_->expect.survives) {
		if (info->state != TCP_ESTABLISHED)
			ka_find(f, KA_FIND_STATE, -1,
				"TCP_INFO says state %u after a report, must be established",
				info->state);
		return;
	}
	if (info->state != TCP_CLOSE)
		ka_find(f, KA_FIND_STATE, -1,
			"TCP_INFO says state %u after the end, must be closed", info->state);
	else
		check_count_at_end(e, info, f);
}

/* A state of the timer or of the gateway's entry comes and goes with time, an option or a sysctl
 * does not; what the set-up could not read back is an option, too. */
static enum ka_finding_code code_of(const struct ka_evidence *e, const struct ka_check *check)
{
	const struct ka_case *c = e->instance->case_;

	if (check->step < 0)
		return KA_FIND_OPTION;
	if ((size_t)check->step >= c->n_steps)
		return KA_FIND_CHECK;
	switch (c->steps[check->step].do_) {
	case KA_SETSOCKOPT:
	case KA_GETSOCKOPT:
	case KA_KEEPALIVE_OF:
	case KA_SYSCTL:
	case KA_SYSCTL_IS:
		return KA_FIND_READS;
	case KA_DIAG_IS:
		return check->error && c->steps[check->step].who == KA_PROBER
			       ? KA_FIND_ENDED_BEFORE_STEP
			       : KA_FIND_CHECK;
	default:
		return KA_FIND_CHECK;
	}
}

void ka_check_steps(const struct ka_evidence *e, struct ka_findings *f)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];
		const struct ka_check *check = &event->check;

		if (event->what != KA_EV_CHECK || check->ok ||
		    (e->instance->program && ka_program_was_gone(e, check->step)))
			continue;
		if (check->step < 0)
			ka_find(f, code_of(e, check), -1, "%s", check->text);
		else
			ka_find(f, code_of(e, check), check->step, "step %d: %s", check->step + 1,
				check->text);
	}
}

/* ---- calls that were waiting ----------------------------------------------------------------------- */

static bool is_blocked(const struct ka_call *call)
{
	return call->name == KA_CALL_BLOCKED_RECV || call->name == KA_CALL_BLOCKED_SELECT ||
	       call->name == KA_CALL_BLOCKED_POLL || call->name == KA_CALL_BLOCKED_SIGNAL;
}

static void check_value(const struct ka_evidence *e, const struct ka_call *call,
			struct ka_findings *f)
{
	const char *got = call->ret < 0 ? ka_errno_name(call->err) : "no error";
	const uint32_t asked = EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP;
	uint32_t mask = e->want->events_full & asked;

	if (call->name == KA_CALL_BLOCKED_RECV && (call->ret != -1 || call->err != e->want->error))
		ka_find(f, KA_FIND_BLOCKED, -1,
			"the blocked recv() returned %lld (%s), must give %s", (long long)call->ret,
			got, ka_errno_name(e->want->error));
	if (call->name == KA_CALL_BLOCKED_SELECT && call->ret != 1)
		ka_find(f, KA_FIND_BLOCKED, -1,
			"the blocked select() returned %lld, must say readable and nothing else",
			(long long)call->ret);
	if (call->name == KA_CALL_BLOCKED_POLL && call->ret != (int64_t)mask)
		ka_find(f, KA_FIND_BLOCKED, -1, "the blocked poll() reports 0x%llx, must be 0x%x",
			(unsigned long long)call->ret, mask);
	if (call->name == KA_CALL_BLOCKED_SIGNAL && call->ret != EPOLLERR)
		ka_find(f, KA_FIND_BLOCKED, -1, "the signal's si_band is 0x%llx, must be 0x%x",
			(unsigned long long)call->ret, (unsigned)EPOLLERR);
}

/* It slept before the end, and woke with it. */
static void check_time(const struct ka_evidence *e, const struct ka_event *event,
		       struct ka_findings *f)
{
	/* another process, which has seen how long it waited for a CPU */
	int64_t late = 2 * e->tick_ns + ka_noise_at(e->facts, e->end_ns, event->t_ns) +
		       ka_cpu_late_ns(e, e->end_ns, event->t_ns, event->late_ns);

	if (event->call.since_ns >= e->end_ns)
		ka_find(f, KA_FIND_BLOCKED, -1, "the call that was to block began after the end");
	else if (event->t_ns < e->end_ns)
		ka_find(f, KA_FIND_BLOCKED, -1, "the blocked call returned %.6f s before the end",
			(double)(e->end_ns - event->t_ns) / 1e9);
	else if (event->t_ns > e->end_ns + late)
		ka_find(f, KA_FIND_BLOCKED, -1, "the blocked call woke %.6f s after the end",
			(double)(event->t_ns - e->end_ns) / 1e9);
}

void ka_check_blocked(const struct ka_evidence *e, struct ka_findings *f)
{
	bool found = false;

	if (!ka_case_does(e->instance->case_, KA_BLOCK, KA_PROBER))
		return;
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what != KA_EV_CALL || event->at != e->at || !is_blocked(&event->call))
			continue;
		found = true;
		check_value(e, &event->call, f);
		check_time(e, event, f);
	}
	if (!found)
		ka_find(f, KA_FIND_BLOCKED, -1, "the blocked call never returned");
}

/* The first report of the edge-triggered set that tells of an end. */
static uint32_t first_edge(const struct ka_evidence *e)
{
	for (size_t i = 0; i < e->timeline->n; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_EPOLL && event->at == e->at &&
		    event->epoll.set == KA_EPOLL_FULL && event->epoll.mask & (EPOLLERR | EPOLLHUP))
			return event->epoll.mask;
	}
	return 0;
}

void ka_check_edge(const struct ka_evidence *e, struct ka_findings *f)
{
	const struct ka_edge *want = &e->instance->case_->expect.edge;
	uint32_t seen = first_edge(e);

	if (!want->mask)
		return;
	if (ka_release_reaches(e->facts->release, want->since)) {
		if (seen != want->mask)
			ka_find(f, KA_FIND_EDGE, -1, "the first edge reports 0x%x, must be 0x%x",
				seen, want->mask);
	} else if ((seen & want->before) != want->before) {
		ka_find(f, KA_FIND_EDGE, -1, "the first edge reports 0x%x, must contain 0x%x", seen,
			want->before);
	}
}

/* How much was read after the end, before the error or the EOF. */
void ka_check_unread(const struct ka_evidence *e, struct ka_findings *f)
{
	int64_t want = e->instance->case_->expect.unread, seen = 0;

	for (size_t i = 0; i < e->timeline->n && want; i++) {
		const struct ka_event *event = &e->timeline->events[i];

		if (event->what == KA_EV_CALL && event->at == e->at && event->call.after_end &&
		    event->call.name == KA_CALL_READ && event->call.ret > 0)
			seen += event->call.ret;
	}
	if (want && seen != want)
		ka_find(f, KA_FIND_UNREAD, -1,
			"%lld bytes could be read after the end, must be %lld", (long long)seen,
			(long long)want);
}
