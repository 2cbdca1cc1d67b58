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
	assert_int_equal(facts.noise_ns, 0);
	if (!facts.phase_known)
		return;
	/* The phase is a constant of this boot. */
	assert_int_equal(ka_host_facts(&again, NULL), 0);
	if (again.phase_known)
		assert_int_equal(again.j0, facts.j0);
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
	/* The future has no wake-ups yet; what is overdue there is seen as late. */
	stopped_ns = ka_now_ns() + 1000000000ll;
	assert_true(ka_noise_between(noise, begin_ns, stopped_ns) > 500000000ll);
	noise = ka_noise_stop(noise);
	assert_null(noise);
	assert_null(ka_noise_stop(NULL));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}
