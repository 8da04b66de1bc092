"""A real camera as far as OpenCV can tell: the V4L2 shim, in processes of their own, through the registry."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux" or not shutil.which("gcc"), reason="needs Linux and gcc")

_PROGRAM = """
import asyncio, json, os, sys, time
from pybackend.devices import *
import numpy as np

def number(picture):
    row = np.asarray(picture.data)[0]
    return int("".join("1" if row[40 * bit + 20] > 128 else "0" for bit in range(16)), 2)

def locks():
    return sum(os.path.realpath(f"/proc/self/fd/{fd}") == os.environ["V4L2_SHIM_LOCK"] for fd in os.listdir("/proc/self/fd"))

async def until(condition, limit_s=20):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)

async def main(act):
    catalog = Catalog(virtual=False, camera_files=[])
    registry = Registry(catalog, deadlines=DeviceDeadlines(camera_stall_s=1))
    camera = next(change.info for change in await catalog.refresh() if change.info.kind is DeviceKind.CAMERA)
    seen, lost = [], []
    def open_camera():
        return registry.open_camera("me", camera.id, CameraFormat(640, 480, 15), seen.append, lost.append)
    print(json.dumps(await act(locals())))
    await registry.shutdown()
    assert not registry.open_devices() and not locks()

async def pictures(x):
    lease = await x["open_camera"]()
    held = locks()
    await until(lambda: len(x["seen"]) >= 12)
    freed = await x["registry"].close(lease)
    return {"name": x["camera"].name, "held": held, "after": locks(), "freed": freed, "numbers": [number(p) for p in x["seen"]],
            "sizes": sorted({(p.width, p.height, np.asarray(p.data).nbytes) for p in x["seen"]}),
            "ms": (x["seen"][11].time_us - x["seen"][1].time_us) / 1000}

async def again(x):
    for _ in range(3):
        await x["registry"].close(await x["open_camera"]())
    return locks()

async def refused(x):
    try:
        await x["open_camera"]()
    except DeviceError as error:
        return [error.failure, error.hint]

async def hold(x):
    await x["open_camera"]()
    print("held", flush=True)
    sys.stdin.read()
    return await x["registry"].close_owner("me")

async def unplug(x):
    await x["open_camera"]()
    open(os.environ["V4L2_SHIM_UNPLUG"], "w").close()
    await until(lambda: x["lost"])
    await until(lambda: not x["registry"].open_devices())
    return [x["lost"][0].failure, x["lost"][0].hint, locks()]

asyncio.run(main(globals()[sys.argv[1]]))
"""


@dataclass(frozen=True, slots=True)
class Shim:
    """A folder with the preloaded library, a /sys of its own, and a log."""

    folder: Path

    @property
    def variables(self) -> dict[str, str]:
        return {
            **os.environ,
            "LD_PRELOAD": str(self.folder / "shim.so"),
            "V4L2_SHIM_LOCK": str(self.folder / "lock"),
            "V4L2_SHIM_LOG": str(self.folder / "log"),
            "V4L2_SHIM_UNPLUG": str(self.folder / "unplugged"),
            "PYBACKEND_VIDEO4LINUX": str(self.folder / "sys"),
            "OPENCV_LOG_LEVEL": "ERROR",
        }

    @property
    def log(self) -> list[str]:
        return (self.folder / "log").read_text().split()

    def start(self, act: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, act],
            env=self.variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, act: str) -> Any:
        with self.start(act) as process:
            out, _ = process.communicate(timeout=50)
        assert process.returncode == 0
        return json.loads(out)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shim") / "shim.so"
    source = Path(__file__).with_name("v4l2_shim.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(path), str(source), "-ldl"], check=True, timeout=60)
    return path


@pytest.fixture
def shim(library: Path, tmp_path: Path) -> Iterator[Shim]:
    (tmp_path / "shim.so").symlink_to(library)
    entry = tmp_path / "sys" / "video0"
    entry.mkdir(parents=True)
    (entry / "name").write_text("Shim Camera\n")
    (entry / "index").write_text("0\n")
    yield Shim(tmp_path)
    opened = (tmp_path / "log").read_text().split() if (tmp_path / "log").exists() else []
    assert opened.count("open") == opened.count("close")


def test_pictures_and_release(shim: Shim) -> None:
    """Numbered pictures at the camera's rate; the device is held while it is open, and free when `close` says so."""
    result = shim.run("pictures")
    assert result["name"] == "Shim Camera"
    assert (result["held"], result["after"], result["freed"]) == (1, 0, True)
    assert result["sizes"] == [[640, 480, 640 * 480 * 3 // 2]]
    numbers = result["numbers"]
    assert numbers == sorted(set(numbers))
    assert 500 < result["ms"] < 2000
    assert shim.log.count("open") == 1


def test_opened_again(shim: Shim) -> None:
    """P7."""
    assert shim.run("again") == 0
    assert shim.log == ["open", "close"] * 3


def test_busy(shim: Shim) -> None:
    """Another program has it; when it lets go, the camera opens."""
    with shim.start("hold") as other:
        assert other.stdout
        assert other.stdout.readline().strip() == "held"
        failure, hint = shim.run("refused")
        assert failure == "busy"
        assert "Another program" in hint
        out, _ = other.communicate(timeout=30)
        assert json.loads(out) is True
    assert shim.run("again") == 0


def test_unplugged(shim: Shim) -> None:
    """P14."""
    failure, hint, locks = shim.run("unplug")
    assert failure == "lost"
    assert "not plugged in" in hint
    assert locks == 0
