# SPDX-License-Identifier: Apache-2.0
"""Compares the job specifications of one plan (full name -> fields of deploy_*.json) with several dumps of DVSim.

Two properties of DVSim's plans are random: the order of modes that one list enables, and which of several equal builds is
kept (the tests of a regression are in a set). If some dump of DVSim keeps the same build as dvsched, the kept build is
renamed to that one in all dumps, with all references, so its jobs can be compared. Any other value that differs between the
dumps must have in dvsched's plan the value of one of them.
"""
import re


def builds(dump):
    """Configuration -> names of its builds."""
    found = {}
    for job in dump.values():
        if job["target"] == "build":
            found.setdefault(job["full_name"].partition(":")[0], set()).add(job["qual_name"])
    return found


def renamed_text(text, cfg, old, new):
    """The id of a build, or paths in its directory below the scratch root; with --build-unique that ends in a time."""
    if text == f"{cfg}:{old}":
        return f"{cfg}:{new}"
    component = re.compile(rf"(SCRATCH(?:/[^\s/'\":,=]+)*/){re.escape(old)}(?![A-Za-z0-9-]|_(?!STAMP))")
    n = 1
    while n:
        text, n = component.subn(rf"\g<1>{new}", text)
    return text


def renamed(value, cfg, old, new):
    if isinstance(value, str):
        return renamed_text(value, cfg, old, new)
    if isinstance(value, list):
        return [renamed(v, cfg, old, new) for v in value]
    if isinstance(value, dict):
        return {key: renamed(v, cfg, old, new) for key, v in value.items()}
    return value


def rename_build(dump, cfg, old, new):
    """The dump as it would be, had DVSim kept the build new instead of old."""
    jobs = {}
    for name, job in dump.items():
        if name.partition(":")[0] == cfg:
            job = renamed(job, cfg, old, new)
            job["dependencies"] = sorted(job["dependencies"])
            if job["target"] == "build" and job["qual_name"] == old:
                job["name"] = job["qual_name"] = new
        jobs[job["full_name"]] = job
    return jobs


def keep_as(dump, ours, others):
    """One of DVSim's dumps, with the builds that ours kept where another dump shows that DVSim keeps them at times."""
    mine = builds(ours)
    for cfg, names in builds(dump).items():
        kept = mine.get(cfg, set())
        seen = set().union(*(builds(other).get(cfg, set()) for other in others))
        for new in sorted((kept - names) & seen):
            for old in sorted(names - kept):
                changed = rename_build(dump, cfg, old, new)
                if any(other.get(f"{cfg}:{new}") == changed[f"{cfg}:{new}"] for other in others):
                    dump, names = changed, names - {old} | {new}
                    break
    return dump


def values_of(dumps, name, field):
    found = []
    for dump in dumps:
        value = dump.get(name, {}).get(field, "nothing")
        if name in dump and value not in found:
            found.append(value)
    return found


def compare_job(theirs, name, ours):
    """Each field must be what DVSim has, or has at times."""
    faults, n_chance = [], 0
    for field in sorted(set(ours).union(*(dump[name] for dump in theirs if name in dump))):
        values, value = values_of(theirs, name, field), ours.get(field, "nothing")
        n_chance += len(values) > 1
        if value not in values:
            theirs_too = "".join(f"\n  DVSim:   {other!r}" for other in values)
            faults.append(f"{name}: {field}{theirs_too}\n  dvsched: {value!r}")
    return faults, n_chance


def compare(theirs, ours):
    """What differs, and in how many places DVSim's dumps do, too."""
    theirs = [keep_as(dump, ours, theirs) for dump in theirs]
    always, at_times = set.intersection(*map(set, theirs)), set().union(*theirs)
    faults = [f"only DVSim has {name}" for name in sorted(always - ours.keys())]
    faults += [f"only dvsched has {name}" for name in sorted(ours.keys() - at_times)]
    n_chance = len(at_times - always)
    for name in sorted(at_times & ours.keys()):
        found, n_fields = compare_job(theirs, name, ours[name])
        faults += found
        n_chance += n_fields
    return faults, n_chance
