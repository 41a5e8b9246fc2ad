/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn-loop N J PROGRAM: starts PROGRAM N times, J at a time, and does nothing else. The baseline
 * of scripts/bench.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

static int start(char *program)
{
	char *argv[] = {program, NULL};
	pid_t pid;

	return posix_spawn(&pid, program, NULL, NULL, argv, environ);
}

int main(int argc, char **argv)
{
	long n_left = argc == 4 ? atol(argv[1]) : 0, j = argc == 4 ? atol(argv[2]) : 0,
	     n_running = 0;

	if (n_left < 1 || j < 1) {
		fputs("usage: spawn-loop N J PROGRAM\n", stderr);
		return 2;
	}
	while (n_left || n_running) {
		int status;

		if (n_left && n_running < j) {
			if (start(argv[3]) != 0)
				return 1;
			n_left--;
			n_running++;
			continue;
		}
		if (wait(&status) < 0 || status != 0)
			return 1;
		n_running--;
	}
	return 0;
}
