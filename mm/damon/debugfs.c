// SPDX-License-Identifier: GPL-2.0
/*
 * The attribute files: <debugfs>/damon/, one file for each attribute.
 *
 *	attrs		sample aggr update min max
 *	target_ids	the processes: numbers, or "pidfd" and descriptors; with "fvaddr"
 *			before them, only init_regions are watched; or "paddr", for
 *			physical memory, and the nodes, if not all
 *	init_regions	rows of target index, start, end: what to begin with
 *	kdamond_pid	the worker, or "none"
 *	monitor_on	"on" or "off": of all contexts
 *	mk_contexts	makes a directory with the four files above
 *	rm_contexts	removes it
 *
 * A write is taken whole or refused whole, and while monitoring is on, settings
 * are refused.
 *
 * Notes on locking
 *
 * - dbgfs_lock (mutex) protects the list of contexts, and each context in it
 *   with its configuration.  Every file takes it.  The worker never does, so it
 *   may be held while a worker is waited for.
 *
 * - Removing a file waits until nobody is inside of it.  So dbgfs_lock is never
 *   held while files are removed: rm_contexts() takes the context off the list
 *   first, and frees it when its files are gone.
 *
 *   dbgfs_lock -> kdamond_lock
 */
#define pr_fmt(fmt) "damon: " fmt

#include <linux/ctype.h>
#include <linux/debugfs.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "config.h"
#include "internal.h"

/* More than any sensible list of regions. */
#define MAX_WRITE SZ_1M

/* A context: its settings, and the monitor that was last built of them. */
struct dbgfs_ctx {
	struct list_head list;
	struct dentry *dir;
	struct damon_cfg cfg;
	struct damon_ctx *ctx;
	char name[NAME_MAX + 1];
};

static DEFINE_MUTEX(dbgfs_lock);
static LIST_HEAD(dbgfs_ctxs);

static bool is_running(const struct dbgfs_ctx *c)
{
	lockdep_assert_held(&dbgfs_lock);
	return c->ctx && damon_is_on(c->ctx);
}

/* While it says yes, no setting may change. */
static bool any_running(void)
{
	struct dbgfs_ctx *c;

	list_for_each_entry(c, &dbgfs_ctxs, list)
		if (is_running(c))
			return true;
	return false;
}

/* === Reading what a user wrote === */

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
	/* A NUL would hide what is behind it. */
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
 * Exactly @nr numbers, and nothing behind them.  kstrtoul() alone would take a
 * sign and other bases; these files are decimal.
 */
static int parse_numbers(char *text, unsigned long **numbers, unsigned int nr)
{
	unsigned int i;
	char *word;

	for (i = 0; i < nr; i++) {
		word = next_word(&text);
		if (!word || !isdigit(*word) || kstrtoul(word, 10, numbers[i]))
			return -EINVAL;
	}
	return next_word(&text) ? -EINVAL : 0;
}

/* === Changing a configuration === */

/* Free what @cfg holds, except what @other holds as well. */
static void clear_unshared(struct damon_cfg *cfg, const struct damon_cfg *other)
{
	if (cfg->targets == other->targets) {
		cfg->targets = NULL;
		cfg->nr_targets = 0;
	}
	if (cfg->regions == other->regions) {
		cfg->regions = NULL;
		cfg->nr_regions = 0;
	}
	damon_cfg_clear(cfg);
}

/*
 * Take over what @parse makes of @text, whole or not at all.  @parse gets a copy
 * of the configuration, and puts something new in the place of what it changes.
 */
static int change_cfg(struct dbgfs_ctx *c, char *text,
		      int (*parse)(char *text, struct damon_cfg *cfg))
{
	struct damon_cfg new;
	int err;

	guard(mutex)(&dbgfs_lock);
	if (any_running())
		return -EBUSY;
	new = c->cfg;
	err = parse(text, &new);
	if (!err)
		err = damon_cfg_check(&new);
	if (!err) {
		/* The monitor that was on may know the old targets. */
		damon_destroy_ctx(c->ctx);
		c->ctx = NULL;
		swap(c->cfg, new);
	}
	clear_unshared(&new, &c->cfg);
	return err;
}

