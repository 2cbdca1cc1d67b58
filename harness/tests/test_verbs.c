/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of verbs: every word has its row, and what a step makes of it. */
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "bench/engine.h"
#include "model/regimes.h"
#include "model/util.h"
#include "model/verbs.h"
#include "netns/tests/unit.h"

TEST(every_word_has_a_row)
{
	for (unsigned i = 0; i < KA_VERBS; i++) {
		const struct ka_verb *verb = ka_verb((enum ka_do)i);

		if (!verb->name || !verb->text || !verb->sentence)
			fail_msg("verb number %u has no name, text or sentence", i);
		assert_true(*verb->name && *verb->text);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(verb->name, ka_verb((enum ka_do)j)->name);
	}
}

/* Words in braces, which are closed; a sentence ends with a full stop or such a word. */
static void is_sentence(const char *sentence)
{
	bool open = false;

	if (!sentence)
		return;
	for (const char *at = sentence; *at; at++) {
		assert_true(*at != '%');
		if (*at == '{' || *at == '}') {
			assert_true(open == (*at == '}'));
			open = !open;
		} else if (open) {
			assert_true(*at == '_' || (*at >= 'a' && *at <= 'z'));
		}
	}
	assert_false(open);
	assert_non_null(strchr(".}", sentence[strlen(sentence) - 1]));
}

TEST(sentences_close_their_braces)
{
	for (unsigned i = 0; i < KA_VERBS; i++) {
		const struct ka_verb *verb = ka_verb((enum ka_do)i);

		is_sentence(verb->sentence);
		is_sentence(verb->unacked);
		is_sentence(verb->failing);
		is_sentence(verb->at_gateway);
	}
	for (unsigned i = 0; i < KA_REGIMES; i++) {
		is_sentence(ka_regime((enum ka_when)i)->sentence);
		is_sentence(ka_regime((enum ka_when)i)->unseen);
		is_sentence(ka_regime((enum ka_when)i)->time);
		is_sentence(ka_regime((enum ka_when)i)->by_timeout);
	}
}

TEST(every_word_is_done_by_the_bench)
{
	for (unsigned i = 0; i < KA_VERBS; i++)
		if (!ka_doing_of((enum ka_do)i))
			fail_msg("the bench cannot do: %s", ka_verb((enum ka_do)i)->name);
	assert_null(ka_doing_of(KA_VERBS));
}

/* A fault whose effect nobody can show is no experiment; what only looks breaks nothing. */
TEST(faults_promise_evidence)
{
	for (unsigned i = 0; i < KA_VERBS; i++) {
		const struct ka_verb *verb = ka_verb((enum ka_do)i);

		if ((verb->flags & KA_VERB_FAULT) && !(verb->promises & KA_PROOF_FAULT))
			fail_msg("%s is a fault without evidence", verb->name);
		assert_false((verb->flags & KA_VERB_LOOKS) &&
			     (verb->flags & (KA_VERB_FAULT | KA_VERB_MAY_END)));
	}
}

static unsigned needs_of(const struct ka_case *c, int family)
{
	const struct ka_instance instance = { .case_ = c, .family = family };

	return ka_instance_needs(&instance);
}

TEST(needs)
{
	const struct ka_step forget = { .do_ = KA_FORGET, .who = KA_PEER };
	const struct ka_step lose = { .do_ = KA_FORGET, .who = KA_GATEWAY };
	const struct ka_step steps[] = { { .do_ = KA_CONNECT }, { .do_ = KA_DROP, .first = 2 } };
	const struct ka_case limited = { .steps = steps, .n_steps = KA_N(steps) };
	const struct ka_case mptcp = { .topology = KA_PAIR,
				       .transport = KA_MPTCP,
				       .from = KA_FROM_SYSCTL };

	assert_int_equal(ka_step_needs(&forget), KA_NEED_REPAIR);
	assert_int_equal(ka_step_needs(&lose), KA_NEED_CONNTRACK);
	assert_int_equal(needs_of(&limited, AF_INET),
			 KA_NEED_ROUTED | KA_NEED_IPV4 | KA_NEED_NFT | KA_NEED_LIMIT);
	assert_int_equal(needs_of(&mptcp, AF_INET6),
			 KA_NEED_PAIR | KA_NEED_IPV6 | KA_NEED_MPTCP | KA_NEED_SYSCTL);
}

TEST(needs_have_remedies)
{
	for (unsigned i = 0; i < KA_NEEDS; i++)
		assert_true(ka_need_text(i)->name && ka_need_text(i)->what &&
			    ka_need_text(i)->remedy);
	for (unsigned i = 0; i < KA_VERBS; i++)
		assert_int_equal(ka_verb((enum ka_do)i)->needs >> KA_NEEDS, 0);
}

