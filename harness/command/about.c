/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all commands share: complaints, version, help, and output that must not be lost. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "model/escape.h"
#include "model/nearest.h"
#include "run/host.h"

static void complain(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));
static void complain(const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	/* One line, whatever a file name has in it. */
	fputs("kacheck: ", stderr);
	ka_put_plain(stderr, text);
	putc('\n', stderr);
}

void ka_complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
}

void ka_usage_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	exit(KA_EXIT_USAGE);
}

void ka_refuse_hostile_options(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char *plain = argv[i][0] == '-' ? ka_plain(argv[i]) : NULL;

		if (plain && strcmp(plain, argv[i]) != 0)
			ka_usage_error("'%.*s' has control characters; no option has",
				       KA_CUT(argv[i], 60));
		free(plain);
	}
}

unsigned long ka_number_argument(const char *option, const char *text, unsigned long min,
				 unsigned long max)
{
	unsigned long number;
	char *end;

	errno = 0;
	number = strtoul(text, &end, 0);
	if (!isdigit((unsigned char)*text) || *end || errno || number < min || number > max)
		ka_usage_error("--%s: '%.*s' is not a whole number in %lu..%lu", option,
			       KA_CUT(text, 60), min, max);
	return number;
}

int ka_choice_argument(const char *option, const char *text, const char *const names[])
{
	char known[200] = "";
	size_t used = 0;

	for (int i = 0; names[i]; i++) {
		if (strcmp(names[i], text) == 0)
			return i;
		if (used < sizeof(known))
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
						 i ? ", " : "", names[i]);
	}
	ka_usage_error("--%s: '%.*s' is none of %s", option, KA_CUT(text, 40), known);
}

void ka_about_version(void)
{
	struct ka_facts facts;
	struct nn_err err = { "" };

	printf("kacheck %s\n", KACHECK_VERSION);
	if (ka_host_facts(&facts, &err) == 0)
		printf("Linux %s, HZ %d\n", facts.release, facts.hz);
	else
		printf("kernel unknown: %s\n", err.text);
}

void ka_about_help(const struct ka_command *commands, size_t n)
{
	printf("Usage: kacheck COMMAND [OPTION...]\n"
	       "Does TCP keepalive on this Linux do what it must? kacheck makes real connections\n"
	       "between network namespaces, breaks them in known ways, and judges what kernel and\n"
	       "application saw.\n\nCommands:\n");
	for (size_t i = 0; i < n; i++)
		printf("  %-8s  %s\n", commands[i].name, commands[i].help);
	printf("  %-8s  %s\n\n", "help",
	       "what a command does and its options: kacheck help COMMAND");
	printf("  -?, --help       give this list\n"
	       "  -V, --version    print the version, the kernel and its HZ\n\n"
	       "Begin with `kacheck run'. `kacheck explain silent_drop' tells why a timeout of 4 "
	       "s\n"
	       "takes more than 4 s.\n");
}

const char *ka_about_nearest(const struct ka_command *commands, size_t n, const char *word,
			     char *buf, size_t size)
{
	struct ka_nearest nearest = { .n = 0 };

	for (size_t i = 0; i < n; i++)
		ka_nearest_offer(&nearest, word, commands[i].name);
	return ka_nearest_text(&nearest, buf, size);
}

/* What stdio still holds is written now, and a full disk is found only now. Runs at exit(): not in
 * sandboxes and watchers, which leave by _exit(). */
static void close_output(void)
{
	int lost = ferror(stdout);

	errno = 0;
	if (fclose(stdout) == 0 && !lost)
		return;
	if (errno == EPIPE)
		_exit(KA_EXIT_BROKEN); /* the reader has gone: it knows */
	ka_complain("cannot write to standard output: %s",
		    errno ? strerror(errno) : "some of it was lost");
	_exit(KA_EXIT_BROKEN);
}

void ka_guard_output(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		/* A closed output gets a file that cannot be written, so that writing to it fails. */
		int flags = fd == STDERR_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags) != fd)
			_exit(KA_EXIT_BROKEN);
	}
	if (atexit(close_output) != 0)
		_exit(KA_EXIT_BROKEN);
}
