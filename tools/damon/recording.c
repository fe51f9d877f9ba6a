// SPDX-License-Identifier: GPL-2.0
/*
 * Writes and reads recordings. The reader trusts nothing in the file: every
 * count is compared with the bytes that are left before it is used.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "damonctl.h"
#include "recording.h"
#include "units.h"

static const char mark[16] = "damon_recfmt_ver";

#define VERSION		2
#define HEADER_SIZE	20
#define SNAPSHOT_SIZE	20
#define TARGET_SIZE	12
#define REGION_SIZE	20

/*
 * Times above this, about 68 years, are refused. This keeps sums of times far
 * from overflow, and finds files of another word size or byte order.
 */
#define MAX_SEC		(UINT64_C(1) << 31)

static void put(FILE *f, const void *value, size_t size)
{
	fwrite(value, size, 1, f);
}

void rec_write_header(FILE *f)
{
	int32_t version = VERSION;

	put(f, mark, sizeof(mark));
	put(f, &version, sizeof(version));
}

void rec_write_snapshot(FILE *f, uint64_t time_ns, uint32_t nr_targets)
{
	uint64_t sec = time_ns / NS_PER_SEC, nsec = time_ns % NS_PER_SEC;

	put(f, &sec, sizeof(sec));
	put(f, &nsec, sizeof(nsec));
	put(f, &nr_targets, sizeof(nr_targets));
}

void rec_write_target(FILE *f, uint64_t id, uint32_t nr_regions)
{
	put(f, &id, sizeof(id));
	put(f, &nr_regions, sizeof(nr_regions));
}

void rec_write_region(FILE *f, const struct region *r)
{
	put(f, &r->start, sizeof(r->start));
	put(f, &r->end, sizeof(r->end));
	put(f, &r->nr_accesses, sizeof(r->nr_accesses));
}

