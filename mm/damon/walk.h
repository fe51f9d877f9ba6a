/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who wants to see each region that the schemes work on.
 */
#ifndef _MM_DAMON_WALK_H
#define _MM_DAMON_WALK_H

#include <linux/damon.h>

/**
 * damon_walk_tell() - A region was worked on.
 * @walk:	The walk.
 * @tried:	The region.
 *
 * Context: On the worker; may sleep.
 */
void damon_walk_tell(struct damon_tried_walk *walk, const struct damon_tried *tried);

/**
 * damon_walk_of() - Does a walk wait for the next pass of a scheme?
 * @ctx:	The context.
 * @scheme:	The index of the scheme.
 *
 * Context: On the worker.
 * Return: The walk or NULL.
 */
struct damon_tried_walk *damon_walk_of(const struct damon_ctx *ctx, unsigned int scheme);

/**
 * damon_walk_done() - A scheme has looked at all regions.
 * @ctx:	The context, with a walk that waits for @scheme.
 * @scheme:	The index of the scheme.
 *
 * Context: On the worker.
 */
void damon_walk_done(struct damon_ctx *ctx, unsigned int scheme);

/**
 * damon_walk_cancel() - There will be no pass for a while.
 * @ctx:	The context.
 *
 * Context: On the worker, or while it is off.
 */
void damon_walk_cancel(struct damon_ctx *ctx);

#endif /* _MM_DAMON_WALK_H */
