/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Empty members are left out: a job that passes takes two records of about 150 and 250 bytes.
 * "result" contains the status only if it differs from that of the job (an attempt that will be
 * retried).
 */
#include "run/job_record.h"

#include <jansson.h>
#include <string.h>

#include "base/str.h"

static void write_text(struct json_out *out, const char *key, const char *s)
{
	if (s)
		jout_key_string(out, key, s);
}

static void job_record_write_int(struct json_out *out, const char *key, int64_t i)
{
	if (i)
		jout_key_int(out, key, i);
}

static void job_record_write_verdict(struct json_out *out, enum job_reason reason,
				     const char *message)
{
	if (reason != REASON_NONE)
		jout_key_string(out, "reason", job_reason_name(reason));
	write_text(out, "message", message);
}

static bool is_own_verdict(const struct job_record *r)
{
	return r->result->status == r->status && r->result->reason == r->reason &&
	       str_eq(r->result->message, r->message);
}

void job_record_write_usage(struct json_out *out, const struct job_result *r)
{
	jout_key_real(out, "duration_s", r->duration_s, 6);
	jout_key_real(out, "user_s", r->usage.user_s, 6);
	jout_key_real(out, "system_s", r->usage.system_s, 6);
	jout_key_int(out, "max_rss_kib", (int64_t)r->usage.max_rss_kib);
	if (r->details) {
		jout_key(out, "details");
		jout_raw(out, r->details);
	}
}

static void write_result(struct json_out *out, const struct job_record *r)
{
	const struct job_result *a = r->result;

	jout_key(out, "result");
	jout_object(out);
	if (!is_own_verdict(r)) {
		jout_key_string(out, "status", job_status_name(a->status));
		job_record_write_verdict(out, a->reason, a->message);
	}
	write_text(out, "context", a->context);
	job_record_write_int(out, "line", a->line);
	if (a->exit_status >= 0)
		jout_key_int(out, "exit_status", a->exit_status);
	job_record_write_int(out, "signal", a->term_signal);
	job_record_write_int(out, "pid", a->pid);
	job_record_write_int(out, "marks", a->marks);
	if (a->start_wall_s > 0)
		jout_key_real(out, "start", a->start_wall_s, 6);
	job_record_write_usage(out, a);
	job_record_write_int(out, "peak_memory_kib", (int64_t)a->peak_memory_kib);
	job_record_write_int(out, "cgroup_peak_kib", (int64_t)a->cgroup_peak_kib);
	job_record_write_int(out, "log_stamp", (int64_t)a->log_stamp);
	if (a->measures)
		job_measures_write(out, a->measures);
	jout_object_end(out);
}

void job_record_write(struct json_out *out, const struct job_record *r)
{
	jout_key_int(out, "n", r->n);
	jout_key_string(out, "id", r->id);
	jout_key_string(out, "status", job_status_name(r->status));
	job_record_write_verdict(out, r->reason, r->message);
	job_record_write_int(out, "marks", r->marks);
	if (r->cause != JOB_RECORD_NO_CAUSE)
		jout_key_int(out, "cause", r->cause);
	write_text(out, "backend", r->backend);
	job_record_write_int(out, "attempt", r->attempt);
	write_text(out, "where", r->where);
	write_text(out, "stage", r->stage);
	if (r->resources) {
		jout_key(out, "resources");
		jout_raw(out, r->resources);
	}
	if (r->result)
		write_result(out, r);
}

/* ---- reading ---- */

