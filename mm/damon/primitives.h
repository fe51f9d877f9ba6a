/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kinds of memory that can be watched: one row of a table for each.
 *
 * An interface finds a row by the name that a user wrote, and all else that differs
 * between the kinds is in the row; nobody asks which kind it is.
 */
#ifndef _MM_DAMON_PRIMITIVES_H
#define _MM_DAMON_PRIMITIVES_H

#include <linux/damon.h>

/**
 * struct damon_primitives - A kind of memory.
 */
struct damon_primitives {
	/** @name: As users write it. */
	const char *name;

	/** @is_default: Ids without the name of a kind are of this one. */
	bool is_default;

	/** @takes_fds: An id may also be given by a file descriptor. */
	bool takes_fds;

	/** @has_fixed_ranges: Only the ranges that a user gives are watched. */
	bool has_fixed_ranges;

	/**
	 * @has_all_id: A list without ids stands for one target, DAMON_ALL_NODES,
	 * which has no number.
	 */
	bool has_all_id;

	/** @addr_unit: As in &struct damon_ctx. */
	unsigned long addr_unit;

	/**
	 * @get_id: Find what @number names, an id or, if @is_fd, a descriptor, and
	 * hold it.  Return 0, or an error that tells the user why not.
	 */
	int (*get_id)(unsigned long number, bool is_fd, unsigned long *id);

	/** @put_id: Give back what @get_id holds.  May be NULL. */
	void (*put_id)(unsigned long id);

	/**
	 * @id_number: The number to show for an id.  Called under RCU.
	 */
	unsigned long (*id_number)(unsigned long id);

	/**
	 * @check_ids: Can these be the targets of one monitor?  Return 0 or an
	 * error.  May be NULL.
	 */
	int (*check_ids)(const unsigned long *ids, unsigned int nr_ids);

	/**
	 * @check_ranges: Can these ranges of a target, of whole pages, ascending and
	 * disjoint, be watched?  There may be none, for all memory.  Return 0 or an
	 * error.  May sleep.
	 */
	int (*check_ranges)(unsigned long id, const struct damon_addr_range *ranges,
			    unsigned int nr_ranges);

	/**
	 * @set: Put the callbacks of this kind into a context that is off.  NULL, as
	 * all but @name, where this kernel can not watch this kind.
	 */
	void (*set)(struct damon_ctx *ctx);
};

/* Each is defined in the file of its kind. */
extern const struct damon_primitives damon_va_primitives;
extern const struct damon_primitives damon_fva_primitives;
extern const struct damon_primitives damon_pa_primitives;

/**
 * damon_primitives_find() - Find a kind by its name.
 * @name:	The beginning of it all.
 * @len:	The length of the name.
 *
 * Return: The row, or NULL where there is no such kind.
 */
const struct damon_primitives *damon_primitives_find(const char *name, size_t len);

/**
 * damon_primitives_default() - The kind of ids without the name of a kind.
 *
 * Return: The row, or NULL where there is none in this kernel.
 */
const struct damon_primitives *damon_primitives_default(void);

/**
 * damon_fit_targets() - Bring the regions of all targets in line with the memory.
 * @ctx:	The context.
 * @fit:	Does that for one target, and returns 0 or an error.
 *
 * A target that can not be fitted keeps its regions until the next update.
 *
 * Context: On the worker.  May sleep.
 */
void damon_fit_targets(struct damon_ctx *ctx,
		       int (*fit)(struct damon_ctx *ctx, struct damon_target *t));

#endif /* _MM_DAMON_PRIMITIVES_H */
