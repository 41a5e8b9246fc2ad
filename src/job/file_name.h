/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of a job as the name of a file. DVSim's flows allow any name for a job ("a/b", "..", 300
 * letters), so names are sanitized.
 */
#ifndef JOB_FILE_NAME_H
#define JOB_FILE_NAME_H

#include <stdbool.h>

#include "base/str.h"

enum { JOB_FILE_NAME_ROOM = 128 };
/* The longest suffix of a directory or log that is moved aside: ".YYYYmmdd_HHMMSS_1234567" or
 * ".attempt-4294967295". */
enum { JOB_ASIDE_ROOM = 24 };

/* name can be the name of a file: no '/', no leading '.', no control character, at
 * most 255 bytes. */
bool job_name_is_fit(const char *name);
/*
 * Returns name if it is fit, else the sanitized name in room: the characters that are fit, and a
 * digest of the whole name, so that different names stay different: "a/b" -> "a_b-" and 16 digits.
 */
const char *job_file_name(const char *name, char room[JOB_FILE_NAME_ROOM]);
/*
 * Appends the path to which the suffix is added when the directory or log at path is moved aside:
 * path, or, if its last component has no room for JOB_ASIDE_ROOM more bytes, path with that
 * component cut and a digest added.
 */
void job_add_aside(struct str *to, const char *path);

#endif
