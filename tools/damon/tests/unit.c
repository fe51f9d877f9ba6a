// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the parts that need no kernel: units, snapshots put together from
 * events, the companion file, processes, ranges and nodes, names of addresses,
 * files of settings.
 *
 * Prints a line for each test and ends with 1 if one failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "assemble.h"
#include "damonctl.h"
#include "debugfs.h"
#include "meta.h"
#include "names.h"
#include "output.h"
#include "recording.h"
#include "scope.h"
#include "target.h"
#include "units.h"

static int nr_failed;
static bool test_ok;

#define CHECK(cond) do {						\
	if (!(cond)) {							\
		printf("# line %d: %s\n", __LINE__, #cond);		\
		test_ok = false;					\
	}								\
} while (0)

static void units_are_parsed(void)
{
	static const struct {
		const char *text;
		uint64_t bare;
		uint64_t ns;
	} good[] = {
		{ "5ms", 1000, 5000000 }, { "100us", 1000, 100000 },
		{ "1s", 0, NS_PER_SEC }, { "1.5s", 0, 1500000000 },
		{ "250", 1000, 250000 }, { "0", 0, 0 }, { "2m", 0, 120 * NS_PER_SEC },
		{ "1H", 0, 3600 * NS_PER_SEC }, { "7ns", 0, 7 },
		{ "18446744073709551615ns", 0, UINT64_MAX },
	};
	static const char * const bad[] = {
		"", " 1s", "1s ", "-1s", "+1s", "1 s", "s", "1x", "1.s", ".5s",
		"1.5", "1e3s", "18446744073709551616ns", "18446744073709551615us",
		"0x10s", "1sms",
	};
	uint64_t ns;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		ns = 1;
		CHECK(parse_time(good[i].text, good[i].bare, &ns));
		CHECK(ns == good[i].ns);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ns = 42;
		CHECK(!parse_time(bad[i], 1000, &ns) && ns == 42);
	}
	CHECK(!parse_time("10", 0, &ns));
}

static void sizes_and_ranges_are_parsed(void)
{
	uint64_t a, b;

	CHECK(parse_size("64K", &a) && a == 65536);
	CHECK(parse_size("1m", &a) && a == 1 << 20);
	CHECK(parse_size("2.5G", &a) && a == UINT64_C(5) << 29);
	CHECK(parse_size("512", &a) && a == 512);
	CHECK(!parse_size("16777216T", &a));
	CHECK(parse_range("1000-0x2000", &a, &b) && a == 0x1000 && b == 0x2000);
	CHECK(parse_range("7f00+64K", &a, &b) && b == 0x7f00 + 65536);
	CHECK(parse_range("0-ffffffffffffffff", &a, &b) && b == UINT64_MAX);
	CHECK(!parse_range("0-10000000000000000", &a, &b));
	CHECK(!parse_range("ffffffffffffffff+1", &a, &b));
	CHECK(!parse_range("2-1", &a, &b) && !parse_range("1-1", &a, &b));
	CHECK(!parse_range("1", &a, &b) && !parse_range("1-2x", &a, &b));
	CHECK(parse_number("20", 20, &a) && a == 20);
	CHECK(!parse_number("21", 20, &a) && !parse_number("2x", 20, &a));
}

static void units_are_printed(void)
{
	char buf[UNITS_LEN];

	CHECK(!strcmp(format_size(0, buf), "0B"));
	CHECK(!strcmp(format_size(1023, buf), "1023B"));
	CHECK(!strcmp(format_size(65536, buf), "64.0K"));
	CHECK(!strcmp(format_size((1 << 20) - 1, buf), "1.00M"));
	CHECK(!strcmp(format_size(UINT64_C(1) << 30, buf), "1.00G"));
	CHECK(!strcmp(format_size(UINT64_MAX, buf), "16384P"));
	CHECK(!strcmp(format_time(0, buf), "0s"));
	CHECK(!strcmp(format_time(5 * NS_PER_MS, buf), "5ms"));
	CHECK(!strcmp(format_time(1250 * NS_PER_MS, buf), "1.25s"));
	CHECK(!strcmp(format_time(200 * NS_PER_SEC, buf), "3m20s"));
	CHECK(!strcmp(format_time(3660 * NS_PER_SEC, buf), "1h01m"));
}

/* An assembler over a file in memory. */
struct fixture {
	char *text;
	size_t len;
	FILE *f;
	struct assembler as;
};

static const uint64_t ids[] = { 11, 22 };

static void begin(struct fixture *fx, uint32_t nr_targets)
{
	fx->f = open_memstream(&fx->text, &fx->len);
	assembler_init(&fx->as, fx->f, ids, nr_targets, 10);
}

