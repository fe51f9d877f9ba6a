// SPDX-License-Identifier: GPL-2.0
/*
 * Programs as they are: with mappings by the hundred, or by the thousand, spread
 * over all of the address space.  The regions follow the mappings as closely as
 * their limit allows, and no hole counts as memory that is used.
 *
 * The environment variable DAMONCTL names the program that records and reports.
 */
#include "damon_test.h"

/* What V8 allocates is in pages of 256 KiB, each at an address of its own. */
#define NODE		"node"
#define NODE_SCRIPT							\
	"let all = [];"							\
	"for (let i = 0; i < 300000; i++) all.push({ i, text: 'x' + i });"	\
	"console.log('ready');"						\
	"setInterval(() => { for (const o of all) o.i++; }, 1)"

#define NR_SCATTERED	3000
/* Each of one page to this number of pages */
#define MAX_PAGES	8

FIXTURE(programs) {
	struct trace *t;
	struct snapshot *s;
	/* The program */
	pid_t pid;
};

FIXTURE_SETUP(programs)
{
	if (is_too_slow())
		SKIP(return, "a debugging kernel");
	ASSERT_EQ(0, damon_reset());
	self->pid = 0;
	self->s = malloc(sizeof(*self->s));
	self->t = trace_open(0, 0, NR_SAMPLES);
	ASSERT_TRUE(self->s && self->t);
}

FIXTURE_TEARDOWN(programs)
{
	if (self->pid > 0) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	EXPECT_EQ(0, test_end(NULL, self->t, self->s));
}

/* Runs @fn, which does not return, in a process; its pid when it has printed a word. */
static pid_t program_start(void (*fn)(void))
{
	char word[8];
	int fds[2];
	pid_t pid;
	ssize_t n;

	if (pipe(fds))
		return -errno;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fds[1], STDOUT_FILENO);
		close(fds[0]);
		close(fds[1]);
		fn();
		_exit(1);
	}
	close(fds[1]);
	n = read(fds[0], word, sizeof(word));
	close(fds[0]);
	return n > 0 ? pid : -ECHILD;
}

/* === Mappings, and how well they can be covered === */

