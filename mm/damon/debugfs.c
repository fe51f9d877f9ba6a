// SPDX-License-Identifier: GPL-2.0
/*
 * The attribute files: <debugfs>/damon/, one file for each attribute of a monitor.
 *
 *	attrs		sample aggr update min max
 *	target_ids	the processes: numbers, or "pidfd" and descriptors; with "fvaddr"
 *			before them, only init_regions are watched; or "paddr", for
 *			physical memory, and the nodes, if not all
 *	init_regions	rows of target index, start, end: what to begin with
 *	schemes		what to do with memory: 18 numbers each, and 5 of what was done
 *	scheme_stats	more of what was done, in words
 *	scheme_goals	rows of scheme index, refault_bp, value: what may come back
 *	kdamond_pid	the worker, or "none"
 *	monitor_on	"on" or "off": of all contexts
 *	mk_contexts	makes a directory with the files above, but for monitor_on
 *	rm_contexts	removes it
 *
 * A write is taken whole or refused whole, and while monitoring is on, settings
 * are refused.
 *
 * Notes on locking.  Removing a file waits until nobody is inside of it, and every file
 * takes damon_monitors_lock.  So this lock is never held while files are removed:
 * rm_contexts takes the monitor off the list first, and frees it when its files are
 * gone.
 */
#define pr_fmt(fmt) "damon: " fmt

#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/kstrtox.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "monitor.h"
#include "scheme.h"

/* More than any sensible list of regions. */
#define MAX_WRITE SZ_1M

/* The directory of a monitor. */
struct dbgfs_dir {
	struct damon_monitor monitor;
	struct dentry *dentry;
};

/* === Reading a text === */

/*
 * The text of a write, with leading and trailing blanks left out at @text.
 * Return what to kvfree(), or an error.
 */
static char *copy_text(const char __user *ubuf, size_t count, loff_t pos, char **text)
{
	char *buf;

	/* A file that takes its text in parts would have to guess the end. */
	if (pos)
		return ERR_PTR(-EINVAL);
	if (count > MAX_WRITE)
		return ERR_PTR(-ENOMEM);
	buf = kvmalloc(count + 1, GFP_KERNEL);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(buf, ubuf, count)) {
		kvfree(buf);
		return ERR_PTR(-EFAULT);
	}
	buf[count] = '\0';
	/* A NUL would hide the rest of the text. */
	if (strlen(buf) != count) {
		kvfree(buf);
		return ERR_PTR(-EINVAL);
	}
	*text = strim(buf);
	return buf;
}

/* The next word of @text, or NULL. */
static char *next_word(char **text)
{
	char *word;

	do {
		word = strsep(text, " \t\n\r\v\f");
	} while (word && !*word);
	return word;
}

/*
 * The next @nr numbers of @text.  kstrtoul() alone would take a sign and other bases;
 * these files are decimal.
 */
static int take_numbers(char **text, unsigned long **numbers, unsigned int nr)
{
	unsigned int i;
	char *word;

	for (i = 0; i < nr; i++) {
		word = next_word(text);
		if (!word || !isdigit(*word) || kstrtoul(word, 10, numbers[i]))
			return -EINVAL;
	}
	return 0;
}

/* Exactly @nr numbers, and nothing behind them. */
static int parse_numbers(char *text, unsigned long **numbers, unsigned int nr)
{
	return take_numbers(&text, numbers, nr) || next_word(&text) ? -EINVAL : 0;
}

/* === attrs === */

static int attrs_show(struct seq_file *m, void *unused)
{
	const struct damon_monitor *monitor = m->private;
	struct damon_attrs attrs;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock)
		attrs = monitor->cfg.attrs;
	seq_printf(m, "%lu %lu %lu %lu %lu\n", attrs.sample_interval,
		   attrs.aggr_interval, attrs.regions_update_interval,
		   attrs.min_nr_regions, attrs.max_nr_regions);
	return 0;
}

static int parse_attrs(struct damon_cfg *cfg, void *text)
{
	unsigned long *numbers[] = {
		&cfg->attrs.sample_interval, &cfg->attrs.aggr_interval,
		&cfg->attrs.regions_update_interval,
		&cfg->attrs.min_nr_regions, &cfg->attrs.max_nr_regions,
	};

	return parse_numbers(text, numbers, ARRAY_SIZE(numbers));
}

static int set_attrs(struct damon_monitor *monitor, char *text)
{
	return damon_monitor_change(monitor, parse_attrs, text);
}

