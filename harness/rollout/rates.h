/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For which HZ an answer holds: the timer wheel's lateness depends on it. Pure. */
#ifndef KA_RATES_H
#define KA_RATES_H

#include "rollout/questions.h"

struct ka_rates {
	int hz[5];
	size_t n;
};

/* Those that kernels are built with (kernel/Kconfig.hz), and @also, which may be one of them. */
struct ka_rates ka_rates_usual(int also);

/* What @question comes to with @knobs (and @before, where a kernel refuses them) at one HZ. */
struct ka_at_hz {
	int hz;
	bool yes;
	double seconds; /* what is compared with the limit; NAN: never, or a question of no time */
};
struct ka_at_hz ka_rates_ask(const struct ka_question *question, const struct ka_knobs *knobs,
			     const struct ka_knobs *before, const char *release, int hz);

/* ", at HZ 250 as well as at 100, 300 and 1000", or at which it does not hold, with the figures; into
 * @buf, empty for a question of no time. Returns @buf. */
const char *ka_rates_text(const struct ka_at_hz *base, const struct ka_at_hz *others, size_t n,
			  char *buf, size_t size);

#endif
