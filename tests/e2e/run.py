# SPDX-License-Identifier: Apache-2.0
"""Stories of `dvsched run`: graphs, verdicts, retries, backends."""

import json
import os
import pathlib
import pty
import resource
import select
import shutil
import subprocess
import sys
import termios
import time

from harness import Story, scheduler_of


def jobs_of(results):
    return {job["id"]: job for job in results["jobs"]}


class Running(Story):
    def test_a_graph_runs_in_order_and_leaves_results(self):
        self.write("a.hjson", """{
          flow: jobs
          name: demo
          passed_links: true
          jobs: [
            { name: "build", command: "echo built > {scratch}/built" }
            { name: "test.{n}", argv: ["cat", "{scratch}/built"], needs: ["build"], sweep: { n: "1..5" } }
            { name: "report", command: "cat {scratch}/demo/test.*/log | grep -c '^built$'", needs_any: ["test.*"] }
          ]
        }""")
        run = self.dvsched("run", "a.hjson")
        self.assertEqual(run.code, 0, run.err)
        self.assertIn("7 jobs", run.out)
        results = self.results()
        self.assertEqual(results["counts"]["passed"], 7)
        with open(jobs_of(results)["report"]["log"]) as log:
            self.assertEqual(log.read().splitlines()[-1], "5")
        self.assertEqual(results["run"]["exit_code"], 0)
        for name in ("build", "test.3", "report"):
            self.assertTrue(os.path.islink(self.path("scratch/demo/passed", name)))

    def test_equal_jobs_start_in_the_order_of_the_file_and_of_the_sweep(self):
        self.config('''{ flow: "jobs", jobs: [
            { name: "z", command: "echo z >> started" }
            { name: "n.{n}", command: "echo {n} >> started", sweep: { n: "8..11" } }
            { name: "a", command: "echo a >> started" } ] }''')
        self.assertEqual(self.dvsched("run", "cfg.hjson", "-j", "1").code, 0)
        self.assertEqual(self.path("started").read_text().split(), ["z", "8", "9", "10", "11", "a"])

    def test_verbose_says_at_once_what_a_job_waits_for(self):
        self.config('''{ flow: "jobs", resources: { LIC: 1 }, jobs: [
            { name: "a", command: "true", resources: { LIC: 1 } }, { name: "b", command: "true", resources: { LIC: 1 } } ] }''')
        text = "'b' waits for LIC: it asks for 1, and 1 of 1 is in use"
        for view in ("none", "plain"):
            self.assertIn(text, self.dvsched("run", "cfg.hjson", "--view", view, "--verbose").err)
            self.assertNotIn("waits", self.dvsched("run", "cfg.hjson", "--view", view).err)

    def test_plain_says_after_a_while_what_a_job_waits_for(self):
        os.mkfifo(self.path("gate"))
        self.config('''{ flow: "jobs", resources: { LIC: 1 }, defaults: { timeout: "20s" }, jobs: [
            { name: "a", command: "read x < gate", resources: { LIC: 1 } }
            { name: "b", command: "true", resources: { LIC: 1 } } ] }''')
        process = self.start("run", "cfg.hjson", "--view", "plain")
        lines = iter(process.stderr.readline, b"")
        self.assertTrue(any(b"'b' waits for LIC: it asks for 1, and 1 of 1 is in use" in line for line in lines))
        self.path("gate").write_text("go\n")
        self.assertEqual(self.finish(process).code, 0)

    def test_a_failed_build_cancels_what_needs_it_and_says_why(self):
        self.write("a.hjson", """{
          flow: jobs
          name: demo
          jobs: [
            { name: "build", command: "echo no rtl; exit 3" }
            { name: "test.{n}", argv: ["true"], needs: ["build"], sweep: { n: "1..20" } }
            { name: "lint", argv: ["true"] }
          ]
        }""")
        run = self.dvsched("run", "a.hjson")
        self.assertEqual(run.code, 1)
        jobs = jobs_of(self.results())
        self.assertEqual(jobs["build"]["status"], "FAILED")
        self.assertEqual(jobs["build"]["reason"], "exit")
        self.assertEqual(jobs["build"]["attempts"][-1]["exit_status"], 3)
        self.assertEqual(jobs["lint"]["status"], "PASSED")
        for n in range(1, 21):
            self.assertEqual(jobs[f"test.{n}"]["status"], "KILLED")
            self.assertEqual(jobs[f"test.{n}"]["reason"], "dependency")
            self.assertEqual(jobs[f"test.{n}"]["cause"], "build")
        self.assertIn("no rtl", run.out)
        self.assertLess(len(run.out.splitlines()), 60)
        self.assertTrue(os.path.islink(self.path("scratch/demo/failed/build")))

    def test_a_closed_stream_is_no_hole_that_files_fall_into(self):
        self.config("""{
          flow: jobs
          name: s
          jobs: [ { name: "a", command: "echo to stdout; echo to stderr >&2" } ]
        }""")
        for streams in ((2,), (0, 1, 2)):
            run = self.dvsched("run", "cfg.hjson", "--view", "plain",
                               preexec_fn=lambda: [os.close(fd) for fd in streams])
            self.assertEqual(run.code, 0, run)
            log = self.path("scratch/s/a/log").read_text()
            self.assertIn("\nto stdout\nto stderr\n", log)

    def test_results_do_not_wait_for_a_terminal_that_is_stopped(self):
        self.config("""{
          flow: jobs
          name: s
          jobs: [ { name: "a", argv: ["true"] } ]
        }""")
        ours, terminal = pty.openpty()
        self.addCleanup(os.close, ours)
        termios.tcflow(terminal, termios.TCOOFF)
        process = self.start("run", "cfg.hjson", "--view", "plain",
                             preexec_fn=lambda: os.dup2(terminal, 2))
        self.addCleanup(os.close, terminal)
        results = self.path("scratch/.dvsched/runs/latest/results.json")
        # The printer gives up after five seconds, and the ending is printed then.
        end = time.monotonic() + 4
        while not results.exists() and time.monotonic() < end:
            self.assertEqual(select.select([process.stdout], [], [], 0.01)[0], [])
        self.assertTrue(results.exists())
        termios.tcflow(terminal, termios.TCOON)
        self.assertEqual(self.finish(process).code, 0)
        self.assertIn(b"legend", os.read(ours, 65536))

    def test_patterns_decide_before_the_exit_status(self):
        self.write("a.hjson", """{
          flow: jobs
          name: p
          jobs: [
            { name: "bad", command: "echo UVM_ERROR x; echo PASS", fail_patterns: ["^UVM_ERROR"] }
            { name: "silent", argv: ["echo", "nothing"], pass_patterns: ["^PASS$"] }
            { name: "good", argv: ["echo", "PASS"], pass_patterns: ["^PASS$"], fail_patterns: ["^UVM_ERROR"] }
            { name: "said", argv: ["true", "PASS"], pass_patterns: ["PASS"] }
          ]
        }""")
        self.assertEqual(self.dvsched("run", "a.hjson").code, 1)
        jobs = jobs_of(self.results())
        self.assertEqual(jobs["bad"]["reason"], "fail_pattern")
        self.assertEqual(jobs["bad"]["message"], "UVM_ERROR x")
        self.assertEqual(jobs["silent"]["reason"], "missing_pattern")
        self.assertEqual(jobs["good"]["status"], "PASSED")
        # A pass pattern that matches the command line in the log is no pass.
        self.assertEqual(jobs["said"]["reason"], "missing_pattern")

    def test_a_retry_that_passes_is_flaky_and_keeps_its_attempts(self):
        self.write("a.hjson", """{
          flow: jobs
          name: r
          jobs: [ { name: "once", command: "test {attempt} = 2", retries: 2 } ]
        }""")
        run = self.dvsched("run", "a.hjson")
        self.assertEqual(run.code, 0, run.err)
        job = jobs_of(self.results())["once"]
        self.assertEqual([a["status"] for a in job["attempts"]], ["FAILED", "PASSED"])
        self.assertTrue(job["flaky"])
        self.assertIn("flaky", run.out)

    def test_a_retry_begins_in_an_empty_directory(self):
        job = 'command: "touch {odir}/of-{attempt}; cd {odir}; ls of-*; test {attempt} = 3", retries: 3'
        one = '{ flow: "jobs", name: "r", jobs: [ { name: "j", %s%s } ] }'
        for settings in ("", ", renew: true"):
            self.write("a.hjson", one % (job, settings))
            for _ in range(2):  # the next run removes directories that an earlier run moved aside
                run = self.dvsched("run", "a.hjson")
                self.assertEqual(run.code, 0, run.err)
                attempts = self.results()["jobs"][0]["attempts"]
                logs = [pathlib.Path(a["log"]).read_text(encoding="utf-8").splitlines() for a in attempts]
                self.assertIn("of-1", logs[0])
                self.assertEqual([log[-1:] + log[-2:-1] for log in logs[1:]], [["of-2", ""], ["of-3", ""]])
                self.assertEqual([os.path.relpath(a["log"], self.path("scratch/r")) for a in attempts],
                                 ["j.attempt-1/log", "j.attempt-2/log", "j/log"])
            self.write("a.hjson", one % ('command: "true"', settings))
            self.assertEqual(self.dvsched("run", "a.hjson").code, 0)
            self.assertEqual([n for n in os.listdir(self.path("scratch/r")) if "attempt" in n], [])

    def test_a_retry_may_reuse_the_directory(self):
        self.write("a.hjson", """{
          flow: jobs
          name: r
          jobs: [
            { name: "j", command: "echo try {attempt}; touch {odir}/of-{attempt}; test -e {odir}/of-1 -a {attempt} = 2"
              retries: { reuse: true } }
          ]
        }""")
        run = self.dvsched("run", "a.hjson")
        self.assertEqual(run.code, 0, run.err)
        attempts = self.results()["jobs"][0]["attempts"]
        self.assertEqual([pathlib.Path(a["log"]).read_text(encoding="utf-8").splitlines()[-1] for a in attempts],
                         ["try 1", "try 2"])
        self.assertEqual(sorted(os.listdir(self.path("scratch/r/j"))), ["log", "log.attempt-1", "of-1", "of-2"])

    def test_a_deadline_ends_the_job_and_its_whole_tree(self):
        self.write("a.hjson", """{
          flow: jobs
          name: t
          jobs: [ { name: "hang", command: "setsid sleep 1000 & sleep 1000", timeout: "0.2s", grace: "0.2s" } ]
        }""")
        run = self.dvsched("run", "a.hjson")
        self.assertEqual(run.code, 1)
        job = jobs_of(self.results())["hang"]
        self.assertEqual((job["status"], job["reason"]), ("KILLED", "timeout"))

    def test_a_command_without_a_configuration(self):
        run = self.dvsched("run", "--", "sh", "-c", "echo hello; exit 4")
        self.assertEqual(run.code, 1)
        self.assertIn("hello", run.out)
        self.assertEqual(self.results()["jobs"][0]["attempts"][0]["exit_status"], 4)

    def test_a_program_that_cannot_be_started_fails_its_job_with_or_without_a_shell(self):
        self.write("plain", "echo not executable")
        self.config("""{
          flow: jobs
          name: s
          jobs: [
            { name: "nowhere", command: "./nowhere" }
            { name: "nowhere.sh", command: "./nowhere;" }
            { name: "plain", command: "./plain" }
            { name: "plain.sh", command: "./plain;" }
            { name: "unknown", argv: ["no-such-command-at-all"] }
            { name: "unknown.sh", command: "no-such-command-at-all;" }
          ]
        }""")
        run = self.dvsched("run", "cfg.hjson", "--show-failures", "all")
        self.assertEqual(run.code, 1, run)
        for name, job in jobs_of(self.results()).items():
            self.assertEqual((job["status"], job["reason"]), ("FAILED", "exit"), job)
            self.assertEqual(job["attempts"][0]["exit_status"], 126 if "plain" in name else 127, job)
            program = name.split(".")[0].replace("unknown", "no-such-command-at-all")
            self.assertIn(program, self.path(job["log"]).read_text().split("\n\n", 1)[1])
        self.assertIn("127: command not found: 'no-such-command-at-all'", run.out)
        self.assertEqual(self.dvsched("run", "--", "no-such-command-at-all").code, 1)

    def test_a_script_without_a_first_line_runs_as_the_shell_runs_it(self):
        self.write("script", 'echo "$0 $1"', 0o755)
        self.config("""{
          flow: jobs
          name: s
          jobs: [
            { name: "direct", command: "./script 'a  b'" }
            { name: "shell", command: "./script 'a  b';" }
            { name: "found", command: "script 'a  b'", env: { PATH: "%s:/usr/bin:/bin" } }
            { name: "argv", argv: ["./script"] }
          ]
        }""" % self.dir)
        self.assertEqual(self.dvsched("run", "cfg.hjson").code, 1)
        logs = {name: self.path("scratch/s", name, "log").read_text().split("\n\n", 1)[1]
                for name in ("direct", "shell", "found", "argv")}
        self.assertEqual(logs, {"direct": "./script a  b\n", "shell": "./script a  b\n",
                                "found": f"{self.dir}/script a  b\n",
                                "argv": "dvsched: neither a program nor a script with '#!': './script'\n"})

    def test_a_job_has_the_descriptor_limit_that_we_were_given(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        mine = min(soft, 200) if hard > 200 else soft
        process = self.start("run", "--", "sh", "-c", "ulimit -Sn; ulimit -Hn",
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (mine, hard)))
        self.assertEqual(self.finish(process).code, 0)
        log = pathlib.Path(self.results()["jobs"][0]["log"]).read_text(encoding="utf-8")
        self.assertEqual(log.split()[-2:], [str(mine), str(hard)])

    def test_makeflags_do_not_reach_a_job(self):
        self.write("a.hjson", """{
          flow: jobs
          name: e
          jobs: [ { name: "env", argv: ["env"], env: { ONE: "1" }, dump_env: true } ]
        }""")
        self.assertEqual(self.dvsched("run", "a.hjson", env={"MAKEFLAGS": "-j9"}).code, 0)
        with open(self.path("scratch/e/env/log")) as log:
            lines = log.read().splitlines()
        self.assertNotIn("MAKEFLAGS=-j9", lines)
        self.assertIn("ONE=1", lines)
        self.assertIn("DVSCHED_JOB=env", lines)
        self.assertEqual(self.path("scratch/e/env/env_vars").stat().st_mode & 0o777, 0o600)  # it may hold passwords
        with open(self.path("scratch/e/env/env_vars")) as env_vars:
            dumped = env_vars.read().splitlines()
        self.assertIn("ONE=1", dumped)
        self.assertEqual(dumped, sorted(dumped))

    def test_files_of_an_attempt_replace_those_of_the_one_before(self):
        self.config("""{ flow: "jobs", name: "e", jobs: [ { name: "a", retries: { max: 1, reuse: true },
            command: "ln $DVSCHED_ODIR/env_vars kept && chmod 644 kept; exit $((DVSCHED_ATTEMPT - 2))", dump_env: true } ] }""")
        done = self.dvsched("run", "cfg.hjson")
        self.assertEqual(done.code, 0, done)
        env_vars = self.path("scratch/e/a/env_vars")
        self.assertIn("DVSCHED_ATTEMPT=1\n", self.path("kept").read_text(encoding="utf-8"))  # as an archive made with cp -al
        self.assertIn("DVSCHED_ATTEMPT=2\n", env_vars.read_text(encoding="utf-8"))
        self.assertEqual(env_vars.stat().st_mode & 0o777, 0o600)

    def test_a_relative_program_is_that_of_the_jobs_own_directory(self):
        for name in ("a", "b"):
            self.path(name).mkdir()
            self.write(f"{name}/x", f"#!/bin/sh\necho program of {name}\n", 0o755)
        for word, path in (("./x", ""), ("x", ".:/usr/bin:/bin")):
            jobs = "\n".join('{ name: "%s", cwd: "%s", argv: ["%s"]%s }' % (
                job, name, word, f', env: {{ PATH: "{path}" }}' if path else "")
                for job, name in (("first", "a"), ("second", "b")))
            self.config('{ flow: "jobs", name: "s", jobs: [ %s ] }' % jobs)
            done = self.dvsched("run", "cfg.hjson", "-j", "1")
            self.assertEqual(done.code, 0, done)
            for job, name in (("first", "a"), ("second", "b")):
                log = self.path("scratch/s", job, "log").read_text(encoding="utf-8")
                self.assertIn(f"program of {name}\n", log)

    def test_two_runs_at_once_in_one_scratch_path_do_not_mix(self):
        self.write("a.hjson", """{
          flow: jobs
          name: l
          jobs: [ { name: "wait", command: "echo up > events; read x < go" } ]
        }""")
        events, go = self.fifo(), self.fifo("go")
        first = self.start("run", "a.hjson")
        self.assertEqual(events.line(), "up")
        self.assertTrue(self.path("scratch/l/wait/log").exists())
        second = self.dvsched("run", "a.hjson")
        self.assertEqual(second.code, 3, second)
        self.assertIn(str(scheduler_of(first)), second.err)
        os.write(go.fd, b"go\n")
        self.assertEqual(self.finish(first).code, 0)


