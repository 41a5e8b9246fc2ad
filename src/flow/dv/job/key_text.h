/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a key in a job: expanded with the job's names, lists joined, each element stripped,
 * byte for byte as in DVSim.
 */
#ifndef FLOW_DV_JOB_KEY_TEXT_H
#define FLOW_DV_JOB_KEY_TEXT_H

#include "flow/dv/job/names.h"

enum { KEY_PATHS = 4 };

/* A directory of a job whose names are unsafe, that is, no file names (key_paths.c). */
struct key_path {
	const char *raw, *fit; /* with the names as written; with sanitized names */
};

struct key_texts {
	struct job_names *names;
	struct diags *diags;
	const char *target; /* of the job, for messages */
	struct cfg_subst subst;
	struct arena *mem;   /* for texts */
	unsigned n_expanded; /* texts with a {word} so far */
	bool is_wrong;	     /* an error was reported */
	struct map reported; /* each error, once for all jobs of a mode */
	/* Of an attempt (job.h): */
	bool waits;	       /* a text waits for a command */
	bool has_own_commands; /* a command has a standing name in it */
	/* key_paths.c: of this job, if it has unsafe names */
	struct key_path paths[KEY_PATHS];
	size_t n_paths; /* 0: not yet known */
};

void key_texts_init(struct key_texts *t, struct job_names *names, struct arena *mem);
void key_texts_done(struct key_texts *t);
/* Begins another job, with other names. */
void key_texts_begin(struct key_texts *t, const char *target);

/* text, expanded, in memory of the configuration or in t->mem. at: for messages. */
const char *key_text_expand(struct key_texts *t, const char *text, const struct hjson_node *at);
/* A key's text, expanded, in t->mem. */
const char *key_text(struct key_texts *t, const char *key);
/*
 * Appends a key's text to out. between: joins the elements of a list. True: the text must not be
 * quoted for a shell (a number, None), as in DVSim.
 */
bool key_text_add(struct key_texts *t, const char *key, const char *between, struct str *out);
/* The elements of a list that are not empty, each with a line end, in t->mem. */
const char *key_text_lines(struct key_texts *t, const char *key);

/* key_paths.c: text, which is expanded, with sanitized names in paths of the job's directories. */
const char *key_text_fit_paths(struct key_texts *t, const char *text);

#endif
