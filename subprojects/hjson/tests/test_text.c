/* SPDX-License-Identifier: Apache-2.0 */
/* Positions, line ends, limits, memory. */
#include "tap.h"

static unsigned n_errors, n_warnings;
static enum hjson_problem last_problem;

static void count(void *ctx, const struct hjson_diag *d)
{
	(void)ctx;
	n_errors += d->severity == HJSON_ERROR;
	n_warnings += d->severity == HJSON_WARNING;
	last_problem = d->problem;
}

/* Parses a copy of exactly len bytes, so that a sanitizer detects a read beyond the end. */
static struct hjson_node *parse_n(struct hjson_doc *doc, const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	struct hjson_node *root;

	n_errors = n_warnings = 0;
	memcpy(copy, text, len);
	root = hjson_parse(doc, "t.hjson", copy, len, count, NULL);
	free(copy);
	CHECK(root ? n_errors == 0 : n_errors >= 1 && n_errors <= HJSON_MOST_ERRORS);
	return root;
}

static struct hjson_node *parse(struct hjson_doc *doc, const char *text)
{
	return parse_n(doc, text, strlen(text));
}

static struct text json(struct hjson_doc *doc, const struct hjson_node *n)
{
	struct text t = {0};

	text_say(&t, "");
	if (n)
		hjson_to_json(doc, n, 0, text_add, &t);
	return t;
}

/* The JSON of a text; "": the text is not Hjson. The caller frees it. */
static char *json_of(const char *s, size_t len)
{
	struct hjson_doc *doc = hjson_new();
	struct text t = json(doc, parse_n(doc, s, len));

	hjson_free(doc);
	return t.s;
}

static bool at(struct hjson_doc *doc, hjson_pos pos, unsigned line, unsigned col)
{
	struct hjson_place p = hjson_where(doc, pos);

	if (p.line != line || p.col != col)
		printf("# %u:%u, not %u:%u\n", p.line, p.col, line, col);
	return p.line == line && p.col == col;
}

static void values_and_keys_have_places(void)
{
	static const char text[] = "{\n  a: x y \n  \"b\" : [1,\n\t'''m'''],\n  \"c\\n\": {}\n  "
				   "\"\": \"\xc3\xa9\", 'f': -5\n}\n";
	struct hjson_doc *doc = hjson_new();
	struct hjson_node *r = parse(doc, text);
	struct hjson_node *a = r->child, *b = a->next, *c = b->next, *d = c->next, *f = d->next;

	CHECK(at(doc, r->pos, 1, 1) && r->len == sizeof(text) - 2);
	CHECK(at(doc, a->pos, 2, 6) && a->len == 3 && at(doc, hjson_key_pos(doc, a), 2, 3));
	CHECK(at(doc, b->pos, 3, 9) && b->len == 13 && at(doc, hjson_key_pos(doc, b), 3, 3));
	CHECK(at(doc, b->child->pos, 3, 10) && at(doc, b->child->next->pos, 4, 2));
	CHECK(b->child->next->len == 7 && hjson_key_pos(doc, b->child) == b->child->pos);
	CHECK(at(doc, c->pos, 5, 10) && c->len == 2 && at(doc, hjson_key_pos(doc, c), 5, 3));
	CHECK(at(doc, d->pos, 6, 7) && d->len == 4 && at(doc, hjson_key_pos(doc, d), 6, 3));
	CHECK(at(doc, f->pos, 6, 17) && f->len == 2 && at(doc, hjson_key_pos(doc, f), 6, 12));
	hjson_free(doc);
}

static void nowhere_is_nowhere(void)
{
	struct hjson_doc *doc = hjson_new();
	struct hjson_node *r = parse(doc, "{}");

	CHECK(hjson_where(doc, 0).name == NULL && hjson_where(doc, 0).line_text != NULL);
	CHECK(hjson_where(doc, 99).name == NULL);
	hjson_set(doc, r, "made", 4, hjson_new_int(doc, 1, 0));
	CHECK(hjson_key_pos(doc, r->child) == 0);
	hjson_set(doc, r, "from", 4, hjson_new_int(doc, 1, r->pos));
	CHECK(hjson_key_pos(doc, r->child->next) == r->pos);
	hjson_free(doc);
}

