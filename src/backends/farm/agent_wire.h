/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between the two ends of an agent. */
#ifndef BACKENDS_FARM_AGENT_WIRE_H
#define BACKENDS_FARM_AGENT_WIRE_H

enum agent_request {
	AGENT_RUN = 1, /* number, limit_s, argv, input, path or NULL, its content */
	AGENT_TAKE,    /* directory */
	AGENT_READ,    /* number, path */
	AGENT_REMOVE,  /* path */
	AGENT_CLOSE,   /* exit */
};

enum agent_answer {
	AGENT_RAN = 1, /* number, errnum, is_late, exit status, output, errors */
	AGENT_FILE,    /* name, content */
	AGENT_TAKEN,
	AGENT_TEXT, /* number, the first bytes of the file; nothing if it cannot be read */
};

#endif
