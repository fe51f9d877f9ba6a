/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How finely memory is monitored, as the kernel takes it.
 */
#ifndef ATTRS_H
#define ATTRS_H

#include <stdint.h>

/* Intervals in microseconds. */
struct attrs {
	uint64_t sample_us, aggr_us, update_us, min_regions, max_regions;
};

/* What the kernel begins with, too. */
#define ATTRS_DEFAULT	{ 5000, 100000, 1000000, 10, 1000 }

/* The count of accesses that is a rate of 1. */
static inline uint64_t attrs_full_scale(const struct attrs *a)
{
	return a->aggr_us / a->sample_us;
}

#endif
