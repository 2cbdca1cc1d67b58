/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sysctls in other forms than sysctl.d: which line sets what, and what is not evaluated. */
#include <sys/stat.h>

#include "model/util.h"
#include "netns/tests/unit.h"
#include "rollout/forms.h"

#define TIME  "net.ipv4.tcp_keepalive_time"
#define INTVL "net.ipv4.tcp_keepalive_intvl"

static const struct row {
	const char *name, *path, *text;
	const char *value; /* of tcp_keepalive_time; NULL: it is not set */
	unsigned line;
	const char *note; /* NULL: none that is no remark */
} rows[] = {
	{ "kubernetes", "pod.yaml",
	  "apiVersion: v1\nspec:\n  securityContext:\n    sysctls:\n    - name: " TIME
	  "\n      value: \"300\"\n",
	  "300", 5, NULL },
	{ "kubernetes_value_first", "pod.yml",
	  "securityContext:\n  sysctls:\n  - value: '300'\n    name: " TIME "\n", "300", 4, NULL },
	{ "kubernetes_number", "pod.yaml", "sysctls:\n- name: " TIME "\n  value: 300\n", NULL, 0,
	  "Kubernetes takes a string only" },
	{ "kubernetes_environment", "pod.yaml",
	  "env:\n- name: TIME\n  value: \"1\"\nsysctls:\n- name: " TIME "\n  value: \"2\"\n", "2",
	  5, NULL },
	{ "compose_map", "docker-compose.yml",
	  "services:\n  db:\n    sysctls:\n      " TIME ": 870\n      " INTVL ": '10'\n", "870", 4,
	  NULL },
	{ "compose_list", "compose.yaml",
	  "services:\n  db:\n    sysctls:\n    - " TIME "=870\n    - \"" INTVL "=10\"\n", "870", 4,
	  NULL },
	{ "compose_without_a_name", "x.txt", "sysctls:\n  " TIME ": 870 # seconds\n", "870", 2,
	  NULL },
	{ "list_alone", "list.txt", "- " TIME "=870\n- " INTVL "=10\n", "870", 1, NULL },
	{ "json", "run.json", "{\"HostConfig\": {\"Sysctls\": {\n\"" TIME "\": \"60\"}}}\n", "60",
	  2, NULL },
	{ "ansible_module", "site.yml",
	  "- hosts: all\n  tasks:\n  - ansible.posix.sysctl:\n      name: " TIME
	  "\n      value: 120\n      state: present\n",
	  "120", 4, NULL },
	{ "ansible_arguments", "site.yml",
	  "- tasks:\n  - sysctl: name=" TIME " value=120 state=present\n", "120", 2, NULL },
	{ "ansible_variables", "all.yml", "sysctl_config:\n  " TIME ": 120\n", "120", 2, NULL },
	{ "ansible_loop", "all.yml", "with_items:\n  - { key: " TIME ", value: 120 }\n", "120", 2,
	  NULL },
	{ "ansible_template", "all.yml", TIME ": \"{{ keepalive }}\"\n", NULL, 0,
	  "not evaluated here" },
	{ "text_in_a_map", "map.yaml",
	  "data:\n  90-tcp.conf: |\n    # ours\n    " TIME " = 60\n    " INTVL " = 10\n", "60", 4,
	  NULL },
	{ "alias", "a.yaml", "a: &x 60\nsysctls:\n  " TIME ": *x\n  " INTVL ": 10\n", NULL, 0,
	  "an alias (*x), which is not followed" },
	{ "merge", "a.yaml", "a: &x {b: c}\nsysctls:\n  <<: *x\n  " TIME ": 60\n", "60", 4,
	  "an alias (*x), which is not followed" },
	{ "two_documents", "a.yaml", "--- \n" TIME ": 1\n---\n" TIME ": 2\n", "2", 4, NULL },
	{ "slip_of_the_pen", "a.yaml", "sysctls:\n  net.ipv6.tcp_keepalive_time: 60\n", NULL, 0,
	  TIME " is meant" },
	{ "tuned", "tuned.conf",
	  "[main]\nsummary=example\n[sysctl]\n" TIME " = 300\nnet.core.somaxconn = >4096\n", "300",
	  4, NULL },
	{ "tuned_comments", "tuned.conf",
	  "[sysctl]\n# " TIME " = 1\n" TIME " = 300 # seconds\n;" TIME "=2\n[bootloader]\n" TIME
	  "=3\n",
	  "300", 3, NULL },
	{ "tuned_raises", "tuned.conf", "[sysctl]\n" TIME "=>300\n", "300", 2, NULL },
	{ "tuned_variable", "tuned.conf", "[sysctl]\n" TIME "=${idle}\n", NULL, 0,
	  "not evaluated here" },
	{ "tuned_include_missing", "tuned.conf",
	  "[main]\ninclude=no-such-profile\n[sysctl]\n" TIME "=300\n", "300", 4,
	  "a profile that is not here" },
	{ "nixos_set", "net.nix",
	  "{\n  boot.kernel.sysctl = {\n    \"" TIME "\" = 60; # s\n    \"" INTVL
	  "\" = \"10\";\n  };\n}\n",
	  "60", 3, NULL },
	{ "nixos_attribute", "x", "boot.kernel.sysctl.\"" TIME "\" = lib.mkForce 60;\n", "60", 1,
	  NULL },
	{ "nixos_default", "net.nix",
	  "boot.kernel.sysctl = { \"" TIME "\" = mkDefault \"60\"; \"" INTVL
	  "\" = lib.mkOverride 50 5; };\n",
	  "60", 1, NULL },
	{ "nixos_expression", "net.nix", "boot.kernel.sysctl.\"" TIME "\" = cfg.idle;\n", NULL, 0,
	  "is an expression" },
};

