// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the parts that need no kernel: units, snapshots put together from
 * events, processes, ranges and nodes, schemes, files of settings.
 *
 * Prints a line for each test and ends with 1 if one failed.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "assemble.h"
#include "check.h"
#include "damonctl.h"
#include "debugfs.h"
#include "process.h"
#include "recording.h"
#include "scheme_request.h"
#include "scope.h"
#include "target.h"
#include "units.h"
#include "usage.h"

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

static bool time_of(const char *s, uint64_t *ns)
{
	return parse_time(s, 0, ns);
}

static void percents_and_spans_are_parsed(void)
{
	static const char * const bad_spans[] = {
		"", "-", "5", "2-1", "1-2-3", "a-2", "1-b", " 1-2", "1-2 ",
		"1000000000000000000000000000000000-2",
	};
	uint64_t a, b;
	size_t i;

	CHECK(parse_percent("5", &a) && a == 50);
	CHECK(parse_percent("2.5%", &a) && a == 25);
	CHECK(parse_percent("100%", &a) && a == 1000);
	CHECK(!parse_percent("101", &a) && !parse_percent("2.5", &a) &&
	      !parse_percent("%", &a) && !parse_percent("5%%", &a) && a == 1000);
	CHECK(parse_percent_bp("1", &a) && a == 100);
	CHECK(parse_percent_bp("0.25%", &a) && a == 25);
	CHECK(parse_percent_bp("100%", &a) && a == 10000);
	CHECK(!parse_percent_bp("100.01%", &a) && !parse_percent_bp("0.5", &a) &&
	      !parse_percent_bp("-1", &a) && a == 10000);
	CHECK(parse_size_per_s("100M/s", &a) && a == 100 << 20);
	CHECK(!parse_size_per_s("100M", &a) && !parse_size_per_s("/s", &a) &&
	      !parse_size_per_s("1M/m", &a) && !parse_size_per_s("1M/s/s", &a));
	a = 1;
	b = 2;
	CHECK(parse_span("4K-2M", parse_size, &a, &b) && a == 4096 && b == 2 << 20);
	CHECK(parse_span("7ns-", time_of, &a, &b) && a == 7 && b == 2 << 20);
	CHECK(parse_span("-1h", time_of, &a, &b) && a == 7 && b == 3600 * NS_PER_SEC);
	for (i = 0; i < ARRAY_SIZE(bad_spans); i++)
		CHECK(!parse_span(bad_spans[i], parse_size, &a, &b) && a == 7);
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
	/* Snapshots without an end, without a beginning, and whole. */
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
	/* A late snapshot without a loss: the worker was late. */
	event(&fx, 125, 0, 1, 100);
	/* A snapshot is broken, and two before it were never seen. */
	lossy(&fx, 155, 0, 2, 100);
	event(&fx, 164, 0, 1, 100);
	/* Again: three are missing before a whole one. */
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
	char name[COMM_LEN];
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
	/* A time that no other sleep has, so that it can be looked for. */
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
	/* Ranges that touch, and parts of pages beside a whole page. */
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

static const struct attrs attrs = ATTRS_DEFAULT;

#define ROW	"4096 18446744073709551615 0 0 300 18446744073709551615 2 0 " \
		"104857600 1000 0 0 1 1 1000000 200 200 0"

static void schemes_are_read_and_written(void)
{
	struct scheme s;
	char *text;

	CHECK(scheme_parse(ROW " 5 4 3 2 1", &s));
	CHECK(s.min_size == 4096 && s.max_size == SCHEME_NO_LIMIT && s.min_age == 300 &&
	      s.action == SCHEME_PAGEOUT && s.quota_size == 100 << 20 &&
	      s.wmark_mid == 200 && !s.wmark_low);
	text = scheme_append("1 2 3\n", &s);
	CHECK(text && !strcmp(text, "1 2 3\n" ROW "\n"));
	free(text);
	CHECK(!scheme_parse("", &s) && !scheme_parse("1 2 3\n", &s) &&
	      !scheme_parse("0 1 0 0 0 0 9 0 0 0 0 0 0 0 0 0 0 0", &s) &&
	      !scheme_parse("0 1 0 0 0 0 -1 0 0 0 0 0 0 0 0 0 0 0", &s));
	text = scheme_settings("\n");
	CHECK(text && !*text);
	free(text);
	text = scheme_settings(ROW "  9 8 7 6 5\n" ROW);
	CHECK(text && !strcmp(text, ROW "\n" ROW "\n"));
	free(text);
}

static void goals_are_read_and_written(void)
{
	static const char goals[] = "0 other 7\n2 refault_bp 100\n\n12 refault_bp 1\n";
	char *text;

	CHECK(scheme_goal(goals, 2) == 100 && scheme_goal(goals, 12) == 1);
	CHECK(!scheme_goal(goals, 0) && !scheme_goal(goals, 1) && !scheme_goal("", 0) &&
	      !scheme_goal("\n", 0) && !scheme_goal("2 refault_bp x\n", 2));
	/* What is there is kept, also what is not known. */
	text = scheme_append_goal("0 other 7\n", 3, 50);
	CHECK(text && !strcmp(text, "0 other 7\n3 refault_bp 50\n"));
	free(text);
	text = scheme_append_goal("0 other 7\n", 3, 0);
	CHECK(text && !strcmp(text, "0 other 7\n"));
	free(text);
	CHECK(!scheme_count("") && !scheme_count("\n"));
	CHECK(scheme_count(ROW "\n" ROW) == 2 && scheme_count(ROW "\n\n") == 1);
}

static void scheme_stats_are_read(void)
{
	static const char text[] =
		"scheme=0 action=stat active=N nr_tried=1\n"
		"time_us=70 new=5 active=Y sz_tried=20 scheme=1 sz_applied=10 qt_exceeds=3 "
		"nr_applied=2 min_age=120 sz_checked=18446744073709551615 xsz_back=9\n";
	struct scheme_stats st;

	CHECK(scheme_parse_stats(text, 0, &st) && !st.active && st.nr_tried == 1 &&
	      !st.size_tried && !st.min_age);
	CHECK(scheme_parse_stats(text, 1, &st) && st.active && !st.nr_tried &&
	      st.size_tried == 20 && st.nr_applied == 2 && st.size_applied == 10 &&
	      st.nr_full == 3 && st.time_us == 70 && st.min_age == 120 &&
	      st.size_checked == UINT64_MAX && !st.size_back);
	CHECK(!scheme_parse_stats(text, 2, &st) && !scheme_parse_stats("", 0, &st));
}

static bool is_scheme(const struct scheme *s, uint64_t back_bp, const char *words)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	bool same;

	scheme_describe(f, s, back_bp, &attrs);
	fclose(f);
	same = !strcmp(text, words);
	if (!same)
		fprintf(results, "# %s\n", text);
	free(text);
	return same;
}

