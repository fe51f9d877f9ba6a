// SPDX-License-Identifier: GPL-2.0
/*
 * The sysfs files: /sys/kernel/mm/damon/admin/.
 *
 * The tree has a directory for each monitor, and its files are what a user wants to have.
 * Writing them changes nothing but themselves: a word that is written to the file `state` lets a
 * monitor be started with, or take over, all of them at once; or has its results copied into
 * the files that show them.  Documentation/ABI/testing/sysfs-kernel-mm-damon has all files.
 *
 * The tree keeps numbers as they were written, and in the widest type that a user may have.
 * What it means for a monitor is found out when the monitor is given it: see "From the tree to
 * a configuration" below.
 *
 * Notes on locking.  The tree is under the lock of all directories, see dir.c, which nobody
 * holds while waiting for a worker.  So a command copies what it needs of the tree, gives the
 * lock back, asks monitor.c, and takes the lock again for what is to be shown.  Whoever changes
 * nr_kdamonds keeps all monitors from being started meanwhile, and waits for that before it
 * takes the lock.
 *
 *   set_up_lock of a kdamond -> damon_monitors_lock -> lock of all directories ->
 *   ctx_lock of a monitor
 */
#define pr_fmt(fmt) "damon: " fmt

#include <linux/cgroup.h>
#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "dir.h"
#include "internal.h"
#include "monitor.h"
#include "scheme.h"
#include "tune.h"

/* Far more than anybody needs, and not so much that the machine suffers. */
#define MAX_KDAMONDS	1024
#define MAX_REGIONS	65536
#define MAX_TRIED	65536
#define MAX_ROWS	DAMON_MAX_SCHEME_ROWS

/* Bytes of the file `error`. */
#define MAX_WHY		160

/* === Words === */

static const char * const kinds_words[] = { "vaddr", "fvaddr", "paddr" };

/* A goal that quotas have no array for, see &struct damon_quota. */
#define GOAL_REFAULT_BP	DAMON_NR_GOAL_METRICS

static const char * const goal_words[] = {
	[DAMON_GOAL_USER_INPUT] = "user_input",
	[DAMON_GOAL_SOME_MEM_PSI_US] = "some_mem_psi_us",
	[DAMON_GOAL_NODE_MEM_USED_BP] = "node_mem_used_bp",
	[DAMON_GOAL_NODE_MEM_FREE_BP] = "node_mem_free_bp",
	[DAMON_GOAL_NODE_MEMCG_USED_BP] = "node_memcg_used_bp",
	[DAMON_GOAL_NODE_MEMCG_FREE_BP] = "node_memcg_free_bp",
	[DAMON_GOAL_ACTIVE_MEM_BP] = "active_mem_bp",
	[DAMON_GOAL_INACTIVE_MEM_BP] = "inactive_mem_bp",
	[DAMON_GOAL_NODE_ELIGIBLE_MEM_BP] = "node_eligible_mem_bp",
	[DAMON_GOAL_HUGEPAGE_MEM_BP] = "hugepage_mem_bp",
	[GOAL_REFAULT_BP] = "refault_bp",
};

static_assert(ARRAY_SIZE(goal_words) == DAMON_NR_GOAL_METRICS + 1);

static const char * const tuner_words[] = {
	[DAMON_TUNER_CONSIST] = "consist",
	[DAMON_TUNER_TEMPORAL] = "temporal",
};

static_assert(ARRAY_SIZE(tuner_words) == DAMON_NR_GOAL_TUNERS);

static const char * const wmark_words[] = {
	[DAMON_WMARK_NONE] = "none",
	[DAMON_WMARK_FREE_MEM_RATE] = "free_mem_rate",
};

static_assert(ARRAY_SIZE(wmark_words) == DAMON_NR_WMARK_METRICS);

static const char * const filter_words[] = {
	[DAMON_FILTER_ANON] = "anon",
	[DAMON_FILTER_ACTIVE] = "active",
	[DAMON_FILTER_MEMCG] = "memcg",
	[DAMON_FILTER_YOUNG] = "young",
	[DAMON_FILTER_HUGEPAGE_SIZE] = "hugepage_size",
	[DAMON_FILTER_UNMAPPED] = "unmapped",
	[DAMON_FILTER_ADDR] = "addr",
	[DAMON_FILTER_TARGET] = "target",
};

static_assert(ARRAY_SIZE(filter_words) == DAMON_NR_FILTER_TYPES);

/* These filters are of regions; the others are of pages. */
#define CORE_FILTERS	(BIT(DAMON_FILTER_ADDR) | BIT(DAMON_FILTER_TARGET))
#define PROBE_FILTERS	(BIT(DAMON_FILTER_ANON) | BIT(DAMON_FILTER_MEMCG))

/* === The structures of the tree === */

/*
 * How addresses and bytes of a user become those of a monitor: times @mul, by @div.  The
 * first is the user's addr_unit, the second the one of the kernel.
 */
struct units {
	unsigned long mul, div;
};

/* What a monitor was started with, or has taken over. */
struct running {
	struct units units;
	unsigned int nr_targets, nr_probes;
	bool tuned;			/* its intervals follow a goal */
	/* What it began with, and what the files had last, of it or of its user. */
	struct intervals {
		unsigned long sample, aggr;
	} asked, shown;
};

struct kdamond {
	struct damon_dir dir;
	struct damon_monitor monitor;
	struct mutex set_up_lock; /* so that @running is what @monitor has */
	struct damon_dir_list contexts;
	unsigned int refresh_ms;
	unsigned long refreshed;	/* in jiffies */
	bool has_ended;			/* and the files show how */
	struct running running;
	char why[MAX_WHY];		/* the last command was refused */
};

struct context {
	struct damon_dir dir;
	struct damon_dir_list targets, schemes, probes;
	unsigned int kind;
	unsigned long addr_unit;
	bool pause;
	struct damon_attrs attrs;
	struct damon_intervals_goal goal;
};

struct target {
	struct damon_dir dir;
	struct damon_dir_list regions;
	int pid;
	bool obsolete;
};

struct region {
	struct damon_dir dir;
	struct damon_addr_range range;
};

struct probe {
	struct damon_dir dir;
	struct damon_dir_list filters;
	unsigned int weight;
};

struct filter {
	struct damon_dir dir;
	enum damon_filter_type type;
	bool matching, allow;
	struct damon_text path;
	struct damon_addr_range range;
	unsigned long target, min_sz, max_sz;
};

/* The arrays of @cfg, and of what is in it, are not in use. */
struct scheme {
	struct damon_dir dir;
	struct damon_dir_list goals, core_filters, ops_filters, filters, dests, tried;
	struct damon_scheme cfg;
	struct damon_scheme_stat stat;
	u64 sz_tried;
};

