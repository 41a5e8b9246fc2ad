# SPDX-License-Identifier: Apache-2.0
"""What must hold after a run with a fault. tests/e2e/oracle.py tries whether errors are seen."""
import collections
import json
import pathlib
import re
import signal
import zlib
from dataclasses import dataclass

from bed import ENDING

BY_CLASS = (("job", 1), ("infra", 3), ("dependency", 1), ("user", 1), ("none", 1))  # the first that a job has: docs/reference/exit-codes.md
OUTCOMES = {0: "passed", 1: "failed", 3: "infra"}
LOST_CODES = {3, 70}  # the scheduler was killed, or died of a bug


@dataclass(frozen=True)
class Leave:
    """What a fault may change."""

    nothing: bool = False  # verdicts and exit code are those of a run without a fault
    killed: tuple = ()  # who may die of SIGKILL: "guardian", "scheduler"
    memory: bool = False  # it may end with 70: it was out of memory
    deadline: bool = False  # the run may end at its deadline
    mute: bool = False  # its messages may be missing
    journal: bool = False  # so may records, without a message


def gist(out):
    """The messages and causes in an output, or its end."""
    lines = [line for line in out.splitlines() if re.match(r"dvsched: |\d+ jobs? (failed|killed)", line)]
    return (" | ".join(lines) or out.strip())[-500:]


def code_of(jobs):
    """The exit code that these results imply."""
    classes = {job["class"] for job in jobs if job["status"] != "PASSED"}
    return next((code for name, code in BY_CLASS if name in classes), 0)


def check_end(code, out, leave):
    if code is None:
        return "it did not end"
    if code < 0 and not ("guardian" in leave.killed and -code == signal.SIGKILL):
        return f"it died of signal {-code}: {gist(out)}"
    if "Sanitizer" in out or "Assertion" in out:
        return f"a bug of ours: {gist(out)}"
    if code == 70 and not leave.memory:
        return f"exit 70: {gist(out)}"
    if code >= 0 and not out.strip() and not leave.mute:
        return f"exit {code}, and nothing was printed"
    return None


def check_no_results(bed, code, out, leave):
    """Nothing ran, the scheduler or the guardian was killed, or a message says why there are none."""
    if leave.nothing:
        return f"exit {code} and no results.json: {gist(out)}"
    if code < 0 or code == 70:
        return None
    if code == 124 and leave.deadline and re.search("cannot be written|could not be completed|does not answer", out):
        return None  # they needed what was short
    if code == 2:
        return "exit 2, but jobs have run" if bed.has_worked() else None
    says_so = leave.mute or "results.json cannot be written" in out or code == 3 and re.search(r"(?m)^dvsched: (error|the event loop)", out)
    return None if code in (1, 3) and says_so else f"exit {code} and no results.json: {gist(out)}"


def check_jobs(bed, results):
    jobs = {job["id"]: job for job in results["jobs"]}
    if list(jobs) != list(bed.project.ends) and (set(jobs) != set(bed.project.ends) or len(results["jobs"]) != len(jobs)):
        return f"results.json has other jobs: {sorted(set(jobs) ^ set(bed.project.ends))}"
    for name, job in jobs.items():
        wanted = bed.project.ends[name]
        if job["status"] == "PASSED" and wanted != "PASSED":
            return f"false pass: {name}"
        if job["status"] == "PASSED" and bed.project.leaves_traces and name not in bed.has_worked():
            return f"{name} has passed without having worked"
        if job["status"] == "PASSED" and (job["class"] != "none" or not job["from"] and not job["attempts"]):
            return f"{name} has passed, and has {job['class']} as class and {len(job['attempts'])} attempts"
        if job["class"] == "job" and job["status"] != wanted and name not in bed.project.fails_first:
            return f"{name} is said to have failed by itself: {job['status']} {job['reason']}: {job['message']}"
    tally = collections.Counter(job["status"] for job in jobs.values())
    counts = results["counts"]
    if (counts["total"], counts["passed"], counts["failed"], counts["killed"]) != (len(jobs), *(tally[s] for s in ("PASSED", "FAILED", "KILLED"))):
        return f"results.json counts {counts}, and has {dict(tally)}"
    return None


