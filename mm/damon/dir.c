// SPDX-License-Identifier: GPL-2.0
/*
 * Directories and files from tables.  See dir.h; nothing here knows what they are about.
 *
 * They are nodes of kernfs, not kobjects: a kobject lives as long as somebody has one of its
 * files open, while a node tells who is inside of a file right now, and removing it waits for
 * these.  So a structure is freed when nobody needs it, whoever has its files open.
 *
 * The number of a list.  Whoever writes it gets that many directories, with default values.
 * Those that stay are not made anew, so that only what is missing can fail, and it is made
 * first: without memory for it, all is as it was.
 *
 * Notes on locking
 *
 * - lock (mutex) protects all structures: values, lists, and whether they are gone.
 *
 * - Removing a directory waits until nobody is inside of its files, and is done under the
 *   lock.  So whoever comes by a file leaves it, for kernfs, before waiting for the lock, and
 *   comes back after giving it up.  A reference keeps the structure meanwhile, and whether it
 *   is gone is asked under the lock.  The alternative, files that only try the lock, tells
 *   users that it is busy whenever somebody else reads.
 *
 * - The lock is not held while somebody waits for something else that takes long; a file
 *   that has to, is not locked.
 *
 *   mutex of an open file -> lock -> whoever is inside of the files of a removed directory
 */
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/kernfs.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "dir.h"

/* Protects all structures; see above. */
static DEFINE_MUTEX(lock);

int damon_dirs_lock(void)
{
	return mutex_lock_killable(&lock);
}

void damon_dirs_lock_always(void)
{
	mutex_lock(&lock);
}

void damon_dirs_unlock(void)
{
	mutex_unlock(&lock);
}

/* === Types of members === */

static void bool_show(struct seq_file *m, const struct damon_file *f, void *member)
{
	seq_puts(m, *(bool *)member ? "Y\n" : "N\n");
}

static int bool_store(const struct damon_file *f, void *member, char *text)
{
	return kstrtobool(text, member);
}

const struct damon_file_type damon_file_bool = { .show = bool_show, .store = bool_store };

#define DEFINE_NUMBER_SHOW(name, type, format)						\
static void name##_show(struct seq_file *m, const struct damon_file *f, void *member)	\
{											\
	seq_printf(m, format "\n", *(type *)member);					\
}

/* Decimal, hexadecimal with 0x, or octal with 0. */
#define DEFINE_NUMBER_STORE(name, parse)						\
static int name##_store(const struct damon_file *f, void *member, char *text)		\
{											\
	return parse(text, 0, member);							\
}

DEFINE_NUMBER_SHOW(int, int, "%d")
DEFINE_NUMBER_STORE(int, kstrtoint)
const struct damon_file_type damon_file_int = { .show = int_show, .store = int_store };

DEFINE_NUMBER_SHOW(uint, unsigned int, "%u")
DEFINE_NUMBER_STORE(uint, kstrtouint)
const struct damon_file_type damon_file_uint = { .show = uint_show, .store = uint_store };

DEFINE_NUMBER_SHOW(ulong, unsigned long, "%lu")

static int ulong_store(const struct damon_file *f, void *member, char *text)
{
	unsigned long value;
	int err = kstrtoul(text, 0, &value);

	if (err)
		return err;
	if (value < f->least)
		return -EINVAL;
	*(unsigned long *)member = value;
	return 0;
}

const struct damon_file_type damon_file_ulong = { .show = ulong_show, .store = ulong_store };

DEFINE_NUMBER_SHOW(u64, u64, "%llu")
DEFINE_NUMBER_STORE(u64, kstrtou64)
const struct damon_file_type damon_file_u64 = { .show = u64_show, .store = u64_store };

static void text_show(struct seq_file *m, const struct damon_file *f, void *member)
{
	struct damon_text *text = member;

	seq_printf(m, "%s\n", text->text ?: "");
}

static void text_clear(void *member)
{
	kfree(((struct damon_text *)member)->text);
}

static int text_store(const struct damon_file *f, void *member, char *text)
{
	char *copy = kstrdup(text, GFP_KERNEL_ACCOUNT);

	if (!copy)
		return -ENOMEM;
	text_clear(member);
	((struct damon_text *)member)->text = copy;
	return 0;
}

