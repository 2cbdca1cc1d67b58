/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See scene.h. */
#include "scene.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include "judge/wheel.h"
#include "model/util.h"
#include "model/verbs.h"

/* What a booted kernel's jiffies looks like (INITIAL_JIFFIES is 5 minutes before the wrap). */
#define J0 INT64_C(4294892296)

const struct scene_phase scene_earliest = { .armed_before = 8, .residue = 2, .into_jiffy = 2 * MS };
const struct scene_phase scene_latest = { .armed_before = 100, .residue = 6, .into_jiffy = 2 * MS };
const struct scene_phase scene_ordinary = { .armed_before = 75,
					    .residue = 9,
					    .into_jiffy = 2 * MS };

/* What the bench takes of each end. */
#define OF_END                                                                                     \
	(KA_PROOF_CAPTURE | KA_PROOF_COUNTERS | KA_PROOF_SOCKET | KA_PROOF_INFO |                  \
	 KA_PROOF_EVENTS | KA_PROOF_CALLS | KA_PROOF_BLOCKED | KA_PROOF_LOAD | KA_PROOF_OPTIONS |  \
	 KA_PROOF_HOLDERS)

void scene_init(struct scene *s, enum ka_when when)
{
	*s = (struct scene){ .peer_seq = 1, .own_seq = 1, .timestamps = true };
	s->case_ = (struct ka_case){ .name = "scene",
				     .topology = KA_ROUTED,
				     .steps = s->steps,
				     .expect = { .when = when } };
	s->instance = (struct ka_instance){ .case_ = &s->case_,
					    .setting = { .idle = 1, .intvl = 1, .cnt = 3 },
					    .family = AF_INET,
					    .prober = KA_CLIENT };
	s->facts = (struct ka_facts){ .hz = 250,
				      .tick_ns = TICK,
				      .phase_known = true,
				      .j0 = J0,
				      .noise_budget_ns = 50 * MS };
	s->timeline.events = s->events;
}

void scene_step(struct scene *s, struct ka_step step)
{
	s->steps[s->case_.n_steps++] = step;
}

/* ---- events ---------------------------------------------------------------------------------------- */

struct ka_event *scene_add(struct scene *s, int64_t ns, enum ka_at at, struct ka_event event)
{
	size_t i = s->timeline.n++;

	assert_true(s->timeline.n <= SCENE_MAX);
	for (; i && s->events[i - 1].t_ns > ns; i--)
		s->events[i] = s->events[i - 1];
	event.t_ns = ns;
	event.at = at;
	s->events[i] = event;
	return &s->events[i];
}

struct ka_event *scene_packet(struct scene *s, int64_t ns, struct ka_packet packet)
{
	packet.timestamps = s->timestamps;
	packet.ttl = 64;
	packet.dont_fragment = true;
	packet.window = 502;
	if (!packet.out)
		packet.snd_una = packet.seq;
	return scene_add(s, ns, KA_AT_CLIENT,
			 (struct ka_event){ .what = KA_EV_PACKET, .packet = packet });
}

static void handshake(struct scene *s, int64_t ns)
{
	scene_packet(s, ns - 60 * US,
		     (struct ka_packet){ .out = true, .kind = KA_SEG_SYN, .flags = TH_SYN });
	scene_packet(s, ns,
		     (struct ka_packet){ .kind = KA_SEG_SYN_ACK,
					 .accepted = true,
					 .ack = 1,
					 .flags = TH_SYN | TH_ACK });
	scene_packet(s, ns,
		     (struct ka_packet){ .out = true,
					 .kind = KA_SEG_ACK,
					 .seq = 1,
					 .ack = 1,
					 .snd_una = 1,
					 .rcv_nxt = 1,
					 .flags = TH_ACK });
}

int64_t scene_fired(const struct scene *s, int64_t ns, int64_t length)
{
	int64_t j = s->facts.j0 + ns / TICK;

	return (ka_wheel_fire(j + length, j + 1, s->facts.hz) - s->facts.j0) * TICK + 50 * US;
}

void scene_begin(struct scene *s, int64_t ns)
{
	assert_int_equal(ka_predict(&s->instance, &s->facts, &s->prediction), 0);
	handshake(s, ns);
	scene_done(s, ns - 100 * US, ns + 300 * US, 0);
}

