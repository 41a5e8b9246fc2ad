# SPDX-License-Identifier: Apache-2.0
"""Going on with a run: `dvsched resume`."""
import json
import os
import shutil
import pathlib
import select
import signal
import subprocess
import zlib

from harness import Story, scheduler_of, send_to_all
from signals import tree_of
from sim_project import SimStory

# Each run of a job adds its name to a file in the scratch root, where no file counts as a source.
JOB = '{ name: "%s", command: "echo %s >> {scratch}/ran; %s" %s }'


class Resume(Story):
    def jobs(self, *jobs, more=""):
        """Each: a name, or name, command and more keys."""
        full = [(j, "true", "") if isinstance(j, str) else (*j, "")[:3] for j in jobs]
        self.config('{ flow: "jobs", name: "demo", %s jobs: [ %s ] }'
                    % (more, " ".join(JOB % (name, name, command, keys) for name, command, keys in full)))

    def ran(self):
        path = self.path("scratch", "ran")
        words = path.read_text(encoding="utf-8").split() if path.exists() else []
        path.unlink(missing_ok=True)
        return sorted(words)

    def first(self, code=0):
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(done.code, code, done)
        self.ran()
        return self.run_dir().name

    def resume(self, *words, code=0):
        """The jobs that run; the messages are in self.said."""
        done = self.dvsched("resume", "--view", "none", *words)
        self.assertEqual(done.code, code, done)
        self.said = done.out + done.err
        return self.ran()

    def fix(self, name):
        self.write(f"scratch/{name}.fixed", "")

    def job(self, name):
        return next(j for j in self.results()["jobs"] if j["name"] == name)


FAILING = ("bad", "test -e {scratch}/bad.fixed")


