/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads guests: one poll() on serial lines, consoles, signals and a real-time deadline. */
#include "guest/collect.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "model/util.h"
#include "run/host.h"

#define CHUNK        65536
/* A longer line is no result. */
#define MAX_LINE     (64u << 20)
/* Of the console, so much is quoted. */
#define QUOTED_LINES 4

/* ---- the console -------------------------------------------------------------------------- */

/* What does not fit pushes out the oldest. */
static void append_console(struct ka_collect *c, const char *text, size_t n)
{
	size_t room = sizeof(c->console);

	if (n > room) {
		text += n - room;
		n = room;
	}
	if (c->console_used + n > room) {
		size_t drop = c->console_used + n - room;

		memmove(c->console, c->console + drop, c->console_used - drop);
		c->console_used -= drop;
	}
	memcpy(c->console + c->console_used, text, n);
	c->console_used += n;
}

static void read_console(struct ka_collect *c)
{
	char text[4096];
	ssize_t got;

	while ((got = read(c->booted->console, text, sizeof(text))) > 0)
		append_console(c, text, (size_t)got);
	if (got == 0 || (errno != EAGAIN && errno != EINTR))
		c->console_over = true;
}

/* Where @lines lines before @end begin. */
static size_t lines_before(const struct ka_collect *c, size_t end, size_t lines)
{
	size_t i = end;

	for (; i > 0; i--)
		if (c->console[i - 1] == '\n' && lines-- == 0)
			break;
	return i;
}

/* The last lines, or those up to a panic: what follows it are registers and addresses. */
static void choose_quotation(const struct ka_collect *c, size_t *from, size_t *to)
{
	static const char panic[] = "Kernel panic";
	const char *at = memmem(c->console, c->console_used, panic, sizeof(panic) - 1), *end;

	*to = c->console_used;
	while (*to > 0 && c->console[*to - 1] == '\n')
		--*to;
	if (at) {
		end = memchr(at, '\n', c->console_used - (size_t)(at - c->console));
		*to = end ? (size_t)(end - c->console) : c->console_used;
	}
	*from = lines_before(c, *to, QUOTED_LINES - 1);
}

/* Lines become one, with " | " between them; time stamps, colours and their like go. */
const char *ka_collect_last_words(struct ka_collect *c, char *buf, size_t size)
{
	size_t used = 0, from, to;
	bool gap = false;

	if (!c->console_over)
		read_console(c);
	choose_quotation(c, &from, &to);
	for (size_t i = from; i < to && used + 5 < size; i++) {
		unsigned char byte = (unsigned char)c->console[i];

		if (byte == '\n') {
			gap = used > 0;
			continue;
		}
		if (!isprint(byte))
			continue;
		if (gap)
			used += (size_t)snprintf(buf + used, size - used, " | ");
		gap = false;
		buf[used++] = (char)byte;
	}
	buf[used] = '\0';
	return used ? buf : "nothing was said on the console";
}

/* ---- the serial line ---------------------------------------------------------------------- */

static int make_room(struct ka_collect *c)
{
	if (c->at) {
		memmove(c->text, c->text + c->at, c->used - c->at);
		c->used -= c->at;
		c->at = 0;
	}
	if (c->used + CHUNK > MAX_LINE)
		return -EMSGSIZE;
	return ka_grow(&c->text, &c->room, c->used + CHUNK, 1);
}

static void read_results(struct ka_collect *c)
{
	ssize_t got;

	c->error = make_room(c);
	if (c->error == 0) {
		got = read(c->booted->results, c->text + c->used, CHUNK);
		if (got > 0)
			c->used += (size_t)got;
		else if (got == 0)
			c->results_over = true;
		else if (errno != EAGAIN && errno != EINTR)
			c->error = -errno;
	}
	if (c->error)
		c->results_over = true;
}

/* A whole line of what is there, or NULL. A serial line may put a '\r' before the newline. */
static char *next_line(struct ka_collect *c)
{
	char *line = c->text + c->at, *end;

	if (c->used == c->at)
		return NULL;
	end = memchr(line, '\n', c->used - c->at);
	if (!end)
		return NULL;
	c->at += (size_t)(end - line) + 1;
	while (end > line && end[-1] == '\r')
		end--;
	*end = '\0';
	return line;
}

static int wait_until(struct pollfd *fds, size_t n, int64_t deadline_ns)
{
	int64_t left_ns = deadline_ns - ka_now_ns();
	const struct timespec left = { .tv_sec = left_ns / 1000000000,
				       .tv_nsec = left_ns % 1000000000 };
	int ready;

	if (left_ns <= 0)
		return -ETIMEDOUT;
	ready = ppoll(fds, n, &left, NULL);
	return ready < 0 && errno != EINTR ? -errno : 0;
}

static struct pollfd poll_in(int fd, bool over)
{
	return (struct pollfd){ .fd = over ? -1 : fd, .events = POLLIN };
}

int ka_collect_wait(struct ka_collect *const *all, size_t n, int signals, int64_t deadline_ns)
{
	struct pollfd fds[1 + 2 * KA_COLLECT_MAX] = { poll_in(signals, false) };
	int ret;

	for (size_t i = 0; i < n; i++) {
		fds[1 + 2 * i] = poll_in(all[i]->booted->results, all[i]->results_over);
		fds[2 + 2 * i] = poll_in(all[i]->booted->console, all[i]->console_over);
	}
	ret = wait_until(fds, 1 + 2 * n, deadline_ns);
	if (ret < 0)
		return ret;
	if (fds[0].revents) {
		ka_signals_drain(signals);
		return -EINTR;
	}
	for (size_t i = 0; i < n; i++) {
		if (fds[2 + 2 * i].revents)
			read_console(all[i]);
		if (fds[1 + 2 * i].revents)
			read_results(all[i]);
	}
	return 0;
}

int ka_collect_line(struct ka_collect *c, char **line)
{
	*line = next_line(c);
	if (*line)
		return 1;
	if (c->error)
		return c->error;
	return c->results_over ? 0 : -EAGAIN;
}

void ka_collect_free(struct ka_collect *c)
{
	free(c->text);
	c->text = NULL;
}
