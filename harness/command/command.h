/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one file for each sub-command. Only this layer prints and decides how the
 * process ends; everything below returns.
 */
#ifndef KA_COMMAND_H
#define KA_COMMAND_H

#include <stddef.h>

struct ka_command {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is "kacheck NAME"; returns the exit status */
	const char *help;
};

/* How the process ends; `kacheck run --exit-style` has other numbers for some of them. */
enum {
	KA_EXIT_OK = 0,
	KA_EXIT_FAIL = 1,
	KA_EXIT_USAGE = 2,
	KA_EXIT_NOTHING = 77, /* nothing could run */
	KA_EXIT_BROKEN = 99,  /* the experiment, or kacheck itself */
	KA_EXIT_INTERRUPTED = 130,
};

int ka_command_run(int argc, char **argv);
int ka_command_list(int argc, char **argv);
int ka_command_explain(int argc, char **argv);
int ka_command_doctor(int argc, char **argv);
int ka_command_kernels(int argc, char **argv);
int ka_command_compare(int argc, char **argv);
int ka_command_report(int argc, char **argv);
int ka_command_sysctl(int argc, char **argv);
int ka_command_program(int argc, char **argv);

/* Not in the list of commands: the life of process 1 in a guest kernel. */
int ka_command_guest(int argc, char **argv);

/* One line on stderr: "kacheck: what: why; remedy". */
void ka_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same for wrong usage; ends the process with KA_EXIT_USAGE. */
void ka_usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* What getopt says of an option that it does not know it says as it was written: ends the process where
 * an option could steer the terminal. */
void ka_refuse_hostile_options(int argc, char **argv);

/* A whole number of @option in @min..@max, or ka_usage_error(). */
unsigned long ka_number_argument(const char *option, const char *text, unsigned long min,
				 unsigned long max);

/* Which of @names (NULL at the end) the argument of @option is, or ka_usage_error(). */
int ka_choice_argument(const char *option, const char *text, const char *const names[]);

/* What there is besides commands: the version with the kernel, and the list of commands. */
void ka_about_version(void);
void ka_about_help(const struct ka_command *commands, size_t n);

/* "; did you mean 'run'?" into @buf, or an empty text. Returns @buf. */
const char *ka_about_nearest(const struct ka_command *commands, size_t n, const char *word,
			     char *buf, size_t size);

/* Makes sure that files 0, 1 and 2 are open, so that nothing else gets these numbers, and that
 * output which is lost at the end is noticed: one line, KA_EXIT_BROKEN. */
void ka_guard_output(void);

#endif
