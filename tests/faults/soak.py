# SPDX-License-Identifier: Apache-2.0
"""One long run of bad jobs. Memory, descriptors and zombies of dvsched's processes are counted, and must not grow."""
import collections
import json
import pathlib
import time

from bed import Bed, Jobs, check_journal, is_left

BAD = {"daemon": "setsid sh -c 'sleep 1000 & sleep 1000' & exit 0", "flood": "yes | head -c 3000000", "over": "yes",
       "deaf": "trap '' TERM; sleep 1000", "crash": "kill -SEGV $$", "stop": "kill -STOP $$", "slot": "kill -9 $PPID",
       "chain": "sh -c 'sh -c \"sh -c true &\" &' & exit 3", "hard": "exit 1", "good": "echo TEST PASSED", "quick": "true"}
KEYS = {"over": {"max_log": "2M"}, "deaf": {"timeout": "0.2s"}, "stop": {"timeout": "0.2s"}, "hard": {"retries": 1},
        "flood": {"fail_patterns": ["^UVM_ERROR"]}, "good": {"pass_patterns": ["^TEST PASSED"]}}
PASSES = {"daemon", "flood", "good", "quick"}
N_PER_SECOND = 40  # of each, more than fit into the time: the run is ended by its deadline
SLACK = {"memory": 4096, "descriptors": 8, "zombies": 4}  # KiB; how much more the last third may have than the second
PER_JOURNAL = 2  # and so many times as much memory as the journal has grown: results are kept until the end


class Soak(Jobs):
    name, exit_code, seconds = "soak", 124, 0

    @classmethod
    def write(cls, folder):  # pylint: disable=arguments-differ
        jobs = [{"name": f"{name}.{n}", "command": command, **KEYS.get(name, {})}
                for n in range(int(cls.seconds * N_PER_SECOND)) for name, command in BAD.items()]
        (folder / "cfg.hjson").write_text(json.dumps({"flow": "jobs", "name": "n", "jobs": jobs}), encoding="utf-8")


def look(bed, process):
    """Counters of dvsched's processes, and of zombies below them."""
    ours = {}
    for pid in bed.pids():
        try:
            if pathlib.Path(f"/proc/{pid}/exe").resolve() == pathlib.Path(bed.binary).resolve():
                ours[pid] = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[1]
        except OSError:
            continue
    counters = collections.Counter()
    for pid, word in ours.items():
        try:
            if word == b"run":  # guardian and scheduler; slots come and go
                text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
                counters["memory"] += int(text.split("VmRSS:")[1].split()[0])
                counters["descriptors"] += len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
            for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split():
                counters["zombies"] += "State:\tZ" in pathlib.Path(f"/proc/{child}/status").read_text(encoding="ascii")
        except OSError:
            continue
    run = bed.run_dir()
    counters["journal"] = (run / "journal.jsonl").stat().st_size // 1024 if run else 0
    return counters if process.poll() is None else None


def find_growth(looks):
    third = len(looks) // 3
    for name, slack in SLACK.items():
        before, after = (max(c[name] for c in part) for part in (looks[third:2 * third], looks[2 * third:]))
        if name == "memory":
            slack += PER_JOURNAL * (looks[-1]["journal"] - looks[third]["journal"])
        print(f"{name:12} at most {before} in the second third, {after} in the last (allowed: {before + slack})")
        if after > before + slack:
            return f"{name} grow: {before}, then {after}"
    return None


def find_wrong_verdict(bed):
    for job in bed.results()["jobs"]:
        if job["status"] == "PASSED" and job["id"].split(".")[0] not in PASSES:
            return f"false pass: {job['id']}"
    return None


def soak(binary, inject, seconds):
    """Its exit code."""
    Soak.seconds = seconds
    with Bed(binary, inject, Soak) as bed:
        process = bed.start("run", "cfg.hjson", "-j", "8", "--view", "none", "--grace", "0.1s", "--run-deadline", f"{seconds:.0f}s")
        looks, pause = [], max(0.05, seconds / 2000)
        while (found := look(bed, process)) is not None:
            looks.append(found)
            time.sleep(pause)
        code, out = bed.finish(process)
        ended = collections.Counter(job["status"] for job in bed.results()["jobs"] if job["attempts"])
        print(f"{sum(ended.values())} jobs in {seconds:.0f} s: {dict(ended)}; {len(looks)} looks")
        wrong = (None if code == 124 else f"exit {code}: {out[-400:]}") or find_growth(looks) or find_wrong_verdict(bed) or \
            check_journal(bed, out) or (is_left(bed) and "processes were left") or None
    print(f"NOT SURVIVED: {wrong}" if wrong else "1 passed, 0 failed, 0 skipped")
    return 1 if wrong else 0
