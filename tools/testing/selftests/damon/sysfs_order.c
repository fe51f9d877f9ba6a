// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: programs that know the files work.  This plays the part of one: it writes all
 * files in the order in which damo does, with its values, and reads what it reads.
 */
#include <ctype.h>
#include <stdarg.h>

#include "damon_test.h"

NEEDS_SYSFS;

#define MAX "18446744073709551615"

static char why_not[512];

/* Without a newline, as damo does.  The first error is kept. */
static void put(const char *dir, const char *file, const char *text)
{
	char path[256];
	int err;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	err = sysfs_write(path, text);
	if (err && !*why_not)
		snprintf(why_not, sizeof(why_not), "'%s' to %s: %d", text, path, err);
}

/* A number of directories is written only when it is another one. */
static void put_nr(const char *dir, const char *file, int nr)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	if (sysfs_number(path) != nr)
		put(dir, file, path_of("%d", nr));
}

/* The directory @nr below @name of @dir. */
#define MAX_PATH 256
static char *nth(char *path, const char *dir, const char *name, int nr)
{
	snprintf(path, MAX_PATH, "%.200s/%s/%d", dir, name, nr);
	return path;
}

struct filter {
	const char *list, *type, *path, *min, *max, *start, *end;
	bool allow, matching;
};

struct setup {
	const char *operations;
	pid_t pid;
	const char *start, *end;
	const char *goal_aggrs;
	int nr_probes;
	int nr_schemes;
	const char *action[2];
	const char *goal[2];
	struct filter filters[4];
};

static void put_filters(const char *scheme, const char *list, const struct setup *s)
{
	char dir[MAX_PATH], f[MAX_PATH];
	int nr = 0, i;

	snprintf(dir, sizeof(dir), "%.200s/%s", scheme, list);
	for (i = 0; i < 4; i++)
		nr += s->filters[i].list && !strcmp(s->filters[i].list, list);
	put_nr(dir, "nr_filters", nr);
	nr = 0;
	for (i = 0; i < 4; i++) {
		const struct filter *from = &s->filters[i];

		if (!from->list || strcmp(from->list, list))
			continue;
		snprintf(f, sizeof(f), "%.200s/%d", dir, nr++);
		put(f, "type", from->type);
		if (from->allow)
			put(f, "allow", "Y");
		put(f, "memcg_path", from->path ?: "");
		put(f, "min", from->min ?: "0");
		put(f, "max", from->max ?: "0");
		put(f, "addr_start", from->start ?: "0");
		put(f, "addr_end", from->end ?: "0");
		put(f, "damon_target_idx", "0");
		put(f, "matching", from->matching ? "Y" : "N");
	}
}

static void put_scheme(const char *dir, const struct setup *s, int nr)
{
	char goal[MAX_PATH];

	put(dir, "access_pattern/sz/min", "0");
	put(dir, "access_pattern/sz/max", MAX);
	put(dir, "access_pattern/nr_accesses/min", "0");
	put(dir, "access_pattern/nr_accesses/max", "3689348814741910528");
	put(dir, "access_pattern/age/min", "0");
	put(dir, "access_pattern/age/max", "184467440737095");
	put(dir, "action", s->action[nr]);
	put(dir, "quotas/ms", "0");
	put(dir, "quotas/bytes", "0");
	put(dir, "quotas/reset_interval_ms", MAX);
	put(dir, "quotas/weights/sz_permil", "0");
	put(dir, "quotas/weights/nr_accesses_permil", "0");
	put(dir, "quotas/weights/age_permil", "0");
	put(dir, "quotas/fail_charge_num", "0");
	put(dir, "quotas/fail_charge_denom", "0");
	put_nr(dir, "quotas/goals/nr_goals", !!s->goal[nr]);
	if (s->goal[nr]) {
		nth(goal, dir, "quotas/goals", 0);
		put(goal, "target_metric", s->goal[nr]);
		if (!strncmp(s->goal[nr], "node_mem", 8))
			put(goal, "nid", "0");
		put(goal, "target_value", "50");
		put(goal, "current_value", "0");
		put(goal, "complement", "N");
	}
	put(dir, "quotas/goal_tuner", "consist");
	put(dir, "watermarks/metric", "none");
	put(dir, "watermarks/interval_us", "0");
	put(dir, "watermarks/high", "0");
	put(dir, "watermarks/mid", "0");
	put(dir, "watermarks/low", "0");
	put_filters(dir, "core_filters", s);
	put_filters(dir, "ops_filters", s);
	put(dir, "apply_interval_us", "0");
	put(dir, "stats/max_nr_snapshots", "0");
}

