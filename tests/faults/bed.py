# SPDX-License-Identifier: Apache-2.0
"""One run of 20 jobs with one fault, and what must hold afterwards. scripts/faults uses it.

Whatever fails, a run must end, leave no process, tell with its exit code and with results.json the same, call no job passed
that has not, keep a journal that can be read, and `dvsched resume` must then reach the verdicts of an undisturbed run.
"""
import json
import os
import pathlib
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COOKIE = "DVSCHED_TEST_ID"
ROLES = ["guardian", "scheduler", "slot", "clerk"]
PATIENCE_S = 60  # times 30 s: the limit of a run, also on a busy machine
PASSES = [f"p{i}" for i in range(8)] + ["c1", "c2", "c3", "flaky", "child", "needs-p", "long"]
FAILS = ["exit", "pattern", "missing"]
ENDS = {**{name: "PASSED" for name in PASSES}, **{name: "FAILED" for name in FAILS}, "needs-f": "KILLED", "time": "KILLED"}
EXITS = {0, 1, 2, 3, 70, 124}


def jobs_config():
    """20 jobs, some of which fail. Each writes its name into $RAN when it has done its work, so that a pass without work is seen."""
    done = "echo $DVSCHED_JOB >> $RAN"
    jobs = [{"name": f"p{i}", "command": f"echo work; {done}"} for i in range(8)]
    jobs += [{"name": "c1", "command": done}, {"name": "c2", "command": done, "needs": ["c1"]},
             {"name": "c3", "command": done, "needs": ["c2"]},
             {"name": "flaky", "command": f"test -e $RAN.flaky || {{ touch $RAN.flaky; exit 1; }}; {done}", "retries": 1},
             {"name": "child", "command": f"sleep 1000 & {done}"},
             {"name": "needs-p", "command": done, "needs": ["p0", "flaky"]},
             {"name": "long", "command": f"sleep 0.2; {done}"},
             {"name": "exit", "command": "exit 3"},
             {"name": "pattern", "command": f"echo UVM_ERROR here; {done}", "fail_patterns": ["^UVM_ERROR"]},
             {"name": "missing", "command": f"echo nothing; {done}", "pass_patterns": ["^TEST PASSED"]},
             {"name": "time", "command": "sleep 1000", "timeout": "0.3s"},
             {"name": "needs-f", "command": done, "needs": ["exit"]}]
    return {"flow": "jobs", "name": "n", "jobs": jobs}


def call_names():
    text = (ROOT / "tests/faults/inject.c").read_text(encoding="utf-8")
    return re.findall(r"X\((\w+)\)", text.split("#define CALLS(X)")[1].split("enum call")[0])


class Counts:
    """How often each kind of process made each call: shared with the preloaded library."""

    def __init__(self, path):
        self.path, self.names = path, call_names()
        self.format = f"{len(ROLES) * len(self.names) + 1}L"
        path.write_bytes(bytes(struct.calcsize(self.format)))

    def read(self):
        numbers = struct.unpack(self.format, self.path.read_bytes())
        n = len(self.names)
        return {(role, name): numbers[r * n + i] for r, role in enumerate(ROLES) for i, name in enumerate(self.names)}


class Jobs:
    """The jobs of a bed: 20 jobs, some of which fail."""

    name, ends, exit_code = "jobs", ENDS, 1
    words = ["run", "cfg.hjson", "-j", "4"]

    @staticmethod
    def write(folder):
        (folder / "cfg.hjson").write_text(json.dumps(jobs_config()), encoding="utf-8")


class Good(Jobs):
    """A few jobs that pass, with links, a retry and measurements: an undisturbed run exits with 0."""

    name, exit_code = "good", 0
    ends = dict.fromkeys(["a", "b", "flaky", "long"], "PASSED")
    words = ["run", "cfg.hjson", "-j", "4", "--instrument", "timing"]

    @staticmethod
    def write(folder):
        jobs = [job for job in jobs_config()["jobs"] if job["name"] in ("flaky", "p0", "c1", "long")]
        for job, name in zip(jobs, ("a", "b", "flaky", "long")):
            job["name"] = name
        jobs[3]["command"] = jobs[3]["command"].replace("0.2", "1.1")  # so that it has a link in running/
        config = {"flow": "jobs", "name": "n", "passed_links": True, "jobs": jobs}
        (folder / "cfg.hjson").write_text(json.dumps(config), encoding="utf-8")


class Sim(Jobs):
    """A simulation of DVSim's with coverage and reports; all pass."""

    name, exit_code, ends = "sim", 0, None
    words = ["run", "one.hjson", "-i", "good", "--cov", "-pr", ".", "-br", "main", "-j", "4"]

    @staticmethod
    def write(folder):
        sys.path.insert(0, str(ROOT / "tests/e2e"))
        import sim_project  # pylint: disable=import-outside-toplevel
        for name, text in (("sim.mk", sim_project.MAKEFILE), ("sim.sh", sim_project.SIMULATOR), ("common.hjson", sim_project.COMMON),
                           ("report.sh", sim_project.REPORT),
                           ("one.hjson", '{ name: "one", import_cfgs: ["{proj_root}/common.hjson"] }')):
            (folder / name).write_text(text, encoding="utf-8")


PROJECTS = {project.name: project for project in (Jobs, Good, Sim)}


