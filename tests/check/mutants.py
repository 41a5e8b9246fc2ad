#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/mutate makes the intended changes and no others, and confirms each kill."""
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
KILL = """import importlib.machinery, importlib.util, sys
sys.path.insert(0, sys.argv[1])
loader = importlib.machinery.SourceFileLoader("mutate", sys.argv[1] + "/mutate")
mutate = importlib.util.module_from_spec(importlib.util.spec_from_loader("mutate", loader))
loader.exec_module(mutate)
class Scripted(mutate.Runner):
    def __init__(self, ends):
        self.ends, self.seconds, self.jobs, self.children = ends, dict.fromkeys(ends, 1), 1, set()
    def run(self, test, limit_s):
        return self.ends[test.name].pop(0), 1
for second in True, False:
    runner = Scripted({"a": [True], "b": [False, second], "c": [False, False]})
    print(runner.killer([mutate.Test(name, [], [], {}, []) for name in "abc"]))
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


def has_clang():
    return subprocess.run([PYTHON, "-c", "import clang.cindex"], capture_output=True, check=False).returncode == 0


def run(code, *args):
    return subprocess.run([PYTHON, "-B", "-c", code, str(SCRIPTS), *args], capture_output=True, text=True, check=False)


@unittest.skipUnless(has_clang(), "python3-clang-14 is not installed")
class Changes(unittest.TestCase):
    def test_changes_are_where_they_should_be(self):
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name, "x.c")
            path.write_text(TEXT)
            done = run(FIND, str(path))
        self.assertEqual(done.stderr, "")
        self.assertEqual(sorted(done.stdout.splitlines()), sorted(WANTED.splitlines()))

    def test_a_kill_needs_two_failures(self):
        done = run(KILL)
        self.assertEqual(done.stdout, "c\nb\n")
        self.assertEqual(done.stderr, "not confirmed: b failed, and passed when it ran again\n")


if __name__ == "__main__":
    sys.exit(unittest.main())
