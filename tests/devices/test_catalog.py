"""The device lists: their order, their stability, hot-plug, and what it costs to watch for it."""

import asyncio
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from pybackend.devices import Catalog, DeviceChange, DeviceKind, platforms
from tests.devices.conftest import until
from tests.sound import SoundServer

FILES = [Path("/films/a.mp4"), Path("/films/b.mp4")]


def ids(catalog: Catalog, kind: DeviceKind) -> list[str]:
    return [info.id for info in catalog.devices(kind)]


async def test_virtual_devices_hide_real_ones() -> None:
    catalog = Catalog(virtual=True, camera_files=FILES)
    assert await catalog.refresh() == []
    assert ids(catalog, DeviceKind.CAMERA) == ["file:/films/a.mp4", "file:/films/b.mp4", "virtual:camera"]
    assert [info.name for info in catalog.devices(DeviceKind.CAMERA)][:2] == ["a.mp4", "b.mp4"]
    assert ids(catalog, DeviceKind.MIC) == ["virtual:mic"]
    assert ids(catalog, DeviceKind.SPEAKER) == ["virtual:speaker"]
    assert not catalog.admits(DeviceKind.MIC, "PulseAudio:mic")


@pytest.mark.sound
async def test_real_devices_come_after_files(sound: SoundServer) -> None:
    catalog = Catalog(virtual=False, camera_files=FILES)
    assert ids(catalog, DeviceKind.MIC) == []
    changes = await catalog.refresh()
    assert changes
    assert all(change.added for change in changes)
    assert ids(catalog, DeviceKind.CAMERA)[:2] == ["file:/films/a.mp4", "file:/films/b.mp4"]
    assert ids(catalog, DeviceKind.MIC) == ["PulseAudio:mic"]
    assert ids(catalog, DeviceKind.SPEAKER) == ["PulseAudio:spk", "PulseAudio:micsink"]
    assert await catalog.refresh() == []
    await asyncio.to_thread(sound.pactl, "set-default-sink", "micsink")
    assert await catalog.refresh() == []
    assert ids(catalog, DeviceKind.SPEAKER) == ["PulseAudio:micsink", "PulseAudio:spk"], "the default comes first"
    await asyncio.to_thread(sound.pactl, "set-default-sink", "spk")


@pytest.mark.sound
async def test_hot_plug_is_noticed(sound: SoundServer) -> None:
    """P13, P14: `watch` reports what comes and goes."""
    catalog = Catalog(virtual=False, camera_files=[])
    await catalog.refresh()
    changes: list[DeviceChange] = []
    watching = asyncio.create_task(catalog.watch(changes.append, every_s=0.2))
    await asyncio.sleep(0.3)
    module = await asyncio.to_thread(sound.load, "module-null-sink", "sink_name=dock")
    await until(lambda: changes)
    await asyncio.to_thread(sound.unload, module)
    await until(lambda: len(changes) > 1)
    watching.cancel()
    assert [(change.info.id, change.added) for change in changes] == [
        ("PulseAudio:dock", True),
        ("PulseAudio:dock", False),
    ]


@pytest.mark.sound
async def test_watching_is_cheap(sound: SoundServer) -> None:
    """One look costs less than 60 ms of CPU even on a busy machine (8 ms on an idle one), every 2 s."""
    del sound
    catalog = Catalog(virtual=False, camera_files=[])
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    for _ in range(5):
        await catalog._signs()
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    used = sum(b.ru_utime + b.ru_stime - a.ru_utime - a.ru_stime for a, b in zip(before, after, strict=True))
    assert used / 5 < 0.06


async def test_helper_that_fails_keeps_the_list(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    catalog = Catalog(virtual=False, camera_files=FILES)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert await catalog.refresh() == []
    assert ids(catalog, DeviceKind.CAMERA) == ["file:/films/a.mp4", "file:/films/b.mp4"]
    assert "looking for devices failed" in caplog.text


def test_helper_ends_with_its_parent() -> None:
    """Its input ends: so does it, whatever it is doing, within a second."""
    code = "import time; from pybackend.devices import probe; probe.real_devices = lambda: time.sleep(60); probe.main()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as helper:
        assert helper.stdin
        helper.stdin.close()
        assert helper.wait(10) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's list of cameras")
def test_cameras_of_linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera has several nodes, of which the first delivers pictures; its id does not depend on their number."""
    device = tmp_path / "devices" / "1-2:1.0"
    device.mkdir(parents=True)
    for node, index in (("video4", 0), ("video5", 1)):
        entry = tmp_path / "class" / node
        entry.mkdir(parents=True)
        (entry / "name").write_text("Fine Cam: Fine Cam\n")
        (entry / "index").write_text(f"{index}\n")
        (entry / "device").symlink_to(device)
    monkeypatch.setattr(platforms, "VIDEO4LINUX", tmp_path / "class")
    before = platforms.plug_signs()
    assert platforms.cameras() == [platforms.CameraEntry("Fine Cam: Fine Cam@1-2:1.0", "Fine Cam", 4)]
    assert platforms.camera_index("Fine Cam: Fine Cam@1-2:1.0") == 4
    (tmp_path / "class" / "video4").rename(tmp_path / "class" / "video0")
    assert platforms.camera_index("Fine Cam: Fine Cam@1-2:1.0") == 0
    assert platforms.plug_signs() != before