class Bed:
    """A directory with the configuration. Use it in a with statement."""

    def __init__(self, binary, inject, project=Jobs):
        self.binary, self.inject, self.project = str(binary), str(inject), project
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="dvsched-faults-"))
        self.cookie = self.dir.name
        project.write(self.dir)
        self.ran, self.trace = self.dir / "ran", self.dir / "trace"
        self.counts = Counts(self.dir / "counts")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill_all()
        shutil.rmtree(self.dir, ignore_errors=True)

    def environ(self, fault=None, is_counted=False, is_traced=False):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.dir), COOKIE: self.cookie, "RAN": str(self.ran), "TERM": "dumb"}
        if fault or is_counted:
            env.update(LD_PRELOAD=self.inject, DVSCHED_FAULT_COUNTS=str(self.counts.path))
        if fault:
            env["DVSCHED_FAULT"] = fault
        if is_traced:
            env["DVSCHED_FAULT_TRACE"] = str(self.trace)
        return env

    def start(self, *args, **environ):
        return subprocess.Popen([self.binary, *args], cwd=self.dir, env=self.environ(**environ), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                start_new_session=True)

    def finish(self, process):
        """Its exit code, or None if it did not end, and its output."""
        try:
            out = process.communicate(timeout=PATIENCE_S)[0]
            return process.returncode, out
        except subprocess.TimeoutExpired:
            self.kill_all()
            return None, process.communicate()[0]

    def run(self, **environ):
        return self.finish(self.start(*self.project.words, "--view", "none", "--grace", "1s", **environ))

    def pids(self):
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                environ = pathlib.Path("/proc", entry, "environ").read_bytes()
            except OSError:
                continue
            if f"{COOKIE}={self.cookie}".encode() in environ.split(b"\0"):
                found.append(int(entry))
        return found

    def run_dir(self):
        """The file of the newest run, also if the link `latest` could not be made."""
        runs = self.dir / "scratch/.dvsched/runs"
        if (runs / "latest").exists():
            return (runs / "latest").resolve()
        names = sorted(p.name for p in runs.iterdir() if p.name[0] != "." and p.name != "latest") if runs.exists() else []
        return runs / names[-1] if names else None

    def kill_all(self):
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def results(self):
        path = self.run_dir() and self.run_dir() / "results.json"
        return json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else None

    def has_worked(self):
        return set(self.ran.read_text(encoding="utf-8").split()) if self.ran.exists() else set()


def describe(pid):
    try:
        status = pathlib.Path("/proc", str(pid), "status").read_text(encoding="ascii", errors="replace")
        command = pathlib.Path("/proc", str(pid), "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return f"{pid} (gone)"
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return f"{pid} {command.strip() or fields['Name']} (state {fields['State'][0]}, parent {fields['PPid']})"


def is_left(bed):
    """Processes that exist 2 s after the end. A slow machine gets more time while their number decreases."""
    end = time.monotonic() + 10
    while (left := bed.pids()) and time.monotonic() < end:
        for pid in left:
            try:
                fd = os.pidfd_open(pid)
            except OSError:
                continue
            with os.fdopen(fd) as file:
                select.select([file], [], [], 0.2)
    return left


def check_results(bed, code, out, is_mute):
    """The error in results and exit code, or None. is_mute: standard error could not be written."""
    results = bed.results()
    if results is None:
        is_reported = is_mute or "results.json cannot be written" in out
        return None if code in (2, 3, 70) or code < 0 or (code == 1 and is_reported) else f"exit {code} and no results.json"
    statuses = {job["id"]: job["status"] for job in results["jobs"]}
    for name, status in statuses.items():
        if status == "PASSED" and bed.project.ends and bed.project.ends[name] != "PASSED":
            return f"false pass: {name}"
        if status == "PASSED" and bed.project.ends and name not in bed.has_worked():
            return f"{name} has passed without having worked"
    if code == 0 and (bed.project.exit_code or set(statuses.values()) != {"PASSED"}):
        return "exit 0 although jobs have failed"
    if code not in EXITS and code is not None and code >= 0:
        return f"exit {code}"
    if code in (0, 1) and not out.strip() and not is_mute:
        return "nothing was printed"
    return None


def check_journal(bed, out):
    run = bed.run_dir()
    if not run or not (run / "journal.jsonl").exists() and "journal is off" in out:
        return None
    code, printed = bed.finish(bed.start("events", run.name))
    return None if code == 0 else f"events: exit {code}: {printed.strip()[-200:]}"


def check_resume(bed):
    """Resumes the run, and compares the verdicts with those of a run without a fault."""
    run = bed.run_dir()
    # Without a first record the run has said that its journal is off, or could not be written.
    has_record = run and (run / "journal.jsonl").exists() and b"\n" in (run / "journal.jsonl").read_bytes()
    verb = ["resume", "--run", run.name, "-j", "4"] if has_record else bed.project.words
    code, out = bed.finish(bed.start(*verb, "--view", "none", "--grace", "1s"))
    if code != bed.project.exit_code:
        return f"{verb[0]}: exit {code}: {out.strip()[-300:]}"
    statuses = {job["id"]: job["status"] for job in bed.results()["jobs"]}
    ends = bed.project.ends or dict.fromkeys(statuses, "PASSED")
    wrong = sorted(name for name, status in ends.items() if statuses.get(name) != status)
    return f"{verb[0]}: other verdicts: {', '.join(f'{n} {statuses.get(n)}' for n in wrong)}" if wrong else None


def judge(bed, code, out, is_mute=False):
    """The oracle: the error, or None."""
    if code is None:
        return "it did not end"
    if code < 0 and -code not in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        return f"it died of signal {-code}: {out.strip()[-300:]}"
    if "Sanitizer" in out or "Assertion" in out:
        return f"a bug of ours: {out.strip()[-400:]}"
    left = is_left(bed)
    if left:
        return f"processes were left: {', '.join(map(describe, left))}"
    return check_results(bed, code, out, is_mute) or check_journal(bed, out) or check_resume(bed)
