/* SPDX-License-Identifier: Apache-2.0 */
/* What each operation of a program does. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "drivers/sim/codes.h"
#include "drivers/sim/exchange.h"
#include "drivers/sim/run.h"

static uint64_t time_of(const struct sim_run *run, const struct sim_op *op)
{
	uint64_t salt = ((uint64_t)(op - run->program.ops) + 1) << 32;

	return sim_delay_draw(&op->delay,
			      sim_draw(run->sim->options.faults.seed, salt, &run->occasion));
}

static int32_t do_compute(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	return sim_spend(run, time_of(run, op), op->is_busy, err);
}

static int32_t do_idle(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	return sim_pause(run, SIM_IDLES, time_of(run, op), err);
}

static int32_t do_stall(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	return sim_pause(run, SIM_WORKS, time_of(run, op), err);
}

static int32_t do_hang(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	(void)op, (void)err;
	sim_tell(run, SIM_WORKS, 0, 0);
	atomic_store(&run->is_opaque, 1);
	sim_hang();
}

static int32_t do_barrier(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	if (op->text && strcmp(op->text, "peers") != 0)
		return sim_fail(err, SIM_BAD_JOB, "wait: must be \"peers\"");
	return sim_barrier(run, err);
}

/* @rank, @ranks, @device, @attempt, @job */
static void add_expanded(struct str *to, const struct sim_run *run, const char *text)
{
	const struct sim_occasion *o = &run->occasion;
	char numbers[4][16];
	const char *words[][2] = {{"@ranks", numbers[0]},
				  {"@rank", numbers[1]},
				  {"@device", numbers[2]},
				  {"@attempt", numbers[3]},
				  {"@job", o->job}};

	snprintf(numbers[0], sizeof(numbers[0]), "%d", run->n_ranks);
	snprintf(numbers[1], sizeof(numbers[1]), "%d", o->rank);
	snprintf(numbers[2], sizeof(numbers[2]), "%d", o->device);
	snprintf(numbers[3], sizeof(numbers[3]), "%u", o->attempt);
	while (*text) {
		size_t i = 0;

		while (i < ARRAY_LEN(words) && !str_starts(text, words[i][0]))
			i++;
		if (i < ARRAY_LEN(words)) {
			str_add(to, words[i][1]);
			text += strlen(words[i][0]);
		} else {
			str_addc(to, *text++);
		}
	}
}

static int32_t operation_print(const char *text, size_t n, struct dvs_text *err)
{
	if (fs_write_all(STDOUT_FILENO, text, n) == 0)
		return 0;
	return sim_fail(err, SIM_WRONG, "cannot print: %s", strerror(errno));
}

static int32_t do_print(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	_cleanup_(str_done) struct str line = {0};

	add_expanded(&line, run, op->text);
	str_addc(&line, '\n');
	return operation_print(line.s, line.len, err);
}

static int32_t do_env(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	_cleanup_(str_done) struct str lines = {0};
	size_t n = json_is_string(op->value) ? 1 : json_array_size(op->value);

	(void)run;
	for (size_t i = 0; i < n; i++) {
		json_t *one = json_is_string(op->value) ? op->value : json_array_get(op->value, i);
		const char *name = json_string_value(one), *value = getenv(name);

		str_printf(&lines, "%s%s%s\n", name, value ? "=" : " is not set",
			   value ? value : "");
	}
	return operation_print(lines.s ? lines.s : "", lines.len, err);
}

static int32_t do_write(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	_cleanup_(str_done) struct str text = {0};
	_cleanup_(freep) char *path = NULL;
	struct error fault = {0};

	if (!path_is_safe_name(op->text))
		return sim_fail(err, SIM_BAD_JOB, "write: '%.60s' is not a file's name", op->text);
	path = xasprintf("%s/%s", run->odir, op->text);
	add_expanded(&text, run, op->text2 ? op->text2 : "");
	if (fs_write_atomic(path, text.s ? text.s : "", text.len, &fault) == 0)
		return 0;
	sim_fail(err, 0, "%s", fault.msg);
	error_done(&fault);
	return SIM_WRONG;
}

