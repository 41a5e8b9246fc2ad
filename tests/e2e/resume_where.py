# SPDX-License-Identifier: Apache-2.0
"""`dvsched resume` of other flows, other versions, other hosts, and while another run holds the directory."""
import fcntl
import json
import os
import re
import signal
import zlib

import oneshot
from cases import Cases
from harness import Story
from resume import FAILING, Resume


def change_first_record(run, **members):
    """Changes members of the journal's first record; None removes one."""
    journal = run / "journal.jsonl"
    lines = journal.read_text(encoding="utf-8").splitlines()
    record = json.loads(lines[0])
    del record["crc"]
    record.update(members)
    text = json.dumps({k: v for k, v in record.items() if k not in members or v is not None}, separators=(",", ":"))
    lines[0] = text[:-1] + ',"crc":"%08x"}' % zlib.crc32(text[:-1].encode())
    journal.write_text("\n".join(lines) + "\n", encoding="utf-8")


class Names(Resume):
    def test_a_renamed_job_is_a_new_one(self):
        self.jobs("a", ("b", "true", ', needs: ["a"]'), ("twin", "true"))
        self.first()
        self.jobs("a2", ("b", "true", ', needs: ["a2"]'), ("twin", "true"))
        self.assertEqual(self.resume("--explain"), ["a2", "b"])
        self.assertIn("1 new: a2", self.said)
        self.assertIn("1 job of the run", self.said)

    def test_twins_lend_each_other_no_pass(self):
        self.config('{ flow: "jobs", name: "demo", jobs: [ { name: "x", command: "true" }, { name: "y", command: "true" } ] }')
        self.assertEqual(self.dvsched("run", "cfg.hjson", "-i", "x").code, 0)
        done = self.dvsched("run", "cfg.hjson", "--skip-passed", "--explain")
        self.assertIn("1 new: y", done.out)

    def test_of_runs_that_began_in_one_second_the_newest_is_resumed(self):
        self.jobs(FAILING)
        for _ in range(3):
            self.first(code=1)
            newest = self.run_dir().name
        self.resume("-n")
        self.assertIn(f"resuming {newest}: ", self.said)


class Holding(Resume):
    def test_while_another_run_has_the_directory(self):
        events, gate = self.fifo(), self.fifo("gate")
        job = f"test -e {{scratch}}/slow.fixed || {{ echo up > {events.path}; read x < {gate.path}; }}"
        self.fix("slow")
        self.jobs(FAILING, ("slow", job))
        run = self.first(code=1)
        self.path("scratch/slow.fixed").unlink()
        other = self.start("run", "cfg.hjson", "--view", "none", "-j", "1")
        self.assertEqual(events.line(), "up")
        self.ran()
        done = self.dvsched("resume", "--run", run, "--view", "none")
        self.assertEqual(done.code, 3, done)
        self.assertRegex(done.err, rf"another run is using {self.path('scratch/demo')}: run \S+, pid \d+ on \S+; wait until it has ended, or give another -sr\n")
        self.assertEqual(self.ran(), [])
        os.write(gate.fd, b"go\n")
        self.assertEqual(self.finish(other).code, 1)
        self.ran()
        # The other run has written to the logs, so nothing of the first one is taken over.
        self.fix("bad")
        self.fix("slow")
        self.assertEqual(self.resume("--run", run, "--explain"), ["bad", "slow"])
        self.assertIn("1 log changed", self.said)


