/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest has computed on the host. */
#ifndef KA_CPU_TIME_H
#define KA_CPU_TIME_H

#include <sys/types.h>

/* CPU time that process @pid and its descendants have taken by now, s; 0 where /proc does not say. */
double ka_cpu_time_s(pid_t pid);

#endif