/* === target_ids === */

/*
 * All physical memory reads as this number: programs know it by that since the file can name
 * it.  It is the number of a thread of the kernel, which has no memory to be watched.
 */
#define ALL_MEMORY 42

static bool is_all_memory(const struct damon_cfg *cfg)
{
	return cfg->nr_targets == 1 && cfg->targets[0] == DAMON_ALL_NODES;
}

static void show_targets(struct seq_file *m, const struct damon_cfg *cfg)
{
	const struct damon_primitives *p = cfg->primitives;
	const char *sep = "";
	unsigned int i;

	if (is_all_memory(cfg)) {
		seq_printf(m, "%d\n", ALL_MEMORY);
		return;
	}
	guard(rcu)();
	if (p && !p->is_default) {
		seq_puts(m, p->name);
		sep = " ";
	}
	for (i = 0; i < cfg->nr_targets; i++) {
		seq_printf(m, "%s%lu", sep, p->id_number(cfg->targets[i]));
		sep = " ";
	}
	seq_putc(m, '\n');
}

static int target_ids_show(struct seq_file *m, void *unused)
{
	const struct damon_monitor *monitor = m->private;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock)
		show_targets(m, &monitor->cfg);
	return 0;
}

/* Take @word off the beginning of the text, if it is there. */
static bool takes_word(char **text, const char *word)
{
	char *rest = skip_spaces(*text);
	size_t len = strlen(word);

	if (strncmp(rest, word, len) || (rest[len] && !isspace(rest[len])))
		return false;
	*text = rest + len;
	return true;
}

/* Take the name of a kind off the beginning of the text, if it is there. */
static const struct damon_primitives *takes_kind(char **text)
{
	const struct damon_primitives *p;
	char *name = skip_spaces(*text);
	size_t len = strcspn(name, " \t\n\r\v\f");

	p = damon_primitives_find(name, len);
	if (p)
		*text = name + len;
	return p;
}

static int parse_id(struct damon_cfg *cfg, const char *word, bool is_fd)
{
	unsigned long number;
	int err;

	if (!cfg->primitives || kstrtoul(word, 10, &number))
		return -EINVAL;
	err = cfg->primitives->get_id(number, is_fd, &cfg->targets[cfg->nr_targets]);
	if (!err)
		cfg->nr_targets++;
	return err;
}

/* Programs write what they have read; in a container it may be the number of a process. */
static bool means_all_memory(const char *text)
{
	struct task_struct *task;
	int number;

	if (kstrtoint(text, 10, &number) || number != ALL_MEMORY)
		return false;
	guard(rcu)();
	task = find_task_by_vpid(number);
	return !task || task->flags & PF_KTHREAD;
}

/*
 * Numbers, behind the name of a kind.  Without a name, the list ends at the first word
 * that is no number.  The array has room for as many as the text has, two characters
 * each, so that it is made once.  The first regions go with the targets that they were
 * written for.
 */
static int parse_targets(struct damon_cfg *cfg, void *arg)
{
	const struct damon_primitives *named;
	bool is_fd = false;
	char *word, *text = arg;
	int err;

	cfg->nr_targets = 0;
	cfg->regions = NULL;
	cfg->nr_regions = 0;
	cfg->targets = kvmalloc_array(strlen(text) / 2 + 1, sizeof(*cfg->targets),
				      GFP_KERNEL);
	if (!cfg->targets)
		return -ENOMEM;

	named = takes_kind(&text);
	if (!named && means_all_memory(text)) {
		named = &damon_pa_primitives;
		text += strlen(text);
	}
	if (named && !named->set)
		return -EOPNOTSUPP;
	cfg->primitives = named ?: damon_primitives_default();
	if (cfg->primitives && cfg->primitives->takes_fds)
		is_fd = takes_word(&text, "pidfd");
	while ((word = next_word(&text)) && word[strspn(word, "0123456789")] == '\0') {
		err = parse_id(cfg, word, is_fd);
		if (err)
			return err;
	}
	/* Kinds do not mix, and it is no accident when one is named. */
	if (word && (named || damon_primitives_find(word, strlen(word))))
		return -EINVAL;
	if (!cfg->nr_targets && named && named->has_all_id)
		cfg->targets[cfg->nr_targets++] = DAMON_ALL_NODES;
	return 0;
}

