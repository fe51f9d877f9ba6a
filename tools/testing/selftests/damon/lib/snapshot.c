// SPDX-License-Identifier: GPL-2.0
/*
 * The snapshots that a monitor reports: the tracepoint damon_aggregated, read in
 * a trace instance of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../kselftest.h"
#include "snapshot.h"

int trace_write(struct trace *t, const char *file, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", t->dir, file);
	return write_text(path, text);
}

void trace_close(struct trace *t)
{
	if (!t)
		return;
	if (t->fd >= 0)
		close(t->fd);
	rmdir(t->dir);
	free(t);
}

struct trace *trace_open(int nr, pid_t kdamond, unsigned int max_accesses)
{
	struct trace *t = calloc(1, sizeof(*t));
	char text[128];
	int err;

	if (!t)
		return NULL;
	t->fd = -1;
	t->max_accesses = max_accesses;
	t->skip_first = kdamond;
	snprintf(t->dir, sizeof(t->dir), TRACE_DIR "/instances/damon_test%d", nr);
	/* A test that was killed may have left it. */
	rmdir(t->dir);
	err = mkdir(t->dir, 0700) ? -errno : 0;
	err = err ?: trace_write(t, "trace_clock", "mono");
	err = err ?: trace_write(t, "buffer_size_kb", "4096");
	if (!err && kdamond) {
		snprintf(text, sizeof(text), "common_pid == %d", kdamond);
		err = trace_write(t, "events/damon/damon_aggregated/filter", text);
	}
	err = err ?: trace_write(t, "events/damon/damon_aggregated/enable", "1");
	if (!err) {
		snprintf(text, sizeof(text), "%s/trace_pipe", t->dir);
		t->fd = open(text, O_RDONLY | O_NONBLOCK);
		if (t->fd < 0)
			err = -errno;
	}
	if (err) {
		ksft_print_msg("%s: %s\n", t->dir, strerror(-err));
		trace_close(t);
		return NULL;
	}
	return t;
}

static int trace_parse(const char *line, double *time, struct region *r)
{
	const char *event = strstr(line, "damon_aggregated: ");
	/* Before it is the name of the worker, where the tracer knows it. */
	const char *cpu = strchr(line, '[');
	int end = 0;

	if (!event ||
	    !cpu || sscanf(cpu, "[%*d] %*s %lf:", time) != 1 ||
	    sscanf(event, "damon_aggregated: target_id=%lu nr_regions=%u %lu-%lu: %u %u%n",
		   &r->target, &r->nr_regions, &r->start, &r->end,
		   &r->nr_accesses, &r->age, &end) != 6 || event[end]) {
		ksft_print_msg("not an event: '%s'\n", line);
		return -EPROTO;
	}
	return 0;
}

int trace_line(struct trace *t, char *line, size_t size, double end)
{
	char *eol;
	ssize_t n;

	while (!(eol = memchr(t->buf, '\n', t->len))) {
		n = read(t->fd, t->buf + t->len, sizeof(t->buf) - t->len);
		if (n > 0) {
			t->len += n;
			continue;
		}
		if (n < 0 && errno != EAGAIN)
			return -errno;
		if (now() > end)
			return -ETIMEDOUT;
		usleep(10000);
	}
	n = eol - t->buf;
	snprintf(line, size, "%.*s", (int)n, t->buf);
	t->len -= n + 1;
	memmove(t->buf, eol + 1, t->len);
	return 0;
}

/* Is @r, which comes after the region @last, of another snapshot? */
static bool begins_snapshot(const struct region *last, unsigned int nr_last,
			    const struct region *r)
{
	if (r->target != last->target)
		return r->target < last->target;
	return nr_last == last->nr_regions || r->start <= last->start;
}

