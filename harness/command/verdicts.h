/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From many verdicts to one exit status. Pure. */
#ifndef KA_VERDICTS_H
#define KA_VERDICTS_H

#include <stdbool.h>

#include "report/report.h"

/* Who reads the exit status: a person or CI system; the kernel's selftests; git bisect run. */
enum ka_exit_style { KA_STYLE_DEFAULT, KA_STYLE_KSELFTEST, KA_STYLE_BISECT };

/* @lost: results could not be delivered, or kacheck itself failed. A failure that was seen comes
 * before everything else; that nothing ran is never 0. Who looks for the commit that broke a kernel
 * (git bisect) is told of the kernel: what a real program under test did wrong is no failure there,
 * nor that a kernel does right where it is known to fail; and where nothing passed, what is known to fail
 * is what is looked for. */
int ka_exit_status(enum ka_exit_style style, const struct ka_totals *totals, bool lost);

/* --strict: for a CI system, what could not be checked is not all right. */
void ka_apply_strict(struct ka_result *result);

void ka_totals_count(struct ka_totals *totals, const struct ka_result *result);

#endif
