/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command of a job. The runs of a test have long commands that differ in a few digits only, so
 * a plan keeps such a command as a form that all of them share and the values of each.
 */
#ifndef JOB_JOB_COMMAND_H
#define JOB_JOB_COMMAND_H

#include "base/str.h"
#include "job/job_spec.h"

enum { COMMAND_VALUES = 3 };

struct command_part {
	const char *text; /* NULL: a value */
	uint32_t len, value;
};

struct command_form {
	const struct command_part *parts;
	uint32_t n;
	size_t text_len;	       /* of all texts in parts */
	uint32_t uses[COMMAND_VALUES]; /* how often each value is in parts */
};

/* Sets the other members of a form whose parts are set. */
void command_form_finish(struct command_form *form);

/* A command that is not stored as a text (spec->is_formed). */
struct formed_command {
	const struct command_form *form;
	const char *values[COMMAND_VALUES];
};

/* room: a buffer of the caller. The text is valid as long as the spec is, and room unchanged: it is
 * the spec's own or replaces what room held. NULL: the spec has no command. */
const char *job_command(const struct job_spec *spec, struct str *room);
size_t job_command_len(const struct job_spec *spec);

#endif
