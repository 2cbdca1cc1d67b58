/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stories in which a real program is the prober; see scene.h. */
#include <netinet/tcp.h>

#include "scene.h"

#define KEEPALIVE_TIMER 2

void scene_hold(struct scene *s, int64_t ns, int n)
{
	scene_add(s, ns, KA_AT_CLIENT, (struct ka_event){ .what = KA_EV_HOLD, .hold = { n } });
}

struct ka_event *scene_diag(struct scene *s, int64_t ns, uint8_t state, uint8_t timer,
			    uint32_t expires_ms)
{
	return scene_add(s, ns, KA_AT_CLIENT,
			 (struct ka_event){ .what = KA_EV_DIAG,
					    .diag = { .found = state != 0,
						      .state = state,
						      .timer = timer,
						      .expires_ms = expires_ms } });
}

struct ka_event *scene_process(struct scene *s, int64_t ns, enum ka_process_act act, int status)
{
	return scene_add(
		s, ns, KA_AT_CLIENT,
		(struct ka_event){
			.what = KA_EV_PROCESS,
			.process = { .act = act, .pid = 2, .status = status, .name = "server" } });
}

static void put_options(struct scene *s, int64_t ns)
{
	const struct ka_setting *v = &s->instance.setting;

	scene_add(s, ns, KA_AT_CLIENT,
		  (struct ka_event){ .what = KA_EV_OPTIONS,
				     .options = { .pid = 2,
						  .fd = 7,
						  .n_holders = 1,
						  .comm = "server",
						  .keepalive = s->case_.from != KA_FROM_NOWHERE,
						  .idle = v->idle,
						  .intvl = v->intvl,
						  .cnt = v->cnt,
						  .user_timeout_ms = v->user_timeout_ms } });
}

static void take_socket_away(struct scene *s)
{
	for (size_t i = s->timeline.n; i-- > 0;) {
		struct ka_event *event = &s->events[i];

		if (event->what == KA_EV_EPOLL || event->what == KA_EV_CALL ||
		    event->what == KA_EV_TCP_INFO || event->what == KA_EV_DIAG)
			scene_remove(s, event);
	}
}

/* The RST that ends it, at either end of it; else a FIN that arrives; else where the story stops. */
static int64_t end_of(struct scene *s)
{
	const struct ka_event *end = scene_find(s, KA_SEG_RST, 0);

	for (size_t i = 0; !end && i < s->timeline.n; i++)
		if (s->events[i].what == KA_EV_PACKET && s->events[i].packet.flags & TH_FIN)
			end = &s->events[i];
	if (!end)
		end = scene_find_event(s, KA_EV_END, 0);
	assert_non_null(end);
	return end->t_ns;
}

void scene_of_program(struct scene *s, int64_t late_ns)
{
	const struct ka_event *syn_ack = scene_find(s, KA_SEG_SYN_ACK, 0);
	int64_t began_ns = syn_ack->t_ns, end_ns = end_of(s);
	struct ka_event *stop = scene_find_event(s, KA_EV_END, 0);
	bool lives = stop->end.why == KA_END_WATCHED;

	s->program = (struct ka_program){ .name = "server", .role = KA_CLIENT, .patience_s = 10 };
	s->case_.program = s->instance.program = &s->program;
	take_socket_away(s);
	scene_process(s, began_ns - 10 * MS, KA_PROC_STARTED, 0);
	scene_hold(s, began_ns + 100 * US, 1);
	put_options(s, began_ns + 200 * US);
	if (s->case_.from != KA_FROM_NOWHERE)
		scene_diag(s, began_ns + 250 * US, TCP_ESTABLISHED, KEEPALIVE_TIMER,
			   s->instance.setting.idle * 1000);
	if (lives) {
		scene_diag(s, end_ns, TCP_ESTABLISHED, KEEPALIVE_TIMER, 100);
		return;
	}
	scene_diag(s, end_ns + 100 * US, 0, 0, 0);
	stop = scene_find_event(s, KA_EV_END, 0);
	scene_shift(s, stop, late_ns ? late_ns : 11000 * MS);
	if (late_ns)
		scene_hold(s, end_ns + late_ns, 0);
}

static void send_out(struct scene *s, int64_t ns, enum ka_segment kind, uint16_t len, uint8_t flags)
{
	scene_packet(s, ns,
		     (struct ka_packet){ .out = true,
					 .kind = kind,
					 .seq = s->own_seq,
					 .ack = s->peer_seq,
					 .snd_una = s->own_seq,
					 .rcv_nxt = s->peer_seq,
					 .len = len,
					 .flags = flags });
}

void scene_fin_out(struct scene *s, int64_t ns)
{
	send_out(s, ns, KA_SEG_DATA, 0, TH_FIN | TH_ACK);
}

void scene_data_out(struct scene *s, int64_t ns, enum ka_segment kind, uint16_t len)
{
	send_out(s, ns, kind, len, TH_ACK | TH_PUSH);
}

void scene_expect_program(struct scene *s, enum ka_verdict_kind kind, const char *text,
			  enum ka_program_verdict did)
{
	scene_expect(s, kind, text);
	if (s->verdict.program != did)
		fail_msg("the program %s, must %s", ka_program_verdict_name(s->verdict.program),
			 ka_program_verdict_name(did));
}
