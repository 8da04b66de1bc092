"""The frozen programs of `scripts/freeze.py` do what the others do: children of their own included."""

import subprocess
import sys
from pathlib import Path

import pytest

from pybackend.client import Backend
from pybackend.testing.callers import Caller
from pybackend.testing.processes import RoomService

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_call_between_frozen_programs(tmp_path: Path) -> None:
    freezing = [sys.executable, "scripts/freeze.py", "--out", str(tmp_path)]
    ended = subprocess.run(freezing, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500)
    assert ended.returncode == 0, ended.stderr
    command = [str(tmp_path / "pybackend" / "pybackend")]
    doctor = subprocess.run([*command, "doctor"], capture_output=True, text=True, check=False, timeout=60)
    assert doctor.returncode == 0, doctor.stdout
    with RoomService(command=command) as rooms:
        alice, bob = (
            Caller.of(user, rooms, Backend(rooms.signal, virtual_devices=True, command=command))
            for user in ("alice", "bob")
        )
        try:
            alice.startLocalPreview(None)
            alice.startLocalAudio()
            bob.startRemoteView("alice", None, 0)
            assert alice.enter(7) > 0
            assert bob.enter(7) > 0
            bob.wait_for("onFirstVideoFrame", lambda user, *_: user == "alice", timeout=20)
            assert alice.leave() == 0
            assert bob.wait_for("onRemoteUserLeaveRoom").args == ("alice", 0)
        finally:
            alice.close()
            bob.close()
