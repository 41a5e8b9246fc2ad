/* SPDX-License-Identifier: Apache-2.0 */
/* Commands with places, the requests of jobs, and answers of a described batch system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/batch/answers.h"
#include "backends/batch/keys.h"
#include "base/str.h"

struct bed {
	struct diags diags;
	struct cfg *cfg;
	struct arena *mem;
	struct cfg_fields *fields;
};

static struct cfg *bed_load(const char *text, struct diags *diags)
{
	char path[] = "/tmp/dvsched-batch-XXXXXX";
	int fd = mkstemp(path);
	struct cfg *c;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	c = cfg_load(path, &(struct cfg_options){0}, diags);
	unlink(path);
	return c;
}

/* text: the members of the settings. */
static void bed_begin(struct bed *b, const char *text)
{
	*b = (struct bed){.mem = arena_new()};
	diags_init(&b->diags);
	b->cfg = bed_load(text, &b->diags);
	assert_non_null(b->cfg);
	b->fields = cfg_fields_new(b->cfg, cfg_root(b->cfg), "backends.site", &b->diags);
}

static void bed_end(struct bed *b)
{
	cfg_fields_end(b->fields);
	cfg_free(b->cfg);
	diags_done(&b->diags);
	arena_free(b->mem);
}

static void assert_words(const struct command_words *w, const char *expected)
{
	_cleanup_(str_done) struct str all = {0};

	str_add(&all, "");
	for (size_t i = 0; i < w->n; i++)
		str_printf(&all, "[%s]", w->at[i]);
	assert_string_equal(all.s, expected);
}

static void places_become_words_or_parts_of_them(void **state)
{
	static const char *const allowed[] = {"name", "ids", "none", NULL};
	const char *name[] = {"a b", NULL}, *ids[] = {"7", "8", NULL}, *none[] = {NULL};
	const struct template_place places[] = {{"name", name}, {"ids", ids}, {"none", none}, {0}};
	struct command_words words;
	template t;
	struct bed b;

	(void)state;
	bed_begin(&b, "{ a: \"put  -n <name> <none> <ids> x=<ids>, a<b <<name>> <none>.\""
		      "  b: [\"<name> x\", \"\", \"<ids>\"] }");
	words = (struct command_words){.mem = b.mem};
	t = template_read(b.fields, "a", allowed);
	template_expand(t, places, &words);
	assert_words(&words, "[put][-n][a b][7][8][x=7 8,][a<b][<a b>][.]");
	assert_true(template_has(t, "ids"));
	assert_false(template_has(t, "id"));
	words = (struct command_words){.mem = b.mem};
	template_expand(template_read(b.fields, "b", allowed), places, &words);
	assert_words(&words, "[a b x][][7][8]");
	assert_null(template_read(b.fields, "c", allowed));
	assert_int_equal(b.diags.n_errors, 0);
	bed_end(&b);
}

static void unknown_places_and_empty_commands_are_errors(void **state)
{
	static const char *const allowed[] = {"name", NULL};
	struct bed b;

	(void)state;
	bed_begin(&b, "{ a: \"x <name> <nam>\", b: \"  \" }");
	template_read(b.fields, "a", allowed);
	assert_int_equal(b.diags.n_errors, 1);
	assert_string_equal(b.diags.first->msg, "'a' has no place <nam>");
	template_read(b.fields, "b", allowed);
	assert_int_equal(b.diags.n_errors, 2);
	bed_end(&b);
}

static const char keys_text[] = "{ requests: { queue: \"-q <value>\", cpus: \"-n <value>\", "
				"memory: \"-M <KiB> <MiB> <GiB>\""
				"              time: \"-W <minutes> <seconds>\" }"
				"  defaults: { queue: \"short\", memory: \"1500K\" } }";

static void a_request_is_rounded_up_and_multiplied_for_pilots(void **state)
{
	struct command_words words;
	struct batch_request defaults;
	struct batch_keys keys;
	struct bed b;

	(void)state;
	bed_begin(&b, keys_text);
	batch_keys_read(b.fields, &keys, &defaults);
	assert_int_equal(b.diags.n_errors, 0);
	assert_int_equal(defaults.farm.mode, FARM_AUTO);
	words = (struct command_words){.mem = b.mem};
	batch_request_add(&keys, &defaults, 3, 1, &words);
	assert_words(&words, "[-q][short][-n][3][-M][1500][2][1]");
	words = (struct command_words){.mem = b.mem};
	batch_request_add(&keys, &defaults, 1, 4, &words);
	assert_words(&words, "[-q][short][-n][4][-M][6000][6][1]");
	bed_end(&b);
}

