/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Probes: which share of each region has an attribute.
 *
 * Only regions of a context with probes have room for the shares, behind all else, so that
 * two cache lines hold any other region.  Whether they have it is known of a target as a
 * whole.
 */
#ifndef _MM_DAMON_PROBE_H
#define _MM_DAMON_PROBE_H

#include "evidence.h"

struct folio;

/**
 * struct damon_probes - The probes of a context.
 * @nr:		How many, at least 1.
 * @weights:	The sum of their weights.
 * @probe:	Each owns its filters.
 */
struct damon_probes {
	unsigned int nr;
	u64 weights;
	struct damon_probe probe[DAMON_MAX_PROBES];
};

/** DAMON_SHARE_MAX - A share of all. */
#define DAMON_SHARE_MAX U16_MAX

/**
 * DAMON_PROBE_WINDOW - Samples that a share is the mean of.
 *
 * When there were more, the old ones fade: half of their weight is gone after 89 more.
 * The standard deviation of a share of one half is then 0.03.
 */
#define DAMON_PROBE_WINDOW 128

/**
 * struct damon_probed_region - A region of a context with probes.
 * @region:	The region, by whose address it is freed.
 * @share:	The share that each probe finds, of DAMON_SHARE_MAX.
 * @nr_samples:	Samples that this is the mean of, up to DAMON_PROBE_WINDOW.
 */
struct damon_probed_region {
	struct damon_region region;
	u16 share[DAMON_MAX_PROBES];
	u8 nr_samples;
};

static_assert(!offsetof(struct damon_probed_region, region));
static_assert(DAMON_PROBE_WINDOW <= U8_MAX);

/* Of a region of a context with probes. */
static inline struct damon_probed_region *damon_probed(const struct damon_region *r)
{
	return container_of(r, struct damon_probed_region, region);
}

/**
 * damon_probed_record() - Take the answers of the probes for one page.
 * @r:		A region of a context with probes.
 * @found:	One bit for each probe that has found the page.
 *
 * Rounding goes to the new answer, so that a share comes to all and to nothing.
 */
static inline void damon_probed_record(struct damon_region *r, unsigned int found)
{
	struct damon_probed_region *pr = damon_probed(r);
	unsigned int i, nr = min(pr->nr_samples + 1, DAMON_PROBE_WINDOW);

	for (i = 0; i < DAMON_MAX_PROBES; i++) {
		if (found & 1U << i)
			pr->share[i] += DIV_ROUND_UP(DAMON_SHARE_MAX - pr->share[i], nr);
		else
			pr->share[i] -= DIV_ROUND_UP(pr->share[i], nr);
	}
	pr->nr_samples = nr;
}

/**
 * damon_probed_inherit() - Have the shares of another region.
 * @to:		The region.
 * @from:	The other one, which has, or had, the addresses of @to.
 *
 * Of the samples, @to gets as many as it has pages: a small part of a large region soon
 * has a share of its own.
 */
static inline void damon_probed_inherit(struct damon_region *to,
					const struct damon_region *from)
{
	const struct damon_probed_region *old = damon_probed(from);
	struct damon_probed_region *new = damon_probed(to);
	unsigned long part = min(region_pages(to), region_pages(from));

	memcpy(new->share, old->share, sizeof(new->share));
	new->nr_samples = mul_u64_u64_div_u64(old->nr_samples, part, region_pages(from));
}

/**
 * damon_probed_cut_off() - Part a region.
 * @part:	A new region, of a part of the addresses of @r.
 * @r:		The region, which has all of them yet.
 */
static inline void damon_probed_cut_off(struct damon_region *part, struct damon_region *r)
{
	damon_probed_inherit(part, r);
	damon_probed(r)->nr_samples -= damon_probed(part)->nr_samples;
}

/**
 * damon_probed_absorb() - Join two neighbours: the share is that of both, by their sizes.
 * @l:		The region that stays.
 * @r:		The other one.
 */
static inline void damon_probed_absorb(struct damon_region *l, struct damon_region *r)
{
	struct damon_probed_region *to = damon_probed(l), *from = damon_probed(r);
	unsigned long pages = region_pages(r);
	/* The part of @r, in 1/65536. */
	s64 part = mul_u64_u64_div_u64(pages, 1 << 16, region_pages(l) + pages);
	unsigned int i;

	for (i = 0; i < DAMON_MAX_PROBES; i++)
		to->share[i] += (from->share[i] - to->share[i]) * part >> 16;
	to->nr_samples = min(to->nr_samples + from->nr_samples, DAMON_PROBE_WINDOW);
}

/**
 * damon_probes_ask() - Ask all probes of a page.
 * @ctx:	A context with probes.
 * @folio:	The folio that it is a part of, with a reference; NULL for free memory, and
 *		for memory of the kernel.
 *
 * Return: One bit for each probe that finds it.
 */
unsigned int damon_probes_ask(const struct damon_ctx *ctx, struct folio *folio);

/**
 * damon_attributes_only() - Do attributes take the place of accesses?
 * @ctx:	The context.
 *
 * Return: Whether they do.
 */
static inline bool damon_attributes_only(const struct damon_ctx *ctx)
{
	return unlikely(ctx->probes) && ctx->probes->weights;
}

/**
 * damon_probes_draw() - Does a page count as accessed?
 * @ctx:	A context of which attributes take the place of accesses.
 * @found:	One bit for each probe that has found the page.
 *
 * Return: true with the chance that these probes have of all weights.
 */
bool damon_probes_draw(struct damon_ctx *ctx, unsigned int found);

/**
 * damon_probes_prepare() - Make room for the probes of another context.
 * @ctx:	The context.
 * @from:	The other one.
 *
 * Return: 0, or -ENOMEM with nothing changed in @ctx.
 */
int damon_probes_prepare(struct damon_ctx *ctx, struct damon_ctx *from);

/**
 * damon_probes_exchange() - Go on with the probes of another context.
 * @ctx:	The context, with room for the probes of the other one.
 * @from:	The other one, which gets the probes of @ctx.
 *
 * Where one is another than before, all shares begin anew; where attributes take the place of
 * accesses, or the other way round, so does all evidence.
 *
 * Context: On the worker of @ctx, or while it is off.
 */
void damon_probes_exchange(struct damon_ctx *ctx, struct damon_ctx *from);

/**
 * damon_probes_check() - Can the monitor do what the probes want?
 * @ctx:	The context.
 *
 * Return: 0, -EOPNOTSUPP or -EINVAL; see damon_start().
 */
int damon_probes_check(const struct damon_ctx *ctx);

/**
 * damon_probes_free() - Free the probes of a context that is to be freed.
 * @probes:	They, or NULL.
 */
void damon_probes_free(struct damon_probes *probes);

#endif /* _MM_DAMON_PROBE_H */
