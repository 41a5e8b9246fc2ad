/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of jobs that backends read, and the error for a key of another backend. */
#include "backends/backends.h"

const struct job_key backend_job_keys[] = {
#define JOB_KEYS(backend, what_for, instead)
#define JOB_KEY(backend, key, is_work) {#backend, #key, is_work},
#include "backends/job_keys.h"
#undef JOB_KEY
#undef JOB_KEYS
	{0},
};

/* Texts of the error about a key of another backend. */
static const struct key_owner {
	const char *backend, *what_for, *instead;
} key_owners[] = {
#define JOB_KEYS(backend, what_for, instead) {#backend, what_for, instead},
#define JOB_KEY(backend, key, is_work)
#include "backends/job_keys.h"
#undef JOB_KEY
#undef JOB_KEYS
};

void backend_check_foreign_key(const struct backend_key *k, const char *name, struct diags *diags)
{
	for (size_t i = 0; i < ARRAY_LEN(key_owners); i++) {
		const struct key_owner *o = &key_owners[i];

		if (str_eq(o->backend, k->backend))
			diag_hint(diag_error(diags, k->pos,
					     "'%s' is for %s, and this job goes to the backend %s",
					     k->key, o->what_for, name),
				  "%s", o->instead);
	}
}