/* === attrs === */

static int attrs_show(struct seq_file *m, void *unused)
{
	struct dbgfs_ctx *c = m->private;
	struct damon_attrs attrs;

	guard(mutex)(&dbgfs_lock);
	attrs = c->cfg.attrs;
	seq_printf(m, "%lu %lu %lu %lu %lu\n", attrs.sample_interval,
		   attrs.aggr_interval, attrs.regions_update_interval,
		   attrs.min_nr_regions, attrs.max_nr_regions);
	return 0;
}

static int parse_attrs(char *text, struct damon_cfg *cfg)
{
	unsigned long *numbers[] = {
		&cfg->attrs.sample_interval, &cfg->attrs.aggr_interval,
		&cfg->attrs.regions_update_interval,
		&cfg->attrs.min_nr_regions, &cfg->attrs.max_nr_regions,
	};

	return parse_numbers(text, numbers, ARRAY_SIZE(numbers));
}

static int set_attrs(struct dbgfs_ctx *c, char *text)
{
	return change_cfg(c, text, parse_attrs);
}

/* === target_ids === */

static unsigned long shown_id(const struct damon_cfg *cfg, unsigned int i)
{
	struct pid *pid = (struct pid *)cfg->targets[i];

	if (cfg->kind == DAMON_PADDR)
		return cfg->targets[i];
	/* The number of a process that is gone may be another's now. */
	return pid_task(pid, PIDTYPE_PID) ? pid_vnr(pid) : 0;
}

static int target_ids_show(struct seq_file *m, void *unused)
{
	struct dbgfs_ctx *c = m->private;
	const char *sep = "";
	unsigned int i;

	guard(mutex)(&dbgfs_lock);
	guard(rcu)();
	if (c->cfg.kind != DAMON_VADDR) {
		seq_puts(m, c->cfg.kind == DAMON_PADDR ? "paddr" : "fvaddr");
		sep = " ";
	}
	for (i = 0; i < c->cfg.nr_targets; i++) {
		unsigned long id = shown_id(&c->cfg, i);

		if (c->cfg.kind == DAMON_PADDR && id == DAMON_ALL_NODES)
			continue;
		seq_printf(m, "%s%lu", sep, id);
		sep = " ";
	}
	seq_putc(m, '\n');
	return 0;
}

static bool is_process(struct pid *pid)
{
	guard(rcu)();
	return pid_task(pid, PIDTYPE_PID);
}

/* The process that @number names, or the process behind a descriptor. */
static struct pid *get_process(unsigned long number, bool is_fd)
{
	unsigned int flags;
	struct pid *pid;