class BareSystem(Story):
    """A mount namespace that lacks some files. The stories are skipped if it cannot be made."""

    def run_without(self, path):
        self.write("a.hjson", '{ flow: "jobs", name: "demo", jobs: [{ name: "a", command: "true" }] }')
        hide = ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs x {path} && exec "$@"', "sh"]
        if subprocess.run(hide + ["true"], capture_output=True, check=False).returncode:
            self.skipTest("no mount namespaces here")
        done = subprocess.run(hide + [self.binary, "run", "a.hjson"], cwd=self.dir, env=self.environ(),
                              capture_output=True, text=True, check=False)
        if "LeakSanitizer" not in done.stderr:  # which does not work, or prints messages, without /proc
            self.assertEqual(done.returncode, 3, done)
        self.assert_left_nothing()
        return done.stderr

    def test_proc_is_missing(self):
        self.assertIn("Mount /proc", self.run_without("/proc"))

    def test_dev_null_is_missing(self):
        self.assertIn("/dev/null cannot be used", self.run_without("/dev"))


class LongNames(Story):
    """A job's name of the greatest length: files that are moved aside for it get shorter names."""

    def test_runs_again_renewed_and_retried(self):
        for name, more in (("p" * 255, ""), ("r" * 245, "renew: true"), ("€" * 85, "renew: true, retries: 2"),
                           ("t" * 255, "retries: 1"), ("u" * 255, "retries: { max: 1, reuse: true }")):
            self.config('{ flow: "jobs", name: "long", passed_links: true, jobs: [{ name: "%s", command: "test {attempt} -gt %d", %s }] }'
                        % (name, "retries" in more, more))
            for _ in range(3):
                done = self.dvsched("run", "cfg.hjson")
                self.assertEqual((done.code, "warning" in done.err), (0, False), done)
                job, = self.results()["jobs"]
                for attempt in job["attempts"]:
                    self.assertTrue(self.path(attempt["log"]).is_file(), attempt)
                self.assertTrue(self.path("scratch/long/passed", name).is_symlink())

    def test_a_configuration_may_be_called_so(self):
        self.config('{ flow: "jobs", name: "%s", jobs: [{ name: "a", command: "true", renew: true }] }' % ("c" * 255))
        for _ in range(2):
            self.assertEqual(self.dvsched("run", "cfg.hjson", "--instrument", "all").code, 0)


