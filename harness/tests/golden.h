/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Golden files: what an output was when somebody last looked at it and found it good. */
#ifndef KA_GOLDEN_H
#define KA_GOLDEN_H

/* Fails the running test unless @text is what the file tests/data/@name holds. With
 * KA_UPDATE_GOLDEN in the environment the file is written instead: look at the difference. */
void ka_assert_golden(const char *name, const char *text);

#endif
