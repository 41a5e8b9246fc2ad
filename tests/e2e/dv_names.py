# SPDX-License-Identifier: Apache-2.0
"""Names in DVSim's flows that cannot be file names, and jobs with the same name."""
import json
import os

from sim_project import SimStory

LONG = "long" * 75
HOSTILE = ["a/b", "../../up", "..", "x\x01y", "we\nird", LONG + "1", LONG + "2"]


def quoted(name):
    return json.dumps(name)


class HostileNames(SimStory):
    def links(self):
        return {os.path.basename(link): os.readlink(self.path("out/main/one-sim-vcs/passed", link))
                for link in os.listdir(self.path("out/main/one-sim-vcs/passed"))}

    def outside(self):
        """All files beside the output; no file may be added there."""
        return sorted(str(found.relative_to(self.dir)) for found in self.dir.rglob("*")
                      if not found.is_relative_to(self.path("out")))

    def dump(self):
        name, = [n for n in os.listdir(self.path("out")) if n.startswith("deploy_")]
        with open(self.path("out", name), encoding="utf-8") as text:
            return {job["qual_name"]: job for job in json.load(text)}

    def test_a_test_with_any_name_runs_below_the_scratch_path(self):
        tests = "\n".join("{ name: %s }" % quoted(name) for name in HOSTILE)
        self.leaf("any", f"tests: [{tests}]\n"
                  'overrides: [{ name: "run_cmd", value: "pwd > where; echo TEST PASSED; true" }'
                  ' { name: "run_opts", value: [] } { name: "dut", value: "one" } { name: "name", value: "one" }]')
        before = self.outside()
        done = self.run_sim("any.hjson", "-i", *HOSTILE, "--fixed-seed", "5")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.outside(), before)
        links = self.links()
        self.assertEqual(len(links), len(HOSTILE) + 1, links)  # and the build
        for name, job in self.dump().items():
            with self.subTest(name):
                with open(os.path.join(job["odir"], "where" if job["target"] == "run" else "build.log"), encoding="utf-8") as text:
                    if job["target"] == "run":
                        self.assertEqual(text.read().strip(), job["odir"])
                self.assertIn(job["odir"], links.values())
        self.assertIn("0.a/b.5", self.dump())
        self.assertRegex("\n".join(sorted(links)), r"(?m)^0\.a_b\.5-[0-9a-f]{16}$")

    def test_a_build_mode_with_any_name_is_found_by_its_runs(self):
        names = ["a/b", "../..", ".."]
        modes = "\n".join("{ name: %s, build_opts: ['> built'] }" % quoted(name) for name in names)
        tests = "\n".join("{ name: t%d, build_mode: %s }" % (n, quoted(name)) for n, name in enumerate(names))
        self.leaf("any", f"build_modes: [{modes}]\ntests: [{tests}\n]".replace("name: t", "name: 't").replace(", build_mode", "', build_mode") +
                  '\nprimary_build_mode: ".."\noverrides: [{ name: "build_cmd", value: "echo {build_mode}" }'
                  ' { name: "run_cmd", value: "cat {build_dir}/built; echo TEST PASSED; true" } { name: "name", value: "one" }]')
        before = self.outside()
        done = self.run_sim("any.hjson", "-i", "t0", "t1", "t2", "--fixed-seed", "5")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.outside(), before)
        for n, name in enumerate(names):
            with open(self.path(f"out/main/one-sim-vcs/0.t{n}/latest/run.log"), encoding="utf-8") as log:
                self.assertIn(f"\n{name} +define+A\n", log.read())

    def test_names_that_are_file_names_stay(self):
        self.leaf("any", 'tests: [{ name: "with a.b-c" }]')
        done = self.run_sim("any.hjson", "-i", "with*", "--fixed-seed", "5", "--fake")
        self.assertEqual(done.code, 0, done)
        self.assertTrue(self.dump()["0.with a.b-c.5"]["odir"].endswith("/any-sim-vcs/0.with a.b-c/latest"))


class Twins(SimStory):
    def test_the_first_is_kept_with_a_warning(self):
        self.write("again.hjson", '{ name: "one", import_cfgs: ["{proj_root}/common.hjson"]\n tests: [{ name: "more" }] }\n')
        self.write("all.hjson", '{ name: "all", flow: "sim", rel_path: "x", scratch_base_path: "{scratch_root}/{branch}"\n'
                   '  use_cfgs: ["one.hjson", "again.hjson"] }\n')
        done = self.run_sim("all.hjson", "-i", "good", "more", "--fixed-seed", "5")
        self.assertIn("again.hjson:1:1: warning: 2 jobs are defined more than once: 'one:default', …", done.err, done)
        passed = os.listdir(self.path("out/main/one-sim-vcs/passed"))
        self.assertEqual(sorted(passed), ["0.good.5", "default"], done)
        # Its test ran on the build of the first configuration, and is in the report of that name.
        self.assertEqual(os.listdir(self.path("out/main/one-sim-vcs/failed")), ["0.more.5"], done)
        self.assertEqual(self.reports("one")["total"], 2)
        self.assertEqual(len(self.reports("index")["flow_results"]), 1)

    def test_once_is_no_warning(self):
        self.write("all.hjson", '{ name: "all", flow: "sim", rel_path: "x", use_cfgs: ["one.hjson", "two.hjson"] }\n')
        done = self.run_sim("all.hjson", "-i", "good", "--fixed-seed", "5", "--fake")
        self.assertNotIn("warning", done.err, done)
