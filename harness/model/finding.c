/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See finding.h. */
#include "model/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How much a finding needs besides itself. */
enum needs {
	EVIDENCE, /* the experiment, whole */
	NO_STALL, /* that the host was on time */
	NOTHING,
};

static const struct {
	const char *name;
	enum ka_finding_class class_;
	enum needs needs;
} rows[KA_FINDING_CODES] = {
	[KA_FIND_NOTHING] = { "nothing", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_END_EARLY] = { "end_early", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_ENDED] = { "ended", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_ENDED_BEFORE_STEP] = { "ended_before_step", KA_OF_KERNEL, NO_STALL },
	[KA_FIND_NO_CONNECTION] = { "no_connection", KA_OF_KERNEL, NO_STALL },
	[KA_FIND_JIFFY_EARLY] = { "jiffy_early", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_JIFFY_LATE] = { "jiffy_late", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_NOTICE] = { "notice", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_ERROR] = { "error", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_MASK] = { "mask", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_EDGE] = { "edge", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_EOF] = { "eof", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_CALL] = { "call", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_BLOCKED] = { "blocked", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_UNREAD] = { "unread", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_STATE] = { "state", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_RST_FORMAT] = { "rst_format", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_RST_COUNT] = { "rst_count", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_COUNTER] = { "counter", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_PROBE_FORMAT] = { "probe_format", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_PROBE_EARLY] = { "probe_early", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_EXPIRY] = { "expiry", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_REFUSED] = { "refused", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_OWNED] = { "owned", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_READS] = { "reads", KA_OF_KERNEL, NOTHING },
	[KA_FIND_CHECK] = { "check", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_OPTION] = { "option", KA_OF_KERNEL, NOTHING },
	[KA_FIND_TIMESTAMPS] = { "timestamps", KA_OF_KERNEL, NOTHING },
	[KA_FIND_TRANSPORT] = { "transport", KA_OF_KERNEL, NOTHING },
	[KA_FIND_APP] = { "app", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_LOAD] = { "load", KA_OF_KERNEL, EVIDENCE },
	[KA_FIND_STICKY] = { "sticky", KA_OF_KERNEL, NOTHING },
	[KA_FIND_IN_VAIN] = { "in_vain", KA_OF_KERNEL, NOTHING },
	[KA_FIND_END_LATE] = { "end_late", KA_OF_LOSS, EVIDENCE },
	[KA_FIND_NOT_NOTICED] = { "not_noticed", KA_OF_LOSS, EVIDENCE },
	[KA_FIND_PROBE_COUNT] = { "probe_count", KA_OF_LOSS, EVIDENCE },
	[KA_FIND_ANSWERED_COUNT] = { "answered_count", KA_OF_LOSS, EVIDENCE },
	[KA_FIND_RECEIVED_COUNT] = { "received_count", KA_OF_LOSS, EVIDENCE },
	[KA_FIND_FIRST_PROBE_LATE] = { "first_probe_late", KA_OF_LOSS, EVIDENCE },
	[KA_FIND_GAP] = { "gap", KA_OF_LOSS, EVIDENCE },
	[KA_FIND_RESENT] = { "resent", KA_OF_LOSS, EVIDENCE },
	[KA_FIND_RETRIED] = { "retried", KA_OF_LOSS, EVIDENCE },
	[KA_FIND_LOAD_LATE] = { "load_late", KA_OF_LOSS, EVIDENCE },
	[KA_FIND_PROGRAM_HOLDS] = { "program_holds", KA_OF_PROGRAM, EVIDENCE },
	[KA_FIND_PROGRAM_BUSY] = { "program_busy", KA_OF_PROGRAM, EVIDENCE },
	[KA_FIND_PROGRAM_DIED] = { "program_died", KA_OF_PROGRAM, EVIDENCE },
	[KA_FIND_PROGRAM_SERVES_NO_MORE] = { "program_serves_no_more", KA_OF_PROGRAM, EVIDENCE },
	[KA_FIND_STALLED] = { "stalled", KA_OF_HOST, EVIDENCE },
	[KA_FIND_STEP_LATE] = { "step_late", KA_OF_HOST, EVIDENCE },
	[KA_FIND_FAULT_LATE] = { "fault_late", KA_OF_HOST, EVIDENCE },
	[KA_FIND_STEP_NO_TIME] = { "step_no_time", KA_OF_HOST, EVIDENCE },
	[KA_FIND_CLOCK_SET] = { "clock_set", KA_OF_HOST, EVIDENCE },
	[KA_FIND_PACKETS_LOST] = { "packets_lost", KA_OF_HOST, EVIDENCE },
	[KA_FIND_BENCH] = { "bench", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_NO_EFFECT] = { "no_effect", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_NOTHING_MET] = { "nothing_met", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_NOT_GATHERED] = { "not_gathered", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_NO_EVIDENCE] = { "no_evidence", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_CAPTURE_LOST] = { "capture_lost", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_NO_ZERO] = { "no_zero", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_RECORD_ENDS] = { "record_ends", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_LOAD_MISSING] = { "load_missing", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_PEER_DIED] = { "peer_died", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_PROGRAM_CLOSED] = { "program_closed", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_READ_ONLY] = { "read_only", KA_OF_EXPERIMENT, EVIDENCE },
	[KA_FIND_KNOWN_PASSES] = { "known_passes", KA_OF_CATALOGUE, EVIDENCE },
};

