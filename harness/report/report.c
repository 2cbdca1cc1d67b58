/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries what the writers print to the output. A result is written in one piece, so a reader of
 * the stream never sees half of one, and an output that is gone (a closed pipe, a full disk) is an
 * error that is returned, not a signal that kills the run.
 */
#include <errno.h>
#include <signal.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/util.h"
#include "report/writer.h"

/* The formats. Help, completions and messages have their names from here; the first is the default. */
#define FORMATS(do_)                                                                               \
	do_(text) do_(tap) do_(ktap) do_(junit) do_(json) do_(markdown) do_(html) do_(github)      \
		do_(lava)

#define DECLARE(name) extern const struct ka_writer ka_writer_##name;
FORMATS(DECLARE)

static const struct {
	const char *name;
	const struct ka_writer *writer;
} formats[] = {
#define ROW(name) { #name, &ka_writer_##name },
	FORMATS(ROW)
};

/* ---- output ------------------------------------------------------------------------------- */

/* SIGPIPE is blocked for this thread while it writes, and one that came of it is taken back. */
struct pipe_guard {
	sigset_t pipe, before;
	bool was_pending;
};

static void guard_pipe(struct pipe_guard *guard)
{
	sigset_t pending;

	sigemptyset(&guard->pipe);
	sigaddset(&guard->pipe, SIGPIPE);
	sigpending(&pending);
	guard->was_pending = sigismember(&pending, SIGPIPE) == 1;
	pthread_sigmask(SIG_BLOCK, &guard->pipe, &guard->before);
}

static void unguard_pipe(struct pipe_guard *guard)
{
	const struct timespec at_once = { 0 };

	if (!guard->was_pending)
		while (sigtimedwait(&guard->pipe, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &guard->before, NULL);
}

static int write_out(FILE *out, const char *text, size_t len)
{
	struct pipe_guard guard;
	int ret = 0;

	guard_pipe(&guard);
	errno = 0;
	if ((len && fwrite(text, len, 1, out) != 1) || fflush(out) || ferror(out))
		ret = errno ? -errno : -EIO;
	unguard_pipe(&guard);
	if (ret)
		__fpurge(out); /* or exit() would write the rest, and be killed by SIGPIPE then */
	return ret;
}

/* ---- one piece ---------------------------------------------------------------------------- */

/* What a writer prints between start_piece() and end_piece(). */
struct piece {
	FILE *out;
	char *text;
	size_t len;
};

static int start_piece(struct piece *piece)
{
	*piece = (struct piece){ 0 };
	piece->out = open_memstream(&piece->text, &piece->len);
	return piece->out ? 0 : -ENOMEM;
}

/* @ret: what the writer returned. */
static int end_piece(struct ka_report *report, struct piece *piece, int ret)
{
	bool bad = ferror(piece->out);

	if ((fclose(piece->out) || bad) && !ret)
		ret = -ENOMEM;
	if (!ret)
		ret = write_out(report->out, piece->text, piece->len);
	free(piece->text);
	return ret;
}

/* ---- results that are needed again -------------------------------------------------------- */

static struct ka_result share(const struct ka_result *result)
{
	struct ka_result copy = *result;

	json_incref(copy.json);
	copy.line = NULL; /* it does not live as long */
	return copy;
}

static int hold(struct ka_report *report, const struct ka_result *result)
{
	if (ka_grow(&report->held, &report->room, report->n_held + 1, sizeof(*report->held)) < 0)
		return -ENOMEM;
	report->held[report->n_held++] = share(result);
	return 0;
}

/* ---- several kernels ---------------------------------------------------------------------- */

size_t ka_kernel_of(struct ka_report *report, const struct ka_result *result)
{
	int number =
		ka_kernels_number(&report->kernels, result->where, result->release, result->hz);

	return number < 0 ? 0 : (size_t)number;
}

const char *ka_full_name(struct ka_report *report, const struct ka_result *result, char *buf,
			 size_t size)
{
	char name[KA_NAME_SIZE];

	ka_result_name(result, name, sizeof(name));
	if (ka_several_kernels(report))
		snprintf(buf, size, "%s on %s", name,
			 report->kernels.all[ka_kernel_of(report, result)].name);
	else
		snprintf(buf, size, "%s", name);
	return buf;
}

/* ---- the interface ------------------------------------------------------------------------ */

const char *ka_report_format(size_t i)
{
	return i < KA_N(formats) ? formats[i].name : NULL;
}

char *ka_report_formats(char *buf, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < KA_N(formats) && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 formats[i].name);
	return buf;
}