static void event(struct fixture *fx, uint64_t t, uint64_t target,
		  uint32_t nr_regions, uint64_t start)
{
	struct aggregated a = { .time_ns = t, .target = target,
				.nr_regions = nr_regions, .start = start,
				.end = start + 10, .nr_accesses = 7 };

	assembler_add(&a, &fx->as);
}

static void lossy(struct fixture *fx, uint64_t t, uint64_t target,
		  uint32_t nr_regions, uint64_t start)
{
	struct aggregated a = { .time_ns = t, .target = target,
				.nr_regions = nr_regions, .start = start,
				.end = start + 10, .after_loss = true };

	assembler_add(&a, &fx->as);
}

static void finish(struct fixture *fx)
{
	assembler_finish(&fx->as);
	fflush(fx->f);
}

static void end(struct fixture *fx)
{
	assembler_fini(&fx->as);
	fclose(fx->f);
	free(fx->text);
}

static void snapshots_have_the_classic_bytes(void)
{
	static const unsigned char expected[] = {
		2, 0, 0, 0, 0, 0, 0, 0,  5, 0, 0, 0, 0, 0, 0, 0,  2, 0, 0, 0,
		11, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0,
		22, 0, 0, 0, 0, 0, 0, 0,  1, 0, 0, 0,
		100, 0, 0, 0, 0, 0, 0, 0,  110, 0, 0, 0, 0, 0, 0, 0,  7, 0, 0, 0,
	};
	struct fixture fx;

	begin(&fx, 2);
	event(&fx, 2 * NS_PER_SEC + 5, 1, 1, 100);
	finish(&fx);
	CHECK(fx.len == sizeof(expected));
	CHECK(fx.len == sizeof(expected) &&
	      !memcmp(fx.text, expected, sizeof(expected)));
	end(&fx);
}

static void snapshots_are_told_apart(void)
{
	struct fixture fx;
	int i;

	begin(&fx, 2);
	for (i = 0; i < 3; i++) {
		event(&fx, 100 + i, 0, 2, 100);
		event(&fx, 100 + i, 0, 2, 200);
		event(&fx, 100 + i, 1, 1, 50);
	}
	/* One region that stays where it is starts a snapshot each time. */
	event(&fx, 200, 1, 1, 50);
	event(&fx, 201, 1, 1, 50);
	finish(&fx);
	CHECK(fx.as.nr_snapshots == 5 && !fx.as.nr_missing);
	CHECK(fx.as.first_ns == 100 && fx.as.last_ns == 201);
	CHECK(fx.len == 3 * (20 + 24 + 60) + 2 * (20 + 24 + 20));
	end(&fx);
}

static void broken_snapshots_are_left_out(void)
{
	struct fixture fx;

	begin(&fx, 1);
	/* A missing end, a missing beginning, one that is whole. */
	event(&fx, 1, 0, 3, 100);
	event(&fx, 1, 0, 3, 200);
	lossy(&fx, 2, 0, 3, 300);
	event(&fx, 3, 0, 2, 100);
	event(&fx, 3, 0, 2, 200);
	/* Halves of two snapshots that would fit together. */
	event(&fx, 4, 0, 2, 100);
	lossy(&fx, 5, 0, 2, 200);
	finish(&fx);
	CHECK(fx.as.nr_snapshots == 1);
	CHECK(fx.as.first_ns == 3);
	end(&fx);
}

static void lost_snapshots_are_counted(void)
{
	struct fixture fx;

	begin(&fx, 1);
	event(&fx, 100, 0, 1, 100);
	/* Late without a loss: the worker's. */
	event(&fx, 125, 0, 1, 100);
	/* One is broken, and before it two were never seen. */
	lossy(&fx, 155, 0, 2, 100);
	event(&fx, 164, 0, 1, 100);
	/* One is whole, but those before it were never seen. */
	lossy(&fx, 194, 0, 2, 300);
	event(&fx, 204, 0, 1, 100);
	event(&fx, 214, 0, 1, 100);
	finish(&fx);
	CHECK(fx.as.nr_snapshots == 5 && fx.as.nr_missing == 3 + 3);
	end(&fx);
}

static void lost_beginning_breaks_a_snapshot(void)
{
	struct fixture fx;

	/* Target 0 may have had regions, whose events are gone. */
	begin(&fx, 2);
	lossy(&fx, 1, 1, 1, 100);
	event(&fx, 2, 0, 1, 50);
	event(&fx, 2, 1, 1, 100);
	finish(&fx);
	CHECK(fx.as.nr_snapshots == 1);
	CHECK(fx.as.first_ns == 2);
	end(&fx);
}

