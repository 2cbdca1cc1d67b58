/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the judge's values. */
#include <string.h>

#include "judge/judge.h"

const char *ka_verdict_name(enum ka_verdict_kind kind)
{
	static const char *const names[] = {
		[KA_PASS] = "pass", [KA_FAIL] = "fail", [KA_SKIP] = "skip", [KA_BROKEN] = "broken"
	};

	return names[kind];
}

const char *ka_when_name(enum ka_when when)
{
	static const char *const names[] = {
		[KA_KEEPALIVE_EXPIRY] = "keepalive expiry",
		[KA_FIRST_PROBE] = "first probe",
		[KA_AT_ONCE] = "at once",
		[KA_NEVER] = "never",
		[KA_USER_TIMEOUT] = "user timeout",
		[KA_RETRANSMIT_LIMIT] = "retransmission limit",
		[KA_PERSIST_LIMIT] = "persist limit",
		[KA_FIRST_RETRANSMIT] = "first retransmission",
		[KA_CONNECT_LIMIT] = "connect limit",
	};

	return names[when];
}

const char *ka_errno_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "unknown errno";
}
