/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/seeds.h"

#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/number.h"

enum { WORDS = 8 }; /* of 32 bits: seeds have 256, as DVSim's */

const char *seed_number(struct arena *mem, const char *seed)
{
	return number_int(mem, seed);
}

enum { DIGITS_THAT_COUNT = 32 }; /* 10^32 is a multiple of 2^32 */

/* The digits from which on there are as many as count, if nothing is between these; else all. */
static const char *digits_that_count(const char *seed)
{
	size_t len = strlen(seed);
	size_t from = len > DIGITS_THAT_COUNT ? len - DIGITS_THAT_COUNT : 0;

	return strspn(seed + from, "0123456789") < len - from ? seed : seed + from;
}

uint32_t seed_low_bits(const char *seed)
{
	bool is_negative = strchr(seed, '-');
	uint32_t low = 0;

	for (const char *s = digits_that_count(seed); *s; s++)
		if (*s >= '0' && *s <= '9')
			low = low * 10 + (uint32_t)(*s - '0');
	return is_negative ? 0u - low : low;
}

/* Writes nine (< 10^9) as nine digits that end at p; returns the first digit. */
static char *put_nine(char *p, uint32_t nine)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";

	for (int k = 0; k < 4; k++, nine /= 100) {
		p -= 2;
		memcpy(p, pairs + 2 * (nine % 100), 2);
	}
	*--p = (char)('0' + nine);
	return p;
}

/* words: least significant first; overwritten with 0. */
static const char *to_decimal(struct arena *mem, uint32_t words[WORDS])
{
	char text[WORDS * 10 + 9 + 1], *p = text + sizeof(text) - 1;
	int n = WORDS; /* words[n] and above are 0 */

	*p = '\0';
	do { /* nine digits at a time */
		uint64_t rest = 0;

		for (int i = n - 1; i >= 0; i--) {
			rest = rest << 32 | words[i];
			words[i] = (uint32_t)(rest / 1000000000);
			rest %= 1000000000;
		}
		while (n && words[n - 1] == 0)
			n--;
		p = put_nine(p, (uint32_t)rest);
	} while (n);
	while (*p == '0' && p[1])
		p++;
	return arena_strdup(mem, p);
}

/* The finaliser of splitmix64 (public domain, S. Vigna): each bit of x changes half of the bits. */
static uint64_t seed_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* Absorbs the NUL, too, so that the hash of "a", "bc" differs from that of "ab", "c". */
static uint64_t seed_absorb(uint64_t state, const char *text)
{
	do
		state = seed_mix(state ^ (unsigned char)*text);
	while (*text++);
	return state;
}

uint64_t seeds_of_test(const struct seeds *s, const char *block, const char *test)
{
	return seed_absorb(seed_absorb(seed_absorb(0, s->base), block), test);
}

static const char *hash_seed(struct seeds *s, uint64_t of_test, uint32_t index)
{
	uint32_t words[WORDS];
	uint64_t state = seed_mix(of_test ^ index);

	for (int i = 0; i < WORDS; i += 2) {
		state = seed_mix(state + (uint64_t)i);
		words[i] = (uint32_t)state;
		words[i + 1] = (uint32_t)(state >> 32);
	}
	return to_decimal(s->mem, words);
}

const char *seeds_next(struct seeds *s, uint64_t of_test, uint32_t index)
{
	if (s->given && *s->given)
		return *s->given++;
	return s->fixed ? s->fixed : hash_seed(s, of_test, index);
}

const char *seeds_new_base(struct arena *mem)
{
	uint32_t words[WORDS] = {0};

	if (getrandom(words, 8, GRND_NONBLOCK) != 8) {
		struct timespec now;

		clock_gettime(CLOCK_REALTIME, &now);
		words[0] = (uint32_t)now.tv_nsec;
		words[1] = (uint32_t)now.tv_sec;
	}
	return to_decimal(mem, words);
}