static bool is_named(const struct names *n, size_t i, uint64_t start,
		     uint64_t end, int32_t node, const char *name)
{
	return i < n->nr && n->a[i].start == start && n->a[i].end == end &&
	       n->a[i].node == node && !strcmp(n->a[i].name, name);
}

static bool add_name(struct names *n, uint64_t start, uint64_t end,
		     int32_t node, char *name)
{
	struct named area = { start, end, 0, FOREVER, node, name };

	return names_add(n, &area);
}

static void companion_is_read_as_written(const char *dir)
{
	char *command[] = { "a b", "\"\\\n", NULL };
	uint64_t pids[] = { 1, 4194304 };
	char names[2][META_NAME_LEN] = { "x", "<y>&" }, path[300], name[310];
	struct names mappings[2] = { 0 };
	struct meta in = { .attrs = { 1, 2, 3, 4, 5 }, .size = 99,
			   .nr_snapshots = 6, .nr_lost = 7, .start = 1234567890,
			   .command = command, .kind = SCOPE_FVADDR, .ids = pids,
			   .names = names, .nr_ids = 2, .mappings = mappings };
	struct meta out;
	FILE *f;

	snprintf(path, sizeof(path), "%s/meta", dir);
	snprintf(name, sizeof(name), "%s.json", path);
	CHECK(meta_read(path, 99, &out) == META_ABSENT);
	CHECK(add_name(&mappings[1], 0x1000, 0x3000, NO_NODE, "\"\\ [heap]"));
	CHECK(names_add(&mappings[1], &(struct named){ 0x2000, 0x4000, 5, 9, NO_NODE, "b" }));
	mappings[1].known_ns = 3;
	f = fopen(name, "w");
	CHECK(f && meta_write(f, &in) && !fclose(f));
	names_free(&mappings[1]);
	CHECK(meta_read(path, 98, &out) == META_BAD);
	CHECK(meta_read(path, 99, &out) == META_FOUND);
	CHECK(!memcmp(&in.attrs, &out.attrs, sizeof(in.attrs)));
	CHECK(out.nr_snapshots == 6 && out.nr_lost == 7 && out.start == in.start);
	CHECK(out.kind == SCOPE_FVADDR && !out.all_nodes);
	CHECK(out.nr_ids == 2 && out.ids[1] == pids[1]);
	CHECK(out.nr_ids == 2 && !strcmp(out.names[1], names[1]));
	CHECK(out.nr_ids == 2 && !meta_names(&out, 0)->nr &&
	      is_named(meta_names(&out, 1), 0, 0x1000, 0x3000, NO_NODE, "\"\\ [heap]"));
	CHECK(out.nr_ids == 2 && out.mappings[1].known_ns == 3 &&
	      out.mappings[1].a[0].from_ns == 0 && out.mappings[1].a[0].to_ns == FOREVER &&
	      is_named(&out.mappings[1], 1, 0x2000, 0x4000, NO_NODE, "b") &&
	      out.mappings[1].a[1].from_ns == 5 && out.mappings[1].a[1].to_ns == 9);
	CHECK(out.command && !strcmp(out.command[1], command[1]) &&
	      !out.command[2]);
	meta_free(&out);
	CHECK(!truncate(name, 40) && meta_read(path, 99, &out) == META_BAD);
	unlink(name);
}

/* Writes and reads one; false if it was not taken back. */
static bool pass_on(const char *dir, const struct meta *in, struct meta *out)
{
	char path[300], name[310];
	bool ok;
	FILE *f;

	snprintf(path, sizeof(path), "%s/pass", dir);
	snprintf(name, sizeof(name), "%s.json", path);
	f = fopen(name, "w");
	ok = f && meta_write(f, in) && !fclose(f) &&
	     meta_read(path, in->size, out) == META_FOUND;
	unlink(name);
	return ok;
}

static void companion_tells_nodes_and_memory(const char *dir)
{
	uint64_t nodes[] = { 3, 0 };
	struct meta in = { .attrs = { 1, 2, 3, 4, 5 }, .kind = SCOPE_PADDR,
			   .ids = nodes, .nr_ids = 2 };
	struct meta out;

	CHECK(add_name(&in.memory, 0x1000, 0x9f000, 0, "System RAM"));
	CHECK(add_name(&in.memory, 0x9f000, 0xa0000, NO_NODE, "System RAM"));
	CHECK(pass_on(dir, &in, &out));
	CHECK(out.kind == SCOPE_PADDR && !out.all_nodes && out.nr_ids == 2);
	CHECK(out.nr_ids == 2 && out.ids[0] == 3 && out.ids[1] == 0);
	CHECK(out.nr_ids == 2 && meta_names(&out, 0)->nr == 2 &&
	      is_named(meta_names(&out, 1), 0, 0x1000, 0x9f000, 0, "System RAM") &&
	      is_named(meta_names(&out, 1), 1, 0x9f000, 0xa0000, NO_NODE, "System RAM"));
	meta_free(&out);
	in.all_nodes = true;
	in.nr_ids = 1;
	CHECK(pass_on(dir, &in, &out));
	CHECK(out.all_nodes && out.nr_ids == 1 && out.ids[0] == REC_ALL_NODES);
	meta_free(&out);
	names_free(&in.memory);
}