/* What holds for every snapshot, so every test checks it. */
static int snapshot_check(const struct snapshot *s, unsigned int max_accesses)
{
	const struct region *last = NULL, *r;
	const char *what = NULL;
	unsigned int i, nr = 0;

	for (i = 0; i < s->nr && !what; i++, last = r) {
		r = &s->region[i];
		if (!last || last->target != r->target) {
			if (last && nr != last->nr_regions)
				what = "fewer events than nr_regions";
			nr = 0;
		} else if (last->end > r->start) {
			what = "regions overlap, or not in order";
		} else if (last->nr_regions != r->nr_regions) {
			what = "nr_regions differs within a target";
		}
		nr++;
		if (r->start >= r->end)
			what = "empty region";
		if (r->start % (4 * KiB) || r->end % (4 * KiB))
			what = "part of a page";
		if (r->nr_accesses > max_accesses)
			what = "more accesses than samples";
	}
	if (!what && last && nr != last->nr_regions)
		what = "fewer events than nr_regions";
	if (!what)
		return 0;
	ksft_print_msg("bad snapshot at %f, region %u of %u (nr_regions %u, %lx-%lx): %s\n",
		       s->time, i, s->nr, last->nr_regions, last->start, last->end, what);
	return -EPROTO;
}

int trace_next(struct trace *t, struct snapshot *s)
{
	double end = now() + PATIENCE;
	unsigned int nr_last = 0;
	char line[1024];
	int err;

again:
	s->nr = 0;
	for (;;) {
		if (!t->pending) {
			err = trace_line(t, line, sizeof(line), end);
			err = err ?: trace_parse(line, &t->pending_time,
						 &t->pending_region);
			if (err)
				return err;
			t->pending = true;
		}
		if (s->nr && begins_snapshot(&s->region[s->nr - 1], nr_last,
					     &t->pending_region))
			break;
		if (s->nr == MAX_REGIONS)
			return -E2BIG;
		if (!s->nr)
			s->time = t->pending_time;
		if (!s->nr || s->region[s->nr - 1].target != t->pending_region.target)
			nr_last = 0;
		nr_last++;
		s->region[s->nr++] = t->pending_region;
		t->pending = false;
	}
	if (t->skip_first) {
		t->skip_first = false;
		goto again;
	}
	err = snapshot_check(s, t->max_accesses);
	if (err)
		ksft_print_msg("the one after it, at %f, begins with %lx-%lx\n",
			       t->pending_time, t->pending_region.start, t->pending_region.end);
	return err;
}

int trace_after(struct trace *t, struct snapshot *s, double time)
{
	int err;

	do {
		err = trace_next(t, s);
	} while (!err && s->time < time + 1.2 * AGGR_US / 1e6);
	return err;
}

unsigned long overlap(const struct region *r, unsigned long start, unsigned long end)
{
	if (start < r->start)
		start = r->start;
	if (end > r->end)
		end = r->end;
	return start < end ? end - start : 0;
}

unsigned long covered(const struct snapshot *s, unsigned long target, unsigned long start,
		      unsigned long end)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (s->region[i].target == target)
			sum += overlap(&s->region[i], start, end);
	return sum;
}

double time_until(struct trace *t, struct snapshot *s, double since, unsigned long target,
		  unsigned long start, unsigned long end, unsigned long want)
{
	double last = since, late = 0;

	do {
		int err = trace_next(t, s);

		if (err)
			return err;
		if (s->time > since + 10 * IN_TIME)
			return -ETIME;
		if (s->time > last + 2 * AGGR_US / 1e6)
			late += s->time - last - AGGR_US / 1e6;
		last = s->time > since ? s->time : since;
	} while (s->time < since || covered(s, target, start, end) != want);
	return s->time - since - late;
}

double heat(const struct snapshot *s, unsigned long target, unsigned long start,
	    unsigned long end)
{
	double sum = 0;
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (s->region[i].target == target)
			sum += (double)overlap(&s->region[i], start, end) *
				s->region[i].nr_accesses;
	return sum / (end - start);
}

double mean_heat(struct trace *t, unsigned long target, unsigned long start,
		 unsigned long end, int nr)
{
	struct snapshot *s = malloc(sizeof(*s));
	double sum = 0;
	int i, err = s ? 0 : -ENOMEM;

	for (i = 0; i < nr && !err; i++) {
		err = trace_next(t, s);
		if (!err)
			sum += heat(s, target, start, end);
	}
	free(s);
	return err ?: sum / nr;
}
