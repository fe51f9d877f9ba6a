// SPDX-License-Identifier: GPL-2.0
/*
 * Probes: attributes of memory beside its use.  Whose is it, and of which kind?
 *
 * Each probe is a list of filters, asked of a page of each region at each sample.  Regions
 * are made by accesses, and no attempt is made to have them end where an attribute does:
 * so a region tells which share of it has the attribute, and the sizes of all regions,
 * times their shares, tell how much memory that is.
 *
 * A share is a mean over as many samples as are needed for it, not a count of one
 * aggregation: a count of 20 samples is wrong by a tenth.  The page is any of the region, and
 * not the one that is asked for accesses, since that is chosen: another address is tried
 * where nobody can be asked, and a page that was found accessed is asked twice.
 *
 * Weights.  Where a user asks for attributes only, they take the place of accesses, as a
 * sample does not care what it is a sample of: all that finds, joins and cuts regions by
 * accesses then does it by attributes, and nothing is asked of page tables.  Several
 * attributes become one yes or no by a draw, whose chance is the weight of those that the
 * page has.  The mean is exact; the price is noise, and with one probe there is none.
 *
 * All of this belongs to the worker, or to who sets the probes while the monitor is off.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "filter.h"
#include "internal.h"
#include "probe.h"

/* === Settings === */

void damon_probes_free(struct damon_probes *probes)
{
	unsigned int i;

	if (!probes)
		return;
	for (i = 0; i < probes->nr; i++)
		kfree(probes->probe[i].filters);
	kfree(probes);
}

static bool is_valid(const struct damon_probe *p)
{
	unsigned int i;

	if (p->nr_filters > DAMON_MAX_SCHEME_ROWS)
		return false;
	for (i = 0; i < p->nr_filters; i++)
		if (p->filters[i].type != DAMON_FILTER_ANON &&
		    p->filters[i].type != DAMON_FILTER_MEMCG)
			return false;
	return true;
}

static struct damon_probes *copy_probes(const struct damon_probe *from, unsigned int nr)
{
	struct damon_probes *probes = kzalloc(sizeof(*probes), GFP_KERNEL);

	if (!probes)
		return NULL;
	for (; probes->nr < nr; probes->nr++, from++) {
		struct damon_probe *to = &probes->probe[probes->nr];

		*to = *from;
		probes->weights += from->weight;
		if (!from->nr_filters)
			to->filters = NULL;
		else
			to->filters = kmemdup_array(from->filters, from->nr_filters,
						    sizeof(*from->filters), GFP_KERNEL);
		if (from->nr_filters && !to->filters) {
			damon_probes_free(probes);
			return NULL;
		}
	}
	return probes;
}

static int exchange_probes(struct damon_ctx *ctx, struct damon_probes **probes)
{
	guard(mutex)(&ctx->kdamond_lock);
	if (damon_is_on(ctx))
		return -EBUSY;
	if (damon_targets_set_probed(ctx, *probes))
		return -ENOMEM;
	swap(ctx->probes, *probes);
	return 0;
}

int damon_set_probes(struct damon_ctx *ctx, const struct damon_probe *probes,
		     ssize_t nr_probes)
{
	struct damon_probes *fresh = NULL;
	ssize_t i;
	int err;

	if (nr_probes < 0 || nr_probes > DAMON_MAX_PROBES)
		return -EINVAL;
	for (i = 0; i < nr_probes; i++)
		if (!is_valid(&probes[i]))
			return -EINVAL;
	if (nr_probes) {
		fresh = copy_probes(probes, nr_probes);
		if (!fresh)
			return -ENOMEM;
	}
	err = exchange_probes(ctx, &fresh);
	/* The old ones, or on an error the new ones. */
	damon_probes_free(fresh);
	return err;
}
EXPORT_SYMBOL_GPL(damon_set_probes);

/* === New settings === */

/* What a filter says, whatever the bytes between its members are. */
static bool filters_are_alike(const struct damon_filter *a, const struct damon_filter *b)
{
	return a->type == b->type && a->matching == b->matching && a->allow == b->allow &&
		(a->type != DAMON_FILTER_MEMCG || a->cgroup == b->cgroup);
}