struct goal {
	struct damon_dir dir;
	struct damon_goal cfg;
	struct damon_text path;
};

struct dest {
	struct damon_dir dir;
	unsigned int id, weight;
};

struct tried {
	struct damon_dir dir;
	struct damon_dir_list hits;
	struct damon_addr_range range;
	unsigned int nr_accesses, age;
	u64 sz_passed;
};

struct hits {
	struct damon_dir dir;
	unsigned int nr;
};

/* === Tables === */

/* For the places of members. */
#define KDAMOND	((struct kdamond *)NULL)
#define CONTEXT	((struct context *)NULL)
#define TARGET	((struct target *)NULL)
#define REGION	((struct region *)NULL)
#define PROBE	((struct probe *)NULL)
#define FILTER	((struct filter *)NULL)
#define SCHEME	((struct scheme *)NULL)
#define GOAL	((struct goal *)NULL)
#define DEST	((struct dest *)NULL)
#define TRIED	((struct tried *)NULL)
#define HITS	((struct hits *)NULL)
#define ROOT	((struct root *)NULL)

#define VALUES(_struct, _first)	.size = sizeof(_struct), .values = (size_t)&(_first)

#define FILES(...)	((const struct damon_file []) { __VA_ARGS__, {} })
#define SUBDIRS(...)	((const struct damon_subdir []) { __VA_ARGS__, {} })

/* A directory with nothing but a list. */
#define LIST_DIR(...)	(&(const struct damon_dir_kind) { .list = DAMON_LIST(__VA_ARGS__) })

static const struct damon_dir_kind region_kind = {
	.files = FILES(
		DAMON_FILE("start", 0600, REGION->range.start),
		DAMON_FILE("end", 0600, REGION->range.end)
	),
	VALUES(struct region, REGION->range),
};

static const struct damon_dir_kind target_kind = {
	.files = FILES(
		DAMON_FILE("pid_target", 0600, TARGET->pid),
		DAMON_FILE("obsolete_target", 0600, TARGET->obsolete)
	),
	.subdirs = SUBDIRS(
		{ "regions", LIST_DIR("nr_regions", TARGET->regions, region_kind, MAX_REGIONS) }
	),
	VALUES(struct target, TARGET->pid),
};

static const struct damon_dir_kind probe_filter_kind = {
	.files = FILES(
		DAMON_WORD_FILE("type", FILTER->type, filter_words, DAMON_NR_FILTER_TYPES,
				.refused = ~PROBE_FILTERS),
		DAMON_FILE("matching", 0600, FILTER->matching),
		DAMON_FILE("allow", 0600, FILTER->allow),
		DAMON_FILE("path", 0600, FILTER->path)
	),
	VALUES(struct filter, FILTER->type),
};

#define FILTER_KIND(_name, _refused)						\
static const struct damon_dir_kind _name = {					\
	.files = FILES(								\
		DAMON_WORD_FILE("type", FILTER->type, filter_words,		\
				DAMON_NR_FILTER_TYPES, .refused = _refused),	\
		DAMON_FILE("matching", 0600, FILTER->matching),			\
		DAMON_FILE("allow", 0600, FILTER->allow),			\
		DAMON_FILE("memcg_path", 0600, FILTER->path),			\
		DAMON_FILE("addr_start", 0600, FILTER->range.start),		\
		DAMON_FILE("addr_end", 0600, FILTER->range.end),		\
		DAMON_FILE("damon_target_idx", 0600, FILTER->target),		\
		DAMON_FILE("min", 0600, FILTER->min_sz),			\
		DAMON_FILE("max", 0600, FILTER->max_sz)				\
	),									\
	VALUES(struct filter, FILTER->type),				\
}

FILTER_KIND(filter_kind, 0);
FILTER_KIND(core_filter_kind, ~CORE_FILTERS);
FILTER_KIND(ops_filter_kind, CORE_FILTERS);

static const struct damon_dir_kind probe_kind = {
	.files = FILES(
		DAMON_FILE("weight", 0600, PROBE->weight)
	),
	.subdirs = SUBDIRS(
		{ "filters", LIST_DIR("nr_filters", PROBE->filters, probe_filter_kind, MAX_ROWS) }
	),
	VALUES(struct probe, PROBE->weight),
};

static const struct damon_dir_kind goal_kind = {
	.files = FILES(
		DAMON_WORD_FILE("target_metric", GOAL->cfg.metric, goal_words,
				ARRAY_SIZE(goal_words)),
		DAMON_FILE("target_value", 0600, GOAL->cfg.target),
		DAMON_FILE("current_value", 0600, GOAL->cfg.current_value),
		DAMON_FILE("nid", 0600, GOAL->cfg.nid),
		DAMON_FILE("path", 0600, GOAL->path),
		DAMON_FILE("complement", 0600, GOAL->cfg.complement)
	),
	VALUES(struct goal, GOAL->cfg),
};

static const struct damon_dir_kind dest_kind = {
	.files = FILES(
		DAMON_FILE("id", 0600, DEST->id),
		DAMON_FILE("weight", 0600, DEST->weight)
	),
	VALUES(struct dest, DEST->id),
};

static const struct damon_dir_kind hits_kind = {
	.files = FILES(
		DAMON_FILE("hits", 0400, HITS->nr)
	),
	VALUES(struct hits, HITS->nr),
};

static const struct damon_dir_kind hits_dir_kind = {
	.list = DAMON_LIST(NULL, TRIED->hits, hits_kind, DAMON_MAX_PROBES),
};

static const struct damon_dir_kind tried_kind = {
	.files = FILES(
		DAMON_FILE("start", 0400, TRIED->range.start),
		DAMON_FILE("end", 0400, TRIED->range.end),
		DAMON_FILE("nr_accesses", 0400, TRIED->nr_accesses),
		DAMON_FILE("age", 0400, TRIED->age),
		DAMON_FILE("sz_filter_passed", 0400, TRIED->sz_passed)
	),
	.subdirs = SUBDIRS(
		{ "probes", &hits_dir_kind }
	),
	VALUES(struct tried, TRIED->range),
};

static const struct scheme default_scheme = {
	.cfg = {
		.action = DAMON_STAT,
		.nid = NUMA_NO_NODE,
	},
};

#define RANGE_DIR(_min, _max)							\
	(&(const struct damon_dir_kind) {					\
		.files = FILES(							\
			DAMON_FILE("min", 0600, SCHEME->cfg.pattern._min),	\
			DAMON_FILE("max", 0600, SCHEME->cfg.pattern._max)	\
		),								\
	})

static const struct damon_dir_kind pattern_kind = {
	.subdirs = SUBDIRS(
		{ "sz", RANGE_DIR(min_sz, max_sz) },
		{ "nr_accesses", RANGE_DIR(min_nr_accesses, max_nr_accesses) },
		{ "age", RANGE_DIR(min_age, max_age) }
	),
};

