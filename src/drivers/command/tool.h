/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a tool: output, end, and a time limit. The tool stays in our process group, so a kill
 * of the group also ends the tool.
 */
#ifndef DRIVERS_COMMAND_TOOL_H
#define DRIVERS_COMMAND_TOOL_H

#include "base/str.h"

enum smi_end {
	SMI_EXITED,	 /* number: the exit status */
	SMI_SIGNALED,	 /* number: the signal */
	SMI_LATE,	 /* it was killed after the limit, or could not be killed */
	SMI_LOUD,	 /* it printed too much */
	SMI_NOT_STARTED, /* number: errno */
};

struct smi_run {
	const char *command;
	enum smi_end end;
	int number;
	double limit_s;
	struct str out, err; /* the whole output */
};

/* Environment variables of the command. NULL: not set. */
struct smi_place {
	const char *id;	  /* DVSCHED_DEVICE */
	const char *name; /* DVSCHED_DEVICE_NAME */
};

/* Runs command by /bin/sh, in the locale C, with empty standard input. */
void smi_run_tool(const char *command, const struct smi_place *place, double limit_s,
		  struct smi_run *ret);
void smi_run_done(struct smi_run *r);

/* The tool could not be started, by us or by the shell. This is no fault of a device. */
bool smi_run_is_missing(const struct smi_run *r);
bool smi_run_is_good(const struct smi_run *r); /* status 0 */
/* Appends how the run ended, and the first line of the tool's message: "`nvidia-smi` exited with
 * status 9: NVIDIA-SMI has failed …". */
void smi_run_explain(const struct smi_run *r, struct str *to);

#endif
