# SPDX-License-Identifier: Apache-2.0
"""Stories of docs/examples/driver_nvml.c, built as a user would, with a stand-in for NVIDIA's library."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

from harness import SOURCE, Story

CC = os.environ.get("CC", "cc").split()[-1]
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror")


class Nvml(Story):
    def setUp(self):
        super().setUp()
        if not shutil.which(CC):
            self.skipTest(f"no C compiler ({CC})")
        self.path("lib").mkdir()
        self.library()
        self.driver = self.path("nvml.so")
        self.compile(SOURCE / "docs" / "examples" / "driver_nvml.c", self.driver, *STRICT,
                     f"-I{SOURCE / 'include'}", "-ldl")
        self.script("")

    def compile(self, source, into, *flags):
        done = subprocess.run([CC, "-shared", "-fPIC", str(source), "-o", str(into), *flags], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def library(self, *flags):
        self.compile(SOURCE / "tests" / "helpers" / "nvml_stub.c", self.path("lib", "libnvidia-ml.so.1"), *flags)

    def script(self, text):
        self.write("script", text.replace(", ", "\n"))

    def calls(self):
        """The calls since the last time. Checks that every start was followed by a shutdown, and that no call was outside of these."""
        path = self.path("script.calls")
        calls = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        self.assertNotIn("misused", calls)
        return calls

    def assert_shut_down(self):
        calls = self.calls()
        self.assertEqual(calls.count("nvmlInit_v2"), calls.count("nvmlShutdown"))
        self.assertGreater(len(calls), 0)
        return calls

    def environ(self, extra=None):
        # Crashes end by their signal, also under a sanitizer.
        options = os.environ.get("ASAN_OPTIONS", "")
        return super().environ({"ASAN_OPTIONS": options + ":handle_segv=0:handle_abort=0",
                                "LD_LIBRARY_PATH": str(self.path("lib")), "NVML_STUB": str(self.path("script")),
                                **(extra or {})})

    def check(self, *args, code=0, env=None):
        done = self.dvsched("chips", "check", "--driver", "./nvml.so", *args, env=env)
        self.assertEqual(done.code, code, done)
        return done

    def list(self):
        done = self.dvsched("chips", "--driver", "./nvml.so", "--json")
        self.assertEqual(done.code, 0, done)
        return json.loads(done.out)

    def pool(self, jobs, more=""):
        self.config(f"""{{
          flow: jobs
          name: demo
          backends: {{ gpu: {{ type: "chips", driver: "./nvml.so", devices_env: "CUDA_VISIBLE_DEVICES", {more} }} }}
          jobs: [
            {jobs}
          ]
        }}""")

    def job(self, name, command, more=""):
        return (f'{{ name: "{name}", devices: 1, cwd: "{self.dir}",'
                f' command: "{command}", {more} }}')

    def run_it(self, code=0, *options):
        done = self.dvsched("run", "cfg.hjson", "--view", "none", *options)
        self.assertEqual(done.code, code, done)
        return done

    def attempts(self, name="a", scratch="scratch"):
        return next(j for j in self.results(scratch)["jobs"] if j["id"] == name)["attempts"]


class Identity(Nvml):
    def test_it_builds_against_the_installed_header_and_passes(self):
        build = pathlib.Path(self.binary).resolve().parents[2]
        meson = shutil.which("meson")
        if not meson or not (build / "meson-private").is_dir():
            self.skipTest("no meson, or the binary is not in its build directory")
        subprocess.run([meson, "install", "-C", str(build), "--no-rebuild", "--tags", "devel", "--destdir",
                        str(self.path("root"))], check=True, stdout=subprocess.DEVNULL)
        header, = self.path("root").rglob("dvsched/driver.h")
        self.compile(SOURCE / "docs" / "examples" / "driver_nvml.c", self.driver, *STRICT,
                     f"-I{header.parents[1]}", "-ldl")
        self.script("n 3, 1.mig 2")
        for device in ("0", "200", "202", "2"):
            self.assertRegex(self.check("--device", device).out, r" 5 checks passed, 0 failed, 1 skipped\n$")
        self.assertIn("probe: it does not report device 1", self.check("--device", "1", code=1).out)
        self.assert_shut_down()

    def test_gpus_are_counted_by_their_pci_addresses(self):
        self.script("n 3, 0.bus 48, 1.bus 16, 2.bus 32")
        gpus = self.list()
        self.assertEqual([(g["id"], g["driver_detail"].split()[1]) for g in gpus],
                         [(0, "00000000:10:00.0"), (1, "00000000:20:00.0"), (2, "00000000:30:00.0")])
        self.assertEqual(gpus[0]["driver_detail"].split()[0], "GPU-000abc01-0000-0000-0000-000000000000")
        self.assertEqual({g["model"] for g in gpus}, {"NVIDIA H100 80GB HBM3"})
        self.assertEqual((gpus[0]["mem_total"], gpus[0]["mem_free"]), (80 << 30, 79 << 30))
        self.assertEqual({g["driver_health"] for g in gpus}, {"good"})
        self.assert_shut_down()

    def test_one_that_is_lost_keeps_its_place(self):
        self.script("n 4, 0.bus 48, 1.nvmlDeviceGetHandleByIndex_v2 15, 2.bus 16, 3.bus 32")
        self.assertEqual([(g["id"], g["driver_health"], g["driver_detail"].split()[-1]) for g in self.list()],
                         [(0, "good", "00000000:10:00.0"), (1, "bad", "lost"), (2, "good", "00000000:20:00.0"),
                          (3, "good", "00000000:30:00.0")])

    def test_gpus_of_somebody_else_are_not_counted(self):
        self.script("n 3, 0.nvmlDeviceGetHandleByIndex_v2 4, 1.nvmlDeviceGetHandleByIndex_v2 17")
        self.assertEqual([(g["id"], g["driver_detail"].split()[0][:12]) for g in self.list()], [(0, "GPU-000abc02")])
        self.script("n 2, nvmlDeviceGetHandleByIndex_v2 4")
        self.assertIn("none of 2 GPUs may be used by this user", self.check(code=1).out)

    def test_parts_of_a_gpu_stand_for_it(self):
        self.script("n 2, 0.mig 3, 0.pending 1")
        gpus = self.list()
        self.assertEqual([g["id"] for g in gpus], [100, 102, 104, 1])
        self.assertEqual([g["fault_domain"] for g in gpus], [0, 0, 0, -1])
        self.assertEqual([g["mem_total"] >> 30 for g in gpus], [10, 10, 10, 80])
        self.assertEqual([g["driver_health"] for g in gpus], ["suspect"] * 3 + ["good"])

    def test_a_node_is_found_by_the_pci_address(self):
        nodes = {p.name: int(p.joinpath("numa_node").read_text()) for p in pathlib.Path("/sys/bus/pci/devices").glob("*")
                 if p.joinpath("numa_node").exists() and p.name.startswith("0000:") and p.name.endswith("00.0")}
        if not nodes:
            self.skipTest("no such PCI device here")
        name = max(nodes, key=nodes.get)
        self.script(f"n 1, 0.bus {int(name[5:7], 16)}")
        self.assertEqual(self.list()[0]["numa"], nodes[name])

    def test_no_gpus_and_too_many_are_reported(self):
        self.script("n 0")
        self.assertIn("it does not report device 0", self.check(code=1).out)
        self.script("n 65")
        self.assertIn("NVML reports 65 GPUs", self.check(code=1).out)


class Health(Nvml):
    def test_health_is_what_nvml_knows_of_the_memory(self):
        for script, health, words in (("1.ecc 3", "suspect", "3 uncorrected memory errors since"),
                                      ("1.pending 1", "suspect", "a remapped memory row waits for a reset"),
                                      ("1.retired 1", "suspect", "retired memory pages wait for a reboot"),
                                      ("1.failed 1, 1.pending 1, 1.ecc 1", "bad", "could not be remapped"),
                                      ("1.nvmlDeviceGetMemoryInfo 15", "bad", "GPU is lost"),
                                      ("1.nvmlDeviceGetUUID 16", "bad", "Unknown Error"),
                                      ("1.nvmlDeviceGetTotalEccErrors 3, 1.nvmlDeviceGetRemappedRows 3", "good", "GPU-"),
                                      ("1.nvmlDeviceGetMemoryInfo 999", "good", "GPU-"),
                                      ("1.nvmlDeviceGetHandleByIndex_v2 11", "bad", "Unknown Error")):
            self.script(script)
            well, gpu = self.list()
            self.assertEqual((well["driver_health"], gpu["driver_health"]), ("good", health), script)
            self.assertIn(words, gpu["driver_detail"])
            self.assert_shut_down()

    def test_what_is_bad_does_not_open(self):
        for script, words in (("0.failed 1", "(wedge): GPU 0: a memory row could not be remapped"),
                              ("0.nvmlDeviceGetHandleByIndex_v2 15", "(lost): GPU 0: GPU is lost"),
                              ("0.nvmlDeviceGetName 16", "(wedge): GPU 0: Unknown Error")):
            self.script(script)
            out = self.check(code=1).out
            self.assertIn("FAIL  open: open() returned ", out)
            self.assertIn(words, out)
        self.script("0.ecc 1")
        self.check()
        self.assert_shut_down()


class Library(Nvml):
    def test_a_library_that_is_not_there_or_not_whole_is_reported(self):
        self.library("-DSTUB_OLD")
        self.script("0.pending 1, 1.ecc 1")
        self.assertEqual([g["driver_health"] for g in self.list()], ["good", "suspect"])
        self.library("-DSTUB_BROKEN")
        self.assertIn("probe() returned 12 (unsupported): NVML has no nvmlDeviceGetUUID()", self.check(code=1).out)
        self.path("lib", "libnvidia-ml.so.1").unlink()
        self.assertIn("no NVML here: libnvidia-ml.so.1: cannot open shared object file", self.check(code=1).out)
        self.pool(self.job("a", "true"))
        self.assertRegex(self.run_it(code=3).err, r"cfg.hjson:4:\d+: error: driver \S+nvml.so: probe\(\) failed: no NVML here: .*"
                                                  r"libnvidia-ml.so.1 comes with NVIDIA's driver")
        self.assert_left_nothing()

    def test_a_library_that_does_not_start_is_reported(self):
        for script, words in (("nvmlInit_v2 9", "(unsupported): nvmlInit: Driver Not Loaded"),
                              ("nvmlInit_v2 18", "(unsupported): nvmlInit: Unknown Error"),
                              ("nvmlInit_v2 4", "(config): nvmlInit: Unknown Error"),
                              ("nvmlDeviceGetCount_v2 999", "(wedge): nvmlDeviceGetCount: Unknown Error")):
            self.script(script)
            self.assertIn(words, self.check(code=1).out)

    def test_a_library_that_never_answers_is_ended(self):
        self.script("hang.nvmlDeviceGetName 1")
        self.assertIn("it did not come back within 1.00s in probe()", self.check("--timeout", "1s", code=3).err)


class Lending(Nvml):
    def log(self, name="a"):
        return self.path("scratch", "demo", name, "log").read_text().split("\n\n", 1)[1]

    def test_a_command_is_given_uuids(self):
        self.script("n 3, 0.mig 2")
        self.pool('{ name: "a", devices: 4, command: "echo $DVSCHED_DEVICES; echo $CUDA_VISIBLE_DEVICES" }')
        self.run_it()
        numbers, names = self.log().splitlines()
        self.assertEqual(dict(zip(numbers.split(","), names.split(","))),
                         {"100": "MIG-000abc00-0000-0000-0000-000000000000", "102": "MIG-000abc00-0000-0000-0000-000000000002",
                          "1": "GPU-000abc01-0000-0000-0000-000000000000", "2": "GPU-000abc02-0000-0000-0000-000000000000"})
        self.assertEqual(self.assert_shut_down().count("nvmlInit_v2"), 1)  # not once more for each GPU

    def test_a_gpu_that_is_lost_is_not_lent(self):
        self.script("n 2, 0.nvmlDeviceGetHandleByIndex_v2 15")
        self.pool(self.job("a", "echo $CUDA_VISIBLE_DEVICES"))
        done = self.run_it()
        self.assertEqual([a["where"] for a in self.attempts()], ["gpu/1"])
        self.assertIn("its driver reports it as bad: GPU is lost", done.out)
        shown = self.dvsched("chips", "cfg.hjson", "--json").out
        # Never by its number, which may be that of another GPU.
        self.assertIn("GPU-lost-0", shown)

    def test_nothing_has_a_gpu_open_while_a_job_has_it(self):
        self.pool(self.job("a", "cat script.calls; grep -c nvmlInit script.calls > starts; grep -c Shutdown script.calls > ends"))
        self.run_it()
        self.assertEqual(self.path("starts").read_text(), self.path("ends").read_text())
        self.assert_shut_down()

    def test_a_gpu_that_falls_off_the_bus_between_two_jobs_costs_no_job(self):
        self.pool(self.job("first", "echo 0.nvmlDeviceGetHandleByIndex_v2 15 > script", "weight: 9") + "\n" +
                  self.job("then", "test $DVSCHED_DEVICES = 1", 'needs: ["first"]'))
        done = self.run_it()
        attempts = self.attempts("then")
        self.assertEqual([(a["where"], a["reason"]) for a in attempts], [("gpu/0", "wedge"), ("gpu/1", "none")])
        self.assertIn("non-zero exit code: 1; then device 0 does not open any more: GPU 0: GPU is lost (GPU is lost 15; ",
                      attempts[0]["message"])
        self.assertIn("gpu/0 is quarantined", done.out)
        self.assert_shut_down()
        # The health is stored: the next run uses another device.
        self.pool(self.job("again", "echo on $CUDA_VISIBLE_DEVICES"))
        self.run_it()
        self.assertEqual([a["where"] for a in self.attempts("again")], ["gpu/1"])

    def test_a_job_that_fails_on_a_good_gpu_failed_itself(self):
        self.pool(self.job("a", "exit 7"))
        self.run_it(code=1)
        self.assertEqual((self.attempts()[-1]["reason"], self.attempts()[-1]["details"]["blame"]), ("exit", "job"))

    def test_a_driver_that_was_unloaded_says_nothing_of_a_gpu(self):
        self.pool(self.job("a", "echo nvmlInit_v2 9 > script; exit 7"))
        self.run_it(code=1)
        self.assertEqual(self.attempts()[-1]["reason"], "exit")
        self.assertEqual({d["health"] for d in self.results()["run"]["backends"]["gpu"]["devices"]}, {"unknown"})

    def test_a_library_that_hangs_over_a_gpu_tells_on_it(self):
        self.pool(self.job("a", "test $DVSCHED_DEVICES = 1 || { echo hang.nvmlInit_v2 1 > script; exit 7; }"),
                  more='budgets: { open: "500ms" }')
        self.run_it()
        attempts = self.attempts()
        self.assertEqual([(a["where"], a["reason"]) for a in attempts], [("gpu/0", "wedge"), ("gpu/1", "none")])
        self.assertIn("did not open within 0.5", attempts[0]["message"])

    def test_two_runs_share_the_gpus(self):
        guard = "mkdir on.$CUDA_VISIBLE_DEVICES && sleep 0.01 && rmdir on.$CUDA_VISIBLE_DEVICES"
        self.pool(self.job("a.{i}", guard, 'sweep: { i: "1..15" }'))
        runs = [self.start("run", "cfg.hjson", "--view", "none", "-sr", name) for name in ("one", "two")]
        for process in runs:
            done = self.finish(process)
            self.assertEqual(done.code, 0, done)
        for name in ("one", "two"):
            self.assertEqual(self.results(name)["counts"]["passed"], 15)

    def test_a_program_cannot_run_there(self):
        self.pool('{ name: "a", backend: "gpu", image: {} }')
        self.assertIn("'image' of 'a' cannot run on the devices of 'gpu', which are only lent to commands",
                      self.run_it(code=2).err)


if __name__ == "__main__":
    unittest.main()