static const struct damon_dir_kind weights_kind = {
	.files = FILES(
		DAMON_FILE("sz_permil", 0600, SCHEME->cfg.quota.weight_sz),
		DAMON_FILE("nr_accesses_permil", 0600, SCHEME->cfg.quota.weight_nr_accesses),
		DAMON_FILE("age_permil", 0600, SCHEME->cfg.quota.weight_age)
	),
};

static const struct damon_dir_kind quotas_kind = {
	.files = FILES(
		DAMON_FILE("ms", 0600, SCHEME->cfg.quota.ms),
		DAMON_FILE("bytes", 0600, SCHEME->cfg.quota.sz),
		DAMON_FILE("reset_interval_ms", 0600, SCHEME->cfg.quota.reset_interval),
		DAMON_FILE("effective_bytes", 0400, SCHEME->stat.esz),
		DAMON_WORD_FILE("goal_tuner", SCHEME->cfg.quota.tuner, tuner_words,
				DAMON_NR_GOAL_TUNERS),
		DAMON_FILE("fail_charge_num", 0600, SCHEME->cfg.quota.fail_charge_num),
		DAMON_FILE("fail_charge_denom", 0600, SCHEME->cfg.quota.fail_charge_denom)
	),
	.subdirs = SUBDIRS(
		{ "weights", &weights_kind },
		{ "goals", LIST_DIR("nr_goals", SCHEME->goals, goal_kind, MAX_ROWS) }
	),
};

static const struct damon_dir_kind watermarks_kind = {
	.files = FILES(
		DAMON_WORD_FILE("metric", SCHEME->cfg.wmarks.metric, wmark_words,
				DAMON_NR_WMARK_METRICS),
		DAMON_FILE("interval_us", 0600, SCHEME->cfg.wmarks.interval),
		DAMON_FILE("high", 0600, SCHEME->cfg.wmarks.high),
		DAMON_FILE("mid", 0600, SCHEME->cfg.wmarks.mid),
		DAMON_FILE("low", 0600, SCHEME->cfg.wmarks.low)
	),
};

static const struct damon_dir_kind stats_kind = {
	.files = FILES(
		DAMON_FILE("nr_tried", 0400, SCHEME->stat.nr_tried),
		DAMON_FILE("sz_tried", 0400, SCHEME->stat.sz_tried),
		DAMON_FILE("nr_applied", 0400, SCHEME->stat.nr_applied),
		DAMON_FILE("sz_applied", 0400, SCHEME->stat.sz_applied),
		DAMON_FILE("sz_ops_filter_passed", 0400, SCHEME->stat.sz_ops_filter_passed),
		DAMON_FILE("qt_exceeds", 0400, SCHEME->stat.qt_exceeds),
		DAMON_FILE("nr_snapshots", 0400, SCHEME->stat.nr_snapshots),
		DAMON_FILE("max_nr_snapshots", 0600, SCHEME->cfg.max_nr_snapshots)
	),
};

static const struct damon_dir_kind tried_dir_kind = {
	.files = FILES(
		DAMON_FILE("total_bytes", 0400, SCHEME->sz_tried)
	),
	.list = DAMON_LIST(NULL, SCHEME->tried, tried_kind, MAX_TRIED),
};

static const struct damon_dir_kind scheme_kind = {
	.files = FILES(
		DAMON_WORD_FILE("action", SCHEME->cfg.action, damon_action_words,
				DAMON_NR_ACTIONS),
		DAMON_FILE("target_nid", 0600, SCHEME->cfg.nid),
		DAMON_FILE("apply_interval_us", 0600, SCHEME->cfg.apply_interval)
	),
	.subdirs = SUBDIRS(
		{ "access_pattern", &pattern_kind },
		{ "quotas", &quotas_kind },
		{ "watermarks", &watermarks_kind },
		{ "filters", LIST_DIR("nr_filters", SCHEME->filters, filter_kind, MAX_ROWS) },
		{ "core_filters", LIST_DIR("nr_filters", SCHEME->core_filters, core_filter_kind,
					   MAX_ROWS) },
		{ "ops_filters", LIST_DIR("nr_filters", SCHEME->ops_filters, ops_filter_kind,
					  MAX_ROWS) },
		{ "dests", LIST_DIR("nr_dests", SCHEME->dests, dest_kind, MAX_ROWS) },
		{ "stats", &stats_kind },
		{ "tried_regions", &tried_dir_kind }
	),
	VALUES(struct scheme, SCHEME->cfg),
	.defaults = &default_scheme,
};

static void kinds_show(struct seq_file *m, const struct damon_file *f, void *dir)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds_words); i++)
		if (damon_primitives_find(kinds_words[i], strlen(kinds_words[i]))->set)
			seq_printf(m, "%s\n", kinds_words[i]);
}

static const struct damon_file_type kinds_type = { .show = kinds_show };

static const struct context default_context = {
	.addr_unit = 1,
	.attrs = {
		.sample_interval = 5000,
		.aggr_interval = 100000,
		.regions_update_interval = 60000000,
		.min_nr_regions = 10,
		.max_nr_regions = 1000,
	},
};

static const struct damon_dir_kind intervals_goal_kind = {
	.files = FILES(
		DAMON_FILE("access_bp", 0600, CONTEXT->goal.access_bp),
		DAMON_FILE("aggrs", 0600, CONTEXT->goal.aggrs),
		DAMON_FILE("min_sample_us", 0600, CONTEXT->goal.min_sample_us),
		DAMON_FILE("max_sample_us", 0600, CONTEXT->goal.max_sample_us)
	),
};

static const struct damon_dir_kind intervals_kind = {
	.files = FILES(
		DAMON_FILE("sample_us", 0600, CONTEXT->attrs.sample_interval),
		DAMON_FILE("aggr_us", 0600, CONTEXT->attrs.aggr_interval),
		DAMON_FILE("update_us", 0600, CONTEXT->attrs.regions_update_interval)
	),
	.subdirs = SUBDIRS(
		{ "intervals_goal", &intervals_goal_kind }
	),
};

static const struct damon_dir_kind nr_regions_kind = {
	.files = FILES(
		DAMON_FILE("min", 0600, CONTEXT->attrs.min_nr_regions),
		DAMON_FILE("max", 0600, CONTEXT->attrs.max_nr_regions)
	),
};

static const struct damon_dir_kind attrs_kind = {
	.subdirs = SUBDIRS(
		{ "intervals", &intervals_kind },
		{ "nr_regions", &nr_regions_kind },
		{ "probes", LIST_DIR("nr_probes", CONTEXT->probes, probe_kind, DAMON_MAX_PROBES) }
	),
};

