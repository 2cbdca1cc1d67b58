/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is measured of the host: HZ, jiffy phase, wake-up noise. */
#include <poll.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "model/util.h"
#include "netns/tests/unit.h"
#include "run/host.h"

TEST(facts_are_believable)
{
	struct ka_facts facts, again;
	struct utsname uts;

	assert_int_equal(ka_host_facts(&facts, NULL), 0);
	assert_int_equal(uname(&uts), 0);
	assert_string_equal(facts.release, uts.release);
	assert_in_range(facts.hz, 24, 1200);
	assert_in_range(facts.tick_ns, 1000000000 / facts.hz - 1, 1000000000 / facts.hz + 1);
	assert_false(facts.virtual_clock);
	assert_int_equal(facts.look_ns, 0);
	assert_int_equal(ka_clock_look_ns(), 0); /* here computing takes time */
	assert_int_equal(facts.noise_ns, 0);
	if (!facts.phase_known)
		return;
	/* The phase is a constant of this boot. */
	assert_int_equal(ka_host_facts(&again, NULL), 0);
	if (again.phase_known)
		assert_int_equal(again.j0, facts.j0);
}

/* What is known of each time together is what is known of all. */
static void assert_quiet_and_loud(const struct ka_noise *noise, int64_t begin_ns)
{
	int64_t end_ns = ka_now_ns(), worst_ns = ka_noise_between(noise, begin_ns, end_ns);
	struct ka_host_noise told;
	struct ka_lateness late;

	ka_noise_collect(noise, begin_ns, end_ns, 1, &late);
	assert_in_range(late.n, 1, KA_MAX_LATE);
	for (unsigned i = 1; i < late.n; i++)
		assert_true(late.spans[i].from_ns >= late.spans[i - 1].to_ns);
	assert_in_range(ka_lateness_between(&late, begin_ns, end_ns), worst_ns, INT64_MAX);
	/* from tomorrow on it is overdue, and quiet before */
	ka_noise_collect(noise, begin_ns, end_ns + 2000000000ll, 1000000000ll, &late);
	assert_int_equal(late.n, 1);
	assert_true(late.spans[0].late_ns > 1900000000ll);
	assert_true(late.spans[0].from_ns >= begin_ns);
	ka_noise_told(noise, &told);
	assert_true(told.p99_ns > 0 && told.p99_ns <= told.worst_ns);
}

/* A watcher that is stopped is late until it runs again, and was late afterwards. */
TEST(noise_is_measured)
{
	int64_t begin_ns = ka_now_ns(), stopped_ns, worst_ns;
	struct ka_noise *noise;

	assert_int_equal(ka_noise_start(&noise, NULL), 0);
	poll(NULL, 0, 200);
	worst_ns = ka_noise_between(noise, begin_ns, ka_now_ns());
	assert_true(worst_ns > 0);
	assert_true(worst_ns < 10000000000ll);
	assert_quiet_and_loud(noise, begin_ns);
	/* The future has no wake-ups yet; what is overdue there is seen as late. */
	stopped_ns = ka_now_ns() + 1000000000ll;
	assert_true(ka_noise_between(noise, begin_ns, stopped_ns) > 500000000ll);
	noise = ka_noise_stop(noise);
	assert_null(noise);
	assert_null(ka_noise_stop(NULL));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}