static int32_t do_alloc(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	char usual_name[24];
	struct sim_vector *v;
	int32_t code = sim_strike_malloc(run, err);

	if (code != 0)
		return code;
	if (op->is_leak)
		return sim_memory_leak(run, op->bytes, err);
	if ((code = sim_memory_take(run, op->bytes, err)) != 0)
		return code;
	snprintf(usual_name, sizeof(usual_name), "#%zu", (size_t)(op - run->program.ops));
	v = sim_vectors_add(&run->vectors, op->text2 ? op->text2 : usual_name, TENSOR_F32,
			    op->bytes / sizeof(float), err);
	if (!v)
		return SIM_BAD_JOB;
	return op->values.is_there ? sim_vector_fill(v, &op->values, err) : 0;
}

static int32_t do_free(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	struct sim_vector *v = sim_vectors_need(&run->vectors, op->text, err);

	if (!v || !v->is_owned)
		return SIM_BAD_JOB;
	run->alloc_bytes -= sim_vector_bytes(v);
	sim_vectors_remove(&run->vectors, v);
	return 0;
}

static int32_t do_set(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	struct sim_vector *v = sim_vectors_need(&run->vectors, op->text, err);

	return v ? sim_vector_fill(v, &op->values, err) : SIM_BAD_JOB;
}

static int32_t do_expect(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	const struct sim_vector *v = sim_vectors_need(&run->vectors, op->text, err);

	return v ? sim_vector_compare(v, &op->values, err) : SIM_BAD_JOB;
}

static int32_t do_result(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	if (!json_is_object(op->value))
		return sim_fail(err, SIM_BAD_JOB, "result: must be an object");
	json_object_update(run->result, op->value);
	return 0;
}

static int32_t do_fail(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	(void)run;
	return sim_fail(err, SIM_WRONG, "%s", op->text);
}

static int32_t do_code(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	(void)run;
	return sim_fail(err, (int32_t)op->code, "%s",
			op->text2 ? op->text2 : "the program says so");
}

static int32_t do_exit(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	(void)run, (void)err;
	_exit((int)op->code);
}

static int32_t do_raise(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	(void)run, (void)err;
	sim_die(SIM_CRASH, (int)op->code, 0);
	return 0;
}

#define VALUES "fill values "

const struct sim_op_kind sim_op_kinds[] = {
	{"compute", TAKES_TIME, "busy ", NULL, true, do_compute},
	{"idle", TAKES_TIME, "", NULL, true, do_idle},
	{"stall", TAKES_TIME, "", NULL, true, do_stall},
	{"hang", TAKES_ANYTHING, "", NULL, true, do_hang},
	{"barrier", TAKES_ANYTHING, "", NULL, true, do_barrier},
	{"wait", TAKES_TEXT, "", NULL, true, do_barrier},
	{"print", TAKES_TEXT, "", NULL, false, do_print},
	{"env", TAKES_WORDS, "", NULL, false, do_env},
	{"write", TAKES_TEXT, "text ", NULL, true, do_write},
	{"alloc", TAKES_SIZE, "name leak " VALUES, NULL, true, do_alloc},
	{"free", TAKES_NAME, "", NULL, false, do_free},
	{"set", TAKES_NAME, VALUES, NULL, false, do_set},
	{"put", TAKES_NAME, "to rank ", "to", true, sim_exchange_put},
	{"get", TAKES_NAME, "to rank ", "to", true, sim_exchange_get},
	{"sum", TAKES_NAME, "to ", "to", true, sim_exchange_sum},
	{"expect", TAKES_NAME, VALUES "rtol atol ", NULL, false, do_expect},
	{"result", TAKES_ANYTHING, "", NULL, false, do_result},
	{"fail", TAKES_TEXT, "", NULL, false, do_fail},
	{"code", TAKES_CODE, "text ", NULL, false, do_code},
	{"exit", TAKES_CODE, "", NULL, false, do_exit},
	{"raise", TAKES_SIGNAL, "", NULL, false, do_raise},
	{0},
};
