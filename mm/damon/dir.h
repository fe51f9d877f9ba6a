/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Directories and files from tables.
 *
 * A row of a table is a file, which is a member of a structure: its type tells how it is read
 * and written.  A directory is rows, directories of a fixed name, and maybe a list: numbered
 * directories, each with a structure of its own, as many as a file of the directory says.
 *
 *	#define SHELF ((struct shelf *)NULL)
 *	static const struct damon_dir_kind shelf_kind = {
 *		.files = (const struct damon_file []) {
 *			DAMON_FILE("width", 0600, SHELF->width),
 *			{}
 *		},
 *		.list = DAMON_LIST("nr_books", SHELF->books, book_kind, 100),
 *		.size = sizeof(struct shelf),
 *		.values = offsetof(struct shelf, width),
 *	};
 */
#ifndef _MM_DAMON_DIR_H
#define _MM_DAMON_DIR_H

#include <linux/build_bug.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/stddef.h>
#include <linux/types.h>

struct damon_dir;
struct damon_dir_kind;
struct damon_file;
struct kernfs_node;
struct seq_file;

/**
 * struct damon_file_type - How the members of one type are read and written.
 * @show:	Print a member.
 * @store:	Set a member by a text without trailing newline, whole or not at all.  Return 0
 *		or an error.  NULL for types that can not be written.
 * @clear:	Free what a member holds; NULL for nothing.
 * @unlocked:	@show and @store are called without the lock of all directories.
 * @begin:	Called before @store, and before that lock is taken: return 0, or an error to
 *		leave all as it is.  May be NULL.
 * @end:	Called after @store, without the lock, unless @begin has returned an error.
 */
struct damon_file_type {
	void (*show)(struct seq_file *m, const struct damon_file *f, void *member);
	int (*store)(const struct damon_file *f, void *member, char *text);
	void (*clear)(void *member);
	bool unlocked;
	int (*begin)(const struct damon_file *f);
	void (*end)(const struct damon_file *f);
};

/**
 * struct damon_text - A member that is a text.
 * @text:	The text, or NULL for an empty one.
 */
struct damon_text {
	char *text;
};

/**
 * struct damon_file - A row: one file.
 * @name:	Its name; NULL ends a table.
 * @mode:	Its mode.
 * @offset:	Where the member is in the structure of the directory.
 * @type:	The type of the member.
 * @least:	For an unsigned long, the least value.
 * @words:	For an enumeration, a word for each value.
 * @nr_words:	The length of @words.
 * @refused:	A bit for each of @words that is shown, but not taken.
 */
struct damon_file {
	const char *name;
	umode_t mode;
	size_t offset;
	const struct damon_file_type *type;
	unsigned long least;
	const char * const *words;
	unsigned int nr_words;
	unsigned long refused;
};

extern const struct damon_file_type damon_file_bool, damon_file_int, damon_file_uint,
	damon_file_ulong, damon_file_u64, damon_file_text, damon_file_word;

/**
 * DAMON_FILE() - The row of a member whose type tells all.
 * @_name:	Name of the file.
 * @_mode:	Mode of the file.
 * @_place:	The member, of a structure at NULL.  One of a type that has no
 *		&struct damon_file_type does not compile.
 * @...:	More members of the &struct damon_file.
 */
#define DAMON_FILE(_name, _mode, _place, ...)				\
	{								\
		.name = _name,						\
		.mode = _mode,						\
		.offset = (size_t)&(_place),				\
		.type = _Generic(*(typeof(_place) *)NULL,		\
				 bool : &damon_file_bool,		\
				 int : &damon_file_int,			\
				 unsigned int : &damon_file_uint,	\
				 unsigned long : &damon_file_ulong,	\
				 u64 : &damon_file_u64,			\
				 struct damon_text : &damon_file_text),	\
		__VA_ARGS__						\
	}

/**
 * DAMON_WORD_FILE() - The row of an enumeration.
 * @_name:	Name of the file.
 * @_place:	The member.
 * @_words:	An array of words, by the values.
 * @_nr_words:	Its length.
 * @...:	More members of the &struct damon_file.
 */
#define DAMON_WORD_FILE(_name, _place, _words, _nr_words, ...)		\
	{								\
		.name = _name,						\
		.mode = 0600,						\
		.offset = (size_t)&(_place) +				\
			BUILD_BUG_ON_ZERO(sizeof(_place) != sizeof(unsigned int)),	\
		.type = &damon_file_word,				\
		.words = _words,					\
		.nr_words = _nr_words,					\
		__VA_ARGS__						\
	}

/**
 * DAMON_FILE_OF_TYPE() - The row of a file that is no member, but of the whole structure.
 * @_name:	Name of the file.
 * @_mode:	Mode of the file.
 * @_type:	The &struct damon_file_type; its functions get the &struct damon_dir.
 */
#define DAMON_FILE_OF_TYPE(_name, _mode, _type)	\
	{ .name = _name, .mode = _mode, .type = &(_type) }

/**
 * struct damon_dir_list - In a structure: numbered directories, from 0 on.
 * @dirs:	The &struct damon_dir, in their order.
 * @nr:		How many there are.
 * @owner:	The directory whose structure this is in.
 * @kn:		The directory that they are in: @owner or one below.
 */
