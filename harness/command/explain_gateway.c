/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gateway with a memory, and what is asked of it. */
#include <stdio.h>

#include "command/explain.h"
#include "command/page.h"

void ka_explain_gateway(const struct ka_instance *instance)
{
	const struct ka_gateway *gateway = instance->case_->gateway;
	static const char *const then[] = {
		[KA_UNKNOWN_DROP] = "swallows what comes later",
		[KA_UNKNOWN_RESET] = "answers what comes later with a TCP reset",
		[KA_UNKNOWN_ADOPT] = "takes over what the client's side goes on with",
	};

	ka_page_text(2,
		     "Before: the gateway translates the client's address into its own, forgets a "
		     "connection over which nothing has passed for %u s, and %s.%s%s%s",
		     ka_gateway_timeout_s(gateway, &instance->setting), then[gateway->unknown],
		     gateway->source ? " (Figures of: " : "",
		     gateway->source ? gateway->source : "", gateway->source ? ".)" : "");
}

void ka_explain_entry(const struct ka_instance *instance, const struct ka_step *step, char *buf,
		      size_t size)
{
	double left = ka_time_s(&step->left, &instance->setting);

	if (step->do_ == KA_FORGET)
		snprintf(buf, size,
			 "the gateway's entry of the connection is deleted (ctnetlink, as by "
			 "`conntrack -D'); nobody is told.");
	else if (step->do_ == KA_ENTRY_GONE)
		snprintf(buf, size,
			 "the gateway is asked (ctnetlink) and must know the connection no more.");
	else
		snprintf(buf, size,
			 "the gateway is asked (ctnetlink) and must still know the connection, for "
			 "%.0f to %u s more.",
			 left, ka_gateway_timeout_s(instance->case_->gateway, &instance->setting));
}
