#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The changes that scripts/mutate makes are where they should be, and nothing else is changed."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
PYTHON = "/usr/bin/python3"  # Debian's, as in scripts/mutate
FIND = """import pathlib, sys
sys.path.insert(0, sys.argv[1])
import mutants
source = mutants.Source(pathlib.Path(sys.argv[2]), "cc -I. -c x.c", ".")
for change in sorted(source.changes, key=lambda c: c.start):
    print(source.line(change), source.describe(change))
    assert source.changed(change).count(b"\\n") == source.text.count(b"\\n")
"""
TEXT = """#include <assert.h>
#include <stdbool.h>
enum colour { RED, GREEN };
#define LIMIT (3 + 4)
#define EACH(i) for (int i = 0; i < 9; i++)
static int n;
void f(int a);
enum colour g(int a, bool b)
{
	assert(a < 7);
	(void)b;
	if (a == 1 && b)
		f(LIMIT);
	while (a <= 0x10)
		a += 2;
	EACH (i)
		n = i;
	f(b ? a - n : 0);
	return a > n ? RED : GREEN;
}
"""
WANTED = """12 negate: a == 1 && b -> !(a == 1 && b)
12 negate: == -> !=
12 constant: 1 -> 0
12 negate: && -> ||
13 drop: f(LIMIT) -> nothing
14 negate: a <= 0x10 -> !(a <= 0x10)
14 bound: <= -> <
14 constant: 0x10 -> 17
15 drop: a += 2 -> nothing
15 constant: 2 -> 3
17 drop: n = i -> nothing
18 drop: f(b ? a - n : 0) -> nothing
18 negate: b -> !(b)
18 bound: - -> +
18 constant: 0 -> 1
19 negate: a > n -> !(a > n)
19 bound: > -> >=
19 constant: RED -> GREEN
19 constant: GREEN -> RED
"""


class Changes(unittest.TestCase):
    def test_changes_are_where_they_should_be(self):
        if subprocess.run([PYTHON, "-c", "import clang.cindex"], capture_output=True, check=False).returncode != 0:
            self.skipTest("python3-clang-14 is not installed")
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name, "x.c")
            path.write_text(TEXT)
            done = subprocess.run([PYTHON, "-B", "-c", FIND, str(SCRIPTS), str(path)], capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        self.assertEqual(sorted(done.stdout.splitlines()), sorted(WANTED.splitlines()))


if __name__ == "__main__":
    sys.exit(unittest.main())
