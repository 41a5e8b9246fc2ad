/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a job's directory and log are. A spec keeps what its paths do not share with others: of a
 * million jobs most differ in their names only.
 */
#ifndef JOB_JOB_PATHS_H
#define JOB_JOB_PATHS_H

#include "base/str.h"
#include "job/job_spec.h"

/* Absolute, as spec->dir and spec->log say; appended to out. The spec has one. */
void job_add_odir(struct str *out, const struct job_spec *spec);
void job_add_log_path(struct str *out, const struct job_spec *spec);

/*
 * The same as a text. room: a buffer of the caller. The text is valid as long as the spec is, and
 * room unchanged: it is the spec's own or replaces what room held. NULL: the spec has none.
 */
const char *job_odir(const struct job_spec *spec, struct str *room);
const char *job_log_path(const struct job_spec *spec, struct str *room);

#endif
