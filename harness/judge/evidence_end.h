/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When did it end, and since when is that to be counted? Parts of ka_evidence_collect(). */
#ifndef KA_EVIDENCE_END_H
#define KA_EVIDENCE_END_H

#include "judge/evidence.h"

/* Finds the event that ended the connection, and the application's notice. */
void ka_evidence_find_end(struct ka_evidence *e);
/* Finds what the window counts from; needs L and the end. */
void ka_evidence_find_zero(struct ka_evidence *e);

#endif
