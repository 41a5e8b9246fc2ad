# SPDX-License-Identifier: Apache-2.0
"""Golden plans: `dvsched plan --json` of real configurations as text that is short and that a diff of which can be read.

The first line of a .plan file is the command. Then comes each job in the order of the plan. A job is a list of lines, one for
each word of its command and each other field; only what differs from the job before of the same target and the same resources
is written, with `-` and `+`. `<odir>`, `<place>`, `<name>`, `<run>` and `<seed>` stand for the job's own.
"""
import difflib
import json
import pathlib
import re
import shlex
import subprocess
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
STAMP = re.compile(r"\d{8}_\d{6}")
PREFIX = "# dvsched plan "
NUMBERED = re.compile(r"([^:]+:)(\d+)(\..+)")


def files():
    return sorted(HERE.glob("*.plan"))


def words_of(text):
    """The words of the command that makes a golden plan."""
    first = text.partition("\n")[0]
    if not first.startswith(PREFIX):
        raise ValueError(f"the first line is no command: {first}")
    return shlex.split(first[len(PREFIX):])


def unpack(where):
    """The configurations: a directory below where."""
    with tarfile.open(HERE / "opentitan.tar.xz") as archive:
        archive.extractall(where)
    return where / "opentitan"


def plan_json(dvsched, tree, scratch, words):
    done = subprocess.run([dvsched, "plan", *words, "-sr", scratch, "--json"], cwd=tree, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise AssertionError(f"dvsched plan {shlex.join(words)} fails:\n{done.stderr[-2000:]}")
    text = done.stdout.replace(str(scratch), "<scratch>").replace(str(tree), "<project>")
    return json.loads(STAMP.sub("<time>", text))


def field_lines(job):
    for key, value in job.items():
        if key == "command":
            if shlex.split(value) != job["argv"]:
                yield f"command {value}"
        elif key == "argv":
            for word in value:
                name, *rest = word.split(" ")
                yield f"argv {name}"
                yield from (f"argv   {part}" for part in rest)
        elif key in ("needs", "needs_any"):
            yield from (f"{key} {need}" for need in value)
        elif key != "id":
            yield f"{key} {json.dumps(value)}"


def own_names(job):
    """The parts that are specific to a job, longest first, with their placeholders."""
    name = job["id"].partition(":")[2]
    place = re.match(r"<scratch>/[^/]+/[^/]+", job["odir"] or "")
    yield job["odir"], "<odir>"
    yield place and place[0], "<place>"
    yield name, "<name>"
    if NUMBERED.fullmatch(job["id"]):
        run, _, seed = name.rpartition(".")
        yield run, "<run>"
        yield seed if len(seed) > 2 else None, "<seed>"


def job_lines(job):
    """The job with placeholders for its names, so that jobs that differ by name only are equal."""
    lines = list(field_lines(job))
    for old, new in own_names(job):
        if old:
            own = re.compile(rf"(?<![\w.]){re.escape(old)}(?![\w])")
            lines = [own.sub(new, line.replace("\n", "\\n")) for line in lines]
    return lines


def delta(before, lines):
    return [line for line in difflib.unified_diff(before, lines, n=0, lineterm="") if not line.startswith(("---", "+++", "@@"))]


def render(words, plan):
    text = [f"{PREFIX}{shlex.join(words)}", f"# {len(plan['jobs'])} jobs"]
    text += [f"{key} {json.dumps(value)}" for key, value in plan.items() if key != "jobs"]
    before = {}
    for job in plan["jobs"]:
        kind = job["target"], str(job["resources"])
        lines = job_lines(job)
        text.append(f"job {job['id']}")
        text += [f"  {change}" for change in delta(before.get(kind, []), lines)]
        before[kind] = lines
    return "".join(f"{line}\n" for line in text)