static void keys_of_a_job_replace_defaults(void **state)
{
	const struct backend_key of_job[] = {
		{.backend = "fake", .key = "outcome", .value = "pass"},
		{.backend = "batch", .key = "queue", .value = "long"},
		{.backend = "batch", .key = "time", .value = "61s"},
		{.backend = "batch", .key = "cpus", .value = "2"},
	};
	const struct job_rules rules = {.cpus = 1, .backend_keys = of_job, .n_backend_keys = 4};
	struct batch_request defaults, r;
	struct command_words words;
	struct batch_keys keys;
	struct bed b;

	(void)state;
	bed_begin(&b, keys_text);
	words = (struct command_words){.mem = b.mem};
	batch_keys_read(b.fields, &keys, &defaults);
	batch_request_read(b.mem, &keys, &defaults, &rules, &r, &b.diags);
	assert_int_equal(b.diags.n_errors, 0);
	batch_request_add(&keys, &r, rules.cpus, 1, &words);
	assert_words(&words, "[-q][long][-n][2][-M][1500][2][1][-W][2][61]");
	bed_end(&b);
}

static void wrong_values_of_a_job_are_errors(void **state)
{
	static const struct {
		const char *key, *value, *message;
	} rows[] = {
		{"queue", "", "'queue' must be a text that is not empty"},
		{"cpus", "0", "'cpus' must be a whole number from 1 to 65535"},
		{"cpus", "2x", "'cpus' must be a whole number from 1 to 65535"},
		{"memory", "0", "'memory' must be a size, like \"4G\""},
		{"time", "-1", "'time' must be a duration, like \"30m\" or \"2h\""},
		{"mode", "array", "the backend has no mode 'array'"},
		{"qeue", "x", "unknown key 'qeue' in batch"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct backend_key k = {
			.backend = "batch", .key = rows[i].key, .value = rows[i].value};
		const struct job_rules rules = {.cpus = 1, .backend_keys = &k, .n_backend_keys = 1};
		struct batch_request defaults, r;
		struct batch_keys keys;
		struct bed b;

		bed_begin(&b, keys_text);
		batch_keys_read(b.fields, &keys, &defaults);
		batch_request_read(b.mem, &keys, &defaults, &rules, &r, &b.diags);
		assert_int_equal(b.diags.n_errors, 1);
		assert_string_equal(b.diags.first->msg, rows[i].message);
		bed_end(&b);
	}
}

/* ---- answers ---- */

static const char answers_text[] =
	"{ submitted: \"^Job <(?<id>[0-9]+)>\", doubt: \"timeout\", empty: \"^none$\""
	"  line: \"^(?<id>[0-9]+) (?<name>[^ ]+) (?<state>[A-Z]+) ?(?<why>.*)$\""
	"  states: { PEND: \"waits\", EXIT: \"ended\", GONE: \"node_failure\" }"
	"  reasons: { MEMLIMIT: \"memory\" } }";

static struct command_end ended(int status, const char *out, const char *err)
{
	struct command_end e = {.exit_status = status};

	str_add(&e.out, out);
	str_add(&e.err, err);
	return e;
}

static void an_answer_is_an_id_a_refusal_or_unknown(void **state)
{
	static const struct {
		int status;
		const char *out, *err;
		enum farm_answer answer;
		const char *text;
	} rows[] = {
		{0, "Job <12> is submitted\n", "", FARM_ACCEPTED, "12"},
		{0, "", "a banner\nJob <12>\n", FARM_ACCEPTED, "12"},
		{0, "Job <x>\n", "", FARM_UNKNOWN, "put ended with exit status 0"},
		{1, "Job <12>\n", "timeout\n", FARM_UNKNOWN, "timeout"},
		{1, "Job <12>\n", "no queue\n", FARM_REFUSED, "no queue"},
		{-1, "Job <12>\n", "", FARM_UNKNOWN, "put was killed by a signal"},
	};
	struct batch_answers a;
	struct bed b;

	(void)state;
	bed_begin(&b, answers_text);
	batch_answers_read(b.fields, &a);
	assert_int_equal(b.diags.n_errors, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct command_end e = ended(rows[i].status, rows[i].out, rows[i].err);
		struct str text = {0};

		assert_int_equal(batch_submitted(&a, "put", &e, &text), rows[i].answer);
		assert_string_equal(text.s, rows[i].text);
		command_end_done(&e);
		str_done(&text);
	}
	batch_answers_done(&a);
	bed_end(&b);
}

static void add_sight(void *ctx, const struct farm_sight *s)
{
	static const char *const stages[] = {"waits", "runs", "over"};

	str_printf(ctx, "%s %s %s %d %s %s\n", s->id, s->name, stages[s->stage], (int)s->reason,
		   s->word, s->why ? s->why : "-");
}

static void a_list_is_read_line_by_line(void **state)
{
	static const struct {
		int status;
		const char *out;
		bool is_answer;
		const char *seen;
	} rows[] = {
		{0, "", true, ""},
		{0, "\n  \n", true, ""},
		{0, "none\n", true, ""},
		{3, "none\n", true, ""},
		{3, "1 a PEND\n", false, ""},
		{0, "what?\n", false, ""},
		{0, "ID NAME STATE\n1 a PEND no memory\n2 b RUN\n", true,
		 "1 a waits 0 PEND no memory\n2 b runs 0 RUN -\n"},
	};
	struct batch_answers a;
	struct bed b;

	(void)state;
	bed_begin(&b, answers_text);
	batch_answers_read(b.fields, &a);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct command_end e = ended(rows[i].status, rows[i].out, "");
		struct str seen = {0};

		str_add(&seen, "");
		assert_int_equal(batch_seen(&a, &e, add_sight, &seen), rows[i].is_answer);
		assert_string_equal(seen.s, rows[i].seen);
		command_end_done(&e);
		str_done(&seen);
	}
	batch_answers_done(&a);
	bed_end(&b);
}

