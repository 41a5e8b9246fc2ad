# SPDX-License-Identifier: Apache-2.0
"""What the runs of scripts/faults run, and how it ends without a fault."""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PASSES = [f"p{i}" for i in range(8)] + ["c1", "c2", "c3", "flaky", "child", "needs-p", "long"]
FAILS = ["exit", "pattern", "missing"]
ENDS = {**{name: "PASSED" for name in PASSES}, **{name: "FAILED" for name in FAILS}, "needs-f": "KILLED", "time": "KILLED"}


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


class Jobs:
    """20 jobs, some of which fail."""

    name, ends, exit_code = "jobs", ENDS, 1
    says = {f"p{i}": "work\n" for i in range(8)}
    leaves_traces = True  # each job that works writes its name into $RAN
    fails_first = {"flaky"}  # their first attempt
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

    name, exit_code, leaves_traces, fails_first = "sim", 0, False, ()
    ends = dict.fromkeys(["one:default", "one:0.good.1", "one:cov_merge", "one:cov_report"], "PASSED")
    words = ["run", "one.hjson", "-i", "good", "--cov", "-pr", ".", "-br", "main", "-j", "4", "--fixed-seed", "1"]

    @staticmethod
    def write(folder):
        sys.path.insert(0, str(ROOT / "tests/e2e"))
        import sim_project  # pylint: disable=import-outside-toplevel
        for name, text in (("sim.mk", sim_project.MAKEFILE), ("sim.sh", sim_project.SIMULATOR), ("common.hjson", sim_project.COMMON),
                           ("report.sh", sim_project.REPORT),
                           ("one.hjson", '{ name: "one", import_cfgs: ["{proj_root}/common.hjson"] }')):
            (folder / name).write_text(text, encoding="utf-8")


PROJECTS = {project.name: project for project in (Jobs, Good, Sim)}