TEST_ROWS(says_what_is_set, rows)
{
	const struct row *row = *state;
	struct ka_sysctl_set set = { 0 };
	const struct ka_sysctl_line *line;
	const struct ka_sysctl_note *note = NULL;
	struct nn_err err = { "" };

	if (ka_form_parse(&set, row->path, row->text, strlen(row->text), &err) != 0)
		fail_msg("%s", err.text);
	ka_sysctl_resolve(&set);
	line = ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_time");
	for (size_t i = 0; i < set.n_notes; i++)
		if (!set.notes[i].remark)
			note = &set.notes[i];
	assert_int_equal(line != NULL, row->value != NULL);
	if (line) {
		assert_string_equal(line->value, row->value);
		assert_int_equal(line->line, row->line);
	}
	assert_int_equal(note != NULL, row->note != NULL);
	if (note && !strstr(note->why, row->note))
		fail_msg("%s", note->why);
	ka_sysctl_free(&set);
}

/* What Kubernetes and Docker make of a sysctl, besides the kernel. */
TEST(remarks_on_containers)
{
	static const struct {
		const char *key, *says; /* NULL: nothing */
	} keys[] = { { "net.ipv4.tcp_syncookies", NULL },
		     { TIME, "safe since 1.29" },
		     { "net.ipv4.tcp_retries2", "--allowed-unsafe-sysctls" },
		     { "vm.swappiness", "not namespaced" } };

	for (size_t i = 0; i < KA_N(keys); i++) {
		struct ka_sysctl_set set = { 0 };
		struct nn_err err = { "" };
		char text[200];

		snprintf(text, sizeof(text), "sysctls:\n- name: %s\n  value: \"1\"\n", keys[i].key);
		assert_int_equal(ka_form_parse(&set, "pod.yaml", text, strlen(text), &err), 0);
		assert_int_equal(set.n, 1);
		assert_int_equal(set.n_notes, keys[i].says ? 1 : 0);
		if (keys[i].says) {
			assert_true(set.notes[0].remark);
			assert_non_null(strstr(set.notes[0].why, keys[i].says));
		}
		ka_sysctl_free(&set);
	}
}

/* ---- bad input ---------------------------------------------------------------------------- */

static void assert_refused(const char *path, const char *text, const char *where, const char *what)
{
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };

	assert_int_equal(ka_form_parse(&set, path, text, strlen(text), &err), -EINVAL);
	if (strncmp(err.text, where, strlen(where)) != 0 || !strstr(err.text, what))
		fail_msg("%s", err.text);
	assert_int_equal(set.n + set.n_notes + set.n_files, 0);
	ka_sysctl_free(&set);
}