static void places_show_their_line(void)
{
	struct hjson_doc *doc = hjson_new();
	struct hjson_node *r = parse(doc, "\xef\xbb\xbf{a: 1,\r\n b: 2,\r c: 3,\n d: 4}");
	struct hjson_place p;
	struct hjson_node *m;
	unsigned line = 1;

	hjson_for_each (m, r) {
		p = hjson_where(doc, m->pos);
		CHECK(p.line == line++ && p.col == 5);
		CHECK(p.line_len == 6 && p.line_text[1] == "abcd"[line - 2]);
		CHECK(strcmp(p.name, "t.hjson") == 0);
	}
	CHECK(hjson_where(doc, r->pos).offset == 3);
	hjson_free(doc);
}

/* Forwards, backwards and in jumps. Counting from the start of the line each time would take
 * minutes.
 */
static void places_in_one_long_line_are_found_fast(void)
{
	enum { N = 200000 };
	struct hjson_doc *doc = hjson_new();
	char *text = malloc(6 * N + 3), *end = text;
	struct hjson_node *r, *n;
	hjson_pos *pos = malloc(N * sizeof(*pos));
	unsigned i = 0, n_wrong = 0;

	*end++ = '[';
	for (; i < N; i++)
		end += sprintf(end, "\"é\",");
	*end++ = ']';
	*end = '\0';
	r = parse(doc, text);
	i = 0;
	hjson_for_each (n, r)
		pos[i++] = n->pos;
	for (i = 0; i < N; i++)
		n_wrong += hjson_where(doc, pos[i]).col != 2 + 4 * i;
	for (i = N; i-- > 0;)
		n_wrong += hjson_where(doc, pos[i]).col != 2 + 4 * i;
	for (i = 0; i < N; i++)
		n_wrong += hjson_where(doc, pos[i ^ 5]).col != 2 + 4 * (i ^ 5);
	CHECK(n_wrong == 0);
	CHECK(at(doc, r->pos, 1, 1));
	free(pos);
	free(text);
	hjson_free(doc);
}

static void end_of_text_has_a_place(void)
{
	struct hjson_doc *doc = hjson_new();
	struct hjson_node *a = parse(doc, "{}\n");
	struct hjson_node *b = parse(doc, "");

	CHECK(at(doc, a->pos + 3, 2, 1));
	CHECK(at(doc, b->pos, 1, 1) && b->pos == a->pos + 4);
	hjson_free(doc);
}

static void sources_share_a_document(void)
{
	struct hjson_doc *doc = hjson_new();
	char name[16], text[32];
	struct hjson_node *all = hjson_new_node(doc, HJSON_ARRAY, 0), *n;
	unsigned i = 0;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%u.hjson", i);
		snprintf(text, sizeof(text), "\n{ k%u: %u }", i, i);
		hjson_append(doc, all, hjson_parse(doc, name, text, strlen(text), NULL, NULL));
	}
	i = 0;
	hjson_for_each (n, all) {
		snprintf(name, sizeof(name), "%u.hjson", i++);
		CHECK(strcmp(hjson_where(doc, n->child->pos).name, name) == 0);
		CHECK(at(doc, hjson_key_pos(doc, n->child), 2, 3));
	}
	/* a key keeps its position, although its value is from another place */
	hjson_set(doc, all->child, "k0", 2,
		  hjson_new_int(doc, 5, n ? n->pos : all->child->next->pos));
	CHECK(strcmp(hjson_where(doc, hjson_key_pos(doc, all->child->child)).name, "0.hjson") == 0);
	CHECK(strcmp(hjson_where(doc, all->child->child->pos).name, "1.hjson") == 0);
	hjson_free(doc);
}