static void put_probe(const char *dir)
{
	put_nr(dir, "filters/nr_filters", 2);
	put(dir, "filters/0/type", "anon");
	put(dir, "filters/0/matching", "Y");
	put(dir, "filters/0/allow", "Y");
	put(dir, "filters/1/type", "memcg");
	put(dir, "filters/1/matching", "Y");
	put(dir, "filters/1/allow", "N");
	put(dir, "filters/1/path", "/");
	put(dir, "weight", "0");
}

/* Return 0 if all was taken. */
static int stage(const struct setup *s)
{
	const char *c = "0/contexts/0", *attrs = "0/contexts/0/monitoring_attrs";
	char path[MAX_PATH];
	int i;

	*why_not = '\0';
	put_nr(".", "nr_kdamonds", 1);
	put("0", "refresh_ms", "0");
	put_nr("0", "contexts/nr_contexts", 1);
	put(c, "operations", s->operations);
	put(attrs, "intervals/sample_us", "10000");
	put(attrs, "intervals/aggr_us", "200000");
	put(attrs, "intervals/update_us", "1000000");
	put(attrs, "intervals/intervals_goal/access_bp", s->goal_aggrs ? "400" : "0");
	put(attrs, "intervals/intervals_goal/aggrs", s->goal_aggrs ?: "0");
	put(attrs, "intervals/intervals_goal/min_sample_us", s->goal_aggrs ? "10000" : "0");
	put(attrs, "intervals/intervals_goal/max_sample_us", s->goal_aggrs ? "10000000" : "0");
	put(attrs, "nr_regions/min", "10");
	put(attrs, "nr_regions/max", "1000");
	put_nr(attrs, "probes/nr_probes", s->nr_probes);
	for (i = 0; i < s->nr_probes; i++)
		put_probe(nth(path, attrs, "probes", i));
	put(c, "pause", "N");
	put(c, "addr_unit", "1");
	put_nr(c, "targets/nr_targets", 1);
	put(c, "targets/0/pid_target", path_of("%d", s->pid));
	put(c, "targets/0/obsolete_target", "0");
	put_nr(c, "targets/0/regions/nr_regions", !!s->start);
	if (s->start) {
		put(c, "targets/0/regions/0/start", s->start);
		put(c, "targets/0/regions/0/end", s->end);
	}
	put_nr(c, "schemes/nr_schemes", s->nr_schemes);
	for (i = 0; i < s->nr_schemes; i++)
		put_scheme(nth(path, c, "schemes", i), s, i);
	return *why_not ? -1 : 0;
}

/* === Reading === */

/* Words that stand in the files; all else has to be a number, or a path. */
static const char * const words[] = {
	"on", "off", "vaddr", "fvaddr", "paddr", "Y", "N", "stat", "pageout", "none", "consist",
	"user_input", "node_mem_used_bp", "anon", "young", "addr", "memcg", "hugepage_size", "",
	"/",
};

static bool is_fit(const char *text)
{
	unsigned int i;
	char *end;

	if (!strcmp(text, "vaddr\nfvaddr\npaddr\n"))
		return true;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strncmp(text, words[i], strlen(words[i])) &&
		    !strcmp(text + strlen(words[i]), "\n"))
			return true;
	errno = 0;
	strtoll(text, &end, 10);
	return end != text && !strcmp(end, "\n");
}