TEST(every_regime_is_told)
{
	for (unsigned i = 0; i < KA_REGIMES; i++) {
		const struct ka_regime *regime = ka_regime((enum ka_when)i);

		assert_true(regime->name && regime->sentence);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(regime->name, ka_regime((enum ka_when)j)->name);
	}
}

TEST(a_sentence_fits_its_step)
{
	static const struct ka_step plain = { .do_ = KA_GETSOCKOPT };
	static const struct ka_step fails = { .do_ = KA_GETSOCKOPT, .fails = 1 };
	static const struct ka_step unacked = { .do_ = KA_SEND, .unacked = true };
	static const struct ka_step entry = { .do_ = KA_FORGET, .who = KA_GATEWAY };

	assert_ptr_equal(ka_step_sentence(&plain), ka_verb(KA_GETSOCKOPT)->sentence);
	assert_ptr_equal(ka_step_sentence(&fails), ka_verb(KA_GETSOCKOPT)->failing);
	assert_ptr_equal(ka_step_sentence(&unacked), ka_verb(KA_SEND)->unacked);
	assert_ptr_equal(ka_step_sentence(&entry), ka_verb(KA_FORGET)->at_gateway);
}

TEST(what_makes_no_sense)
{
	static const struct {
		struct ka_step step;
		const char *why;
	} wrong[] = {
		{ { .do_ = KA_SEND, .who = KA_PEER }, "it sends nothing: .bytes is 0" },
		{ { .do_ = KA_SEND, .bytes = 1 }, "it does not say which end: .who is missing" },
		{ { .do_ = KA_KILL, .who = KA_GATEWAY },
		  "it does not say which end: .who is missing" },
		{ { .do_ = KA_REQUEST, .who = KA_PEER }, "it has no .text to send" },
		{ { .do_ = KA_REQUEST, .who = KA_PEER, .text = "x" },
		  "no program reads the answer to a request" },
		{ { .do_ = KA_JOIN }, "it opens no connection: .value is 0" },
		{ { .do_ = KA_ROUTE_GONE, .who = KA_PROBER },
		  "a pair has no route that could be taken away" },
		{ { .do_ = KA_ENTRY_IS }, "there is no gateway that remembers" },
		{ { .do_ = KA_ENTRY_GONE }, "there is no gateway that remembers" },
		{ { .do_ = KA_FORGET, .who = KA_GATEWAY }, "there is no gateway that remembers" },
		{ { .do_ = KA_GREET }, "no program is at an end" },
		{ { .do_ = KA_FLOOD }, "no program is at an end" },
		{ { .do_ = KA_FORGET }, "it does not say whose memory is lost: .who is missing" },
		{ { .do_ = KA_SYSCTL, .key = "x", .text = "1" },
		  "it does not say in whose namespace: .who is missing" },
		{ { .do_ = KA_SYSCTL_IS, .who = KA_PEER, .key = "x" },
		  "a sysctl needs a .key and a .text" },
		{ { .do_ = KA_EXCHANGE }, "it sends nothing: .bytes is 0" },
		{ { .do_ = KA_COUNTER_IS, .who = KA_PEER }, "a counter needs a .who and a .key" },
		{ { .do_ = KA_HEAL }, "there is nothing that it could undo" },
		{ { .do_ = KA_THAW, .who = KA_PEER }, "there is nothing that it could undo" },
		{ { .do_ = KA_WAIT, .since = KA_SINCE_PROBE },
		  "it waits for a probe number below 1" },
	};

	for (size_t i = 0; i < KA_N(wrong); i++) {
		const struct ka_case c = { .topology = KA_PAIR,
					   .steps = &wrong[i].step,
					   .n_steps = 1 };
		const struct ka_instance instance = { .case_ = &c };

		assert_string_equal(ka_step_check(&instance, 0), wrong[i].why);
	}
}

TEST(what_makes_sense)
{
	static const struct ka_step steps[] = {
		{ .do_ = KA_CONNECT },
		{ .do_ = KA_SEND, .who = KA_PEER, .bytes = 1 },
		{ .do_ = KA_FREEZE, .who = KA_PEER },
		{ .do_ = KA_FREEZE, .who = KA_PROBER },
		{ .do_ = KA_THAW, .who = KA_PEER },
		{ .do_ = KA_DROP },
		{ .do_ = KA_HEAL },
		{ .do_ = KA_SYSCTL, .who = KA_GATEWAY, .key = "x", .text = "1" },
		{ .do_ = KA_WAIT, .since = KA_SINCE_PROBE, .nth = 1 },
	};
	const struct ka_case c = { .steps = steps, .n_steps = KA_N(steps) };
	const struct ka_instance instance = { .case_ = &c };

	for (size_t i = 0; i < KA_N(steps); i++)
		assert_null(ka_step_check(&instance, i));
}