void scene_done(struct scene *s, int64_t began_ns, int64_t done_ns, int step)
{
	struct ka_event event = { .what = KA_EV_STEP,
				  .step = { .index = step, .done_ns = done_ns } };

	snprintf(event.step.text, sizeof(event.step.text), "step %d", step + 1);
	scene_add(s, began_ns, KA_AT_BENCH, event);
}

void scene_rx(struct scene *s, int64_t ns, uint16_t len)
{
	scene_packet(s, ns,
		     (struct ka_packet){ .kind = KA_SEG_DATA,
					 .accepted = true,
					 .seq = s->peer_seq,
					 .ack = s->own_seq,
					 .len = len,
					 .flags = TH_ACK | TH_PUSH });
	s->peer_seq += len;
	scene_packet(s, ns,
		     (struct ka_packet){ .out = true,
					 .kind = KA_SEG_ACK,
					 .seq = s->own_seq,
					 .ack = s->peer_seq,
					 .snd_una = s->own_seq,
					 .rcv_nxt = s->peer_seq,
					 .flags = TH_ACK });
}

static struct ka_packet from_prober(const struct scene *s, enum ka_segment kind, uint32_t seq,
				    uint8_t flags)
{
	return (struct ka_packet){ .out = true,
				   .kind = kind,
				   .seq = seq,
				   .ack = s->peer_seq,
				   .snd_una = s->own_seq,
				   .rcv_nxt = s->peer_seq,
				   .flags = flags };
}

void scene_probe(struct scene *s, int64_t ns)
{
	scene_packet(s, ns, from_prober(s, KA_SEG_PROBE, s->own_seq - 1, TH_ACK));
}

void scene_answer(struct scene *s, int64_t ns)
{
	scene_packet(s, ns,
		     (struct ka_packet){ .kind = KA_SEG_ANSWER,
					 .accepted = true,
					 .seq = s->peer_seq,
					 .ack = s->own_seq,
					 .flags = TH_ACK });
}

void scene_rst_out(struct scene *s, int64_t ns)
{
	scene_packet(s, ns, from_prober(s, KA_SEG_RST, s->own_seq, TH_RST | TH_ACK));
}

void scene_rst_in(struct scene *s, int64_t ns)
{
	scene_packet(s, ns,
		     (struct ka_packet){ .kind = KA_SEG_RST, .seq = s->peer_seq, .flags = TH_RST });
}

static void epoll_one(struct scene *s, int64_t ns, enum ka_epoll_set set, uint32_t mask)
{
	scene_add(s, ns, KA_AT_CLIENT,
		  (struct ka_event){ .what = KA_EV_EPOLL, .epoll = { .set = set, .mask = mask } });
}

void scene_epoll(struct scene *s, int64_t ns, uint32_t level, uint32_t full)
{
	if (level)
		epoll_one(s, ns, KA_EPOLL_LEVEL, level);
	if (full)
		epoll_one(s, ns, KA_EPOLL_FULL, full);
}

void scene_call(struct scene *s, int64_t ns, enum ka_call_name name, int64_t ret, int err)
{
	scene_add(
		s, ns, KA_AT_CLIENT,
		(struct ka_event){ .what = KA_EV_CALL,
				   .call = { .name = name,
					     .ret = ret,
					     .err = err,
					     .after_end = true,
					     .sigpipe = name == KA_CALL_WRITE && err == EPIPE } });
}

void scene_info(struct scene *s, int64_t ns, uint8_t state, uint8_t probes)
{
	scene_add(s, ns, KA_AT_CLIENT,
		  (struct ka_event){ .what = KA_EV_TCP_INFO,
				     .info = { .state = state, .probes = probes } });
}

void scene_counter(struct scene *s, const char *name, int64_t delta)
{
	struct ka_event event = { .what = KA_EV_COUNTER, .counter = { .delta = delta } };
	int64_t last_ns = s->timeline.n ? s->events[s->timeline.n - 1].t_ns : 0;

	snprintf(event.counter.name, sizeof(event.counter.name), "%s", name);
	scene_add(s, last_ns, KA_AT_CLIENT, event);
}

