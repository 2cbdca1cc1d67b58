/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of a command as data: a row says how an argument is read and where it goes. */
#ifndef KA_OPTIONS_H
#define KA_OPTIONS_H

#include <argp.h>
#include <stddef.h>

#define KA_MAX_OPTIONS 48

struct ka_option {
	const char *name; /* NULL: .doc is a headline */
	int letter;       /* 0: none */
	const char *arg;  /* what it takes; NULL: nothing */
	const char *doc;
	int group;
	/* reads @arg into @target, the command's structure; ends the process on wrong usage */
	void (*take)(void *target, const struct ka_option *option, const char *arg);
	size_t at;                  /* the member that takes it */
	unsigned long min, max;     /* of a number */
	const char *const *choices; /* by the value of an enum, NULL at the end */
};

/* A flag that becomes true, the argument itself, an unsigned number, an enum. */
void ka_take_flag(void *target, const struct ka_option *option, const char *arg);
void ka_take_text(void *target, const struct ka_option *option, const char *arg);
void ka_take_number(void *target, const struct ka_option *option, const char *arg);
void ka_take_choice(void *target, const struct ka_option *option, const char *arg);

struct ka_options {
	const struct ka_option *rows; /* end with .doc NULL; NULL: none */
	const char *words, *about;    /* as argp has them */
	/* a word that is no option; NULL: there is none, and .unexpected says what would be right */
	void (*take_word)(void *target, const char *word);
	const char *unexpected;
	void (*finish)(void *target); /* all have been read; NULL: nothing to do */
	const struct argp_child *children;
	void *child_target;
	char *(*help)(int letter, const char *doc, void *input); /* argp's help_filter */
};

/* Ends the process on wrong usage, and after --help. */
void ka_options_parse(const struct ka_options *options, int argc, char **argv, void *target);

#endif