static int set_target_ids(struct damon_monitor *monitor, char *text)
{
	return damon_monitor_change(monitor, parse_targets, text);
}

/* === init_regions === */

static void show_regions(struct seq_file *m, const struct damon_cfg *cfg)
{
	unsigned int target, i;

	for (target = 0; cfg->nr_regions && target < cfg->nr_targets; target++) {
		for (i = 0; i < cfg->nr_regions; i++) {
			const struct damon_cfg_region *r = &cfg->regions[i];

			if (r->target == target)
				seq_printf(m, "%u %lu %lu\n", r->target,
					   r->range.start, r->range.end);
		}
		cond_resched();
	}
}

static int init_regions_show(struct seq_file *m, void *unused)
{
	const struct damon_monitor *monitor = m->private;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock)
		show_regions(m, &monitor->cfg);
	return 0;
}

static int parse_region(char *row, struct damon_cfg_region *r)
{
	unsigned long target, *numbers[] = { &target, &r->range.start, &r->range.end };
	int err = parse_numbers(row, numbers, ARRAY_SIZE(numbers));

	if (err || target > UINT_MAX)
		return -EINVAL;
	r->target = target;
	return 0;
}

/* Six characters are the shortest row. */
static int parse_regions(struct damon_cfg *cfg, void *arg)
{
	char *row, *text = arg;

	cfg->nr_regions = 0;
	cfg->regions = kvmalloc_array(strlen(text) / 6 + 1, sizeof(*cfg->regions),
				      GFP_KERNEL);
	if (!cfg->regions)
		return -ENOMEM;
	while ((row = strsep(&text, "\n"))) {
		if (!*skip_spaces(row))
			continue;
		if (parse_region(row, &cfg->regions[cfg->nr_regions]))
			return -EINVAL;
		cfg->nr_regions++;
	}
	return 0;
}

static int set_init_regions(struct damon_monitor *monitor, char *text)
{
	return damon_monitor_change(monitor, parse_regions, text);
}

/* === schemes === */

/* As the file has it, but for the statistics. */
#define NR_SCHEME_NUMBERS 18

/* The numbers of a scheme that are no longs have a place in here. */
struct scheme_words {
	unsigned long action, metric;
	unsigned long weight_sz, weight_nr_accesses, weight_age;
};

/* Where the numbers go, in their order. */
static void places_of(struct damon_scheme *s, struct scheme_words *w,
		      unsigned long *places[NR_SCHEME_NUMBERS])
{
	unsigned long *in_order[] = {
		&s->pattern.min_sz, &s->pattern.max_sz,
		&s->pattern.min_nr_accesses, &s->pattern.max_nr_accesses,
		&s->pattern.min_age, &s->pattern.max_age,
		&w->action,
		&s->quota.ms, &s->quota.sz, &s->quota.reset_interval,
		&w->weight_sz, &w->weight_nr_accesses, &w->weight_age,
		&w->metric, &s->wmarks.interval,
		&s->wmarks.high, &s->wmarks.mid, &s->wmarks.low,
	};

	static_assert(ARRAY_SIZE(in_order) == NR_SCHEME_NUMBERS);
	memcpy(places, in_order, sizeof(in_order));
}

/* Statistics of a scheme that has not run yet are zeros. */
static int read_scheme_stat(const struct damon_monitor *monitor, unsigned int index,
			    struct damon_scheme_stat *stat)
{
	*stat = (struct damon_scheme_stat) {};
	return monitor->ctx ? damon_get_scheme_stat(monitor->ctx, index, stat) : 0;
}

static int show_scheme(struct seq_file *m, const struct damon_monitor *monitor,
		       unsigned int index)
{
	struct damon_scheme s = monitor->cfg.schemes[index];
	struct scheme_words w = {
		.action = s.action,
		.metric = s.wmarks.metric,
		.weight_sz = s.quota.weight_sz,
		.weight_nr_accesses = s.quota.weight_nr_accesses,
		.weight_age = s.quota.weight_age,
	};
	unsigned long *places[NR_SCHEME_NUMBERS];
	struct damon_scheme_stat stat;
	unsigned int i;
	int err = read_scheme_stat(monitor, index, &stat);

	if (err)
		return err;
	places_of(&s, &w, places);
	for (i = 0; i < NR_SCHEME_NUMBERS; i++)
		seq_printf(m, "%lu ", *places[i]);
	seq_printf(m, "%llu %llu %llu %llu %llu\n", stat.nr_tried, stat.sz_tried,
		   stat.nr_applied, stat.sz_applied, stat.qt_exceeds);
	return 0;
}