static void multiline_strings_lose_their_indentation(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"{a: '''x'''}", "{\"a\": \"x\"}"},
		{"{a: ''' x '''}", "{\"a\": \"x \"}"},
		{"{a: '''x\n    y\n     z\n  w'''}", "{\"a\": \"x\\ny\\n z\\nw\"}"},
		{"{\n  a:\n  '''\n  x\n   y\n  '''}", "{\"a\": \"x\\n y\"}"},
		{"{\n  a:\n  '''\n  x\n\n  '''}", "{\"a\": \"x\\n\"}"},
		{"{\n\ta: '''\n\tx\n\t    y'''}", "{\"a\": \"x\\n y\"}"},
		{"{\xc3\xa9: '''\n    x\n     y'''}", "{\"\xc3\xa9\": \"x\\n y\"}"},
		{"['''a''', '''b\n           c''']", "[\"a\", \"b\\n c\"]"},
		{"{a: ''''''}", "{\"a\": \"\"}"},
		{"{a: '''\n'''}", "{\"a\": \"\"}"},
		{"{a: '''\\n'''}", "{\"a\": \"\\\\n\"}"},
		{"{a: '''\n    x\n       '''}", "{\"a\": \"x\\n   \"}"},
		{"'''x\ny'''", "\"x\\ny\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *got = json_of(cases[i].text, strlen(cases[i].text));

		CHECK(strcmp(got, cases[i].want) == 0);
		if (strcmp(got, cases[i].want) != 0)
			printf("# %s, not %s\n", got, cases[i].want);
		free(got);
	}
}

/* The numbers are the columns they stand at; lines[] are the lines of all members. */
static void places_behind_multiline_strings_stay_right(void)
{
	static const char text[] =
		"{\n  a: '''\n    x\r\n      y\n    ''', b: 13\n"
		"  c: '''x\n     y\n   z''', d: 13\n"
		"  e: '''\n     x\n       y'''\n  f: 6\n"
		"  g: ['''\n      x\n        y''', '''\n       z\n''']\n  h: 6}\n";
	static const unsigned lines[] = {2, 5, 6, 8, 9, 12, 13, 18};
	struct hjson_doc *doc = hjson_new();
	struct hjson_node *r = parse(doc, text), *m;
	struct text t = json(doc, r);
	unsigned i = 0;

	CHECK(strcmp(t.s, "{\"a\": \"x\\n y\", \"b\": 13, \"c\": \"x\\ny\\nz\", \"d\": 13, \"e\": "
			  "\"x\\n  y\", \"f\": 6, "
			  "\"g\": [\"x\\n  y\", \"z\"], \"h\": 6}") == 0);
	hjson_for_each (m, r) {
		CHECK(at(doc, m->pos, lines[i], m->type == HJSON_INT ? (unsigned)m->i : 6));
		i++;
	}
	CHECK(hjson_where(doc, hjson_get(r, "g")->child->next->pos).line == 15);
	CHECK(strcmp(hjson_cstr(doc, r->child), "x\n y") == 0);
	free(t.s);
	hjson_free(doc);
}

static void a_lone_cr_leaves_no_room_for_a_nul(void)
{
	static const char text[] = "['''a\rb'''\r,'''c\rd\r'''\r]";
	struct hjson_doc *doc = hjson_new();
	struct hjson_node *r = parse(doc, text);
	struct hjson_place p = hjson_where(doc, r->child->next->pos);

	CHECK(p.line == 3 && p.line_len == 5 && memcmp(p.line_text, ",'''c", 5) == 0);
	CHECK(strcmp(hjson_cstr(doc, r->child), "a\nb") == 0);
	CHECK(strcmp(hjson_cstr(doc, r->child->next), "c\nd") == 0);
	CHECK(hjson_where(doc, r->pos + r->len - 1).line == 6);
	hjson_free(doc);
}