class Runs(Resume):
    def test_all_passed_runs_nothing(self):
        self.jobs("a", "b")
        run = self.first()
        self.assertEqual(self.resume(), [])
        self.assertIn(f"nothing to run: all 2 jobs passed in the run {run}", self.said)
        self.assertEqual(self.run_dir().name, run)

    def test_failures_run_again_and_the_results_cover_all(self):
        self.jobs("good", FAILING)
        run = self.first(code=1)
        self.fix("bad")
        self.assertEqual(self.resume(), ["bad"])
        self.assertEqual(self.statuses(), {"good": "PASSED", "bad": "PASSED"})
        self.assertEqual(self.results()["run"]["parent"], run)
        self.assertEqual((self.job("good")["from"], self.job("bad")["from"]), (run, None))

    def test_failure_stays_a_failure(self):
        self.jobs("good", FAILING)
        self.first(code=1)
        self.assertEqual(self.resume(code=1), ["bad"])

    def test_a_pass_after_a_failure_is_flaky_and_has_both_attempts(self):
        self.jobs(FAILING)
        self.first(code=1)
        self.fix("bad")
        self.resume()
        job = self.job("bad")
        self.assertTrue(job["flaky"])
        self.assertEqual([(a["number"], a["status"]) for a in job["attempts"]], [(1, "FAILED"), (2, "PASSED")])
        for attempt in job["attempts"]:
            self.assertTrue(os.path.exists(attempt["log"]), attempt)

    def test_rows_name_the_run_that_ran_them(self):
        self.jobs("a", FAILING, ("worse", "test -e {scratch}/worse.fixed"))
        one = self.first(code=1)
        self.fix("bad")
        self.resume(code=1)
        two = self.run_dir().name
        self.fix("worse")
        self.assertEqual(self.resume(), ["worse"])
        self.assertEqual([self.job(n)["from"] for n in ("a", "bad", "worse")], [one, two, None])
        self.assertEqual(self.resume(), [])

    def test_what_a_job_needs_is_taken_over(self):
        self.jobs("build", (FAILING[0], FAILING[1], ', needs: ["build"]'))
        self.first(code=1)
        self.fix("bad")
        self.assertEqual(self.resume(), ["bad"])

    def test_merge_and_finally_jobs_run_again(self):
        self.jobs("a", FAILING, ("merge", "true", ', needs_any: ["a", "bad"]'), ("end", "true", ", finally: true"))
        self.first(code=1)
        self.fix("bad")
        self.assertEqual(self.resume(), ["bad", "end", "merge"])

    def test_keep_failed(self):
        self.jobs("a", ("b", "true", ', needs: ["a"]'), FAILING, ("after", "true", ', needs: ["bad"]'), ("merge", "true", ', needs_any: ["a", "bad"]'),
                  ("end", "true", ', finally: true'))
        run = self.first(code=1)
        self.fix("bad")
        self.assertEqual(self.resume("--keep-failed", code=1), [])
        self.assertIn("nothing to run: 4 of the 6 jobs passed", self.said)
        self.assertEqual(self.run_dir().name, run)
        self.path("scratch/demo/a/log").unlink()
        self.assertEqual(self.resume("--keep-failed", "--max-failures", "1", code=1), ["a", "b", "end", "merge"])
        self.assertIn("1 of 6 jobs are taken over, 1 of them failed", self.said)
        self.assertEqual(self.statuses(), {"a": "PASSED", "b": "PASSED", "bad": "FAILED", "after": "KILLED", "merge": "PASSED", "end": "PASSED"})
        self.assertEqual((self.job("bad")["from"], self.job("after")["from"]), (run, None))
        self.assertEqual(self.job("after")["cause"], "bad")
        self.assertEqual(self.resume("--keep-failed", code=1), [])
        self.assertEqual(self.resume(), ["after", "bad", "end", "merge"])

    def test_an_exit_code_that_hides_a_failure_is_not_believed(self):
        self.jobs("a", FAILING)
        self.first(code=1)
        results = self.run_dir() / "results.json"
        results.write_text(results.read_text().replace('"exit_code":1', '"exit_code":0'))
        self.assertIn('"exit_code":0', results.read_text())
        self.assertEqual(self.resume("--keep-failed", code=1), [])

    def test_what_was_cancelled_runs_if_its_cause_has_passed_since(self):
        self.jobs(FAILING, ("after", "true", ', needs: ["bad"]'), ("slow", "true"))
        self.first(code=1)
        self.jobs((FAILING[0], "true"), ("after", "true", ', needs: ["bad"]'), ("slow", "true"))
        self.assertEqual(self.resume("--keep-failed"), ["after", "bad"])

    def test_another_scratch_root_and_directory(self):
        self.jobs("a", FAILING)
        self.first(code=1)
        self.fix("bad")
        self.path("scratch").rename(self.path("moved"))
        self.path("elsewhere").mkdir()
        done = subprocess.run([self.binary, "resume", "-sr", "../moved", "--view", "none"], cwd=self.path("elsewhere"),
                              env=self.environ(), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(self.path("moved", "ran").read_text(encoding="utf-8").split(), ["bad"])

    def test_the_line_for_failed_jobs_names_a_scratch_root_that_was_moved(self):
        self.jobs(FAILING)
        self.first(1)
        self.resume(code=1)
        self.assertRegex(self.said, r"(?m)^rerun .* run cfg\.hjson --view none --failed$")
        self.path("scratch").rename(self.path("moved"))
        done = self.dvsched("resume", "-sr", "moved", "--view", "none")
        self.assertRegex(done.out, rf"(?m)^rerun .* run cfg\.hjson --view none -sr {self.path('moved')} --failed$")

    def test_a_command(self):
        done = self.dvsched("run", "--", "sh", "-c", "echo x >> scratch/ran; test -e scratch/bad.fixed")
        self.assertEqual(done.code, 1, done)
        self.fix("bad")
        self.ran()
        self.assertEqual(self.resume(), ["x"])
        self.assertEqual(self.resume(), [])


class Changes(Resume):
    def test_a_command_changed(self):
        self.jobs("a", "b", ("c", "true", ', needs: ["b"]'))
        self.first()
        self.jobs("a", ("b", "true # new"), ("c", "true", ', needs: ["b"]'))
        self.assertEqual(self.resume("--explain"), ["b", "c"])
        self.assertIn("1 command changed: ", self.said)
        self.assertIn(": b; and 1 that needs it", self.said)
        self.assertFalse(self.job("b")["flaky"])

    def test_what_has_no_effect_changes_nothing(self):
        self.jobs(("a", "true", ', env: { X: "1", Y: "2" }'), "b")
        self.first()
        self.jobs(("a", "true", ', env: { Y: "2", X: "1" }, tags: ["t"], weight: 3, retries: 2, timeout: "1h"'), "b")
        self.assertEqual(self.resume(), [])

    def test_each_of_these_changes_counts(self):
        for keys, word in ((', env: { X: "1" }', "env"), (', fail_patterns: ["ERR"]', "patterns"),
                           (', cwd: "/"', "cwd"), (', leak: "fail"', "leak"), (', needs: ["b"]', "needs")):
            with self.subTest(word):
                self.jobs("a", "b")
                self.first()
                self.jobs(("a", "true", keys), "b")
                self.assertEqual(self.resume("--explain"), ["a"])
                self.assertIn(f"{word} changed", self.said)

    def test_new_and_removed_jobs(self):
        self.jobs("a", "b")
        self.first()
        self.jobs("a", "c")
        self.assertEqual(self.resume("--explain"), ["c"])
        self.assertIn("1 job of the run", self.said)
        self.assertIn("1 new: c", self.said)

    def test_a_lower_time_limit(self):
        events = self.fifo()
        self.jobs(("a", f"read x < {events.path}"))
        run = self.start("run", "cfg.hjson", "--view", "none")
        os.write(events.fd, b"go\n")
        self.finish(run)
        self.ran()
        self.jobs(("a", f"read x < {events.path}", ', timeout: "0.00001s"'))
        self.assertEqual(self.resume("--explain", "-n"), [])
        self.assertIn("limit: its pass used more than the current timeout", self.said)

    def test_nothing_is_run_for_dry_run(self):
        self.jobs(FAILING)
        run = self.first(code=1)
        self.assertEqual(self.resume("-n"), [])
        self.assertIn("1 failed: bad", self.said)
        self.assertEqual(self.run_dir().name, run)

    def test_accept(self):
        self.jobs("a", "b")
        self.first()
        self.jobs(("a", "true # new"), "b")
        self.assertEqual(self.resume("--accept", "command"), [])
        self.assertEqual(self.resume("--accept", "color", code=2), [])
        self.assertIn("there is no field 'color'", self.said)


class Evidence(Resume):
    def test_log_removed(self):
        self.jobs("a", "b")
        self.first()
        self.path("scratch/demo/a/log").unlink()
        self.assertEqual(self.resume("--explain"), ["a"])
        self.assertIn("1 log gone: a", self.said)

    def test_log_written_by_another_run(self):
        self.jobs("a", "b")
        run = self.first()
        self.first()
        self.assertEqual(self.resume("--run", run, "--explain"), ["a", "b"])
        self.assertIn("2 log changed", self.said)

    def test_journal_cut_anywhere_invents_no_pass(self):
        self.jobs("a", "b")
        self.first()
        journal = self.run_dir() / "journal.jsonl"
        whole = journal.read_bytes()
        self.run_dir().joinpath("results.json").unlink()
        for cut in range(0, len(whole), 97):
            journal.write_bytes(whole[:cut])
            self.run_dir().joinpath("results.json").unlink(missing_ok=True)
            n_passed = whole[:cut].count(b'"status":"PASSED"') - (b'"status":"PASSED"' in whole[:cut].split(b"\n")[-1])
            done = self.dvsched("resume", "-n")
            if b'"argv"' not in whole[:cut] or b"\n" not in whole[:cut]:
                self.assertEqual(done.code, 2, done)
            else:
                self.assertIn(f"{n_passed} of 2 jobs are taken over", done.err)


class Sources(Resume):
    def git(self, *words):
        subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@x", *words], cwd=self.dir, check=True,
                       env=self.environ(), capture_output=True)

    def write_later(self, name, text):
        """Writes a file whose time is later than the end of the run, whatever the resolution of the clock is."""
        path = self.write(name, text)
        after = path.stat().st_mtime + 1
        os.utime(path, (after, after))

    def test_an_edit_counts_until_it_is_undone(self):
        self.jobs("a", "b")
        self.write("src.c", "1")
        for has_git in (False, True):
            with self.subTest(git=has_git):
                if has_git:
                    self.git("init", "-q")
                    self.git("add", "src.c", "cfg.hjson")
                    self.git("commit", "-qm", "1")
                self.first()
                self.write_later("new.c", "1")
                self.assertEqual(self.resume("--explain", "-n"), [])
                self.assertIn("2 sources: new.c: a, b", self.said)
                self.assertEqual(self.resume("--accept", "sources"), [])
                self.path("new.c").unlink()
                self.assertEqual(self.resume(), [])

    def test_a_tested_edit_that_is_committed_is_the_same(self):
        self.jobs("a")
        self.write("src.c", "1")
        self.git("init", "-q")
        self.git("add", "src.c")
        self.git("commit", "-qm", "1")
        self.write("src.c", "2")
        self.write("new.c", "2")
        self.first()
        self.git("add", "src.c", "new.c")
        self.assertEqual(self.resume(), [])
        self.assertIn("nothing to run", self.said)
        self.git("commit", "-qm", "2")
        self.assertEqual(self.resume(), [])
        self.assertIn("nothing to run", self.said)
        self.write("src.c", "3")
        self.assertEqual(self.resume("--explain"), ["a"])
        self.assertIn("sources: src.c", self.said)

    def test_edits_in_submodules_of_submodules_count(self):
        self.jobs("a")
        self.write("sub/deep/deep.c", "1")
        for repository, names in (("sub/deep", ["deep.c"]), ("sub", ["deep"]), (".", ["sub", "cfg.hjson"])):
            self.git("-C", repository, "init", "-q")
            self.git("-C", repository, "add", *names)
            self.git("-C", repository, "commit", "-qm", "1")
        self.first()
        self.assertEqual(self.resume(), [])
        for text in "23":
            self.write_later("sub/deep/deep.c", text)
            self.assertEqual(self.resume("--explain"), ["a"])
            self.assertIn("sources: sub", self.said)
            self.assertEqual(self.resume(), [])  # nothing has changed since
        self.write("sub/deep/own/new.c", "1")
        self.git("-C", "sub/deep/own", "init", "-q")
        self.assertEqual(self.resume(), ["a"])
        self.assertEqual(self.resume(), [])

    def test_the_index_lock_is_left_alone(self):
        self.jobs("a")
        self.git("init", "-q")
        lock = self.write(".git/index.lock", "mine")
        self.first()
        self.assertEqual(self.resume(), [])
        self.assertIn("nothing to run", self.said)
        self.assertEqual(lock.read_text(encoding="utf-8"), "mine")

    def test_files_that_dvsched_writes_are_no_sources(self):
        self.jobs("a")
        for has_git in (False, True):
            with self.subTest(git=has_git):
                if has_git:
                    self.git("init", "-q")
                line = f"{self.binary} run cfg.hjson --view plain --log-file log.txt > out.txt 2> err.txt"
                for run in (line, line.replace("run cfg.hjson", "resume").replace(".txt", "2.txt") + "; ls *2.txt"):
                    done = subprocess.run(["sh", "-c", run], cwd=self.dir, env=self.environ(), capture_output=True,
                                          text=True, check=False)
                    self.assertEqual(done.returncode, 0, done)
                self.assertEqual(done.stdout.split(), ["err2.txt", "log2.txt", "out2.txt"])
                self.assertIn("nothing to run", self.path("log2.txt").read_text(encoding="utf-8"))
                for path in self.dir.glob("*.txt"):
                    path.unlink()
                self.ran()
                self.assertEqual(self.resume(), [])
                self.assertIn("nothing to run", self.said)

    def test_other_scratch_roots_are_no_sources(self):
        self.jobs("a")
        self.write("src.c", "1")
        for has_git in (False, True):
            with self.subTest(git=has_git):
                if has_git:
                    self.git("init", "-q")
                self.first()
                self.dvsched("run", "cfg.hjson", "-sr", "other")
                after = self.path("other/demo/a/log").stat().st_mtime + 9
                os.utime(self.path("other/demo/a/log"), (after, after))
                self.assertEqual(self.resume("--explain"), [])
                self.assertIn("nothing to run", self.said)

    def test_a_scratch_root_above_the_sources(self):
        self.jobs("a")
        self.write("src.c", "1")
        for has_git in (False, True):
            with self.subTest(git=has_git):
                if has_git:
                    self.git("init", "-q")
                self.assertEqual(self.dvsched("run", "cfg.hjson", "-sr", ".").code, 0)
                self.assertIn("nothing to run", self.dvsched("resume", "-sr", ".").err)
                self.write_later("src.c", f"2 {has_git}")
                self.assertIn("sources: src.c", self.dvsched("resume", "-sr", ".", "-n").out)

    def test_a_job_may_write_beside_the_configuration(self):
        self.jobs(("a", "echo > {cfg_dir}/output"))
        self.first()
        self.assertEqual(self.resume(), [])
        self.assertIn("nothing to run", self.said)


