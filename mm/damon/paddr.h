/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which physical memory there is, for those who check what a user asked for.
 */
#ifndef _MM_DAMON_PADDR_H
#define _MM_DAMON_PADDR_H

#include <linux/damon.h>
#include <linux/errno.h>

#ifdef CONFIG_DAMON_PADDR

/**
 * damon_pa_check() - Is there memory to watch?
 * @id:		The id of a target.
 * @ranges:	Addresses, in the unit of damon_pa_set_primitives(): ascending and
 *		disjoint.
 * @nr_ranges:	The length of @ranges; 0 for all memory.
 *
 * Context: May sleep.
 * Return: 0; -ENXIO when the node, or one of @ranges, has no System RAM that is
 *	online; -EINVAL when a range is beyond all physical addresses; -ENOMEM.
 */
int damon_pa_check(unsigned long id, const struct damon_addr_range *ranges,
		   unsigned int nr_ranges);

#else

static inline int damon_pa_check(unsigned long id, const struct damon_addr_range *ranges,
				 unsigned int nr_ranges)
{
	return -ENXIO;
}

#endif

#endif /* _MM_DAMON_PADDR_H */
