// SPDX-License-Identifier: GPL-2.0
/*
 * bench-score DIR FILE...: scores the runs in the files, prints the tables that
 * compare the two monitors, and writes the table, bench.json and plots to DIR.
 */
#include <errno.h>
#include <string.h>

#include "bench.h"

static const char *in_dir(const char *dir, const char *name)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

int main(int argc, char **argv)
{
	size_t nr = argc > 2 ? argc - 2 : 0, i;
	struct score *scores = get_memory(nr, sizeof(*scores));
	struct run *runs = get_memory(nr, sizeof(*runs));
	size_t nr_scores = 0, nr_gains;
	struct results results;
	struct gain *gains;

	if (!nr) {
		fprintf(stderr, "Usage: %s DIR FILE...\n", argv[0]);
		return 2;
	}
	for (i = 0; i < nr; i++) {
		if (!run_load(&runs[i], argv[i + 2]))
			return 1;
		if (!runs[i].act.is)
			scores[nr_scores++] = score_run(&runs[i]);
		if (!write_course(&runs[i], argv[1])) {
			fprintf(stderr, "cannot write to %s: %s\n", argv[1], strerror(errno));
			return 1;
		}
	}
	gains = gains_of(runs, nr, &nr_gains);
	results = (struct results){ scores, nr_scores, gains, nr_gains };
	print_table(stdout, &results);
	if (!write_table(&results, in_dir(argv[1], "table.txt")) ||
	    !write_json(&results, in_dir(argv[1], "bench.json")) ||
	    (nr_scores && !plot(scores, nr_scores, argv[1]))) {
		fprintf(stderr, "cannot write to %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	return 0;
}
