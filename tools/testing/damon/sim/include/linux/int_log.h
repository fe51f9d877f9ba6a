/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's own logarithm, so that no rounding differs. */
#ifndef _SIM_LINUX_INT_LOG_H
#define _SIM_LINUX_INT_LOG_H

#include <linux/types.h>

unsigned int intlog2(u32 value);

#endif
