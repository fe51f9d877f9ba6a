/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where to look in a large address space: the Accessed bits of tables.
 */
#ifndef _MM_DAMON_HINTS_H
#define _MM_DAMON_HINTS_H

struct damon_ctx;
struct damon_target;
struct mm_struct;

#ifdef CONFIG_ARCH_HAS_NONLEAF_PMD_YOUNG

/**
 * damon_hints_init() - Prepare to look at tables, if that is possible.
 * @t:		The target, as the worker begins.
 *
 * Context: May sleep.
 */
void damon_hints_init(struct damon_target *t);

/**
 * damon_hints_fini() - Set the bits again, and give back the memory.
 * @t:		The target, as the worker ends.
 * @mm:		Its address space, or NULL when that has gone.
 *
 * Context: May sleep.
 */
void damon_hints_fini(struct damon_target *t, struct mm_struct *mm);

/**
 * damon_hints_begin() - Begin an interval that shows which tables are used.
 * @t:		The target.
 * @mm:		Its address space, whose TLB is flushed next.
 *
 * To be followed by damon_hints_end(), when the sampling interval is over.
 *
 * Context: May sleep.
 */
void damon_hints_begin(struct damon_target *t, struct mm_struct *mm);

/**
 * damon_hints_end() - Tell regions where they were used in that interval, if one was begun.
 * @ctx:	The context.
 * @t:		The target.
 * @mm:		Its address space.
 *
 * Context: May sleep.
 */
void damon_hints_end(struct damon_ctx *ctx, struct damon_target *t, struct mm_struct *mm);

#else

static inline void damon_hints_init(struct damon_target *t)
{
}

static inline void damon_hints_fini(struct damon_target *t, struct mm_struct *mm)
{
}

static inline void damon_hints_begin(struct damon_target *t, struct mm_struct *mm)
{
}

static inline void damon_hints_end(struct damon_ctx *ctx, struct damon_target *t,
				   struct mm_struct *mm)
{
}

#endif /* CONFIG_ARCH_HAS_NONLEAF_PMD_YOUNG */

#endif /* _MM_DAMON_HINTS_H */
