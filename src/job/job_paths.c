/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_paths.h"

static void job_add_slash(struct str *out)
{
	if (out->s[out->len - 1] != '/')
		str_addc(out, '/');
}

void job_add_odir(struct str *out, const struct job_spec *spec)
{
	if (*spec->dir != '/' && spec->block) {
		str_add(out, spec->block->scratch_path);
		job_add_slash(out);
	}
	str_add(out, spec->dir);
}

void job_add_log_path(struct str *out, const struct job_spec *spec)
{
	if (*spec->log != '/' && spec->dir) {
		job_add_odir(out, spec);
		job_add_slash(out);
	}
	str_add(out, spec->log);
}

const char *job_odir(const struct job_spec *spec, struct str *room)
{
	if (!spec->dir || *spec->dir == '/')
		return spec->dir;
	str_clear(room);
	job_add_odir(room, spec);
	return room->s;
}

const char *job_log_path(const struct job_spec *spec, struct str *room)
{
	if (!spec->log || *spec->log == '/')
		return spec->log;
	str_clear(room);
	job_add_log_path(room, spec);
	return room->s;
}