void scene_fault(struct scene *s, int step, uint64_t hits)
{
	scene_add(s, s->events[s->timeline.n - 1].t_ns, KA_AT_BENCH,
		  (struct ka_event){
			  .what = KA_EV_FAULT,
			  .fault = { .step = step, .hits = hits, .text = "drop both ways" } });
}

void scene_check(struct scene *s, int step, bool ok, const char *text)
{
	struct ka_event event = { .what = KA_EV_CHECK, .check = { .ok = ok, .step = step } };

	snprintf(event.check.text, sizeof(event.check.text), "%s", text);
	scene_add(s, s->events[0].t_ns, KA_AT_BENCH, event);
}

static void prove(struct scene *s, int64_t ns, enum ka_at at, unsigned proofs)
{
	for (unsigned proof = 1; proof <= proofs; proof <<= 1)
		if (proofs & proof)
			scene_add(s, ns, at,
				  (struct ka_event){ .what = KA_EV_PROOF,
						     .proof = (enum ka_proof)proof });
}

void scene_end(struct scene *s, int64_t ns, enum ka_end_why why)
{
	prove(s, ns, KA_AT_CLIENT, OF_END);
	prove(s, ns, KA_AT_SERVER, OF_END);
	prove(s, ns, KA_AT_BENCH, KA_PROOF_HOST);
	scene_add(s, ns, KA_AT_BENCH,
		  (struct ka_event){ .what = KA_EV_END,
				     .end = { .why = why, .step = -1, .text = "the text" } });
}

/* ---- spoiling --------------------------------------------------------------------------------------- */

struct ka_event *scene_find(struct scene *s, enum ka_segment kind, int nth)
{
	for (size_t i = 0; i < s->timeline.n; i++)
		if (s->events[i].what == KA_EV_PACKET && s->events[i].packet.kind == kind && !nth--)
			return &s->events[i];
	return NULL;
}

struct ka_event *scene_find_event(struct scene *s, enum ka_what what, int nth)
{
	for (size_t i = 0; i < s->timeline.n; i++)
		if (s->events[i].what == what && !nth--)
			return &s->events[i];
	return NULL;
}

struct ka_event *scene_find_counter(struct scene *s, const char *name)
{
	for (size_t i = 0; i < s->timeline.n; i++)
		if (s->events[i].what == KA_EV_COUNTER && !strcmp(s->events[i].counter.name, name))
			return &s->events[i];
	return NULL;
}

void scene_remove(struct scene *s, struct ka_event *event)
{
	size_t i = (size_t)(event - s->events);

	s->timeline.n--;
	memmove(event, event + 1, (s->timeline.n - i) * sizeof(*event));
}

void scene_shift(struct scene *s, const struct ka_event *from, int64_t ns)
{
	for (size_t i = (size_t)(from - s->events); i < s->timeline.n; i++) {
		s->events[i].t_ns += ns;
		if (s->events[i].what == KA_EV_STEP)
			s->events[i].step.done_ns += ns;
	}
}

/* ---- judging ------------------------------------------------------------------------------------------ */

static bool has_step_event(const struct scene *s, enum ka_what what, int step)
{
	for (size_t i = 0; i < s->timeline.n; i++) {
		const struct ka_event *event = &s->events[i];

		if (event->what == what && step == (what == KA_EV_STEP    ? event->step.index
						    : what == KA_EV_FAULT ? event->fault.step
									  : event->check.step))
			return true;
	}
	return false;
}

/* Behind the end, where it moves no event that a test holds. */
static void complete_step(struct scene *s, int i)
{
	unsigned promises = ka_step_promises(&s->case_.steps[i]);
	int64_t last_ns = s->events[s->timeline.n - 1].t_ns;

	if (!has_step_event(s, KA_EV_STEP, i))
		scene_done(s, last_ns, last_ns, i);
	if (promises & KA_PROOF_FAULT && !has_step_event(s, KA_EV_FAULT, i))
		scene_fault(s, i, 1);
	if (promises & KA_PROOF_CHECK && !has_step_event(s, KA_EV_CHECK, i))
		scene_add(s, last_ns, KA_AT_BENCH,
			  (struct ka_event){ .what = KA_EV_CHECK,
					     .check = { .ok = true, .step = i } });
}

