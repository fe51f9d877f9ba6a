/* SPDX-License-Identifier: GPL-2.0 */
/* The context has a lock for what users read of schemes, of which there are none here. */
#ifndef _SIM_LINUX_SPINLOCK_TYPES_H
#define _SIM_LINUX_SPINLOCK_TYPES_H

typedef struct {
	int unused;
} spinlock_t;

#endif