def check_code(results, code, out, leave):
    """Exit code, `run.exit_code`, `run.outcome` and the jobs agree."""
    run, implied = results["run"], code_of(results["jobs"])
    if run["outcome"] == "lost":
        if "scheduler" not in leave.killed and not leave.memory:
            return f"the results are those of a lost scheduler: {gist(out)}"
        return None if run["exit_code"] in LOST_CODES and code in (run["exit_code"], -signal.SIGKILL) else f"exit {code}, outcome lost: {run['exit_code']}"
    if run["outcome"] == "deadline" and leave.deadline:
        return None if run["exit_code"] == code == 124 else f"exit {code} at the deadline, results.json has {run['exit_code']}"
    if (run["outcome"], run["exit_code"]) != (OUTCOMES[implied], implied):
        return f"results.json has the outcome {run['outcome']} and the exit code {run['exit_code']}, its jobs imply {implied}"
    if code in (implied, -signal.SIGKILL):
        return None
    if code == 124 and leave.deadline and "does not answer after the run deadline" in out:
        return None  # after they were written
    if code == 70 and leave.memory or code == 3 and "scheduler" in leave.killed and "was ended by signal 9" in out:
        return None  # likewise
    if (code, implied) == (3, 0) and (leave.mute or re.search("could not be written|cannot be written", out)):
        return None  # reports or the summary are missing
    return f"exit {code}, but results.json implies {implied}: {gist(out)}"


def check_undisturbed(bed, results, code, out):
    """Nothing but messages differs from a run without a fault."""
    if code != bed.project.exit_code:
        return f"exit {code} instead of {bed.project.exit_code}: {gist(out)}"
    for job in results["jobs"]:
        if job["status"] != bed.project.ends[job["id"]]:
            return f"{job['id']} is {job['status']} ({job['reason']}: {job['message']}) instead of {bed.project.ends[job['id']]}"
        if job["class"] == "infra":
            return f"{job['id']} has failed for the reason {job['reason']}: {job['message']}"
        if job["flaky"] and job["id"] not in bed.project.fails_first:  # an attempt that lacked something does not count
            return f"{job['id']} is called flaky: {[(a['reason'], a['message']) for a in job['attempts']]}"
    return None


def check_results(bed, code, out, leave):
    try:
        results = bed.results()
    except ValueError as e:
        return f"results.json cannot be read: {e}"
    if results is None:
        return check_no_results(bed, code, out, leave)
    return check_jobs(bed, results) or check_code(results, code, out, leave) or \
        (check_undisturbed(bed, results, code, out) if leave.nothing else None)


def read_records(text):
    """The records of a journal, and whether all of it is whole but a torn end."""
    found = []
    for line in text.split(b"\n")[:-1]:
        body, mark, crc = line.rpartition(b',"crc"')
        if not mark or crc != b':"%08x"}' % zlib.crc32(body):
            return found, False
        record = json.loads(line)
        if record["seq"] != len(found) + 1:
            return found, False
        found.append(record)
    return found, True


def last_states(records):
    return {record["id"]: record["status"] for record in records if record["ev"] == "job"}


