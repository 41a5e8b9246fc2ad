# SPDX-License-Identifier: Apache-2.0
"""A server that jobs share, like Bazel's: the first client starts it, it leaves the job's session, and only argv[0] has its name."""
import os
import shutil

import harness
from sim_project import SimStory

# Two forks, a session of its own, an executable called java, argv[0] "bazel(project)", the first client's environment; the client
# goes on when it is there.
CLIENT = """\
#!/bin/bash
at=$(dirname "$0")
exec 9> "$at/lock"
flock 9
if ! kill -0 "$(cat "$at/pid" 2>/dev/null)" 2>/dev/null; then
	echo start >> "$at/starts"
	AT=$at setsid bash -c '(echo $BASHPID > "$AT/pid"; exec -a "bazel(project)" "$AT/java" infinity) </dev/null >/dev/null 2>&1 9>&- &'
	until [ "$(readlink "/proc/$(cat "$at/pid" 2>/dev/null)/exe")" = "$at/java" ]; do :; done
fi
flock -u 9
kill -0 "$(cat "$at/pid")" || { echo 'UVM_ERROR Server terminated abruptly'; exit 37; }
echo 'TEST PASSED'
"""


class SharedServer(SimStory):
    def setUp(self):
        super().setUp()
        for tool in "bash", "setsid", "flock":
            if not shutil.which(tool):
                self.skipTest(f"there is no {tool}")
        os.mkdir(self.path("bin"))
        self.write("bin/bazel.sh", CLIENT, 0o755)
        shutil.copy(shutil.which("sleep"), self.path("bin/java"))

    def assert_one_server(self, done):
        self.assertEqual(done.code, 0, done)
        with open(self.path("bin/starts"), encoding="utf-8") as text:
            self.assertEqual(text.read(), "start\n")
        with open(self.path("bin/pid"), encoding="utf-8") as text:
            self.assertFalse(harness.outlives(int(text.read()), 0), "it outlives the run")

    def test_jobs_of_a_simulation_share_bazels_server(self):
        self.leaf("one", 'overrides: [{ name: "run_cmd", value: "{proj_root}/bin/bazel.sh" }\n'
                         '{ name: "pre_build_cmds", value: ["{proj_root}/bin/bazel.sh"] }]')
        done = self.run_sim("one.hjson", "--reseed", "6", "-mp", "2")
        self.assert_one_server(done)

    def test_jobs_of_a_graph_share_what_they_keep(self):
        self.config('{ flow: "jobs", name: "demo", jobs: [\n{ name: "first", command: "bin/bazel.sh", keep: ["bazel(*)"] }\n'
                    '{ name: "job.{n}", sweep: { n: "1..6" }, command: "bin/bazel.sh", keep: ["bazel(*)"], needs: ["first"] }] }')
        self.assert_one_server(self.dvsched("run", "cfg.hjson", "-j", "2", "--view", "none"))

    def test_what_only_stands_below_such_a_directory_is_no_daemon(self):
        # By a relative path, so that argv[0] and executable both have "bazel-out/" in front.
        os.mkdir(self.path("bazel-out"))
        shutil.copy(shutil.which("sleep"), self.path("bazel-out/sim"))
        self.config('{ flow: "jobs", name: "demo", jobs: [\n'
                    '{ name: "first", command: "bazel-out/sim infinity & echo $! > pid", keep: ["bazel*"] }\n'
                    '{ name: "second", command: "! kill -0 $(cat pid)", needs: ["first"] }] }')
        done = self.dvsched("run", "cfg.hjson", "--view", "none")
        self.assertEqual(done.code, 0, done)
