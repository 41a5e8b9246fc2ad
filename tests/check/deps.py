# SPDX-License-Identifier: Apache-2.0
"""scripts/check-deps finds the fault in each of several trees."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "check-deps"

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
    "flow/meson.build": "flow = declare_dependency(dependencies: [job, base])\npublic_headers += ['flow/flow.h']\n",
    "flow/flow.h": "",
    "flow/native/native.h": '#include "flow/flow.h"\n',
    "flow/cases/cases.c": '#include "flow/native/native.h"\n',
    "flow/dv/job/job.h": '#include "flow/flow.h"\n',
    "flow/dv/sim/runs.c": '#include "flow/dv/job/job.h"\n',
}


def check(changes):
    """The script on the good tree with these files changed: (exit status, what it said)."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in {**GOOD, **changes}.items():
            path = pathlib.Path(root, "src", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for module in ["flow", "device", "report", "cli"]:
            pathlib.Path(root, "src", module).mkdir(exist_ok=True)
        done = subprocess.run([sys.executable, SCRIPT, root], text=True, check=False,
                              stderr=subprocess.PIPE)
        return done.returncode, done.stderr


class Deps(unittest.TestCase):
    def expect_one(self, changes, message):
        status, said = check(changes)
        self.assertEqual(status, 1, said)
        self.assertIn(message, said)
        self.assertEqual(said.count("error:"), 1, said)

    def test_a_tree_that_keeps_to_the_table_passes(self):
        self.assertEqual(check({}), (0, ""))

    def test_faults_are_found_with_file_and_line(self):
        faults = {
            "a module that is not below the one that includes it": (
                "base/str.c", '#include "base/str.h"\n#include "job/job_spec.h"\n',
                "base/str.c:2: error: base may not include job"),
            "a private header of another module": (
                "job/job_spec.c", '#include "base/hidden.h"\n', "is not a public header of base"),
            "a header that is not there": (
                "job/job_spec.c", '#include "base/nothing.h"\n', "does not exist"),
            "a library that belongs to another module": (
                "job/job_spec.c", "#include <jansson.h>\n", "jansson.h may be included by"),
            "a module that is not in the table": (
                "attic/box.c", "", "attic is not a module"),
            "an include without its module": (
                "job/job_spec.c", '#include "str.h"\n', "names no module"),
            "a link that the table does not allow": (
                "base/meson.build",
                "public_headers += ['base/str.h']\nbase = declare_dependency(dependencies: [job])\n",
                "base links job"),
        }
        for what, (name, text, message) in faults.items():
            with self.subTest(what):
                self.expect_one({name: text}, message)

    def test_directories_of_a_module_keep_to_their_table(self):
        faults = {
            "native code that includes DVSim's": (
                "flow/native/jobs.c", '#include "flow/dv/job/job.h"\n',
                "flow/native/jobs.c:1: error: flow/native may not include flow/dv"),
            "cases that include DVSim's": (
                "flow/cases/cases.c", '#include "flow/dv/job/job.h"\n', "flow/cases may not include flow/dv"),
            "DVSim's code that includes native code": (
                "flow/dv/sim/runs.c", '#include "flow/native/native.h"\n',
                "flow/dv/sim may not include flow/native"),
            "what all flows share that includes one of them": (
                "flow/flow.c", '#include "flow/native/native.h"\n', "flow may not include flow/native"),
            "a directory that is not in the table": (
                "flow/attic/box.c", '#include "flow/flow.h"\n', "flow/attic is not in the table"),
        }
        for what, (name, text, message) in faults.items():
            with self.subTest(what):
                self.expect_one({name: text}, message)

    def test_what_is_dvsims_is_included_by_dvsims_part_only(self):
        tool = {"tool/meson.build": "public_headers += ['tool/tool.h']\n", "tool/tool.h": "",
                "tool/tool.c": '#include "tool/tool.h"\n', "flow/dv/readers.c": '#include "tool/tool.h"\n'}
        self.assertEqual(check(tool), (0, ""))
        self.expect_one({**tool, "flow/native/jobs.c": '#include "tool/tool.h"\n'},
                        "flow/native/jobs.c:1: error: tool may be included by: cli/dvsim flow/dv report/dv")
        block = {"dvsim/meson.build": "public_headers += ['dvsim/dv_block.h']\n", "dvsim/dv_block.h": ""}
        self.assertEqual(check({**block, "flow/dv/block.c": '#include "dvsim/dv_block.h"\n'}), (0, ""))
        self.expect_one({**block, "flow/native/jobs.c": '#include "dvsim/dv_block.h"\n'}, "dvsim may be included by")

    def test_texts_of_one_part_stand_nowhere_else(self):
        variable = 'const char *v = "$DVSIM_BACKEND"; /* DVSIM_TEXT is a name */\n'
        self.assertEqual(check({"flow/dv/sim/runs.c": variable, "cli/dvsim/env.c": variable}), (0, ""))
        self.assertEqual(check({"job/job_spec.c": "int v = OPT_DVSIM_CONFIG;\n"}), (0, ""))
        self.expect_one({"run/run.c": "\n" + variable}, "run/run.c:2: error: DVSIM_ may be in texts of: cli/dvsim flow/dv")

    def test_files_that_call_each_other_in_a_circle_are_found(self):
        one = '/* two_ends() */\nint one_begins(void)\n{\n\treturn two_ends("one_table");\n}\n'
        two = "const int two_table[] = {1};\n\nint two_ends(const char *s)\n{\n\treturn %s;\n}\n"
        three = "static int one_begins_later(void)\n{\n\treturn two_table[0];\n}\n"
        files = {"job/one.c": one, "job/two.c": two % "0", "job/three.c": three}
        self.assertEqual(check(files), (0, ""))
        self.expect_one({**files, "job/two.c": two % "one_begins()"}, "in a circle: job/one job/two")
        self.expect_one({**files, "job/one.c": one + "int one_asks(int (*f)(void), int n)\n{\n\treturn n + f();\n}\n",
                         "job/three.c": three + "int three_is(void)\n{\n\treturn one_asks(0, 1);\n}\n",
                         "job/two.c": two % "three_is()"}, "in a circle: job/one job/three job/two")
        self.assertEqual(check({**files, "run/two.c": "int run_calls(void)\n{\n\treturn one_begins();\n}\n"}), (0, ""))

    def test_a_row_of_a_circle_that_is_cut_must_go(self):
        self.expect_one({"exec/slot.c": "int slot_a(void)\n{\n\treturn slot_b();\n}\n",
                         "exec/slot_end.c": "int slot_b(void)\n{\n\treturn 0;\n}\n"},
                        "are in CIRCLES and are no circle: exec/slot exec/slot_end")

    def test_a_directory_with_too_many_files_is_to_be_divided(self):
        self.assertEqual(check({f"flow/native/f{i}.c": "" for i in range(24)}), (0, ""))
        self.expect_one({f"flow/native/f{i}.c": "" for i in range(25)}, "26 files in one directory")


if __name__ == "__main__":
    unittest.main()
