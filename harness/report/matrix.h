/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several kernels side by side: a row for each instance, a column for each kernel. */
#ifndef KA_MATRIX_H
#define KA_MATRIX_H

#include <stdbool.h>
#include <stdio.h>

#include "report/kernels.h"
#include "report/rows.h"
#include "result/result.h"

struct ka_matrix_cell {
	bool there;
	enum ka_verdict_kind verdict;
	double end_s;   /* NAN: no end was seen */
	char error[16]; /* "": none */
	int probes;
};

struct ka_matrix {
	struct ka_rows rows; /* instances */
	struct ka_matrix_cell (*cells)[KA_MAX_KERNELS];
	size_t room;
};

/* Notes what @result, of kernel number @kernel, tells. 0 or -ENOMEM. */
int ka_matrix_take(struct ka_matrix *matrix, size_t kernel, const struct ka_result *result);
/* All rows, or only those in which something did not pass or is not alike. 0 or -ENOMEM. */
int ka_matrix_put(FILE *out, const struct ka_matrix *matrix, size_t n_kernels, bool all);
void ka_matrix_free(struct ka_matrix *matrix);

#endif