static int descending(const void *a, const void *b)
{
	unsigned long x = *(const unsigned long *)a, y = *(const unsigned long *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

struct cover {
	unsigned long mapped;
	/* in so many ranges at most, of which the largest holes are left out */
	unsigned long best;
	unsigned int nr_areas;
};

static int best_cover(pid_t pid, unsigned int max_ranges, struct cover *c)
{
	static unsigned long holes[MAX_MAPS];
	static struct map maps[MAX_MAPS];
	int nr = read_maps(pid, maps, MAX_MAPS), i;
	unsigned long end = 0;
	unsigned int j;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < nr; i++) {
		if (is_no_memory(&maps[i]))
			continue;
		c->mapped += maps[i].end - maps[i].start;
		if (end != maps[i].start) {
			if (c->nr_areas)
				holes[c->nr_areas - 1] = maps[i].start - end;
			c->nr_areas++;
		}
		end = maps[i].end;
	}
	if (nr < 0 || !c->nr_areas)
		return nr < 0 ? nr : -ENOENT;
	qsort(holes, c->nr_areas - 1, sizeof(holes[0]), descending);
	c->best = c->mapped;
	for (j = max_ranges - 1; j < c->nr_areas - 1; j++)
		c->best += holes[j];
	return 0;
}

static double as_mib(unsigned long bytes)
{
	return (double)bytes / MiB;
}

/*
 * All that is mapped and at most a tenth more, or as little as half of @max_regions
 * ranges can cover; a hundredth of that is left for what the process maps meanwhile.
 */
static void check_cover(struct __test_metadata *_metadata, const struct snapshot *s,
			pid_t pid, unsigned int max_regions)
{
	unsigned long sum = covered(s, 0, 0, ~0UL);
	struct cover c;

	ASSERT_EQ(0, best_cover(pid, max_regions / 2, &c));
	TH_LOG("%u areas, %.1f MiB mapped; %u regions cover %.1f MiB, the best is %.1f MiB",
	       c.nr_areas, as_mib(c.mapped), s->nr, as_mib(sum), as_mib(c.best));
	EXPECT_EQ(0, uncovered(s, 0, pid));
	if (sum > c.mapped * 1.1)
		EXPECT_LE(sum, c.best * 1.01);
}

/* === What damonctl says === */

/* The mean working set of @pid over some seconds, or a negative errno. */
static long mean_wss(pid_t pid, const char *options)
{
	const char *damonctl = getenv("DAMONCTL");
	char name[] = "/tmp/damon_test.XXXXXX", command[512], text[4096];
	long wss = -ENODATA;
	const char *at;
	FILE *f;
	int fd;

	fd = mkstemp(name);
	if (fd < 0)
		return -errno;
	close(fd);
	snprintf(command, sizeof(command),
		 "%s record -p %d %s -o %s && %s report wss --json -i %s",
		 damonctl, pid, options, name, damonctl, name);
	f = popen(command, "r");
	if (f) {
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		at = strstr(text, "\"average\":");
		if (!pclose(f) && at)
			wss = atol(at + strlen("\"average\":"));
	}
	unlink(name);
	snprintf(command, sizeof(command), "%s.json", name);
	unlink(command);
	return wss;
}

/* At least @share of what is resident, and at most that and a twentieth. */
static void check_wss(struct __test_metadata *_metadata, pid_t pid, const char *options,
		      double share)
{
	char path[64];
	long wss, resident;

	wss = mean_wss(pid, options);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	resident = number_behind(path, "Name:", "VmHWM:") * (long)KiB;
	TH_LOG("working set %.1f MiB, resident %.1f MiB", as_mib(wss), as_mib(resident));
	EXPECT_LE(resident * share, wss);
	EXPECT_LE(wss, resident * 1.05);
}

/*
 * Runs a program that uses its 32 MiB once, and looks whether damonctl has a good part of
 * it in swap, tells so, and writes a recording and a picture.
 */
TEST_F_TIMEOUT(programs, run_saves_what_is_not_accessed, 240)
{
	char text[4096], saved[256];
	const char *at;
	int share;
	FILE *f;

	if (!getenv("DAMONCTL"))
		SKIP(return, "DAMONCTL is not set");
	ASSERT_EQ(0, swap_on());
	/* No ASSERT from here on, which would leave the swap device in use. */
	f = popen("d=$(mktemp -d) && cd $d && $DAMONCTL run --save-memory --cold 1s"
		  " --record data --svg memory.svg --"
		  " perl -e '$a = q(a) x (32 << 20); sleep 8' 2>&1 &&"
		  " $DAMONCTL report wss -i data && grep '^</svg>' memory.svg;"
		  " rc=$?; rm -rf $d; exit $rc", "r");
	text[f ? fread(text, 1, sizeof(text) - 1, f) : 0] = '\0';
	EXPECT_TRUE(f && !pclose(f));
	swap_off();
	at = strstr(text, "  saved ");
	if (!at || sscanf(at, "  saved %255s as a mean, %d%%", saved, &share) != 2)
		share = 0;
	EXPECT_LE(30, share);
	EXPECT_TRUE(strstr(text, "# avr:") && strstr(text, "</svg>"));
	if (share < 30)
		TH_LOG("%s", text);
}

/* === A real one === */

static void run_node(void)
{
	execlp(NODE, NODE, "-e", NODE_SCRIPT, NULL);
}

static bool has_node(void)
{
	return !system("command -v " NODE " >/dev/null");
}

TEST_F_TIMEOUT(programs, a_real_one_is_covered_as_its_regions_allow, 240)
{
	double time;

	if (!has_node())
		SKIP(return, "there is no program " NODE);
	self->pid = program_start(run_node);
	ASSERT_LT(0, self->pid);
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	/* Mappings that have not changed since an update can be compared. */
	ASSERT_EQ(0, kill(self->pid, SIGSTOP));
	time = now() + UPDATE_US / 1e6;
	ASSERT_EQ(0, trace_after(self->t, self->s, time));
	check_cover(_metadata, self->s, self->pid, 1000);
}

/* It uses all objects again and again, so a tenth at least is found. */
TEST_F_TIMEOUT(programs, a_real_one_has_no_larger_working_set_than_memory, 240)
{
	if (!has_node())
		SKIP(return, "there is no program " NODE);
	if (!getenv("DAMONCTL"))
		SKIP(return, "DAMONCTL is not set");
	self->pid = program_start(run_node);
	ASSERT_LT(0, self->pid);
	check_wss(_metadata, self->pid, "--duration 5s", 0.1);
}

/* === One that is worse than any === */

static struct {
	unsigned long start, end;
} scattered[NR_SCATTERED];

static unsigned long draw(unsigned long *seed)
{
	/* Marsaglia's xorshift, of which any seed but 0 has a long period. */
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static bool scatter(void)
{
	unsigned long seed = 88172645463325252UL, addr, len;
	int nr = 0;
	void *p;

	while (nr < NR_SCATTERED) {
		addr = draw(&seed) % (128 * TiB / (4 * KiB) - 32) * (4 * KiB) + 64 * KiB;
		len = (draw(&seed) % MAX_PAGES + 1) * 4 * KiB;
		p = mmap((void *)addr, len, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (p == MAP_FAILED && errno != EEXIST)
			return false;
		if (p == MAP_FAILED)
			continue;
		scattered[nr].start = addr;
		scattered[nr++].end = addr + len;
		touch(addr, addr + len);
	}
	return true;
}

static void run_scattered(void)
{
	int i;

	if (!scatter() || write(STDOUT_FILENO, "ready", 5) != 5)
		return;
	for (;;) {
		for (i = 0; i < NR_SCATTERED; i++)
			touch(scattered[i].start, scattered[i].end);
		rest();
	}
}

TEST_F_TIMEOUT(programs, thousands_of_mappings_are_covered_as_few_regions_allow, 240)
{
	self->pid = program_start(run_scattered);
	ASSERT_LT(0, self->pid);
	ASSERT_EQ(0, damon_on(TEST_ATTRS, &self->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	check_cover(_metadata, self->s, self->pid, 1000);
}

TEST_F_TIMEOUT(programs, thousands_of_mappings_are_covered_by_as_many_regions, 240)
{
	self->pid = program_start(run_scattered);
	ASSERT_LT(0, self->pid);
	ASSERT_EQ(0, damon_on("500000 2000000 4000000 10 8000", &self->pid, 1));
	ASSERT_EQ(0, trace_next(self->t, self->s));
	check_cover(_metadata, self->s, self->pid, 8000);
}

/* It uses all of it, again and again. */
TEST_F_TIMEOUT(programs, thousands_of_mappings_are_the_working_set_that_they_are, 240)
{
	if (!getenv("DAMONCTL"))
		SKIP(return, "DAMONCTL is not set");
	self->pid = program_start(run_scattered);
	ASSERT_LT(0, self->pid);
	check_wss(_metadata, self->pid,
		  "--sample 200ms --aggr 2s --update 4s --max 8000 --duration 15s", 0.5);
}

TEST_HARNESS_MAIN