static const struct damon_dir_kind context_kind = {
	.files = FILES(
		DAMON_FILE_OF_TYPE("avail_operations", 0400, kinds_type),
		DAMON_WORD_FILE("operations", CONTEXT->kind, kinds_words,
				ARRAY_SIZE(kinds_words)),
		DAMON_FILE("addr_unit", 0600, CONTEXT->addr_unit, .least = 1),
		DAMON_FILE("pause", 0600, CONTEXT->pause)
	),
	.subdirs = SUBDIRS(
		{ "monitoring_attrs", &attrs_kind },
		{ "targets", LIST_DIR("nr_targets", CONTEXT->targets, target_kind,
				      DAMON_CFG_MAX_TARGETS) },
		{ "schemes", LIST_DIR("nr_schemes", CONTEXT->schemes, scheme_kind,
				      DAMON_MAX_SCHEMES) }
	),
	VALUES(struct context, CONTEXT->kind),
	.defaults = &default_context,
};

/* === From the tree to a configuration === */

/* Addresses and sizes: as much as fits. */
static unsigned long to_bytes(const struct units *u, unsigned long sz)
{
	return min(damon_scale(sz, u->mul, 1), ULONG_MAX);
}

static u64 from_bytes(const struct units *u, u64 sz)
{
	return div64_ul(sz, u->mul);
}

static unsigned long to_addr(const struct units *u, unsigned long addr)
{
	return min(damon_scale(addr, u->mul, u->div), ULONG_MAX);
}

static unsigned long from_addr(const struct units *u, unsigned long addr)
{
	return min(damon_scale(addr, u->div, u->mul), ULONG_MAX);
}

/* All pages that a range touches. */
static struct damon_addr_range pages_of(const struct units *u, struct damon_addr_range range)
{
	return (struct damon_addr_range) {
		PAGE_ALIGN_DOWN(to_addr(u, range.start)),
		/* Behind the last page of all there is no address. */
		PAGE_ALIGN(min(to_addr(u, range.end), (unsigned long)PAGE_MASK)),
	};
}

/* A configuration that is made of the tree, and why it can not be. */
struct draft {
	struct damon_cfg cfg;
	struct running running;
	struct context *context;
	char *why;
};

__printf(3, 4)
static int refuse(char *why, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vscnprintf(why, MAX_WHY, fmt, args);
	va_end(args);
	return err;
}

#ifdef CONFIG_MEMCG

/* As the writer sees it, in the namespace of its own.  0 if there is none. */
static u64 cgroup_id_of(const char *path)
{
	struct cgroup *cgroup = cgroup_get_from_path(path);
	u64 id;

	if (IS_ERR(cgroup))
		return 0;
	id = cgroup_id(cgroup);
	cgroup_put(cgroup);
	return id;
}

#else

static u64 cgroup_id_of(const char *path)
{
	return 0;
}

#endif /* CONFIG_MEMCG */

static int find_cgroup(struct draft *d, const struct damon_text *path, u64 *id)
{
	*id = path->text ? cgroup_id_of(path->text) : 0;
	return *id ? 0 : refuse(d->why, -EINVAL, "no cgroup '%s'", path->text ?: "");
}

static int draft_target(struct draft *d, struct target *t)
{
	struct damon_cfg *cfg = &d->cfg;
	unsigned long *id = &cfg->targets[cfg->nr_targets];
	struct region *r;

	/* Of physical memory there is one, and the number is of no interest. */
	if (cfg->primitives->has_all_id)
		*id = DAMON_ALL_NODES;
	else if (t->pid < 0 || cfg->primitives->get_id(t->pid, /*is_fd=*/false, id))
		return refuse(d->why, -EINVAL, "targets: no process %d", t->pid);
	damon_list_for_each(r, &t->regions) {
		cfg->regions[cfg->nr_regions].target = cfg->nr_targets;
		cfg->regions[cfg->nr_regions++].range = pages_of(&d->running.units, r->range);
	}
	cfg->nr_targets++;
	return 0;
}

/* A monitor that runs has @nr_now targets, of which those that are obsolete leave. */
static int draft_targets(struct draft *d, struct context *c, unsigned int nr_now)
{
	unsigned int nr_regions = 0, i = 0;
	struct target *t;

	damon_list_for_each(t, &c->targets)
		nr_regions += t->regions.nr;
	d->cfg.targets = kvmalloc_array(c->targets.nr + 1, sizeof(*d->cfg.targets), GFP_KERNEL);
	d->cfg.regions = kvmalloc_array(nr_regions + 1, sizeof(*d->cfg.regions), GFP_KERNEL);
	if (!d->cfg.targets || !d->cfg.regions)
		return -ENOMEM;
	damon_list_for_each(t, &c->targets) {
		int err = t->obsolete ? 0 : draft_target(d, t);

		if (err)
			return err;
		if (t->obsolete && i >= nr_now)
			return refuse(d->why, -EINVAL,
				      "targets/%u: it is not monitored, so it is not obsolete", i);
		i++;
	}
	d->running.nr_targets = d->cfg.nr_targets;
	return d->cfg.nr_targets ? 0 : refuse(d->why, -EINVAL, "targets: there is none");
}

/* The number in the monitor, which has no targets that are obsolete, of number @nr in the tree. */
static int find_target(struct draft *d, unsigned long nr, unsigned int *found)
{
	unsigned long i = 0;
	struct target *t;

	*found = 0;
	damon_list_for_each(t, &d->context->targets) {
		if (i++ == nr)
			return t->obsolete ? refuse(d->why, -EINVAL,
						    "damon_target_idx: %lu is obsolete", nr) : 0;
		*found += !t->obsolete;
	}
	/* Memory of none. */
	*found = UINT_MAX;
	return 0;
}

static int draft_filter(struct draft *d, const struct filter *f, struct damon_filter *to)
{
	*to = (struct damon_filter) {
		.type = f->type,
		.matching = f->matching,
		.allow = f->allow,
	};
	switch (f->type) {
	case DAMON_FILTER_MEMCG:
		return find_cgroup(d, &f->path, &to->cgroup);
	case DAMON_FILTER_ADDR:
		to->range.start = to_addr(&d->running.units, f->range.start);
		to->range.end = to_addr(&d->running.units, f->range.end);
		return 0;
	case DAMON_FILTER_TARGET:
		return find_target(d, f->target, &to->target);
	case DAMON_FILTER_HUGEPAGE_SIZE:
		to->min_sz = f->min_sz;
		to->max_sz = f->max_sz;
		return 0;
	default:
		return 0;
	}
}

/* Behind those that @to has already. */
static int draft_filters(struct draft *d, struct damon_dir_list *list, struct damon_filter *to,
			 unsigned int *nr)
{
	struct filter *f;

	damon_list_for_each(f, list) {
		int err = draft_filter(d, f, &to[*nr]);

		if (err)
			return err;
		++*nr;
	}
	return 0;
}

