/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a guest's processes, wherever the host puts them. A shell stands in for the kernel. */
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "guest/boot.h"
#include "model/util.h"
#include "netns/tests/unit.h"

#define PATIENCE_S 20

/* ---- the host's files ----------------------------------------------------------------------- */

/* Everything that a guest could do to a file of the host, and one that is its own. Ends with the number
 * of what it was able to do. */
static const char vandal[] =
	"cd \"$1\" || exit 90; n=0\n"
	"for try in 'echo changed >file' 'echo more >>file' 'echo new >other' 'mv file gone' \\\n"
	"	'rm -f file' 'chmod 0666 file' 'touch -d 2001-01-01 file' 'ln -s file link' 'mkdir "
	"sub'; do\n"
	"	if (eval \"$try\") 2>/dev/null; then n=$((n + 1)); fi\ndone\n"
	"echo mine >/dev/shm/mine && rm /dev/shm/mine || exit 91; exit $n";

/* Returns the exit status of the vandal as a kernel. */
static int boot_vandal(char *folder, bool host_files)
{
	const char *argv[] = { "sh", "-c", vandal, "sh", folder, NULL };
	int initramfs = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct ka_boot boot = { .initramfs = initramfs,
				.argv = argv,
				.memory_in_file = true,
				.host_files = host_files };
	struct ka_booted booted = KA_BOOTED_INIT;
	struct pollfd ended = { .events = POLLIN };
	struct nn_err err = { "" };

	boot.program = open("/bin/sh", O_RDONLY | O_CLOEXEC);
	assert_int_equal(ka_boot(&booted, &boot, &err), 0);
	close(initramfs);
	ended.fd = booted.results;
	assert_int_equal(poll(&ended, 1, PATIENCE_S * 1000), 1);
	return ka_booted_stop(&booted);
}

/* One that does not read them is not hindered: it has its own way with them. */
TEST(a_guest_without_them_may_write)
{
	static const char *const made[] = { "gone", "other", "file", "link", "sub", "" };
	char folder[] = "/tmp/test_boot.XXXXXX", path[80];

	assert_non_null(mkdtemp(folder));
	assert_int_equal(boot_vandal(folder, false), 8); /* all but chmod of what was removed */
	for (size_t i = 0; i < KA_N(made); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, made[i]);
		assert_int_equal(remove(path), 0);
	}
}

/* A guest that reads the host's files cannot change them, whoever it is. */
TEST(files_of_the_host_stay_as_they_are)
{
	char folder[] = "/tmp/test_boot.XXXXXX", path[80], text[16] = "";
	struct stat before, after;
	FILE *file;

	unit_skip_if_emulated("mount namespaces");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("before", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(boot_vandal(folder, true), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "before");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0); /* nothing else is there */
}

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
	unit_skip_if_emulated("pid namespaces");
	ends(0, 0);
}

/* The outer /proc is what process 1 of the sandbox sees then: its own pid means another process. */
TEST(in_a_sandbox_without_proc)
{
	unit_skip_if_emulated("seccomp filters");
	ends(SYS_mount, EPERM);
}

/* Where a guest's mounts would be the host's own, it is not started. */
TEST(files_of_the_host_are_not_risked)
{
	char folder[] = "/";
	struct ka_boot boot = { .host_files = true, .initramfs = -1 };
	const char *argv[] = { "sh", "-c", vandal, "sh", folder, NULL };
	struct ka_booted booted = KA_BOOTED_INIT;
	struct nn_err err = { "" };
	int status = -1;
	pid_t pid;

	unit_skip_if_emulated("seccomp filters");
	pid = fork();
	if (pid == 0) {
		alarm(PATIENCE_S);
		boot.argv = argv;
		boot.program = open("/bin/sh", O_RDONLY | O_CLOEXEC);
		if (forbid(SYS_clone3, EPERM) || ka_boot(&booted, &boot, &err) != -EPERM)
			_exit(1);
		_exit(strstr(err.text, "a guest that reads the host's files: ") ? 7 : 2);
	}
	waitpid(pid, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

TEST(without_namespaces)
{
	unit_skip_if_emulated("seccomp filters");
	ends(SYS_clone3, EPERM);
}