	if (is_fd)
		pid = number <= INT_MAX ? pidfd_get_pid(number, &flags) : ERR_PTR(-EBADF);
	else
		pid = number <= INT_MAX ? find_get_pid(number) : NULL;
	if (IS_ERR(pid))
		return pid;
	/* It may be the number of a group or a session, without a process. */
	if (pid && is_process(pid))
		return pid;
	put_pid(pid);
	pr_debug("no process %s%lu\n", is_fd ? "behind descriptor " : "", number);
	return ERR_PTR(-ESRCH);
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

static int parse_id(struct damon_cfg *cfg, const char *word, bool is_fd, unsigned long *id)
{
	unsigned long number;
	struct pid *pid;

	if (kstrtoul(word, 10, &number))
		return -EINVAL;
	*id = number;
	if (cfg->kind == DAMON_PADDR)
		/* The check of the configuration looks for the node. */
		return number == DAMON_ALL_NODES ? -ENXIO : 0;
	pid = get_process(number, is_fd);
	*id = (unsigned long)pid;
	return PTR_ERR_OR_ZERO(pid);
}

/*
 * The targets of @text, up to the first word that is no number.  As many as the
 * text has room for, two characters each, so that the array is made once.  The
 * first regions go with the targets that they were written for.
 */
static int parse_targets(char *text, struct damon_cfg *cfg)
{
	bool is_fd = false;
	char *word;
	int err;

	cfg->nr_targets = 0;
	cfg->regions = NULL;
	cfg->nr_regions = 0;
	cfg->targets = kvmalloc_array(strlen(text) / 2 + 1, sizeof(*cfg->targets),
				      GFP_KERNEL);
	if (!cfg->targets)
		return -ENOMEM;

	cfg->kind = DAMON_VADDR;
	if (takes_word(&text, "paddr"))
		cfg->kind = DAMON_PADDR;
	else if (takes_word(&text, "fvaddr"))
		cfg->kind = DAMON_FVADDR;
	if (cfg->kind != DAMON_PADDR)
		is_fd = takes_word(&text, "pidfd");

	while ((word = next_word(&text)) && word[strspn(word, "0123456789")] == '\0') {
		err = parse_id(cfg, word, is_fd, &cfg->targets[cfg->nr_targets]);
		if (err)
			return err;
		cfg->nr_targets++;
	}
	/* Kinds do not mix, and it is no accident when one is named. */
	if (word && (!strcmp(word, "paddr") || !strcmp(word, "fvaddr")))
		return -EINVAL;
	if (cfg->kind == DAMON_PADDR && word)
		return -EINVAL;
	if (cfg->kind == DAMON_PADDR && !cfg->nr_targets)
		cfg->targets[cfg->nr_targets++] = DAMON_ALL_NODES;
	return 0;
}

static int set_target_ids(struct dbgfs_ctx *c, char *text)
{
	return change_cfg(c, text, parse_targets);
}

/* === init_regions === */

static int init_regions_show(struct seq_file *m, void *unused)
{
	struct dbgfs_ctx *c = m->private;
	unsigned int target, i;

	guard(mutex)(&dbgfs_lock);
	for (target = 0; c->cfg.nr_regions && target < c->cfg.nr_targets; target++) {
		for (i = 0; i < c->cfg.nr_regions; i++) {
			const struct damon_cfg_region *r = &c->cfg.regions[i];

			if (r->target == target)
				seq_printf(m, "%u %lu %lu\n", r->target,
					   r->range.start, r->range.end);
		}
	}
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
static int parse_regions(char *text, struct damon_cfg *cfg)
{
	char *row;

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

static int set_init_regions(struct dbgfs_ctx *c, char *text)
{
	return change_cfg(c, text, parse_regions);
}

/* === kdamond_pid === */

static int kdamond_pid_show(struct seq_file *m, void *unused)
{
	struct dbgfs_ctx *c = m->private;
	int pid = 0;

	guard(mutex)(&dbgfs_lock);
	/* The lock of the context keeps the worker from going away meanwhile. */
	if (c->ctx) {
		guard(mutex)(&c->ctx->kdamond_lock);
		if (c->ctx->calls_open)
			pid = task_pid_vnr(c->ctx->kdamond);
	}
	if (pid)
		seq_printf(m, "%d\n", pid);
	else
		seq_puts(m, "none\n");
	return 0;
}

/* === monitor_on === */

static int monitor_on_show(struct seq_file *m, void *unused)
{
	guard(mutex)(&dbgfs_lock);
	seq_puts(m, any_running() ? "on\n" : "off\n");
	return 0;
}

static int start_one(struct dbgfs_ctx *c)
{
	struct damon_ctx *ctx = damon_cfg_build(&c->cfg);

	if (IS_ERR(ctx))
		return PTR_ERR(ctx);
	damon_destroy_ctx(c->ctx);
	c->ctx = ctx;
	return damon_start(ctx);
}

static void stop_all(void)
{
	struct dbgfs_ctx *c;

	list_for_each_entry(c, &dbgfs_ctxs, list) {
		damon_destroy_ctx(c->ctx);
		c->ctx = NULL;
	}
}

static int turn_on(void)
{
	struct dbgfs_ctx *c;
	int err;

	guard(mutex)(&dbgfs_lock);
	if (any_running())
		return -EBUSY;
	list_for_each_entry(c, &dbgfs_ctxs, list) {
		if (!c->cfg.nr_targets) {
			pr_debug("context '%s' has no targets\n", c->name);
			return -EINVAL;
		}
	}
	list_for_each_entry(c, &dbgfs_ctxs, list) {
		err = start_one(c);
		if (err) {
			stop_all();
			return err;
		}
	}
	return 0;
}

static int turn_off(void)
{
	guard(mutex)(&dbgfs_lock);
	if (!any_running())
		return -EPERM;
	stop_all();
	return 0;
}

static int set_monitor_on(struct dbgfs_ctx *unused, char *text)
{
	if (!strcmp(text, "on"))
		return turn_on();
	if (!strcmp(text, "off"))
		return turn_off();
	return -EINVAL;
}

/* === The files === */

/* Every write comes this way: the text in, one decision. */
static ssize_t write_text(struct file *file, const char __user *ubuf, size_t count,
			  loff_t *ppos, int (*set)(struct dbgfs_ctx *c, char *text))
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
DEFINE_WRITE(monitor_on)
DEFINE_SHOW_STORE_ATTRIBUTE(monitor_on);
DEFINE_SHOW_ATTRIBUTE(kdamond_pid);

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
	{ "kdamond_pid", 0400, &kdamond_pid_fops },
};

static struct dbgfs_ctx *new_ctx(const char *name, struct dentry *parent)
{
	struct dbgfs_ctx *c = kzalloc(sizeof(*c), GFP_KERNEL);
	unsigned int i;

	if (!c)
		return ERR_PTR(-ENOMEM);
	damon_cfg_init(&c->cfg);
	strscpy(c->name, name);
	c->dir = debugfs_create_dir(name, parent);
	if (IS_ERR(c->dir)) {
		int err = PTR_ERR(c->dir);

		kfree(c);
		return ERR_PTR(err);
	}
	for (i = 0; i < ARRAY_SIZE(ctx_files); i++)
		debugfs_create_file(ctx_files[i].name, ctx_files[i].mode, c->dir,
				    c, ctx_files[i].fops);
	return c;
}

static void free_ctx(struct dbgfs_ctx *c)
{
	debugfs_remove(c->dir);
	damon_destroy_ctx(c->ctx);
	damon_cfg_clear(&c->cfg);
	kfree(c);
}

static bool name_valid(const char *name)
{
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

/* Both take the context of the directory that holds all others. */
static int set_mk_contexts(struct dbgfs_ctx *main, char *name)
{
	struct dbgfs_ctx *c;

	if (!name_valid(name))
		return -EINVAL;
	guard(mutex)(&dbgfs_lock);
	if (any_running())
		return -EBUSY;
	/* debugfs would say so as well, but as an error in the kernel log. */
	if (name_taken(name, main->dir))
		return -EEXIST;
	c = new_ctx(name, main->dir);
	if (IS_ERR(c))
		return PTR_ERR(c);
	list_add_tail(&c->list, &dbgfs_ctxs);
	return 0;
}

static struct dbgfs_ctx *find_ctx(const struct dbgfs_ctx *main, const char *name)
{
	struct dbgfs_ctx *c;

	list_for_each_entry(c, &dbgfs_ctxs, list)
		if (c != main && !strcmp(c->name, name))
			return c;
	return NULL;
}

static int set_rm_contexts(struct dbgfs_ctx *main, char *name)
{
	struct dbgfs_ctx *c;

	if (!name_valid(name))
		return -EINVAL;
	scoped_guard(mutex, &dbgfs_lock) {
		if (any_running())
			return -EBUSY;
		c = find_ctx(main, name);
		if (!c)
			return name_taken(name, main->dir) ? -EINVAL : -ENOENT;
		list_del(&c->list);
	}
	free_ctx(c);
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
	struct dbgfs_ctx *main = new_ctx("damon", NULL);

	if (IS_ERR(main)) {
		/* With debugfs=off this is what the user wants. */
		pr_debug("no debugfs directory: %pe\n", main);
		return PTR_ERR(main);
	}
	debugfs_create_file("monitor_on", 0600, main->dir, main, &monitor_on_fops);
	debugfs_create_file("mk_contexts", 0200, main->dir, main, &mk_contexts_fops);
	debugfs_create_file("rm_contexts", 0200, main->dir, main, &rm_contexts_fops);
	list_add(&main->list, &dbgfs_ctxs);
	return 0;
}
late_initcall(damon_dbgfs_init);

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/debugfs_kunit.c"
#endif
