/* SPDX-License-Identifier: Apache-2.0 */
/* What Slurm's commands print, and the options of sbatch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "backends/slurm/queue.h"
#include "backends/slurm/request.h"
#include "backends/slurm/sites.h"

/* ---- sbatch ---- */

static struct command_end ended(int status, const char *out, const char *err)
{
	struct command_end e = {.exit_status = status};

	str_add(&e.out, out);
	str_add(&e.err, err);
	return e;
}

static void an_answer_of_sbatch_is_an_id_a_refusal_or_unknown(void **state)
{
	static const struct {
		int status;
		const char *out, *err;
		enum farm_answer answer;
		const char *text;
	} rows[] = {
		{0, "123\n", "", FARM_ACCEPTED, "123"},
		{0, "123;cluster\n", "sbatch: a remark\n", FARM_ACCEPTED, "123"},
		{0, "", "", FARM_UNKNOWN, "sbatch ended with exit status 0"},
		{0, "Submitted 12\n", "", FARM_UNKNOWN, "sbatch ended with exit status 0"},
		{0, "12x\n", "", FARM_UNKNOWN, "sbatch ended with exit status 0"},
		{1, "", "sbatch: error: Batch job submission failed: Invalid account\nmore",
		 FARM_REFUSED, "sbatch: error: Batch job submission failed: Invalid account"},
		{1, "", "sbatch: error: Unable to contact slurm controller (connect failure)",
		 FARM_UNKNOWN,
		 "sbatch: error: Unable to contact slurm controller (connect failure)"},
		{1, "", "sbatch: error: x: Socket timed out on send/recv operation", FARM_UNKNOWN,
		 "sbatch: error: x: Socket timed out on send/recv operation"},
		{1, "", "", FARM_REFUSED, "sbatch ended with exit status 1"},
		{-1, "", "", FARM_UNKNOWN, "sbatch was killed by a signal"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct command_end e = ended(rows[i].status, rows[i].out, rows[i].err);
		struct str text = {0};

		assert_int_equal(queue_read_answer(&e, &text), rows[i].answer);
		assert_string_equal(text.s, rows[i].text);
		command_end_done(&e);
		str_done(&text);
	}
}

static void no_sbatch_is_a_refusal_and_a_late_one_is_unknown(void **state)
{
	struct command_end missing = {.errnum = 2, .exit_status = -1};
	struct command_end late = {.is_late = true, .exit_status = -1};
	struct str text = {0};

	(void)state;
	assert_int_equal(queue_read_answer(&missing, &text), FARM_REFUSED);
	assert_string_equal(text.s, "sbatch: No such file or directory");
	str_clear(&text);
	assert_int_equal(queue_read_answer(&late, &text), FARM_UNKNOWN);
	assert_string_equal(text.s, "sbatch did not answer in time");
	str_done(&text);
}

/* ---- squeue ---- */

struct seen {
	unsigned n;
	char text[512];
};

static void note_sight(void *ctx, const struct farm_sight *s)
{
	struct seen *seen = ctx;
	size_t n = strlen(seen->text);

	seen->n++;
	snprintf(seen->text + n, sizeof(seen->text) - n, "%s=%s/%d/%s/%s;", s->name, s->id,
		 (int)s->stage, s->word, s->why ? s->why : "");
}

static void lines_of_squeue_are_sights_and_other_lines_are_not(void **state)
{
	char text[] = "12|dvs-a-1|RUNNING|None\n"
		      "13|dvs-a-2|PENDING|Resources\n"
		      "14|dvs-a-3|PENDING|None\n"
		      "a remark\n\n15|half\n"
		      "16|dvs-a-4|NODE_FAIL|None";
	struct seen seen = {0};

	(void)state;
	queue_read(text, note_sight, &seen);
	assert_string_equal(seen.text, "dvs-a-1=12/1/RUNNING/;dvs-a-2=13/0/PENDING/Resources;"
				       "dvs-a-3=14/0/PENDING/;dvs-a-4=16/2/NODE_FAIL/;");
	queue_read(NULL, note_sight, &seen);
	assert_int_equal(seen.n, 4);
}

static void each_final_state_has_a_reason(void **state)
{
	static const struct {
		const char *name;
		enum farm_stage stage;
		enum job_reason reason;
	} rows[] = {
		{"PENDING", FARM_WAITS, REASON_NONE},
		{"RUNNING", FARM_RUNS, REASON_NONE},
		{"COMPLETING", FARM_RUNS, REASON_NONE},
		{"A_NEW_STATE", FARM_RUNS, REASON_NONE},
		{"COMPLETED", FARM_OVER, REASON_LOST},
		{"CANCELLED", FARM_OVER, REASON_CANCELLED},
		{"NODE_FAIL", FARM_OVER, REASON_NODE_FAILURE},
		{"PREEMPTED", FARM_OVER, REASON_PREEMPTED},
		{"TIMEOUT", FARM_OVER, REASON_TIME_LIMIT},
		{"OUT_OF_MEMORY", FARM_OVER, REASON_MEMORY},
	};
	enum job_reason reason;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(queue_stage(rows[i].name, &reason), rows[i].stage);
		assert_int_equal(reason, rows[i].reason);
	}
}

/* ---- sinfo ---- */

