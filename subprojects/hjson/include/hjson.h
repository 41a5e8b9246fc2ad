/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libhjson: Hjson text in, a tree with positions out.
 *
 * Accepts what hjson-py 3.1.0 accepts (the language that DVSim's users test their files with),
 * minus its crashes; the differences are listed in subprojects/hjson/README.md.
 *
 *   struct hjson_doc *doc = hjson_new();
 *   struct hjson_node *root = hjson_parse(doc, "cfg.hjson", text, len, report, ctx);
 *   if (!root)
 *           … report() has been called with at least one HJSON_ERROR …
 *   hjson_free(doc);
 *
 * A document holds any number of sources. Every node knows where it came from by one number, a
 * position that is unique in the document, so nodes of several sources may be linked into one tree
 * and still be asked where they stand (hjson_where()). Everything lives until hjson_free().
 *
 * Strings and keys are slices, not NUL-terminated, and may hold any byte, a NUL if \u0000 was
 * written; hjson_cstr() makes a C string, which ends at the first NUL. Not thread-safe: one
 * document belongs to one thread.
 */
#ifndef HJSON_H
#define HJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HJSON_MAX_DEPTH	  256		    /* objects and arrays inside each other */
#define HJSON_MOST_ERRORS 20		    /* reported for one source */
#define HJSON_MAX_TEXT	  ((64u << 20) - 1) /* bytes of one source, or of one string */

enum hjson_type {
	HJSON_NULL,
	HJSON_BOOL,
	HJSON_INT,  /* whole number of any length: digits by hjson_number(), value if it fits int64
		     */
	HJSON_REAL, /* anything else that is a number, or whole and >= 1e10 but written as a real */
	HJSON_STRING,
	HJSON_ARRAY,
	HJSON_OBJECT,
	HJSON_TYPE_COUNT
};

/* A position: byte offset in its source plus the source's base. 0: no position (the node was made
 * by a program).
 */
typedef uint32_t hjson_pos;

/*
 * Read only outside the library; made and linked by the functions below.
 * 40 bytes on a 64-bit machine, checked when the library is built.
 */
struct hjson_node {
	const char *key; /* member of an object: its key, a slice; element or root: NULL */
	/*
	 * Next member or element, in the order of the text; but the last member of a repeated key
	 * has the place of the first one, and the shadowed ones follow it (the order of a Python
	 * dict).
	 */
	struct hjson_node *next;
	union {
		const char *str; /* HJSON_STRING: n bytes */
		struct hjson_node
			*child; /* HJSON_ARRAY, HJSON_OBJECT: first of n, shadowed included */
		int64_t i;	/* HJSON_INT unless big; HJSON_BOOL: 0 or 1 */
		double d;	/* HJSON_REAL */
	};
	uint32_t key_len;
	hjson_pos pos;	       /* first byte of the value; 0: made by a program */
	uint32_t len;	       /* bytes of the value as written, quotes and brackets included */
	uint32_t n : 26;       /* bytes of a string, or number of children */
	uint32_t type : 3;     /* enum hjson_type */
	uint32_t big : 1;      /* HJSON_INT outside int64: use hjson_number() */
	uint32_t shadowed : 1; /* a member whose key came again later in its object: lookups skip it
				*/
	uint32_t cstr : 1;     /* str is NUL-terminated */
};

enum hjson_severity { HJSON_ERROR, HJSON_WARNING };

/* The kind of a diagnostic. Kinds are stable, for tests and for --strict; the texts may change. */
enum hjson_problem {
	HJSON_SYNTAX,	 /* error: not Hjson */
	HJSON_TOO_DEEP,	 /* error: over HJSON_MAX_DEPTH */
	HJSON_TOO_LARGE, /* error: over HJSON_MAX_TEXT */
	HJSON_BAD_TEXT,	 /* error: NUL, invalid UTF-8, a lone surrogate, a number out of range */
	HJSON_DUPLICATE_KEY,	 /* warning: the last value wins, other is the first one's place */
	HJSON_SWALLOWED_COMMA,	 /* warning: a quoteless string that ends with ',' */
	HJSON_SWALLOWED_BRACKET, /* warning: a quoteless string that ends with an unopened } or ] */
	HJSON_SWALLOWED_COMMENT, /* warning: a quoteless string with " #" or " //" in it */
	HJSON_MULTILINE_INDENT,	 /* warning: a tab in the indentation that ''' cuts, or a body line
				  * less  indented than its opener */
	HJSON_PROBLEM_COUNT
};

struct hjson_diag {
	enum hjson_severity severity;
	enum hjson_problem problem;
	hjson_pos pos;
	uint32_t len;	     /* bytes to underline; 0 or 1: one caret */
	hjson_pos other;     /* a second place (the first of two keys, the opening bracket), or 0 */
	const char *message; /* one sentence, no position, no newline */
	const char *hint;    /* what to do about it, or NULL */
	const char
		*other_label; /* what the second place is ("first here", "opened here"), or NULL */
};

/* The strings in *diag are valid only during the call. */
typedef void hjson_report(void *ctx, const struct hjson_diag *diag);

/* A position as people write it. Columns count code points, from 1. */
struct hjson_place {
	const char *name;   /* as given to hjson_parse(); NULL: the position is nowhere */
	unsigned line, col; /* from 1 */
	size_t offset;	    /* in bytes, from 0 */
	/* The whole line, a slice without its line end; as it was written, except that ''' strings
	 * have lost their indentation after hjson_parse() has reported all diagnostics.
	 */
	const char *line_text;
	size_t line_len;
};

struct hjson_doc;

struct hjson_doc *hjson_new(void);
void hjson_free(struct hjson_doc *doc); /* accepts NULL */

/*
 * Reads one source. name and text are copied. Returns the root (any type; empty text is an empty
 * object) or NULL after report() has got at least one error: the first one, then later errors that
 * are probably real, usually in the order of the text, HJSON_MOST_ERRORS at most. report may be
 * NULL.
 */
struct hjson_node *hjson_parse(struct hjson_doc *doc, const char *name, const char *text,
			       size_t len, hjson_report *report, void *ctx);

/* The file, line and column of pos. O(log sources + length of the line) after a line table made at
 * the first call. */
struct hjson_place hjson_where(struct hjson_doc *doc, hjson_pos pos);
/* Where a member's key is written (its value's place if the key was made by a program). */
hjson_pos hjson_key_pos(const struct hjson_doc *doc, const struct hjson_node *member);

/* The member called key, the last one of that name; NULL if there is none or obj is no object. */
struct hjson_node *hjson_get(const struct hjson_node *obj, const char *key);
struct hjson_node *hjson_get_n(const struct hjson_node *obj, const char *key, size_t key_len);
bool hjson_key_is(const struct hjson_node *member, const char *key);
/* The string as a C string, owned by doc; made at the first call. */
const char *hjson_cstr(struct hjson_doc *doc, struct hjson_node *string);
/* The key as a C string, owned by doc. */
const char *hjson_key_cstr(struct hjson_doc *doc, const struct hjson_node *member);
/* A number as it was written, e.g. 77 digits: *ret_len bytes, owned by doc. Made by a program: its
 * digits. */
const char *hjson_number(struct hjson_doc *doc, const struct hjson_node *number, size_t *ret_len);
const char *hjson_type_name(enum hjson_type type); /* "string", "whole number", … for messages */

/* Building and changing trees. Nodes belong to doc; a node is linked in one place at most. */
struct hjson_node *hjson_new_node(struct hjson_doc *doc, enum hjson_type type, hjson_pos pos);
struct hjson_node *hjson_new_string(struct hjson_doc *doc, const char *s, size_t len,
				    hjson_pos pos);
struct hjson_node *hjson_new_int(struct hjson_doc *doc, int64_t i, hjson_pos pos);
/* Deep copy; positions stay those of the original. */
struct hjson_node *hjson_copy(struct hjson_doc *doc, const struct hjson_node *node);
/* Appends element. O(1) per call while only one array is being filled, O(n) otherwise. */
void hjson_append(struct hjson_doc *doc, struct hjson_node *array, struct hjson_node *element);
/* Adds a member, or replaces the value of an existing one in its place. key is copied. */
void hjson_set(struct hjson_doc *doc, struct hjson_node *obj, const char *key, size_t key_len,
	       struct hjson_node *value);
bool hjson_remove(struct hjson_node *obj, const char *key); /* true: it existed */

/* Moving nodes, to merge one tree into another; keys and positions are kept. */
/* Takes the first child out of an array or object (shadowed members too); NULL: it is empty. */
struct hjson_node *hjson_take(struct hjson_doc *doc, struct hjson_node *parent);
/* Puts a member that was taken out of an object at the end of obj, which must not have its key.
 * after: a member of obj, to save the walk to the last one; or NULL. */
void hjson_add_member(struct hjson_node *obj, struct hjson_node *after, struct hjson_node *member);
/* node gets other's value, key and position, in node's place; other is not to be used again. */
void hjson_become(struct hjson_doc *doc, struct hjson_node *node, struct hjson_node *other);
/* Replaces the text of a string, and keeps its position. s is copied. */
void hjson_set_string(struct hjson_doc *doc, struct hjson_node *string, const char *s, size_t len);

#define hjson_for_each(n, parent) for ((n) = (parent)->child; (n); (n) = (n)->next)

/*
 * Writes node as JSON: numbers with their digits as written ("whole and below 1e10" reals as
 * integers, as hjson-py reads them), shadowed members left out, \u escapes only where JSON needs
 * them. indent 0: one line, with ", " and ": " between. write() returns false to stop; the result
 * says whether all was written.
 */
typedef bool hjson_write(void *ctx, const char *bytes, size_t len);
bool hjson_to_json(struct hjson_doc *doc, const struct hjson_node *node, unsigned indent,
		   hjson_write *write, void *ctx);

/*
 * Called instead of abort() when memory runs out; must not return. It holds for the whole process;
 * set it before the first document. NULL: abort().
 */
void hjson_set_out_of_memory(void (*handler)(void));

/* Bytes taken from the allocator for this document, the sources' text included. */
size_t hjson_memory(const struct hjson_doc *doc);

#endif
