/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See sockops.h. Three calls of bpf(2) and 50 instructions: a library for that, and the compiler that it
 * expects the program from, would be more than is here.
 */
#include "sockops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nl.h"
#include "util.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* ---- the program ---------------------------------------------------------------------------- */

#define PER_OPTION 8
#define FRAME      9
#define LONGEST    (FRAME + PER_OPTION * NN_SOCKOPTS_MAX)
#define VALUE      (-4) /* on the stack */

struct text {
	struct bpf_insn insns[LONGEST];
	int n;
};

static void emit(struct text *text, int code, int dst, int src, int off, int imm)
{
	text->insns[text->n++] = (struct bpf_insn){ .code = (uint8_t)code,
						    .dst_reg = (uint8_t)(dst & 15),
						    .src_reg = (uint8_t)(src & 15),
						    .off = (int16_t)off,
						    .imm = imm };
}

static void move(struct text *text, int dst, int src)
{
	emit(text, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

/* BPF_K, which is 0: the operand is a number */
static void load(struct text *text, int dst, int value)
{
	emit(text, BPF_ALU64 | BPF_MOV, dst, 0, 0, value);
}

static void call(struct text *text, int function)
{
	emit(text, BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

/* bpf_setsockopt(context, level, option, &value, 4) */
static void set_option(struct text *text, const struct nn_sockopt *option)
{
	emit(text, BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, VALUE, option->value);
	move(text, BPF_REG_1, BPF_REG_6);
	load(text, BPF_REG_2, option->level);
	load(text, BPF_REG_3, option->option);
	move(text, BPF_REG_4, BPF_REG_10);
	emit(text, BPF_ALU64 | BPF_ADD, BPF_REG_4, 0, 0, VALUE);
	load(text, BPF_REG_5, (int)sizeof(int));
	call(text, BPF_FUNC_setsockopt);
}

/* if (context->op == @op && bpf_get_netns_cookie(context) == @cookie) set the options; return 1; */
static void assemble(struct text *text, int op, uint64_t cookie, const struct nn_sockopt *options,
		     size_t n)
{
	int body = PER_OPTION * (int)n;

	move(text, BPF_REG_6, BPF_REG_1);
	emit(text, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
	     offsetof(struct bpf_sock_ops, op), 0);
	emit(text, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, body + 4, op);
	call(text, BPF_FUNC_get_netns_cookie);
	emit(text, BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, 0, 0, (int)(uint32_t)cookie);
	emit(text, 0, 0, 0, 0, (int)(cookie >> 32));
	emit(text, BPF_JMP | BPF_JNE | BPF_X, BPF_REG_0, BPF_REG_1, body, 0);
	for (size_t i = 0; i < n; i++)
		set_option(text, &options[i]);
	load(text, BPF_REG_0, 1);
	emit(text, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* ---- the calls ------------------------------------------------------------------------------ */

static int bpf(int command, union bpf_attr *attr)
{
	int ret = (int)syscall(SYS_bpf, command, attr, sizeof(*attr));

	return ret < 0 ? -errno : ret;
}

static int refused(int code, const char *what, struct nn_err *err)
{
	if (code == EPERM || code == EACCES)
		return nn_fail(
			err, EPERM,
			"%s: it takes CAP_BPF and CAP_NET_ADMIN of the host itself (root), or "
			"a guest kernel (--kernel)",
			what);
	if (code == ENOSYS || code == EINVAL)
		return nn_fail(err, EOPNOTSUPP,
			       "%s: this kernel is older than Linux 5.15, or has no "
			       "CONFIG_CGROUP_BPF",
			       what);
	return nn_fail(err, code, "%s", what);
}

static int load_program(const struct text *text, struct nn_err *err)
{
	static const char license[] = "GPL";
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr)); /* what a kernel does not know must be 0 */
	attr.prog_type = BPF_PROG_TYPE_SOCK_OPS;
	attr.insns = (uintptr_t)text->insns;
	attr.insn_cnt = (uint32_t)text->n;
	attr.license = (uintptr_t)license;
	memcpy(attr.prog_name, "kacheck", sizeof("kacheck"));
	fd = bpf(BPF_PROG_LOAD, &attr);
	return fd < 0 ? refused(-fd, "loading a BPF program", err) : fd;
}

static int attach(int program, int cgroup, struct nn_err *err)
{
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_fd = (uint32_t)cgroup;
	attr.link_create.attach_type = BPF_CGROUP_SOCK_OPS;
	fd = bpf(BPF_LINK_CREATE, &attr);
	return fd < 0 ? refused(-fd, "attaching a BPF program to the own cgroup", err) : fd;
}

/* ---- the cgroup ------------------------------------------------------------------------------ */

/* The first mount of cgroup v2 gives every process's /proc/PID/cgroup a line more, for ever. */
static bool is_mounted(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[4096];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strncmp(line, "0::", 3) == 0;
	if (file)
		fclose(file);
	return found;
}

/* The caller's own, by a mount that is nowhere to be seen. In a cgroup namespace of its own it is the root
 * of what is mounted, and options of a mount do not become those of the host's. */
static int open_cgroup(struct nn_err *err)
{
	int context, fd = -1;

	if (!is_mounted())
		return nn_fail(err, EOPNOTSUPP, "cgroup v2 is not mounted on this machine");
	if (unshare(CLONE_NEWCGROUP))
		return refused(errno, "a cgroup namespace", err);
	context = (int)syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC);
	if (context >= 0 && !syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		fd = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (fd < 0)
		fd = refused(errno, "cgroup v2", err);
	nn_close_fd(&context);
	return fd;
}

/* ---- all together ----------------------------------------------------------------------------- */

/* What BPF programs know @ns by. */
static int read_cookie(struct nn_ns *ns, uint64_t *cookie, struct nn_err *err)
{
	struct nn_nl *nl = nn_ns_nl(ns, NN_BUS_ROUTE, err);
	socklen_t size = sizeof(*cookie);

	if (!nl)
		return -errno;
	if (getsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size))
		return nn_fail(
			err, EOPNOTSUPP,
			"options set by a BPF program: this kernel is older than Linux 5.15");
	return 0;
}

int nn_sockops_attach(struct nn_ns *ns, bool accepted, const struct nn_sockopt *options, size_t n,
		      struct nn_err *err)
{
	int op =
		accepted ? BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB : BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB;
	struct text text = { .n = 0 };
	int cgroup = -1, program = -1, link;
	uint64_t cookie = 0;

	if (n > NN_SOCKOPTS_MAX)
		return nn_fail(err, E2BIG, "%zu options for a BPF program", n);
	link = read_cookie(ns, &cookie, err);
	if (!link) {
		assemble(&text, op, cookie, options, n);
		link = program = load_program(&text, err);
	}
	if (program >= 0)
		link = cgroup = open_cgroup(err);
	if (cgroup >= 0)
		link = attach(program, cgroup, err);
	nn_close_fd(&cgroup);
	nn_close_fd(&program);
	return link;
}
