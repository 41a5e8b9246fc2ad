/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal, journal.jsonl: the crash-safe record of a run, which can also be read while it is
 * written. Each line is one JSON object, usually written by one write(2), with a sequence number
 * and a checksum (CRC-32 of the line up to its "crc" member). An incomplete last line is ignored;
 * other damage is an error. Format: docs/reference/results.md.
 */
#ifndef RUN_JOURNAL_H
#define RUN_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json_out.h"

#define JOURNAL_NAME	       "journal.jsonl"
#define JOURNAL_SCHEMA_VERSION 1
#define JOURNAL_END_EV	       "end" /* ev of the last record of a run that was not killed */

/* ---- writing ---- */
struct journal;

/* Creates JOURNAL_NAME in the directory; it must not exist. NULL with err. */
struct journal *journal_create(int dir_fd, struct error *err);
void journal_free(struct journal *j); /* accepts NULL */
/*
 * Writes a record: journal_begin() returns an open object with the members seq, t (wall clock, s)
 * and ev; the caller adds members; journal_commit() closes and writes it. Returns 0, or an errno,
 * after which nothing more is written (the file was truncated to its last complete record).
 */
struct json_out *journal_begin(struct journal *j, const char *ev, double wall_s);
int journal_commit(struct journal *j);
/* No record is in the file. */
bool journal_is_empty(const struct journal *j);
/* From now on records are buffered and written 64 KiB at a time: for runs whose records may be lost
 * if they are killed. */
void journal_gather(struct journal *j);
/* Writes the buffered records. Returns 0 or an errno, as journal_commit(). */
int journal_flush(struct journal *j);
/* Writes and fdatasyncs all records; the first call also fsyncs the directory. Returns 0 or an
 * errno, as journal_commit(). */
int journal_sync(struct journal *j);

/* ---- reading ---- */
struct job_record;

struct journal_record {
	uint64_t seq;
	double wall_s;
	const char *ev;
	void *json;		      /* the record, a json_t *, borrowed; NULL if job is set */
	const struct job_record *job; /* set by journal_read_jobs() only; borrowed */
	const char *line;	      /* its len bytes in the file, without the newline; borrowed */
	size_t len;
};
/* Returns false to stop reading. */
typedef bool journal_visit(void *ctx, const struct journal_record *record);
/*
 * Visits all valid records in order. Returns 0, or -1 with err if the file cannot be read or a
 * record before the last line is damaged (the records before it were visited). *ret_torn: the last
 * line is incomplete and was ignored.
 */
int journal_read(const char *path, journal_visit *visit, void *ctx, bool *ret_torn,
		 struct error *err);
/* The same, faster: most records of jobs come as `job`. */
int journal_read_jobs(const char *path, journal_visit *visit, void *ctx, bool *ret_torn,
		      struct error *err);

/* Reads a journal that is still being written. */
struct journal_reader;

/* Opens a journal; path is copied. NULL with err. */
struct journal_reader *journal_open(const char *path, struct error *err);
/*
 * Visits the complete records that were not visited yet; a line without a newline is left for the
 * next call. Returns as journal_read(). After -1, or after the visitor has stopped, the reader can
 * only be closed.
 */
int journal_read_on(struct journal_reader *r, journal_visit *visit, void *ctx, bool *ret_torn,
		    struct error *err);
void journal_close(struct journal_reader *r); /* accepts NULL */

#endif