static const char *const samples[] = {
	"{\n  // c\n  name: uart\n  n: 12, r: 1.5\n  list: [\"a\" 'b'\n  c\n  ]\n  t: true\n}\n",
	"a: 1\nb: [x\n]\nc: {d: null}\n",
	"{\n  desc: '''first\n        second\n      less\n    '''\n  b: '''\n    x\n\n  '''\n}\n",
	"{\"a\\n\\u00e9\": \"\\ud83d\\ude00 \\\" \\\\\", 'b': \"\\/\"}\n",
	"/* a */ { # b\n x: /* yes\n */ 1 // c\n y: \"q\" /* d */, z: [[1][2] # e\n 3,]}\n",
	"[0,-0,1.0,1e3,1.5,1e10,123456789012345678901234567890,9999999999.0,\n01\n1.\n.5\n]\n",
	"[\xc3\xa9\xe2\x80\xa8\n]\n",
	"{a:1,b:2,a:3,c:4,a:5,b:6,d:7,e:8,f:9,g:10,h:11,i:12,\"a\":13}\n",
	"\xef\xbb\xbf# bom\na: \xf0\x9f\x98\x80\n",
};

enum { N_SAMPLES = sizeof(samples) / sizeof(*samples) };

/* As Python's str.strip() sees it. */
static bool is_space(unsigned code)
{
	static const unsigned singles[] = {0x20,   0x85,   0xa0,   0x1680, 0x2028,
					   0x2029, 0x202f, 0x205f, 0x3000};

	for (size_t i = 0; i < sizeof(singles) / sizeof(*singles); i++) {
		if (code == singles[i])
			return true;
	}
	return (code >= 0x09 && code <= 0x0d) || (code >= 0x1c && code <= 0x1f) ||
	       (code >= 0x2000 && code <= 0x200a);
}

static void white_space_of_all_scripts_is_trimmed(void)
{
	for (unsigned code = 1; code < 0x3100; code++) {
		struct hjson_doc *doc = hjson_new();
		char json_text[32], text[32];
		struct hjson_node *n, *k;
		int len;

		snprintf(json_text, sizeof(json_text), "\"\\u%04x\"", code);
		n = parse(doc, json_text);
		len = snprintf(text, sizeof(text), "{k%s : %s-%s\n}", hjson_cstr(doc, n),
			       hjson_cstr(doc, n), hjson_cstr(doc, n));
		if (strchr("\t\n\r {}[],:\"#'", (int)(code & 0x7f)) == NULL || code > 0x7f) {
			n = parse_n(doc, text, (size_t)len);
			k = n ? n->child : NULL;
			CHECK(k && (k->n == 1) == is_space(code) &&
			      (k->key_len == 1) == is_space(code));
		}
		hjson_free(doc);
	}
}

/* text with other line ends. To be freed. */
static struct text with_ends(const char *text, const char *end)
{
	struct text t = {0};

	text_say(&t, "");
	for (; *text; text++) {
		if (*text == '\n')
			text_say(&t, end);
		else
			text_add(&t, text, 1);
	}
	return t;
}

static void line_ends_do_not_matter(void)
{
	for (int i = 0; i < N_SAMPLES; i++) {
		char *lf = json_of(samples[i], strlen(samples[i]));
		struct text crlf_text = with_ends(samples[i], "\r\n");
		struct text cr_text = with_ends(samples[i], "\r");
		char *crlf = json_of(crlf_text.s, crlf_text.len);
		char *cr = json_of(cr_text.s, cr_text.len);

		CHECK(lf[0] && strcmp(lf, crlf) == 0 && strcmp(lf, cr) == 0);
		free(lf);
		free(crlf_text.s);
		free(cr_text.s);
		free(crlf);
		free(cr);
	}
}

static void printed_trees_are_read_again(void)
{
	for (int i = 0; i < N_SAMPLES; i++) {
		char *once = json_of(samples[i], strlen(samples[i]));
		char *again = json_of(once, strlen(once));

		CHECK(once[0] && strcmp(once, again) == 0);
		free(once);
		free(again);
	}
}

