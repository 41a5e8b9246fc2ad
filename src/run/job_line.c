/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of the members is that of job_record_write(). Whatever this accepts, jansson reads in
 * the same way: plain ASCII in strings, numbers that a double or an int64_t holds exactly.
 */
#include "run/job_line.h"

#include <string.h>

#include "base/ascii.h"

enum {
	MOST_DIGITS = 19,  /* of an integer; a uint64_t holds them */
	CRC_TAIL = 18,	   /* ,"crc":"01234567"} */
	MOST_DECIMALS = 9, /* of a real: its power of ten is exact */
};
static const uint64_t exact_double = UINT64_C(1) << 53;

/* What is left of a line. is_wrong: it is of another form. */
struct line_rest {
	const char *at, *end;
	struct str *text;
	bool is_first; /* the next member is the first of its object */
	bool is_wrong;
};

static bool line_takes(struct line_rest *l, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(l->end - l->at) < n || memcmp(l->at, word, n) != 0)
		return false;
	l->at += n;
	return true;
}

static void line_must(struct line_rest *l, bool is_right)
{
	l->is_wrong |= !is_right;
}

/* Copies a string. */
static const char *line_string(struct line_rest *l)
{
	const char *start, *ret = l->text->s + l->text->len;

	line_must(l, line_takes(l, "\""));
	for (start = l->at; l->at < l->end && *l->at != '"'; l->at++)
		line_must(l, *l->at >= ' ' && *l->at < 0x7f && *l->at != '\\');
	str_addn(l->text, start, (size_t)(l->at - start));
	l->text->len++; /* the NUL stays */
	line_must(l, line_takes(l, "\""));
	return ret;
}

/* Begins with 0 only if that is all of it. */
static uint64_t line_whole(struct line_rest *l)
{
	const char *start = l->at;
	uint64_t number = 0;
	size_t n;

	for (; l->at < l->end && ascii_is_digit(*l->at) && l->at - start < MOST_DIGITS; l->at++)
		number = number * 10 + (uint64_t)(*l->at - '0');
	n = (size_t)(l->at - start);
	line_must(l, n == 1 || (n > 0 && *start != '0'));
	return number;
}

/* A number ends where a member can end. */
static void line_end_number(struct line_rest *l)
{
	line_must(l, l->at < l->end && (*l->at == ',' || *l->at == '}'));
}

static int64_t line_int(struct line_rest *l, int64_t most)
{
	uint64_t number = line_whole(l);

	line_end_number(l);
	line_must(l, number <= (uint64_t)most);
	return (int64_t)number;
}

/* A whole number below 2^53, divided by an exact power of ten, is rounded as strtod() does it. */
static double line_real(struct line_rest *l)
{
	static const double power[MOST_DECIMALS + 1] = {1,   1e1, 1e2, 1e3, 1e4,
							1e5, 1e6, 1e7, 1e8, 1e9};
	uint64_t number = line_whole(l);
	size_t n = 0;

	if (line_takes(l, ".")) {
		for (; l->at < l->end && ascii_is_digit(*l->at) && n < MOST_DECIMALS &&
		       number <= exact_double;
		     l->at++, n++)
			number = number * 10 + (uint64_t)(*l->at - '0');
		line_must(l, n > 0);
	}
	line_end_number(l);
	line_must(l, number <= exact_double);
	return (double)number / power[n];
}

/* ---- members ---- */

/* Takes a key, and the comma before it. */
static bool line_takes_key(struct line_rest *l, const char *key)
{
	size_t n = strlen(key), left = (size_t)(l->end - l->at);
	const char *at = l->at;

	if (left < n + 4 || (!l->is_first && *at++ != ','))
		return false;
	if (at[0] != '"' || memcmp(at + 1, key, n) != 0 || at[n + 1] != '"' || at[n + 2] != ':')
		return false;
	l->at = at + n + 3;
	l->is_first = false;
	return true;
}

/* Members that may be absent. */
static const char *line_get_string(struct line_rest *l, const char *key)
{
	return line_takes_key(l, key) ? line_string(l) : NULL;
}

static int64_t line_get_int(struct line_rest *l, const char *key, int64_t if_absent, int64_t most)
{
	return line_takes_key(l, key) ? line_int(l, most) : if_absent;
}

static double line_get_real(struct line_rest *l, const char *key)
{
	return line_takes_key(l, key) ? line_real(l) : 0;
}

static int64_t line_need_int(struct line_rest *l, const char *key, int64_t most)
{
	line_must(l, line_takes_key(l, key));
	return line_int(l, most);
}

