/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Declarations of a gateway that forgets: its timeout, the known ones, what makes no sense. */
#include <sys/socket.h>

#include "judge/judge.h"
#include "model/case.h"
#include "model/util.h"
#include "netns/tests/unit.h"

TEST(the_timeout_is_whole_seconds)
{
	static const struct {
		struct ka_gateway gateway;
		unsigned idle, want_s;
	} rows[] = {
		{ { .timeout = { .idle = 2 } }, 1, 2 },
		{ { .timeout = { .idle = 0.5 } }, 1, 1 },
		{ { .timeout = { .idle = 0.5 } }, 3, 2 },
		{ { .timeout = { .idle = 0.5 } }, 7200, 3600 },
		{ { .timeout = { .idle = 1, .ms = -1000 } }, 2, 1 },
		{ { .timeout = { .idle = 1, .ms = -1000 } }, 1, 0 },
		{ { .timeout = { .idle = 1, .ms = -1000 } }, 0, 0 },
		{ { .timeout_s = 350, .timeout = { .idle = 2 } }, 1, 350 },
	};

	for (size_t i = 0; i < KA_N(rows); i++) {
		const struct ka_setting setting = { .idle = rows[i].idle, .intvl = 1, .cnt = 1 };

		assert_int_equal(ka_gateway_timeout_s(&rows[i].gateway, &setting), rows[i].want_s);
	}
}

TEST(the_known_ones_are_complete)
{
	for (size_t i = 0; i < KA_GATEWAYS; i++) {
		assert_non_null(ka_gateways[i].name);
		assert_non_null(ka_gateways[i].source);
		assert_true(ka_gateways[i].timeout_s >= 60);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ka_gateways[i].name, ka_gateways[j].name);
	}
}

static int predict(const struct ka_case *c)
{
	const struct ka_instance instance = { .case_ = c,
					      .setting = { .idle = 1, .intvl = 1, .cnt = 3 },
					      .family = AF_INET };
	const struct ka_facts facts = { .hz = 250 };
	struct ka_prediction prediction;

	return ka_predict(&instance, &facts, &prediction);
}

static const struct ka_gateway remembers = { .timeout = { .idle = 2 } };
static const struct ka_gateway never_knew = { .timeout = { .idle = 1, .ms = -1000 } };

TEST(a_memory_is_asked_of_who_has_one)
{
	const struct ka_case asked = { .gateway = &remembers,
				       KA_STEPS({ .do_ = KA_CONNECT }, { .do_ = KA_ENTRY_IS },
						{ .do_ = KA_ENTRY_GONE },
						{ .do_ = KA_FORGET, .who = KA_GATEWAY }),
				       .expect = { .when = KA_NEVER } };
	struct ka_case other = asked;

	assert_int_equal(predict(&asked), 0);
	other.gateway = &never_knew;
	assert_int_equal(predict(&other), -EINVAL);
	other = asked;
	other.topology = KA_PAIR;
	assert_int_equal(predict(&other), -EINVAL);
	for (size_t i = 1; i < asked.n_steps; i++) {
		other = asked;
		other.gateway = NULL;
		other.steps = &asked.steps[i];
		other.n_steps = 1;
		assert_int_equal(predict(&other), -EINVAL);
	}
}
