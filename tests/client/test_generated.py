"""Generated modules are up to date, and type checkers see what they promise."""

import subprocess
import sys
from pathlib import Path

import pytest

from pybackend.spec.surface import surface
from scripts import generate
from scripts.generators.structs import names_in

ROOT = Path(__file__).parent.parent.parent

GOOD = """
from pybackend.client import AsyncTRTCCloud, TRTCCloud
from pybackend.spec.enums_generated import TRTCAppScene
from pybackend.spec.structs_generated import TRTCDeviceInfo, TRTCParams, TRTCVolumeInfo

def left(reason: int) -> None: ...
def loud(users: list[TRTCVolumeInfo], count: int, total: int) -> None: ...

def use(cloud: TRTCCloud) -> list[TRTCDeviceInfo]:
    cloud.on("onExitRoom", left).once("onUserVoiceVolume", loud)
    cloud.enterRoom(TRTCParams(1, "a", roomId=7), TRTCAppScene.TRTCAppSceneLIVE)
    cloud.enterRoom({"sdkAppId": 1, "userId": "a"}, 0)
    return cloud.getCameraDevicesList()

async def use_async(cloud: AsyncTRTCCloud) -> int:
    await cloud.setVideoEncoderParam({"videoResolution": 108})
    return await cloud.getCurrentMicDeviceVolume()
"""

BAD = """
from pybackend.client import TRTCCloud

def use(cloud: TRTCCloud) -> None:
    cloud.on("onExitRoom", lambda a, b: None)
    cloud.on("onExitRom", print)
    cloud.enterRoom({"sdkAppID": 1}, 0)
    cloud.muteLocalAudio("yes")
    cloud.wait_for("nothing")
"""


def test_generated_modules_are_up_to_date() -> None:
    outcome = subprocess.run(
        [sys.executable, "scripts/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert outcome.returncode == 0, outcome.stdout


def test_every_output_has_its_warning() -> None:
    outputs = generate.outputs()
    assert len(outputs) >= 4
    assert all("do not edit" in text for text in outputs.values())


def test_nested_classes_are_found() -> None:
    assert {"TRTCTranscodingConfig", "TRTCMixUser", "Rect"} <= names_in("TRTCTranscodingConfig | null")


def test_every_event_is_typed() -> None:
    text = (ROOT / "pybackend/client/events_generated.py").read_text("utf-8")
    assert all(text.count(f'Literal["{name}"]') == 2 for name in surface().events)


@pytest.mark.timeout(120)
def test_a_type_checker_takes_the_good_and_refuses_the_bad(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    (tmp_path / "bad.py").write_text(BAD)
    cache = ["--cache-dir", str(ROOT / ".mypy_cache")]
    outcome = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *cache, str(tmp_path / "good.py"), str(tmp_path / "bad.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    lines = {line.split(":")[1] for line in outcome.stdout.splitlines() if ": error:" in line}
    assert "good.py" not in outcome.stdout
    assert lines == {"5", "6", "7", "8", "9"}
