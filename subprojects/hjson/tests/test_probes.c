/* SPDX-License-Identifier: Apache-2.0 */
/*
 * data/probes.jsonl: texts with the answers of hjson-py 3.1.0 (as it is called by DVSim) and of
 * hjson-js. The answers must be those of hjson-py, except for the table below, which is that of
 * README.md.
 */
#include "tap.h"

/* The answers that differ from hjson-py's; "!": an error. */
static const struct {
	const char *text;
	size_t len;
	const char *ours;
} differences[] = {
#define DIFFERENCE(text, ours)               \
	{                                    \
		text, sizeof(text) - 1, ours \
	}
	DIFFERENCE("{a: 1e400}", "!"),
	DIFFERENCE("a:", "!"),
	DIFFERENCE("{a: '''x'''}", "{\"a\": \"x\"}"),
	DIFFERENCE("\xef\xbb\xbf", "{}"),
	DIFFERENCE("\xef\xbb\xbf# c\n", "{}"),
	DIFFERENCE("{a: \"\\u+123\"}", "!"),
	DIFFERENCE("{a: \"\\ud83d\"}", "!"),
	DIFFERENCE("{a: x\0y\n}", "!"),
	DIFFERENCE("{a: 1\xd9\xa1\n}", "{\"a\": \"1\xd9\xa1\"}"),
	/* the same numbers, but written as in the text */
	DIFFERENCE("{a: 1e10}", "{\"a\": 1e10}"),
	DIFFERENCE("{a: 1.5e10}", "{\"a\": 1.5e10}"),
};

static unsigned hex4(const char *s)
{
	unsigned code = 0;

	sscanf(s, "%4x", &code);
	return code;
}

static size_t put_utf8(char *to, unsigned code)
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; code >>= 6)
		to[i] = (char)(0x80 | (code & 0x3f));
	to[0] = (char)(n == 1 ? code : (0xf00u >> n & 0xff) | code);
	return n;
}

/* Decodes \uXXXX and, if all, the other escapes; ASCII stays escaped unless all. In place. */
static size_t decode(char *s, size_t len, bool all)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	char *w = s;

	for (const char *p = s; p < s + len;) {
		unsigned code;

		if (*p != '\\') {
			*w++ = *p++;
		} else if (p[1] != 'u') {
			*w++ = all ? to[strchr(from, p[1]) - from] : '\\';
			if (!all)
				*w++ = p[1];
			p += 2;
		} else if ((code = hex4(p + 2)) < 0x20 && !all) {
			memmove(w, p, 6);
			w += 6;
			p += 6;
		} else {
			p += 6;
			if (code >= 0xd800 && code < 0xdc00 && p[0] == '\\' && p[1] == 'u') {
				code = 0x10000 + ((code - 0xd800) << 10 | (hex4(p + 2) - 0xdc00));
				p += 6;
			}
			w += put_utf8(w, code);
		}
	}
	*w = '\0';
	return (size_t)(w - s);
}

/* Finds the next JSON string in *line and decodes it. */
static char *take_string(char **line, size_t *ret_len)
{
	char *begin = strchr(*line, '"') + 1;
	char *end = begin;

	while (*end != '"')
		end += *end == '\\' ? 2 : 1;
	*line = end + 1;
	*ret_len = decode(begin, (size_t)(end - begin), true);
	return begin;
}

/* {"$dec": "1.50"} stands for the number 1.50. */
static void strip_decimal(char *s)
{
	char *at = strstr(s, "{\"$dec\": \"");

	if (!at)
		return;
	memmove(at, at + 10, strlen(at + 10) + 1);
	at = strstr(at, "\"}");
	memmove(at, at + 2, strlen(at + 2) + 1);
}

static const char *expected(const char *text, size_t len, char *py)
{
	for (size_t i = 0; i < sizeof(differences) / sizeof(*differences); i++) {
		if (differences[i].len == len && memcmp(differences[i].text, text, len) == 0)
			return differences[i].ours;
	}
	if (py[0] == '!')
		return "!";
	strip_decimal(py);
	decode(py, strlen(py), false);
	return py;
}

static void probe(char *line)
{
	struct hjson_doc *doc = hjson_new();
	struct text ours = {0};
	size_t len, py_len;
	char *text = take_string(&line, &len);
	char *py = take_string(&line, &py_len);
	const char *want = expected(text, len, py);
	struct hjson_node *root = hjson_parse(doc, "probe", text, len, NULL, NULL);

	if (root)
		hjson_to_json(doc, root, 0, text_add, &ours);
	else
		text_say(&ours, "!");
	CHECK(strcmp(ours.s, want) == 0);
	if (tap_checks_failed)
		printf("# got %s, not %s\n", ours.s, want);
	hjson_free(doc);
	free(ours.s);
}

int main(int argc, char **argv)
{
	struct text file = text_read(argc > 1 ? argv[1] : "probes.jsonl");
	char name[96];

	for (char *line = file.s, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		*end = '\0';
		snprintf(name, sizeof(name), "%.60s", line);
		for (char *p = name; *p; p++) /* # would begin a directive */
			*p = *p == '#' || *p == '\\' ? '.' : *p;
		probe(line);
		tap_case(name);
	}
	free(file.s);
	return tap_end();
}
