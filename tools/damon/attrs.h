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

#endif