/* Read every file, and return how many, or -1 if one is not what it should be. */
static int read_tree(const char *dir)
{
	char path[512], full[512];
	struct dirent *entry;
	int nr = 0, below;
	DIR *d;

	snprintf(full, sizeof(full), SYSFS_DIR "%s", dir);
	d = opendir(full);
	if (!d)
		return -1;
	while (nr >= 0 && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= 400)
			break;
		if (entry->d_type == DT_DIR) {
			below = read_tree(path);
			nr = below < 0 ? -1 : nr + below;
		} else if (is_fit(sysfs_read(path + 1))) {
			nr++;
		} else {
			snprintf(why_not, sizeof(why_not), "%.200s reads '%.100s'", path,
				 sysfs_read(path + 1));
			nr = -1;
		}
	}
	closedir(d);
	return nr;
}

FIXTURE(order) {
	struct work *w;
	struct setup setup;
};

FIXTURE_SETUP(order)
{
	ASSERT_EQ(0, sysfs_reset());
	self->w = work_start();
	ASSERT_NE(NULL, self->w);
	ASSERT_EQ(0, work_map(self->w, ARENA, 16 * MiB));
	ASSERT_TRUE(work_hot(self->w, 0, ARENA, 16 * MiB));
	self->setup = (struct setup) {
		.operations = "vaddr",
		.pid = self->w->pid,
		.nr_schemes = 1,
		.action = { "stat", "pageout" },
	};
}

FIXTURE_TEARDOWN(order)
{
	EXPECT_EQ(0, sysfs_reset());
	work_end(self->w);
}

#define EXPECT_STAGED() do {			\
	EXPECT_EQ(0, stage(&self->setup));	\
	EXPECT_STREQ("", why_not);		\
} while (0)

#define EXPECT_READ() do {			\
	EXPECT_LT(60, read_tree(""));		\
	EXPECT_STREQ("", why_not);		\
} while (0)

/* What is looked for before the first command: with physical memory, and nothing to find. */
TEST_F(order, features_are_probed)
{
	static const char * const looked_at[] = {
		"tried_regions", "tried_regions/total_bytes", "filters", "apply_interval_us",
		"quotas/goals", "quotas/effective_bytes", "target_nid",
		"stats/sz_ops_filter_passed", "ops_filters/0/allow", "ops_filters/0/min",
		"core_filters", "quotas/goals/0/nid", "quotas/goals/0/path", "dests",
		"stats/nr_snapshots", "stats/max_nr_snapshots", "quotas/goal_tuner",
		"quotas/fail_charge_denom", "quotas/goals/0/complement",
		"../../monitoring_attrs/intervals/intervals_goal", "../../../../refresh_ms",
		"../../addr_unit", "../../targets/0/obsolete_target", "../../pause",
		"../../monitoring_attrs/probes", "../../avail_operations",
	};
	char path[MAX_PATH];
	unsigned int i;

	self->setup.operations = "paddr";
	self->setup.pid = -1;
	self->setup.filters[0] = (struct filter) { "ops_filters", "young", .matching = true };
	EXPECT_STAGED();
	self->setup.goal[0] = "user_input";
	EXPECT_STAGED();
	put("0/contexts/0/schemes/0/quotas/goals/0", "target_value", "0");
	for (i = 0; i < ARRAY_SIZE(looked_at); i++) {
		snprintf(path, sizeof(path), "0/contexts/0/schemes/0/%s", looked_at[i]);
		EXPECT_TRUE(sysfs_has(path)) {
			TH_LOG("no %s", path);
		}
	}
	EXPECT_READ();
	EXPECT_EQ(0, sysfs_write("nr_kdamonds", "0"));
}

