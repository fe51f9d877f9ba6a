/* SPDX-License-Identifier: GPL-2.0 */
/* The context has a lock, which region.c never takes. */
#ifndef _SIM_LINUX_MUTEX_H
#define _SIM_LINUX_MUTEX_H

struct mutex {
	int unused;
};

#endif