class Inputs(Resume):
    """`inputs`, `sources` and `reuse` of a configuration."""

    def test_declared_files_and_variables_alone_decide(self):
        os.environ.pop("TOOL", None)
        self.write("rtl/a/x.sv", "1")
        self.write("rtl/b/x.sv", "1")
        self.jobs(("a", "true", ', inputs: { files: ["rtl/a", "*.py"], env: ["HOME"] }'), ("b", "true", ', inputs: "rtl/b/x.sv"'),
                  ("none", "true", ", inputs: {}"), "all", ("c", "true", ', needs: ["b"], inputs: "gone"'))
        self.first()
        self.write("rtl/a/x.sv", "1")  # another time, the same content
        self.write("other.c", "1")
        self.assertEqual(self.resume("--explain"), ["all"])
        for name, want, ran in (("rtl/a/x.sv", "inputs: ", ["a", "all"]), ("deep/t.py", "deep/t.py", ["a", "all"]),
                                ("gone", "gone", ["all", "c"]), ("rtl/b/x.sv", "rtl/b/x.sv", ["all", "b", "c"])):
            with self.subTest(name):
                path = self.write(name, "2")
                os.utime(path, (path.stat().st_mtime + 9,) * 2)
                self.assertEqual(self.resume("--explain"), ran)
                self.assertIn(want, self.said)
        self.assertEqual(self.resume("--accept", "sources", "-n"), [])
        self.assertIn("nothing to run", self.said)
        done = self.dvsched("resume", "-n", env={"HOME": "/elsewhere"})
        self.assertIn("1 inputs: $HOME: a", done.out)
        self.path("rtl/b/x.sv").chmod(0o755)
        self.assertIn("rtl/b/x.sv: b", self.dvsched("resume", "-n").out)

    def test_files_that_jobs_write_count(self):
        self.jobs(("a", "date +%N > {cfg_dir}/table", ', inputs: "table"'))
        self.first()
        self.assertEqual(self.resume("--explain"), ["a"])
        self.assertIn("table: a", self.said)

    def test_another_declaration(self):
        self.jobs(("a", "true", ', inputs: "x"'), "b")
        self.first()
        self.jobs(("a", "true", ', inputs: "y"'), ("b", "true", ', inputs: "y"'))
        self.assertEqual(self.resume("--explain"), ["a", "b"])
        self.assertIn("2 inputs: 'inputs' was not the same in that run", self.said)

    def test_words_of_a_sweep(self):
        self.write("rtl/a.sv", "1")
        self.write("rtl/b.sv", "1")
        self.config('{ flow: "jobs", name: "demo", jobs: [ { name: "t.{top}", sweep: { top: ["a", "b"] }, '
                    'command: "echo {top} >> {scratch}/ran", inputs: ["rtl/{top}.sv"] } ] }')
        self.first()
        self.write("rtl/b.sv", "2")
        self.assertEqual(self.resume("--explain"), ["b"])
        self.assertEqual(self.resume(), [])

    def test_reuse_never(self):
        self.jobs(("a", "true", ', reuse: "never"'), ("b", "true", ', needs: ["a"]'), "c")
        self.first()
        self.assertEqual(self.resume("--explain"), ["a", "b"])
        self.assertIn("1 reuse: never: a; and 1 that needs it", self.said)
        self.dvsched("run", "cfg.hjson", "--view", "none", "--skip-passed")
        self.assertEqual(self.ran(), ["a", "b"])

    def test_generated_files_are_no_sources(self):
        subprocess.run(["git", "init", "-q"], cwd=self.dir, check=True, env=self.environ())
        self.write("auto/gen.h", "1")
        subprocess.run(["git", "add", "auto"], cwd=self.dir, check=True, env=self.environ())
        for more, ran in (("", ["a"]), ('sources: { generated: ["auto/*"] },', [])):
            with self.subTest(more):
                self.jobs(("a", "date +%N > auto/gen.h"), more=more)
                self.first()
                self.assertEqual(self.resume("--explain"), ran)
                self.assertIn("sources: auto/gen.h: a" if ran else "nothing to run", self.said)

    def test_errors_have_a_position(self):
        for key, text in ((', inputs: 5', "'inputs'"), (', inputs: { file: "x" }', "'file'"), (', reuse: "always"', "'reuse'")):
            self.jobs(("a", "true", key))
            done = self.dvsched("run", "cfg.hjson")
            self.assertEqual(done.code, 2, done)
            self.assertRegex(done.err, rf"cfg.hjson:1:\d+: error: .*{text}")
        self.jobs("a", more="sources: { generate: [] },")
        self.assertRegex(self.dvsched("run", "cfg.hjson").err, r"cfg.hjson:1:\d+: error: .*'generate'")


