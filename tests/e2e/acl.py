# SPDX-License-Identifier: Apache-2.0
"""Driver acl in real workers, on a stand-in for its library that follows a script (tests/helpers/acl_stub.h)."""

import json
import os
import pathlib
import unittest

from harness import Story

HELPERS = pathlib.Path(os.environ["DVSCHED"]).resolve().parents[2] / "tests" / "helpers"
ADD = ('args: [ { f32: [8], fill: 2 } { f32: [8], fill: 3 } '
       '{ f32: [8], out: true, expect: { fill: 5, rtol: 1e-6 } } { i64: 8 } ]')


class Acl(Story):
    def setUp(self):
        super().setUp()
        if not (HELPERS / "acl_stub_new.so").exists():
            self.skipTest("the stand-in for AscendCL is not built")
        self.path("lib").mkdir()
        self.path("lib", "libascendcl.so").symlink_to(HELPERS / "acl_stub_new.so")
        self.write("add.o", "k=1")

    def options(self):
        return {"libdir": str(self.path("lib")), "dcmi": str(HELPERS / "dcmi_stub.so")}

    def job(self, name, entry="add_f32", more=ADD):
        return f'{{ name: "{name}", backend: "npu", devices: 1, cwd: "{self.dir}",' \
               f' image: {{ binary: "add.o", entry: "{entry}" }} {more} }}'

    def run_jobs(self, jobs, script=""):
        """One device, so that jobs come after one another in one worker."""
        self.config('{ flow: "jobs", name: "demo", backends: { npu: { type: "chips", driver: "acl", devices: "1", '
                    f'options: {json.dumps(self.options())} }} }}, jobs: [ {" ".join(jobs)} ] }}')
        env = {"ACL_STUB_SCRIPT": script, "ACL_STUB_LOG": str(self.path("calls")),
               "DVSCHED_STATE_DIR": str(self.path("state")), "DVSCHED_LOCK_DIR": str(self.path("locks"))}
        return self.dvsched("run", "cfg.hjson", "--view", "none", env=env)

    def calls(self):
        return self.path("calls").read_text(encoding="utf-8").split()

    def result_of(self, name):
        return next(j for j in self.results()["jobs"] if j["id"] == f"demo:{name}" or j["id"] == name)

    def test_it_keeps_to_the_contract(self):
        job = {"image": {"binary": str(self.path("add.o")), "entry": "add_f32"},
               "args": [{"f32": [8], "fill": 2}, {"f32": [8], "fill": 3},
                        {"f32": [8], "out": True, "expect": {"fill": 5}}, {"i64": 8}]}
        done = self.dvsched("chips", "check", "--driver", "acl", "--options", json.dumps(self.options()),
                            "--sample", json.dumps(job))
        self.assertEqual(done.code, 0, done)
        self.assertIn("reset: verified, and the next run is good", done.out)

    def test_a_job_that_passes_whatever_its_kernel_does_gets_a_warning(self):
        unread = "no output has an 'expect': the job passes whatever its kernel writes"
        filled = "args[1] already has the value that is expected at the end: a kernel that does nothing passes"
        out = "args: [ {{ f32: [8], fill: 2 }} {{ f32: [8], out: true, {} }} ]"
        for more, warning in (("", unread), ("fill: 5, expect: { fill: 5.0 }", filled),
                              ("fill: 4.9, expect: { fill: 5, rtol: 0.1 }", filled),
                              ('fill: "iota", expect: { fill: "iota" }', filled),
                              ('file: "add.o", expect: { file: "add.o" }', filled),
                              ("fill: 4, expect: { fill: 5 }", None), ("expect: { fill: 5 }", None)):
            with self.subTest(more):
                done = self.run_jobs([self.job("a", "nop", out.format(more)), self.job("b", "nop", out.format(more))])
                warnings = [line for line in done.err.splitlines() if "warning: " in line]
                self.assertEqual(len(warnings), 2 if warning else 0, done)  # one device each
                if warning:
                    self.assertRegex(warnings[0], r"cfg.hjson:1:\d+: warning: ")
                    self.assertIn(warning, warnings[0])

    def test_without_the_library_it_says_what_was_tried(self):
        self.path("lib", "libascendcl.so").unlink()
        done = self.run_jobs([self.job("add")])
        self.assertNotEqual(done.code, 0, done)
        self.assertIn("no AscendCL on this machine", done.err)
        self.assertIn(str(self.path("lib")), done.err)

    def test_jobs_share_a_worker_and_a_wrong_result_fails_its_job_only(self):
        done = self.run_jobs([self.job("a"), self.job("b", "nop"), self.job("c"),
                              '{ name: "card", backend: "npu", devices: 1, image: {} }'])
        self.assertEqual(done.code, 1, done)
        self.assertEqual([self.result_of(n)["status"] for n in ("a", "b", "c", "card")],
                         ["PASSED", "FAILED", "PASSED", "PASSED"])
        self.assertIn("args[2]: 8 of 8 elements wrong; element 0 is nan, not 5", done.err + done.out)
        calls = self.calls()
        self.assertEqual(calls.count("aclrtSetDevice(1)"), 1)
        self.assertEqual(calls.count("aclrtMalloc"), calls.count("aclrtFree"))
        self.assertEqual(calls[-1], "aclFinalize")

    def test_a_kernel_that_crashes_is_the_cause_and_the_next_job_passes(self):
        done = self.run_jobs([self.job("a"), self.job("b"), self.job("c")],
                             script="aclrtStreamQuery#2: poison 507015")
        self.assertEqual(done.code, 1, done)
        status = [self.result_of(n)["status"] for n in ("a", "b", "c")]
        self.assertEqual(sorted(status), ["FAILED", "PASSED", "PASSED"], done)
        self.assertIn("AICore exception 507015", done.err + done.out)
        self.assertEqual(self.calls().count("aclrtResetDeviceForce(1)"), 1)

    def test_a_device_that_no_reset_helps_is_given_up(self):
        done = self.run_jobs([self.job("a"), self.job("b")], script="aclrtStreamQuery#1: wedge 507015")
        self.assertNotEqual(done.code, 0, done)
        self.assertIn("3 resets, and device 1 is still not usable (DCMI: normal)", json.dumps(self.results()))
        self.assertFalse([c for c in self.calls() if c.startswith("BLOCKED")])
        self.assertGreaterEqual(self.calls().count("aclrtResetDeviceForce(1)"), 3)

    def test_a_call_that_never_returns_costs_its_process(self):
        done = self.run_jobs([self.job("a", more=ADD + ' timeout: "1s"')], script="aclrtStreamQuery: hang")
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.result_of("a")["status"], "KILLED")
        worker = self.calls()[self.calls().index("aclrtSetDevice(1)"):]
        self.assertNotIn("aclFinalize", worker)


if __name__ == "__main__":
    unittest.main()
