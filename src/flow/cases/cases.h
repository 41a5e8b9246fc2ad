/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of `flow: cases`. A case is a directory with a file that says what to compile and what
 * to run. docs/guides/cases.md has every key.
 *
 *   cases.c  the configuration, top down
 *   find.c   which directories are cases
 *   build.c  runtimes and pinned dependencies, and build jobs of any kind
 *   read.c   a case's file: its compile jobs and its run, on HEAD and on the pin
 *   plan.c   dependencies and fallbacks
 *
 * In flow/cases/: finding the cases (find.c), reading their files (read.c, build.c), and their
 * jobs (plan.c). Entry: flow_cases.
 */
#ifndef FLOW_CASES_CASES_H
#define FLOW_CASES_CASES_H

#include "flow/native/entry.h"
#include "flow/native/native.h"

enum { ON_HEAD, ON_PIN, N_SIDES };

/* Entries that become jobs, in the order of the plan. Their index identifies them. */
struct entry_list {
	struct entry *at;
	size_t n, cap;
};
#define NO_ENTRY SIZE_MAX

/* A runtime: it is built before its cases. */
struct case_runtime {
	const char *name;
	struct hjson_node *node;
	struct settings settings; /* of its cases */
	const char *dir;	  /* {runtime_dir}: the directory that it is built in */
	struct entry *to_build;	  /* NULL: nothing */
	size_t build; /* its entry; NO_ENTRY: nothing to build, or no case so far needs it */
};

/* A dependency that is built before the cases: at HEAD, and at the pinned commit for fallbacks. */
struct case_pin {
	const char *name, *word; /* word: the name as a {word} */
	size_t builds[N_SIDES];	 /* its entries; NO_ENTRY: nothing to build */
	const char *dirs[N_SIDES];
	bool has_pin;
};

struct found_case {
	const char *id, *name, *dir;
	struct cfg *cfg;
	struct hjson_node *at; /* its key `name`; NULL: it has none */
	struct case_runtime *runtime;
	struct load loads[N_SIDES]; /* one per side: values of words differ */
	const char *outs[N_SIDES];  /* {out} */
	/* Entries on HEAD are jobs of the plan: indices in cases.entries. Entries on the pin are
	 * stages of these jobs only. */
	size_t first_compile, n_compiles, run;
	struct entry *pin_compiles, *pin_run;
};

struct cases {
	struct load *load;
	const struct flow_options *options;
	struct native_top native;
	struct settings defaults, builds;
	struct entry_list entries;
	struct case_runtime *runtimes;
	struct case_pin *pins;
	struct found_case *cases;
	size_t n_runtimes, n_pins, n_cases;
	bool has_runtimes; /* the key `runtimes` exists: other runtimes are errors */
	const char *scratch_path;
};

/* find.c: directories, in order, and the file of each case. */
struct case_place {
	const char *dir, *file;
};
struct case_places {
	struct case_place *at; /* malloc()ed */
	size_t n, cap;
};
void cases_find(struct cases *b, struct hjson_node *node, struct case_places *ret);

/* build.c */
size_t entries_add(struct entry_list *l, const struct entry *e);
/* Can name be a part of names of jobs, files and words? 1 to 128 letters, digits and ._+- */
bool cases_name_is_plain(const char *name);
/* Reads node, a command line or an object with one and settings, as the entry of this name. */
void cases_read_build(struct load *l, struct hjson_node *node, const char *name,
		      const struct settings *settings, struct entry *ret);
void cases_read_runtimes(struct cases *b, struct hjson_node *node);
void cases_read_pins(struct cases *b, struct hjson_node *node);
/* s with its {words} replaced, in l->mem. key, at: for messages. */
const char *cases_text(struct load *l, const char *key, const char *s, struct hjson_node *at);

/* read.c */
void cases_read_all(struct cases *b, const struct case_places *places);
void cases_done(struct cases *b);

/* plan.c: sets the dependencies and fallbacks of the jobs. */
void cases_connect(struct cases *b, struct plan *plan);

static inline bool cases_have_pin(const struct cases *b)
{
	for (size_t i = 0; i < b->n_pins; i++)
		if (b->pins[i].has_pin)
			return true;
	return false;
}

#endif