static int draft_goals(struct draft *d, struct scheme *s, struct damon_quota *q)
{
	struct damon_goal *to;
	struct goal *g;
	int err = 0;

	to = kcalloc(s->goals.nr + 1, sizeof(*to), GFP_KERNEL);
	if (!to)
		return -ENOMEM;
	q->goals = to;
	damon_list_for_each(g, &s->goals) {
		if (g->cfg.metric == GOAL_REFAULT_BP) {
			if (!g->cfg.target || q->refault_bp)
				return refuse(d->why, -EINVAL, "refault_bp of 0, or twice");
			q->refault_bp = min(g->cfg.target, UINT_MAX);
			continue;
		}
		*to = g->cfg;
		if (g->cfg.metric == DAMON_GOAL_NODE_MEMCG_USED_BP ||
		    g->cfg.metric == DAMON_GOAL_NODE_MEMCG_FREE_BP)
			err = find_cgroup(d, &g->path, &to->cgroup);
		if (err)
			return err;
		q->nr_goals++;
		to++;
	}
	return 0;
}

static int draft_dests(struct draft *d, struct scheme *s, struct damon_scheme *to)
{
	struct damon_dest *dests;
	struct dest *dest;

	/* Programs leave nodes here that an earlier scheme had. */
	if (d->cfg.primitives->has_all_id && to->nid != NUMA_NO_NODE)
		return 0;
	dests = kcalloc(s->dests.nr + 1, sizeof(*dests), GFP_KERNEL);
	if (!dests)
		return -ENOMEM;
	to->dests = dests;
	damon_list_for_each(dest, &s->dests) {
		dests[to->nr_dests].nid = min(dest->id, INT_MAX);
		dests[to->nr_dests++].weight = dest->weight;
	}
	return 0;
}

static int draft_scheme(struct draft *d, struct scheme *s, struct damon_scheme *to)
{
	const struct units *u = &d->running.units;
	struct damon_filter *filters;

	*to = s->cfg;
	to->pattern.min_sz = to_bytes(u, to->pattern.min_sz);
	to->pattern.max_sz = to_bytes(u, to->pattern.max_sz);
	to->quota.sz = to_bytes(u, to->quota.sz);
	filters = kcalloc(s->core_filters.nr + s->ops_filters.nr + s->filters.nr + 1,
			  sizeof(*filters), GFP_KERNEL);
	if (!filters)
		return -ENOMEM;
	to->filters = filters;
	return draft_filters(d, &s->core_filters, filters, &to->nr_filters) ?:
		draft_filters(d, &s->ops_filters, filters, &to->nr_filters) ?:
		draft_filters(d, &s->filters, filters, &to->nr_filters) ?:
		draft_goals(d, s, &to->quota) ?: draft_dests(d, s, to);
}

static int draft_only_goals(struct draft *d, struct scheme *s, struct damon_scheme *to)
{
	return draft_goals(d, s, &to->quota);
}

/* Tell where it was. */
static int refuse_at(struct draft *d, int err, const char *dir, unsigned int index)
{
	char why[MAX_WHY];

	strscpy(why, d->why);
	return refuse(d->why, err, "%s/%u: %s", dir, index, why);
}

static int draft_schemes(struct draft *d, struct context *c,
			 int (*draft)(struct draft *d, struct scheme *s, struct damon_scheme *to))
{
	struct scheme *s;

	d->cfg.schemes = kvcalloc(c->schemes.nr + 1, sizeof(*d->cfg.schemes), GFP_KERNEL);
	if (!d->cfg.schemes)
		return -ENOMEM;
	damon_list_for_each(s, &c->schemes) {
		unsigned int i = d->cfg.nr_schemes++;
		int err = draft(d, s, &d->cfg.schemes[i]);

		if (err)
			return *d->why ? refuse_at(d, err, "schemes", i) : err;
	}
	return 0;
}

static int draft_probes(struct draft *d, struct context *c)
{
	struct probe *p;

	d->cfg.probes = kvcalloc(c->probes.nr + 1, sizeof(*d->cfg.probes), GFP_KERNEL);
	if (!d->cfg.probes)
		return -ENOMEM;
	damon_list_for_each(p, &c->probes) {
		unsigned int i = d->cfg.nr_probes++;
		struct damon_probe *to = &d->cfg.probes[i];
		struct damon_filter *filters;
		int err;

		filters = kcalloc(p->filters.nr + 1, sizeof(*filters), GFP_KERNEL);
		if (!filters)
			return -ENOMEM;
		to->filters = filters;
		to->weight = p->weight;
		err = draft_filters(d, &p->filters, filters, &to->nr_filters);
		if (err)
			return refuse_at(d, err, "monitoring_attrs/probes", i);
	}
	return 0;
}

static struct context *only_context(struct kdamond *k)
{
	return list_first_entry_or_null(&k->contexts.dirs, struct context, dir.list);
}

/* Take the lock of all directories, if there is a context. */
static int lock_context(struct kdamond *k, struct context **c, char *why)
{
	int err = damon_dirs_lock();

	if (err)
		return err;
	*c = only_context(k);
	if (*c)
		return 0;
	damon_dirs_unlock();
	return refuse(why, -EINVAL, "contexts: there is none");
}

/*
 * Intervals that the monitor has found, and somebody has had shown in the files, are no wish of
 * the user.  The ages of the schemes are still in those that were asked for.
 */
static bool has_found_intervals(const struct running *r, const struct context *c)
{
	return r->tuned && c->goal.aggrs && c->attrs.sample_interval == r->shown.sample &&
		c->attrs.aggr_interval == r->shown.aggr;
}

static void draft_attrs(struct draft *d, const struct context *c)
{
	struct running *r = &d->running;

	d->cfg.attrs = c->attrs;
	if (has_found_intervals(r, c)) {
		d->cfg.attrs.sample_interval = r->asked.sample;
		d->cfg.attrs.aggr_interval = r->asked.aggr;
	}
	r->asked.sample = d->cfg.attrs.sample_interval;
	r->asked.aggr = d->cfg.attrs.aggr_interval;
	r->shown.sample = c->attrs.sample_interval;
	r->shown.aggr = c->attrs.aggr_interval;
}

static int draft_context(struct draft *d, struct context *c, unsigned int nr_now)
{
	const char *kind = kinds_words[c->kind];
	const struct damon_primitives *p = damon_primitives_find(kind, strlen(kind));

	if (!p->set)
		return refuse(d->why, -EINVAL, "operations: this kernel has no %s", kind);
	d->cfg.primitives = p;
	d->running.units.div = p->addr_unit;
	d->running.units.mul = p->has_all_id ? c->addr_unit : 1;
	if (c->addr_unit % PAGE_SIZE && !is_power_of_2(c->addr_unit))
		return refuse(d->why, -EINVAL, "addr_unit: not a power of 2, nor whole pages");
	d->context = c;
	draft_attrs(d, c);
	d->cfg.attrs.max_nr_regions = min(c->attrs.max_nr_regions, DAMON_MAX_ATTR_REGIONS);
	d->cfg.goal = c->goal;
	d->cfg.pause = c->pause;
	d->running.tuned = c->goal.aggrs;
	d->running.nr_probes = c->probes.nr;
	return draft_targets(d, c, nr_now) ?: draft_schemes(d, c, draft_scheme) ?:
		draft_probes(d, c);
}

