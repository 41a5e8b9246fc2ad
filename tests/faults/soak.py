# SPDX-License-Identifier: Apache-2.0
"""One long run of bad jobs. Memory, descriptors and zombies of dvsched's processes are counted, and must not grow."""
import collections
import json
import os
import pathlib
import time

from kinds import Kind
from oracle import Leave, check_journal
from projects import Jobs

BAD = {"daemon": "setsid sh -c 'sleep 1000 & sleep 1000' & exit 0", "flood": "yes | head -c 3000000", "over": "yes",
       "deaf": "trap '' TERM; sleep 1000", "crash": "kill -SEGV $$", "stop": "kill -STOP $$", "slot": "kill -9 $PPID",
       "chain": "sh -c 'sh -c \"sh -c true &\" &' & exit 3", "hard": "exit 1", "good": "echo TEST PASSED", "quick": "true"}
KEYS = {"over": {"max_log": "2M"}, "deaf": {"timeout": "0.2s"}, "stop": {"timeout": "0.2s"}, "hard": {"retries": 1},
        "flood": {"fail_patterns": ["^UVM_ERROR"]}, "good": {"pass_patterns": ["^TEST PASSED"]}}
PASSES = {"daemon", "flood", "good", "quick"}
N_PER_SECOND = 40  # of each, more than fit into the time: the run is ended by its deadline
SLACK = {"memory": 4096, "descriptors": 8, "zombies": 4}  # KiB; how much more the last third may have than the second
PER_JOURNAL = 2  # and so many times as much memory as the journal has grown: results are kept until the end


class BadJobs(Jobs):
    """More of them than fit into the time."""

    name, exit_code = "soak", 124

    def __init__(self, seconds):
        self.seconds = seconds
        self.words = ["run", "cfg.hjson", "-j", "8", "--view", "none", "--grace", "0.1s", "--run-deadline", f"{seconds}s"]

    def write(self, folder):  # pylint: disable=arguments-differ
        jobs = [{"name": f"{name}.{n}", "command": command, **KEYS.get(name, {})}
                for n in range(self.seconds * N_PER_SECOND) for name, command in BAD.items()]
        (folder / "cfg.hjson").write_text(json.dumps({"flow": "jobs", "name": "n", "jobs": jobs}), encoding="utf-8")


def is_ours(bed, pid):
    try:
        return pathlib.Path(f"/proc/{pid}/exe").resolve() == pathlib.Path(bed.binary).resolve()
    except OSError:
        return False


def children_of(pid):
    try:
        return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def fields_of(pid):
    """Of its status; none if it has ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return {}
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def count_descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def look(bed, process):
    """Counters of guardian and scheduler (slots come and go), and of zombies below all of dvsched's processes; None after the end."""
    counters = collections.Counter()
    for pid in (process.pid, *children_of(process.pid)):
        counters["memory"] += int(fields_of(pid).get("VmRSS", "0").split()[0])
        counters["descriptors"] += count_descriptors(pid)
    for pid in bed.pids():
        if is_ours(bed, pid):
            counters["zombies"] += sum(fields_of(child).get("State", "").startswith("Z") for child in children_of(pid))
    run = bed.run_dir()
    counters["journal"] = (run / "journal.jsonl").stat().st_size // 1024 if run else 0
    return counters if process.poll() is None else None


def find_growth(looks):
    """What grows, or None; and all counters as text."""
    third, text, wrong = len(looks) // 3, "", None
    for name, slack in SLACK.items():
        before, after = (max((c[name] for c in part), default=0) for part in (looks[third:2 * third], looks[2 * third:]))
        if name == "memory":
            slack += PER_JOURNAL * (looks[-1]["journal"] - looks[third]["journal"])
        text += f"{name:12} at most {before} in the second third, {after} in the last (allowed: {before + slack})\n"
        if after > before + slack:
            wrong = wrong or f"{name} grow: {before}, then {after}"
    return wrong, text


def find_wrong_verdict(results):
    for job in results["jobs"]:
        if job["status"] == "PASSED" and job["id"].split(".")[0] not in PASSES:
            return f"false pass: {job['id']}"
    return None


class Soak(Kind):
    """`soak SECONDS`: one run of jobs that leave daemons, flood their logs, ignore TERM, die, stop themselves and kill their slots."""

    name, n_short, seconds = "soak", 1, 10

    def all(self):
        yield f"soak {self.seconds}"

    def sample(self, n, rng):
        return self.all()

    def project(self, words):
        return BadJobs(int(words[0]))

    def attempt_in(self, bed, words, lost):
        process = bed.start(*bed.project.words)
        looks, pause = [], max(0.05, int(words[0]) / 2000)
        while (found := look(bed, process)) is not None:
            looks.append(found)
            time.sleep(pause)
        code, out = bed.finish(process)
        if code != 124 or len(looks) < 6:
            return f"exit {code}, {len(looks)} looks: {out[-400:]}", out
        results = bed.results()
        wrong, text = find_growth(looks)
        ended = collections.Counter(job["status"] for job in results["jobs"] if job["attempts"])
        print(f"soak: {sum(ended.values())} jobs in {words[0]} s: {dict(ended)}; {len(looks)} looks\n{text}", end="", flush=True)
        return wrong or find_wrong_verdict(results) or check_journal(bed, out, Leave(deadline=True)) or \
            (bed.left() and "processes were left") or None, out
