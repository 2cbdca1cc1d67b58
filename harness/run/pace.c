/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See pace.h. */
#include "run/pace.h"

/* A lateness that a set-up brings about shows within some slices of the scheduler. */
#define LOOK_NS   25000000ll
/* How far it looks back as long as all is quiet. */
#define BACK_NS   100000000ll
/* So many more after each quiet look. */
#define MORE      0.5
/* Much of the work is waiting for the kernel's grace periods: for each CPU, so many. */
#define MOST      8.0
/* The same where nobody looks. */
#define BLINDLY   2.0
/* After so many loud looks in vain it is others who make the noise, */
#define IN_VAIN   4
/* of whom no more is known after this, */
#define OTHERS_NS 2000000000ll
/* and until then so many times the goal will do. */
#define LOUDER    3

void ka_pace_begin(struct ka_pace *pace, int64_t goal_ns, size_t cpus, int64_t now_ns)
{
	double n = cpus ? (double)cpus : 1;

	*pace = (struct ka_pace){ .goal_ns = goal_ns,
				  .allowed = goal_ns ? n : BLINDLY * n,
				  .least = n,
				  .most = goal_ns ? MOST * n : BLINDLY * n,
				  .since_ns = now_ns,
				  .look_ns = now_ns + LOOK_NS };
}

bool ka_pace_is_due(const struct ka_pace *pace, int64_t now_ns)
{
	return pace->goal_ns && now_ns >= pace->look_ns;
}

static void too_loud(struct ka_pace *pace, int64_t now_ns)
{
	pace->since_ns = now_ns;
	if (pace->allowed > pace->least) {
		pace->allowed /= 2;
		if (pace->allowed < pace->least)
			pace->allowed = pace->least;
	} else if (++pace->loud >= IN_VAIN) {
		pace->loud = 0;
		pace->until_ns = now_ns + OTHERS_NS;
	}
}

void ka_pace_look(struct ka_pace *pace, int64_t now_ns, int64_t late_ns)
{
	int64_t goal_ns = now_ns < pace->until_ns ? LOUDER * pace->goal_ns : pace->goal_ns;

	pace->look_ns = now_ns + LOOK_NS;
	if (late_ns > goal_ns) {
		too_loud(pace, now_ns);
		return;
	}
	if (late_ns <= goal_ns / 2) {
		pace->allowed += MORE;
		pace->loud = 0;
	}
	if (pace->allowed > pace->most)
		pace->allowed = pace->most;
	if (now_ns - pace->since_ns > BACK_NS)
		pace->since_ns = now_ns - BACK_NS;
}

size_t ka_pace_allows(const struct ka_pace *pace)
{
	return (size_t)pace->allowed;
}