static bool is_described(const struct scheme_request *r, const char *words)
{
	struct scheme s;

	return scheme_request_make(r, &attrs, &s) && is_scheme(&s, r->back_bp, words);
}

static void schemes_are_described(void)
{
	struct scheme_request r = SCHEME_REQUEST_ANY;

	r.action = SCHEME_STAT;
	CHECK(is_described(&r, "stat: memory"));
	r.size.max = 65536;
	r.age_ns.min = NS_PER_SEC;
	CHECK(is_described(&r, "stat: memory unchanged for 1s or more in regions of up to 64.0K"));
	r.action = SCHEME_PAGEOUT;
	r.rate_permille.max = 0;
	r.age_ns.min = 30 * NS_PER_SEC;
	r.size = (struct span){ 0, SCHEME_NO_LIMIT };
	r.max_bytes_per_s = 100 << 20;
	r.below_permille = 200;
	CHECK(is_described(&r, "pageout: memory not accessed for 30s or more, up to 100M/s, "
			   "oldest first, while less than 20% of memory is free"));
	r.below_permille = 0;
	r.back_bp = 50;
	CHECK(is_described(&r, "pageout: memory not accessed for 30s or more, as much as comes "
			   "back to no more than 0.5%, up to 100M/s, oldest first"));
	r = (struct scheme_request)SCHEME_REQUEST_ANY;
	r.action = SCHEME_HUGEPAGE;
	r.rate_permille = (struct span){ 100, 500 };
	r.age_ns = (struct span){ NS_PER_SEC, 5 * NS_PER_SEC };
	r.size.min = 2 << 20;
	r.max_time_permille = 50;
	CHECK(is_described(&r, "hugepage: memory with a rate of 10% to 50% for 1s to 5s in "
			   "regions of 2.00M or more, up to 50ms of work in 1s, "
			   "most accessed first"));
	r.max_time_permille = 0;
	r.max_bytes_per_s = 1 << 20;
	r.window_ns = 10 * NS_PER_SEC;
	r.rate_weight = 1;
	r.age_weight = 3;
	r.rate_permille = (struct span){ 0, 1000 };
	r.size.min = 0;
	r.below_permille = 200;
	r.until_permille = 300;
	r.above_permille = 50;
	r.look_ns = 5 * NS_PER_SEC;
	CHECK(is_described(&r, "hugepage: memory unchanged for 1s to 5s, up to 10.0M in 10s, "
			   "hottest first (rate 1, age 3), while less than 20% of memory is "
			   "free, and at least 5%; until it is 30%; looked at once in 5s"));
}

