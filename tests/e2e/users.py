# SPDX-License-Identifier: Apache-2.0
"""Stories of several users of one machine, who share devices and their health by the permissions of a group. Need root."""

import os
import unittest

from harness import Story

CI, GUEST, GROUP = 65533, 65532, 65531  # unused ids: a user in the group, a user outside of it, the group


@unittest.skipUnless(os.geteuid() == 0, "needs root, to be other users")
class Users(Story):
    def setUp(self):
        super().setUp()
        self.dir.chmod(0o755)
        for name in ("locks", "state"):
            self.path(name).mkdir()
            os.chown(self.path(name), 0, GROUP)
            self.path(name).chmod(0o2775)
        self.config("""{
          flow: jobs
          name: demo
          backends: { npu: { type: "chips", driver: "sim", n_devices: 2 } }
          jobs: [ { name: "a", backend: "npu", program: [] }, { name: "b", backend: "npu", program: [] } ]
        }""")

    def as_user(self, user, *args):
        """As that user, with a umask that gives no permission to others."""
        home = self.path(f"home-{user}")
        if not home.exists():
            home.mkdir()
            os.chown(home, user, user)
        return self.dvsched(*args, env={"HOME": str(home)}, user=user, group=user,
                            extra_groups=[GROUP] if user == CI else [], umask=0o077)

    def run_as(self, user):
        return self.as_user(user, "run", "cfg.hjson", "--view", "none", "-sr", self.path(f"home-{user}", "scratch"))

    def where(self, user):
        jobs = self.results(self.path(f"home-{user}", "scratch"))["jobs"]
        return {j["attempts"][-1]["where"] for j in jobs}

    def test_what_root_sets_aside_is_so_for_the_group_and_the_other_way_round(self):
        done = self.dvsched("chips", "quarantine", "npu/0", "cfg.hjson", "--why", "fan broken", umask=0o077)
        self.assertEqual(done.code, 0, done)
        done = self.run_as(CI)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.where(CI), {"npu/1"})
        self.assertIn("fan broken", self.as_user(CI, "chips", "cfg.hjson").out)
        done = self.as_user(CI, "chips", "clear", "npu/0", "cfg.hjson")
        self.assertEqual(done.code, 0, done)
        done = self.as_user(CI, "chips", "quarantine", "npu/1", "cfg.hjson", "--why", "too hot")
        self.assertEqual(done.code, 0, done)
        done = self.dvsched("run", "cfg.hjson", "--view", "none", umask=0o077)
        self.assertEqual(done.code, 0, done)
        self.assertEqual({j["attempts"][-1]["where"] for j in self.results()["jobs"]}, {"npu/0"})

    def test_files_belong_to_the_group_whatever_the_umask(self):
        self.assertEqual(self.run_as(CI).code, 0)
        files = [p for name in ("locks", "state") for p in self.path(name).rglob("*") if not p.name.startswith("left-")]
        self.assertTrue(files)
        for path in files:
            mode = path.stat().st_mode
            self.assertEqual(path.stat().st_gid, GROUP, path)
            self.assertEqual(mode & 0o7777, 0o2775 if path.is_dir() else 0o664, path)
        done = self.dvsched("run", "cfg.hjson", "--view", "none", umask=0o077)
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.run_as(CI).code, 0)

    def test_a_user_outside_the_group_gets_a_remedy(self):
        done = self.run_as(GUEST)
        self.assertNotEqual(done.code, 0)
        self.assertRegex(done.err, rf"you may not write into .*/state \(its group may: `usermod -aG {GROUP} {GUEST}` by root")
        self.assertRegex(done.err, rf"you may not write into .*/locks .*\$DVSCHED_LOCK_DIR names another")

    def test_all_users_share_a_directory_that_is_as_tmp(self):
        os.chown(self.path("locks"), 0, 0)
        self.path("locks").chmod(0o1777)
        for user in (CI, GUEST, CI):
            env = {"DVSCHED_STATE_DIR": str(self.path(f"home-{user}", "state"))}
            home = self.path(f"home-{user}")
            if not home.exists():
                home.mkdir()
                os.chown(home, user, user)
            done = self.dvsched("run", "cfg.hjson", "--view", "none", "-sr", home / "scratch", env={**env, "HOME": str(home)},
                                user=user, group=user, extra_groups=[], umask=0o077)
            self.assertEqual(done.code, 0, done)
