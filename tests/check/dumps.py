#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The comparison with DVSim tells random differences from real ones."""
import copy
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance"))
import dumps  # noqa: E402


def job(full_name, target, cmd, dependencies=(), **more):
    name = full_name.partition(":")[2]
    return {"full_name": full_name, "name": name, "qual_name": name, "target": target, "cmd": cmd,
            "dependencies": list(dependencies), **more}


def plan(kept, where="SCRATCH/master/uart-sim-vcs"):
    """A build that stands for two equal ones, and two runs of it. The word "default" is an option of them, too."""
    jobs = [job(f"uart:{kept}", "build", f"make build build_dir={where}/{kept} opts=default"),
            job("uart:0.a.7", "run", f"make run run_cmd='{where}/{kept}/simv -x default'", [f"uart:{kept}"]),
            job("uart:0.b.7", "run", f"make run run_cmd='{where}/{kept}/simv'", [f"uart:{kept}"],
                exports={"db": f"{where}/coverage/{kept}.vdb"})]
    return {one["full_name"]: one for one in jobs}


class SurvivorTest(unittest.TestCase):
    theirs = [plan("reg_top"), plan("reg_top"), plan("default")]

    def test_the_kept_one_of_equal_builds_may_differ(self):
        self.assertEqual(dumps.compare(self.theirs, plan("default")), ([], 0))
        self.assertEqual(dumps.compare(self.theirs, plan("reg_top")), ([], 0))

    def test_a_build_that_dvsim_never_keeps_is_a_difference(self):
        faults, _ = dumps.compare([plan("reg_top")] * 3, plan("default"))
        self.assertIn("only DVSim has uart:reg_top", faults)
        self.assertIn("only dvsched has uart:default", faults)

    def mutated(self, name, field, value):
        ours = plan("default")
        ours[name][field] = value
        return dumps.compare(self.theirs, ours)[0]

    def test_a_run_of_another_build_is_a_difference(self):
        self.assertEqual(len(self.mutated("uart:0.a.7", "dependencies", ["uart:reg_top"])), 1)
        self.assertEqual(len(self.mutated("uart:0.a.7", "dependencies", [])), 1)

    def test_a_path_in_the_other_build_is_a_difference(self):
        self.assertEqual(len(self.mutated("uart:0.b.7", "cmd", plan("reg_top")["uart:0.b.7"]["cmd"])), 1)
        self.assertEqual(len(self.mutated("uart:0.b.7", "exports", plan("reg_top")["uart:0.b.7"]["exports"])), 1)

    def test_the_build_itself_is_compared(self):
        self.assertTrue(self.mutated("uart:default", "cmd", "make build"))

    def test_only_paths_of_the_build_are_renamed(self):
        self.assertEqual(len(self.mutated("uart:0.a.7", "cmd", plan("default")["uart:0.a.7"]["cmd"].replace("x default", "x reg_top"))), 1)
        for text in "SCRATCH/a/default_2/simv", "SCRATCH/a/my-default/simv", "/elsewhere/default/simv":
            self.assertEqual(dumps.renamed_text(text, "uart", "default", "reg_top"), text)
        self.assertEqual(dumps.renamed_text("SCRATCH/a/default_STAMP/default", "uart", "default", "b"), "SCRATCH/a/b_STAMP/b")

    def test_each_configuration_has_its_own_chance(self):
        def both(uart, aes):
            other = {name.replace("uart", "aes"): value for name, value in plan(aes, "SCRATCH/master/aes-sim-vcs").items()}
            for one in other.values():
                one["full_name"] = one["full_name"].replace("uart", "aes")
                one["dependencies"] = [need.replace("uart", "aes") for need in one["dependencies"]]
            return plan(uart) | other
        theirs = [both("default", "reg_top"), both("reg_top", "default"), both("reg_top", "default")]
        self.assertEqual(dumps.compare(theirs, both("default", "default")), ([], 0))
        self.assertTrue(dumps.compare(theirs[1:], both("default", "default"))[0])


class FieldTest(unittest.TestCase):
    def test_what_is_chance_must_be_one_of_theirs(self):
        theirs = [plan("default"), copy.deepcopy(plan("default"))]
        theirs[1]["uart:0.a.7"]["cmd"] = "make run -b -a"
        ours = plan("default")
        self.assertEqual(dumps.compare(theirs, ours), ([], 1))
        ours["uart:0.a.7"]["cmd"] = "make run -b"
        self.assertEqual(len(dumps.compare(theirs, ours)[0]), 1)

    def test_jobs_and_fields_too_many_or_missing(self):
        ours = plan("default")
        del ours["uart:0.a.7"]
        del ours["uart:0.b.7"]["exports"]
        ours["uart:default"]["extra"] = 1
        ours["uart:more"] = job("uart:more", "run", "")
        found = dumps.compare([plan("default")], ours)[0]
        self.assertEqual(sorted(fault.splitlines()[0] for fault in found),
                         ["only DVSim has uart:0.a.7", "only dvsched has uart:more", "uart:0.b.7: exports", "uart:default: extra"])


if __name__ == "__main__":
    unittest.main()