const struct damon_file_type damon_file_text = {
	.show = text_show,
	.store = text_store,
	.clear = text_clear,
};

static void word_show(struct seq_file *m, const struct damon_file *f, void *member)
{
	seq_printf(m, "%s\n", f->words[*(unsigned int *)member]);
}

static int word_store(const struct damon_file *f, void *member, char *text)
{
	unsigned int i;

	for (i = 0; i < f->nr_words; i++) {
		if (!(BIT(i) & f->refused) && !strcmp(f->words[i], text)) {
			*(unsigned int *)member = i;
			return 0;
		}
	}
	return -EINVAL;
}

const struct damon_file_type damon_file_word = { .show = word_show, .store = word_store };

/* === Structures === */

/* Call @fn for all tables of a directory and those of fixed names in it. */
static void visit_tables(const struct damon_dir_kind *kind, struct damon_dir *dir,
			 void (*fn)(const struct damon_dir_kind *kind, struct damon_dir *dir))
{
	const struct damon_subdir *sub;

	fn(kind, dir);
	for (sub = kind->subdirs; sub && sub->name; sub++)
		visit_tables(sub->kind, dir, fn);
}

static void *member_of(struct damon_dir *dir, const struct damon_file *f)
{
	return (void *)dir + f->offset;
}

static struct damon_dir_list *list_of(const struct damon_dir_kind *kind, struct damon_dir *dir)
{
	return kind->list ? member_of(dir, &kind->list->nr) : NULL;
}

static void init_list(const struct damon_dir_kind *kind, struct damon_dir *dir)
{
	struct damon_dir_list *list = list_of(kind, dir);

	if (!list)
		return;
	INIT_LIST_HEAD(&list->dirs);
	list->owner = dir;
}

static void clear_values(const struct damon_dir_kind *kind, struct damon_dir *dir)
{
	const struct damon_file *f;

	for (f = kind->files; f && f->name; f++)
		if (f->type->clear)
			f->type->clear(member_of(dir, f));
}

static void set_defaults(struct damon_dir *dir)
{
	const struct damon_dir_kind *kind = dir->kind;

	if (kind->defaults)
		memcpy((void *)dir + kind->values, kind->defaults + kind->values,
		       kind->size - kind->values);
	else
		memset((void *)dir + kind->values, 0, kind->size - kind->values);
}

static struct damon_dir *new_dir(const struct damon_dir_kind *kind, struct damon_dir *parent)
{
	struct damon_dir *dir = kzalloc(kind->size, GFP_KERNEL_ACCOUNT);

	if (!dir)
		return NULL;
	dir->kind = kind;
	dir->parent = parent;
	kref_init(&dir->ref);
	INIT_LIST_HEAD(&dir->list);
	visit_tables(kind, dir, init_list);
	set_defaults(dir);
	if (kind->init)
		kind->init(dir);
	return dir;
}

static void free_dir(struct kref *ref)
{
	struct damon_dir *dir = container_of(ref, struct damon_dir, ref);

	visit_tables(dir->kind, dir, clear_values);
	kfree(dir);
}

static void put_dir(struct damon_dir *dir)
{
	kref_put(&dir->ref, free_dir);
}

static void let_go(struct damon_dir *dir);

static void let_go_of_list(const struct damon_dir_kind *kind, struct damon_dir *dir)
{
	struct damon_dir_list *list = list_of(kind, dir);
	struct damon_dir *elem, *next;

	if (!list)
		return;
	list_for_each_entry_safe(elem, next, &list->dirs, list) {
		list_del_init(&elem->list);
		let_go(elem);
	}
	list->nr = 0;
}

/* What it has, and all that is below, is not shown any more. */
static void let_go(struct damon_dir *dir)
{
	dir->gone = true;
	visit_tables(dir->kind, dir, let_go_of_list);
	if (dir->kind->remove)
		dir->kind->remove(dir);
	if (dir->kind->reset)
		dir->kind->reset(dir);
	put_dir(dir);
}

static void del_dir(struct damon_dir *dir)
{
	list_del_init(&dir->list);
	/* Waits until nobody is inside of its files. */
	kernfs_remove(dir->kn);
	let_go(dir);
}