/* As many mappings as a process may have, of a name that grows when escaped. */
static void companion_stays_readable(const char *dir)
{
	uint64_t pids[4] = { 1, 2, 3, 4 }, i, k;
	char names[4][META_NAME_LEN] = { "" }, long_name[600];
	struct names mappings[4] = { 0 };
	struct meta in = { .attrs = { 1, 2, 3, 4, 5 }, .ids = pids, .nr_ids = 4,
			   .names = names, .mappings = mappings };
	struct meta out;

	memset(long_name, '"', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	for (i = 0; i < 4; i++) {
		for (k = 0; k < 65530; k++)
			add_name(&mappings[i], k * 8192, k * 8192 + 4096,
				 NO_NODE, i ? "short" : long_name);
	}
	CHECK(pass_on(dir, &in, &out));
	CHECK(out.nr_ids == 4 && meta_names(&out, 0)->nr > 1000);
	/* What was not written is not taken for holes. */
	CHECK(out.nr_ids == 4 && out.mappings[0].nr < 65530 &&
	      out.mappings[0].known_ns > INT64_MAX / 2);
	meta_free(&out);
	for (i = 0; i < 4; i++)
		names_free(&mappings[i]);
}

static void files_appear_only_when_complete(const char *dir)
{
	char path[300], command[340];
	struct output o;
	struct stat st;

	snprintf(path, sizeof(path), "%s/out", dir);
	CHECK(output_open(&o, path, 0600));
	CHECK(access(path, F_OK));
	fputs("x", o.f);
	CHECK(output_finish(&o) && output_commit(&o));
	output_close(&o);
	CHECK(!stat(path, &st) && st.st_size == 1 && (st.st_mode & 0777) == 0600);
	/* One that is given up leaves the old file alone, and nothing else. */
	CHECK(output_open(&o, path, 0600));
	fputs("yy", o.f);
	output_close(&o);
	CHECK(!stat(path, &st) && st.st_size == 1);
	snprintf(command, sizeof(command), "test $(ls %s | wc -l) = 1", dir);
	CHECK(!system(command));
	unlink(path);
	CHECK(!output_open(&o, "/dev/null", 0600));
	CHECK(!output_open(&o, "/nonexistent/file", 0600));
	CHECK(!output_open(&o, dir, 0600));
}

static int wait_for_end(struct targets *t)
{
	struct timespec ts = { .tv_nsec = 10000000 };
	int i;

	for (i = 0; i < 1000 && !targets_ended(t); i++)
		nanosleep(&ts, NULL);
	return i < 1000;
}

static void command_starts_halted(void)
{
	char *yes[] = { "sh", "-c", "exit 3", NULL };
	char *no[] = { "/nonexistent/command", NULL };
	char *variable[] = { "LC_ALL=C", "true", NULL };
	char name[META_NAME_LEN];
	struct targets t = { 0 };
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	CHECK(!targets_start(&t, no, &mask) && !t.started);
	CHECK(!targets_start(&t, variable, &mask) && !t.started);
	CHECK(targets_start(&t, yes, &mask));
	process_name(t.pids[0], name);
	CHECK(!strcmp(name, "sh"));
	usleep(100000);
	CHECK(!targets_ended(&t));
	CHECK(targets_release(&t) && wait_for_end(&t));
	CHECK(!t.started && WIFEXITED(t.status) && WEXITSTATUS(t.status) == 3);
	CHECK(!t.forked);
	targets_close(&t);
}

static void children_are_noticed(void)
{
	char *waits[] = { "sh", "-c", "/bin/true; exit 0", NULL };
	char *leaves[] = { "sh", "-c", "sleep 1 & exit 0", NULL };
	char *has[] = { "sh", "-c", "sleep 100; exit 0", NULL };
	struct targets t = { 0 };
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	CHECK(targets_start(&t, waits, &mask) && targets_release(&t) &&
	      wait_for_end(&t) && t.forked);
	targets_close(&t);
	t = (struct targets){ 0 };
	CHECK(targets_start(&t, leaves, &mask) && targets_release(&t) &&
	      wait_for_end(&t) && t.forked);
	targets_close(&t);
	t = (struct targets){ 0 };
	CHECK(targets_start(&t, has, &mask) && targets_release(&t));
	usleep(200000);
	targets_end(&t, SIGTERM);
	CHECK(t.forked);
	targets_close(&t);
}

static void command_is_ended(void)
{
	char *polite[] = { "sleep", "100", NULL };
	char *deaf[] = { "sh", "-c", "trap '' TERM; sleep 100; :", NULL };
	char *family[] = { "sh", "-c", NULL, NULL };
	char line[80], search[80];
	struct targets t = { 0 };
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	CHECK(targets_start(&t, polite, &mask) && targets_release(&t));
	targets_end(&t, SIGTERM);
	CHECK(!t.started && WIFSIGNALED(t.status) && WTERMSIG(t.status) == SIGTERM);
	targets_close(&t);
	CHECK(targets_start(&t, polite, &mask));
	targets_end(&t, SIGTERM);
	CHECK(!t.started && WTERMSIG(t.status) == SIGKILL);
	targets_close(&t);
	CHECK(targets_start(&t, deaf, &mask) && targets_release(&t));
	usleep(200000);
	targets_end(&t, SIGTERM);
	CHECK(!t.started && WTERMSIG(t.status) == SIGKILL);
	targets_close(&t);
	/* A time that is only ours, so that it can be looked for. */
	snprintf(line, sizeof(line), "sh -c 'sleep 9%d; :'; :", getpid());
	snprintf(search, sizeof(search), "pgrep -fx 'sleep 9%d' >/dev/null",
		 getpid());
	family[2] = line;
	CHECK(targets_start(&t, family, &mask) && targets_release(&t));
	usleep(200000);
	targets_end(&t, SIGTERM);
	CHECK(!t.started && WTERMSIG(t.status) == SIGTERM);
	CHECK(system(search));
	targets_close(&t);
}

static void pids_are_checked(void)
{
	struct targets t = { 0 };
	char self[16];

	CHECK(targets_parse(&t, "1,2,4194303") && t.nr == 3 && t.pids[2] == 4194303);
	CHECK(!targets_parse(&t, "") && !targets_parse(&t, "1,") &&
	      !targets_parse(&t, ",1") && !targets_parse(&t, "1,1") &&
	      !targets_parse(&t, "0") && !targets_parse(&t, "-1") &&
	      !targets_parse(&t, "x") && !targets_parse(&t, "99999999999"));
	CHECK(targets_parse(&t, "2147483647") && !targets_open(&t));
	targets_close(&t);
	snprintf(self, sizeof(self), "%d", getpid());
	CHECK(targets_parse(&t, self) && targets_open(&t) && !targets_ended(&t));
	targets_close(&t);
}

static void ranges_are_checked(void)
{
	struct scope s = { .kind = SCOPE_FVADDR };
	pid_t pids[] = { 12, 34 };
	char *text, range[40];
	int i;

	CHECK(!scope_add_range(&s, "0x5000-0x6000"));
	CHECK(!scope_add_range(&s, "1000+8K"));
	/* Those that touch, and parts of pages beside a whole one. */
	CHECK(!scope_add_range(&s, "3000-0x4001"));
	CHECK(scope_add_range(&s, "4800-57ff") && scope_add_range(&s, "5fff-8000") &&
	      scope_add_range(&s, "0-10000") && scope_add_range(&s, "5000-6000") &&
	      scope_add_range(&s, "2000-3000"));
	CHECK(scope_add_range(&s, "9000-8000") && scope_add_range(&s, "9000-9000") &&
	      scope_add_range(&s, "9000-9fff") && scope_add_range(&s, "9001-affe") &&
	      scope_add_range(&s, "9000+0") && scope_add_range(&s, "x") &&
	      scope_add_range(&s, "9000-") && scope_add_range(&s, ""));
	CHECK(s.nr_ranges == 3);
	text = scope_regions(&s, 2);
	CHECK(text && !strcmp(text, "0 4096 12288\n0 12288 16385\n0 20480 24576\n"
			      "1 4096 12288\n1 12288 16385\n1 20480 24576\n"));
	free(text);
	text = scope_targets(&s, pids, 2);
	CHECK(text && !strcmp(text, "fvaddr 12 34\n"));
	free(text);
	for (i = 3; i <= MAX_RANGES; i++) {
		snprintf(range, sizeof(range), "%x+4K", i << 16);
		CHECK(!scope_add_range(&s, range) == (i < MAX_RANGES));
	}
}

static void nodes_are_checked(void)
{
	struct scope s = { .kind = SCOPE_PADDR };
	pid_t pid = 12;
	char *text;

	text = scope_targets(&s, &pid, 1);
	CHECK(text && !strcmp(text, "paddr\n"));
	free(text);
	CHECK(!scope_add_node(&s, "1") && !scope_add_node(&s, "0"));
	CHECK(scope_add_node(&s, "1") && scope_add_node(&s, "-1") &&
	      scope_add_node(&s, "") && scope_add_node(&s, "0x2") &&
	      scope_add_node(&s, "2147483648"));
	text = scope_targets(&s, NULL, 0);
	CHECK(text && !strcmp(text, "paddr 1 0\n"));
	free(text);
	s = (struct scope){ 0 };
	text = scope_targets(&s, &pid, 1);
	CHECK(text && !strcmp(text, "12\n"));
	free(text);
	text = scope_regions(&s, 1);
	CHECK(text && !*text);
	free(text);
}

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (f) {
		fputs(text, f);
		fclose(f);
	}
}