/* Fields are not aligned in the file. */
static uint32_t get32(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t get64(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void get_region(const unsigned char *p, struct region *r)
{
	r->start = get64(p);
	r->end = get64(p + 8);
	r->nr_accesses = get32(p + 16);
}

static bool refuse(const struct recording *rec, size_t offset,
		   const char *what)
{
	complain("%s: %s at byte %zu; record it again, or take another file with -i",
		 rec->path, what, offset);
	return false;
}

static bool check_header(const struct recording *rec)
{
	if (rec->size < sizeof(mark) ||
	    memcmp(rec->data, mark, sizeof(mark))) {
		complain("%s is no recording; 'damonctl record' makes one",
			 rec->path);
		return false;
	}
	if (rec->size < HEADER_SIZE)
		return refuse(rec, rec->size, "the header is cut off");
	if (get32(rec->data + sizeof(mark)) != VERSION) {
		complain("%s has format version %" PRId32 ", only %d is read; record it again",
			 rec->path, (int32_t)get32(rec->data + sizeof(mark)),
			 VERSION);
		return false;
	}
	return true;
}

static bool add_target_id(struct recording *rec, uint64_t id)
{
	size_t i;

	for (i = 0; i < rec->nr_targets; i++) {
		if (rec->targets[i] == id)
			return true;
	}
	if (rec->nr_targets == REC_MAX_TARGETS)
		return false;
	rec->targets = must_grow(rec->targets, rec->nr_targets + 1,
				 sizeof(*rec->targets));
	rec->targets[rec->nr_targets++] = id;
	return true;
}

static bool check_regions(struct recording *rec, size_t off, uint32_t nr)
{
	uint64_t last_end = 0;
	struct region r;
	uint32_t i;

	for (i = 0; i < nr; i++, off += REGION_SIZE) {
		get_region(rec->data + off, &r);
		if (r.start >= r.end)
			return refuse(rec, off, "a region ends before it starts");
		if (r.start < last_end)
			return refuse(rec, off, "regions are out of order");
		last_end = r.end;
		if (r.nr_accesses > rec->max_accesses)
			rec->max_accesses = r.nr_accesses;
	}
	return true;
}

/* Checks the snapshot at @off, and moves @off behind the snapshot. */
static bool check_snapshot(struct recording *rec, size_t *off,
			   struct snapshot *s)
{
	uint64_t sec, nsec;
	uint32_t i, nr_regions;

	if (rec->size - *off < SNAPSHOT_SIZE)
		return refuse(rec, rec->size, "a snapshot is cut off");
	sec = get64(rec->data + *off);
	nsec = get64(rec->data + *off + 8);
	s->nr_targets = get32(rec->data + *off + 16);
	if (sec >= MAX_SEC || nsec >= NS_PER_SEC)
		return refuse(rec, *off, "a snapshot has no valid time");
	if (s->nr_targets > REC_MAX_TARGETS)
		return refuse(rec, *off + 16, "a snapshot has too many targets");
	s->time_ns = sec * NS_PER_SEC + nsec;
	*off += SNAPSHOT_SIZE;
	s->offset = *off;
	for (i = 0; i < s->nr_targets; i++) {
		if (rec->size - *off < TARGET_SIZE)
			return refuse(rec, rec->size, "a target is cut off");
		if (!add_target_id(rec, get64(rec->data + *off)))
			return refuse(rec, *off, "there are too many targets");
		nr_regions = get32(rec->data + *off + 8);
		*off += TARGET_SIZE;
		if ((rec->size - *off) / REGION_SIZE < nr_regions)
			return refuse(rec, rec->size, "the regions are cut off");
		if (!check_regions(rec, *off, nr_regions))
			return false;
		*off += (size_t)nr_regions * REGION_SIZE;
	}
	return true;
}

static bool check_all(struct recording *rec)
{
	size_t off = HEADER_SIZE, room = 0, start;
	struct snapshot s;

	if (!check_header(rec))
		return false;
	while (off < rec->size) {
		start = off;
		if (!check_snapshot(rec, &off, &s))
			return false;
		if (rec->nr_snapshots &&
		    s.time_ns < rec->snapshots[rec->nr_snapshots - 1].time_ns)
			return refuse(rec, start, "time goes backwards");
		if (rec->nr_snapshots == room) {
			room = room ? room * 2 : 256;
			rec->snapshots = must_grow(rec->snapshots, room,
						   sizeof(*rec->snapshots));
		}
		rec->snapshots[rec->nr_snapshots++] = s;
	}
	if (!rec->nr_snapshots) {
		complain("%s holds no snapshot; record for longer than one aggregation interval",
			 rec->path);
		return false;
	}
	return true;
}

static bool map_file(struct recording *rec)
{
	struct stat st;
	void *data;
	int fd;

	/* To open a pipe would else wait for somebody who writes. */
	fd = open(rec->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st)) {
		complain("cannot read %s: %s%s", rec->path, strerror(errno),
			 errno == ENOENT ?
			 "; 'damonctl record' makes it, -i names another" : "");
		goto out_close;
	}
	if (!S_ISREG(st.st_mode)) {
		complain("%s is no file; name a recording with -i", rec->path);
		goto out_close;
	}
	if (!st.st_size) {
		complain("%s is empty; 'damonctl record' makes a recording",
			 rec->path);
		goto out_close;
	}
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED) {
		complain("cannot map %s: %s", rec->path, strerror(errno));
		goto out_close;
	}
	close(fd);
	rec->data = data;
	rec->size = (size_t)st.st_size;
	return true;

out_close:
	if (fd >= 0)
		close(fd);
	return false;
}

bool rec_open(struct recording *rec, const char *path)
{
	*rec = (struct recording){ .path = path };
	if (map_file(rec) && check_all(rec))
		return true;
	rec_close(rec);
	return false;
}

void rec_close(struct recording *rec)
{
	if (rec->data)
		munmap((void *)rec->data, rec->size);
	free(rec->snapshots);
	free(rec->targets);
	*rec = (struct recording){ 0 };
}

bool rec_regions(const struct recording *rec, size_t snapshot, uint64_t id,
		 struct cursor *c)
{
	const struct snapshot *s = &rec->snapshots[snapshot];
	const unsigned char *p = rec->data + s->offset;
	uint32_t i, nr_regions;

	for (i = 0; i < s->nr_targets; i++) {
		nr_regions = get32(p + 8);
		if (get64(p) == id) {
			*c = (struct cursor){ p + TARGET_SIZE, nr_regions,
					      0, UINT64_MAX };
			return true;
		}
		p += TARGET_SIZE + (size_t)nr_regions * REGION_SIZE;
	}
	return false;
}

bool rec_next_region(struct cursor *c, struct region *r)
{
	while (c->left) {
		get_region(c->pos, r);
		c->pos += REGION_SIZE;
		c->left--;
		if (r->end <= c->lo || r->start >= c->hi)
			continue;
		if (r->start < c->lo)
			r->start = c->lo;
		if (r->end > c->hi)
			r->end = c->hi;
		return true;
	}
	return false;
}