class Killed(Resume):
    def kill_while_running(self, *words):
        """The scheduler dies while `slow` runs. Returns the names of the jobs that ran."""
        run = self.start(*words, "--view", "none", "-j", "1")
        self.assertEqual(self.events.line(), "started")
        os.kill(scheduler_of(run), signal.SIGKILL)
        run.wait()
        return self.ran()

    def setUp(self):
        super().setUp()
        self.events = self.fifo()
        self.jobs("a", ("slow", f"test -e {{scratch}}/slow.fixed || {{ echo started > {self.events.path}; exec sleep 1000; }}"),
                  "z")

    def test_the_rest_runs(self):
        self.assertEqual(self.kill_while_running("run", "cfg.hjson"), ["a", "slow"])
        self.fix("slow")
        self.assertEqual(self.resume("--explain"), ["slow", "z"])
        self.assertIn("1 interrupted: slow", self.said)
        self.assertIn("1 not started: z", self.said)
        self.assertEqual(self.statuses(), {"a": "PASSED", "slow": "PASSED", "z": "PASSED"})
        job = self.job("slow")
        self.assertEqual([(a["number"], a["status"]) for a in job["attempts"]], [(1, "KILLED"), (2, "PASSED")])
        self.assertFalse(job["flaky"])
        self.assertEqual(self.resume(), [])

    def test_a_resume_that_is_killed_loses_nothing(self):
        self.kill_while_running("run", "cfg.hjson")
        self.assertEqual(self.kill_while_running("resume"), ["slow"])
        self.fix("slow")
        self.assertEqual(self.resume(), ["slow", "z"])
        self.assertEqual([a["number"] for a in self.job("slow")["attempts"]], [1, 2, 3])

    def test_a_run_that_still_goes(self):
        run = self.start("run", "cfg.hjson", "--view", "none", "-j", "1")
        self.assertEqual(self.events.line(), "started")
        self.resume(code=2)
        self.assertRegex(self.said, rf"the run \S+ is still going: pid {scheduler_of(run)} on ")
        self.assertIn("hint: wait until it has ended: `dvsched ls` shows its jobs", self.said)
        run.send_signal(signal.SIGTERM)
        self.finish(run)


