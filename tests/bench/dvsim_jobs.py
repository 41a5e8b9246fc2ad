# SPDX-License-Identifier: Apache-2.0
"""dvsim_jobs.py N J DIR: N times /bin/true, J at a time, by DVSim 1.57's scheduler and local backend.

The scheduler is called directly, without configuration, status printer and reports: the shortest possible time of DVSim.
scripts/bench runs this with the Python of a virtual environment that has DVSim.
"""

import asyncio
import pathlib
import sys

from dvsim.job.data import JobSpec, WorkspaceConfig
from dvsim.job.status import JobStatus
from dvsim.report.data import IPMeta, ToolMeta
from dvsim.runtime.local import LocalRuntimeBackend
from dvsim.scheduler.core import Scheduler


def nothing(*_args):
    pass


def spec(number, root, shared):
    name = f"t.{number}"
    odir = root / name
    return JobSpec(
        name=name, job_type="RunTest", target="run", backend=None, resources=None, seed=None,
        full_name=f"bench:{name}", qual_name=name, dependencies=[],
        needs_all_dependencies_passing=True, weight=1, timeout_mins=None, cmd="/bin/true",
        exports={}, dry_run=False, interactive=False, odir=odir, renew_odir=False,
        log_path=odir / "run.log", pre_launch=nothing, post_finish=nothing, pass_patterns=[],
        fail_patterns=[], **shared)


def main():
    n, j, root = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
    shared = {
        "block": IPMeta(name="bench", commit="0", commit_short="0", branch="main", url=None,
                        revision_info=None),
        "tool": ToolMeta(name="vcs", version="0"),
        "workspace_cfg": WorkspaceConfig(timestamp="0", project_root=root, scratch_root=root,
                                         scratch_path=root),
    }
    backend = LocalRuntimeBackend(max_parallelism=j)
    jobs = [spec(i, root, shared) for i in range(n)]
    results = asyncio.run(Scheduler(jobs, {"local": backend}, "local", max_parallelism=j).run())
    sys.exit(0 if [r.status for r in results] == [JobStatus.PASSED] * n else 1)


if __name__ == "__main__":
    main()
