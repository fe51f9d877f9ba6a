/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Intervals that follow how much of the memory is used.
 */
#ifndef _MM_DAMON_TUNE_H
#define _MM_DAMON_TUNE_H

#include <linux/damon.h>

/**
 * damon_tune_check() - The one validation of a goal for intervals.
 * @attrs:	The attributes.
 * @goal:	The goal.
 *
 * Return: 0 or -EINVAL; see &struct damon_intervals_goal.
 */
int damon_tune_check(const struct damon_attrs *attrs, const struct damon_intervals_goal *goal);

/**
 * damon_tune_begin() - Nothing is counted yet.
 * @ctx:	The context.
 */
void damon_tune_begin(struct damon_ctx *ctx);

/**
 * damon_tune_count() - An aggregation has ended.
 * @ctx:	The context.
 *
 * Context: On the worker, while the counts of the regions are those of the report.
 */
void damon_tune_count(struct damon_ctx *ctx);

/**
 * damon_tune() - Set the intervals, if it is time.
 * @ctx:	The context.
 *
 * Context: On the worker, between two aggregations.
 */
void damon_tune(struct damon_ctx *ctx);

#endif /* _MM_DAMON_TUNE_H */
