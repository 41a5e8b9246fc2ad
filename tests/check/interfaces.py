#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each function in a header of src/ has a caller outside the file that defines it. One that only tests call has a row in
docs/internals/backends.md; one that nothing outside its file calls is static."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
TESTS = ROOT / "tests"
PAGE = ROOT / "docs" / "internals" / "backends.md"

# Found by their names by a loader: of libc, or of drivers.
BY_NAME = {"dvs_driver_get", "mkstemp", "mkostemp", "mkstemps", "mkostemps", "mkstemps64", "shm_open"}


def without_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def sources(root, *suffixes):
    found = (p for p in root.rglob("*") if p.suffix in suffixes)
    return {p: without_comments(p.read_text(encoding="utf-8")) for p in found}


def declared(text):
    """Names of the functions that a header declares and does not define."""
    flat = re.sub(r"(?m)^\s*#(.*\\\n)*.*$", "", text)
    flat = re.sub(r"\{[^{}]*(\{[^{}]*(\{[^{}]*\}[^{}]*)*\}[^{}]*)*\}", "{}", flat)
    for part in re.split(r"[;}]", flat):
        part = part.strip()
        name = re.match(r"(?:[\w*]+[\s*]+)+?(\w+)\s*\(", part)
        if name and not re.match(r"typedef|static", part) and "{" not in part:
            yield name[1]


class Interfaces(unittest.TestCase):
    def setUp(self):
        self.code = sources(SRC, ".c")
        self.headers = sources(SRC, ".h")
        words = re.compile(r"\w+")
        self.users = {}
        for path, text in {**self.code, **sources(TESTS, ".c", ".h"), **sources(ROOT / "docs", ".c")}.items():
            for word in set(words.findall(text)):
                self.users.setdefault(word, set()).add(path)
        for path, text in self.headers.items():  # inline functions and macros
            for word in words.findall(text):
                self.users.setdefault(word, set())
        self.functions = {name for text in self.headers.values() for name in declared(text)} - BY_NAME

    def in_header_code(self, name):
        """An inline function or a macro of a header calls it."""
        inline = rf"static inline(?:(?!\n\n).)*?\b{name}\("
        macro = rf"(?m)^\s*#define(?:.*\\\n)*.*\b{name}\b"
        return any(re.search(inline, text, re.S) or re.search(macro, text) for text in self.headers.values() if name in text)

    def test_each_function_of_a_header_has_a_caller_elsewhere(self):
        page = PAGE.read_text(encoding="utf-8")
        told = set(re.findall(r"`(\w+)\(\)`", page.split("only tests", 1)[1].split("**Upcalls**")[0]))
        no_caller, only_tests, only_own = set(), set(), set()
        self.assertGreater(len(self.functions), 900)
        for name in self.functions:
            users = self.users.get(name, set())
            in_src = {p for p in users if SRC in p.parents}
            defining = {p for p in in_src if re.search(rf"(?m)^[\w*][^;{{}}=]*\b{name}\([^;]*?\)\s*\n\{{", self.code[p])}
            if in_src - defining or self.in_header_code(name) or len(defining) > 1:
                continue
            no_caller.add(name)
            own_calls = sum(len(re.findall(rf"\b{name}\b", self.code[p])) for p in defining) - len(defining)
            if own_calls == 0:
                only_tests.add(name)
            elif users == in_src:
                only_own.add(name)
        self.assertEqual(only_own, set(), "make them static")
        self.assertLessEqual(only_tests, told, "the page does not name them")
        self.assertLessEqual(told, no_caller, "the page is wrong: they have a caller")


if __name__ == "__main__":
    unittest.main()