struct last_sight {
	enum farm_stage stage;
	enum job_reason reason;
};

static void keep_sight(void *ctx, const struct farm_sight *s)
{
	*(struct last_sight *)ctx = (struct last_sight){s->stage, s->reason};
}

static void an_end_has_the_reason_of_its_word_or_of_its_text(void **state)
{
	static const struct {
		const char *line;
		enum farm_stage stage;
		enum job_reason reason;
	} rows[] = {
		{"1 a EXIT", FARM_OVER, REASON_LOST},
		{"1 a EXIT TERM_MEMLIMIT: x", FARM_OVER, REASON_MEMORY},
		{"1 a RUN TERM_MEMLIMIT: x", FARM_RUNS, REASON_NONE},
		{"1 a GONE", FARM_OVER, REASON_NODE_FAILURE},
		{"1 a ODD", FARM_RUNS, REASON_NONE},
	};
	struct batch_answers a;
	struct bed b;

	(void)state;
	bed_begin(&b, answers_text);
	batch_answers_read(b.fields, &a);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct command_end e = ended(0, rows[i].line, "");
		struct last_sight last = {0};

		assert_true(batch_seen(&a, &e, keep_sight, &last));
		assert_int_equal(last.stage, rows[i].stage);
		assert_int_equal(last.reason, rows[i].reason);
		command_end_done(&e);
	}
	batch_answers_done(&a);
	bed_end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_become_words_or_parts_of_them),
		cmocka_unit_test(unknown_places_and_empty_commands_are_errors),
		cmocka_unit_test(a_request_is_rounded_up_and_multiplied_for_pilots),
		cmocka_unit_test(keys_of_a_job_replace_defaults),
		cmocka_unit_test(wrong_values_of_a_job_are_errors),
		cmocka_unit_test(an_answer_is_an_id_a_refusal_or_unknown),
		cmocka_unit_test(a_list_is_read_line_by_line),
		cmocka_unit_test(an_end_has_the_reason_of_its_word_or_of_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