static bool probes_are_alike(const struct damon_probe *a, const struct damon_probe *b)
{
	unsigned int i;

	if (a->nr_filters != b->nr_filters)
		return false;
	for (i = 0; i < a->nr_filters; i++)
		if (!filters_are_alike(&a->filters[i], &b->filters[i]))
			return false;
	return true;
}

static void begin_share(struct damon_ctx *ctx, unsigned int index)
{
	struct damon_target *t;
	struct damon_region *r;

	damon_for_each_target(t, ctx) {
		damon_for_each_region(r, t) {
			damon_probed(r)->share[index] = 0;
			damon_probed(r)->nr_samples = 0;
			cond_resched();
		}
	}
}

static u64 weights_of(const struct damon_probes *probes)
{
	return probes ? probes->weights : 0;
}

/* The samples that wait are those of the old probes, and are checked by these. */
static void begin_evidence(struct damon_ctx *ctx)
{
	damon_check_waiting(ctx);
	damon_regions_begin_anew(ctx);
}

int damon_probes_prepare(struct damon_ctx *ctx, struct damon_ctx *from)
{
	return damon_targets_set_probed(from, from->probes) ?:
		damon_targets_set_probed(ctx, from->probes);
}

void damon_probes_exchange(struct damon_ctx *ctx, struct damon_ctx *from)
{
	struct damon_probes *old = ctx->probes, *new = from->probes;
	unsigned int i;

	for (i = 0; new && i < new->nr; i++)
		if (!old || i >= old->nr || !probes_are_alike(&old->probe[i], &new->probe[i]))
			begin_share(ctx, i);
	if (!weights_of(old) != !weights_of(new))
		begin_evidence(ctx);
	swap(ctx->probes, from->probes);
}

static bool asks_cgroups(const struct damon_probes *probes)
{
	unsigned int i;

	for (i = 0; i < probes->nr; i++)
		if (damon_filters_of_pages(probes->probe[i].filters,
					   probes->probe[i].nr_filters) & BIT(DAMON_FILTER_MEMCG))
			return true;
	return false;
}

int damon_probes_check(const struct damon_ctx *ctx)
{
	unsigned int max_hits = damon_max_nr_accesses(ctx);

	if (!ctx->probes)
		return 0;
	if (!ctx->can_probe || (!IS_ENABLED(CONFIG_MEMCG) && asks_cgroups(ctx->probes)))
		return -EOPNOTSUPP;
	if (!ctx->probes->weights)
		return 0;
	/* Users add up what an event tells, and it has a byte for a count. */
	return max_hits > U8_MAX || ctx->probes->weights * max_hits > UINT_MAX ? -EINVAL : 0;
}

/* === Pages === */

/* By the rules of struct damon_probe. */
static bool finds(const struct damon_probe *p, struct folio *folio)
{
	unsigned int i;

	for (i = 0; i < p->nr_filters; i++)
		if ((folio && damon_folio_is(folio, &p->filters[i])) == p->filters[i].matching)
			return p->filters[i].allow;
	return !i || !p->filters[i - 1].allow;
}

unsigned int damon_probes_ask(const struct damon_ctx *ctx, struct folio *folio)
{
	unsigned int i, found = 0;

	for (i = 0; i < ctx->probes->nr; i++)
		if (finds(&ctx->probes->probe[i], folio))
			found |= 1U << i;
	return found;
}

bool damon_probes_draw(struct damon_ctx *ctx, unsigned int found)
{
	const struct damon_probes *probes = ctx->probes;
	unsigned long weight = 0;
	unsigned int i;

	for (i = 0; i < probes->nr; i++)
		if (found & 1U << i)
			weight += probes->probe[i].weight;
	return damon_rand(ctx, 0, probes->weights) < weight;
}

/* === Results === */

unsigned int damon_region_probe_hits(const struct damon_ctx *ctx,
				     const struct damon_region *r, unsigned int index)
{
	u64 sum;

	if (!ctx->probes || index >= ctx->probes->nr)
		return 0;
	sum = (u64)damon_probed(r)->share[index] * damon_max_nr_accesses(ctx);
	return DIV_ROUND_CLOSEST_ULL(sum, DAMON_SHARE_MAX);
}
EXPORT_SYMBOL_GPL(damon_region_probe_hits);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/probe_kunit.c"
#endif
