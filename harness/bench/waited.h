/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long this process has waited for a CPU, as the scheduler counts it. */
#ifndef KA_WAITED_H
#define KA_WAITED_H

#include <stdint.h>

/* A file for ka_waited_ns(), of this process and no child of it; -1: the kernel does not count. */
int ka_waited_open(void);
/* In all, ns, never 0; 0: not known. */
int64_t ka_waited_ns(int fd);
/* Since it was @before; 0: not known. */
int64_t ka_waited_since(int fd, int64_t before);

#endif