static int find_writer(const struct ka_writer **ret, const char *format, struct nn_err *err)
{
	char known[200];

	for (size_t i = 0; i < KA_N(formats); i++) {
		if (strcmp(formats[i].name, format) == 0) {
			*ret = formats[i].writer;
			return 0;
		}
	}
	return nn_refuse(err, "'%.40s' is no format; there are %s", format,
			 ka_report_formats(known, sizeof(known)));
}

int ka_report_knows(const char *format, struct nn_err *err)
{
	const struct ka_writer *writer;

	return find_writer(&writer, format, err);
}

static int begin(struct ka_report *report)
{
	struct piece piece;
	int ret;

	if (!report->writer->begin)
		return 0;
	ret = start_piece(&piece);
	if (ret)
		return ret;
	return end_piece(report, &piece, report->writer->begin(report, piece.out));
}

int ka_report_open(struct ka_report **ret, const char *format, FILE *out,
		   const struct ka_report_options *options, struct nn_err *err)
{
	struct ka_report *report = calloc(1, sizeof(*report));
	int error;

	if (!report)
		return nn_fail(err, ENOMEM, "cannot report");
	report->out = out;
	report->options = *options;
	error = find_writer(&report->writer, format, err);
	if (!error) {
		error = begin(report);
		if (error)
			nn_fail(err, -error, "cannot write the %s report", format);
	}
	if (error) {
		ka_report_free(report);
		return error;
	}
	*ret = report;
	return 0;
}

static int write_result(struct ka_report *report, const struct ka_result *result)
{
	struct piece piece;
	int ret;

	if (!report->writer->result)
		return 0;
	ret = start_piece(&piece);
	if (ret)
		return ret;
	return end_piece(report, &piece, report->writer->result(report, piece.out, result));
}

/* Also what a quiet report does not tell is in its matrix. */
static int note_kernel(struct ka_report *report, const struct ka_result *result)
{
	int number =
		ka_kernels_number(&report->kernels, result->where, result->release, result->hz);

	if (number < 0)
		return number;
	if (!ka_several_kernels(report) || !report->writer->compares)
		return 0;
	return ka_matrix_take(&report->matrix, (size_t)number, result);
}

int ka_report_result(struct ka_report *report, const struct ka_result *result)
{
	const struct ka_writer *writer = report->writer;
	int ret = 0;

	report->n++;
	ret = note_kernel(report, result);
	if (ret || (report->options.quiet && result->verdict == KA_PASS))
		return ret;
	if (writer->holds && writer->holds(result))
		ret = hold(report, result);
	if (!ret)
		ret = write_result(report, result);
	ka_result_clear(&report->last);
	report->last = share(result);
	return ret;
}

int ka_report_finish(struct ka_report *report, const struct ka_totals *totals)
{
	const struct ka_writer *writer = report->writer;
	struct piece piece;
	int ret = start_piece(&piece);

	if (ret)
		return ret;
	if (writer->finish)
		ret = writer->finish(report, piece.out, totals);
	return end_piece(report, &piece, ret);
}

static void free_piles(struct ka_report *report)
{
	for (size_t i = 0; i < KA_MAX_KERNELS; i++) {
		if (report->piles[i].out)
			fclose(report->piles[i].out);
		free(report->piles[i].text);
		free(report->piles[i].kernel);
	}
}

struct ka_report *ka_report_free(struct ka_report *report)
{
	if (!report)
		return NULL;
	for (size_t i = 0; i < report->n_held; i++)
		ka_result_clear(&report->held[i]);
	free(report->held);
	ka_result_clear(&report->last);
	ka_kernels_free(&report->kernels);
	ka_matrix_free(&report->matrix);
	free_piles(report);
	free(report);
	return NULL;
}
