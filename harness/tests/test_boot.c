/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a guest's processes, wherever the host puts them. A shell stands in for the kernel. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "guest/boot.h"
#include "model/util.h"
#include "netns/tests/unit.h"

#define PATIENCE_S 20

/* A kernel that ends with 7 and leaves a process, which holds the write end of a pipe: @alive. */
static int boot_and_stop(int alive)
{
	char script[128];
	const char *argv[] = { "sh", "-c", script, NULL };
	struct ka_boot boot = { .initramfs = alive, .argv = argv };
	struct ka_booted booted = KA_BOOTED_INIT;
	struct pollfd ended = { .events = POLLIN };

	snprintf(script, sizeof(script), "sleep 600 <&- >&- 2>&- %d>&- & exit 7", KA_BOOT_RESULTS);
	boot.program = open("/bin/sh", O_RDONLY | O_CLOEXEC);
	if (ka_boot(&booted, &boot, NULL) < 0)
		return 99;
	close(alive);
	ended.fd = booted.results;
	if (poll(&ended, 1, PATIENCE_S * 1000) != 1)
		return 98;
	return ka_booted_stop(&booted);
}

/* Makes the system call @nr fail from now on, as a container's filter does. */
static int forbid(int nr, int code)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { .len = KA_N(filter), .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* Boots in a child, where @nr fails with @code (0: nothing does). Asserts that the guest has ended as
 * it did, at once, and that nothing of it is left. */
static void ends(int nr, int code)
{
	int alive[2], status = -1;
	struct pollfd gone = { .events = POLLIN };
	pid_t pid;

	assert_int_equal(pipe2(alive, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		alarm(PATIENCE_S);
		_exit(code && forbid(nr, code) ? 97 : boot_and_stop(alive[1]));
	}
	close(alive[1]);
	waitpid(pid, &status, 0);
	gone.fd = alive[0];
	assert_int_equal(poll(&gone, 1, PATIENCE_S * 1000), 1);
	close(alive[0]);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

TEST(in_a_sandbox)
{
	ends(0, 0);
}

/* The outer /proc is what process 1 of the sandbox sees then: its own pid means another process. */
TEST(in_a_sandbox_without_proc)
{
	ends(SYS_mount, EPERM);
}

TEST(without_namespaces)
{
	ends(SYS_clone3, ENOSYS);
}
