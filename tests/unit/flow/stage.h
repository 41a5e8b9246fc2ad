/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration in a temporary file, its plan, and the messages about it. */
#ifndef TESTS_FLOW_STAGE_H
#define TESTS_FLOW_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/dv/options.h"
#include "flow/flow.h"

struct stage {
	char dir[64]; /* the configuration is t.hjson in it */
	struct cfg *cfg;
	struct plan *plan;
	char *messages; /* as users see them, without the directory */
};

struct stage_options {
	const char *const *items, *const *defines;
	const struct dv_options *dv;
	const char *const *excluded;
	struct flow_limits limits;
	struct flow_again *again;
	bool is_interactive; /* the terminal's environment is TALKS=1 */
};

/* Loads and plans text, which is Hjson; options may be NULL. The scratch root is /scratch. */
void stage_set(struct stage *s, const char *text, const struct stage_options *options);
/* The same step by step, for a configuration of several files: t.hjson is loaded. */
void stage_open(struct stage *s);
void stage_write(const struct stage *s, const char *path, const char *text);
void stage_load(struct stage *s, const struct stage_options *options);
void stage_set_file(struct stage *s, const char *path);
void stage_done(struct stage *s);

/* The job of that name; fails the test if it is not there. */
const struct job_spec *stage_job(const struct stage *s, const char *name);
/* The command of job i of the plan. */
const char *stage_command(const struct stage *s, size_t i);
/* Names of all jobs, with a blank between; to be freed. */
char *stage_names(const struct stage *s);
/* "needs… | any…" */
char *stage_deps(const struct stage *s, const char *name);
/* All jobs with all messages about them; the configuration's directory is ".". The caller frees it.
 */
char *stage_dump(const struct stage *s);
/* Takes text; what it returns has "." for the configuration's directory. */
char *stage_without_dir(const struct stage *s, char *text);
/* Compares text, and frees it, with expected/NAME.txt beside the tests. */
void assert_expected(const char *name, char *text);
/* "<word> <word>" */
char *stage_argv(const struct job_spec *job);

/* Plans text and compares the messages with expected. */
void assert_said(const char *text, const char *expected);
/* The same without the excerpts of the file. */
void assert_told(const char *text, const struct stage_options *options, const char *expected);
/* Compares, and frees actual. */
void assert_text(char *actual, const char *expected);

#endif
