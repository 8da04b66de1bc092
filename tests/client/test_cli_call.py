"""`pybackend call`: results on stdout, errors on stderr, exit codes."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from pybackend.cli import call
from tests.client.peer import Peer, Refusal


def run(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="pybackend")
    call.add_parser(parser.add_subparsers())
    args = parser.parse_args(["call", *words])
    status: int = args.run(args)
    return status


@pytest.mark.parametrize(
    ("method", "args", "named"),
    [
        ("exitRoom", [], {}),
        ("muteLocalVideo", [True, 0], {"mute": True, "streamType": 0}),
        ("muteLocalVideo", [{"mute": True}], {"mute": True}),
        ("enterRoom", [{"roomId": 7}], {"params": {"roomId": 7}}),
        ("enterRoom", [{"roomId": 7}, 0], {"params": {"roomId": 7}, "scene": 0}),
        ("setMixTranscodingConfig", [None], {"config": None}),
        ("startLocalRecording", [{"filePath": "x"}], {"options": {"filePath": "x"}}),
        ("events.replay", [{"since": 3}], {"since": 3}),
        ("events.replay", [3], {"since": 3}),
    ],
)
def test_arguments_find_their_parameters(method: str, args: list[Any], named: dict[str, Any]) -> None:
    assert call.params(method, args) == named


def test_the_result_is_printed(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    peer.script["getCameraDevicesList"] = lambda _: [{"deviceId": "ä"}]
    assert run("--endpoint", peer.endpoint, "getCameraDevicesList") == 0
    assert json.loads(capsys.readouterr().out) == [{"deviceId": "ä"}]
    assert run("--endpoint", peer.endpoint, "--cloud", "2", "muteLocalAudio", "true") == 0
    assert capsys.readouterr().out == "null\n"
    assert peer.calls == [("getCameraDevicesList", {}), ("muteLocalAudio", {"mute": True, "cloud": 2})]


def test_a_failure_goes_to_stderr(peer: Peer, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(_: Any) -> None:
        raise Refusal(-32602, "Invalid params", {"field": "mute"})

    peer.script["muteLocalAudio"] = refuse
    assert run("--endpoint", peer.endpoint, "muteLocalAudio", "3") == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "muteLocalAudio: Invalid params (-32602): {'field': 'mute'}\n")
    assert run("--endpoint", "tcp://127.0.0.1:1", "--timeout", "0.1", "ping") == 1
    assert "no backend answers" in capsys.readouterr().err


def test_the_auth_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "auth.json"
    file.write_text('{"mechanism": "PLAIN", "username": "pybackend", "password": "right"}')
    with Peer(password="right") as peer:
        assert run("--endpoint", peer.endpoint, "--auth-file", str(file), "ping") == 0
        assert run("--endpoint", peer.endpoint, "ping") == 1
    assert "refuses NULL" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "clue"),
    [
        (["ping"], "--endpoint"),
        (["--endpoint", "e"], "METHOD"),
        (["--endpoint", "e", "enterRom"], "there is no method enterRom"),
        (["--endpoint", "e", "playBGM", "song.mp3"], "'song.mp3' is not JSON"),
        (["--endpoint", "e", "--auth-file", "/none", "ping"], "No such file"),
    ],
)
def test_bad_arguments_exit_2_with_one_clear_line(
    words: list[str], clue: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*words)
    assert caught.value.code == 2
    assert clue in capsys.readouterr().err.splitlines()[-1]


def test_too_many_arguments_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--endpoint", "e", "exitRoom", "1") == 2
    assert capsys.readouterr().err == "pybackend call: error: exitRoom takes at most 0 parameters: none\n"