class FullDisk(Story):
    """A small disk in a mount namespace. The stories are skipped if it cannot be made."""

    def run_on_small_disk(self, *options):
        """Returns the jobs of the results, and the files of the run's directory."""
        probe = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "x", self.dir],
                               capture_output=True, check=False)
        if probe.returncode:
            self.skipTest("no mount namespaces here")
        self.path("disk").mkdir(exist_ok=True)
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=512k x disk && "
             '"$@" -sr disk/s --view none; '
             "cp disk/s/.dvsched/runs/latest/results.json . && ls -A disk/s/.dvsched/runs/latest",
             "sh", self.binary, "run", "a.hjson", *options],
            cwd=self.dir, env=self.environ(), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done)
        return jobs_of(json.loads(self.path("results.json").read_text(encoding="utf-8"))), done.stdout

    def test_a_disk_that_jobs_filled_still_takes_the_results(self):
        self.write("a.hjson", """{
          flow: jobs
          name: full
          jobs: [
            { name: "flood", command: "head -c 4000000 /dev/zero > {odir}/zeros" }
            { name: "after.{n}", argv: ["true"], needs_any: ["flood", "ok"], sweep: { n: "1..20" } }
            { name: "ok", argv: ["true"] }
          ]
        }""")
        jobs, files = self.run_on_small_disk("-j", "1", "--min-free-space", "0")
        self.assertNotIn(".reserve", files)
        self.assertEqual(len(jobs), 22)
        self.assertEqual(jobs["flood"]["status"], "FAILED")

    def test_a_log_that_had_no_room_makes_no_pass(self):
        """The job ignores errors of write()."""
        fill = "yes | head -c 4000000"
        for end, patterns, expected in (
                ("echo UVM_ERROR; exit 0", 'fail_patterns: ["^UVM_ERROR"]', ("FAILED", "log_unreadable")),
                ("echo good; exit 0", 'pass_patterns: ["^good"]', ("FAILED", "log_unreadable")),
                ("exit 0", 'pass_patterns: ["^y"]', ("PASSED", "none")),  # the missing part changes nothing
                ("exit 0", "", ("PASSED", "none")),  # its log does not decide
                ("exit 3", 'fail_patterns: ["^UVM_ERROR"]', ("FAILED", "exit"))):
            self.config(f"""{{ flow: "jobs", name: "full", jobs: [
              {{ name: "a", command: "{fill}; {end}", {patterns} }} ] }}""", "a.hjson")
            jobs, _ = self.run_on_small_disk()
            self.assertEqual((jobs["a"]["status"], jobs["a"]["reason"]), expected, end)

    def test_a_limit_on_the_size_of_files_is_a_full_disk(self):
        """Python ignores SIGXFSZ, as others do."""
        self.write("job.py", "import os\nfor n in range(100):\n    try:\n        os.write(1, b'x' * 9999 + b'\\n')\n"
                             "    except OSError:\n        pass\n")
        self.write("a.hjson", """{ flow: "jobs", name: "limit", jobs: [
          { name: "a", argv: ["%s", "job.py"], fail_patterns: ["UVM_ERROR"] } ] }""" % sys.executable)
        done = self.dvsched("run", "a.hjson", "--view", "none",
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500000, 500000)))
        self.assertEqual(done.code, 3, done)
        self.assertEqual(jobs_of(self.results())["a"]["reason"], "log_unreadable")


