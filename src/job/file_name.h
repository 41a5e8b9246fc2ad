/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of a job where it becomes one file name. DVSim's flows let a job be called anything
 * ("a/b", "..", 300 letters); a path must not come out of that.
 */
#ifndef JOB_FILE_NAME_H
#define JOB_FILE_NAME_H

#include <stdbool.h>

#include "base/str.h"

enum { JOB_FILE_NAME_ROOM = 128 };
/* What moving aside adds to a name at most: ".YYYYmmdd_HHMMSS_1234567" or ".attempt-4294967295". */
enum { JOB_ASIDE_ROOM = 24 };

/* One visible file name: no '/', no leading '.', no control character, at most 255 bytes. */
bool job_name_is_fit(const char *name);
/*
 * name, if it is fit; else in room what is fit of it and a digest of all of it, so that two
 * names stay two: "a/b" -> "a_b-" and 16 digits.
 */
const char *job_file_name(const char *name, char room[JOB_FILE_NAME_ROOM]);
/*
 * Appends what a directory or log at path is called before the suffix with which it is moved aside:
 * path itself, or where its last name has no room for JOB_ASIDE_ROOM bytes more, what fits of it
 * and a digest.
 */
void job_add_aside(struct str *to, const char *path);

#endif
