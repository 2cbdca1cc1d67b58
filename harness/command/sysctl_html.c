/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rollout as a page: what the JSON says, with the timelines of the experiments. */
#include <errno.h>

#include "command/sysctl.h"
#include "report/html.h"
#include "result/encode.h"

static json_t *trial_json(const struct ka_rollout *r, size_t i)
{
	const struct ka_measured *m = &r->measured[i];
	json_t *row = m->result ? ka_html_row_of(m->result) : NULL;

	return json_pack("{s:s, s:s, s:s?, s:o}", "name", r->trials->cases[i].name, "what",
			 r->trials->cases[i].why, "verdict",
			 m->planned ? ka_measured_word(m) : NULL, "row", row ? row : json_null());
}

int ka_sysctl_put_html(const struct ka_rollout *r, const struct ka_suggestion *suggestion,
		       int status)
{
	json_t *json = ka_sysctl_json(r, suggestion, status), *trials = json_array();

	for (size_t i = 0; r->trials && i < r->trials->n; i++)
		json_array_append_new(trials, trial_json(r, i));
	json_object_set_new(json, "trials", trials);
	return ka_html_page(stdout, KA_HTML_SYSCTL, json);
}
