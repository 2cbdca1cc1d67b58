/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who stands between two ends and ends idle connections: gateways and proxies by name. Pure. */
#ifndef KA_PRESETS_H
#define KA_PRESETS_H

#include <stddef.h>

#include "model/case.h"

struct ka_preset {
	const char *name, *source;
	unsigned timeout_s;
	enum ka_unknown unknown;
	/* a proxy: its kernel answers probes, and only data counts for its own timer; what that is called.
	 * NULL: a gateway, which a probe passes */
	const char *timer;
	/* the same of a connection that one end has shut down; 0: not known here, or a proxy */
	unsigned half_closed_s;
};

/* Those of the catalogue (model/gateway.c), and more. NULL: no more. */
const struct ka_preset *ka_preset_at(size_t i, struct ka_preset *room);

#endif