static int show_scheme_stat(struct seq_file *m, const struct damon_monitor *monitor,
			    unsigned int index)
{
	struct damon_scheme_stat stat;
	int err = read_scheme_stat(monitor, index, &stat);

	if (err)
		return err;
	seq_printf(m, "scheme=%u action=%s active=%c nr_tried=%llu sz_tried=%llu", index,
		   damon_action_words[monitor->cfg.schemes[index].action],
		   stat.active ? 'Y' : 'N', stat.nr_tried, stat.sz_tried);
	seq_printf(m, " nr_applied=%llu sz_applied=%llu sz_ops_filter_passed=%llu",
		   stat.nr_applied, stat.sz_applied, stat.sz_ops_filter_passed);
	seq_printf(m, " qt_exceeds=%llu esz=%llu", stat.qt_exceeds, stat.esz);
	seq_printf(m, " time_us=%llu min_age=%llu sz_checked=%llu sz_back=%llu\n",
		   div_u64(stat.ns, NSEC_PER_USEC), stat.min_age, stat.sz_checked,
		   stat.sz_back);
	return 0;
}

static int show_schemes(struct seq_file *m,
			int (*show)(struct seq_file *m, const struct damon_monitor *monitor,
				    unsigned int index))
{
	const struct damon_monitor *monitor = m->private;
	unsigned int i;
	int err = 0;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock)
		for (i = 0; i < monitor->cfg.nr_schemes && !err; i++)
			err = show(m, monitor, i);
	return err;
}

static int schemes_show(struct seq_file *m, void *unused)
{
	return show_schemes(m, show_scheme);
}

static int scheme_stats_show(struct seq_file *m, void *unused)
{
	return show_schemes(m, show_scheme_stat);
}

static int parse_scheme(char *row, struct damon_scheme *s)
{
	unsigned long *places[NR_SCHEME_NUMBERS];
	struct scheme_words w;
	int err;

	*s = (struct damon_scheme) {};
	places_of(s, &w, places);
	err = parse_numbers(row, places, NR_SCHEME_NUMBERS);
	if (err)
		return err;
	/* There is no number for the node that the actions behind these want. */
	if (w.action > DAMON_LRU_DEPRIO || w.metric >= DAMON_NR_WMARK_METRICS ||
	    max3(w.weight_sz, w.weight_nr_accesses, w.weight_age) > UINT_MAX)
		return -EINVAL;
	s->action = w.action;
	s->wmarks.metric = w.metric;
	s->quota.weight_sz = w.weight_sz;
	s->quota.weight_nr_accesses = w.weight_nr_accesses;
	s->quota.weight_age = w.weight_age;
	return 0;
}

/* Two characters are the shortest number. */
static int parse_schemes(struct damon_cfg *cfg, void *arg)
{
	char *row, *text = arg;
	int err;

	cfg->nr_schemes = 0;
	cfg->schemes = kvmalloc_array(min(strlen(text) / (2 * NR_SCHEME_NUMBERS) + 1,
					  DAMON_MAX_SCHEMES + 1),
				      sizeof(*cfg->schemes), GFP_KERNEL);
	if (!cfg->schemes)
		return -ENOMEM;
	while ((row = strsep(&text, "\n"))) {
		if (!*skip_spaces(row))
			continue;
		if (cfg->nr_schemes == DAMON_MAX_SCHEMES)
			return -EINVAL;
		err = parse_scheme(row, &cfg->schemes[cfg->nr_schemes]);
		if (err)
			return err;
		cfg->nr_schemes++;
	}
	return 0;
}

static int set_schemes(struct damon_monitor *monitor, char *text)
{
	return damon_monitor_change(monitor, parse_schemes, text);
}

/* === scheme_goals === */

static int show_goal(struct seq_file *m, const struct damon_monitor *monitor,
		     unsigned int index)
{
	unsigned int goal = monitor->cfg.schemes[index].quota.refault_bp;

	if (goal)
		seq_printf(m, "%u refault_bp %u\n", index, goal);
	return 0;
}

static int scheme_goals_show(struct seq_file *m, void *unused)
{
	return show_schemes(m, show_goal);
}