static void del_last(struct damon_dir_list *list)
{
	list->nr--;
	del_dir(list_last_entry(&list->dirs, struct damon_dir, list));
	cond_resched();
}

static void empty_list(const struct damon_dir_kind *kind, struct damon_dir *dir)
{
	struct damon_dir_list *list = list_of(kind, dir);

	while (list && list->nr)
		del_last(list);
}

static void reset_dir(struct damon_dir *dir)
{
	visit_tables(dir->kind, dir, empty_list);
	visit_tables(dir->kind, dir, clear_values);
	set_defaults(dir);
	if (dir->kind->reset)
		dir->kind->reset(dir);
}

/* === Files === */

/* The structure of a file that somebody is inside of. */
static struct damon_dir *dir_of(const struct kernfs_open_file *of)
{
	return of->kn->parent->priv;
}

/* Leave the file, as far as kernfs is concerned; see the notes on locking. */
static void step_out(struct kernfs_open_file *of, struct damon_dir *dir)
{
	kref_get(&dir->ref);
	kernfs_break_active_protection(of->kn);
}

static int lock_for(const struct damon_file *f, const struct damon_dir *dir)
{
	int err;

	if (f->type->unlocked)
		return 0;
	err = damon_dirs_lock();
	if (!err && dir->gone) {
		damon_dirs_unlock();
		err = -ENODEV;
	}
	return err;
}

static void unlock_for(const struct damon_file *f)
{
	if (!f->type->unlocked)
		damon_dirs_unlock();
}

static void step_in(struct kernfs_open_file *of, struct damon_dir *dir)
{
	kernfs_unbreak_active_protection(of->kn);
	put_dir(dir);
}

static void refresh(struct damon_dir *dir)
{
	for (; dir; dir = dir->parent)
		if (dir->kind->refresh)
			dir->kind->refresh(dir);
}

static int show_file(struct seq_file *m, void *unused)
{
	struct kernfs_open_file *of = m->private;
	const struct damon_file *f = of->kn->priv;
	struct damon_dir *dir = dir_of(of);
	int err;

	step_out(of, dir);
	err = lock_for(f, dir);
	if (!err) {
		if (!f->type->unlocked)
			refresh(dir);
		f->type->show(m, f, member_of(dir, f));
		unlock_for(f);
	}
	step_in(of, dir);
	return err;
}

static ssize_t write_file(struct kernfs_open_file *of, char *text, size_t count, loff_t pos)
{
	const struct damon_file *f = of->kn->priv;
	struct damon_dir *dir = dir_of(of);
	int err;

	if (!count)
		return 0;
	/* A NUL would hide the rest of the text. */
	if (strlen(text) != count)
		return -EINVAL;
	if (text[count - 1] == '\n')
		text[count - 1] = '\0';
	step_out(of, dir);
	err = f->type->begin ? f->type->begin(f) : 0;
	if (!err) {
		err = lock_for(f, dir);
		if (!err) {
			err = f->type->store(f, member_of(dir, f), text);
			unlock_for(f);
		}
		if (f->type->end)
			f->type->end(f);
	}
	step_in(of, dir);
	return err ?: count;
}

static const struct kernfs_ops read_only_ops = {
	.seq_show = show_file,
};

static const struct kernfs_ops read_write_ops = {
	.seq_show = show_file,
	.write = write_file,
	/* Longer texts are refused, not taken in parts. */
	.atomic_write_len = PATH_MAX,
};

static int add_file(struct kernfs_node *kn, const struct damon_file *f)
{
	static struct lock_class_key key;
	const struct kernfs_ops *ops = f->mode & 0200 ? &read_write_ops : &read_only_ops;

	return PTR_ERR_OR_ZERO(__kernfs_create_file(kn, f->name, f->mode, GLOBAL_ROOT_UID,
						    GLOBAL_ROOT_GID, PAGE_SIZE, ops, (void *)f,
						    NULL, &key));
}

static struct kernfs_node *make_dir(struct kernfs_node *parent, const char *name,
				    struct damon_dir *dir)
{
	return kernfs_create_dir_ns(parent, name, 0755, GLOBAL_ROOT_UID, GLOBAL_ROOT_GID, dir,
				    NULL);
}

