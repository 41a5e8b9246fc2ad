/* SPDX-License-Identifier: Apache-2.0 */
/* Files besides the code: docs/reference/config.md has every key, and the examples load. */
#include "stage.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

static void read_manual(struct str *text)
{
	struct error err = {0};

	if (fs_read_file(SOURCE_ROOT "/docs/reference/config.md", 1 << 20, text, &err) < 0)
		fail_msg("%s", err.msg);
}

/* The heading of the section that lists keys of this kind. */
static const char *const headings[] = {
	[FLOW_KEY_TOP] = "\n## Keys of the configuration\n",
	[FLOW_KEY_JOB] = "\n## Keys of a job\n",
	[FLOW_KEY_SETTING] = "\n## Keys of a job or of `defaults`\n",
};

static char *section_of(const char *text, enum flow_key_place place)
{
	const char *start = strstr(text, headings[place]), *end;

	assert_non_null(start);
	start += strlen(headings[place]);
	end = strstr(start, "\n## ");
	assert_non_null(end);
	return strndup(start, (size_t)(end - start));
}

static void every_key_has_its_row_in_the_manual(void **state)
{
	struct str text = {0};
	const struct flow_key *k;

	(void)state;
	read_manual(&text);
	for (size_t i = 0; (k = flow_jobs_key(i)) != NULL; i++) {
		char *section = section_of(text.s, k->place), row[256];

		snprintf(row, sizeof(row), "\n| `%s` | %s |", k->key, k->type);
		if (!strstr(section, row))
			fail_msg("docs/reference/config.md has no row '%s'", row + 1);
		free(section);
	}
	assert_true(flow_jobs_key(1000) == NULL);
	str_done(&text);
}

static bool is_key(const char *name, size_t len, enum flow_key_place place)
{
	const struct flow_key *k;

	for (size_t i = 0; (k = flow_jobs_key(i)) != NULL; i++)
		if (k->place == place && strlen(k->key) == len && strncmp(k->key, name, len) == 0)
			return true;
	return false;
}

static void every_row_of_the_manual_is_a_key(void **state)
{
	struct str text = {0};
	unsigned n_rows = 0;

	(void)state;
	read_manual(&text);
	for (int place = FLOW_KEY_TOP; place <= FLOW_KEY_SETTING; place++) {
		char *section = section_of(text.s, (enum flow_key_place)place);

		for (char *row = section; (row = strstr(row, "\n| `")) != NULL; n_rows++) {
			row += 4;
			if (!is_key(row, strcspn(row, "`"), (enum flow_key_place)place))
				fail_msg("docs/reference/config.md: no such key: %.20s", row);
		}
		free(section);
	}
	assert_true(n_rows > 30);
	str_done(&text);
}

/* With a value of a type that no key allows: the error of a known key is about its type. */
static void every_key_of_the_table_is_read(void **state)
{
	const struct flow_key *k;

	(void)state;
	for (size_t i = 0; (k = flow_jobs_key(i)) != NULL; i++) {
		char text[256], quoted[64];
		struct stage s;

		if (k->place == FLOW_KEY_TOP)
			continue;
		snprintf(text, sizeof(text), "{ flow: jobs\n jobs: [ { \"%s\": null } ] }", k->key);
		snprintf(quoted, sizeof(quoted), "'%s' must ", k->key);
		stage_set(&s, text, NULL);
		if (strstr(s.messages, "unknown key"))
			fail_msg("%s", s.messages);
		if (!strstr(s.messages, quoted))
			fail_msg("null is a good '%s'?\n%s", k->key, s.messages);
		stage_done(&s);
	}
}

static void every_example_loads_without_a_word(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob(SOURCE_ROOT "/hjson-cfgs/*.hjson", 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 10);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct stage s;

		stage_set_file(&s, found.gl_pathv[i]);
		assert_string_equal(s.messages, "");
		assert_non_null(s.plan);
		/* People know it by the name of the file. */
		assert_int_equal(
			strncmp(path_base(found.gl_pathv[i]), s.plan->name, strlen(s.plan->name)),
			0);
		stage_done(&s);
	}
	globfree(&found);
}

static void the_quickstart_is_a_graph_worth_looking_at(void **state)
{
	struct stage s;

	(void)state;
	stage_set_file(&s, SOURCE_ROOT "/hjson-cfgs/quickstart.hjson");
	assert_int_equal(s.plan->n_jobs, 14);
	assert_int_equal(stage_job(&s, "report")->n_needs, 12);
	assert_text(stage_deps(&s, "pi.3d.6"), "build");
	stage_done(&s);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_has_its_row_in_the_manual),
		cmocka_unit_test(every_row_of_the_manual_is_a_key),
		cmocka_unit_test(every_key_of_the_table_is_read),
		cmocka_unit_test(every_example_loads_without_a_word),
		cmocka_unit_test(the_quickstart_is_a_graph_worth_looking_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