class SkipPassed(Resume):
    """`run --skip-passed RUN`."""

    def skip(self, *words, code=0, cfg="cfg.hjson"):
        done = self.dvsched("run", cfg, "--view", "none", "--skip-passed", *words)
        self.assertEqual(done.code, code, done)
        self.said = done.out + done.err
        return self.ran()

    def test_passes_are_used_and_results_say_from_where(self):
        self.jobs("a", FAILING)
        run = self.first(code=1)
        self.fix("bad")
        self.assertEqual(self.skip(), ["bad"])
        self.assertIn(f"using passes of {run}: 1 of 2 jobs are taken over; to run: 1 failed", self.said)
        self.assertEqual((self.job("a")["from"], self.job("bad")["from"]), (run, None))
        self.assertIsNone(self.results()["run"]["parent"])
        self.assertFalse(self.job("bad")["flaky"])
        self.assertEqual([a["number"] for a in self.job("bad")["attempts"]], [1])
        two = self.run_dir().name
        self.assertEqual(self.skip(), [])
        self.assertEqual((self.job("a")["from"], self.job("bad")["from"]), (run, two))
        self.assertEqual(self.resume(), [])
        self.assertEqual(self.skip(run), ["bad"])

    def test_changes_are_explained_job_by_job(self):
        self.jobs("a", "b", ("c", "true", ', needs: ["b"]'))
        run = self.first()
        self.jobs("a", ("b", "true # new"), ("c", "true", ', needs: ["b"]'))
        self.assertEqual(self.skip("-n", "--verbose"), [])
        self.assertRegex(self.said, r"(?m)^  b: command changed: .*\n  c: needs 'b'$")
        self.assertEqual(self.run_dir().name, run)
        self.assertEqual(self.skip("--explain"), ["b", "c"])
        self.assertIn(": b; and 1 that needs it", self.said)

    def test_another_configuration_and_another_selection(self):
        self.jobs("a", "b")
        run = self.first()
        self.assertEqual(self.skip(run, "-i", "a"), [])
        self.assertEqual(self.statuses(), {"a": "PASSED"})
        text = self.path("cfg.hjson").read_text(encoding="utf-8")
        self.write("other.hjson", text)
        self.assertEqual(self.skip(run, "--accept", "sources", cfg="other.hjson"), [])
        self.assertEqual(self.job("b")["from"], run)

    def test_a_flaky_pass_is_not_used(self):
        self.jobs(("a", "test {attempt} = 2", ", retries: 1"), "b")
        self.first()
        self.assertEqual(self.skip("--explain"), ["a", "a"])
        self.assertIn("1 flaky: such a pass is not used again: a", self.said)

    def test_if_nothing_can_be_used_a_line_says_why(self):
        self.jobs("a", "b")
        run = self.first()
        self.jobs(("a", "true", ', env: { X: "1" }'), ("b", "true", ', env: { X: "1" }'))
        self.assertEqual(self.skip(), ["a", "b"])
        self.assertIn(f"no pass of the run {run} can be used; job 'a': env changed", self.said)

    def test_what_does_not_go(self):
        self.jobs("a")
        self.skip(code=2)
        self.assertIn("--skip-passed: there is no run of", self.said)
        self.first()
        for words, text in ((("--failed",), "--skip-passed and --failed do not go together"),
                            (("--fake",), "a rehearsal do not go together"),
                            (("20",), "")):
            self.skip(*words[-1:] if words == ("20",) else ("latest", *words), code=2 if text else 0)
            self.assertIn(text, self.said)
        self.dvsched("run", "cfg.hjson", "-sr", "other")
        self.skip(str(self.run_dir("other")), code=2)
        self.assertIn("is in another scratch root", self.said)
        done = self.dvsched("run", "cfg.hjson", "--explain")
        self.assertEqual(done.code, 2, done)
        self.assertIn("--explain goes with --skip-passed", done.err)
        self.dvsched("run", "cfg.hjson", "--fake")
        self.skip(self.run_dir().name, code=2)
        self.assertIn("was a rehearsal", self.said)

    def test_what_to_do_without_such_a_run(self):
        self.jobs("a")
        for option in "--failed", "--skip-passed":
            done = self.dvsched("run", "cfg.hjson", option)
            self.assertEqual(done.code, 2, done)
            self.assertIn(f"\n  hint: -sr DIR says where to look; without {option} all jobs run\n", done.err)
            done = self.dvsched("run", "cfg.hjson", option, "nonesuch")
            self.assertEqual(done.code, 2, done)
            self.assertIn("\n  hint: -sr DIR says where to look; RUN is an id, a prefix of one, or a directory\n", done.err)

    def test_a_resumed_one_takes_over_what_it_has_taken(self):
        self.jobs("a", FAILING)
        run = self.first(code=1)
        self.assertEqual(self.skip(code=1), ["bad"])
        self.fix("bad")
        self.assertEqual(self.resume(), ["bad"])
        self.assertEqual((self.job("a")["from"], self.job("bad")["flaky"]), (run, True))


