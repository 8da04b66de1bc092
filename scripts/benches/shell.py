"""The camera at 720p and 30 fps in a page of Chromium: how many of its pictures are drawn, how old they are, what it costs."""

import json
import os
import subprocess
import sys
from typing import Any

from scripts import machine

from . import Figure

SECONDS = 10
MOST_FRAMES = 3.0
"""A picture that is older than this many of its kind is noticed."""


NO_BROWSER = 3
"""The exit status of `bench/chromium.js` that says so."""


def _measured() -> dict[str, Any] | None:
    """What `bench/chromium.js` prints; None where there is no Chromium."""
    environment = {**os.environ, "PYBACKEND_PYTHON": sys.executable}
    words = ["node", "bench/chromium.js", "--seconds", str(SECONDS)]
    run = subprocess.run(words, cwd=machine.SHELL, env=environment, capture_output=True, text=True, check=False)
    if run.returncode == NO_BROWSER:
        return None
    if run.returncode:
        raise RuntimeError(run.stderr.strip())
    result: dict[str, Any] = json.loads(run.stdout)
    return result


NAMED = {"backend": "CPU of the backend", "renderer": "CPU of the page", "browser": "CPU of the browser"}
"""Processes by the kinds of `bench/cpu.js`; Chromium's further ones are counted together."""

UNMEASURABLE = 0.1  # percent of a core


def _processes(cpu: dict[str, float], bare: dict[str, float]) -> dict[str, Figure]:
    """Percent of a core for each process, beside what it takes when pictures are received and not drawn."""

    def figure(kinds: set[str]) -> Figure:
        used, reference = (sum(percents.get(kind, 0.0) for kind in kinds) for percents in (cpu, bare))
        return Figure(used, "%", max(reference, UNMEASURABLE), "pictures received, not drawn")

    named = {name: figure({kind}) for kind, name in NAMED.items()}
    return named | {"CPU of gpu and network": figure(cpu.keys() - NAMED.keys())}


def measure() -> dict[str, Figure]:
    """Nothing without Node.js and Chromium. Takes some 40 s."""
    machine.ensure_system(["chromium"], "a picture in a page")
    found = _measured() if machine.ensure_node() else None
    if found is None:
        machine.say("shell: left out: it needs Node.js and Chromium")
        return {}
    frames = found["latency_ms_p50"] * found["captured_fps"] / 1000
    figures = {
        "720p30 drawn": Figure(found["fps"], "fps", found["captured_fps"], "captured by the backend"),
        "age of a picture": Figure(frames, "pict", MOST_FRAMES, "what is noticed"),
        "age in a slow page": Figure(found["slow_latency_frames"], "pict", MOST_FRAMES, "what is noticed"),
    }
    cpu, bare = found["cpu"], found["bare"]["cpu"]
    return figures | (_processes(cpu, bare) if cpu and bare else {})
