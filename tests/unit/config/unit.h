/* SPDX-License-Identifier: Apache-2.0 */
/* A directory with configuration files, and the result of loading them. */
#ifndef TESTS_UNIT_CONFIG_UNIT_H
#define TESTS_UNIT_CONFIG_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "config/config.h"

struct project {
	char dir[64], *cwd;
	struct diags diags;
	struct cfg *cfg;
	struct str text; /* of the last *_text() */
};

/* Each test runs in a directory of its own, so that messages show short paths. */
static inline int project_setup(void **state)
{
	struct project *p = xcalloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/dvsched-config-XXXXXX");
	p->cwd = getcwd(NULL, 0);
	assert_non_null(mkdtemp(p->dir));
	assert_int_equal(chdir(p->dir), 0);
	diags_init(&p->diags);
	*state = p;
	return 0;
}

static inline int project_teardown(void **state)
{
	struct project *p = *state;

	cfg_free(p->cfg);
	diags_done(&p->diags);
	str_done(&p->text);
	assert_int_equal(chdir(p->cwd), 0);
	fs_remove_tree(p->dir);
	free(p->cwd);
	free(p);
	return 0;
}

static inline void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Loads main.hjson, which is written first if text is given; what was loaded before is gone. */
static inline struct cfg *load_with(struct project *p, const char *text,
				    const struct cfg_options *options)
{
	if (text)
		put("main.hjson", text);
	cfg_free(p->cfg);
	diags_done(&p->diags);
	p->cfg = cfg_load("main.hjson", options, &p->diags);
	return p->cfg;
}

static inline struct cfg *load(struct project *p, const char *text)
{
	struct cfg_options options = {.proj_root = p->dir};

	return load_with(p, text, &options);
}

static inline bool add_to_text(void *ctx, const char *bytes, size_t len)
{
	str_addn(ctx, bytes, len);
	return true;
}

/* A member of the root as JSON, or "absent". */
static inline const char *member(struct project *p, const char *key)
{
	struct hjson_node *m = hjson_get(cfg_root(p->cfg), key);

	str_clear(&p->text);
	if (m)
		hjson_to_json(cfg_doc(p->cfg), m, 0, add_to_text, &p->text);
	else
		str_add(&p->text, "absent");
	return p->text.s;
}

/* All messages, as they are printed. */
static inline const char *messages(struct project *p)
{
	char *bytes = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&bytes, &n);

	diags_print(&p->diags, f, false, false);
	fclose(f);
	str_clear(&p->text);
	str_addn(&p->text, bytes, n);
	free(bytes);
	return p->text.s;
}

static inline bool says(struct project *p, const char *words)
{
	return strstr(messages(p), words) != NULL;
}

#define PROJECT_TEST(fn)    cmocka_unit_test_setup_teardown(fn, project_setup, project_teardown)
#define RUN_PROJECTS(tests) cmocka_run_group_tests(tests, NULL, NULL)

#endif
