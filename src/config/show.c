/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the tree in lines for grep: path = value # position. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/vec.h"
#include "config/cfg.h"

struct level {
	const struct hjson_node *next; /* the next node of this level */
	size_t path_len;	       /* length of the path to it */
	size_t index;		       /* index of next in its array */
	bool is_array;
};

struct show {
	const struct cfg *cfg;
	struct str *out;
	struct str path;
	VEC(struct level) levels;
	bool only_replaced;
};

static void show_enter(struct show *s, const struct hjson_node *parent)
{
	vec_push(&s->levels, (struct level){
				     .next = parent->child,
				     .path_len = s->path.len,
				     .is_array = parent->type == HJSON_ARRAY,
			     });
}

/* Appends a character of two or three bytes as a JSON escape. */
static void add_escape(struct str *to, const char *s, size_t k)
{
	const unsigned char *u = (const unsigned char *)s;
	unsigned cp = k == 2 ? (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu)
			     : (u[0] & 0x0fu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);

	str_printf(to, "\\u%04x", cp);
}

/* Also escapes control characters that JSON allows but terminals interpret. */
static bool show_write_str(void *ctx, const char *bytes, size_t len)
{
	for (size_t i = 0, k; i < len; i += k ? k : 1) {
		k = utf8_valid_len(bytes + i, len - i);
		if (k > 1 && utf8_is_control(bytes + i, k))
			add_escape(ctx, bytes + i, k);
		else
			str_addn(ctx, bytes + i, k ? k : 1);
	}
	return true;
}

/* A key of letters, digits, '_' and '-' is written as it is, any other key in quotes as in JSON. */
static bool is_plain_key(const struct hjson_node *m)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_-";

	for (uint32_t i = 0; i < m->key_len; i++)
		if (!memchr(plain, m->key[i], sizeof(plain) - 1))
			return false;
	return m->key_len > 0;
}

static void show_add_key(struct show *s, const struct hjson_node *m)
{
	struct hjson_node key = {.type = HJSON_STRING, .str = m->key, .n = m->key_len & 0x3ffffff};

	if (s->path.len)
		str_addc(&s->path, '.');
	if (is_plain_key(m))
		str_addn(&s->path, m->key, m->key_len);
	else
		hjson_to_json(s->cfg->doc, &key, 0, show_write_str, &s->path);
}

static void show_leaf(struct show *s, const struct hjson_node *n)
{
	struct src_pos at = cfg_pos(s->cfg, n->pos);
	const char *written = cfg_written(s->cfg, n);

	if (s->only_replaced && !written)
		return;
	str_addn(s->out, s->path.s, s->path.len);
	str_add(s->out, " = ");
	hjson_to_json(s->cfg->doc, n, 0, show_write_str, s->out);
	str_add(s->out, "   # ");
	if (at.file) {
		str_add_printable(s->out, at.file, strlen(at.file));
		str_printf(s->out, ":%u:%u", at.line, at.col);
	} else {
		str_add(s->out, "given from outside the files");
	}
	if (written) {
		str_add(s->out, ", written as ");
		str_add_printable(s->out, written, strlen(written));
	}
	str_addc(s->out, '\n');
}

/* Prints a child, or enters it if it has children. */
static void show_child(struct show *s, const struct hjson_node *n, bool is_element, size_t index)
{
	if (n->shadowed)
		return;
	if (is_element)
		str_printf(&s->path, "[%zu]", index);
	else
		show_add_key(s, n);
	if ((n->type == HJSON_ARRAY || n->type == HJSON_OBJECT) && n->n)
		show_enter(s, n);
	else
		show_leaf(s, n);
}

static void show_tree(struct show s)
{
	str_add(&s.path, "");
	show_enter(&s, s.cfg->root);
	while (s.levels.n) {
		struct level *top = &s.levels.at[s.levels.n - 1];
		const struct hjson_node *n = top->next;

		s.path.len = top->path_len;
		s.path.s[s.path.len] = '\0';
		if (!n) {
			s.levels.n--;
			continue;
		}
		top->next = n->next;
		show_child(&s, n, top->is_array, top->index++);
	}
	str_done(&s.path);
	vec_done(&s.levels);
}

void cfg_show(const struct cfg *c, struct str *out)
{
	show_tree((struct show){.cfg = c, .out = out});
}

void cfg_show_replaced(const struct cfg *c, struct str *out)
{
	if (c->replaced.n_live)
		show_tree((struct show){.cfg = c, .out = out, .only_replaced = true});
}
