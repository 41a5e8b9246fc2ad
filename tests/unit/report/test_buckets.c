/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <dlfcn.h>
#include <pcre2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/utf8.h"
#include "report/buckets.h"

static bool is_short; /* of memory */

pcre2_code *pcre2_compile(PCRE2_SPTR pattern, PCRE2_SIZE len, uint32_t options, int *errnum,
			  PCRE2_SIZE *at, pcre2_compile_context *context)
{
	pcre2_code *(*next)(PCRE2_SPTR, PCRE2_SIZE, uint32_t, int *, PCRE2_SIZE *,
			    pcre2_compile_context *);

	*(void **)&next = dlsym(RTLD_NEXT, "pcre2_compile_8");
	return is_short ? NULL : next(pattern, len, options, errnum, at, context);
}

static void assert_key(const struct bucketer *b, const char *message, const char *expect)
{
	_cleanup_(str_done) struct str key = {0};

	bucketer_key(b, message, &key);
	if (strcmp(key.s, expect) != 0)
		fail_msg("'%s' -> '%s', not '%s'", message, key.s, expect);
}

static void messages_become_dvsims_buckets(void **state)
{
	static const struct {
		const char *message, *key;
	} cases[] = {
		/* As observed with DVSim. */
		{"UVM_ERROR @ 12345.6 ns: (foo.sv:123) [scbd] mismatch exp 0xdead act 0x1234 at "
		 "idx "
		 "77",
		 "UVM_ERROR (foo.sv:123) [scbd] mismatch exp * act * at idx *"},
		{"Job timed out after 60.0 minutes", "Job timed out after * minutes"},
		{"  [1234.5 ps] Assertion tb.dut.u_foo.FooKnown_A has failed (time 12345 PS)",
		 "Assertion FooKnown_A has failed (time * PS)"},
		{"otbn_reg_block.status (addr=0x100) == 0x0",
		 "otbn_reg_block.status (addr=*) == *"},
		/* Each rule by itself. */
		{"a @ 1 ns: b", "a b"},
		{"[7.5 ns] late", "late"},
		{"early (time 12 FS) late", "early late"},
		{" \t x", "x"},
		{"x  \t y", "x y"},
		{"uvm_test_top.env.m_scb x", "m_scb x"},
		{"'hBEEF", "*"},
		{"'h dead", "*"},
		{"x 3.25s", "x *s"},
		{"is 5, was 6", "is *, was *"},
		{"port ( 17 ) open", "port ( * ) open"},
		{"port (17) open", "port (*) open"},
		{"a=ff", "a=*"},
		{"a: ff", "a: *"},
		{"a =ff", "a =*"},
		{"a : ff.", "a : *."},
		{"x 12ab", "x *ab"},
		{"core0 stopped", "core* stopped"},
		{"instance = dut.u_x", "instance*"},
		/* Texts that must stay unchanged. */
		{"foo.sv:123) at", "foo.sv:123) at"},
		{"", ""},
		{"plain words", "plain words"},
		{"caf\xc3\xa9 \xe2\x9c\x93", "caf\xc3\xa9 \xe2\x9c\x93"},
	};
	struct bucketer *b = bucketer_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_key(b, cases[i].message, cases[i].key);
	bucketer_free(b);
}

static void a_key_that_grows_is_whole(void **state)
{
	struct bucketer *b = bucketer_new();
	_cleanup_(str_done) struct str message = {0}, expect = {0};

	(void)state;
	for (int i = 0; i < 5000; i++) {
		str_add(&message, " 7");
		str_add(&expect, i ? " *" : "*");
	}
	/* The blank before the first number is removed before numbers are searched. */
	expect.s[0] = '7';
	assert_key(b, message.s, expect.s);
	bucketer_free(b);
}

static void any_bytes_have_a_key(void **state)
{
	struct bucketer *b = bucketer_new();

	(void)state;
	srandom(3);
	for (int round = 0; round < 5000; round++) {
		_cleanup_(str_done) struct str key = {0};
		char message[40];
		size_t n = (size_t)random() % sizeof(message);

		for (size_t i = 0; i < n; i++)
			message[i] = (char)(random() % 255 + 1);
		message[n ? n - 1 : 0] = '\0';
		bucketer_key(b, message, &key);
		assert_int_equal(utf8_first_bad(key.s, key.len), key.len);
	}
	bucketer_free(b);
}

static void without_memory_for_the_patterns_the_program_ends(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		is_short = true;
		bucketer_new();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_become_dvsims_buckets),
		cmocka_unit_test(a_key_that_grows_is_whole),
		cmocka_unit_test(any_bytes_have_a_key),
		cmocka_unit_test(without_memory_for_the_patterns_the_program_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
