# SPDX-License-Identifier: Apache-2.0
"""Jobs on a host runtime of simpler: the driver, its worker and the pool, with a stand-in for the library
(tests/helpers/fakehost.c) that adds, records its calls, and fails on request."""

import json
import os
import re
import shutil
import unittest

from harness import SOURCE, Story

VEC_ADD = """{ name: "vec_add", backend: "npu"
  callable: { orch: "kern/orch.so", sig: "in,in,out"
              kernels: [ { id: 0, so: "kern/add.so", core: "aiv", sig: "in,in,out" } ] }
  args: [ { f32: [4096], fill: 2 }, { f32: [4096], fill: 3 }
          { f32: [4096], out: true, expect: { fill: 42, rtol: 1e-5 } } ] %s }"""

SUM = """{ name: "sum", backend: "npu", devices: 2, buffers: [ { name: "acc", bytes: "4K" } ]
  callable: { orch: "kern/orch.so", sig: "scalar,inout"
              kernels: [ { id: 0, so: "kern/add.so", sig: "scalar,inout" } ] }
  args: [ { f32: 1 }, { f32: [1024], buffer: "acc", fill: 4, out: true, expect: { fill: 42 } } ] }"""


class Simpler(Story):
    def setUp(self):
        super().setUp()
        runtime = self.path("lib", "a2a3", "sim", "host_build_graph")
        runtime.mkdir(parents=True)
        shutil.copy(os.environ["FAKEHOST_SO"], runtime / "libhost_runtime.so")
        shutil.copy(os.environ["FAKECONTEXT_SO"], self.path("lib", "libcpu_sim_context.so"))
        self.image("lib/a2a3/sim/host_build_graph/libaicpu_kernel.so", "")
        self.image("lib/a2a3/sim/host_build_graph/libaicore_kernel.so", "")
        self.path("kern").mkdir()
        self.image("kern/orch.so", "")
        self.image("kern/add.so", "K=37;")

    def image(self, name, text):
        self.path(*name.split("/")).write_bytes(b"\177ELF" + text.encode())

    def run_jobs(self, jobs, would="", pool='devices: "0-1"', libdir="lib"):
        self.config(f"""{{ flow: "jobs", name: "demo"
          backends: {{ npu: {{ type: "chips", driver: "simpler", libdir: "{self.path(libdir)}", {pool} }} }}
          jobs: [ {jobs} ] }}""")
        env = {"FAKEHOST": would, "FAKEHOST_REPORT": str(self.path("report")),
               "DVSCHED_STATE_DIR": str(self.path("state")), "DVSCHED_LOCK_DIR": str(self.path("lock"))}
        return self.dvsched("run", "cfg.hjson", "--view", "none", env=env)

    def report(self):
        lines = self.path("report").read_text(encoding="utf-8").splitlines()
        self.assertEqual([line for line in lines if line.startswith("violation")], [])
        return lines

    def attempt(self):
        return self.results()["jobs"][0]["attempts"][-1]

    def test_a_job_passes_and_its_result_names_the_library(self):
        done = self.run_jobs(VEC_ADD % "")
        self.assertEqual(done.code, 0, done)
        result = self.attempt()["details"]["ranks"][0]["result"]
        self.assertEqual(result["library"],
                         str(self.path("lib/a2a3/sim/host_build_graph/libhost_runtime.so")))
        self.assertEqual(len(result["build_id"]), 40, result)
        self.assertEqual(result["checked"], 1)
        self.assertTrue(0 < result["library_s"] < self.attempt()["duration_s"], result)
        self.assertIn("call destroy", self.report())

    def test_many_jobs_open_the_device_once_and_load_each_image_once(self):
        jobs = [VEC_ADD.replace("vec_add", f"job{i}") % "" for i in range(30)]
        done = self.run_jobs("\n".join(jobs), pool='devices: "0"')
        self.assertEqual(done.code, 0, done)
        report = self.report()
        self.assertEqual([report.count(f"call {name}") for name in ("init", "register", "finalize")],
                         [1, 1, 30])

    def test_kernels_that_write_nothing_fail_beside_those_that_do(self):
        self.image("kern/nothing.so", "K=37; W=0;")
        good, bad = (VEC_ADD.replace("add.so", f"{so}.so").replace("vec_add", so) % "" for so in ("add", "nothing"))
        done = self.run_jobs("\n".join((good, bad, good.replace('"add"', '"again"'))),
                             pool='devices: "0", pool: { affinity: false }')
        self.assertEqual(done.code, 1, done)
        ended = {job["name"]: job["attempts"][-1] for job in self.results()["jobs"]}
        self.assertEqual([ended[name]["reason"] for name in ("add", "nothing", "again")],
                         ["none", "wrong_result", "none"], ended)
        self.assertIn("4096 of 4096 elements wrong; element 0 is nan, not 42", ended["nothing"]["message"])
        self.assertEqual(self.report().count("call init"), 1)

    def test_a_worker_retires_before_the_librarys_runs_have_used_up_its_keys(self):
        jobs = [VEC_ADD.replace("vec_add", f"job{i}") % "" for i in range(450)]
        done = self.run_jobs("\n".join(jobs), pool='devices: "0"')
        self.assertEqual(done.code, 0, done)
        report = self.report()
        self.assertEqual([report.count(f"call {name}") for name in ("init", "finalize", "destroy")],
                         [3, 450, 3])
        self.assertEqual({len(job["attempts"]) for job in self.results()["jobs"]}, {1})

    def test_a_gang_that_wants_no_window_meets_as_well(self):
        done = self.run_jobs((VEC_ADD % "devices: 2"))
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.report().count("call barrier"), 2)

    def test_each_failure_is_distinguished(self):
        for would, reason, text, code in (
                ("wrong=1", "wrong_result", "4096 of 4096 elements wrong; element 0 is 43, not 42", 1),
                ("wait=-100", "stall", "scheduler timeout -100", 1),
                ("register=-1", "bad_request", "simpler_register_callable returned -1", 1),
                ("crash_prepare=1", "lost", "died of signal 11 (SIGSEGV) in prepare()", 3)):
            with self.subTest(would):
                shutil.rmtree(self.path("state"), ignore_errors=True)
                done = self.run_jobs(VEC_ADD % "", would)
                self.assertEqual(done.code, code, done)
                attempt = self.attempt()
                self.assertEqual(attempt["reason"], reason, done)
                self.assertIn(text, attempt["message"])
                if "=-" in would:  # messages of the library go to the job's log
                    log = self.path("scratch", "demo", "vec_add", "log").read_text("utf-8")
                    self.assertIn(f"fakehost: {would.replace('=', ' returns ')}", log)

    def test_a_run_that_never_ends_is_killed_at_its_timeout(self):
        done = self.run_jobs(VEC_ADD % 'timeout: "500ms"', "polls=1000000000")
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.attempt()["reason"], "timeout", done)

    def test_a_library_that_does_not_come_back_is_killed_and_diagnosed(self):
        done = self.run_jobs(VEC_ADD % "", "hang_wait=1",
                             'devices: "0", budgets: { finish: "500ms", queue: "2s" }')
        self.assertEqual(done.code, 3, done)
        first = self.results()["jobs"][0]["attempts"][0]
        self.assertIn("finish was not done within 0.50s", first["message"])
        self.assertIn("run 1 is over; in the library's function simpler_wait_run", first["context"])

    def test_a_device_that_does_not_open_is_no_jobs_fault(self):
        done = self.run_jobs(VEC_ADD % "", "hang_init=1",
                             'devices: "0", budgets: { open: "500ms", queue: "2s" }')
        self.assertEqual(done.code, 3, done)
        self.assertIn("device 0 did not open within 0.5s", self.attempt()["message"])

    def test_a_gang_has_its_window_and_its_buffers_by_name(self):
        done = self.run_jobs(SUM)
        self.assertEqual(done.code, 0, done)
        report = self.report()
        roots = {line for line in report if line.startswith("saw root")}
        self.assertEqual(len(roots), 1, report)
        self.assertEqual(report.count("call comm_destroy"), 2)
        root = roots.pop().split()[2]
        self.assertEqual(os.path.dirname(root), str(self.path("scratch", "demo", "sum")))
        self.assertFalse(os.path.exists(root))
        context = json.loads(self.path("scratch", "demo", "sum", "rank1.json").read_text("utf-8"))
        self.assertIn("acc", context["buffers"])

    def test_the_driver_keeps_to_the_contract(self):
        sample = {"callable": {"orch": str(self.path("kern/orch.so")), "sig": "out", "kernels": [
            {"id": 0, "so": str(self.path("kern/add.so")), "sig": "out"}]},
            "args": [{"f32": [64], "out": True, "expect": {"fill": 37}}]}
        done = self.dvsched("chips", "check", "--driver", "simpler", "--sample", json.dumps(sample),
                            "--options", json.dumps({"libdir": str(self.path("lib"))}),
                            env={"FAKEHOST_REPORT": str(self.path("report"))})
        self.assertEqual(done.code, 0, done)
        self.assertIn(" 0 failed", done.out)
        self.report()

    @unittest.skipUnless(shutil.which("cc"), "no C compiler (cc)")
    def test_the_example_of_the_documentation_is_good(self):
        text = SOURCE.joinpath("docs", "reference", "drivers.md").read_text(encoding="utf-8")
        example = next(block for block in re.findall(r"```hjson\n(.*?)```", text, re.S)
                       if 'driver: "simpler"' in block)
        self.path("kern/add.c").write_text('const char k[] = "K=37;";\n', encoding="utf-8")
        self.config(example.replace("/opt/simpler/build/lib", str(self.path("lib"))))
        done = self.dvsched("run", "cfg.hjson", env={
            "FAKEHOST_REPORT": str(self.path("report")), "DVSCHED_STATE_DIR": str(self.path("state")),
            "DVSCHED_LOCK_DIR": str(self.path("lock"))})
        self.assertEqual(done.code, 0, done)
        self.assertIn("saw window 1024 1024 1024 1024", self.report())

    def test_a_library_that_is_not_there_is_named_when_the_configuration_loads(self):
        done = self.run_jobs(VEC_ADD % "", libdir="elsewhere")
        self.assertIn(done.code, (2, 3), done)
        self.assertIn("elsewhere/a2a3/sim/host_build_graph/libhost_runtime.so is not there", done.err)
        self.assertFalse(self.path("report").exists())
