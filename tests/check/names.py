#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names of functions are specific: few functions of src have the same name as one in another file, and a static has
more than one word: what it does and to what.

names.py: runs the test. names.py --list: the names that are shared, with their files.
"""
import collections
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# At most so many of 100 functions share their name: what implements one interface in several files may.
MOST_PERCENT = 2
COMMENT = re.compile(r"(?s)/\*.*?\*/|__attribute__\(\(.*?\)\)")
DEFINITION = re.compile(r"(?m)^(?!(?:static_assert|typedef|struct \w+ \{|#))[A-Za-z_][^;{}=#\n]*?\b([a-z]\w*)\((?:[^;{}]*?)\)(?: \w+\([^)]*\))*\n\{")


def functions(text):
    """The names of the functions that a file defines."""
    return DEFINITION.findall(COMMENT.sub("", text))


def one_word_statics(text):
    """The static functions of a file whose name is a single word."""
    text = COMMENT.sub("", text)
    return [m[1] for m in DEFINITION.finditer(text) if m[0].startswith("static") and "_" not in m[1]]


def by_name():
    found = collections.defaultdict(list)
    for path in sorted((ROOT / "src").rglob("*.c")):
        for name in functions(path.read_text(encoding="utf-8")):
            found[name].append(str(path.relative_to(ROOT)))
    return found


class Names(unittest.TestCase):
    def test_it_finds_functions(self):
        text = "static int one(void)\n{\n}\n\nint two(int a,\n\t int b)\n{\n}\n\nstatic_assert(three(1));\nstruct s {\n};\n"
        self.assertEqual(functions(text), ["one", "two"])

    def test_few_functions_share_a_name(self):
        found = by_name()
        n = sum(map(len, found.values()))
        shared = {name: files for name, files in found.items() if len(files) > 1}
        n_shared = sum(map(len, shared.values()))
        self.assertGreater(n, 3000)
        self.assertLessEqual(n_shared, n * MOST_PERCENT // 100,
                             f"{n_shared} of {n} functions share {len(shared)} names: give them the name of what they are about")

    def test_a_static_names_its_object(self):
        self.assertEqual(one_word_statics("/* static void no(void)\n{ */\nstatic const char *find(int a,\n\tint b)\n{\n}\n\nstatic void find_it(void)\n{\n}\n\nint main(void)\n{\n}\n"), ["find"])
        short = [f"{path.relative_to(ROOT)}: {name}" for path in sorted((ROOT / "src").rglob("*.c"))
                 for name in one_word_statics(path.read_text(encoding="utf-8"))]
        self.assertEqual(short, [], "name what it is about")


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        for name, files in sorted(by_name().items(), key=lambda item: -len(item[1])):
            if len(files) > 1:
                print(len(files), name, *files)
    else:
        unittest.main()
