/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between the clerk's two ends. */
#ifndef CLERK_CLERK_WIRE_H
#define CLERK_CLERK_WIRE_H

enum clerk_request {
	CLERK_ROOT = 1, /* path; the first frame */
	CLERK_GROUP,	/* name: an earlier clerk may have made links in this group */
	CLERK_RESET,	/* path */
	CLERK_TRASH,	/* path */
	CLERK_LINK,	/* base, group or NULL, name, target */
	CLERK_SYNC,	/* path */
	CLERK_SPACE,	/* path: answer CLERK_SPACE_IS */
	CLERK_CLOSE,	/* do what is left, answer CLERK_DONE, exit */
};

enum clerk_answer {
	CLERK_PROBLEM = 1, /* text */
	CLERK_PROGRESS,	   /* a sign of life while much is done */
	CLERK_CONFIRM,	   /* u64: the number of requests after ROOT and GROUP that are carried out
			      since the last CONFIRM */
	CLERK_DONE,
	CLERK_SPACE_IS, /* path, free and size in bytes, free and all inodes */
};

#endif