def check_journal(bed, out, leave=Leave()):
    """It can be read, by `dvsched events` and by the rules of its documentation; the results are those that it has."""
    run, results = bed.run_dir(), bed.results()
    if not run:
        return None
    is_off = re.search(r"journal (is off|.*cannot be (written|synced))", out) or leave.journal or leave.mute
    if not (run / "journal.jsonl").exists():
        return None if is_off else "there is no journal, and no message says so"
    text = bed.journal()
    records, is_whole = read_records(text)
    if not is_whole:
        return f"the journal is damaged after record {len(records)}"
    code, printed = bed.call("events", run.name, *bed.place)
    if code != 0 or printed.count("\n") != len(records):
        return f"events: exit {code}, {len(records)} records: {printed.strip()[-200:]}"
    if results and results["run"]["outcome"] != "lost" and not is_off and not leave.killed and not leave.memory:
        if text[-1:] != b"\n" or records[-1]["ev"] != "end":
            return "the run has ended, and its journal does not say so"
    if results and not is_off:
        recorded = last_states(records)
        other = [j["id"] for j in results["jobs"] if recorded.get(j["id"]) != j["status"] and (j["status"] == "PASSED" or recorded.get(j["id"]) == "PASSED")]
        if other:
            return f"the journal has {recorded.get(other[0])} for {other[0]}, results.json does not"
    return None


def find_losses(before, records, after):
    """What was lost: kind -> how many. before, after: results of the run, and after it was resumed; records: of its journal."""
    lost, recorded = collections.Counter(results=int(before is None)), last_states(records)
    if not records:
        lost["runs"] += 1
        return lost
    if before and before["run"]["id"] == after["run"]["id"]:  # all had passed: nothing was resumed
        return lost
    own = {r["id"] for r in records if r["ev"] == "job" and r["status"] in ("FAILED", "KILLED")}
    for job in after["jobs"]:
        if job["id"] not in recorded:
            lost["not started"] += job["reason"] != "dependency"
        elif not job["from"] and job["id"] not in own:
            lost["again"] += 1
    return lost


def find_half_file(bed):
    """A file under its final name that is not complete, or None."""
    for path in sorted(bed.scratch.rglob("*")):
        hidden = [part for part in path.parts if part.startswith(".") and part != ".dvsched"]
        if not path.is_file() or hidden or ".tmp-" in path.name:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            if path.suffix == ".json":
                json.loads(text)
        except ValueError as e:
            return f"{path.name} is not complete: {e}"
        if path.suffix in (".html", ".svg") and not text.rstrip().endswith((f"</{path.suffix[1:]}>")):
            return f"{path.name} is not complete"
    return None


def find_empty_log(bed, results):
    """A job that has passed and whose log does not have its output, or None."""
    for job in results["jobs"]:
        says = bed.project.says.get(job["id"])
        if says and job["status"] == "PASSED" and says not in pathlib.Path(job["log"]).read_text(encoding="utf-8", errors="replace"):
            return f"the log of {job['id']} does not have its output"
    return None


def check_resume(bed, losses):
    """Resumes the run, and compares the verdicts with those of a run without a fault."""
    run, before, text = bed.run_dir(), bed.results(), bed.journal()
    # Without a first record the run has said that its journal is off, or could not be written.
    verb = ["resume", "--run", run.name, "-j", "4"] if run and b"\n" in text else bed.project.words
    code, out = bed.call(*verb, *bed.place, *ENDING)
    if code != bed.project.exit_code:
        return f"{verb[0]}: exit {code}: {gist(out)}"
    after = bed.results()
    statuses = {job["id"]: job["status"] for job in after["jobs"]}
    if statuses != bed.project.ends:
        wrong = sorted(n for n in {**statuses, **bed.project.ends} if statuses.get(n) != bed.project.ends.get(n))
        return f"{verb[0]}: other verdicts: {', '.join(f'{n} {statuses.get(n)}' for n in wrong)}"
    losses.update(find_losses(before, read_records(text)[0], after))
    left = bed.left()
    wrong = find_empty_log(bed, after)
    if wrong:
        return f"{verb[0]}: {wrong}"
    return f"{verb[0]}: processes were left: {', '.join(left)}" if left else None


def judge(bed, code, out, leave=Leave(), losses=None):
    """The error, or None. losses: a Counter, to which is added what was lost."""
    wrong = check_end(code, out, leave)
    if wrong:
        return wrong
    left = bed.left()
    if left:
        return f"processes were left: {', '.join(left)}"
    return check_results(bed, code, out, leave) or check_journal(bed, out, leave) or \
        check_resume(bed, collections.Counter() if losses is None else losses)