static int make_draft(struct draft *d, struct kdamond *k, bool runs, char *why)
{
	struct context *c;
	int err;

	*d = (struct draft) { .why = why };
	err = lock_context(k, &c, why);
	if (err)
		return err;
	d->running = k->running;
	err = draft_context(d, c, runs ? k->running.nr_targets : 0);
	damon_dirs_unlock();
	return err;
}

/* === Why not === */

/* For other reasons than a lack of memory. */
static bool fails(const struct damon_cfg *cfg)
{
	struct damon_ctx *ctx = damon_cfg_build(cfg);
	int err;

	if (IS_ERR(ctx))
		return ctx != ERR_PTR(-ENOMEM);
	err = damon_ctx_check(ctx);
	damon_destroy_ctx(ctx);
	return err;
}

/* Parts of a scheme that may be left out, and what is wrong if there can be one without. */
static const struct {
	size_t offset, size;
	const char *why;
} parts[] = {
	{
		offsetof(struct damon_scheme, pattern), sizeof(struct damon_pattern),
		"access_pattern: a min is above its max"
	}, {
		offsetof(struct damon_scheme, wmarks), sizeof(struct damon_watermarks),
		"watermarks: not low <= mid <= high"
	}, {
		offsetof(struct damon_scheme, quota), sizeof(struct damon_quota),
		"quotas/goals: a target_value of 0, no such nid, or not for this"
	}, {
		offsetof(struct damon_scheme, nr_filters), sizeof(unsigned int),
		"filters: ends reversed, or not for the action or operations"
	},
};

/* Of a configuration with one scheme. */
static const char *why_not_scheme(const struct damon_cfg *cfg)
{
	struct damon_cfg copy = *cfg;
	struct damon_scheme s;
	unsigned int i;

	copy.schemes = &s;
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		s = *cfg->schemes;
		memset((void *)&s + parts[i].offset, 0, parts[i].size);
		if (!fails(&copy))
			return parts[i].why;
	}
	return "action: not for these operations, or a node has no memory";
}

/* Find the part of a configuration without which there would be a monitor. */
static int explain(const struct damon_cfg *cfg, int err, char *why)
{
	struct damon_cfg copy = *cfg;
	unsigned int i;

	if (damon_attrs_check(&cfg->attrs))
		return refuse(why, err, "not 0 < sample_us <= aggr_us, or not %u <= min <= max",
			      DAMON_MIN_ATTR_REGIONS);
	if (damon_tune_check(&cfg->attrs, &cfg->goal))
		return refuse(why, err, "intervals_goal: not min <= sample_us <= max");
	copy.nr_schemes = 0;
	copy.nr_probes = 0;
	if (fails(&copy))
		return refuse(why, err, "targets: too many; or regions overlap, or have no memory");
	copy.nr_schemes = 1;
	for (i = 0; i < cfg->nr_schemes; i++) {
		copy.schemes = &cfg->schemes[i];
		/* Each builds all regions; nobody may be there any more to be told. */
		if (fatal_signal_pending(current))
			return -EINTR;
		if (fails(&copy))
			return refuse(why, err, "schemes/%u/%s", i, why_not_scheme(&copy));
	}
	copy.nr_schemes = 0;
	copy.nr_probes = cfg->nr_probes;
	if (fails(&copy))
		return refuse(why, err, "probes: not for these operations, or weights too large");
	/* By itself it is valid. */
	return err == -EINVAL ? refuse(why, err, "operations: it runs with others") : err;
}

/* === Results === */

static void show_stats(struct kdamond *k, struct damon_ctx *ctx, struct context *c)
{
	const struct units *u = &k->running.units;
	unsigned int i = 0;
	struct scheme *s;

	damon_list_for_each(s, &c->schemes) {
		struct damon_scheme_stat stat;

		if (damon_get_scheme_stat(ctx, i++, &stat))
			return;
		s->stat = stat;
		s->stat.sz_tried = from_bytes(u, stat.sz_tried);
		s->stat.sz_applied = from_bytes(u, stat.sz_applied);
		s->stat.sz_ops_filter_passed = from_bytes(u, stat.sz_ops_filter_passed);
		s->stat.esz = from_bytes(u, stat.esz);
	}
}

static void show_intervals(struct kdamond *k, struct damon_ctx *ctx, struct context *c)
{
	struct damon_attrs attrs;

	damon_attrs_read(ctx, &attrs);
	c->attrs.sample_interval = attrs.sample_interval;
	c->attrs.aggr_interval = attrs.aggr_interval;
	k->running.shown.sample = attrs.sample_interval;
	k->running.shown.aggr = attrs.aggr_interval;
}

/*
 * In the place of a timer, which would wake an idle machine: results are copied when somebody
 * reads them who wants them to be no older than refresh_ms; and once more after the end.
 */
static void refresh(struct damon_dir *dir)
{
	struct kdamond *k = container_of(dir, struct kdamond, dir);
	struct context *c = only_context(k);
	struct damon_ctx *ctx;
	bool is_due, has_ended;

	is_due = k->refresh_ms &&
		time_after_eq(jiffies, k->refreshed + msecs_to_jiffies(k->refresh_ms));
	ctx = c ? damon_monitor_get(&k->monitor) : NULL;
	if (IS_ERR_OR_NULL(ctx))
		return;
	has_ended = !damon_is_on(ctx);
	if (has_ended ? !k->has_ended : is_due) {
		show_stats(k, ctx, c);
		if (k->running.tuned && !has_ended)
			show_intervals(k, ctx, c);
		k->refreshed = jiffies;
		k->has_ended = has_ended;
	}
	damon_monitor_put(&k->monitor);
}

/* What a walk has found, in its order; and of each scheme. */
struct walk {
	struct damon_tried *tried;
	unsigned int nr, max;
	bool only_sums;
	int err;
	struct {
		u64 sum;
		unsigned int nr;
		struct tried *next;
	} of[DAMON_MAX_SCHEMES];
};

static int grow(struct walk *w)
{
	unsigned int max = w->max ? 2 * w->max : 64;
	struct damon_tried *tried;

	if (w->max == MAX_TRIED)
		return -E2BIG;
	tried = kvrealloc(w->tried, array_size(max, sizeof(*tried)), GFP_KERNEL);
	if (!tried)
		return -ENOMEM;
	w->tried = tried;
	w->max = max;
	return 0;
}

