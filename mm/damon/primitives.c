// SPDX-License-Identifier: GPL-2.0
/*
 * The table of the kinds of memory, and the code that all of them share.
 */
#define pr_fmt(fmt) "damon: " fmt

#include <linux/printk.h>
#include <linux/string.h>

#include "internal.h"
#include "primitives.h"

/* Kinds that this kernel has not got are known by name, so that a user is told. */
#ifndef CONFIG_DAMON_VADDR
const struct damon_primitives damon_va_primitives = { .name = "vaddr" };
const struct damon_primitives damon_fva_primitives = { .name = "fvaddr" };
#endif
#ifndef CONFIG_DAMON_PADDR
const struct damon_primitives damon_pa_primitives = { .name = "paddr" };
#endif

static const struct damon_primitives * const kinds[] = {
	&damon_va_primitives,
	&damon_fva_primitives,
	&damon_pa_primitives,
};

const struct damon_primitives *damon_primitives_find(const char *name, size_t len)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strlen(kinds[i]->name) == len && !memcmp(kinds[i]->name, name, len))
			return kinds[i];
	return NULL;
}

const struct damon_primitives *damon_primitives_default(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i]->is_default)
			return kinds[i];
	return NULL;
}

void damon_fit_targets(struct damon_ctx *ctx,
		       int (*fit)(struct damon_ctx *ctx, struct damon_target *t))
{
	struct damon_target *t;
	unsigned int i = 0;

	damon_assert_owner(ctx);
	damon_for_each_target(t, ctx) {
		int err;

		/* A thousand targets may have millions of mappings. */
		if (!damon_go_on(ctx))
			return;
		err = fit(ctx, t);
		if (err)
			pr_debug("regions of target %u not updated: %d\n", i, err);
		i++;
	}
}