/* Returns false if there is no status. */
static bool line_get_verdict(struct line_rest *l, enum job_status *status, enum job_reason *reason,
			     const char **message)
{
	const char *name = line_get_string(l, "status");

	if (!name)
		return false;
	line_must(l, job_status_from_name(name, status));
	*reason = REASON_NONE;
	name = line_get_string(l, "reason");
	line_must(l, !name || job_reason_from_name(name, reason));
	*message = line_get_string(l, "message");
	return true;
}

/* ---- the record ---- */

static void line_result(struct line_rest *l, const struct job_record *r, struct job_result *ret)
{
	*ret = (struct job_result){.status = r->status, .reason = r->reason, .message = r->message};
	l->is_first = true;
	line_get_verdict(l, &ret->status, &ret->reason, &ret->message);
	ret->context = line_get_string(l, "context");
	ret->line = (uint32_t)line_get_int(l, "line", 0, UINT32_MAX);
	ret->exit_status = (int32_t)line_get_int(l, "exit_status", -1, INT32_MAX);
	ret->term_signal = (int32_t)line_get_int(l, "signal", 0, INT32_MAX);
	ret->pid = (int32_t)line_get_int(l, "pid", 0, INT32_MAX);
	ret->marks = (uint32_t)line_get_int(l, "marks", 0, UINT32_MAX);
	ret->start_wall_s = line_get_real(l, "start");
	ret->duration_s = line_get_real(l, "duration_s");
	ret->usage.user_s = line_get_real(l, "user_s");
	ret->usage.system_s = line_get_real(l, "system_s");
	ret->usage.max_rss_kib = (uint64_t)line_get_int(l, "max_rss_kib", 0, INT64_MAX);
	ret->peak_memory_kib = (uint64_t)line_get_int(l, "peak_memory_kib", 0, INT64_MAX);
	ret->log_stamp = (uint64_t)line_get_int(l, "log_stamp", 0, INT64_MAX);
	line_must(l, line_takes(l, "}") && job_status_is_final(ret->status));
	l->is_first = false;
}

static void line_record(struct line_rest *l, struct job_record *ret, struct job_result *ret_result)
{
	ret->n = (uint32_t)line_need_int(l, "n", UINT32_MAX - 1);
	ret->id = line_get_string(l, "id");
	line_must(l, ret->id && line_get_verdict(l, &ret->status, &ret->reason, &ret->message));
	ret->marks = (uint32_t)line_get_int(l, "marks", 0, UINT32_MAX);
	ret->cause = (uint32_t)line_get_int(l, "cause", JOB_RECORD_NO_CAUSE, UINT32_MAX);
	ret->backend = line_get_string(l, "backend");
	ret->attempt = (uint32_t)line_get_int(l, "attempt", 0, UINT32_MAX);
	ret->where = line_get_string(l, "where");
	ret->stage = line_get_string(l, "stage");
	if (!line_takes(l, ",\"result\":{"))
		return;
	line_must(l, ret->attempt > 0);
	line_result(l, ret, ret_result);
	ret->result = ret_result;
}

/* The checksum itself was compared. */
static bool line_ends(const struct line_rest *l)
{
	bool is_hex = true;

	if (l->is_wrong || l->end - l->at != 1 || memcmp(l->at, ",\"crc\":\"", 8) != 0)
		return false;
	for (const char *c = l->at + 8; c < l->at + 16; c++)
		is_hex &= ascii_is_digit(*c) || (*c >= 'a' && *c <= 'f');
	return is_hex && memcmp(l->at + 16, "\"}", 2) == 0;
}

bool job_line_read(struct job_line *ret, const char *line, size_t len)
{
	struct line_rest l = {.at = line, .end = line + len, .text = &ret->text, .is_first = true};

	if (len <= CRC_TAIL || !line_takes(&l, "{"))
		return false;
	l.end -= CRC_TAIL - 1; /* the comma before "crc" ends the member before it */
	str_clear(&ret->text);
	str_reserve(&ret->text, len); /* so strings do not move */
	ret->record = (struct job_record){0};
	ret->seq = (uint64_t)line_need_int(&l, "seq", INT64_MAX);
	line_must(&l, line_takes_key(&l, "t"));
	ret->wall_s = line_real(&l);
	line_must(&l, line_takes(&l, ",\"ev\":\"" JOB_RECORD_EV "\""));
	if (!l.is_wrong)
		line_record(&l, &ret->record, &ret->result);
	return line_ends(&l);
}

void job_line_done(struct job_line *l)
{
	str_done(&l->text);
}