/* On the worker. */
static void collect(const struct damon_tried *tried, void *arg)
{
	struct walk *w = arg;

	w->of[tried->scheme].sum += tried->range.end - tried->range.start;
	if (w->only_sums || w->err)
		return;
	if (w->nr == w->max)
		w->err = grow(w);
	if (w->err)
		return;
	w->tried[w->nr++] = *tried;
	w->of[tried->scheme].nr++;
}

static int show_tried(struct kdamond *k, struct tried *t, const struct damon_tried *from)
{
	const struct units *u = &k->running.units;
	struct hits *hits;
	unsigned int i = 0;
	int err;

	err = damon_list_resize(&t->hits, hits_dir_kind.list, k->running.nr_probes);
	if (err)
		return err;
	damon_list_for_each(hits, &t->hits)
		hits->nr = from->probe_hits[i++];
	t->range.start = from_addr(u, from->range.start);
	t->range.end = from_addr(u, from->range.end);
	t->nr_accesses = from->nr_accesses;
	t->age = from->age;
	t->sz_passed = from_bytes(u, from->sz_passed);
	return 0;
}

static void clear_tried(struct context *c)
{
	struct scheme *s;

	damon_list_for_each(s, &c->schemes) {
		damon_list_resize(&s->tried, tried_dir_kind.list, 0);
		s->sz_tried = 0;
	}
}

static int show_walk(struct kdamond *k, struct context *c, struct walk *w)
{
	const struct units *u = &k->running.units;
	struct scheme *s;
	unsigned int i = 0;
	int err = 0;

	damon_list_for_each(s, &c->schemes) {
		err = err ?: damon_list_resize(&s->tried, tried_dir_kind.list, w->of[i].nr);
		w->of[i].next = list_first_entry_or_null(&s->tried.dirs, struct tried, dir.list);
		s->sz_tried = damon_scale(w->of[i].sum, u->div, u->mul);
		i++;
	}
	for (i = 0; i < w->nr && !err; i++) {
		struct tried **t = &w->of[w->tried[i].scheme].next;

		/* Its scheme may have been removed meanwhile. */
		if (!*t)
			continue;
		err = show_tried(k, *t, &w->tried[i]);
		*t = list_next_entry(*t, dir.list);
	}
	/* Rather none than some. */
	if (err)
		clear_tried(c);
	return err;
}

/* === Commands === */

/* The context of a monitor that runs, to be given back. */
static int get_running(struct kdamond *k, struct damon_ctx **ctx, char *why)
{
	*ctx = damon_monitor_get(&k->monitor);
	if (*ctx == ERR_PTR(-EINVAL))
		return refuse(why, -EINVAL, "it was never started");
	if (IS_ERR(*ctx))
		return PTR_ERR(*ctx);
	if (damon_is_on(*ctx))
		return 0;
	damon_monitor_put(&k->monitor);
	return refuse(why, -ECANCELED, "it is off");
}

/* The files are to show something of a monitor that runs. */
static int show_something(struct kdamond *k, char *why,
			  void (*show)(struct kdamond *k, struct damon_ctx *ctx,
				       struct context *c))
{
	struct damon_ctx *ctx;
	struct context *c;
	int err = lock_context(k, &c, why);

	if (err)
		return err;
	err = get_running(k, &ctx, why);
	if (!err) {
		show(k, ctx, c);
		damon_monitor_put(&k->monitor);
	}
	damon_dirs_unlock();
	return err;
}

/* With @do_it, a function of monitor.c, start or change the monitor by what the tree says. */
static int set_up(struct kdamond *k, bool runs, char *why,
		  int (*do_it)(struct damon_monitor *m, struct damon_cfg *cfg))
{
	struct context *c;
	struct draft d;
	int err;

	if (mutex_lock_killable(&k->set_up_lock))
		return -EINTR;
	err = make_draft(&d, k, runs, why);
	if (!err) {
		err = do_it(&k->monitor, &d.cfg);
		/* Other errors are not of the configuration. */
		if ((err == -EINVAL || err == -EOPNOTSUPP || err == -ENXIO) && !*why)
			explain(&d.cfg, err, why);
	}
	if (!err) {
		/* Also when the caller is killed: the monitor has these settings. */
		damon_dirs_lock_always();
		/* They may have been shown since. */
		c = only_context(k);
		if (c && has_found_intervals(&k->running, c))
			d.running.shown = k->running.shown;
		k->running = d.running;
		k->refreshed = jiffies;
		k->has_ended = false;
		damon_dirs_unlock();
	}
	mutex_unlock(&k->set_up_lock);
	/* After a success, these are the former settings. */
	damon_cfg_clear(&d.cfg);
	return err;
}

static int start(struct kdamond *k, char *why)
{
	if (damon_monitor_is_on(&k->monitor))
		return refuse(why, -EBUSY, "it is on");
	return set_up(k, /*runs=*/false, why, damon_monitor_start);
}

static int commit(struct kdamond *k, char *why)
{
	struct damon_ctx *ctx;
	int err = get_running(k, &ctx, why);

	if (err)
		return err;
	damon_monitor_put(&k->monitor);
	return set_up(k, /*runs=*/true, why, damon_monitor_commit);
}

static int stop(struct kdamond *k, char *why)
{
	int err = damon_monitor_stop(&k->monitor);

	return err == -EINVAL ? refuse(why, err, "it was never started") : err;
}

static int commit_goals(struct kdamond *k, char *why)
{
	struct draft d = { .why = why };
	struct damon_ctx *ctx;
	struct context *c;
	int err = lock_context(k, &c, why);

	if (err)
		return err;
	err = draft_schemes(&d, c, draft_only_goals);
	damon_dirs_unlock();
	err = err ?: get_running(k, &ctx, why);
	if (!err) {
		err = damon_schemes_set_goals(ctx, d.cfg.schemes, d.cfg.nr_schemes);
		if (err == -EINVAL)
			refuse(why, err, "a goal has a target_value of 0, or can not be");
		damon_monitor_put(&k->monitor);
	}
	damon_cfg_clear(&d.cfg);
	return err == -EPERM ? -ECANCELED : err;
}

/* Without the lock of all directories: this takes as long as the schemes take for a pass. */
static int walk(struct kdamond *k, struct walk *w, char *why)
{
	struct damon_ctx *ctx;
	int err = get_running(k, &ctx, why);

	if (err)
		return err;
	err = damon_walk_tried(ctx, collect, w);
	damon_monitor_put(&k->monitor);
	if (err == -EBUSY)
		return refuse(why, err, "another update is on its way");
	if (err == -ECANCELED || err == -EPERM)
		return refuse(why, -ECANCELED, "it ends, pauses, changes, or has no active scheme");
	if (!err && w->err == -E2BIG)
		refuse(why, w->err, "more than %u regions", MAX_TRIED);
	return err ?: w->err;
}