static bool row_is_described(const char *row, const char *words)
{
	struct scheme s;

	return scheme_parse(row, &s) && is_scheme(&s, 0, words);
}

/* What others than damonctl have set. */
static void rows_of_others_are_described(void)
{
	const char max[] = "18446744073709551615";
	char row[400];

	CHECK(row_is_described("0 4096 0 0 0 5 2 0 8192 0 1 0 0 0 0 0 0 0",
			       "pageout: memory not accessed for up to 500ms in regions of "
			       "up to 4.00K, up to 8.00K in each aggregation"));
	CHECK(row_is_described("0 4096 0 0 0 5 2 0 8192 1000 0 2 2 1 1000000 9 9 0",
			       "pageout: memory not accessed for up to 500ms in regions of "
			       "up to 4.00K, up to 8.00K/s, coldest first, while less than "
			       "0.9% of memory is free"));
	snprintf(row, sizeof(row), "0 %s 0 %s 0 %s 5 %s %s %s 0 0 0 0 0 0 0 0", max, max, max,
		 max, max, max);
	CHECK(row_is_described(row, "stat: memory, up to 16384P in 5124095h34m, up to "
			       "5124095h34m of work in 5124095h34m"));
}

static bool is_back(const struct scheme_stats *st, const char *words)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	bool same;

	scheme_describe_back(f, st);
	fclose(f);
	same = !strcmp(text, words);
	free(text);
	return same;
}

static void what_came_back_is_described(void)
{
	struct scheme_stats st = { .size_applied = 8192, .size_checked = 8192 };

	CHECK(is_back(&st, "0.0% of 8.00K was back in memory within 10s"));
	st.size_back = 4096;
	CHECK(is_back(&st, "50.0% of 8.00K was back in memory within 10s"));
	st.size_applied = 16384;
	CHECK(is_back(&st, "50.0% of 8.00K was back in memory within 10s; "
		      "of 8.00K it is not known"));
	/* All that is known is back, as the rest cannot be known so early. */
	st.size_checked = 4096;
	CHECK(is_back(&st, "4.00K was back in memory within 10s; of 12.0K it is not known"));
	/* More was looked for than was freed at once. */
	st = (struct scheme_stats){ .size_applied = 4096, .size_checked = 8192 };
	CHECK(is_back(&st, "0.0% of 8.00K was back in memory within 10s"));
}

/* Both ends of a range are in it, so the least is rounded up and the most down. */
static void requests_become_counts(void)
{
	struct scheme_request r = SCHEME_REQUEST_ANY;
	struct scheme s;

	r.action = SCHEME_STAT;
	CHECK(scheme_request_make(&r, &attrs, &s) && !s.min_accesses && !s.min_age &&
	      s.max_accesses == SCHEME_NO_LIMIT && s.max_age == SCHEME_NO_LIMIT);
	r.rate_permille = (struct span){ 1, 149 };
	r.age_ns = (struct span){ NS_PER_MS, 299 * NS_PER_MS };
	CHECK(scheme_request_make(&r, &attrs, &s) && s.min_accesses == 1 &&
	      s.max_accesses == 2 && s.min_age == 1 && s.max_age == 2);
	r.rate_permille = (struct span){ 51, 99 };
	CHECK(!scheme_request_make(&r, &attrs, &s));
	r.rate_permille.max = 100;
	CHECK(scheme_request_make(&r, &attrs, &s));
	r.age_ns = (struct span){ NS_PER_MS, 99 * NS_PER_MS };
	CHECK(!scheme_request_make(&r, &attrs, &s));
}

