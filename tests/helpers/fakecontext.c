/* SPDX-License-Identifier: Apache-2.0 */
/* A double of simpler's libcpu_sim_context.so, see fakehost.c. */
int fakecontext_is_here(void);
int fakecontext_is_here(void)
{
	return 1;
}

int simpler_host_log_bind_state(const void *state);
int simpler_host_log_bind_state(const void *state)
{
	return !state;
}
