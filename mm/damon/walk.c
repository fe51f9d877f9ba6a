// SPDX-License-Identifier: GPL-2.0
/*
 * Who wants to see each region that the schemes work on, over one pass of each.
 *
 * The caller waits, and may be killed meanwhile; then nobody needs its function any more, and
 * what that works on is gone.  So the walk is an object of its own, which the one who leaves
 * last frees.
 *
 * Notes on locking
 *
 * - The walk of a context belongs to its worker, but for what is below.
 *
 * - lock of a walk (mutex) is held while the function is called, and to leave: who has left
 *   under it is not called any more.
 *
 *   lock of a walk -> locks of the function
 */
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/export.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "internal.h"
#include "scheme.h"
#include "walk.h"

/**
 * struct damon_tried_walk - One call of damon_walk_tried().
 * @ref:	The caller, and the worker, until they have left.
 * @lock:	See the notes on locking.
 * @fn:		The function, NULL when the caller has left; under @lock.
 * @arg:	Passed to @fn.
 * @todo:	The schemes whose pass is waited for.
 * @ret:	What to answer, once it is done.
 * @done:	The worker has left.
 */
struct damon_tried_walk {
	struct kref ref;
	struct mutex lock; /* see the notes on locking */
	void (*fn)(const struct damon_tried *tried, void *arg);
	void *arg;
	DECLARE_BITMAP(todo, DAMON_MAX_SCHEMES);
	int ret;
	struct completion done;
};

static void free_walk(struct kref *ref)
{
	struct damon_tried_walk *walk = container_of(ref, struct damon_tried_walk, ref);

	mutex_destroy(&walk->lock);
	kfree(walk);
}

static void end_walk(struct damon_ctx *ctx, int ret)
{
	struct damon_tried_walk *walk = ctx->walk;

	ctx->walk = NULL;
	walk->ret = ret;
	complete(&walk->done);
	kref_put(&walk->ref, free_walk);
}

void damon_walk_tell(struct damon_tried_walk *walk, const struct damon_tried *tried)
{
	guard(mutex)(&walk->lock);
	if (walk->fn)
		walk->fn(tried, walk->arg);
}

struct damon_tried_walk *damon_walk_of(const struct damon_ctx *ctx, unsigned int scheme)
{
	return ctx->walk && test_bit(scheme, ctx->walk->todo) ? ctx->walk : NULL;
}

void damon_walk_done(struct damon_ctx *ctx, unsigned int scheme)
{
	__clear_bit(scheme, ctx->walk->todo);
	if (bitmap_empty(ctx->walk->todo, DAMON_MAX_SCHEMES))
		end_walk(ctx, 0);
}

void damon_walk_cancel(struct damon_ctx *ctx)
{
	damon_assert_owner(ctx);
	if (ctx->walk)
		end_walk(ctx, -ECANCELED);
}

static bool is_wanted(struct damon_tried_walk *walk)
{
	guard(mutex)(&walk->lock);
	return walk->fn;
}

static int begin_walk(struct damon_ctx *ctx, void *arg)
{
	struct damon_tried_walk *walk = arg;

	/* The caller of the present one was killed. */
	if (ctx->walk && !is_wanted(ctx->walk))
		end_walk(ctx, -ECANCELED);
	if (ctx->walk)
		return -EBUSY;
	if (ctx->pause || !damon_schemes_find_active(ctx, walk->todo))
		return -ECANCELED;
	kref_get(&walk->ref);
	ctx->walk = walk;
	return 0;
}

int damon_walk_tried(struct damon_ctx *ctx,
		     void (*fn)(const struct damon_tried *tried, void *arg), void *arg)
{
	struct damon_tried_walk *walk;
	int err;

	/* The worker can not wait for itself. */
	if (READ_ONCE(ctx->kdamond) == current)
		return -EDEADLK;
	walk = kzalloc(sizeof(*walk), GFP_KERNEL);
	if (!walk)
		return -ENOMEM;
	kref_init(&walk->ref);
	mutex_init(&walk->lock);
	init_completion(&walk->done);
	walk->fn = fn;
	walk->arg = arg;
	err = damon_call(ctx, begin_walk, walk);
	if (!err) {
		err = wait_for_completion_killable(&walk->done) ? -EINTR : walk->ret;
		scoped_guard(mutex, &walk->lock)
			walk->fn = NULL;
	}
	kref_put(&walk->ref, free_walk);
	return err;
}
EXPORT_SYMBOL_GPL(damon_walk_tried);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/walk_kunit.c"
#endif