class FewProcesses(Story):
    """ulimit -u: slots are processes, too. Root is not limited, so the run is another user's."""

    USER = 54377

    def become(self):
        resource.setrlimit(resource.RLIMIT_NPROC, (12, 12))
        os.setgroups([])
        os.setgid(self.USER)
        os.setuid(self.USER)

    def run_as_user(self, jobs, between=None):
        """Sixty jobs, as a user without other processes; between() is called while the first job waits."""
        if os.geteuid() != 0:
            self.skipTest("needs root, to be a user without other processes")
        shutil.copy(self.binary, self.path("dvsched"))
        self.binary = str(self.path("dvsched"))
        told, go = self.fifo("told"), self.fifo("go")
        for fifo in told, go:
            os.chown(fifo.path, self.USER, self.USER)
        self.config("""{ flow: "jobs", name: "few", jobs: [
          { name: "first", command: "echo runs > told; read x < go", timeout: "20s" }
          { name: "j{n}", %s, sweep: { n: "1..60" }, timeout: "20s", needs: ["first"] } ] }""" % jobs)
        os.chown(self.dir, self.USER, self.USER)
        process = self.start("run", "cfg.hjson", "--view", "none", "-j", "30", preexec_fn=self.become)
        self.assertEqual(told.line(), "runs")
        if between:
            between()
        os.write(go.fd, b"go\n")
        done = self.finish(process)
        self.assertEqual(done.code, 0, done)
        jobs = jobs_of(self.results())
        self.assertEqual({job["status"] for job in jobs.values()}, {"PASSED"})
        self.assertEqual({a["reason"] for job in jobs.values() for a in job["attempts"]} - {"launch"}, {"none"})
        return done.err

    def test_a_limit_on_processes_slows_a_run_and_fails_nothing(self):
        """Some processes are left for jobs that start processes."""
        err = self.run_as_user('command: "(true); (true); true"')
        self.assertRegex(err, r"warning: only 2 jobs run at a time: \d+ more processes may be created \(limited by ulimit -u, ")
        self.assertNotIn("cannot create a process", err)

    def test_processes_that_others_take_slow_a_run_and_fail_nothing(self):
        others = []

        def take():
            for _ in range(7):  # the other five are the run's
                others.append(subprocess.Popen(["sleep", "1000"], env=self.environ(), preexec_fn=self.become))

        def give_back():
            for other in others:
                other.kill()
                other.wait()

        self.addCleanup(give_back)
        self.assertIn("cannot create a process for a job", self.run_as_user('argv: ["true"]', take))


