/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See regimes.h. */
#include "model/regimes.h"

#include <stddef.h>
#include <string.h>

static const struct ka_regime regimes[KA_REGIMES] = {
	[KA_KEEPALIVE_EXPIRY] = {
		.name = "keepalive expiry",
		.zero = KA_ZERO_LAST_RX,
		.flags = KA_REGIME_KEEPALIVE | KA_REGIME_GIVES_UP | KA_REGIME_BY_CNT,
	},
	[KA_FIRST_PROBE] = {
		.name = "first probe",
		.zero = KA_ZERO_LAST_RX,
		.flags = KA_REGIME_KEEPALIVE | KA_REGIME_ONE_PROBE,
	},
	[KA_AT_ONCE] = {
		.name = "at once",
		.zero = KA_ZERO_CAUSE,
		.flags = KA_REGIME_AT_ONCE,
	},
	[KA_NEVER] = {
		.name = "never",
		.zero = KA_ZERO_LAST_RX,
		.flags = KA_REGIME_LIVES,
	},
	[KA_USER_TIMEOUT] = {
		.name = "user timeout",
		.zero = KA_ZERO_LAST_RX,
		.flags = KA_REGIME_KEEPALIVE | KA_REGIME_GIVES_UP,
	},
	[KA_RETRANSMIT_LIMIT] = {
		.name = "retransmission limit",
		.zero = KA_ZERO_SENT,
		.flags = KA_REGIME_GIVES_UP | KA_REGIME_DATA | KA_REGIME_RESENDS,
	},
	[KA_PERSIST_LIMIT] = {
		.name = "persist limit",
		.zero = KA_ZERO_WRITE,
		.flags = KA_REGIME_GIVES_UP | KA_REGIME_DATA | KA_REGIME_WINDOW_PROBES,
	},
	[KA_FIRST_RETRANSMIT] = {
		.name = "first retransmission",
		.zero = KA_ZERO_SENT,
		.flags = KA_REGIME_DATA | KA_REGIME_RESENDS,
	},
	[KA_CONNECT_LIMIT] = {
		.name = "connect limit",
		.zero = KA_ZERO_SYN,
		.flags = KA_REGIME_GIVES_UP | KA_REGIME_CONNECTS | KA_REGIME_RESENDS,
	},
};

const struct ka_regime *ka_regime(enum ka_when when)
{
	return &regimes[when];
}

const struct ka_regime *ka_regime_find(const char *name)
{
	for (size_t i = 0; name && i < KA_REGIMES; i++)
		if (!strcmp(regimes[i].name, name))
			return &regimes[i];
	return NULL;
}

bool ka_regime_is(enum ka_when when, unsigned flags)
{
	return (regimes[when].flags & flags) == flags;
}

const char *ka_zero_text(enum ka_zero zero)
{
	static const char *const texts[KA_ZEROS] = {
		[KA_ZERO_LAST_RX] = "the last segment received",
		[KA_ZERO_SENT] = "the first transmission",
		[KA_ZERO_WRITE] = "the last write",
		[KA_ZERO_SYN] = "the first SYN",
		[KA_ZERO_CAUSE] = "the fault",
	};

	return texts[zero];
}
