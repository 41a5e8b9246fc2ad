/* SPDX-License-Identifier: Apache-2.0 */
#include "run/plan_text.h"

#include <string.h>

#include "base/utf8.h"

static void write_hex(struct json_out *out, const char *s)
{
	_cleanup_(str_done) struct str hex = {0};

	for (; *s; s++)
		str_printf(&hex, "%02x", (unsigned char)*s);
	jout_object(out);
	jout_key_string(out, "hex", hex.s);
	jout_object_end(out);
}

void plan_text_write(struct json_out *out, const char *s)
{
	size_t n = s ? strlen(s) : 0;

	if (s && utf8_first_bad(s, n) < n)
		write_hex(out, s);
	else
		jout_string(out, s);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool read_hex(const char *hex, struct arena *mem, const char **ret)
{
	size_t n = hex ? strlen(hex) : 1;
	char *s;

	if (n % 2)
		return false;
	s = arena_alloc(mem, n / 2 + 1);
	for (size_t i = 0; i < n / 2; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return false;
		s[i] = (char)(high << 4 | low);
	}
	s[n / 2] = '\0';
	*ret = s;
	return true;
}

bool plan_text_read(const json_t *json, struct arena *mem, const char **ret)
{
	if (json_is_object(json))
		return read_hex(json_string_value(json_object_get(json, "hex")), mem, ret);
	*ret = NULL;
	if (json_is_string(json))
		*ret = arena_strdup(mem, json_string_value(json));
	return json_is_string(json) || json_is_null(json);
}
