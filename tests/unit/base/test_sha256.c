/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"

#include "unit.h"

/* Vectors of FIPS 180-4's examples, and what sha256sum says. */
static const struct {
	const char *text, *want;
} vectors[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void to_hex(const uint8_t digest[SHA256_SIZE], char ret[SHA256_SIZE * 2 + 1])
{
	for (unsigned i = 0; i < SHA256_SIZE; i++)
		snprintf(ret + i * 2, 3, "%02x", digest[i]);
}

static void known_texts_have_their_known_digests(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(vectors); i++) {
		uint8_t digest[SHA256_SIZE];
		char hex[SHA256_SIZE * 2 + 1];

		sha256_of(vectors[i].text, strlen(vectors[i].text), digest);
		to_hex(digest, hex);
		assert_string_equal(hex, vectors[i].want);
	}
}

static void a_million_letters_added_in_odd_pieces(void **state)
{
	struct sha256 s;
	char piece[977], hex[SHA256_SIZE * 2 + 1];
	uint8_t digest[SHA256_SIZE];

	(void)state;
	memset(piece, 'a', sizeof(piece));
	sha256_init(&s);
	for (size_t left = 1000000; left;) {
		size_t n = left < sizeof(piece) ? left : sizeof(piece);

		sha256_add(&s, piece, n);
		left -= n;
	}
	sha256_done(&s, digest);
	to_hex(digest, hex);
	assert_string_equal(hex,
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts_have_their_known_digests),
		cmocka_unit_test(a_million_letters_added_in_odd_pieces),
	};

	return RUN(tests);
}