static bool file_begins(const struct debugfs *d, const char *name,
			const char *text)
{
	char *got = debugfs_read(d, NULL, name);
	bool same = got && !strncmp(got, text, strlen(text));

	free(got);
	return same;
}

/* Plain files keep what a shorter write leaves; the beginning is compared. */
static void settings_are_restored(const char *dir)
{
	struct settings s = { 0 }, new = { "1 2 3 4 5\n", "12 34\n", "" };
	struct debugfs d = { .path = (char *)dir };
	struct attrs got;

	d.fd = open(dir, O_RDONLY | O_DIRECTORY);
	put_file(dir, "attrs", "5000 100000 1000000 10 1000\n");
	put_file(dir, "target_ids", "1 2\n");
	put_file(dir, "init_regions", "0 10 20\n");
	CHECK(debugfs_save(&d, &s));
	CHECK(debugfs_set(&d, &new));
	CHECK(file_begins(&d, "target_ids", "12 34\n"));
	CHECK(file_begins(&d, "attrs", "1 2 3 4 5\n"));
	new.init_regions = "1 30 40\n";
	CHECK(debugfs_set(&d, &new));
	CHECK(file_begins(&d, "init_regions", "1 30 40\n"));
	CHECK(debugfs_restore(&d, &s));
	CHECK(file_begins(&d, "attrs", "5000 100000 1000000 10 1000\n"));
	CHECK(file_begins(&d, "target_ids", "1 2\n"));
	CHECK(file_begins(&d, "init_regions", "0 10 20\n"));
	/* A target that is gone: no list, and no regions for its indices. */
	put_file(dir, "init_regions", "new\n");
	strcpy(s.target_ids, "1 0");
	CHECK(debugfs_restore(&d, &s));
	CHECK(file_begins(&d, "target_ids", "\n"));
	CHECK(file_begins(&d, "init_regions", "new\n"));
	strcpy(s.target_ids, "fvaddr 0");
	CHECK(debugfs_restore(&d, &s) && file_begins(&d, "target_ids", "\n"));
	CHECK(file_begins(&d, "init_regions", "new\n"));
	/* Node 0 is none that is gone. */
	free(s.target_ids);
	s.target_ids = strdup("paddr 0 1\n");
	CHECK(debugfs_restore(&d, &s) && file_begins(&d, "target_ids", "paddr 0 1\n"));
	CHECK(file_begins(&d, "init_regions", "0 10 20\n"));
	CHECK(debugfs_parse_attrs(s.attrs, &got) && got.max_regions == 1000);
	debugfs_free_settings(&s);
	CHECK(!debugfs_save(&(struct debugfs){ .path = "x", .fd = -1 }, &s));
	put_file(dir, "kdamond_pid", "none\n");
	CHECK(debugfs_worker(&d, NULL) == 0);
	put_file(dir, "kdamond_pid", "77\n");
	CHECK(debugfs_worker(&d, NULL) == 77);
	close(d.fd);
}