class Survivors(Resume):
    """Processes that are left of a run whose other processes were all killed at once."""

    def begin(self):
        self.up, self.gate = self.fifo("up"), self.fifo("gate")
        daemon = f"exec 9< {self.gate.path}; echo $$ > {self.up.path}; read x <&9"
        self.jobs("a", ("leaves", f"test -e {{scratch}}/leaves.fixed || {{ setsid sh -c '{daemon}' & setsid env -i sh -c '{daemon}' & wait; }}"))
        run = self.start("run", "cfg.hjson", "--view", "none", "-j", "1")
        pids = [int(self.up.line()) for _ in range(2)]
        has_name = [b"DVSCHED_RUN=" in pathlib.Path(f"/proc/{p}/environ").read_bytes() for p in pids]
        self.bare, self.daemon = [os.pidfd_open(pids[i]) for i in (has_name.index(False), has_name.index(True))]
        for fd in (self.bare, self.daemon):
            self.addCleanup(os.close, fd)
        self.addCleanup(signal.pidfd_send_signal, self.bare, signal.SIGKILL)
        self.number = pids[has_name.index(True)]
        # Stopped first, so that none of them can end the others.
        everything = [p for p in reversed(tree_of(run.pid)) if p not in pids]
        send_to_all(everything, signal.SIGSTOP)
        send_to_all(everything, signal.SIGKILL)
        run.wait()
        self.fix("leaves")
        self.ran()

    def lives(self, fd):
        return not select.select([fd], [], [], 0)[0]

    def test_they_are_killed_and_nothing_else(self):
        self.begin()
        other = subprocess.Popen(["sleep", "1000"], env=self.environ({"DVSCHED_RUN": "20261121T054957Z-000000"}))
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        self.assertEqual(self.resume("-n"), [])
        self.assertRegex(self.said, rf"still live and would be ended first: .*job 'leaves' \(pid {self.number}\)")
        self.assertTrue(self.lives(self.daemon))
        # Run in a shell that has the variable, too: dvsched and its parents are not killed.
        run = self.run_dir().name
        done = subprocess.run(["sh", "-c", f"{self.binary} resume --view none; echo shell lives"], cwd=self.dir,
                              env=self.environ({"DVSCHED_RUN": run}), capture_output=True, text=True, check=False)
        self.assertRegex(done.stderr, rf"still lived and were killed: .*job 'leaves' \(pid {self.number}\)")
        self.assertIn("shell lives", done.stdout)
        self.assertFalse(self.lives(self.daemon))
        self.assertTrue(self.lives(self.bare))
        self.assertIsNone(other.poll())
        self.assertEqual(self.statuses(), {"a": "PASSED", "leaves": "PASSED"})

    def change_record(self, journal, whole, key, value):
        lines = whole.splitlines()
        record = json.loads(lines[0])
        self.assertIn(key, record)
        del record["crc"]
        record[key] = value
        text = json.dumps(record, separators=(",", ":"))
        lines[0] = text[:-1] + ',"crc":"%08x"}' % zlib.crc32(text[:-1].encode())
        journal.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def test_those_of_another_host_or_boot(self):
        self.begin()
        run = self.run_dir()
        journal = run / "journal.jsonl"
        whole = journal.read_text(encoding="utf-8")
        for key, value, is_killed in (("host", "elsewhere", False), ("pid_space", 1, False), ("boot", "another", True)):
            with self.subTest(key):
                self.change_record(journal, whole, key, value)
                self.resume("--run", run.name)
                self.assertEqual(self.lives(self.daemon), not is_killed, self.said)


