/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real program at an end of the topology: how it is started, and what its counterpart says to it.
 * Only values: whoever made them owns every pointer, and keeps them as long as the instances that
 * name the program.
 */
#ifndef KA_PROGRAM_H
#define KA_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "model/units.h"

#define KA_PROGRAM_ARGS     64
#define KA_PROGRAM_FILES    24
#define KA_PROGRAM_ENV      16
#define KA_PROGRAM_COMMANDS 6

/* The program's own folder: a file system in memory that each instance has for itself. */
#define KA_PROGRAM_DIR "/run/kacheck"

/* In a guest: where the host's files are, read-only. There this variable of the environment names it;
 * on a host it is not set. */
#define KA_PROGRAM_HOST          "/host"
#define KA_PROGRAM_HOST_VARIABLE "KACHECK_HOST"

/* Within so long its set-up commands must end, and it must listen, or connect. */
#define KA_PROGRAM_START_S 60

/* So long it may hold a socket that the kernel has ended, if it does not say otherwise. */
#define KA_PROGRAM_PATIENCE_S 10

/* What is said, which may hold zero bytes; n 0: nothing. */
struct ka_bytes {
	const char *data;
	size_t n;
};

/* A file or folder that is there before the program starts. Folders above it are made. */
struct ka_program_file {
	const char *path;
	const char *user; /* who owns it; NULL: root, or the caller */
	unsigned mode;    /* 0: 0644, a folder 0755 */
	bool folder;
	bool late; /* set-up commands do not read it: what they make is the same whatever it holds */
	struct ka_bytes text;
	unsigned long fill; /* so many zero bytes instead of text: for a large answer */
};

struct ka_program {
	const char *name, *variant; /* "redis", "timeout-60"; NULL: it has only one setting */
	const char *declared;       /* where it stands: "cases/programs/redis.conf:12" */
	enum ka_role role;          /* KA_SERVER: it listens; KA_CLIENT: it connects */
	/* argv; ends with NULL. Looked for in PATH, in the program's own file system */
	const char *command[KA_PROGRAM_ARGS + 1];
	/* shell lines: run to their end before it; started beside it once it listens (a client: once
	 * its counterpart does). As root, or as the caller; end with NULL */
	const char *set_up[KA_PROGRAM_COMMANDS + 1], *helpers[KA_PROGRAM_COMMANDS + 1];
	bool set_up_each; /* what .set_up leaves in KA_PROGRAM_DIR cannot be shared by instances */
	/* files, and commands in PATH, that it needs besides: words between blanks; NULL: none */
	const char *needs;
	const char *user;                    /* NULL: root, or the caller */
	const char *env[KA_PROGRAM_ENV + 1]; /* "NAME=VALUE"; ends with NULL */
	const char *cwd;                     /* NULL: KA_PROGRAM_DIR */
	struct ka_program_file files[KA_PROGRAM_FILES];
	size_t n_files;
	const char *rootfs;  /* folder that is its root; NULL: the host's file system */
	unsigned memory_mib; /* of a guest; 0: the guest's default */
	unsigned port;       /* 1..65535 */
	/* what the counterpart says first, and what the reply must hold; n 0: says nothing; any reply
	 * (none, if it says nothing) will do */
	struct ka_bytes hello, hello_expect;
	struct ka_bytes request, request_expect; /* one more; n 0: the hello again */
	bool deaf; /* once greeted it answers nothing more: there is no request, and no flood */
	/* a request whose answer is larger than a window, said so many times (0: once); n 0: none */
	struct ka_bytes flood;
	unsigned flood_times;
	struct ka_bytes
		answer; /* a client: what the counterpart answers to what it is sent; n 0: nothing */
	unsigned answer_times; /* so often, on one connection; 0: whenever it says something */
	double settle_s;       /* after the greeting, until it is idle */
	/* so long after the kernel's end it may hold the socket; 0: KA_PROGRAM_PATIENCE_S */
	double patience_s;
};

#endif
