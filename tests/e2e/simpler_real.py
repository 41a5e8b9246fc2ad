# SPDX-License-Identifier: Apache-2.0
"""Jobs on the real simulators of simpler; skipped if there are none.

DVSCHED_SIMPLER_LIBDIR is the directory of the libraries (`libdir` of driver simpler), DVSCHED_SIMPLER_KERNELS that of
the kernels (default: `$DVSCHED_SIMPLER_LIBDIR/../kernels`). dvsched contains neither. Kernels are libraries with one
function, `kernel_entry(int64_t *args)`: pointers to tensors, then scalars. The stories use these:

    add.so         args[2] = args[0] + args[1], f32          mul.so  args[2] = args[0] * args[1], f32
    add_scalar.so  args[1] = args[0] + the scalar args[2]    scale.so  args[1] = args[0] * the scalar args[2]
    copy.so        args[1] = args[0], of any type            half.so   the same, only the first half of the elements
    nothing.so     writes nothing                            sleep.so  copies after 3 s
    crash.so       writes to address 0                       forever.so  never returns

and, in a2a3/ and in a5/, orchestrations for both runtimes, <r> being hbg or trb (entry aicpu_orchestration_entry):

    <r>_one.so     sig "in,out": one task of kernel 0 with both tensors
    <r>_scaled.so  two tensors and a scalar: one task of kernel 0 with in, out and the scalar
    <r>_vector.so  sig "in,in,out" of 16384 f32, a = 2 and b = 3 give 42 (hbg) or 47 (trb), by kernels 0 (two inputs,
                   one output), 1 (input, output, scalar) and 2 (as 0), with tensors of the rings' heap between them
"""

import glob
import json
import os
import pathlib
import unittest

from harness import Story

LIBDIR = os.environ.get("DVSCHED_SIMPLER_LIBDIR", "")
KERNELS = os.environ.get("DVSCHED_SIMPLER_KERNELS") or os.path.normpath(os.path.join(LIBDIR, "..", "kernels"))
RUNTIMES = {"hbg": "host_build_graph", "trb": "tensormap_and_ringbuffer"}
VECTOR = {"hbg": 42, "trb": 47}
TYPES = ("f32", "f16", "bf16", "i8", "i16", "i32", "i64", "u8", "u64")
PATIENCE_S = 600  # 40 threads each, on a machine that others use


def platforms():
    return [arch for arch in ("a2a3", "a5") if pathlib.Path(LIBDIR, arch, "sim").is_dir()] if LIBDIR else []


def both():
    return [(arch, runtime) for arch in platforms() for runtime in RUNTIMES]


def kernel(number, name, sig):
    return {"id": number, "so": f"{KERNELS}/{name}.so", "sig": sig}


def vector(arch, runtime, first="add", second="add_scalar", third="mul"):
    return {"runtime": RUNTIMES[runtime],
            "callable": {"orch": f"{KERNELS}/{arch}/{runtime}_vector.so", "sig": "in,in,out", "kernels": [
                kernel(0, first, "in,in,out"), kernel(1, second, "in,out"), kernel(2, third, "in,in,out")]},
            "args": [{"f32": [16384], "fill": 2}, {"f32": [16384], "fill": 3},
                     {"f32": [16384], "out": True, "expect": {"fill": VECTOR[runtime], "rtol": 1e-5}}]}


def one(arch, runtime, name="copy", kind="f32", value=7, **more):
    return {"runtime": RUNTIMES[runtime],
            "callable": {"orch": f"{KERNELS}/{arch}/{runtime}_one.so", "sig": "in,out",
                         "kernels": [kernel(0, name, "in,out")]},
            "args": [{kind: [256], "fill": value},
                     {kind: [256], "out": True, "expect": {"fill": value}, **more}]}


