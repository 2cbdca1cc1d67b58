/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values that are taken, and are probably not meant. Pure. */
#ifndef KA_SANITY_H
#define KA_SANITY_H

#include "rollout/answer.h"

enum ka_sane {
	KA_SANE_PROBES_ZERO,
	KA_SANE_PROBES_ONE,
	KA_SANE_TIME_ZERO,
	KA_SANE_INTVL_ZERO,
	KA_SANE_TIME_NEGATIVE,
	KA_SANE_INTVL_NEGATIVE,
	KA_SANE_INTVL_LONG,
	KA_SANE_SLOW,
	KA_SANE_BEYOND_OPTION,
	KA_SANE_GATEWAY,
	KA_SANE_OWN_FIREWALL,
	KA_SANE_DATA_SLOWER,
	KA_SANE_FIN_TIMEOUT,
	KA_SANES
};

/* What shows it: an experiment of rollout/trials.h. */
enum ka_shown_by {
	KA_SHOWN_BY_DEAD,     /* the dead peer, after */
	KA_SHOWN_BY_ALIVE,    /* the peer that lives and is idle, after */
	KA_SHOWN_BY_ONE_LOST, /* one probe is lost */
	KA_SHOWN_BY_GATEWAY,  /* the gateway with the shortest memory */
	KA_SHOWN_BY_OPTION,   /* the same value as a socket option */
	KA_SHOWN_BY_UNACKED,  /* unacknowledged data, after */
	KA_SHOWN_BY_NONE,     /* arithmetic only */
};

struct ka_warning {
	enum ka_sane what;
	enum ka_shown_by proof;
	bool serious; /* breaks what works */
	char text[200], reason[400];
};

/* At most KA_SANES findings into @findings. Returns how many. */
size_t ka_sanity_check(struct ka_warning findings[KA_SANES], const struct ka_knobs *knobs,
		       const struct ka_answer *answer);

#endif
