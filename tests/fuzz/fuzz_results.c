/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes results.json, as --failed reads it. */
#include "fuzz_file.h"

#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "run/past_run.h"

static char dir[] = "/tmp/dvsched-fuzz-XXXXXX";

static void remove_dir(void)
{
	_cleanup_(freep) char *path = xasprintf("%s/results.json", dir);

	unlink(path);
	rmdir(dir);
}

static void write_results(const unsigned char *input, size_t len)
{
	_cleanup_(freep) char *path = NULL;
	int fd;

	if (strstr(dir, "XXXXXX")) {
		if (!mkdtemp(dir))
			abort();
		atexit(remove_dir);
	}
	path = xasprintf("%s/results.json", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, input, len) != (ssize_t)len)
		abort();
	close(fd);
}

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len)
{
	_cleanup_(error_done) struct error err = {0};
	struct arena *mem = arena_new();
	struct past_run run;

	write_results(input, len);
	if (past_run_read(dir, mem, &run, &err) == 0)
		for (size_t i = 0; i < run.n_jobs; i++)
			if (!run.jobs[i].id || run.jobs[i].status >= JOB_STATUS_COUNT)
				abort();
	arena_free(mem);
	return 0;
}