/* No limit is more than what was asked for, and none gets lost. */
static void limits_hold_in_a_window(void)
{
	struct scheme_request r = SCHEME_REQUEST_ANY;
	struct scheme s;

	r.action = SCHEME_PAGEOUT;
	r.max_bytes_per_s = 1999;
	r.max_time_permille = 15;
	CHECK(scheme_request_make(&r, &attrs, &s) && s.window_ms == 1000 &&
	      s.quota_size == 1999 && s.quota_ms == 15);
	r.window_ns = 100 * NS_PER_MS;
	CHECK(scheme_request_make(&r, &attrs, &s) && s.window_ms == 100 &&
	      s.quota_size == 199 && s.quota_ms == 1);
	r.window_ns = 60 * NS_PER_MS;
	CHECK(!scheme_request_make(&r, &attrs, &s));
	r.max_time_permille = 0;
	CHECK(scheme_request_make(&r, &attrs, &s) && s.quota_size == 119 && !s.quota_ms);
	r.max_bytes_per_s = 16;
	CHECK(!scheme_request_make(&r, &attrs, &s));
	r.max_bytes_per_s = UINT64_MAX / 59;
	CHECK(!scheme_request_make(&r, &attrs, &s));
}

static void goals_have_a_least_age(void)
{
	const struct attrs slow = { 100000, 3000000, 5000000, 10, 1000 };
	struct scheme_request r = SCHEME_REQUEST_ANY;
	struct scheme s;

	r.action = SCHEME_PAGEOUT;
	r.back_bp = 100;
	scheme_request_fill(&r, NS_PER_SEC);
	CHECK(scheme_request_make(&r, &attrs, &s) && !s.max_accesses && s.min_age == 10 &&
	      s.max_age == SCHEME_NO_LIMIT);
	CHECK(scheme_request_make(&r, &slow, &s) && s.min_age == 1);
	/* What the options gave stays as it is. */
	r.age_by = "age";
	r.age_ns = (struct span){ 5 * NS_PER_SEC, 60 * NS_PER_SEC };
	r.rate_by = "rate";
	r.rate_permille.max = 100;
	scheme_request_fill(&r, NS_PER_SEC);
	CHECK(scheme_request_make(&r, &attrs, &s) && s.max_accesses == 2 &&
	      s.min_age == 50 && s.max_age == 600);
}

static void memory_is_measured(void)
{
	uint64_t before = 0, after = 0, swapped;
	size_t size = 64 << 20;
	char *memory = malloc(size);

	CHECK(process_memory(getpid(), &before, &swapped) && before && memory);
	if (memory)
		memset(memory, 1, size);
	CHECK(process_memory(getpid(), &after, &swapped) && after > before + size / 2);
	CHECK(!process_memory(INT32_MAX, &after, &swapped));
	free(memory);
}

static bool is_about(double a, double b)
{
	return a > b * 0.99 && a < b * 1.01;
}

/* Each measurement counts by the time since the one before. */
static void usage_is_a_mean_over_time(void)
{
	struct usage u;

	usage_start(&u);
	CHECK(!usage_mean(&u, USAGE_RESIDENT, UINT64_MAX));
	u.slots[0] = (struct usage_slot){ 3e9 * 100, 3e9 * 10, 3000000000 };
	u.slots[5] = (struct usage_slot){ 1e9 * 300, 0, 1000000000 };
	CHECK(is_about(usage_mean(&u, USAGE_RESIDENT, UINT64_MAX), 150));
	CHECK(is_about(usage_mean(&u, USAGE_SWAPPED, UINT64_MAX), 7.5));
	/* What was in the sixth slot is beyond the first five. */
	CHECK(is_about(usage_mean(&u, USAGE_RESIDENT, 5 * u.slot_ns), 100));
}

/* A process that runs for long has no more slots, and keeps its mean. */
static void usage_is_bounded(void)
{
	uint64_t hour = 3600 * NS_PER_SEC, swapped, resident = 0;
	struct usage u;

	usage_start(&u);
	u.slots[USAGE_SLOTS - 1] = (struct usage_slot){ 1e9 * 4096, 1e9 * 8192, 1000000000 };
	u.start_ns -= hour;
	/* A thousandth of the other. */
	u.last_ns = now_ns() - NS_PER_MS;
	usage_measure(&u, getpid(), 0);
	CHECK(process_memory(getpid(), &resident, &swapped));
	CHECK(u.slot_ns * USAGE_SLOTS > hour && u.slot_ns * USAGE_SLOTS < 2 * hour);
	CHECK(u.last_ns >= u.start_ns + hour);
	CHECK(is_about(usage_mean(&u, USAGE_SWAPPED, UINT64_MAX), 8192));
	/* The process ends: nothing is added. */
	usage_measure(&u, INT32_MAX, 0);
	CHECK(u.resident && is_about(usage_mean(&u, USAGE_SWAPPED, UINT64_MAX), 8192));
}

static bool file_begins(const struct debugfs *d, const char *name,
			const char *text)
{
	char *got = debugfs_read(d, NULL, name);
	bool same = got && !strncmp(got, text, strlen(text));

	free(got);
	return same;
}

