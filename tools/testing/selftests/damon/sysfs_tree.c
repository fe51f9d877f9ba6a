// SPDX-License-Identifier: GPL-2.0
/*
 * The promise: the sysfs files are those of the documents, with their modes and defaults.
 *
 * The documents are looked for in the directory of the environment variable DAMON_DOCUMENTS,
 * which is Documentation/ of the kernel's source.
 */
#include <ctype.h>

#include "damon_test.h"

NEEDS_SYSFS;

#define ABI	"ABI/testing/sysfs-kernel-mm-damon"
#define USAGE	"admin-guide/mm/damon/usage.rst"
#define ROOT	"/sys/kernel/mm/damon/admin/"

#define MAX_FILES	256
#define MAX_PATH	256

/* The default as one line; empty if unknown. */
struct file {
	char path[MAX_PATH], value[64];
	unsigned int mode;
};

struct tree {
	int nr;
	struct file file[MAX_FILES];
};

static struct file *add_file(struct tree *t, const char *path, unsigned int mode)
{
	struct file *f = &t->file[t->nr];

	if (t->nr == MAX_FILES - 1)
		return f;
	t->nr++;
	snprintf(f->path, sizeof(f->path), "%.255s", path);
	f->mode = mode;
	return f;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static FILE *open_document(const char *name)
{
	const char *dir = getenv("DAMON_DOCUMENTS");
	char path[512];

	if (!dir)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return fopen(path, "r");
}

/* Paths, and behind the last of them the mode and the value: (0600, "stat") */
static void read_abi(struct tree *t, FILE *document)
{
	char line[512], path[MAX_PATH], value[64];
	int first = 0, i;
	unsigned int mode;

	while (fgets(line, sizeof(line), document)) {
		if (sscanf(line, "What: " ROOT "%255s", path) == 1)
			add_file(t, path, 0);
		if (strncmp(line, "Description:", 12))
			continue;
		*value = '\0';
		if (sscanf(line, "Description: (%o, \"%63[^\"]", &mode, value) < 1)
			mode = 0;
		for (i = first; i < t->nr; i++) {
			t->file[i].mode = mode;
			strcpy(t->file[i].value, value);
		}
		first = t->nr;
	}
}

/* Lines of a directory and files, indented by two blanks at each level, or files only. */
static void read_usage(struct tree *t, FILE *document)
{
	char line[256], path[160] = "", *word;
	size_t ends[32] = { };
	bool found = false;

	while (fgets(line, sizeof(line), document)) {
		int depth = strspn(line, " ");

		if (!found || *line == '\n') {
			found |= strstr(line, "   " ROOT "\n") == line;
			if (found && *line == '\n' && t->nr)
				break;
			continue;
		}
		word = strtok(line, "\n ");
		depth = (depth - 5) / 2;
		if (word && depth < 31 && word[strlen(word) - 1] == '/') {
			snprintf(path + ends[depth], sizeof(path) - ends[depth], "%s", word);
			ends[depth + 1] = strlen(path);
			word = strtok(NULL, "\n ");
		}
		for (; word; word = strtok(NULL, "\n ")) {
			size_t len = strlen(path);
			bool read_only = *word == '(';

			word[strcspn(word, ")")] = '\0';
			snprintf(path + len, sizeof(path) - len, "%s", word + read_only);
			add_file(t, path, read_only ? 0400 : 0600);
			path[len] = '\0';
		}
	}
}

/* The letter that the documents have for a number in this directory. */
static char letter_of(const char *dir)
{
	static const struct {
		const char *dir;
		char letter;
	} letters[] = {
		{ "kdamonds", 'K' }, { "contexts", 'C' }, { "probes", 'P' }, { "filters", 'F' },
		{ "core_filters", 'F' }, { "ops_filters", 'F' }, { "targets", 'T' },
		{ "regions", 'R' }, { "tried_regions", 'R' }, { "schemes", 'S' },
		{ "goals", 'G' }, { "dests", 'D' },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(letters); i++)
		if (!strcmp(dir, letters[i].dir))
			return letters[i].letter;
	return '?';
}

/* The name of the last directory of a path that ends with a slash. */
static void last_name(char *name, const char *path)
{
	const char *end = path + strlen(path) - 1, *begin = end;

	while (begin > path && begin[-1] != '/')
		begin--;
	snprintf(name, MAX_PATH, "%.*s", (int)(end - begin), begin);
}

/* As one line, and of numbers that this test has written, the default. */
static void read_value(struct file *f, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	char *c;

	if (read_text(path, f->value, sizeof(f->value)))
		strcpy(f->value, "unreadable");
	if (!strncmp(name, "nr_", 3) && !strcmp(f->value, "1\n"))
		strcpy(f->value, "0");
	for (c = f->value; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ' ' : '\0';
}

/* @dir is below ROOT, and @shown is how the documents write it. */
static void read_sysfs(struct tree *t, const char *shown, const char *dir)
{
	char path[MAX_PATH], name[MAX_PATH], full[2 * MAX_PATH];
	struct dirent *entry;
	struct stat st;
	DIR *d;

	snprintf(full, sizeof(full), ROOT "%s", dir);
	d = opendir(full);
	while (d && (entry = readdir(d))) {
		const char *word = entry->d_name;
		char letter[4];

		if (*word == '.')
			continue;
		snprintf(path, sizeof(path), "%.160s%.60s", dir, word);
		snprintf(full, sizeof(full), ROOT "%s", path);
		if (isdigit(*word)) {
			last_name(name, dir);
			snprintf(letter, sizeof(letter), "<%c>", letter_of(name));
			word = letter;
		}
		snprintf(name, sizeof(name), "%.160s%.60s", shown, word);
		if (entry->d_type == DT_DIR) {
			strcat(path, "/");
			strcat(name, "/");
			read_sysfs(t, name, path);
		} else if (!stat(full, &st)) {
			read_value(add_file(t, name, st.st_mode & 07777), full);
		}
	}
	if (d)
		closedir(d);
}

FIXTURE(tree) {
	struct tree abi, usage, booted;
	struct work *w;
};

/* One of each directory. */
static int make_all(void)
{
	static const char * const numbers[] = {
		"monitoring_attrs/probes/nr_probes", "monitoring_attrs/probes/0/filters/nr_filters",
		"targets/0/regions/nr_regions", "schemes/0/quotas/goals/nr_goals",
		"schemes/0/core_filters/nr_filters", "schemes/0/ops_filters/nr_filters",
		"schemes/0/filters/nr_filters", "schemes/0/dests/nr_dests",
	};
	char path[128];
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(numbers) && !err; i++) {
		snprintf(path, sizeof(path), "0/contexts/0/%s", numbers[i]);
		err = sysfs_write(path, "1");
	}
	return err;
}

FIXTURE_SETUP(tree)
{
	FILE *abi = open_document(ABI), *usage = open_document(USAGE);

	if (!abi || !usage)
		SKIP(return, "DAMON_DOCUMENTS is not set, or has no documents");
	read_abi(&self->abi, abi);
	read_usage(&self->usage, usage);
	fclose(abi);
	fclose(usage);
	qsort(self->abi.file, self->abi.nr, sizeof(struct file), compare);
	qsort(self->usage.file, self->usage.nr, sizeof(struct file), compare);

	ASSERT_EQ(0, sysfs_reset());
	ASSERT_EQ(0, sysfs_make(1));
	ASSERT_EQ(0, sysfs_write("0/contexts/0/operations", "paddr"));
	ASSERT_EQ(0, sysfs_target(0));
	ASSERT_EQ(0, sysfs_schemes(1));
	/* With a probe, to have all files of a region that was tried; then all is as it was. */
	ASSERT_EQ(0, sysfs_write("0/contexts/0/monitoring_attrs/probes/nr_probes", "1"));
	ASSERT_EQ(0, sysfs_write("0/state", "on"));
	ASSERT_EQ(0, sysfs_write("0/state", "update_schemes_tried_regions"));
	read_sysfs(&self->booted, "", "");
	ASSERT_EQ(0, sysfs_reset());
}

FIXTURE_TEARDOWN(tree)
{
	sysfs_reset();
}

/* Files of regions that were tried, once. */
static void drop_doubles(struct tree *t)
{
	int i, nr = 0;

	qsort(t->file, t->nr, sizeof(struct file), compare);
	for (i = 0; i < t->nr; i++)
		if (!nr || strcmp(t->file[nr - 1].path, t->file[i].path))
			t->file[nr++] = t->file[i];
	t->nr = nr;
}

/* Files that are in @a and not in @b, or have another mode there, or another value. */
static int nr_missing(const struct tree *a, const struct tree *b, bool values)
{
	int i, nr = 0;

	for (i = 0; i < a->nr; i++) {
		const struct file *f = &a->file[i];
		const struct file *g = bsearch(f, b->file, b->nr, sizeof(*f), compare);

		if (g && f->mode == g->mode && (!values || !strcmp(f->value, g->value)))
			continue;
		printf("# %s: %o '%s', %s %o '%s'\n", f->path, f->mode, f->value,
		       g ? "and" : "none", g ? g->mode : 0, g ? g->value : "");
		nr++;
	}
	return nr;
}

TEST_F(tree, documents_and_kernel_have_the_same_files_and_modes)
{
	struct tree with_values = { };

	drop_doubles(&self->booted);
	EXPECT_LT(100, self->abi.nr);
	EXPECT_EQ(0, nr_missing(&self->abi, &self->usage, false));
	EXPECT_EQ(0, nr_missing(&self->usage, &self->abi, false));

	/* Without a region that was tried, and with their defaults, all others. */
	ASSERT_EQ(0, sysfs_make(1));
	ASSERT_EQ(0, sysfs_write("0/contexts/0/targets/nr_targets", "1"));
	ASSERT_EQ(0, sysfs_write("0/contexts/0/schemes/nr_schemes", "1"));
	ASSERT_EQ(0, make_all());
	read_sysfs(&with_values, "", "");
	qsort(with_values.file, with_values.nr, sizeof(struct file), compare);
	TH_LOG("%d files, of which %d are there without results", self->abi.nr, with_values.nr);
	EXPECT_EQ(0, nr_missing(&with_values, &self->abi, true));
	EXPECT_EQ(self->abi.nr, with_values.nr + 6);
	EXPECT_EQ(0, nr_missing(&self->booted, &self->abi, false));
}

TEST_HARNESS_MAIN
