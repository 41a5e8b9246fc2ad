/* SPDX-License-Identifier: Apache-2.0 */
/* Errors behind the first one: found if they are there, and only then. */
#include "tap.h"

static const char sample[] =
	"{\n"
	"  // What a project runs every night.\n"
	"  name: \"night\"\n"
	"  flow: jobs\n"
	"  import_cfgs: [\"{proj_root}/common.hjson\", \"{self_dir}/tests.hjson\"]\n"
	"  description: '''One job for each\n"
	"                  - mode\n"
	"                  - seed: all of them\n"
	"               '''\n"
	"  defaults: { timeout: \"5m\", env: { LANG: \"C\" } }\n"
	"  vars: { root: \"/tmp\" }\n"
	"  jobs: [\n"
	"    { name: \"build\", command: \"make -C {root}\" }\n"
	"    {\n"
	"      name: \"test.{mode}.{seed}\"\n"
	"      desc: \"run it\"\n"
	"      command: ./sim +seed={seed}\n"
	"      needs: [\"build\"]\n"
	"      sweep: { mode: [\"fast\", \"slow\"], seed: \"1..5\" }\n"
	"      pass_patterns: [\"^PASSED\", \"all (good|fine)$\"]\n"
	"    },\n"
	"    {\n"
	"      name: \"report\"\n"
	"      argv: [\"cat\", \"log\"]\n"
	"      needs: [\"test.*\"]\n"
	"    }\n"
	"  ]\n"
	"  resources: { VCS: 4, LIC: 2 }\n"
	"}\n";

static const char marks[] = "{}[]\"',:";

struct seen {
	struct hjson_doc *doc;
	unsigned n;
	unsigned lines[HJSON_MOST_ERRORS + 1];
};

static void note(void *ctx, const struct hjson_diag *d)
{
	struct seen *seen = ctx;

	if (d->severity == HJSON_ERROR && seen->n <= HJSON_MOST_ERRORS)
		seen->lines[seen->n++] = hjson_where(seen->doc, d->pos).line;
}

static struct seen parse(const char *text, size_t len)
{
	struct seen seen = {.doc = hjson_new()};
	struct hjson_node *root = hjson_parse(seen.doc, "t", text, len, note, &seen);

	CHECK(!root == (seen.n > 0));
	hjson_free(seen.doc);
	return seen;
}

static void the_sample_is_good(void)
{
	CHECK(parse(sample, strlen(sample)).n == 0);
}

static void one_lost_character_is_never_two_errors(void)
{
	char text[sizeof(sample)];
	size_t len = strlen(sample);

	for (size_t i = 0; i < len; i++) {
		if (!strchr(marks, sample[i]))
			continue;
		memcpy(text, sample, i);
		memcpy(text + i, sample + i + 1, len - i - 1);
		CHECK(parse(text, len - 1).n <= 1);
	}
}

static void one_wrong_character_is_never_two_errors(void)
{
	char text[sizeof(sample)];
	size_t len = strlen(sample);

	for (size_t i = 0; i < len; i++) {
		for (const char *c = marks; strchr(marks, sample[i]) && *c; c++) {
			memcpy(text, sample, len);
			text[i] = *c;
			if (parse(text, len).n <= 1)
				continue;
			printf("# '%c' at %zu\n", *c, i);
			CHECK(false);
		}
	}
}

/* Each line that has a mistake is reported, in order, and no other one. */
static void mistakes_in_different_places_are_all_found(void)
{
	static const char text[] = "{\n"
				   "  jobs: [\n"
				   "    { name: \"a\", command: make }\n"
				   "    { name: \"b\", command: \"\\d\" }\n"
				   "    { name: \"c\", needs: [a, b] }\n"
				   "    {\n"
				   "      name \"d\"\n"
				   "      command: \"x\"\n"
				   "    }\n"
				   "    { name: \"e\", command: \"x }\n"
				   "  ]\n"
				   "  more: { n: 1e999 }\n"
				   "}\n";
	static const unsigned lines[] = {3, 4, 5, 7, 10, 12};
	struct seen seen = parse(text, strlen(text));

	CHECK(seen.n == sizeof(lines) / sizeof(*lines));
	CHECK(memcmp(seen.lines, lines, sizeof(lines)) == 0);
}

static void a_text_that_is_too_large_has_one_error(void)
{
	static const char twice[] = "[\"\\d\"\n\"\\d\"\n";
	size_t len = (4u << 20) + 1;
	char *text = malloc(len);

	memset(text, ' ', len);
	memcpy(text, twice, strlen(twice));
	text[len - 1] = ']';
	CHECK(parse(text, len).n == 1);
	memcpy(text + len / 2, "]", 1);
	CHECK(parse(text, len / 2 + 1).n == 2);
	free(text);
}

int main(void)
{
	RUN(the_sample_is_good);
	RUN(one_lost_character_is_never_two_errors);
	RUN(one_wrong_character_is_never_two_errors);
	RUN(mistakes_in_different_places_are_all_found);
	RUN(a_text_that_is_too_large_has_one_error);
	return tap_end();
}
