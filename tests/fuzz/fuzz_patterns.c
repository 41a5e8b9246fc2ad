/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes patterns and logs: the first line of the input is a fail pattern, the rest a log. Read in
 * one piece and byte by byte, a log has the same outcome on the same line.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "judge/log_scan.h"
#include "judge/pattern.h"

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len);

enum { LOG_MOST = 4096 };

struct found {
	enum scan_outcome outcome;
	uint32_t line;
};

static struct found scan(struct pattern_code *pattern, const char *log, size_t n, size_t step)
{
	struct log_scan s = {.fail = &pattern, .n_fail = 1};
	struct found found;

	log_scan_init(&s);
	while (n && !s.is_done) {
		size_t room, k = n < step ? n : step;
		char *to = log_scan_room(&s, &room);

		k = k < room ? k : room;
		memcpy(to, log, k);
		log_scan_took(&s, k);
		log += k;
		n -= k;
	}
	log_scan_end(&s);
	found = (struct found){s.outcome, s.line};
	log_scan_done(&s);
	return found;
}

int LLVMFuzzerTestOneInput(const unsigned char *input, size_t len)
{
	const char *newline = memchr(input, '\n', len), *log = newline ? newline + 1 : NULL;
	size_t n = newline ? len - (size_t)(log - (const char *)input) : 0;
	_cleanup_(freep) char *text = xstrndup((const char *)input, len - n);
	struct pattern pattern = {.text = text};
	_cleanup_(error_done) struct error err = {0};
	struct pattern_code *code;
	char *warning = NULL;

	text[strcspn(text, "\n")] = '\0';
	code = pattern_compile(&pattern, &warning, &err);
	free(warning);
	if (!code)
		return 0;
	n = n < LOG_MOST ? n : LOG_MOST;
	if (n) {
		struct found whole = scan(code, log, n, n), bytes = scan(code, log, n, 1);

		if (whole.outcome != bytes.outcome || whole.line != bytes.line)
			abort();
	}
	pattern_free(code);
	return 0;
}
