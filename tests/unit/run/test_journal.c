/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/str.h"
#include "run/crc32.h"
#include "run/job_record.h"
#include "run/journal.h"

enum { RECORDS = 50 };

static char path[128];

static int set_up(void **state)
{
	if (make_scratch(state) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/%s", scratch, JOURNAL_NAME);
	return 0;
}

static struct journal *create(void)
{
	int dir_fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = {0};
	struct journal *j;

	unlink(path);
	j = journal_create(dir_fd, &err);
	if (!j)
		fail_msg("%s", err.msg);
	close(dir_fd);
	return j;
}

static int add(struct journal *j, int i)
{
	jout_key_int(journal_begin(j, "test", 1e9 + i), "i", i);
	return journal_commit(j);
}

/* The text of a good journal of n records. */
static void make_text(struct str *text, int n)
{
	struct journal *j = create();
	struct error err = {0};

	for (int i = 0; i < n; i++)
		assert_int_equal(add(j, i), 0);
	journal_free(j);
	assert_int_equal(fs_read_file(path, 1 << 20, text, &err), 0);
	unlink(path);
}

static void put(const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	/* Cut after writing: to empty a file first makes some file systems sync it at close(). */
	assert_int_equal(fs_write_all(fd, bytes, n), 0);
	assert_int_equal(ftruncate(fd, (off_t)n), 0);
	close(fd);
}

struct seen {
	int n, limit;
};

/* What comes is always the prefix of what was written: record n is number n. */
static bool see(void *ctx, const struct journal_record *record)
{
	struct seen *s = ctx;

	assert_int_equal(record->seq, s->n + 1);
	assert_string_equal(record->ev, "test");
	assert_true(record->wall_s >= 1e9 + s->n - 0.01 && record->wall_s <= 1e9 + s->n + 0.01);
	assert_int_equal(json_integer_value(json_object_get(record->json, "i")), s->n);
	return ++s->n != s->limit;
}

static int read_it(int *ret_n, bool *ret_torn)
{
	struct seen seen = {0};
	struct error err = {0};
	int rc = journal_read(path, see, &seen, ret_torn, &err);

	assert_int_equal(rc < 0, error_is_set(&err));
	if (rc < 0)
		assert_non_null(strstr(err.msg, "journal.jsonl is damaged after record"));
	error_done(&err);
	*ret_n = seen.n;
	return rc;
}

static void records_come_back_in_order(void **state)
{
	struct str text = {0};
	bool is_torn;
	int n;

	(void)state;
	make_text(&text, RECORDS);
	put(text.s, text.len);
	assert_int_equal(read_it(&n, &is_torn), 0);
	assert_int_equal(n, RECORDS);
	assert_false(is_torn);
	str_done(&text);
}

static void a_visitor_may_stop(void **state)
{
	struct str text = {0};
	struct seen seen = {.limit = 3};
	struct error err = {0};
	bool is_torn;

	(void)state;
	make_text(&text, RECORDS);
	put(text.s, text.len);
	assert_int_equal(journal_read(path, see, &seen, &is_torn, &err), 0);
	assert_int_equal(seen.n, 3);
	str_done(&text);
}

static void a_journal_cut_anywhere_gives_its_whole_records(void **state)
{
	struct str text = {0};

	(void)state;
	make_text(&text, RECORDS);
	for (size_t cut = 0; cut <= text.len; cut++) {
		int whole = 0, n;
		bool is_torn;

		for (size_t i = 0; i < cut; i++)
			whole += text.s[i] == '\n';
		put(text.s, cut);
		assert_int_equal(read_it(&n, &is_torn), 0);
		assert_int_equal(n, whole);
		assert_int_equal(is_torn, cut > 0 && text.s[cut - 1] != '\n');
	}
	str_done(&text);
}

static void a_flipped_bit_anywhere_is_found(void **state)
{
	struct str text = {0};

	(void)state;
	make_text(&text, RECORDS);
	for (size_t i = 0; i < text.len; i++) {
		char was = text.s[i];
		int before = 0, n, rc;
		bool is_torn;

		for (size_t k = 0; k < i; k++)
			before += text.s[k] == '\n';
		text.s[i] = (char)(was ^ 1 << i % 8);
		put(text.s, text.len);
		text.s[i] = was;
		rc = read_it(&n, &is_torn);
		assert_int_equal(n, before);
		/* The last newline gone is a torn tail; everything else is damage. */
		assert_int_equal(rc, i + 1 == text.len ? 0 : -1);
		assert_int_equal(is_torn, i + 1 == text.len);
	}
	str_done(&text);
}

static void random_damage_never_gives_a_record_that_was_not_written(void **state)
{
	struct str text = {0}, copy = {0};

	(void)state;
	srandom(7);
	make_text(&text, RECORDS);
	for (int round = 0; round < 3000; round++) {
		size_t at = (size_t)random() % text.len, len = (size_t)random() % 200;
		bool is_torn;
		int n;

		if (at + len > text.len)
			len = text.len - at;
		str_clear(&copy);
		str_addn(&copy, text.s, text.len);
		if (round % 3 == 0) /* a piece twice */
			str_addn(&copy, text.s + at, len);
		else if (round % 3 == 1) /* a piece gone */
			memmove(copy.s + at, copy.s + at + len, copy.len - at - len);
		else
			for (size_t i = 0; i < len; i++)
				copy.s[at + i] = (char)random();
		put(copy.s, copy.len);
		read_it(&n, &is_torn); /* asserts the prefix */
		assert_true(n <= RECORDS);
	}
	str_done(&text);
	str_done(&copy);
}

static void two_writers_are_noticed(void **state)
{
	struct str text = {0};
	bool is_torn;
	int n;

	(void)state;
	make_text(&text, 5);
	str_reserve(&text, text.len); /* the text is added to itself, and must not move meanwhile */
	str_addn(&text, text.s, text.len);
	put(text.s, text.len);
	assert_int_equal(read_it(&n, &is_torn), -1);
	assert_int_equal(n, 5);
	str_done(&text);
}

static bool see_nothing(void *ctx, const struct journal_record *record)
{
	(void)ctx;
	(void)record;
	fail();
	return false;
}

static void what_is_no_file_is_never_waited_for(void **state)
{
	struct error err = {0};
	bool is_torn;

	(void)state;
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(journal_read(path, see_nothing, NULL, &is_torn, &err), -1);
	assert_non_null(strstr(err.msg, "not a regular file"));
	error_done(&err);
	unlink(path);
	assert_int_equal(journal_read(path, see_nothing, NULL, &is_torn, &err), -1);
	assert_non_null(strstr(err.msg, "No such file"));
	error_done(&err);
}

static void a_second_journal_in_one_directory_is_refused(void **state)
{
	struct journal *j = create();
	int dir_fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = {0};

	(void)state;
	assert_null(journal_create(dir_fd, &err));
	assert_true(error_is_set(&err));
	error_done(&err);
	close(dir_fd);
	journal_free(j);
	unlink(path);
}

static void limit_files(rlim_t most)
{
	struct rlimit limit = {most, RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The file may not grow beyond 1000 bytes: the kernel writes a piece of the record that crosses. */
static void a_short_write_is_cut_off_and_ends_the_journal(void **state)
{
	struct journal *j = create();
	int i = 0, n, rc;
	struct stat st;
	bool is_torn;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	limit_files(1000);
	while ((rc = add(j, i)) == 0)
		i++;
	limit_files(RLIM_INFINITY);
	assert_int_equal(rc, EFBIG);
	assert_int_equal(add(j, i), EFBIG); /* although there is room again */
	assert_int_equal(journal_sync(j), EFBIG);
	journal_free(j);
	assert_true(i > 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size <= 1000);
	assert_int_equal(read_it(&n, &is_torn), 0);
	assert_int_equal(n, i);
	assert_false(is_torn);
	unlink(path);
}

static const struct job_coverage coverage[] = {{"LINE", "91.20 %"}, {"FSM", "-- %"}};
static const struct job_measures a_measure = {
	.has_run_time = true,
	.run_time_s = 0.1,
	.has_sim_time = true,
	.sim_time_us = 1.0 / 3,
	.has_vplan = true,
	.vplan_percent = 12.5,
	.has_coverage_db = true,
	.coverage = coverage,
	.n_coverage = 2,
};
static const struct job_result a_result = {
	.status = JOB_FAILED,
	.reason = REASON_FAIL_PATTERN,
	.message = "UVM_ERROR \"x\"",
	.context = "one\ntwo",
	.line = 17,
	.exit_status = 0,
	.pid = 4711,
	.marks = MARK_LEAKY,
	.start_wall_s = 1e9 + 0.25,
	.duration_s = 0.002,
	.usage = {0.5, 0.25, 1234},
	.peak_memory_kib = 12345,
	.cgroup_peak_kib = 23456,
	.measures = &a_measure,
};

struct read_back {
	struct job_record record;
	struct job_result result;
	json_t *json;
};

static bool keep_record(void *ctx, const struct journal_record *record)
{
	struct read_back *b = ctx;

	b->json = json_incref(record->json);
	assert_true(job_record_read(record->json, &b->record, &b->result));
	return true;
}

static void through_a_journal(const struct job_record *r, struct read_back *ret)
{
	struct journal *j = create();
	struct error err = {0};
	bool is_torn;

	job_record_write(journal_begin(j, JOB_RECORD_EV, 1e9), r);
	assert_int_equal(journal_commit(j), 0);
	journal_free(j);
	assert_int_equal(journal_read(path, keep_record, ret, &is_torn, &err), 0);
	unlink(path);
}

static void assert_result(const struct job_result *a, const struct job_result *b)
{
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->reason, b->reason);
	assert_true(str_eq(a->message, b->message));
	assert_true(str_eq(a->context, b->context));
	assert_int_equal(a->line, b->line);
	assert_int_equal(a->exit_status, b->exit_status);
	assert_int_equal(a->term_signal, b->term_signal);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->marks, b->marks);
	assert_true(a->start_wall_s == b->start_wall_s);
	assert_true(a->duration_s == b->duration_s);
	assert_true(a->usage.user_s == b->usage.user_s);
	assert_true(a->usage.system_s == b->usage.system_s);
	assert_int_equal(a->usage.max_rss_kib, b->usage.max_rss_kib);
	assert_int_equal(a->peak_memory_kib, b->peak_memory_kib);
	assert_int_equal(a->cgroup_peak_kib, b->cgroup_peak_kib);
}

static void assert_measures(const json_t *json, const struct job_measures *expected)
{
	struct arena *mem = arena_new();
	const struct job_measures *m = job_record_measures(json, mem);

	assert_int_equal(m != NULL, expected != NULL);
	if (m) {
		assert_true(m->has_run_time && m->run_time_s == expected->run_time_s);
		assert_true(m->has_sim_time && m->sim_time_us == expected->sim_time_us);
		assert_true(m->has_vplan && m->vplan_percent == expected->vplan_percent);
		assert_int_equal(m->has_coverage_db, expected->has_coverage_db);
		assert_int_equal(m->n_coverage, expected->n_coverage);
		for (uint32_t i = 0; i < m->n_coverage; i++) {
			assert_string_equal(m->coverage[i].name, expected->coverage[i].name);
			assert_string_equal(m->coverage[i].value, expected->coverage[i].value);
		}
	}
	arena_free(mem);
}

static void a_job_record_comes_back(void **state)
{
	struct job_result crash = {.status = JOB_FAILED,
				   .reason = REASON_SIGNAL,
				   .exit_status = -1,
				   .term_signal = 11};
	const struct job_record records[] = {
		{.n = 0,
		 .id = "b:a",
		 .status = JOB_RUNNING,
		 .backend = "local",
		 .attempt = 1,
		 .where = "local/3",
		 .cause = JOB_RECORD_NO_CAUSE},
		{.n = 7,
		 .id = "b:b",
		 .status = JOB_FAILED,
		 .reason = REASON_FAIL_PATTERN,
		 .message = "UVM_ERROR \"x\"",
		 .marks = MARK_LEAKY,
		 .attempt = 2,
		 .result = &a_result,
		 .cause = JOB_RECORD_NO_CAUSE},
		{.n = 8,
		 .id = "b:c",
		 .status = JOB_QUEUED,
		 .attempt = 1,
		 .result = &crash,
		 .cause = JOB_RECORD_NO_CAUSE},
		{.n = 9,
		 .id = "b:d",
		 .status = JOB_KILLED,
		 .reason = REASON_DEPENDENCY,
		 .message = "Job cancelled",
		 .cause = 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		const struct job_record *a = &records[i];
		struct read_back back = {0};

		through_a_journal(a, &back);
		assert_int_equal(back.record.n, a->n);
		assert_string_equal(back.record.id, a->id);
		assert_int_equal(back.record.status, a->status);
		assert_int_equal(back.record.reason, a->reason);
		assert_int_equal(back.record.marks, a->marks);
		assert_true(str_eq(back.record.message, a->message));
		assert_int_equal(back.record.cause, a->cause);
		assert_true(str_eq(back.record.backend, a->backend));
		assert_int_equal(back.record.attempt, a->attempt);
		assert_true(str_eq(back.record.where, a->where));
		assert_int_equal(!back.record.result, !a->result);
		if (a->result)
			assert_result(&back.result, a->result);
		assert_measures(back.json, a->result ? a->result->measures : NULL);
		json_decref(back.json);
	}
}

static void a_job_record_of_another_shape_is_refused(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"n\":0,\"id\":\"a\"}",
		"{\"n\":-1,\"id\":\"a\",\"status\":\"PASSED\"}",
		"{\"n\":\"0\",\"id\":\"a\",\"status\":\"PASSED\"}",
		"{\"n\":0,\"status\":\"PASSED\"}",
		"{\"n\":0,\"id\":\"a\",\"status\":\"GREAT\"}",
		"{\"n\":0,\"id\":\"a\",\"status\":\"FAILED\",\"reason\":\"moon\"}",
		"{\"n\":0,\"id\":\"a\",\"status\":\"PASSED\",\"result\":{}}",
		"{\"n\":0,\"id\":\"a\",\"status\":\"QUEUED\",\"attempt\":1,\"result\":{}}",
		"{\"n\":0,\"id\":\"a\",\"status\":\"PASSED\",\"attempt\":1,\"result\":[]}",
		("{\"n\":0,\"id\":\"a\",\"status\":\"PASSED\",\"attempt\":1,"
		 "\"result\":{\"line\":-4}}"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		json_t *json = json_loads(texts[i], 0, NULL);
		struct job_record record;
		struct job_result result;

		assert_non_null(json);
		if (job_record_read(json, &record, &result))
			fail_msg("%s was taken", texts[i]);
		json_decref(json);
	}
}

/* As the standard defines it, bit by bit. */
static uint32_t slow_crc32(const unsigned char *p, size_t n)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

static void a_checksum_of_any_length_is_that_of_zlib(void **state)
{
	struct {
		struct crc32 t;
		uint32_t after;
	} tables = {.after = 4711};
	const struct crc32 *t = &tables.t;
	unsigned char bytes[70];

	(void)state;
	crc32_init(&tables.t);
	assert_int_equal(tables.after, 4711);
	assert_int_equal(crc32_of(t, "123456789", 9), 0xcbf43926);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 37 + 200);
	for (size_t from = 0; from < 8; from++)
		for (size_t n = 0; n <= sizeof(bytes) - from; n++)
			assert_int_equal(crc32_of(t, bytes + from, n), slow_crc32(bytes + from, n));
}

static off_t size_now(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void gathered_records_are_written_together(void **state)
{
	struct journal *j = create();
	struct seen seen = {.limit = INT32_MAX};
	struct error err = {0};
	bool is_torn;
	int n = 3;

	(void)state;
	journal_gather(j);
	for (int i = 0; i < n; i++)
		assert_int_equal(add(j, i), 0);
	assert_int_equal(size_now(), 0);
	assert_int_equal(journal_sync(j), 0);
	assert_true(size_now() > 0);
	for (off_t before = size_now(); size_now() == before; n++)
		assert_int_equal(add(j, n), 0);
	assert_true(n > 100); /* 64 KiB */
	assert_int_equal(add(j, n++), 0);
	journal_free(j);
	assert_int_equal(journal_read(path, see, &seen, &is_torn, &err), 0);
	assert_int_equal(seen.n, n);
	assert_false(is_torn);
}

/* Bytes are added to the file one at a time: no record is seen before its newline, and each once.
 */
static void a_reader_goes_on_where_it_was(void **state)
{
	struct str text = {0};
	struct seen seen = {0};
	struct error err = {0};
	struct journal_reader *r;
	int fd, whole = 0;
	bool is_torn;

	(void)state;
	make_text(&text, 5);
	put("", 0);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	r = journal_open(path, &err);
	assert_non_null(r);
	for (size_t i = 0; i < text.len; i++) {
		assert_int_equal(fs_write_all(fd, &text.s[i], 1), 0);
		whole += text.s[i] == '\n';
		assert_int_equal(journal_read_on(r, see, &seen, &is_torn, &err), 0);
		assert_int_equal(seen.n, whole);
		assert_int_equal(is_torn, text.s[i] != '\n');
	}
	assert_int_equal(whole, 5);
	journal_close(r);
	close(fd);
	str_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_back_in_order),
		cmocka_unit_test(a_visitor_may_stop),
		cmocka_unit_test(a_journal_cut_anywhere_gives_its_whole_records),
		cmocka_unit_test(a_flipped_bit_anywhere_is_found),
		cmocka_unit_test(random_damage_never_gives_a_record_that_was_not_written),
		cmocka_unit_test(two_writers_are_noticed),
		cmocka_unit_test(what_is_no_file_is_never_waited_for),
		cmocka_unit_test(a_second_journal_in_one_directory_is_refused),
		cmocka_unit_test(a_short_write_is_cut_off_and_ends_the_journal),
		cmocka_unit_test(a_job_record_comes_back),
		cmocka_unit_test(a_job_record_of_another_shape_is_refused),
		cmocka_unit_test(a_checksum_of_any_length_is_that_of_zlib),
		cmocka_unit_test(gathered_records_are_written_together),
		cmocka_unit_test(a_reader_goes_on_where_it_was),
	};

	return cmocka_run_group_tests(tests, set_up, remove_scratch);
}
