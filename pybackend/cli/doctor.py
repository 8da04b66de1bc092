"""`pybackend doctor`: what is there, what is missing, and what to do about it."""

import argparse
import asyncio
import importlib.metadata
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

LIBRARIES = ("aiortc", "av", "pyzmq", "aiohttp", "jsonrpcserver", "opencv-python-headless", "sounddevice", "pylibsrtp")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `advice` says what to do when it is not fine; `needed`: nothing works without it."""

    what: str
    fine: bool
    text: str
    advice: str = ""
    needed: bool = False


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer", needed=True)


def _libraries() -> Iterator[Finding]:
    for name in LIBRARIES:
        try:
            yield Finding(name, True, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, False, "not installed", f"pip install {name}", needed=True)


def _devices() -> Iterator[Finding]:
    from pybackend.devices import Catalog, DeviceKind, missing

    for lack in missing():
        yield Finding(f"{lack.library} for {lack.needed_for}", False, lack.reason, lack.install)

    async def listed() -> Catalog:
        catalog = Catalog(virtual=False, camera_files=())
        await catalog.refresh()
        return catalog

    catalog = asyncio.run(listed())
    for kind in (DeviceKind.CAMERA, DeviceKind.MIC, DeviceKind.SPEAKER):
        names = [info.name for info in catalog.devices(kind)]
        advice = f"plug in a {kind}, allow access to it, or use --virtual-devices"
        yield Finding(f"{kind}s", bool(names), ", ".join(names) or "none", advice)


def _permissions() -> Iterator[Finding]:
    if sys.platform != "linux":
        return
    cameras = [entry.path for entry in os.scandir("/dev") if entry.name.startswith("video")]
    for path in cameras:
        may = os.access(path, os.R_OK | os.W_OK)
        yield Finding(path, may, "may be opened" if may else "no permission", "add yourself to the group video")


def _electron() -> Iterator[Finding]:
    found = os.environ.get("ELECTRON_OVERRIDE_DIST_PATH") or shutil.which("electron")
    yield Finding(
        "Electron", bool(found), found or "not on PATH", "npm install electron (only an app's window needs it)"
    )


def _ports() -> Iterator[Finding]:
    for kind, name in ((socket.SOCK_STREAM, "TCP on loopback"), (socket.SOCK_DGRAM, "UDP on loopback")):
        try:
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind(("127.0.0.1", 0))
            yield Finding(name, True, "free ports are there")
        except OSError as error:
            yield Finding(name, False, str(error), "look at the firewall and the limits of this user", needed=True)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (_python, _libraries, _devices, _permissions, _electron, _ports)


def add_parser(commands: Any) -> None:
    """Adds the command."""
    commands.add_parser("doctor", help="checks libraries, devices, permissions, Electron, ports").set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """0 when nothing that is needed is missing."""
    findings = [finding for check in CHECKS for finding in check()]
    width = max(len(finding.what) for finding in findings)
    for finding in findings:
        mark = "ok " if finding.fine else "NO " if finding.needed else "-- "
        print(f"{mark} {finding.what:<{width}}  {finding.text}")
        if not finding.fine and finding.advice:
            print(f"    {'':<{width}}  → {finding.advice}")
    return int(any(finding.needed and not finding.fine for finding in findings))