static int update_tried(struct kdamond *k, bool only_sums, char *why)
{
	struct walk *w = kzalloc(sizeof(*w), GFP_KERNEL);
	struct context *c;
	int err;

	if (!w)
		return -ENOMEM;
	w->only_sums = only_sums;
	err = lock_context(k, &c, why);
	if (!err) {
		damon_dirs_unlock();
		err = walk(k, w, why) ?: lock_context(k, &c, why);
	}
	if (!err) {
		err = show_walk(k, c, w);
		damon_dirs_unlock();
	}
	kvfree(w->tried);
	kfree(w);
	return err;
}

static int update_tried_bytes(struct kdamond *k, char *why)
{
	return update_tried(k, /*only_sums=*/true, why);
}

static int update_tried_regions(struct kdamond *k, char *why)
{
	return update_tried(k, /*only_sums=*/false, why);
}

/* Also of a monitor that is off, or was never started: then there are none. */
static int clear_tried_regions(struct kdamond *k, char *why)
{
	struct context *c;
	int err = lock_context(k, &c, why);

	if (err)
		return err;
	clear_tried(c);
	damon_dirs_unlock();
	return 0;
}

static const struct {
	const char *word;
	int (*run)(struct kdamond *k, char *why);
	void (*show)(struct kdamond *k, struct damon_ctx *ctx, struct context *c);
} commands[] = {
	{ "on", start },
	{ "off", stop },
	{ "commit", commit },
	{ "commit_schemes_quota_goals", commit_goals },
	{ "update_schemes_tried_bytes", update_tried_bytes },
	{ "update_schemes_tried_regions", update_tried_regions },
	{ "clear_schemes_tried_regions", clear_tried_regions },
	{ "update_schemes_stats", .show = show_stats },
	{ "update_schemes_effective_quotas", .show = show_stats },
	{ "update_tuned_intervals", .show = show_intervals },
};

static int run_command(struct kdamond *k, const char *word, char *why)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(word, commands[i].word))
			continue;
		return commands[i].run ? commands[i].run(k, why) :
			show_something(k, why, commands[i].show);
	}
	return refuse(why, -EINVAL, "there is no such command");
}

static void state_show(struct seq_file *m, const struct damon_file *f, void *dir)
{
	struct kdamond *k = container_of(dir, struct kdamond, dir);

	seq_puts(m, damon_monitor_is_on(&k->monitor) ? "on\n" : "off\n");
}

static int state_store(const struct damon_file *f, void *dir, char *text)
{
	struct kdamond *k = container_of(dir, struct kdamond, dir);
	char why[MAX_WHY] = "";
	int err = run_command(k, text, why);

	if (err && !*why)
		refuse(why, err, "%pe", ERR_PTR(err));
	if (!damon_dirs_lock()) {
		strscpy(k->why, err ? why : "");
		damon_dirs_unlock();
	}
	return err;
}

/* Who reads or writes it does not wait for a pass, or for what another command waits for. */
static const struct damon_file_type state_type = {
	.show = state_show,
	.store = state_store,
	.unlocked = true,
};

static void pid_show(struct seq_file *m, const struct damon_file *f, void *dir)
{
	struct kdamond *k = container_of(dir, struct kdamond, dir);

	seq_printf(m, "%d\n", damon_monitor_pid(&k->monitor) ?: -1);
}

static const struct damon_file_type pid_type = { .show = pid_show, .unlocked = true };

static void error_show(struct seq_file *m, const struct damon_file *f, void *dir)
{
	struct kdamond *k = container_of(dir, struct kdamond, dir);

	seq_printf(m, "%s\n", k->why);
}

static const struct damon_file_type error_type = { .show = error_show };

/* === The monitors === */

static void init_kdamond(struct damon_dir *dir)
{
	struct kdamond *k = container_of(dir, struct kdamond, dir);

	mutex_init(&k->set_up_lock);
	damon_monitor_init_beside(&k->monitor);
	damon_monitor_add(&k->monitor);
}

static void reset_kdamond(struct damon_dir *dir)
{
	damon_monitor_clear(&container_of(dir, struct kdamond, dir)->monitor);
}

static void remove_kdamond(struct damon_dir *dir)
{
	damon_monitor_del(&container_of(dir, struct kdamond, dir)->monitor);
}

/* Nobody starts one meanwhile. */
static int begin_kdamonds(void)
{
	if (mutex_lock_interruptible(&damon_monitors_lock))
		return -ERESTARTSYS;
	if (!damon_monitors_beside_run())
		return 0;
	mutex_unlock(&damon_monitors_lock);
	return -EBUSY;
}

static void end_kdamonds(void)
{
	mutex_unlock(&damon_monitors_lock);
}

static const struct kdamond default_kdamond = { .running.units = { 1, 1 } };

static const struct damon_dir_kind kdamond_kind = {
	.files = FILES(
		DAMON_FILE_OF_TYPE("state", 0600, state_type),
		DAMON_FILE_OF_TYPE("pid", 0400, pid_type),
		DAMON_FILE_OF_TYPE("error", 0400, error_type),
		DAMON_FILE("refresh_ms", 0600, KDAMOND->refresh_ms)
	),
	.subdirs = SUBDIRS(
		{ "contexts", LIST_DIR("nr_contexts", KDAMOND->contexts, context_kind, 1) }
	),
	VALUES(struct kdamond, KDAMOND->refresh_ms),
	.defaults = &default_kdamond,
	.init = init_kdamond,
	.reset = reset_kdamond,
	.remove = remove_kdamond,
	.refresh = refresh,
};

struct root {
	struct damon_dir dir;
	struct damon_dir_list kdamonds;
};

static const struct damon_dir_kind admin_kind = {
	.subdirs = SUBDIRS(
		{ "kdamonds", LIST_DIR("nr_kdamonds", ROOT->kdamonds, kdamond_kind, MAX_KDAMONDS,
				       .begin = begin_kdamonds, .end = end_kdamonds) }
	),
};

static const struct damon_dir_kind root_kind = {
	.subdirs = SUBDIRS(
		{ "admin", &admin_kind }
	),
	.size = sizeof(struct root),
	.values = sizeof(struct root),
};

static int __init damon_sysfs_init(void)
{
	struct damon_dir *dir;

	if (!mm_kobj)
		return -ENOMEM;
	dir = damon_dir_add_root(mm_kobj->sd, "damon", &root_kind);
	if (IS_ERR(dir))
		pr_err("no sysfs directory: %pe\n", dir);
	return PTR_ERR_OR_ZERO(dir);
}
late_initcall(damon_sysfs_init);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/sysfs_kunit.c"
#endif
