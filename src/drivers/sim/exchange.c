/* SPDX-License-Identifier: Apache-2.0 */
/* Operations between the windows of a gang's ranks. */
#include "drivers/sim/exchange.h"

#include "drivers/sim/codes.h"
#include "drivers/sim/run.h"

/* The same buffer in the window of another rank. */
static struct sim_vector exchange_elsewhere(const struct sim_run *run, const struct sim_vector *v,
					    int32_t rank)
{
	const struct sim_meet *m = run->sim->meet;
	struct sim_vector there = *v;

	there.at = (char *)sim_meet_window(m, rank) +
		   ((char *)v->at - (char *)sim_meet_window(m, m->rank));
	return there;
}

static int32_t exchange_find_shared(const struct sim_run *run, const char *name,
				    struct sim_vector **ret, struct dvs_text *err)
{
	*ret = sim_vectors_need(&run->vectors, name, err);
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

static int32_t exchange_copy(struct sim_vector *to, const struct sim_vector *from,
			     struct dvs_text *err)
{
	if (to->n != from->n)
		return sim_fail(err, SIM_BAD_JOB, "'%s' has %zu elements, and '%s' %zu", from->name,
				from->n, to->name, to->n);
	for (size_t i = 0; i < to->n; i++)
		sim_vector_set(to, i, sim_vector_get(from, i));
	return 0;
}

int32_t sim_exchange_put(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	const struct sim_vector *from = sim_vectors_need(&run->vectors, op->text, err);
	struct sim_vector *to, there;
	int32_t rank;

	if (!from || exchange_find_shared(run, op->to, &to, err) != 0 ||
	    rank_of(run, op, &rank, err) != 0)
		return SIM_BAD_JOB;
	there = exchange_elsewhere(run, to, rank);
	return exchange_copy(&there, from, err);
}

int32_t sim_exchange_get(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	struct sim_vector *from, *to, there;
	int32_t rank;

	if (exchange_find_shared(run, op->text, &from, err) != 0 ||
	    !(to = sim_vectors_need(&run->vectors, op->to, err)) ||
	    rank_of(run, op, &rank, err) != 0)
		return SIM_BAD_JOB;
	there = exchange_elsewhere(run, from, rank);
	return exchange_copy(to, &there, err);
}

int32_t sim_exchange_sum(struct sim_run *run, const struct sim_op *op, struct dvs_text *err)
{
	struct sim_vector *from, *to;

	if (exchange_find_shared(run, op->text, &from, err) != 0 ||
	    !(to = sim_vectors_need(&run->vectors, op->to, err)))
		return SIM_BAD_JOB;
	if (from->n != to->n || from == to)
		return sim_fail(err, SIM_BAD_JOB,
				"sum: '%s' must be another vector of %zu elements", to->name,
				from->n);
	for (size_t i = 0; i < to->n; i++) {
		double sum = 0;

		for (int32_t r = 0; r < run->n_ranks; r++) {
			struct sim_vector there = exchange_elsewhere(run, from, r);

			sum += sim_vector_get(&there, i);
		}
		sim_vector_set(to, i, sum);
	}
	return 0;
}
