/* SPDX-License-Identifier: Apache-2.0 */
/* Are two records of jobs equal, to the last bit of each number? */
#ifndef TESTS_SAME_RECORD_H
#define TESTS_SAME_RECORD_H

#include <string.h>

#include "base/str.h"
#include "run/job_record.h"

static inline bool is_same_real(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static inline bool is_same_result(const struct job_result *a, const struct job_result *b)
{
	return a->status == b->status && a->reason == b->reason && str_eq(a->message, b->message) &&
	       str_eq(a->context, b->context) && a->line == b->line &&
	       a->exit_status == b->exit_status && a->term_signal == b->term_signal &&
	       a->pid == b->pid && a->marks == b->marks &&
	       is_same_real(a->start_wall_s, b->start_wall_s) &&
	       is_same_real(a->duration_s, b->duration_s) &&
	       is_same_real(a->usage.user_s, b->usage.user_s) &&
	       is_same_real(a->usage.system_s, b->usage.system_s) &&
	       a->usage.max_rss_kib == b->usage.max_rss_kib &&
	       a->peak_memory_kib == b->peak_memory_kib && a->log_stamp == b->log_stamp &&
	       str_eq(a->details, b->details) && a->measures == b->measures;
}

static inline bool is_same_record(const struct job_record *a, const struct job_record *b)
{
	return a->n == b->n && str_eq(a->id, b->id) && a->status == b->status &&
	       a->reason == b->reason && a->marks == b->marks && str_eq(a->message, b->message) &&
	       a->cause == b->cause && str_eq(a->backend, b->backend) && a->attempt == b->attempt &&
	       str_eq(a->where, b->where) && str_eq(a->stage, b->stage) &&
	       str_eq(a->resources, b->resources) && !a->result == !b->result &&
	       (!a->result || is_same_result(a->result, b->result));
}

#endif
