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
#include "drivers/sim/sim.h"

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
		return sim_fail(err, SIM_BAD_JOB, "wait: there is only \"peers\" to wait for");
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

static int32_t print(const char *text, size_t n, struct dvs_text *err)
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
	return print(line.s, line.len, err);
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
	return print(lines.s ? lines.s : "", lines.len, err);
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

int32_t sim_alloc(struct sim_run *run, uint64_t bytes, struct dvs_text *err)
{
	struct sim *s = run->sim;
	uint64_t most = s->options.memory, have = s->leaked_bytes + run->alloc_bytes;

	if (most && (have > most || bytes > most - have))
		return sim_fail(err, SIM_OUT_OF_MEMORY, "no %llu bytes are left of %llu",
				(unsigned long long)bytes, (unsigned long long)most);
	run->alloc_bytes += bytes;
	if (s->host.committed)
		s->host.committed(s->host.user, s->leaked_bytes + run->alloc_bytes);
	return 0;
}

/* Memory that is really used, and stays until the device is closed. */
static int32_t leak(struct sim_run *run, uint64_t bytes, struct dvs_text *err)
{
	int32_t code = sim_alloc(run, bytes, err);
	struct sim_leak *l = code == 0 ? malloc(sizeof(*l) + bytes) : NULL;

	if (!l)
		return code ? code : sim_fail(err, SIM_MEMORY, "no memory");
	memset(l + 1, 1, bytes);
	l->next = run->sim->leaks;
	run->sim->leaks = l;
	run->alloc_bytes -= bytes;
	run->sim->leaked_bytes += bytes;
	return 0;
}

static int32_t do_alloc(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	char usual_name[24];
	struct sim_vector *v;
	int32_t code = sim_strike_malloc(run, err);

	if (code != 0)
		return code;
	if (op->is_leak)
		return leak(run, op->bytes, err);
	if ((code = sim_alloc(run, op->bytes, err)) != 0)
		return code;
	snprintf(usual_name, sizeof(usual_name), "#%zu", (size_t)(op - run->program.ops));
	v = sim_vectors_add(&run->vectors, op->text2 ? op->text2 : usual_name, TENSOR_F32,
			    op->bytes / sizeof(float), err);
	if (!v)
		return SIM_BAD_JOB;
	return op->values.is_there ? sim_vector_fill(v, &op->values, err) : 0;
}

static struct sim_vector *find(const struct sim_run *run, const char *name, struct dvs_text *err)
{
	struct sim_vector *v = sim_vectors_find(&run->vectors, name ? name : "");

	if (!v)
		sim_fail(err, 0, "there is no vector '%.60s'", name ? name : "");
	return v;
}

static int32_t do_free(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	struct sim_vector *v = find(run, op->text, err);

	if (!v || !v->is_owned)
		return SIM_BAD_JOB;
	run->alloc_bytes -= sim_vector_bytes(v);
	sim_vectors_remove(&run->vectors, v);
	return 0;
}

static int32_t do_set(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	struct sim_vector *v = find(run, op->text, err);

	return v ? sim_vector_fill(v, &op->values, err) : SIM_BAD_JOB;
}

static int32_t do_expect(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	const struct sim_vector *v = find(run, op->text, err);

	return v ? sim_vector_compare(v, &op->values, err) : SIM_BAD_JOB;
}

typedef double combine_function(double a, double b);

static double add(double a, double b)
{
	return a + b;
}

static double subtract(double a, double b)
{
	return a - b;
}

static double multiply(double a, double b)
{
	return a * b;
}

static int32_t combine(struct sim_run *run, const struct sim_op *op, combine_function *with,
		       struct dvs_text *err)
{
	struct sim_vector *to = find(run, op->to, err);
	const struct sim_vector *from[2] = {NULL, NULL};

	for (size_t i = 0; i < 2 && to; i++) {
		if (!op->operands[i])
			continue;
		if (!(from[i] = find(run, op->operands[i], err)))
			return SIM_BAD_JOB;
		if (from[i]->n != to->n)
			return sim_fail(err, SIM_BAD_JOB, "'%s' has %zu elements, and '%s' %zu",
					from[i]->name, from[i]->n, to->name, to->n);
	}
	for (size_t i = 0; to && i < to->n; i++)
		sim_vector_set(to, i,
			       with(from[0] ? sim_vector_get(from[0], i) : op->numbers[0],
				    from[1] ? sim_vector_get(from[1], i) : op->numbers[1]));
	return to ? 0 : SIM_BAD_JOB;
}

