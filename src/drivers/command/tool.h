/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a tool: its output, its end, never longer than a limit. It stays in our process group,
 * so that whoever ends this process ends the tool, too.
 */
#ifndef DRIVERS_COMMAND_TOOL_H
#define DRIVERS_COMMAND_TOOL_H

#include "base/str.h"

enum smi_end {
	SMI_EXITED,	 /* number: its status */
	SMI_SIGNALED,	 /* number: the signal */
	SMI_LATE,	 /* it was killed, or cannot even be killed */
	SMI_LOUD,	 /* it printed more than anybody would read */
	SMI_NOT_STARTED, /* number: errno */
};

struct smi_run {
	const char *command;
	enum smi_end end;
	int number;
	double limit_s;
	struct str out, err; /* what it printed, without a limit of its lines */
};

/* What a command finds in its environment. NULL: not said. */
struct smi_place {
	const char *id;	  /* DVSCHED_DEVICE */
	const char *name; /* DVSCHED_DEVICE_NAME */
};

/* By /bin/sh, in the locale C, with nothing to read on standard input. */
void smi_run_tool(const char *command, const struct smi_place *place, double limit_s,
		  struct smi_run *ret);
void smi_run_done(struct smi_run *r);

/* It could not be started, by us or by its shell: that says nothing about any device. */
bool smi_run_is_missing(const struct smi_run *r);
bool smi_run_is_good(const struct smi_run *r); /* status 0 */
/* "`nvidia-smi` exited with status 9: NVIDIA-SMI has failed …": how it ended, and the first line of
 * what it had to say about that. */
void smi_run_explain(const struct smi_run *r, struct str *to);

#endif
