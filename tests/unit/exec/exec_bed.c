/* SPDX-License-Identifier: Apache-2.0 */
#include "exec_bed.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc_tree.h"

int exec_bed_setup(void **state)
{
	*state = bed_new();
	return 0;
}

int exec_bed_teardown(void **state)
{
	bed_free(*state);
	return 0;
}

void assert_ended(const struct slot_bed *b, enum job_status status, enum job_reason reason)
{
	if (b->result.status != status || b->result.reason != reason)
		print_error("%s, %s: %s\n", job_status_name(b->result.status),
			    job_reason_name(b->result.reason),
			    b->result.message ? b->result.message : "-");
	assert_int_equal(b->result.status, status);
	assert_int_equal(b->result.reason, reason);
}

void assert_launch_error(struct slot_bed *b, const char *text)
{
	bed_run(b);
	assert_ended(b, JOB_FAILED, REASON_LAUNCH);
	if (!strstr(b->result.message, text))
		print_error("'%s' is not in: %s\n", text, b->result.message);
	assert_non_null(strstr(b->result.message, text));
	assert_int_equal(b->result.exit_status, -1);
}

char *bed_make_file(struct slot_bed *b, const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", b->base, name);
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	chmod(path, mode);
	return path;
}

void bed_wait_for_state(pid_t pid, const char *states)
{
	struct proc_stat st = {0};

	for (unsigned i = 0; i < 60000 && !(proc_stat_read(pid, &st) && strchr(states, st.state));
	     i++)
		poll(NULL, 0, 1);
	assert_non_null(strchr(states, st.state));
}

pid_t bed_pid_in_log(struct slot_bed *b, const char *word)
{
	char *log;
	pid_t pid;

	bed_wait_for_log(b, word);
	log = bed_log(b);
	pid = (pid_t)atoi(strstr(log, word) + strlen(word));
	free(log);
	return pid;
}

double bed_now_s(void)
{
	return clock_now(clock_real());
}