/* What is half made is removed with the directory. */
static int fill_dir(const struct damon_dir_kind *kind, struct damon_dir *dir,
		    struct kernfs_node *kn)
{
	struct damon_dir_list *list = list_of(kind, dir);
	const struct damon_subdir *sub;
	const struct damon_file *f;
	int err = 0;

	for (f = kind->files; f && f->name && !err; f++)
		err = add_file(kn, f);
	if (list)
		list->kn = kn;
	if (list && !err && kind->list->nr.name)
		err = add_file(kn, &kind->list->nr);
	for (sub = kind->subdirs; sub && sub->name && !err; sub++) {
		struct kernfs_node *sub_kn = make_dir(kn, sub->name, dir);

		err = IS_ERR(sub_kn) ? PTR_ERR(sub_kn) : fill_dir(sub->kind, dir, sub_kn);
	}
	return err;
}

static int add_dir(struct damon_dir *dir, struct kernfs_node *parent, const char *name)
{
	int err;

	dir->kn = make_dir(parent, name, dir);
	if (IS_ERR(dir->kn))
		return PTR_ERR(dir->kn);
	err = fill_dir(dir->kind, dir, dir->kn);
	if (err)
		kernfs_remove(dir->kn);
	return err;
}

/* === Lists === */

static int add_last(struct damon_dir_list *list, const struct damon_list_kind *kind)
{
	struct damon_dir *dir;
	char name[12];
	int err;

	cond_resched();
	if (fatal_signal_pending(current))
		return -EINTR;
	dir = new_dir(kind->elem, list->owner);
	if (!dir)
		return -ENOMEM;
	snprintf(name, sizeof(name), "%u", list->nr);
	err = add_dir(dir, list->kn, name);
	if (err) {
		let_go(dir);
		return err;
	}
	list_add_tail(&dir->list, &list->dirs);
	list->nr++;
	return 0;
}

int damon_list_resize(struct damon_dir_list *list, const struct damon_list_kind *kind,
		      unsigned int nr)
{
	unsigned int old = list->nr, i = 0;
	struct damon_dir *dir;
	int err;

	lockdep_assert_held(&lock);
	while (list->nr < nr) {
		err = add_last(list, kind);
		if (err) {
			while (list->nr > old)
				del_last(list);
			return err;
		}
	}
	while (list->nr > nr)
		del_last(list);
	list_for_each_entry(dir, &list->dirs, list) {
		if (i++ == old)
			break;
		reset_dir(dir);
	}
	return 0;
}

static void nr_show(struct seq_file *m, const struct damon_file *f, void *member)
{
	struct damon_dir_list *list = member;

	seq_printf(m, "%u\n", list->nr);
}

static const struct damon_list_kind *list_kind_of(const struct damon_file *f)
{
	return container_of(f, struct damon_list_kind, nr);
}

static int nr_begin(const struct damon_file *f)
{
	const struct damon_list_kind *kind = list_kind_of(f);

	return kind->begin ? kind->begin() : 0;
}

static void nr_end(const struct damon_file *f)
{
	const struct damon_list_kind *kind = list_kind_of(f);

	if (kind->end)
		kind->end();
}

static int nr_store(const struct damon_file *f, void *member, char *text)
{
	const struct damon_list_kind *kind = list_kind_of(f);
	int nr, err = kstrtoint(text, 0, &nr);

	if (err)
		return err;
	if (nr < 0 || nr > kind->max)
		return -EINVAL;
	return damon_list_resize(member, kind, nr);
}

const struct damon_file_type damon_file_nr = {
	.show = nr_show,
	.store = nr_store,
	.begin = nr_begin,
	.end = nr_end,
};

/* === The first directory === */

struct damon_dir *damon_dir_add_root(struct kernfs_node *parent, const char *name,
				     const struct damon_dir_kind *kind)
{
	struct damon_dir *dir = new_dir(kind, NULL);
	int err;

	if (!dir)
		return ERR_PTR(-ENOMEM);
	err = add_dir(dir, parent, name);
	if (err) {
		let_go(dir);
		return ERR_PTR(err);
	}
	return dir;
}

#ifdef CONFIG_DAMON_KUNIT_TEST
#include "tests/dir_kunit.c"
#endif