class Elsewhere(Resume):
    """The run was on another host, which shares the disk."""

    def killed(self):
        events = self.fifo()
        self.jobs("a", ("b", f"test -e {{scratch}}/b.fixed || {{ echo up > {events.path}; exec sleep 1000; }}"))
        run = self.start("run", "cfg.hjson", "--view", "none", "-j", "1")
        self.assertEqual(events.line(), "up")
        run.send_signal(signal.SIGKILL)
        run.wait()
        with open(self.path("scratch/demo/.dvsched.lock"), "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # until the scheduler below has ended, too
        self.fix("b")
        self.ran()

    def test_its_lock_is_free_as_the_kernel_gave_it_back(self):
        self.killed()
        change_first_record(self.run_dir(), host="elsewhere", boot="another")
        for name in (".dvsched.lock", ".dvsched.lock.owner"):
            more = " flock" * name.endswith("owner")
            self.write(f"scratch/demo/{name}", f"1 elsewhere another {self.run_dir().name}{more}\n")
        self.assertEqual(self.resume(), ["b"])

    def test_without_flock_only_a_person_knows_whether_it_lives(self):
        self.killed()
        run = self.run_dir().name
        owner = self.write("scratch/demo/.dvsched.lock.owner", f"1 elsewhere another {run}\n")
        self.assertEqual(self.resume(code=2), [])
        self.assertIn(f"the run {run} is still going: pid 1 on elsewhere", self.said)
        owner.unlink()
        self.assertEqual(self.resume(), ["b"])


class Versions(Resume):
    def test_a_plan_of_a_newer_version_is_one_message(self):
        self.jobs(FAILING)
        self.first(code=1)
        plan = self.run_dir() / "plan.json"
        text = plan.read_text(encoding="utf-8")
        newer = re.sub(r'("version":\s*)2', r"\g<1>99", text, count=1)
        self.assertNotEqual(text, newer)
        plan.write_text(newer, encoding="utf-8")
        self.assertEqual(self.resume(code=2), [])
        self.assertEqual(self.said.count("error:"), 1, self.said)
        self.assertIn("plan.json", self.said)

    def test_what_an_older_version_did_not_record_is_not_believed(self):
        self.jobs("a", FAILING)
        self.first(code=1)
        run = self.run_dir()
        sources = run / "sources.json"
        change_first_record(run, boot=None, start_ticks=None, pid_space=None, cwd=None)
        text = sources.read_text(encoding="utf-8")
        sources.unlink()
        self.fix("bad")
        self.assertEqual(self.resume("-n"), [])
        self.assertIn("1 sources: not known: the run has no record of them: a", self.said)
        sources.write_text(text, encoding="utf-8")
        self.assertEqual(self.resume(), ["bad"])

    def test_members_that_it_does_not_know_are_ignored(self):
        self.jobs("a", FAILING)
        self.first(code=1)
        change_first_record(self.run_dir(), of_the_future={"x": [1]})
        self.fix("bad")
        self.assertEqual(self.resume(), ["bad"])


class OneShot(Story):
    def test_only_what_failed_runs_again_and_the_report_covers_all(self):
        self.write("lint.mk", oneshot.MAKEFILE.replace(
            "\tcp ", "\techo ${build_dir} >> ${proj_root}/out/ran; test -e ${proj_root}/out/$${RESULTS}.fixed || echo FATAL\n\tcp "))
        self.write("common.hjson", oneshot.COMMON)
        self.write("list.hjson", """{
  name: "both", flow: "lint", tool: "veriblelint"
  use_cfgs: [{ name: "clean", flow: "lint", import_cfgs: ["{proj_root}/common.hjson"] }
             { name: "later", flow: "lint", import_cfgs: ["{proj_root}/common.hjson"] }]
}""")
        for name in ("clean", "later"):
            self.write(f"{name}.found", "{ lint_warning: [], lint_error: [] }")
        self.write("out/clean.found.fixed", "")
        done = self.dvsched("run", "list.hjson", "-pr", ".", "-sr", "out", "-br", "main", "--view", "none")
        self.assertEqual(done.code, 1, done)
        self.assertEqual(self.statuses("out"), {"clean:default": "PASSED", "later:default": "FAILED"})
        run = self.run_dir("out").name
        self.write("out/later.found.fixed", "")
        self.path("out/ran").unlink()
        done = self.dvsched("resume", "-sr", "out", "--view", "none")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(len(self.path("out/ran").read_text(encoding="utf-8").split()), 1)
        self.assertEqual({j["id"]: (j["status"], j["from"]) for j in self.results("out")["jobs"]},
                         {"clean:default": ("PASSED", run), "later:default": ("PASSED", None)})
        [index] = self.path("out").rglob("reports/index.json")
        for name in ("clean", "later"):
            self.assertIn(name, index.read_text(encoding="utf-8"))
        self.assertIn("nothing to run", self.dvsched("resume", "-sr", "out").err)


class OfCases(Cases):
    def test_cases_that_have_passed_on_a_device_are_taken_over(self):
        self.batch({"r/a": '{ program: ["print a"] }', "r/b": '{ runtime: "r", command: "true" }',
                    "r/c": '{ runtime: "r", command: "test -e {scratch}/c.fixed" }'})
        self.run_it(code=1)
        run = self.run_dir().name
        self.write("scratch/c.fixed", "")
        done = self.dvsched("resume", "-sr", "scratch", "--view", "none", "--explain")
        self.assertEqual(done.code, 0, done)
        self.assertIn("1 failed: r.c", done.out)
        self.assertEqual({j["id"]: j["from"] for j in self.results()["jobs"]}, {"r.a": run, "r.b": run, "r.c": None})
        self.write("examples/r/a/case.hjson", '{ program: ["print other"] }')
        done = self.dvsched("resume", "-sr", "scratch", "-n")
        self.assertRegex(done.out, r"(?m)^  1 devices changed: r\.a$")