static int parse_goal(struct damon_cfg *cfg, char *row)
{
	unsigned long index, goal, *index_place = &index, *goal_place = &goal;
	const char *word;

	if (take_numbers(&row, &index_place, 1) || index >= cfg->nr_schemes)
		return -EINVAL;
	word = next_word(&row);
	if (!word || strcmp(word, "refault_bp") || parse_numbers(row, &goal_place, 1))
		return -EINVAL;
	/* 0 is no goal: who wants none writes no row. */
	if (!goal || goal > UINT_MAX || cfg->schemes[index].quota.refault_bp)
		return -EINVAL;
	cfg->schemes[index].quota.refault_bp = goal;
	return 0;
}

/* All goals: those that are not in the text are gone. */
static int parse_goals(struct damon_cfg *cfg, void *arg)
{
	char *row, *text = arg;
	unsigned int i;
	int err = 0;

	if (!cfg->nr_schemes)
		return *text ? -EINVAL : 0;
	cfg->schemes = kvmemdup(cfg->schemes, array_size(cfg->nr_schemes, sizeof(*cfg->schemes)),
				GFP_KERNEL);
	if (!cfg->schemes)
		return -ENOMEM;
	for (i = 0; i < cfg->nr_schemes; i++)
		cfg->schemes[i].quota.refault_bp = 0;
	while (!err && (row = strsep(&text, "\n")))
		if (*skip_spaces(row))
			err = parse_goal(cfg, row);
	return err;
}

static int set_scheme_goals(struct damon_monitor *monitor, char *text)
{
	return damon_monitor_change(monitor, parse_goals, text);
}

/* === kdamond_pid === */

static int kdamond_pid_show(struct seq_file *m, void *unused)
{
	int pid;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock)
		pid = damon_monitor_pid(m->private);
	if (pid)
		seq_printf(m, "%d\n", pid);
	else
		seq_puts(m, "none\n");
	return 0;
}

/* === monitor_on === */

static int monitor_on_show(struct seq_file *m, void *unused)
{
	bool on;

	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock)
		on = damon_monitors_run();
	seq_puts(m, on ? "on\n" : "off\n");
	return 0;
}

static int set_monitor_on(struct damon_monitor *unused, char *text)
{
	if (!strcmp(text, "on"))
		return damon_monitors_start();
	if (!strcmp(text, "off"))
		return damon_monitors_stop();
	return -EINVAL;
}

/* === The files === */

/* Every write comes this way: the text in, one decision. */
static ssize_t write_text(struct file *file, const char __user *ubuf, size_t count,
			  loff_t *ppos, int (*set)(struct damon_monitor *monitor, char *text))
{
	char *buf, *text;
	int err;

	buf = copy_text(ubuf, count, *ppos, &text);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	err = set(file_inode(file)->i_private, text);
	kvfree(buf);
	if (err)
		return err;
	*ppos += count;
	return count;
}