class Refused(Resume):
    def test_no_run(self):
        self.jobs("a")
        self.resume(code=2)
        self.assertIn("there is no run", self.said)

    def test_options_that_choose_jobs(self):
        self.jobs("a")
        self.first()
        for words in (("-i", "a"), ("-D", "x=1")):
            self.resume(*words, code=2)
            self.assertIn(f"option '{words[0]}' does not go with 'resume'", self.said)
            self.assertIn("--skip-passed RUN` starts another one", self.said)

    def test_limits_may_be_given_anew(self):
        self.jobs(("a", "sleep 1"))
        done = self.dvsched("run", "cfg.hjson", "--view", "none", "--timeout", "0.1")
        self.assertEqual((done.code, self.job("a")["reason"]), (1, "timeout"), done)
        self.resume("--timeout", "0.1", "--retries", "1", code=1)
        self.assertEqual([a["reason"] for a in self.job("a")["attempts"]][-2:], ["timeout", "timeout"])
        self.assertEqual(self.resume("--timeout", "0", "--limit", "memory=4G"), ["a"])

    def test_so_may_watermarks(self):
        self.jobs(FAILING)
        self.first(1)
        self.resume("--min-free-space", "1000T", "--run-deadline", "1s", code=124)
        self.assertEqual(self.ran(), [])
        self.assertIn("no job starts until more is free", self.said)

    def test_a_run_of_another_user_must_be_named(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give files away")
        self.jobs(FAILING)
        run = self.first(1)
        os.chown(self.run_dir(), 65534, 65534)
        for words in [], ["cfg.hjson"], ["-n"]:
            self.resume(*words, code=2)
            self.assertIn(f"the run {run} in {self.path('scratch/.dvsched/runs')} belongs to another user (uid 65534)", self.said)
            self.assertIn(f"hint: --run {run} resumes it nevertheless", self.said)
            self.assertEqual(self.ran(), [])
        for words in ["--run", run], ["-sr", "scratch"]:
            self.assertEqual(self.resume(*words, "-n"), [])
            self.assertIn("1 failed: bad", self.said)

    def test_a_run_of_another_configuration(self):
        self.jobs("a")
        run = self.first()
        self.write("other.hjson", '{ flow: "jobs", name: "other", jobs: [] }')
        self.resume("other.hjson", "--run", run, code=2)
        self.assertIn("not of", self.said)
        self.assertIn(f"hint: `dvsched resume --run {run}` resumes it with its own", self.said)
        self.resume("--run", "1999", code=2)
        self.assertIn("hint: -sr DIR says where to look", self.said)

    def test_a_damaged_journal_is_reported(self):
        self.jobs("a", "b", "c")
        self.first()
        journal = self.run_dir() / "journal.jsonl"
        lines = journal.read_bytes().splitlines(keepends=True)
        lines[len(lines) // 2] = lines[len(lines) // 2].replace(b'"', b"'", 1)
        journal.write_bytes(b"".join(lines))
        self.assertTrue(self.resume())
        self.assertRegex(self.said, r"warning: the run \S+: \S+/journal\.jsonl is damaged after record \d+ ")

    def test_the_record_of_another_run_proves_nothing(self):
        self.jobs("a", FAILING)
        bad = self.first(1)
        self.fix("bad")
        self.dvsched("run", "cfg.hjson", "--view", "none")
        good = self.run_dir()
        self.assertNotEqual(good.name, bad)
        for name in ("journal.jsonl", "results.json"):
            shutil.copyfile(good / name, good.parent / bad / name)
        done = self.dvsched("resume", "--run", bad, "--view", "none", "-n")
        self.assertNotIn("are taken over", done.out + done.err)
        self.assertIn("journal.jsonl is damaged after record 0 (it is the journal of another run)", done.err)

    def test_a_record_that_is_a_link_is_not_read(self):
        self.jobs("a")
        self.first()
        journal = self.run_dir() / "journal.jsonl"
        journal.rename(self.path("elsewhere"))
        journal.symlink_to(self.path("elsewhere"))
        done = self.dvsched("events")
        self.assertNotEqual(done.code, 0, done)
        self.assertIn("journal.jsonl cannot be read: Too many levels of symbolic links", done.err)

    def test_damaged_results_are_not_needed(self):
        self.jobs("a", FAILING)
        run = self.first(1)
        self.fix("bad")
        results = self.run_dir() / "results.json"
        results.write_bytes(results.read_bytes()[:100])
        self.assertEqual(self.resume(), ["bad"])
        self.assertRegex(self.said, r"warning: \S+/results\.json:\d+:\d+: .*; the journal of the run is used instead\n")
        self.assertEqual((self.statuses(), self.job("a")["from"]), ({"a": "PASSED", "bad": "PASSED"}, run))

    def test_a_damaged_plan(self):
        self.jobs("a")
        self.first()
        plan = self.run_dir() / "plan.json"
        plan.write_bytes(plan.read_bytes()[:-40])
        self.resume(code=2)
        self.assertIn("plan.json", self.said)
        self.assertIn("hint: --run RUN resumes another one", self.said)
        self.assertEqual(self.ran(), [])
        done = self.dvsched("run", "cfg.hjson", "--skip-passed")
        self.assertEqual(done.code, 2, done)
        self.assertRegex(done.err, r"error: --skip-passed: .*plan.json.*\n +hint: --skip-passed RUN uses another run")
        self.assertEqual(self.ran(), [])

    def test_a_rehearsal(self):
        self.jobs("a")
        self.assertEqual(self.dvsched("run", "cfg.hjson", "--fake").code, 0)
        self.resume(code=2)
        self.assertIn("was a rehearsal", self.said)

    def test_a_run_of_failed(self):
        self.jobs(FAILING)
        self.first(code=1)
        self.dvsched("run", "cfg.hjson", "--failed")
        self.resume(code=2)
        self.assertIn("--failed", self.said)


class Simulations(SimStory):
    """A flow of DVSim's: seeds, time and branch are those of the run."""

    def resume(self, *words, code=0):
        done = self.dvsched("resume", "-sr", self.path("out"), "--view", "none", "--explain", *words)
        self.assertEqual(done.code, code, done)
        return done

    def rows(self):
        return {job["id"]: job for job in self.results("out")["jobs"]}

    def test_what_failed_runs_again_with_its_seed(self):
        self.assertEqual(self.run_sim("one.hjson", "-i", "all", "-r", "2").code, 1)
        before = self.rows()
        done = self.resume(code=1)
        after = self.rows()
        self.assertEqual(sorted(before), sorted(after))
        self.assertEqual([i for i, job in after.items() if job["from"]],
                         [i for i, job in before.items() if job["status"] == "PASSED"], done)
        self.assertEqual([j["seed"] for j in before.values()], [j["seed"] for j in after.values()])
        self.assertEqual(self.reports("one-vcs" if self.path("out/main/reports/one-vcs.json").exists() else "one")["passed"],
                         sum(j["status"] == "PASSED" and j["target"] == "run" for j in after.values()))

    def test_a_build_option_takes_the_runs_with_it(self):
        self.assertEqual(self.run_sim("one.hjson", "-i", "good").code, 0)
        self.write("common.hjson", self.path("common.hjson").read_text(encoding="utf-8").replace("define+A", "define+B"))
        done = self.resume()
        self.assertIn("1 command changed", done.out)
        self.assertIn("and 1 that needs it", done.out)

    def test_skip_passed_has_the_seeds_of_the_run(self):
        self.assertEqual(self.run_sim("one.hjson", "-i", "all", "-r", "2").code, 1)
        before, run = self.rows(), self.run_dir("out").name
        self.assertEqual(self.run_sim("one.hjson", "-i", "good", "-r", "3", "--skip-passed", run).code, 0)
        after = self.rows()
        taken = [i for i, job in after.items() if job["from"] == run]
        self.assertEqual(len(taken), len(after) - 1, after)
        for name in taken:
            self.assertEqual(after[name]["seed"], before[name]["seed"])
        done = self.run_sim("one.hjson", "-i", "good", "--skip-passed", "--seed-base", "x")
        self.assertEqual(done.code, 0, done)
        self.assertEqual([j["from"] for j in self.rows().values() if j["target"] == "run"], [None])

    def test_nothing_to_run(self):
        self.assertEqual(self.run_sim("one.hjson", "-i", "good").code, 0)
        self.assertIn("nothing to run", self.resume().err)
