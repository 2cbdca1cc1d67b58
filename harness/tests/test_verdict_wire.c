/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging segments: the format of probes, the RST at the end. */
#include <netinet/tcp.h>

#include "model/util.h"
#include "scene.h"

/* ---- format --------------------------------------------------------------------------------------- */

static void spoil_probe(const char *text, void (*spoil)(struct ka_packet *p))
{
	struct scene s;

	scene_silent_drop(&s, &scene_ordinary);
	spoil(&scene_find(&s, KA_SEG_PROBE, 1)->packet);
	scene_expect_only(&s, KA_FAIL, text);
}

static void with_payload(struct ka_packet *p)
{
	p->len = 1;
}

static void with_push(struct ka_packet *p)
{
	p->flags |= TH_PUSH;
}

static void with_next_seq(struct ka_packet *p)
{
	p->seq++;
}

static void with_old_ack(struct ka_packet *p)
{
	p->ack--;
}

static void without_timestamp(struct ka_packet *p)
{
	p->timestamps = false;
}

static void with_option(struct ka_packet *p)
{
	p->other_options = 1;
}

TEST(probe_format)
{
	spoil_probe("probe 2 of all carries 1 bytes", with_payload);
	spoil_probe("probe 2 of all has flags 0x18, must be 0x10", with_push);
	spoil_probe("probe 2 of all has sequence number 1, must be 0", with_next_seq);
	spoil_probe("probe 2 of all acknowledges 64, must be 65", with_old_ack);
	spoil_probe("probe 2 of all lacks the timestamp", without_timestamp);
	spoil_probe("probe 2 of all has 1 options", with_option);
}

/* A stale timestamp is told by the time that passed since the one before, in milliseconds. */
SCENE_TEST(time_in_the_timestamp)
{
	static const struct {
		int stamped, off_ms;
		const char *text; /* "": it passes */
	} rows[] = {
		{ 2, -20, "" },
		{ 2, 20, "" },
		{ 1, -24, "the timestamp of probe 1 of all is 0.024 s behind its time" },
		{ 2, -1016, "the timestamp of probe 2 of all is 1.0" },
		{ 3, 30, "the timestamp of probe 3 of all is 0.0" },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		scene_silent_drop(s, &scene_ordinary);
		s->stamped = rows[i].stamped;
		s->stamp_off_ms = rows[i].off_ms;
		scene_expect(s, *rows[i].text ? KA_FAIL : KA_PASS, rows[i].text);
	}
	/* the host may have been late, and an old kernel counts jiffies */
	scene_silent_drop(s, &scene_ordinary);
	s->stamped = 2;
	s->stamp_off_ms = -40;
	s->facts.noise_ns = 20 * MS;
	scene_expect(s, KA_PASS, "");
	s->stamp_off_ms = -1000;
	scene_expect_code(s, KA_FAIL, KA_FIND_PROBE_FORMAT);
	snprintf(s->facts.release, sizeof(s->facts.release), "4.12.14");
	scene_expect(s, KA_PASS, "");
	/* in virtual time nothing is late */
	scene_silent_drop(s, &scene_ordinary);
	s->facts.virtual_clock = true;
	s->stamped = 2;
	s->stamp_off_ms = -4;
	scene_expect_code(s, KA_FAIL, KA_FIND_PROBE_FORMAT);
}

/* Answered ones are looked at, too; and what is not negotiated must not be there. */
SCENE_TEST(format_of_every_probe)
{
	scene_alive(s, 3);
	with_push(&scene_find(s, KA_SEG_PROBE, 0)->packet);
	scene_expect_only(s, KA_FAIL, "probe 1 of all has flags");
	scene_silent_drop(s, &scene_ordinary);
	scene_find(s, KA_SEG_SYN_ACK, 0)->packet.timestamps = false;
	scene_expect(s, KA_FAIL, "probe 1 of all has a timestamp");
	scene_silent_drop(s, &scene_ordinary);
	for (size_t i = 0; i < s->timeline.n; i++)
		if (s->events[i].what == KA_EV_PACKET)
			s->events[i].packet.timestamps = false;
	scene_expect(s, KA_PASS, "");
	s->case_.no_timestamps = true;
	scene_expect(s, KA_PASS, "");
}

SCENE_TEST(rst_format)
{
	scene_find(s, KA_SEG_RST, 0)->packet.flags = TH_RST;
	scene_expect_only(s, KA_FAIL, "RST has flags 0x04, must be 0x14");
	scene_silent_drop(s, &scene_ordinary);
	scene_find(s, KA_SEG_RST, 0)->packet.seq--;
	scene_expect_only(s, KA_FAIL, "RST has sequence number 0, must be 1");
	scene_silent_drop(s, &scene_ordinary);
	without_timestamp(&scene_find(s, KA_SEG_RST, 0)->packet);
	scene_expect_only(s, KA_FAIL, "RST lacks the timestamp");
	/* SND.NXT counts what was sent: here a FIN */
	scene_silent_drop(s, &scene_ordinary);
	scene_find(s, KA_SEG_ACK, 1)->packet.flags |= TH_FIN;
	scene_expect_only(s, KA_FAIL, "RST has sequence number 1, must be 2");
}

SCENE_TEST(rst_missing_and_extra)
{
	int64_t end_ns;

	scene_remove(s, scene_find(s, KA_SEG_RST, 0));
	scene_expect_only(s, KA_FAIL, "0 RST sent, must be 1");
	scene_silent_drop(s, &scene_ordinary);
	end_ns = scene_find(s, KA_SEG_RST, 0)->t_ns;
	scene_rst_out(s, end_ns + US);
	scene_expect_only(s, KA_FAIL, "2 RST sent, must be 1");
	s->prediction.rst_sent = KA_ANY;
	scene_expect(s, KA_PASS, "");
	scene_silent_drop(s, &scene_ordinary);
	scene_rst_in(s, end_ns + US);
	scene_expect_only(s, KA_FAIL, "1 RST received, must be 0");
	scene_reset(s, &scene_ordinary);
	s->prediction.rst_received = 2;
	scene_expect_only(s, KA_FAIL, "1 RST received, must be 2");
}

/* Packets at the other end are none of the prober's. */
SCENE_TEST(other_end_does_not_count)
{
	for (int k = 0; k < 2; k++) {
		struct ka_event *rst = scene_find(s, KA_SEG_RST, 0);

		scene_add(s, rst->t_ns, KA_AT_SERVER, *rst);
	}
	scene_expect(s, KA_PASS, "");
	s->instance.prober = KA_SERVER;
	scene_expect(s, KA_BROKEN, "no evidence");
	assert_int_equal(s->verdict.findings.list[s->verdict.findings.n - 1].code, KA_FIND_NO_ZERO);
}