static void a_partition_has_the_most_of_its_nodes(void **state)
{
	struct arena *mem = arena_new();
	struct sites s;

	(void)state;
	sites_read(mem, "main*|8|1000\nmain*|16|500\nbig|64|2000\na remark\n|1|1\nodd|x|1\n", &s);
	assert_int_equal(s.n, 2);
	assert_int_equal(sites_find(&s, "main")->most_cpus, 16);
	assert_int_equal(sites_find(&s, "main")->most_mib, 1000);
	assert_string_equal(sites_find(&s, NULL)->name, "main");
	assert_null(sites_find(&s, "mai"));
	sites_read(mem, "", &s);
	assert_null(sites_find(&s, NULL));
	arena_free(mem);
}

/* ---- requests ---- */

static void words_of(const struct backend_key *keys, uint32_t n, struct str *to)
{
	const struct slurm_request none = {0};
	const struct job_rules rules = {.cpus = 3, .backend_keys = keys, .n_backend_keys = n};
	struct command_words words = {.mem = arena_new()};
	struct slurm_request r;
	struct diags diags;

	diags_init(&diags);
	request_read_job(words.mem, &none, &rules, &r, &diags);
	request_add(&r, rules.cpus, 1, &words);
	str_clear(to);
	for (size_t i = 0; i < words.n; i++)
		str_printf(to, "%s%s", i ? " " : "", words.at[i]);
	for (const struct diag *d = diags.first; d; d = d->next)
		str_printf(to, " !%s", d->msg);
	diags_done(&diags);
	arena_free(words.mem);
}

static void keys_become_options(void **state)
{
	static const struct {
		const char *key, *value, *json, *words;
	} rows[] = {
		{"partition", "main", "", "--partition=main --cpus-per-task=3"},
		{"account", "a b", "", "--account=a b --cpus-per-task=3"},
		{"licences", "vcs:2", "", "--licenses=vcs:2 --cpus-per-task=3"},
		{"gpus", "a100:2", "", "--gpus=a100:2 --cpus-per-task=3"},
		{"cpus", "4", "", "--cpus-per-task=4"},
		{"memory", "1.5G", "", "--mem=1536M --cpus-per-task=3"},
		{"memory", "1500000", "", "--mem=2M --cpus-per-task=3"},
		{"time", "61s", "", "--time=2 --cpus-per-task=3"},
		{"time", "2h", "", "--time=120 --cpus-per-task=3"},
		{"mode", "job", "", "--cpus-per-task=3"},
		{"options", "", "[\"--exclusive\",\"--nice=5\"]",
		 "--cpus-per-task=3 --exclusive --nice=5"},
		{"options", "", "\"--exclusive\"", "--cpus-per-task=3 --exclusive"},
	};
	struct str got = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct backend_key key = {"slurm", rows[i].key, rows[i].value, rows[i].json, {0}};

		words_of(&key, 1, &got);
		assert_string_equal(got.s, rows[i].words);
	}
	str_done(&got);
}

static void wrong_values_are_errors(void **state)
{
	static const struct {
		const char *key, *value, *json, *error;
	} rows[] = {
		{"cpus", "0", "", "'cpus' must be a whole number"},
		{"cpus", "4x", "", "'cpus' must be a whole number"},
		{"cpus", "70000", "", "'cpus' must be a whole number"},
		{"memory", "1K", "", "'memory' must be a size of at least 1M"},
		{"time", "0", "", "'time' must be a duration"},
		{"partition", "", "", "'partition' must be a text that is not empty"},
		{"mode", "array", "", "the backend has no mode 'array'"},
		{"options", "", "[1]", "'options' must be a text or a list of texts"},
		{"options", "", "[\"x\"]", "'options' must be options of sbatch, not 'x'"},
		{"options", "", "[\"-ofile\"]", "'options' may not have -o"},
		{"options", "", "[\"--wait\"]", "'options' may not have --wait"},
		{"nodes", "2", "", "unknown key 'nodes' in slurm"},
	};
	struct str got = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct backend_key key = {"slurm", rows[i].key, rows[i].value, rows[i].json, {0}};

		words_of(&key, 1, &got);
		assert_non_null(strstr(got.s, rows[i].error));
	}
	/* A long option that only begins like one that dvsched sets. */
	words_of(&(struct backend_key){"slurm", "options", "", "\"--wait-all-nodes=1\"", {0}}, 1,
		 &got);
	assert_string_equal(got.s, "--cpus-per-task=3 --wait-all-nodes=1");
	/* Keys of other backends are not read. */
	words_of(&(struct backend_key){"fake", "outcome", "pass", "", {0}}, 1, &got);
	assert_string_equal(got.s, "--cpus-per-task=3");
	str_done(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_of_sbatch_is_an_id_a_refusal_or_unknown),
		cmocka_unit_test(no_sbatch_is_a_refusal_and_a_late_one_is_unknown),
		cmocka_unit_test(lines_of_squeue_are_sights_and_other_lines_are_not),
		cmocka_unit_test(each_final_state_has_a_reason),
		cmocka_unit_test(a_partition_has_the_most_of_its_nodes),
		cmocka_unit_test(keys_become_options),
		cmocka_unit_test(wrong_values_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