class CutLog(Story):
    # Until the slot, which sleeps between checks, has slept again.
    SCRIPT = """start=$(stat -c %s $DVSCHED_ODIR/log); echo UVM_ERROR
slept() { awk '/^voluntary/ { print $2 }' /proc/$PPID/status; }
enough=$(($(slept) + 3)); while [ "$(slept)" -lt $enough ]; do :; done
truncate -s $start $DVSCHED_ODIR/log
"""

    def test_an_error_that_was_cut_out_of_the_log_is_no_pass(self):
        self.config("""{ flow: "jobs", name: "demo", jobs: [
          { name: "a", argv: ["sh", "job.sh"], fail_patterns: ["UVM_ERROR"], timeout: "20s" } ] }""")
        self.write("job.sh", self.SCRIPT)
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(done.code, 3, done)
        self.assertEqual(jobs_of(self.results())["a"]["reason"], "log_unreadable")


class Backends(Story):
    CONFIG = """{
      flow: jobs
      name: mixed
      jobs: [
        { name: "build.{n}", command: "echo really >> {cfg_dir}/built", sweep: { n: "1..3" } }
        { name: "run.{n}", command: "echo really >> {cfg_dir}/ran", needs: ["build.{n}"], sweep: { n: "1..3" } }
      ]
    }"""

    def count(self, name):
        try:
            with open(self.path(name)) as lines:
                return len(lines.readlines())
        except FileNotFoundError:
            return 0

    def test_fake_builds_and_local_runs_in_one_graph(self):
        self.write("a.hjson", self.CONFIG)
        run = self.dvsched("run", "a.hjson", "--backend-for", "build*=fake")
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual((self.count("built"), self.count("ran")), (0, 3))
        backends = {job["id"]: job["backend"] for job in self.results()["jobs"]}
        self.assertEqual(backends["build.1"], "fake")
        self.assertEqual(backends["run.1"], "local")

    def test_local_builds_and_fake_runs_in_one_graph(self):
        self.write("a.hjson", self.CONFIG)
        run = self.dvsched("run", "a.hjson", "--fake", "--backend-for", "build*=local")
        self.assertEqual(run.code, 0, run.err)
        self.assertEqual((self.count("built"), self.count("ran")), (3, 0))

    def test_a_jobs_own_key_names_its_backend(self):
        self.write("a.hjson", self.CONFIG.replace('name: "run.{n}",', 'name: "run.{n}", backend: "fake",'))
        self.assertEqual(self.dvsched("run", "a.hjson").code, 0)
        self.assertEqual((self.count("built"), self.count("ran")), (3, 0))

    def test_a_backend_that_does_not_exist_is_named_with_its_place(self):
        self.write("a.hjson", self.CONFIG.replace('name: "run.{n}",', 'name: "run.{n}", backend: "lokal",'))
        run = self.dvsched("run", "a.hjson")
        self.assertEqual(run.code, 2)
        self.assertRegex(run.err, r"a\.hjson:6:\d+: error: .*lokal")
        self.assert_left_nothing()

    def test_a_pause_before_a_retry_passes_in_virtual_time(self):
        self.write("a.hjson", """{
          flow: jobs
          name: v
          backends: { fake: { outcomes: { "a": "fail" } } }
          jobs: [ { name: "a", argv: ["true"], retries: { max: 2, backoff: "1m" } } ]
        }""")
        run = self.dvsched("run", "a.hjson", "--fake")
        self.assertEqual(run.code, 1, run.err)
        self.assertEqual(len(jobs_of(self.results())["a"]["attempts"]), 3)
        self.assertAlmostEqual(self.results()["run"]["duration_s"], 60 + 120 + 3)

    def test_fake_settings_script_outcomes(self):
        self.write("a.hjson", """{
          flow: jobs
          name: s
          backends: { fake: { outcomes: { "t.2": "fail" }, duration: "1h" } }
          jobs: [ { name: "t.{n}", argv: ["true"], sweep: { n: "1..3" } } ]
        }""")
        run = self.dvsched("run", "a.hjson", "--fake")
        self.assertEqual(run.code, 1, run.err)
        jobs = jobs_of(self.results())
        self.assertEqual([jobs[f"t.{n}"]["status"] for n in (1, 2, 3)], ["PASSED", "FAILED", "PASSED"])
        self.assertAlmostEqual(jobs["t.1"]["attempts"][0]["duration_s"], 3600, delta=1)


class Output(Story):
    CONFIG = """{
      flow: jobs
      name: o
      jobs: [ { name: "t.{n}", argv: ["true"], sweep: { n: "1..200" } } ]
    }"""

    def test_a_reader_that_goes_away_does_not_end_the_run(self):
        self.write("a.hjson", self.CONFIG)
        process = self.start("run", "a.hjson", "--view", "plain", "-pi", "0")
        process.stdout.close()
        process.stderr.close()
        self.assertEqual(process.wait(), 0)
        self.assertEqual(self.results()["counts"]["passed"], 200)

    def test_no_escape_sequences_without_a_terminal(self):
        self.write("a.hjson", self.CONFIG)
        run = self.dvsched("run", "a.hjson", "--view", "plain", "-pi", "0")
        self.assertNotIn("\033", run.out + run.err)
        self.assertRegex(run.err, r"T: +200\] 100%")
