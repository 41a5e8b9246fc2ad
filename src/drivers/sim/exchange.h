/* SPDX-License-Identifier: Apache-2.0 */
/* The operations with which ranks read and write one another's windows. */
#ifndef DRIVERS_SIM_EXCHANGE_H
#define DRIVERS_SIM_EXCHANGE_H

#include "drivers/sim/program.h"

/* As sim_op_kind's run(). */
int32_t sim_exchange_put(struct sim_run *run, const struct sim_op *op, struct dvs_text *err);
int32_t sim_exchange_get(struct sim_run *run, const struct sim_op *op, struct dvs_text *err);
int32_t sim_exchange_sum(struct sim_run *run, const struct sim_op *op, struct dvs_text *err);

#endif