static const char *job_record_text_of(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

static double real_of(const json_t *obj, const char *key)
{
	return json_number_value(json_object_get(obj, key));
}

/* Reads an integer member; if_absent: the value of a missing one. false: not an integer of 0 to
 * most. */
static bool int_of(const json_t *obj, const char *key, int64_t if_absent, int64_t most,
		   int64_t *ret)
{
	const json_t *v = json_object_get(obj, key);

	*ret = v ? json_integer_value(v) : if_absent;
	return !v || (json_is_integer(v) && *ret >= 0 && *ret <= most);
}

static bool read_verdict(const json_t *obj, enum job_status *status, enum job_reason *reason,
			 const char **message)
{
	const char *status_name = job_record_text_of(obj, "status"),
		   *reason_name = job_record_text_of(obj, "reason");

	*message = job_record_text_of(obj, "message");
	*reason = REASON_NONE;
	return status_name && job_status_from_name(status_name, status) &&
	       (!reason_name || job_reason_from_name(reason_name, reason));
}

static bool read_result(const json_t *obj, const struct job_record *r, struct job_result *ret)
{
	int64_t line, exit_status, signal, pid, marks, rss, peak, cgroup_peak, stamp;

	*ret = (struct job_result){.status = r->status, .reason = r->reason, .message = r->message};
	if (job_record_text_of(obj, "status") &&
	    !read_verdict(obj, &ret->status, &ret->reason, &ret->message))
		return false;
	if (!int_of(obj, "line", 0, UINT32_MAX, &line) ||
	    !int_of(obj, "exit_status", -1, INT32_MAX, &exit_status) ||
	    !int_of(obj, "signal", 0, INT32_MAX, &signal) ||
	    !int_of(obj, "pid", 0, INT32_MAX, &pid) ||
	    !int_of(obj, "marks", 0, UINT32_MAX, &marks) ||
	    !int_of(obj, "max_rss_kib", 0, INT64_MAX, &rss) ||
	    !int_of(obj, "peak_memory_kib", 0, INT64_MAX, &peak) ||
	    !int_of(obj, "cgroup_peak_kib", 0, INT64_MAX, &cgroup_peak) ||
	    !int_of(obj, "log_stamp", 0, INT64_MAX, &stamp))
		return false;
	ret->context = job_record_text_of(obj, "context");
	ret->line = (uint32_t)line;
	ret->exit_status = (int32_t)exit_status;
	ret->term_signal = (int32_t)signal;
	ret->pid = (int32_t)pid;
	ret->marks = (uint32_t)marks;
	ret->start_wall_s = real_of(obj, "start");
	ret->duration_s = real_of(obj, "duration_s");
	ret->usage.user_s = real_of(obj, "user_s");
	ret->usage.system_s = real_of(obj, "system_s");
	ret->usage.max_rss_kib = (uint64_t)rss;
	ret->peak_memory_kib = (uint64_t)peak;
	ret->cgroup_peak_kib = (uint64_t)cgroup_peak;
	ret->log_stamp = (uint64_t)stamp;
	return job_status_is_final(ret->status);
}

bool job_record_read(const void *json, struct job_record *ret, struct job_result *ret_result)
{
	const json_t *result = json_object_get(json, "result");
	int64_t n, marks, cause, attempt;

	*ret = (struct job_record){0};
	if (!json_object_get(json, "n") || !int_of(json, "n", 0, UINT32_MAX - 1, &n) ||
	    !int_of(json, "marks", 0, UINT32_MAX, &marks) ||
	    !int_of(json, "cause", JOB_RECORD_NO_CAUSE, UINT32_MAX, &cause) ||
	    !int_of(json, "attempt", 0, UINT32_MAX, &attempt) ||
	    !read_verdict(json, &ret->status, &ret->reason, &ret->message))
		return false;
	ret->n = (uint32_t)n;
	ret->id = job_record_text_of(json, "id");
	ret->marks = (uint32_t)marks;
	ret->cause = (uint32_t)cause;
	ret->backend = job_record_text_of(json, "backend");
	ret->attempt = (uint32_t)attempt;
	ret->where = job_record_text_of(json, "where");
	ret->stage = job_record_text_of(json, "stage");
	if (!result)
		return ret->id != NULL;
	ret->result = ret_result;
	return ret->id && ret->attempt && json_is_object(result) &&
	       read_result(result, ret, ret_result);
}
