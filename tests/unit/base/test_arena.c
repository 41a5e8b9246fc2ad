/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "unit.h"

static void blocks_are_aligned_and_keep_what_was_written(void **state)
{
	enum { N = 2000 };
	struct arena *a = arena_new();
	unsigned char *blocks[N];
	size_t sizes[N];
	unsigned seed = 5;

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		sizes[i] = next_random(&seed) % (i % 50 == 0 ? 20000 : 100);
		blocks[i] = arena_alloc(a, sizes[i]);
		assert_int_equal((uintptr_t)blocks[i] % (sizes[i] >= 16 ? 16 : sizeof(void *)), 0);
		memset(blocks[i], (int)(i & 0xff), sizes[i]);
	}
	for (unsigned i = 0; i < N; i++)
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(blocks[i][k], i & 0xff);
	arena_free(a);
}

static void a_large_block_does_not_waste_the_chunk_that_is_being_filled(void **state)
{
	struct arena *a = arena_new();
	char *before = arena_strdup(a, "before"), *after;
	size_t size;

	(void)state;
	memset(arena_alloc(a, 1 << 20), 1, 1 << 20);
	size = arena_size(a);
	after = arena_strdup(a, "after");
	assert_int_equal(arena_size(a), size);
	assert_ptr_equal(after, before + sizeof("before"));
	assert_true(size < (1 << 20) + 8192);
	arena_free(a);
}

static void a_large_first_block_is_followed_by_others(void **state)
{
	struct arena *a = arena_new();
	char *large = memset(arena_alloc(a, 100000), 'x', 100000);
	char *small = arena_strdup(a, "small");

	(void)state;
	assert_int_equal(large[99999], 'x');
	assert_string_equal(small, "small");
	arena_free(a);
}

static void arrays_and_zalloc_are_zeroed(void **state)
{
	struct arena *a = arena_new();
	const char *z;

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		memset(arena_alloc(a, 40), 0xff, 40);
		z = round % 2 ? arena_zalloc(a, 60) : arena_array(a, 6, 10);
		for (unsigned i = 0; i < 60; i++)
			assert_int_equal(z[i], 0);
	}
	assert_non_null(arena_array(a, 0, 8));
	assert_non_null(arena_memdup(a, NULL, 0));
	arena_free(a);
}

static void strings_are_copied_and_formatted(void **state)
{
	struct arena *a = arena_new();
	char long_text[9001];

	(void)state;
	memset(long_text, 'y', 9000);
	long_text[9000] = '\0';
	assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
	assert_string_equal(arena_printf(a, "%d-%s", 7, "seven"), "7-seven");
	assert_string_equal(arena_printf(a, "%s", long_text), long_text);
	assert_memory_equal(arena_memdup(a, "a\0b", 3), "a\0b", 3);
	arena_free(a);
}

static void a_missing_text_stays_missing(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_null(arena_strdup_or_null(a, NULL));
	assert_string_equal(arena_strdup_or_null(a, "text"), "text");
	assert_string_equal(arena_strdup_or_null(a, ""), "");
	arena_free(a);
}

static void a_copy_has_its_letters_in_lower_case(void **state)
{
	struct arena *a = arena_new();
	const char *given = "AZ az@[_9\xc3\x89";

	(void)state;
	assert_string_equal(arena_strdup_lower(a, given), "az az@[_9\xc3\x89");
	assert_string_equal(given, "AZ az@[_9\xc3\x89");
	arena_free(a);
}

static void freep_forgets_the_arena(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	arena_freep(&a);
	assert_null(a);
	arena_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_are_aligned_and_keep_what_was_written),
		cmocka_unit_test(a_large_block_does_not_waste_the_chunk_that_is_being_filled),
		cmocka_unit_test(a_large_first_block_is_followed_by_others),
		cmocka_unit_test(arrays_and_zalloc_are_zeroed),
		cmocka_unit_test(strings_are_copied_and_formatted),
		cmocka_unit_test(a_missing_text_stays_missing),
		cmocka_unit_test(a_copy_has_its_letters_in_lower_case),
		cmocka_unit_test(freep_forgets_the_arena),
	};

	return RUN(tests);
}