static void every_prefix_is_a_tree_or_an_error(void)
{
	for (int i = 0; i < N_SAMPLES; i++) {
		for (size_t n = 0; n <= strlen(samples[i]); n++)
			free(json_of(samples[i], n));
	}
}

static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void mutated_texts_are_trees_or_errors(void)
{
	static const char bytes[] = "{}[],:\"'\\#/*\n\r\t -0129.eEtfnulasx\xc3\xa9\xff\x01";
	uint32_t state = 1;
	char text[512];

	for (int round = 0; round < 40000; round++) {
		const char *sample = samples[random_next(&state) % N_SAMPLES];
		size_t len = strlen(sample);

		memcpy(text, sample, len);
		for (uint32_t k = random_next(&state) % 6; k < 6; k++)
			text[random_next(&state) % len] =
				bytes[random_next(&state) % sizeof(bytes)];
		free(json_of(text, len));
	}
}

static char *repeat(const char *unit, size_t times, size_t *ret_len)
{
	size_t len = strlen(unit);
	char *s = malloc(len * times + 1);

	if (!s)
		abort();
	for (size_t i = 0; i < times; i++)
		memcpy(s + i * len, unit, len);
	*ret_len = len * times;
	return s;
}

static void depth_has_a_limit(void)
{
	char text[2 * HJSON_MAX_DEPTH + 2];
	struct hjson_doc *doc = hjson_new();

	memset(text, '[', HJSON_MAX_DEPTH);
	memset(text + HJSON_MAX_DEPTH, ']', HJSON_MAX_DEPTH);
	CHECK(parse_n(doc, text, 2 * (size_t)HJSON_MAX_DEPTH) != NULL);
	memset(text, '[', HJSON_MAX_DEPTH + 1);
	CHECK(parse_n(doc, text, HJSON_MAX_DEPTH + 1) == NULL && last_problem == HJSON_TOO_DEEP);
	hjson_free(doc);
}

static void size_has_a_limit(void)
{
	size_t len;
	char *text = repeat("x", (size_t)HJSON_MAX_TEXT + 1, &len);
	struct hjson_doc *doc = hjson_new();
	struct hjson_node *n = parse_n(doc, text, len - 1);

	CHECK(n && n->type == HJSON_STRING && n->n == HJSON_MAX_TEXT);
	CHECK(strlen(hjson_cstr(doc, n)) == HJSON_MAX_TEXT);
	CHECK(parse_n(doc, text, len) == NULL && last_problem == HJSON_TOO_LARGE);
	hjson_free(doc);
	free(text);
}

/* Each of these texts of 8 MB takes very long if any step reads all of the text before it. */
static void hostile_texts_take_linear_time(void)
{
	static const char *const units[] = {
		"[",	   "{a:",      "[]",	   "'''a'''\n", "\"a\\n\"\n", "\"\\",
		"a: 'b' ", "/*",       "/* */",	   "#\n",	"a:1,",	      "x\r",
		"1,",	   "true ",    "-",	   "a b ",	"{a: x}\n",   "[x]\n",
		"''' '''", "'",	       "\xc2\xa0", "\r",	"1 ",	      "'''\n ",
		"[1e5,",   "\"a\":1 ", "* /",	   "} ",	"a:'''b'''",  "9",
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		struct hjson_doc *doc = hjson_new();
		size_t len;
		char *text = repeat(units[i], ((size_t)1 << 23) / strlen(units[i]), &len);

		parse_n(doc, text, len);
		text[0] = '[';
		parse_n(doc, text, len);
		free(text);
		hjson_free(doc);
	}
}

static size_t count_nodes(const struct hjson_node *n)
{
	const struct hjson_node *child;
	size_t sum = 1;

	if (n->type == HJSON_ARRAY || n->type == HJSON_OBJECT)
		hjson_for_each (child, n)
			sum += count_nodes(child);
	return sum;
}

enum { MEMORY_CONSTANT = 80 * 1024 };