TEST_F(order, start_look_and_stop)
{
	EXPECT_STAGED();
	ASSERT_EQ(0, sysfs_write("0/state", "on"));
	EXPECT_STREQ("on\n", sysfs_read("0/state"));
	EXPECT_READ();

	/* A look at the accesses: one more scheme, for a moment. */
	self->setup.nr_schemes = 2;
	self->setup.action[1] = "stat";
	EXPECT_STAGED();
	put("0/contexts/0/schemes/1", "apply_interval_us", "10000");
	ASSERT_EQ(0, sysfs_write("0/state", "commit"));
	EXPECT_EQ(0, sysfs_write("0/state", "update_schemes_stats"));
	EXPECT_EQ(0, sysfs_write("0/state", "update_tuned_intervals"));
	EXPECT_EQ(0, sysfs_write("0/state", "update_schemes_effective_quotas"));
	EXPECT_EQ(0, sysfs_write("0/state", "update_schemes_tried_regions"));
	EXPECT_TRUE(sysfs_has("0/contexts/0/schemes/1/tried_regions/0/sz_filter_passed"));
	EXPECT_READ();
	self->setup.nr_schemes = 1;
	EXPECT_STAGED();
	EXPECT_EQ(0, sysfs_write("0/state", "commit"));

	EXPECT_EQ(0, sysfs_write("0/state", "off"));
	EXPECT_STREQ("off\n", sysfs_read("0/state"));
	EXPECT_STREQ("-1\n", sysfs_read("0/pid"));
	EXPECT_READ();
}

TEST_F(order, schemes_with_filters_and_goals)
{
	self->setup.nr_schemes = 2;
	self->setup.goal[1] = "node_mem_used_bp";
	self->setup.goal_aggrs = "3";
	self->setup.filters[0] = (struct filter) {
		"core_filters", "addr", .start = "0", .end = "17592202821632", .allow = true,
		.matching = true,
	};
	EXPECT_STAGED();
	ASSERT_EQ(0, sysfs_write("0/state", "on"));
	EXPECT_EQ(0, sysfs_write("0/state", "update_schemes_tried_bytes"));
	put("0/contexts/0/schemes/1/quotas/goals/0", "target_value", "60");
	EXPECT_EQ(0, sysfs_write("0/state", "commit_schemes_quota_goals"));
	self->setup.goal[1] = "user_input";
	self->setup.filters[1] = (struct filter) { "ops_filters", "young", .matching = true };
	EXPECT_STAGED();
	EXPECT_EQ(0, sysfs_write("0/state", "commit"));
	EXPECT_STREQ("\n", sysfs_read("0/error"));
	EXPECT_EQ(0, sysfs_write("0/state", "off"));
}

TEST_F(order, physical_memory_with_probes)
{
	char start[32], end[32];
	unsigned long from, to = 0, first = ~0UL, last = 0;
	FILE *iomem = fopen("/proc/iomem", "r");
	char line[256];
	int hits;

	ASSERT_NE(NULL, iomem);
	while (fgets(line, sizeof(line), iomem)) {
		if (!strstr(line, "System RAM") || sscanf(line, "%lx-%lx", &from, &to) != 2)
			continue;
		first = from < first ? from : first;
		last = to > last ? to : last;
	}
	fclose(iomem);
	snprintf(start, sizeof(start), "%lu", first);
	snprintf(end, sizeof(end), "%lu", last);
	self->setup.operations = "paddr";
	self->setup.pid = 0;
	self->setup.start = start;
	self->setup.end = end;
	self->setup.nr_probes = 2;
	self->setup.filters[0] = (struct filter) {
		"ops_filters", "memcg", .path = "/", .matching = true,
	};
	if (sysfs_write("nr_kdamonds", "0") || stage(&self->setup) ||
	    sysfs_write("0/state", "on"))
		TH_LOG("%s %s", why_not, sysfs_read("0/error"));
	ASSERT_STREQ("on\n", sysfs_read("0/state"));
	hits = 0;
	ASSERT_TRUE(wait_for(!sysfs_write("0/state", "update_schemes_tried_regions") &&
			     (hits = sysfs_number("0/contexts/0/schemes/0/tried_regions/0/"
						  "probes/1/hits")) >= 0, PATIENCE));
	EXPECT_GE(NR_SAMPLES, hits);
	EXPECT_FALSE(sysfs_has("0/contexts/0/schemes/0/tried_regions/0/probes/2"));
	EXPECT_STAGED();
	EXPECT_EQ(0, sysfs_write("0/state", "commit"));
	EXPECT_STREQ("\n", sysfs_read("0/error"));
	EXPECT_EQ(0, sysfs_write("0/state", "off"));
}

TEST_HARNESS_MAIN
