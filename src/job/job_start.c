/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job_start.h"

#include <stdlib.h>

#include "job/job_command.h"
#include "job/job_paths.h"
#include "job/job_wire.h"

void job_start_put(struct str *b, uint32_t place, const struct job_spec *spec, uint32_t attempt,
		   const char *const *env)
{
	_cleanup_(str_done) struct str room = {0};

	wire_put_u32(b, place);
	wire_put_u32(b, attempt);
	wire_put_u32(b, spec->has_attempt);
	wire_put_string(b, spec->id);
	wire_put_string(b, job_odir(spec, &room));
	wire_put_string(b, job_log_path(spec, &room));
	wire_put_string(b, job_command(spec, &room));
	wire_put_list(b, env);
}

bool job_start_take(struct wire *w, struct job_start *ret)
{
	*ret = (struct job_start){.rules = wire_u32(w)};
	ret->attempt = wire_u32(w);
	ret->has_attempt = wire_u32(w) != 0;
	ret->id = wire_string(w);
	ret->odir = wire_string(w);
	ret->log_path = wire_string(w);
	ret->command = wire_string(w);
	ret->env = wire_strings(w, &ret->n_env);
	for (size_t i = 0; i < ret->n_env; i++)
		w->ok = w->ok && ret->env[i];
	return w->ok && ret->rules < JOB_WIRE_PLACES && ret->id && ret->command &&
	       (!ret->odir || ret->log_path);
}

void job_start_done(struct job_start *s)
{
	free((void *)s->env);
	*s = (struct job_start){0};
}
