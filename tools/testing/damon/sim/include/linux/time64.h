/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SIM_LINUX_TIME64_H
#define _SIM_LINUX_TIME64_H

#include <linux/types.h>

struct timespec64 {
	s64 tv_sec;
	long tv_nsec;
};

#endif
