/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be tried: values before and after, and the gateways that are asked about. It travels
 * to a guest kernel as text, so that both ends make the same experiments of it. */
#ifndef KA_SPEC_H
#define KA_SPEC_H

#include "model/case.h"
#include "rollout/knobs.h"
#include "rollout/questions.h"

#define KA_MAX_SPEC_GATEWAYS (KA_MAX_QUESTIONS + 2)

struct ka_spec_gateway {
	unsigned timeout_s;
	enum ka_unknown unknown;
};

/* A value as it stands in the file. */
struct ka_spec_write {
	enum ka_knob knob;
	char text[24];
};

struct ka_spec {
	struct ka_knobs before, after;
	struct ka_spec_write writes[KA_KNOBS];
	size_t n_writes;
	struct ka_spec_gateway gateways[KA_MAX_SPEC_GATEWAYS];
	size_t n_gateways;
	bool virtual_clock; /* hours cost nothing */
};

/* As text, to be freed; NULL without memory. It is the structure itself, which has no pointers: the guest
 * runs the same program. */
char *ka_spec_text(const struct ka_spec *spec);
/* 0 or -EINVAL. */
int ka_spec_read(struct ka_spec *spec, const char *text, struct nn_err *err);

#endif
