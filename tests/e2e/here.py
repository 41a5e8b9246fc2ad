# SPDX-License-Identifier: Apache-2.0
"""The directory in which a run is started: removed directories, standard input."""
import os
import subprocess

from harness import Done, Story
from sim_project import SimStory

CONFIG = '{ flow: "jobs", jobs: [ { name: "a", command: "pwd" } ] }'
GONE = "dvsched: error: the current directory cannot be found: No such file or directory\n"


class Gone(SimStory):
    """The current directory was removed: a relative path is an error, and never means a path in /."""

    def setUp(self):
        super().setUp()
        self.write("a.hjson", CONFIG)
        self.write("index.json", "{}")
        self.path("gone").mkdir()

    def from_nowhere(self, *words, env=None):
        script = 'cd gone && rmdir ../gone && exec "$0" "$@"'
        done = subprocess.run(["sh", "-c", script, self.binary, *map(str, words)], cwd=self.dir,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              env=self.environ(env))
        self.path("gone").mkdir()
        return Done(words, done.returncode, done.stdout, done.stderr)

    def test_what_is_relative_is_refused(self):
        there = self.path("a.hjson")
        for words in (("list", "../a.hjson"), ("run", "../a.hjson"), ("plan", "../a.hjson", "--json"),
                      ("config", "dump", "../a.hjson"), ("config", "show", "../a.hjson"),
                      ("run", "-sr", self.path("keep"), "--", "pwd"), ("run", there, "-sr", "keep"),
                      ("run", there, "--log-file", "log"), ("list", "-"), ("chips", "../a.hjson"),
                      ("chips", "check", "--driver", "./x.so"),
                      ("report", "gen", self.path("index.json"), "pages")):
            done = self.from_nowhere(*words)
            self.assertEqual(done.code, 2, done)
            self.assertTrue(done.err.startswith(GONE), done)
        done = self.from_nowhere("list", there, env={"SCRATCH_ROOT": "keep"})
        self.assertEqual(done.code, 2, done)
        self.assertFalse(self.path("keep").exists())

    def test_commands_on_runs_look_for_them_here(self):
        self.assertEqual(self.dvsched("run", "a.hjson", "--view", "none").code, 0)
        scratch, run = self.path("scratch"), self.run_dir()
        relative = os.path.relpath(run, self.path("gone"))
        for words in ["ls"], ["show", "a"], ["log", "a"], ["events"], ["resume"]:
            done = self.from_nowhere(*words)
            self.assertEqual((done.code, done.err.startswith(GONE)), (2, True), done)
            name = ["--run"] if words == ["resume"] else []
            done = self.from_nowhere(words[0], *name, relative, *words[1:])
            self.assertEqual((done.code, done.err.startswith(GONE)), (2, True), done)
            for more in ["-sr", scratch], [*name, run]:
                done = self.from_nowhere(words[0], *more, *words[1:])
                self.assertEqual(done.code, 0, done)
        for option in "--failed", "--skip-passed":
            done = self.from_nowhere("run", self.path("a.hjson"), option, relative)
            self.assertEqual((done.code, done.err.startswith(GONE)), (2, True), done)

    def test_dvsims_flows_need_it_for_their_project_and_commands(self):
        done = self.from_nowhere("run", self.path("one.hjson"), "-pr", self.dir, "-sr", self.path("out"))
        self.assertEqual((done.code, done.err.startswith(GONE)), (2, True), done)

    def test_absolute_paths_do_without_it(self):
        done = self.from_nowhere("run", self.path("a.hjson"), "--view", "none")
        self.assertEqual(done.code, 0, done)
        self.assertIn(f"\n{self.dir}\n", self.path("scratch/a/a/log").read_text())
        self.assertEqual(self.from_nowhere("config", "keys").code, 0)
        self.assertEqual(self.from_nowhere("chips", "drivers").code, 0)


class Streams(Story):
    """A configuration from standard input is treated as a file in the current directory."""

    def test_a_dash_and_dev_stdin_are_standard_input(self):
        for word in ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"):
            done = self.dvsched("run", word, "--view", "none", stdin=CONFIG)
            self.assertEqual(done.code, 0, done)
            self.assertIn(f"\n{self.dir}\n", self.path("scratch/stdin/a/log").read_text())
            self.assertEqual(self.results()["run"]["cfg_path"], str(self.path("stdin")))

    def test_every_command_that_reads_a_configuration_takes_it(self):
        for words, out in ((("list", "-"), "a\n"), (("run", "-", "-n"), "a: pwd\n"),
                           (("plan", "-"), f"output in {self.path('scratch')}\n"),
                           (("config", "dump", "-"), '"command": "pwd"'),
                           (("config", "show", "-"), 'jobs[0].command = "pwd"   # <stdin>:1:')):
            done = self.dvsched(*words, stdin=CONFIG)
            self.assertEqual(done.code, 0, done)
            self.assertIn(out, done.out)
        self.assert_left_nothing()

    def test_a_file_is_read_from_where_the_shell_left_it(self):
        self.write("two", "not for us\n" + CONFIG)
        done = subprocess.run(["sh", "-c", '{ read line; "$0" list -; } < two', self.binary], cwd=self.dir,
                              env=self.environ(), capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "a\n"), done)

    def test_another_descriptor_is_called_as_it_was_given(self):
        ours, theirs = os.pipe()
        os.write(theirs, b"{ flow: 1 }")
        os.close(theirs)
        done = self.dvsched("list", f"/dev/fd/{ours}", pass_fds=[ours])
        os.close(ours)
        self.assertEqual(done.code, 2, done)
        self.assertIn(f"/dev/fd/{ours}:1:9: error: ", done.err)

    def test_mistakes_have_a_place(self):
        done = self.dvsched("list", "-", stdin='{ flow: "jobs"\n  jobs: [ { name: "a", comand: "x" } ] }')
        self.assertEqual(done.code, 2, done)
        self.assertIn('<stdin>:2:24: error: unknown key \'comand\' in job\n     2 |   jobs: [ {', done.err)

    def test_nothing_to_read(self):
        self.assertIn("<stdin>:1:1: error: the configuration has no 'flow'", self.dvsched("list", "-").err)
        done = self.dvsched("list", "-", preexec_fn=lambda: os.close(0))
        self.assertEqual((done.code, done.err), (2, "<stdin>: error: cannot be read: Bad file descriptor\n"), done)

    def test_a_fifo_with_a_name_is_never_waited_for(self):
        os.mkfifo(self.path("fifo"))
        self.assertIn("it is a FIFO", self.dvsched("list", "fifo").err)


class DvsimStreams(SimStory):
    def test_a_list_with_inline_children_is_read_once(self):
        text = ('{ name: "both", flow: "sim", use_cfgs: [{ name: "x", flow: "sim", '
                'import_cfgs: ["{proj_root}/common.hjson"] }] }')
        done = self.dvsched("list", "-", "-pr", ".", "-sr", "out", "-br", "main", "-i", "smoke", stdin=text)
        self.assertEqual(done.code, 0, done)
        self.assertIn("x:", done.out)

    def test_no_copy_of_a_project_has_it(self):
        done = self.dvsched("run", "-", "-pr", ".", "-sr", "out", "--remote", stdin='{ flow: "sim" }')
        self.assertEqual(done.code, 2, done)
        self.assertIn("--remote is for a DVSim configuration that is in its project", done.err)