#define DEFINE_WRITE(name)							\
static ssize_t name##_write(struct file *file, const char __user *ubuf,	\
			    size_t count, loff_t *ppos)			\
{										\
	return write_text(file, ubuf, count, ppos, set_##name);		\
}

DEFINE_WRITE(attrs)
DEFINE_SHOW_STORE_ATTRIBUTE(attrs);
DEFINE_WRITE(target_ids)
DEFINE_SHOW_STORE_ATTRIBUTE(target_ids);
DEFINE_WRITE(init_regions)
DEFINE_SHOW_STORE_ATTRIBUTE(init_regions);
DEFINE_WRITE(schemes)
DEFINE_SHOW_STORE_ATTRIBUTE(schemes);
DEFINE_WRITE(scheme_goals)
DEFINE_SHOW_STORE_ATTRIBUTE(scheme_goals);
DEFINE_WRITE(monitor_on)
DEFINE_SHOW_STORE_ATTRIBUTE(monitor_on);
DEFINE_SHOW_ATTRIBUTE(kdamond_pid);
DEFINE_SHOW_ATTRIBUTE(scheme_stats);

/* === Contexts === */

/* The files of each context; the main one has more. */
static const struct {
	const char *name;
	umode_t mode;
	const struct file_operations *fops;
} ctx_files[] = {
	{ "attrs", 0600, &attrs_fops },
	{ "target_ids", 0600, &target_ids_fops },
	{ "init_regions", 0600, &init_regions_fops },
	{ "schemes", 0600, &schemes_fops },
	{ "scheme_stats", 0400, &scheme_stats_fops },
	{ "scheme_goals", 0600, &scheme_goals_fops },
	{ "kdamond_pid", 0400, &kdamond_pid_fops },
};

/*
 * @name fits, and nobody is in the way of it in @parent.  The monitor of the directory
 * that holds all others has the one name that users can not give.
 */
static struct dbgfs_dir *new_dir(const char *name, struct dentry *parent)
{
	struct dbgfs_dir *dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	unsigned int i;

	if (!dir)
		return ERR_PTR(-ENOMEM);
	damon_monitor_init(&dir->monitor, parent ? name : "");
	dir->dentry = debugfs_create_dir(name, parent);
	if (IS_ERR(dir->dentry)) {
		int err = PTR_ERR(dir->dentry);

		kfree(dir);
		return ERR_PTR(err);
	}
	for (i = 0; i < ARRAY_SIZE(ctx_files); i++)
		debugfs_create_file(ctx_files[i].name, ctx_files[i].mode, dir->dentry,
				    &dir->monitor, ctx_files[i].fops);
	return dir;
}

static void free_dir(struct dbgfs_dir *dir)
{
	debugfs_remove(dir->dentry);
	damon_monitor_fini(&dir->monitor);
	kfree(dir);
}

static struct dbgfs_dir *dir_of(struct damon_monitor *monitor)
{
	return container_of(monitor, struct dbgfs_dir, monitor);
}

static bool name_valid(const char *name)
{
	const char *c;

	/* They would end up on the terminal of whoever lists the contexts. */
	for (c = name; *c; c++)
		if (iscntrl(*c))
			return false;
	return *name && strlen(name) <= NAME_MAX && strcmp(name, ".") &&
		strcmp(name, "..") && !strpbrk(name, "/ \t\n");
}

/* Also true for the files, and for a context whose removal is not finished. */
static bool name_taken(const char *name, struct dentry *dir)
{
	struct dentry *dentry = debugfs_lookup(name, dir);

	dput(dentry);
	return dentry;
}

/* Both take the monitor of the directory that holds all others. */
static int set_mk_contexts(struct damon_monitor *main, char *name)
{
	struct dentry *parent = dir_of(main)->dentry;
	struct dbgfs_dir *dir;

	if (!name_valid(name))
		return -EINVAL;
	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock) {
		if (damon_monitors_run())
			return -EBUSY;
		/* debugfs would say so as well, but as an error in the kernel log. */
		if (name_taken(name, parent))
			return -EEXIST;
		dir = new_dir(name, parent);
		if (IS_ERR(dir))
			return PTR_ERR(dir);
		damon_monitor_add(&dir->monitor);
	}
	return 0;
}

static int set_rm_contexts(struct damon_monitor *main, char *name)
{
	struct damon_monitor *monitor;

	if (!name_valid(name))
		return -EINVAL;
	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &damon_monitors_lock) {
		if (damon_monitors_run())
			return -EBUSY;
		monitor = damon_monitor_find(name);
		if (!monitor)
			return name_taken(name, dir_of(main)->dentry) ? -EINVAL : -ENOENT;
		damon_monitor_del(monitor);
	}
	free_dir(dir_of(monitor));
	return 0;
}

DEFINE_WRITE(mk_contexts)
DEFINE_WRITE(rm_contexts)

#define DEFINE_WRITE_ONLY(name)				\
static const struct file_operations name##_fops = {	\
	.owner = THIS_MODULE,				\
	.open = simple_open,				\
	.write = name##_write,				\
}

DEFINE_WRITE_ONLY(mk_contexts);
DEFINE_WRITE_ONLY(rm_contexts);

static int __init damon_dbgfs_init(void)
{
	struct dbgfs_dir *main = new_dir("damon", NULL);
	struct damon_monitor *monitor;

	if (IS_ERR(main)) {
		/* With debugfs=off the user wants it so. */
		pr_debug("no debugfs directory: %pe\n", main);
		return PTR_ERR(main);
	}
	monitor = &main->monitor;
	debugfs_create_file("monitor_on", 0600, main->dentry, monitor, &monitor_on_fops);
	debugfs_create_file("mk_contexts", 0200, main->dentry, monitor, &mk_contexts_fops);
	debugfs_create_file("rm_contexts", 0200, main->dentry, monitor, &rm_contexts_fops);
	scoped_guard(mutex, &damon_monitors_lock)
		damon_monitor_add(monitor);
	return 0;
}
late_initcall(damon_dbgfs_init);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/debugfs_kunit.c"
#endif
