/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"

#include "unit.h"

enum { N_KEYS = 500, N_STEPS = 30000 };

/* The same thing as a list of keys in the order they came, searched from the front. */
struct model {
	unsigned key[N_STEPS];
	uintptr_t value[N_STEPS];
	size_t n;
};

static size_t model_find(const struct model *m, unsigned key)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->key[i] == key)
			return i;
	return m->n;
}

static void model_remove(struct model *m, size_t at)
{
	memmove(m->key + at, m->key + at + 1, (m->n - at - 1) * sizeof(*m->key));
	memmove(m->value + at, m->value + at + 1, (m->n - at - 1) * sizeof(*m->value));
	m->n--;
}

static void check_same(const struct map *map, const struct model *m, char names[][8])
{
	const struct map_entry *e;
	size_t at = 0, i = 0;

	while ((e = map_next(map, &at))) {
		assert_true(i < m->n);
		assert_string_equal(e->key, names[m->key[i]]);
		assert_int_equal((uintptr_t)e->value, m->value[i]);
		i++;
	}
	assert_int_equal(i, m->n);
	assert_int_equal(map->n_live, m->n);
}

static void behaves_as_a_list_that_is_searched(void **state)
{
	static char names[N_KEYS][8];
	static struct model m;
	struct map map = {0};
	unsigned seed = 21;

	(void)state;
	for (unsigned i = 0; i < N_KEYS; i++)
		snprintf(names[i], sizeof(names[i]), "k%u", i);
	for (uintptr_t step = 1; step <= N_STEPS; step++) {
		unsigned key = next_random(&seed) % N_KEYS;
		size_t at = model_find(&m, key);
		uintptr_t was = at < m.n ? m.value[at] : 0;

		assert_int_equal((uintptr_t)map_get(&map, names[key]), was);
		assert_int_equal(map_has(&map, names[key]), was != 0);
		if (next_random(&seed) % 5 < (step / 4000 % 2 ? 1 : 4)) {
			assert_int_equal((uintptr_t)map_set(&map, names[key], (void *)step), was);
			if (at == m.n)
				m.key[m.n++] = key;
			m.value[at] = step;
		} else {
			assert_int_equal((uintptr_t)map_remove(&map, names[key]), was);
			if (at < m.n)
				model_remove(&m, at);
		}
		if (step % 500 == 0)
			check_same(&map, &m, names);
	}
	map_done(&map);
}

static void keys_have_lengths(void **state)
{
	struct map map = {0};
	int a, b;

	(void)state;
	map_set_n(&map, "abc", 2, &a);
	map_set(&map, "abc", &b);
	assert_ptr_equal(map_get(&map, "ab"), &a);
	assert_ptr_equal(map_get_n(&map, "abcd", 3), &b);
	assert_ptr_equal(map_get_n(&map, "abcd", 4), NULL);
	map_set_n(&map, "", 0, &a);
	assert_ptr_equal(map_get(&map, ""), &a);
	map_done(&map);
}

/* Hashes take several bytes at a time. */
static void each_byte_of_a_key_counts(void **state)
{
	enum { LONGEST = 40 };
	static char keys[LONGEST * LONGEST][LONGEST];
	struct map m = {0};
	uintptr_t n = 0;

	(void)state;
	for (size_t len = 1; len < LONGEST; len++)
		for (size_t at = 0; at < len; at++) {
			memset(keys[n], 'a', len);
			keys[n][at] = 'b';
			assert_null(map_set_n(&m, keys[n], len, (void *)(n + 1)));
			n++;
		}
	n = 0;
	for (size_t len = 1; len < LONGEST; len++)
		for (size_t at = 0; at < len; at++, n++)
			assert_int_equal((uintptr_t)map_get_n(&m, keys[n], len), n + 1);
	map_done(&m);
}

static void an_address_may_be_the_key(void **state)
{
	enum { N = 1000 };
	static uint64_t places[N]; /* of the same content */
	struct map map = {0};

	(void)state;
	for (uintptr_t i = 0; i < N; i++)
		assert_null(map_set_address(&map, &places[i], (void *)(i + 1)));
	for (uintptr_t i = 0; i < N; i++)
		assert_int_equal((uintptr_t)map_get_address(&map, &places[i]), i + 1);
	assert_int_equal((uintptr_t)map_set_address(&map, places, (void *)7), 1);
	assert_int_equal((uintptr_t)map_get_address(&map, places), 7);
	assert_null(map_get_address(&map, &map));
	map_done(&map);
}

static void an_empty_map_answers(void **state)
{
	struct map map = {0};
	size_t at = 0;

	(void)state;
	assert_null(map_get(&map, "x"));
	assert_false(map_has(&map, "x"));
	assert_null(map_remove(&map, "x"));
	assert_null(map_next(&map, &at));
	map_done(&map);
}

static void a_null_value_is_there(void **state)
{
	struct map map = {0};

	(void)state;
	map_set(&map, "x", NULL);
	assert_true(map_has(&map, "x"));
	assert_null(map_get(&map, "x"));
	map_done(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behaves_as_a_list_that_is_searched),
		cmocka_unit_test(keys_have_lengths),
		cmocka_unit_test(each_byte_of_a_key_counts),
		cmocka_unit_test(an_address_may_be_the_key),
		cmocka_unit_test(an_empty_map_answers),
		cmocka_unit_test(a_null_value_is_there),
	};

	return RUN(tests);
}
