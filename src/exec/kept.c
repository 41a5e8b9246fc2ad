/* SPDX-License-Identifier: Apache-2.0 */
#include "exec/kept.h"

#include "base/mem.h"

bool kept_has(pid_t child, void *kept)
{
	const struct kept *k = kept;

	for (size_t i = 0; i < k->n; i++)
		if (k->at[i] == child)
			return true;
	return false;
}

void kept_forget(struct kept *k, pid_t pid)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->at[i] == pid)
			k->at[i] = k->at[--k->n];
}

static bool matches(const char *const *globs, pid_t pid)
{
	struct proc_stat st;

	if (!proc_stat_read(pid, &st))
		return false;
	for (; *globs; globs++)
		if (str_glob(*globs, st.name))
			return true;
	return false;
}

static void add(struct kept *k, pid_t pid)
{
	if (k->n == k->cap) {
		k->cap = k->cap ? k->cap * 2 : 8;
		k->at = xreallocarray(k->at, k->cap, sizeof(*k->at));
	}
	k->at[k->n++] = pid;
}

void kept_adopt(struct kept *k, const char *const *globs, pid_t leader, struct tree *t)
{
	if (!globs || !globs[0])
		return;
	tree_read(t, kept_has, k);
	for (size_t i = 0; i < t->n_own; i++)
		if (t->at[i].pid != leader && matches(globs, t->at[i].pid))
			add(k, t->at[i].pid);
}