/* A shorter write leaves the end of a plain file: beginnings are compared. */
static void settings_are_restored(const char *dir)
{
	struct settings s = { 0 }, new = {
		.attrs = "1 2 3 4 5\n", .target_ids = "12 34\n", .init_regions = "",
	};
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
	/* Node 0 is no target that is gone. */
	free(s.target_ids);
	s.target_ids = strdup("paddr 0 1\n");
	CHECK(debugfs_restore(&d, &s) && file_begins(&d, "target_ids", "paddr 0 1\n"));
	CHECK(file_begins(&d, "init_regions", "0 10 20\n"));
	CHECK(debugfs_attrs(&d, NULL, &got) && got.max_regions == 1000);
	debugfs_free_settings(&s);
	/* Schemes from before are put aside, and what they did is not written. */
	put_file(dir, "schemes", ROW " 5 4 3 2 1\n" ROW " 0 0 0 0 0\n");
	CHECK(debugfs_save(&d, &s) && !strcmp(s.schemes, ROW "\n" ROW "\n"));
	CHECK(debugfs_set(&d, &new) && file_begins(&d, "schemes", "\n"));
	CHECK(debugfs_restore(&d, &s) && file_begins(&d, "schemes", ROW "\n" ROW "\n"));
	new.schemes = "1 2\n";
	CHECK(debugfs_set(&d, &new) && file_begins(&d, "schemes", "1 2\n"));
	/* A kernel without goals has none. */
	CHECK(!*s.goals && !debugfs_has(&d, NULL, "scheme_goals"));
	CHECK(!debugfs_needs_goals(&d));
	debugfs_free_settings(&s);
	/* So are goals, with all that they have. */
	put_file(dir, "scheme_goals", "0 refault_bp 100\n1 other 5\n");
	CHECK(debugfs_needs_goals(&d) && debugfs_save(&d, &s));
	CHECK(debugfs_set(&d, &new) && file_begins(&d, "scheme_goals", "\n"));
	CHECK(debugfs_restore(&d, &s) &&
	      file_begins(&d, "scheme_goals", "0 refault_bp 100\n1 other 5\n"));
	new.goals = "0 refault_bp 7\n";
	CHECK(debugfs_set(&d, &new) && file_begins(&d, "scheme_goals", "0 refault_bp 7\n"));
	debugfs_free_settings(&s);
	/* Schemes drop goals, so goals are the last of what is written to this one file. */
	CHECK(!unlinkat(d.fd, "scheme_goals", 0) &&
	      !symlinkat("schemes", d.fd, "scheme_goals"));
	CHECK(debugfs_set(&d, &new) && file_begins(&d, "schemes", "0 refault_bp 7\n"));
	CHECK(!unlinkat(d.fd, "scheme_goals", 0));
	put_file(dir, "attrs", "0 0 0 0 0\n");
	CHECK(!debugfs_attrs(&d, NULL, &got));
	CHECK(!debugfs_save(&(struct debugfs){ .path = "x", .fd = -1 }, &s));
	put_file(dir, "kdamond_pid", "none\n");
	CHECK(debugfs_worker(&d, NULL) == 0);
	put_file(dir, "kdamond_pid", "77\n");
	CHECK(debugfs_worker(&d, NULL) == 77);
	close(d.fd);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	results = stdout;
	RUN(units_are_parsed);
	RUN(sizes_and_ranges_are_parsed);
	RUN(percents_and_spans_are_parsed);
	RUN(units_are_printed);
	RUN(snapshots_have_the_classic_bytes);
	RUN(snapshots_are_told_apart);
	RUN(broken_snapshots_are_left_out);
	RUN(lost_beginning_breaks_a_snapshot);
	RUN(lost_snapshots_are_counted);
	RUN(command_starts_halted);
	RUN(command_is_ended);
	RUN(children_are_noticed);
	RUN(pids_are_checked);
	RUN(ranges_are_checked);
	RUN(nodes_are_checked);
	RUN(schemes_are_read_and_written);
	RUN(goals_are_read_and_written);
	RUN(scheme_stats_are_read);
	RUN(schemes_are_described);
	RUN(rows_of_others_are_described);
	RUN(what_came_back_is_described);
	RUN(requests_become_counts);
	RUN(goals_have_a_least_age);
	RUN(limits_hold_in_a_window);
	RUN(memory_is_measured);
	RUN(usage_is_a_mean_over_time);
	RUN(usage_is_bounded);
	RUN_IN(settings_are_restored, argv[1]);
	return nr_failed ? 1 : 0;
}