@unittest.skipUnless(platforms() and os.path.isdir(KERNELS), "DVSCHED_SIMPLER_LIBDIR names no host runtimes, or no kernels lie there")
class SimplerReal(Story):
    def run_jobs(self, arch, jobs, devices="0", patience_s=PATIENCE_S, **pool):
        """jobs: {name: job}, in this order on one device after the other."""
        settings = {"type": "chips", "driver": "simpler", "platform": f"{arch}sim", "libdir": LIBDIR, "devices": devices,
                    "options": {"ring": {"heap": "1M"}}, "pool": {"affinity": False}, **pool}
        self.config(json.dumps({"flow": "jobs", "name": "real", "backends": {"npu": settings},
                                "jobs": [{"name": name, "backend": "npu", **job} for name, job in jobs.items()]}))
        return self.dvsched("run", "cfg.hjson", "--view", "none", patience_s=patience_s)

    def ends(self):
        return {job["name"]: job["attempts"][-1] for job in self.results()["jobs"]}

    def reasons(self):
        return {name: end["reason"] for name, end in self.ends().items()}

    def processes(self):
        return {rank["worker_pid"] for end in self.ends().values() for rank in end["details"]["ranks"]}

    def test_the_vectors_are_42_and_47(self):
        for arch, runtime in both():
            with self.subTest(f"{arch} {runtime}"):
                done = self.run_jobs(arch, {"vector": vector(arch, runtime)})
                self.assertEqual(done.code, 0, done)
                self.assertEqual(self.ends()["vector"]["details"]["ranks"][0]["result"]["checked"], 1)

    def test_kernels_that_write_nothing_or_half_fail_after_a_good_job(self):
        for arch, runtime in both():
            with self.subTest(f"{arch} {runtime}"):
                nothing = vector(arch, runtime, "nothing", "nothing", "nothing")
                done = self.run_jobs(arch, {
                    "good": vector(arch, runtime), "nothing": nothing, "again": vector(arch, runtime),
                    "copied": one(arch, runtime), "half": one(arch, runtime, "half"), "more": one(arch, runtime)})
                self.assertEqual(done.code, 1, done)
                self.assertEqual([name for name, reason in self.reasons().items() if reason != "none"],
                                 ["nothing", "half"], done)
                self.assertIn("16384 of 16384 elements wrong; element 0 is nan", self.ends()["nothing"]["message"])
                self.assertIn("128 of 256 elements wrong; element 128 is nan", self.ends()["half"]["message"])
                self.assertEqual(len(self.processes()), 1)

    def test_what_a_kernel_left_for_the_next_one_is_gone_when_the_next_job_runs(self):
        for arch, runtime in both():
            with self.subTest(f"{arch} {runtime}"):
                done = self.run_jobs(arch, {
                    "good": vector(arch, runtime), "no_sum": vector(arch, runtime, second="nothing"),
                    "again": vector(arch, runtime), "no_product": vector(arch, runtime, third="nothing")})
                self.assertEqual(done.code, 1, done)
                ends = self.reasons()
                self.assertEqual((ends["good"], ends["no_sum"], ends["again"]), ("none", "wrong_result", "none"), done)
                self.assertEqual(ends["no_product"], "wrong_result", done)

    def test_an_output_of_each_type_that_nobody_wrote_fails(self):
        for arch, runtime in both():
            with self.subTest(f"{arch} {runtime}"):
                jobs = {}
                for kind in TYPES:
                    for value in (7, -1 if kind[0] == "i" else 255 if kind == "u8" else 5):
                        jobs[f"good_{kind}_{value}"] = one(arch, runtime, "copy", kind, value)
                        jobs[f"bad_{kind}_{value}"] = one(arch, runtime, "nothing", kind, value)
                self.run_jobs(arch, jobs)
                for name, reason in self.reasons().items():
                    self.assertEqual(reason, "none" if name.startswith("good") else "wrong_result", name)

    def test_scalars_may_stand_anywhere_among_tensors(self):
        args = {"in": {"f32": [256], "fill": 3}, "out": {"f32": [256], "out": True, "expect": {"fill": 6}},
                "scalar": {"f32": 2}}
        for arch, runtime in both():
            with self.subTest(f"{arch} {runtime}"):
                jobs = {}
                for sig in ("scalar,in,out", "in,scalar,out", "in,out,scalar"):
                    jobs[sig.replace(",", "_")] = {
                        "runtime": RUNTIMES[runtime], "args": [args[word] for word in sig.split(",")],
                        "callable": {"orch": f"{KERNELS}/{arch}/{runtime}_scaled.so", "sig": sig,
                                     "kernels": [kernel(0, "scale", "in,out,scalar")]}}
                done = self.run_jobs(arch, {**jobs, **{f"{name}_again": job for name, job in jobs.items()}})
                self.assertEqual(done.code, 0, done)

    def test_gangs_meet_with_a_window_and_without(self):
        for arch, runtime in both():
            for n in (2, 4):
                with self.subTest(f"{arch} {runtime} {n}"):
                    buffer = {"buffers": [{"name": "acc", "bytes": "4K"}]}
                    done = self.run_jobs(arch, {
                        "plain": {**one(arch, runtime), "devices": n},
                        "window": {**one(arch, runtime, buffer="acc"), "devices": n, "gang": buffer},
                        "nothing": {**one(arch, runtime, "nothing", buffer="acc"), "devices": n, "gang": buffer}},
                        devices=f"0-{n - 1}")
                    self.assertEqual(self.reasons(), {"plain": "none", "window": "none", "nothing": "wrong_result"}, done)
                    self.assertEqual(glob.glob("/dev/shm/simpler_%08x_*" % os.getpid()), [])

    def test_an_output_passes_by_no_input_in_the_same_buffer(self):
        for arch, runtime in both():
            with self.subTest(f"{arch} {runtime}"):
                job = one(arch, runtime, "nothing", buffer="acc")
                job["args"] = [job["args"][1], {**job["args"][0], "buffer": "acc"}]
                job["callable"]["sig"] = "out,in"
                self.run_jobs(arch, {"same": {**job, "gang": {"buffers": [{"name": "acc", "bytes": "4K"}]}}})
                self.assertEqual(self.reasons(), {"same": "bad_request"})

    def test_a_kernel_that_crashes_hangs_or_is_slow_is_distinguished(self):
        arch = platforms()[0]
        done = self.run_jobs(arch, {"crash": one(arch, "hbg", "crash"), "forever": {**one(arch, "hbg", "forever"), "timeout": "15s"},
                                    "slow": one(arch, "hbg", "sleep")}, devices="0-2")
        reasons = self.reasons()
        self.assertEqual((reasons["forever"], reasons["slow"]), ("timeout", "none"), done)
        self.assertIn(reasons["crash"], ("lost", "breaks_devices"), done)

    def test_a_worker_retires_before_its_keys_run_out(self):
        for arch, n, workers in (("a2a3", 210, 2), ("a5", 130, 2)):
            if arch in platforms():
                with self.subTest(arch):
                    done = self.run_jobs(arch, {f"job{i}": one(arch, "hbg") for i in range(n)})
                    self.assertEqual(done.code, 0, done)
                    self.assertEqual(len(self.processes()), workers)
                    self.assertEqual({len(job["attempts"]) for job in self.results()["jobs"]}, {1})