void scene_complete(struct scene *s)
{
	static const char *const counters[] = { "TcpExt.TCPKeepAlive", "TcpExt.TCPAbortOnTimeout",
						"TcpExt.TCPTimeouts",  "Tcp.OutRsts",
						"Tcp.EstabResets",     "Tcp.RetransSegs" };

	if (s->complete || !scene_find_event(s, KA_EV_END, 0))
		return;
	s->complete = true;
	for (int i = 0; i < (int)s->case_.n_steps; i++)
		complete_step(s, i);
	for (size_t i = 0; i < KA_N(counters); i++)
		if (!scene_find_counter(s, counters[i]))
			scene_counter(s, counters[i], 0);
}

void scene_noise(struct scene *s, int64_t late_ns)
{
	s->facts.noise_ns = late_ns;
	s->facts.late = (struct ka_lateness){ .quiet_ns = late_ns };
}

void scene_noise_at(struct scene *s, int64_t from_ns, int64_t to_ns, int64_t late_ns)
{
	if (late_ns > s->facts.noise_ns)
		s->facts.noise_ns = late_ns;
	ka_lateness_add(&s->facts.late, from_ns, to_ns, late_ns);
}

/* In milliseconds, as the sender's clock goes; each end echoes what it has accepted last. */
static void stamp(struct scene *s)
{
	uint32_t recent[2] = { 0 };
	int probes = 0;

	for (size_t i = 0; i < s->timeline.n; i++) {
		struct ka_event *event = &s->events[i];
		struct ka_packet *p = &event->packet;

		if (event->what != KA_EV_PACKET || event->at > KA_AT_SERVER)
			continue;
		p->tsval = (uint32_t)(event->t_ns / MS);
		if (!p->out) {
			recent[event->at] = p->accepted ? p->tsval : recent[event->at];
			continue;
		}
		probes += p->kind == KA_SEG_PROBE;
		p->tsecr = recent[event->at];
		if (p->kind == KA_SEG_PROBE && probes == s->stamped)
			p->tsval += (uint32_t)s->stamp_off_ms;
		if (p->kind == KA_SEG_PROBE && probes == s->echoed)
			p->tsecr += (uint32_t)s->echo_off_ms;
	}
}

static bool is_established(const struct scene *s)
{
	bool established = false;

	for (size_t i = 0; i < s->timeline.n; i++)
		if (s->events[i].what == KA_EV_DIAG && s->events[i].at == KA_AT_CLIENT)
			established = s->events[i].diag.found &&
				      s->events[i].diag.state == TCP_ESTABLISHED;
	return established;
}

void scene_judge(struct scene *s)
{
	struct ka_settled was;

	stamp(s);
	if (scene_find_event(s, KA_EV_END, 0) && !scene_find_counter(s, "Tcp.CurrEstab"))
		scene_counter(s, "Tcp.CurrEstab", is_established(s));
	ka_settle(&s->instance, &s->facts, &s->prediction, &s->timeline, &was);
	ka_judge(&was.instance, &s->facts, &was.prediction, &was.timeline, &s->verdict);
}

void scene_expect(struct scene *s, enum ka_verdict_kind kind, const char *text)
{
	scene_complete(s);
	scene_judge(s);
	if (s->verdict.kind == kind &&
	    (*text ? strstr(s->verdict.why, text) != NULL : s->verdict.why[0] == '\0'))
		return;
	fail_msg("%s '%s', wanted %s '%s'", ka_verdict_name(s->verdict.kind), s->verdict.why,
		 ka_verdict_name(kind), text);
}

void scene_expect_code(struct scene *s, enum ka_verdict_kind kind, enum ka_finding_code code)
{
	const struct ka_findings *f = &s->verdict.findings;

	scene_complete(s);
	scene_judge(s);
	if (s->verdict.kind != kind || f->n != 1 || f->list[0].code != code)
		fail_msg("%s '%s', wanted %s by %s", ka_verdict_name(s->verdict.kind),
			 s->verdict.why, ka_verdict_name(kind), ka_finding_name(code));
}

void scene_expect_only(struct scene *s, enum ka_verdict_kind kind, const char *text)
{
	scene_expect(s, kind, text);
	if (s->verdict.findings.n > 1)
		fail_msg("more than '%s': '%s'", text, s->verdict.why);
}
