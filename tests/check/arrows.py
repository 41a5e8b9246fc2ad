# SPDX-License-Identifier: Apache-2.0
"""scripts/check-arrows sees what it is for: trees with one fault each."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "check-arrows"

GOOD = {
    "base/meson.build": "public_headers += ['base/str.h']\nbase = declare_dependency(dependencies: libm)\n",
    "base/str.h": "",
    "base/hidden.h": "",
    "job/meson.build": "job = declare_dependency(dependencies: [base])\npublic_headers += ['job/job_spec.h']\n",
    "job/job_spec.h": '#include "base/str.h"\n',
    "job/job_spec.c": '#include "job/job_spec.h"\n#include "job/own.h"\n',
    "job/own.h": "#include <stdio.h>\n",
    "run/meson.build": "run = declare_dependency(dependencies: [job, base, jansson])\n",
    "run/run.c": "#include <jansson.h>\n",
}


def check(changes):
    """The script on the good tree with these files changed: (exit status, what it said)."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in {**GOOD, **changes}.items():
            path = pathlib.Path(root, "src", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, SCRIPT, root], text=True, check=False,
                              stderr=subprocess.PIPE)
        return done.returncode, done.stderr


class Arrows(unittest.TestCase):
    def test_a_tree_that_keeps_to_the_arrows_passes(self):
        self.assertEqual(check({}), (0, ""))

    def test_faults_are_found_with_file_and_line(self):
        faults = {
            "an include against an arrow": (
                "base/str.c", '#include "base/str.h"\n#include "job/job_spec.h"\n',
                "base/str.c:2: error: base may not know job"),
            "a private header of another room": (
                "job/job_spec.c", '#include "base/hidden.h"\n', "is no face of base"),
            "a header that is not there": (
                "job/job_spec.c", '#include "base/nothing.h"\n', "does not exist"),
            "a library that belongs to another room": (
                "job/job_spec.c", "#include <jansson.h>\n", "jansson.h belongs to"),
            "a room that nobody drew": (
                "attic/box.c", "", "attic is no room"),
            "an include without its room": (
                "job/job_spec.c", '#include "str.h"\n', "names no room"),
            "a link against an arrow": (
                "base/meson.build",
                "public_headers += ['base/str.h']\nbase = declare_dependency(dependencies: [job])\n",
                "base links job"),
        }
        for what, (name, text, message) in faults.items():
            with self.subTest(what):
                status, said = check({name: text})
                self.assertEqual(status, 1, said)
                self.assertIn(message, said)
                self.assertEqual(said.count("error:"), 1, said)