static void check_memory(const struct text *t, size_t decoded)
{
	struct hjson_doc *doc = hjson_new();
	struct hjson_node *root = parse_n(doc, t->s, t->len);
	size_t bound = 40 * count_nodes(root) + t->len + decoded;

	CHECK(hjson_memory(doc) <= bound + bound / 1000 + MEMORY_CONSTANT);
	CHECK(hjson_memory(doc) >= bound - decoded);
	if (tap_checks_failed)
		printf("# %zu, bound %zu\n", hjson_memory(doc), bound);
	hjson_free(doc);
}

static void memory_is_forty_bytes_a_node_and_the_text(void)
{
	struct text t = {0};
	char item[160];
	int n;

	text_say(&t, "[");
	for (int i = 0; i < 200000; i++) {
		n = snprintf(
			item, sizeof(item),
			"{name: test_%d\n reseed: %d, run_opts: [\"+a=%d\", \"+b\"], en: true}\n",
			i, i, i);
		text_add(&t, item, (size_t)n);
	}
	text_say(&t, "]");
	check_memory(&t, 0);
	free(t.s);
}

static void unindented_strings_need_no_copy(void)
{
	struct text t = {0};

	text_say(&t, "[\n");
	for (int i = 0; i < 50000; i++)
		text_say(&t,
			 "  {\n    desc: '''\n      One line.\n        Another one.\n      '''\n"
			 "    more: '''Text\n          to the end''' }\n");
	text_say(&t, "]\n");
	check_memory(&t, 0);
	free(t.s);
}

static void decoded_strings_are_kept_once_more(void)
{
	struct text t = {0};
	char item[64];
	size_t decoded = 0;
	int n;

	text_say(&t, "[");
	for (int i = 0; i < 100000; i++) {
		n = snprintf(item, sizeof(item), "\"line %d\\n\"\n", i);
		decoded += (size_t)n - 3;
		text_add(&t, item, (size_t)n);
	}
	text_say(&t, "]");
	check_memory(&t, decoded);
	free(t.s);
}

static void a_million_keys_fit_in_one_object(void)
{
	struct hjson_doc *doc = hjson_new();
	struct text t = {0};
	struct hjson_node *root;
	char item[32];

	text_say(&t, "{");
	for (int i = 0; i < 1000000; i++)
		text_add(&t, item, (size_t)snprintf(item, sizeof(item), "key%d:%d\n", i, i));
	text_say(&t, "key77: x\n}");
	root = parse_n(doc, t.s, t.len);
	CHECK(root && root->n == 1000001 && n_warnings == 1);
	CHECK(hjson_get(root, "key77")->type == HJSON_STRING);
	CHECK(hjson_memory(doc) <= 40 * 1000002 + t.len + 40 * 1000002 / 1000 + MEMORY_CONSTANT);
	hjson_free(doc);
	free(t.s);
}

int main(void)
{
	RUN(values_and_keys_have_places);
	RUN(nowhere_is_nowhere);
	RUN(places_show_their_line);
	RUN(places_in_one_long_line_are_found_fast);
	RUN(end_of_text_has_a_place);
	RUN(sources_share_a_document);
	RUN(multiline_strings_lose_their_indentation);
	RUN(places_behind_multiline_strings_stay_right);
	RUN(a_lone_cr_leaves_no_room_for_a_nul);
	RUN(white_space_of_all_scripts_is_trimmed);
	RUN(line_ends_do_not_matter);
	RUN(printed_trees_are_read_again);
	RUN(every_prefix_is_a_tree_or_an_error);
	RUN(mutated_texts_are_trees_or_errors);
	RUN(depth_has_a_limit);
	RUN(size_has_a_limit);
	RUN(hostile_texts_take_linear_time);
	RUN(memory_is_forty_bytes_a_node_and_the_text);
	RUN(unindented_strings_need_no_copy);
	RUN(decoded_strings_are_kept_once_more);
	RUN(a_million_keys_fit_in_one_object);
	return tap_end();
}
