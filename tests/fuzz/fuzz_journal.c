/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes the journal: once as it is, and once with a number and a checksum at each line, so that
 * what follows them is read, too. Records must come with numbers that grow by one. Lines that are
 * read without a tree must say the same as their tree.
 */
#include "fuzz_file.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "run/crc32.h"
#include "run/job_record.h"
#include "run/job_line.h"
#include "run/journal.h"
#include "run/taken_record.h"
#include "same_record.h"

/* A line that can be read without its tree says the same. */
static void check_line(const struct journal_record *record)
{
	struct job_line l = {0};
	struct job_record r;
	struct job_result result;

	if (job_line_read(&l, record->line, record->len) &&
	    (!job_record_read(record->json, &r, &result) || !is_same_record(&r, &l.record) ||
	     l.seq != record->seq || !is_same_real(l.wall_s, record->wall_s) ||
	     strcmp(record->ev, JOB_RECORD_EV) != 0))
		abort();
	job_line_done(&l);
}

static bool look(void *ctx, const struct journal_record *record)
{
	uint64_t *last = ctx;
	struct job_record r;
	struct job_result result;
	struct arena *mem = arena_new();

	if (record->seq != ++*last)
		abort();
	if (job_record_read(record->json, &r, &result) && r.result &&
	    !job_status_is_final(r.result->status))
		abort();
	job_record_measures(record->json, mem);
	check_line(record);
	arena_free(mem);
	return true;
}

static void read_journal(const void *bytes, size_t n)
{
	_cleanup_(error_done) struct error err = {0};
	char path[32];
	int fd = fuzz_file_make(bytes, n, path);
	uint64_t last = 0;
	bool is_torn;

	journal_read(path, look, &last, &is_torn, &err);
	close(fd);
}

static void seal(struct str *to, const char *line, size_t n, unsigned seq)
{
	static struct crc32 crc32;
	size_t start = to->len;

	if (!crc32.of[0][1])
		crc32_init(&crc32);
	str_printf(to, "{\"seq\":%u,\"t\":1.0,", seq);
	str_addn(to, line, n);
	str_printf(to, ",\"crc\":\"%08x\"}\n", crc32_of(&crc32, to->s + start, to->len - start));
}

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len)
{
	_cleanup_(str_done) struct str sealed = {0};
	const char *at = (const char *)input, *end = at + len;

	read_journal(input, len);
	for (unsigned seq = 1; at < end; seq++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((newline ? newline : end) - at);

		seal(&sealed, at, n, seq);
		at += n + 1;
	}
	if (sealed.len)
		read_journal(sealed.s, sealed.len);
	return 0;
}