static void mappings_are_named(const char *dir)
{
	char path[300];
	struct names n = { 0 };
	int ends[2];

	snprintf(path, sizeof(path), "%s/maps", dir);
	put_file(dir, "maps",
		 "1000-2000 r--p 00000000 08:01 7                  /bin/a b (deleted)\n"
		 "2000-5000 rw-p 00001000 08:01 7                  /bin/a b (deleted)\n"
		 "5000-6000 rw-p 00000000 00:00 0\n"
		 "8000-9000 rw-p 00000000 00:00 0                  [heap]\n"
		 "9000-a000 rw-p 00000000 00:00 0\n"
		 "a000-b000 rw-p 00000000 08:01 9                  /x\033[2J\n"
		 "nonsense\n");
	CHECK(names_of_process(&n, path, 1) && n.nr == 5);
	CHECK(is_named(&n, 0, 0x1000, 0x5000, NO_NODE, "/bin/a b (deleted)"));
	CHECK(is_named(&n, 1, 0x5000, 0x6000, NO_NODE, "anonymous"));
	CHECK(is_named(&n, 2, 0x8000, 0x9000, NO_NODE, "[heap]"));
	CHECK(is_named(&n, 3, 0x9000, 0xa000, NO_NODE, "anonymous"));
	CHECK(is_named(&n, 4, 0xa000, 0xb000, NO_NODE, "/x?[2J"));
	CHECK(names_find(&n, 0x4000, 0x6000, 1) == &n.a[0]);
	CHECK(names_find(&n, 0x4800, 0x9000, 1) == &n.a[1]);
	CHECK(!names_find(&n, 0x6000, 0x8000, 1));
	/* One that has ended has nothing to read, and what was read stays. */
	put_file(dir, "maps", "");
	CHECK(!names_of_process(&n, path, 1) && n.nr == 5);
	unlink(path);
	CHECK(!names_of_process(&n, path, 1) && n.nr == 5);
	/* One that ends meanwhile has nothing more when it is read anew. */
	CHECK(!pipe(ends) && write(ends[1], "1000-2000 r--p 0 0:0 0\n", 23) == 23);
	close(ends[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	CHECK(!names_of_process(&n, path, 1) && n.nr == 5);
	close(ends[0]);
	CHECK(names_of_process(&n, "/proc/self/maps", 2));
	CHECK(n.nr > 3 && names_find(&n, (uintptr_t)path, (uintptr_t)path + 1, 2));
	names_free(&n);
}

static void put_maps(const char *dir, const char *text, uint64_t now_ns,
		     struct names *n)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/maps", dir);
	put_file(dir, "maps", text);
	CHECK(names_of_process(n, path, now_ns));
	unlink(path);
}

static void mappings_are_remembered(const char *dir)
{
	struct names n = { 0 };

	put_maps(dir, "1000-2000 r--p 0 0:0 0 a\n5000-6000 r--p 0 0:0 0 b\n", 10, &n);
	put_maps(dir, "1000-2000 r--p 0 0:0 0 a\n5000-7000 r--p 0 0:0 0 b\n", 20, &n);
	put_maps(dir, "1000-2000 r--p 0 0:0 0 a\n", 30, &n);
	CHECK(n.nr == 3 && !n.known_ns);
	/* Until the first note without it, and since the last one before it. */
	CHECK(is_named(&n, 0, 0x1000, 0x2000, NO_NODE, "a") &&
	      n.a[0].from_ns == 0 && n.a[0].to_ns == FOREVER);
	CHECK(is_named(&n, 1, 0x5000, 0x6000, NO_NODE, "b") &&
	      n.a[1].from_ns == 0 && n.a[1].to_ns == 20);
	CHECK(is_named(&n, 2, 0x5000, 0x7000, NO_NODE, "b") &&
	      n.a[2].from_ns == 10 && n.a[2].to_ns == 30);
	CHECK(names_find(&n, 0x5000, 0x7000, 5) == &n.a[1]);
	CHECK(names_find(&n, 0x5000, 0x7000, 25) == &n.a[2]);
	CHECK(!names_find(&n, 0x5000, 0x7000, 35));
	names_free(&n);
}

/* One that maps new addresses all the time does not fill the memory. */
static void old_mappings_are_forgotten(const char *dir)
{
	char *text = malloc(40 * 30000), *p;
	struct names n = { 0 };
	uint64_t i, k, low = UINT64_MAX;

	for (i = 1; text && i <= 5; i++) {
		for (p = text, k = 0; k < 30000; k++)
			p += sprintf(p, "%" PRIx64 "000-%" PRIx64 "800 r--p 0 0:0 0\n",
				     i << 20 | k, i << 20 | k);
		put_maps(dir, text, i * 100, &n);
	}
	free(text);
	CHECK(n.nr <= MAX_GONE + 30000 && n.nr >= 60000);
	for (i = 0; i < n.nr; i++)
		low = n.a[i].to_ns < low ? n.a[i].to_ns : low;
	CHECK(n.known_ns && low > n.known_ns);
	names_free(&n);
}

static void make_dir(const char *dir, const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	CHECK(!mkdir(path, 0700));
}

static void memory_is_named(const char *dir)
{
	static const char * const dirs[] = {
		"root", "root/proc", "root/sys", "root/sys/devices",
		"root/sys/devices/system", "root/sys/devices/system/memory",
		"root/sys/devices/system/node",
		"root/sys/devices/system/node/node0",
		"root/sys/devices/system/node/node0/memory0",
		"root/sys/devices/system/node/node0/memory1",
		"root/sys/devices/system/node/node10",
		"root/sys/devices/system/node/node10/memory2",
		"root/sys/devices/system/node/node10/memory5",
		"root/sys/devices/system/node/node10/memory4",
		"root/sys/devices/system/node/node0/memory4",
	};
	char root[300], command[340];
	struct names n = { 0 };
	size_t i;

	snprintf(root, sizeof(root), "%s/root", dir);
	for (i = 0; i < 6; i++)
		make_dir(dir, dirs[i]);
	put_file(root, "proc/iomem",
		 "00000000-00000fff : Reserved\n"
		 "00001000-0009fbff : System RAM\n"
		 "  00002000-00002fff : Kernel code\n"
		 "00100000-27ffffff : System RAM\n"
		 "40000000-5fffffff : dax0.0\n"
		 "  40000000-57ffffff : System RAM (kmem)\n");
	/* Without nodes it is named all the same. */
	CHECK(names_of_memory(&n, root) && n.nr == 3);
	CHECK(is_named(&n, 1, 0x100000, 0x28000000, NO_NODE, "System RAM"));
	for (; i < ARRAY_SIZE(dirs); i++)
		make_dir(dir, dirs[i]);
	put_file(root, "sys/devices/system/memory/block_size_bytes", "10000000\n");
	CHECK(names_of_memory(&n, root) && n.nr == 5);
	CHECK(is_named(&n, 0, 0x1000, 0x9fc00, 0, "System RAM"));
	CHECK(is_named(&n, 1, 0x100000, 0x20000000, 0, "System RAM"));
	CHECK(is_named(&n, 2, 0x20000000, 0x28000000, 10, "System RAM"));
	/* Two nodes meet in block 4. */
	CHECK(is_named(&n, 3, 0x40000000, 0x50000000, NO_NODE, "System RAM (kmem)"));
	CHECK(is_named(&n, 4, 0x50000000, 0x58000000, 10, "System RAM (kmem)"));
	/* What is plugged out keeps its name, what has another one has that. */
	put_file(root, "proc/iomem",
		 "00001000-0009fbff : System RAM\n"
		 "40000000-57ffffff : System RAM\n");
	CHECK(names_of_memory(&n, root) && n.nr == 5);
	CHECK(is_named(&n, 2, 0x20000000, 0x28000000, 10, "System RAM"));
	CHECK(is_named(&n, 3, 0x40000000, 0x50000000, NO_NODE, "System RAM"));
	names_free(&n);
	CHECK(!names_of_memory(&n, "/nonexistent"));
	snprintf(command, sizeof(command), "rm -r %s", root);
	CHECK(!system(command));
}

static void run(const char *name, void (*plain)(void),
		void (*with_dir)(const char *dir), const char *dir)
{
	test_ok = true;
	if (plain)
		plain();
	else
		with_dir(dir);
	printf("%s %s\n", test_ok ? "ok" : "not ok", name);
	nr_failed += !test_ok;
}

#define RUN(fn)		run(#fn, fn, NULL, NULL)
#define RUN_IN(fn, dir)	run(#fn, NULL, fn, dir)

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	RUN(units_are_parsed);
	RUN(sizes_and_ranges_are_parsed);
	RUN(units_are_printed);
	RUN(snapshots_have_the_classic_bytes);
	RUN(snapshots_are_told_apart);
	RUN(broken_snapshots_are_left_out);
	RUN(lost_beginning_breaks_a_snapshot);
	RUN(lost_snapshots_are_counted);
	RUN_IN(companion_is_read_as_written, argv[1]);
	RUN_IN(companion_tells_nodes_and_memory, argv[1]);
	RUN_IN(companion_stays_readable, argv[1]);
	RUN_IN(files_appear_only_when_complete, argv[1]);
	RUN(command_starts_halted);
	RUN(command_is_ended);
	RUN(children_are_noticed);
	RUN(pids_are_checked);
	RUN(ranges_are_checked);
	RUN(nodes_are_checked);
	RUN_IN(mappings_are_named, argv[1]);
	RUN_IN(mappings_are_remembered, argv[1]);
	RUN_IN(old_mappings_are_forgotten, argv[1]);
	RUN_IN(memory_is_named, argv[1]);
	RUN_IN(settings_are_restored, argv[1]);
	return nr_failed ? 1 : 0;
}
