"""Without PortAudio, OpenCV or a display: everything imports, files and virtual devices work, and it is said what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from pybackend.devices import missing
from tests.devices.test_file_camera import make_clip

_BLOCKED = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"cv2", "sounddevice"}:
            raise OSError({"sounddevice": "PortAudio library not found"}.get(name, "libGL.so.1: cannot open"))
sys.meta_path.insert(0, Block())
"""

_PROGRAM = (
    _BLOCKED
    + """
import asyncio
from pathlib import Path
from pybackend.devices import *

async def main(clip):
    catalog = Catalog(virtual=True, camera_files=[Path(clip)])
    registry = Registry(catalog)
    seen = []
    for info in catalog.devices(DeviceKind.CAMERA):
        await registry.open_camera("me", info.id, CameraFormat(), lambda _: None, print)
    await registry.open_mic("me", "virtual:mic", lambda _: None, print)
    await registry.open_speaker("me", "virtual:speaker", lambda n: bytes(2 * n), print)
    assert len(registry.open_devices()) == 4
    assert await registry.close_owner("me")
    real = Registry(Catalog(virtual=False, camera_files=[]))
    for opening in (
        real.open_camera("me", "any", CameraFormat(), print, print),
        real.open_mic("me", "any", print, print),
    ):
        try:
            await opening
        except DeviceError as error:
            print(error.failure, error.hint)
    for entry in missing():
        print(entry.library, entry.install)

asyncio.run(main(sys.argv[1]))
assert not {"cv2", "sounddevice"} & sys.modules.keys()
"""
)


def run(code: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_libraries_missing(tmp_path: Path) -> None:
    """P41, P59."""
    out = run(_PROGRAM, str(make_clip(tmp_path / "clip.mp4")))
    assert out.count("unavailable") == 2
    assert "install --force-reinstall opencv-python-headless" in out
    assert "libportaudio2" in out or sys.platform != "linux"


def test_lists_without_libraries() -> None:
    """The helper then knows no sound devices, and says so by an empty list."""
    out = run(
        _BLOCKED + "from pybackend.devices import probe; print([d for d in probe.real_devices() if d.kind != 'camera'])"
    )
    assert out.strip() == "[]"


def test_import_loads_no_library() -> None:
    run("import sys, pybackend.devices; assert not {'cv2', 'sounddevice', 'av'} & sys.modules.keys()")


@pytest.mark.sound
def test_nothing_is_missing(sound: object) -> None:
    del sound
    assert missing() == []