struct damon_dir_list {
	struct list_head dirs;
	unsigned int nr;
	struct damon_dir *owner;
	struct kernfs_node *kn;
};

/**
 * struct damon_list_kind - What a list consists of.
 * @nr:		The row of the file that says how many there are; without a name, there is
 *		no such file.
 * @elem:	The directories.
 * @max:	Most of them.
 * @begin:	Called before their number changes, without the lock of all directories: return
 *		0, or an error to leave all as it is.  May be NULL.
 * @end:	Called afterwards, unless @begin has returned an error.  May be NULL.
 */
struct damon_list_kind {
	struct damon_file nr;
	const struct damon_dir_kind *elem;
	unsigned int max;
	int (*begin)(void);
	void (*end)(void);
};

extern const struct damon_file_type damon_file_nr;

/**
 * DAMON_LIST() - A list, with a file that says how long it is.
 * @_name:	Name of the file, or NULL.
 * @_place:	The &struct damon_dir_list.
 * @_elem:	The &struct damon_dir_kind of the directories.
 * @_max:	Most of them.
 * @...:	More members of the &struct damon_list_kind.
 */
#define DAMON_LIST(_name, _place, _elem, _max, ...)			\
	(&(const struct damon_list_kind) {				\
		.nr = {							\
			.name = _name,					\
			.mode = 0600,					\
			.offset = (size_t)&(_place),			\
			.type = &damon_file_nr,				\
		},							\
		.elem = &(_elem),					\
		.max = _max,						\
		__VA_ARGS__						\
	})

/**
 * struct damon_subdir - A directory of a fixed name, a part of the same structure.
 * @name:	Its name; NULL ends a table.
 * @kind:	What is in it.
 */
struct damon_subdir {
	const char *name;
	const struct damon_dir_kind *kind;
};

/**
 * struct damon_dir_kind - What is in a directory.
 * @files:	The files, or NULL.
 * @subdirs:	The directories of a fixed name, or NULL.
 * @list:	The numbered directories, or NULL.
 * @size:	Bytes of the structure, whose first member is a &struct damon_dir; 0 for a
 *		directory of a fixed name, and so are all that follow.
 * @values:	Where its values begin: all that is behind is set by @defaults, when the
 *		directory is made, and when the length of the list is written that it is in.
 * @defaults:	A structure with the default values; NULL if all of them are 0.
 * @init:	Called for a new structure.  May be NULL.
 * @reset:	Called when the values are set to their defaults again, and when the
 *		directory is removed.  May be NULL.
 * @remove:	Called when the directory was removed, before @reset; files that are not
 *		locked may still be in use.  May be NULL.
 * @refresh:	Called before a file of the directory, or below, is read.  May be NULL.
 */
struct damon_dir_kind {
	const struct damon_file *files;
	const struct damon_subdir *subdirs;
	const struct damon_list_kind *list;
	size_t size, values;
	const void *defaults;
	void (*init)(struct damon_dir *dir);
	void (*reset)(struct damon_dir *dir);
	void (*remove)(struct damon_dir *dir);
	void (*refresh)(struct damon_dir *dir);
};

/**
 * struct damon_dir - At the beginning of a structure that is a numbered directory.
 * @kind:	What is in it.
 * @list:	Node in the list that it belongs to.
 * @gone:	It was removed; under the lock of all directories.
 */
struct damon_dir {
	const struct damon_dir_kind *kind;
	struct list_head list;
	bool gone;

	/* private: */
	struct kref ref;
	struct damon_dir *parent;
	struct kernfs_node *kn;
};

/**
 * damon_dirs_lock() - Take the lock of all directories.
 *
 * It protects all structures that have a directory, but for what is behind files that are
 * not locked.  Nobody holds it for long.
 *
 * Context: May sleep.
 * Return: 0, or -EINTR when the caller was killed.
 */
int damon_dirs_lock(void);

/**
 * damon_dirs_lock_always() - The same, for what is to be done also when the caller was killed.
 *
 * Context: May sleep.
 */
void damon_dirs_lock_always(void);

/**
 * damon_dirs_unlock() - Give back the lock of all directories.
 */
void damon_dirs_unlock(void);

/**
 * damon_list_resize() - Set how many directories there are, with their default values.
 * @list:	The list.
 * @kind:	What it consists of.
 * @nr:		Their number.
 *
 * Context: May sleep; the lock of all directories is held.
 * Return: 0, or -ENOMEM, or -EINTR when the caller was killed; then nothing has changed.
 */
int damon_list_resize(struct damon_dir_list *list, const struct damon_list_kind *kind,
		      unsigned int nr);

/**
 * damon_list_for_each() - Visit the structures of a list.
 * @pos:	A pointer to such a structure, whose first member is the &struct damon_dir dir.
 * @head:	The list.
 */
#define damon_list_for_each(pos, head) \
	list_for_each_entry(pos, &(head)->dirs, dir.list)

/**
 * damon_dir_add_root() - Make the first directory of all.
 * @parent:	The directory that it is made in.
 * @name:	Its name.
 * @kind:	What is in it.
 *
 * Context: May sleep.
 * Return: Its structure, or ERR_PTR() of an error.
 */
struct damon_dir *damon_dir_add_root(struct kernfs_node *parent, const char *name,
				     const struct damon_dir_kind *kind);

#endif /* _MM_DAMON_DIR_H */
