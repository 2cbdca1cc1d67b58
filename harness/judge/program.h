/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real program at the prober's end: what it did by itself decides which rule its kernel must follow,
 * and it is judged by a clock of its own, from the kernel's end of the connection to the moment when it
 * let go.
 */
#ifndef KA_JUDGE_PROGRAM_H
#define KA_JUDGE_PROGRAM_H

#include "judge/checks.h"
#include "judge/judge.h"

/* From here on, seconds after the kernel's end, a program does not notice but was late. */
#define KA_PROGRAM_PROMPT_S 1

/*
 * The kernel told it of the end, and it let go, or did not; it died of it. Of one that the kernel must
 * have ended. Findings of the class KA_OF_PROGRAM.
 */
void ka_check_program(const struct ka_evidence *e, struct ka_findings *f);
/* It closed before what was to be done to it was done. */
void ka_guard_program(const struct ka_evidence *e, struct ka_findings *f);
/* The program had closed before step @step began: what that found, or met, says nothing any more. */
bool ka_program_was_gone(const struct ka_evidence *e, int step);
/* The figures of @out that only a program has. */
void ka_program_figures(const struct ka_evidence *e, struct ka_verdict *out);
/* What the program did, of an instance that was not broken. */
enum ka_program_verdict ka_program_verdict_of(const struct ka_evidence *e);

#endif