static int32_t do_add(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	return combine(run, op, add, err);
}

static int32_t do_sub(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	return combine(run, op, subtract, err);
}

static int32_t do_mul(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	return combine(run, op, multiply, err);
}

/* The same buffer in the window of another rank. */
static struct sim_vector elsewhere(const struct sim_run *run, const struct sim_vector *v,
				   int32_t rank)
{
	const struct sim_meet *m = run->sim->meet;
	struct sim_vector there = *v;

	there.at = (char *)sim_meet_window(m, rank) +
		   ((char *)v->at - (char *)sim_meet_window(m, m->rank));
	return there;
}

static int32_t find_shared(const struct sim_run *run, const char *name, struct sim_vector **ret,
			   struct dvs_text *err)
{
	*ret = find(run, name, err);
	if (!*ret)
		return SIM_BAD_JOB;
	return (*ret)->is_owned
		       ? sim_fail(err, SIM_BAD_JOB,
				  "'%s' is no buffer of the window: other ranks have none", name)
		       : 0;
}

static int32_t rank_of(const struct sim_run *run, const struct sim_op *op, int32_t *ret,
		       struct dvs_text *err)
{
	*ret = op->rank == SIM_NEXT	  ? (run->occasion.rank + 1) % run->n_ranks
	       : op->rank == SIM_PREVIOUS ? (run->occasion.rank + run->n_ranks - 1) % run->n_ranks
					  : op->rank;
	return *ret < run->n_ranks ? 0
				   : sim_fail(err, SIM_BAD_JOB, "there is no rank %d of %d", *ret,
					      run->n_ranks);
}

static int32_t copy(struct sim_vector *to, const struct sim_vector *from, struct dvs_text *err)
{
	if (to->n != from->n)
		return sim_fail(err, SIM_BAD_JOB, "'%s' has %zu elements, and '%s' %zu", from->name,
				from->n, to->name, to->n);
	for (size_t i = 0; i < to->n; i++)
		sim_vector_set(to, i, sim_vector_get(from, i));
	return 0;
}

static int32_t do_put(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	const struct sim_vector *from = find(run, op->text, err);
	struct sim_vector *to, there;
	int32_t rank;

	if (!from || find_shared(run, op->to, &to, err) != 0 || rank_of(run, op, &rank, err) != 0)
		return SIM_BAD_JOB;
	there = elsewhere(run, to, rank);
	return copy(&there, from, err);
}

static int32_t do_get(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	struct sim_vector *from, *to, there;
	int32_t rank;

	if (find_shared(run, op->text, &from, err) != 0 || !(to = find(run, op->to, err)) ||
	    rank_of(run, op, &rank, err) != 0)
		return SIM_BAD_JOB;
	there = elsewhere(run, from, rank);
	return copy(to, &there, err);
}

static int32_t do_sum(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	struct sim_vector *from, *to;

	if (find_shared(run, op->text, &from, err) != 0 || !(to = find(run, op->to, err)))
		return SIM_BAD_JOB;
	if (from->n != to->n || from == to)
		return sim_fail(err, SIM_BAD_JOB,
				"sum: '%s' must be another vector of %zu elements", to->name,
				from->n);
	for (size_t i = 0; i < to->n; i++) {
		double sum = 0;

		for (int32_t r = 0; r < run->n_ranks; r++) {
			struct sim_vector there = elsewhere(run, from, r);

			sum += sim_vector_get(&there, i);
		}
		sim_vector_set(to, i, sum);
	}
	return 0;
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
	{"add", TAKES_PAIR, "to ", "to", false, do_add},
	{"sub", TAKES_PAIR, "to ", "to", false, do_sub},
	{"mul", TAKES_PAIR, "to ", "to", false, do_mul},
	{"put", TAKES_NAME, "to rank ", "to", true, do_put},
	{"get", TAKES_NAME, "to rank ", "to", true, do_get},
	{"sum", TAKES_NAME, "to ", "to", true, do_sum},
	{"expect", TAKES_NAME, VALUES "rtol atol ", NULL, false, do_expect},
	{"result", TAKES_ANYTHING, "", NULL, false, do_result},
	{"fail", TAKES_TEXT, "", NULL, false, do_fail},
	{"code", TAKES_CODE, "text ", NULL, false, do_code},
	{"exit", TAKES_CODE, "", NULL, false, do_exit},
	{"raise", TAKES_SIGNAL, "", NULL, false, do_raise},
	{0},
};
