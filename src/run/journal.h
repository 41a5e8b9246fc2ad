/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: journal.jsonl, the crash-safe record and the live stream of a run. One JSON object
 * per line, mostly one write(2) each, with a sequence number and a checksum (CRC-32 of the line up
 * to its "crc" member). A torn tail is cut; a damaged middle is reported. The format:
 * docs/reference/results.md.
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

/* JOURNAL_NAME in that directory, which must not have one yet. */
struct journal *journal_create(int dir_fd, struct error *err);
void journal_free(struct journal *j); /* accepts NULL */
/*
 * A record: journal_begin() gives an open object with seq, t (wall, s) and ev in it, the caller
 * adds members, journal_commit() closes and writes it. Returns 0, or an errno after which nothing
 * more is written (the file has been cut back to its last whole record).
 */
struct json_out *journal_begin(struct journal *j, const char *ev, double wall_s);
int journal_commit(struct journal *j);
/* From now on records are written together, 64 KiB at a time: for a run of which nothing is lost if
 * it is killed. */
void journal_gather(struct journal *j);
/* Writes what was gathered. Returns as journal_commit(). */
int journal_flush(struct journal *j);
/* fdatasync of all records, and the directory's fsync the first time. Returns 0 or an errno, as
 * journal_commit().
 */
int journal_sync(struct journal *j);

/* ---- reading ---- */
struct journal_record {
	uint64_t seq;
	double wall_s;
	const char *ev;
	void *json;	  /* json_t *, borrowed: the whole record */
	const char *line; /* borrowed: its len bytes in the file, without the newline */
	size_t len;
};
/* Returns false to stop. */
typedef bool journal_visit(void *ctx, const struct journal_record *record);
/*
 * Visits every valid record in order. Returns 0; err is set and -1 returned if the file cannot be
 * read or a record in the middle is damaged (those before it have been visited). *ret_torn: the
 * last line was cut off and is ignored.
 */
int journal_read(const char *path, journal_visit *visit, void *ctx, bool *ret_torn,
		 struct error *err);

/* For a journal that is still being written. */
struct journal_reader;

/* NULL with err. path is copied. */
struct journal_reader *journal_open(const char *path, struct error *err);
/*
 * Visits the whole records that were not visited yet; a line without its newline is left for the
 * next call. Returns as journal_read(); after -1 or a visitor's stop nothing more can be read.
 */
int journal_read_on(struct journal_reader *r, journal_visit *visit, void *ctx, bool *ret_torn,
		    struct error *err);
void journal_close(struct journal_reader *r); /* accepts NULL */

#endif
