#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plans of real configurations are as they were when DVSim planned the same."""
import difflib
import functools
import os
import pathlib
import tempfile
import unittest

import plans

MOST_LINES = 60


class Golden(unittest.TestCase):
    """A case for each plan."""


@functools.cache
def work():
    """A temporary directory for all cases, with the configurations in it."""
    ret = tempfile.TemporaryDirectory(prefix="dvsched-golden-")
    plans.unpack(pathlib.Path(ret.name))
    return ret


def compare(path):
    def test(self):
        golden = path.read_text(encoding="utf-8")
        words, here = plans.words_of(golden), pathlib.Path(work().name)
        plan = plans.plan_json(os.environ["DVSCHED"], here / "opentitan", here / "scratch", words)
        ours = plans.render(words, plan)
        if ours != golden:
            changes = list(difflib.unified_diff(golden.splitlines(), ours.splitlines(), "golden", "now", lineterm=""))
            more = [f"… {len(changes) - MOST_LINES} more lines"] if len(changes) > MOST_LINES else []
            self.fail("\n".join([f"{path.name} is another plan now (tests/golden/README.md):", *changes[:MOST_LINES], *more]))
    return test


for _path in plans.files():
    setattr(Golden, f"test_{_path.stem}", compare(_path))


class Number(unittest.TestCase):
    def test_there_are_twenty(self):
        self.assertGreaterEqual(len(plans.files()), 20)


if __name__ == "__main__":
    unittest.main()