TEST(refuses_what_is_none)
{
	assert_refused("a.yaml", "sysctls:\n  a: [1, 2\nb: c\n", "a.yaml:3: ", "no YAML: ");
	assert_refused("a.yaml", "sysctls:\n\t- x\n", "a.yaml:2: ", "no YAML: ");
	assert_refused("a.yaml", "a: \x01\n", "a.yaml:1: ", "no YAML: ");
	assert_refused("a.yaml", "kind: Pod\n", "a.yaml: ", "sets no sysctl");
	assert_refused("a.yaml", "", "a.yaml: ", "sets no sysctl");
	assert_refused("a.nix", "{ }\n", "a.nix: ", "sets no sysctl");
	assert_refused("x/tuned.conf", "[main]\nsummary=x\n", "x/tuned.conf: ", "sets no sysctl");
}

/* Nine levels of nine aliases would be 387420489 scalars. */
TEST(aliases_do_not_grow)
{
	char text[2000] = "a0: &a0 [x]\n";
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };

	for (int i = 1; i < 10; i++) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof(text) - used,
			 "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i - 1,
			 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	}
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "sysctls: *a9\n" TIME ": 60\n");
	assert_int_equal(ka_form_parse(&set, "bomb.yaml", text, strlen(text), &err), 0);
	assert_int_equal(set.n, 1);
	assert_int_equal(set.n_notes, 1);
	ka_sysctl_free(&set);
}

TEST(depth_has_an_end)
{
	char text[500] = "a: ";

	memset(text + 3, '[', 200);
	assert_refused("deep.yaml", text, "deep.yaml:1: ", "more than 100 levels deep");
}

/* ---- profiles that include others --------------------------------------------------------- */

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int enter_dir(void **state)
{
	char dir[] = "/tmp/forms.XXXXXX";

	if (!mkdtemp(dir) || chdir(dir) || mkdir("a", 0755) || mkdir("b", 0755))
		return -1;
	*state = strdup(dir);
	return !*state;
}

static int leave_dir(void **state)
{
	remove("a/tuned.conf");
	remove("b/tuned.conf");
	rmdir("a");
	rmdir("b");
	if (chdir("/") || rmdir(*state))
		return -1;
	free(*state);
	return 0;
}

TEST_WITH(profiles_include_profiles, enter_dir, leave_dir)
{
	struct ka_sysctl_set set = { 0 };
	const struct ka_sysctl_line *line;
	struct nn_err err = { "" };

	write_file("a/tuned.conf", "[main]\ninclude=b\n[sysctl]\n" TIME "=2\n");
	write_file("b/tuned.conf", "[sysctl]\n" TIME "=1\n" INTVL "=3\n");
	assert_int_equal(ka_sysctl_read(&set, "a/tuned.conf", &err), 0);
	assert_string_equal(ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_time")->value, "2");
	line = ka_sysctl_value(&set, "net/ipv4/tcp_keepalive_intvl");
	assert_string_equal(line->value, "3");
	assert_string_equal(line->file, "a/../b/tuned.conf");
	assert_int_equal(line->line, 3);
	ka_sysctl_free(&set);
	write_file("b/tuned.conf", "[main]\ninclude=a\n[sysctl]\n" TIME "=1\n");
	assert_int_equal(ka_sysctl_read(&set, "a/tuned.conf", &err), -EINVAL);
	assert_non_null(strstr(err.text, "tuned.conf:2: include = "));
	assert_non_null(strstr(err.text, "in a circle?"));
	assert_int_equal(set.n + set.n_notes + set.n_files, 0);
	ka_sysctl_free(&set);
}

/* A folder or a device is no profile: reading it would refuse the whole, or never end. */
TEST(only_a_file_is_a_profile)
{
	struct ka_sysctl_set set = { 0 };
	struct nn_err err = { "" };
	static const char text[] = "[main]\ninclude=/,/dev/zero\n[sysctl]\n" TIME "=2\n";

	assert_int_equal(ka_form_parse(&set, "tuned.conf", text, strlen(text), &err), 0);
	assert_int_equal(set.n_notes, 2);
	assert_int_equal(set.notes[0].line, 2);
	ka_sysctl_free(&set);
}
