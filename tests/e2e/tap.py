#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the unittest cases of one file and prints TAP: tap.py FILE [NAME…]

meson reads TAP, so each story is one case, and a skipped one has a reason. With NAMEs, only cases
whose name contains one of them run.
"""

import importlib.util
import pathlib
import sys
import traceback
import unittest


def load(path):
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases_of(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from cases_of(item)
        else:
            yield item


def name_of(case):
    return case.id().rsplit(".", 1)[-1].removeprefix("test_").replace("_", " ")


class TapResult(unittest.TestResult):
    """Prints a line per case when it ends: subtests, setUp and tearDown count with their case."""

    def __init__(self):
        super().__init__()
        self.number = 0
        self.faults = []
        self.why_skipped = None

    def startTest(self, test):
        super().startTest(test)
        self.number += 1
        self.faults, self.why_skipped = [], None

    def addError(self, test, err):
        super().addError(test, err)
        self.faults.append("".join(traceback.format_exception(*err)))

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self.faults.append(f"{subtest}\n" + "".join(traceback.format_exception(*err)))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.why_skipped = reason

    def stopTest(self, test):
        super().stopTest(test)
        status = "not ok" if self.faults else "ok"
        skip = f" # SKIP {self.why_skipped}" if self.why_skipped and not self.faults else ""
        print(f"{status} {self.number} - {name_of(test)}{skip}", flush=True)
        for line in "".join(self.faults).splitlines():
            print(f"# {line}", flush=True)


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: tap.py FILE [NAME…]")
    module = load(pathlib.Path(sys.argv[1]).resolve())
    cases = list(cases_of(unittest.defaultTestLoader.loadTestsFromModule(module)))
    if sys.argv[2:]:
        cases = [c for c in cases if any(word in c.id() for word in sys.argv[2:])]
    print("TAP version 13")
    print(f"1..{len(cases)}", flush=True)
    result = TapResult()
    for case in cases:
        case.run(result)
    sys.exit(1 if result.errors or result.failures else 0)


if __name__ == "__main__":
    main()
