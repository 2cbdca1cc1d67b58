/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other forms in which sysctls are rolled out than files of sysctl.d: YAML of Kubernetes, compose and
 * Ansible, profiles of tuned, modules of NixOS. Each ends as lines of a set, with the place in the file.
 * Pure but for a profile's includes.
 */
#ifndef KA_FORMS_H
#define KA_FORMS_H

#include "rollout/sysctld.h"

enum ka_form { KA_FORM_SYSCTLD, KA_FORM_YAML, KA_FORM_TUNED, KA_FORM_NIX };

/* By the name of the file, else by what is in it. */
enum ka_form ka_form_of(const char *path, const char *text, size_t size);

/* As ka_sysctl_parse(), in whatever form. -EINVAL also for YAML that is none, for a form without any
 * sysctl, for a profile that includes itself. */
int ka_form_parse(struct ka_sysctl_set *set, const char *path, const char *text, size_t size,
		  struct nn_err *err);

/* True for "net.ipv4.tcp_retries2" and all that begins as sysctls do. */
bool ka_form_is_key(const char *key);

/* An assignment whose value may be an expression of that form, which is noted then: nobody evaluates it
 * here. As ka_sysctl_assign(). */
int ka_form_assign(struct ka_sysctl_set *set, const char *file, unsigned line, const char *key,
		   const char *value, struct nn_err *err);

/* One form each; @file is one of the set's. */
int ka_yaml_parse(struct ka_sysctl_set *set, const char *file, const char *text, size_t size,
		  struct nn_err *err);
int ka_tuned_parse(struct ka_sysctl_set *set, const char *file, char *text, unsigned depth,
		   struct nn_err *err);
int ka_nix_parse(struct ka_sysctl_set *set, const char *file, char *text, struct nn_err *err);

#endif
