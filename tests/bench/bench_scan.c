/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speed of scanning a log: a million UVM-like lines, eight fail patterns and one pass pattern of
 * OpenTitan. Prints MB/s of CPU time, the best of several rounds.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "judge/log_scan.h"

enum { ROUNDS = 5 };

static const char *const fail_texts[] = {
	"^UVM_ERROR\\s[^:].*$", "^UVM_FATAL\\s[^:].*$", "^UVM_WARNING\\s[^:].*$",
	"^Assert failed: ",	"^\\s*Offending '.*'",	"^TEST FAILED (UVM_)?CHECKS$",
	"^Error:.*$",		"^Error-.*$",
};
static const char pass_text[] = "^TEST PASSED (UVM_)?CHECKS$";

static int make_log(const char *path, long n_lines)
{
	FILE *f = fopen(path, "w+");

	for (long i = 0; f && i < n_lines; i++)
		fprintf(f,
			"UVM_INFO @ %ld ps: (cip_base_vseq.sv:%ld) [uvm_test_top.env.virtual_"
			"sequencer.smoke_vseq] transaction %ld of this sequence is done\n",
			i * 1000, i % 900, i);
	if (!f || fputs("TEST PASSED CHECKS\n", f) < 0 || fflush(f) != 0)
		return -1;
	return dup(fileno(f));
}

static struct pattern_code *compile(const char *text)
{
	struct pattern p = {.text = text};
	struct error err = {0};
	struct pattern_code *c = pattern_compile(&p, NULL, &err);

	if (!c) {
		fprintf(stderr, "%s\n", err.msg);
		exit(1);
	}
	return c;
}

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	char path[] = "/tmp/dvsched-bench-scan-XXXXXX";
	long n_lines = argc > 1 ? atol(argv[1]) : 1000000;
	struct pattern_code *fail[ARRAY_LEN(fail_texts)], *pass = compile(pass_text);
	double best = 0;
	struct stat st;
	int fd;

	close(mkstemp(path));
	fd = make_log(path, n_lines);
	unlink(path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(fail); i++)
		fail[i] = compile(fail_texts[i]);
	for (int i = 0; i < ROUNDS; i++) {
		struct log_scan s = {
			.pass = &pass, .fail = fail, .n_pass = 1, .n_fail = ARRAY_LEN(fail)};
		double from = cpu_s(), speed;

		log_scan_init(&s);
		if (log_scan_file(&s, fd, 0) != 0 || s.outcome != SCAN_CLEAN || s.n_missing)
			return 1;
		speed = (double)st.st_size / 1e6 / (cpu_s() - from);
		best = speed > best ? speed : best;
		log_scan_done(&s);
	}
	printf("scan: %.0f MB, %ld lines, %.0f MB/s\n", (double)st.st_size / 1e6, n_lines, best);
	for (size_t i = 0; i < ARRAY_LEN(fail); i++)
		pattern_free(fail[i]);
	pattern_free(pass);
	return 0;
}