const char *ka_finding_name(enum ka_finding_code code)
{
	return rows[code].name;
}

enum ka_finding_code ka_finding_code(const char *name)
{
	for (int code = 0; code < KA_FINDING_CODES; code++)
		if (strcmp(rows[code].name, name) == 0)
			return (enum ka_finding_code)code;
	return KA_FIND_NOTHING;
}

enum ka_finding_class ka_finding_class(enum ka_finding_code code)
{
	return rows[code].class_;
}

bool ka_finding_stands(enum ka_finding_code code)
{
	return rows[code].needs != EVIDENCE;
}

bool ka_finding_is_timeless(enum ka_finding_code code)
{
	return rows[code].needs == NOTHING;
}

bool ka_finding_is_kernel(enum ka_finding_code code)
{
	return rows[code].class_ == KA_OF_KERNEL || rows[code].class_ == KA_OF_LOSS;
}

bool ka_finding_is_program(enum ka_finding_code code)
{
	return rows[code].class_ == KA_OF_PROGRAM;
}

bool ka_finding_is_host(enum ka_finding_code code)
{
	return rows[code].class_ == KA_OF_HOST;
}

const char *ka_finding_class_name(enum ka_finding_class class_)
{
	static const char *const names[] = { "kernel", "loss",       "program",
					     "host",   "experiment", "catalogue" };

	return names[class_];
}

void ka_find(struct ka_findings *findings, enum ka_finding_code code, int step, const char *fmt,
	     ...)
{
	struct ka_finding *finding = &findings->list[findings->n];
	va_list args;

	if (findings->n == KA_MAX_FINDINGS) {
		findings->left_out++;
		return;
	}
	findings->n++;
	finding->code = code;
	finding->step = step;
	va_start(args, fmt);
	vsnprintf(finding->text, sizeof(finding->text), fmt, args);
	va_end(args);
}

void ka_findings_add(struct ka_findings *findings, const struct ka_findings *from,
		     bool (*wanted)(enum ka_finding_code code))
{
	for (unsigned i = 0; i < from->n; i++) {
		const struct ka_finding *finding = &from->list[i];

		if (!wanted || wanted(finding->code))
			ka_find(findings, finding->code, finding->step, "%s", finding->text);
	}
	findings->left_out += from->left_out;
}

bool ka_findings_any(const struct ka_findings *findings, bool (*wanted)(enum ka_finding_code code))
{
	for (unsigned i = 0; i < findings->n; i++)
		if (wanted(findings->list[i].code))
			return true;
	return false;
}

const char *ka_findings_text(const struct ka_findings *findings, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < findings->n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? "; " : "",
					 findings->list[i].text);
	if (findings->left_out && used < size)
		snprintf(buf + used, size - used, "; %u more", findings->left_out);
	return buf;
}
