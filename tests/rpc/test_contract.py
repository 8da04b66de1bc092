"""The wire as other programs rely on it: raw ZeroMQ against a running backend."""

import itertools
import json
import os
import random
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from pybackend import __version__
from pybackend.spec.surface import Field, surface
from pybackend.testing.processes import Backend

Message = dict[str, Any]


class Wire:
    """One DEALER, with what it was told beside its answers."""

    def __init__(self, context: "zmq.Context[zmq.Socket[bytes]]", endpoint: str) -> None:
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.connect(endpoint)
        self.told: list[Message] = []
        self._numbers = itertools.count(1)

    def receive(self, timeout_s: float = 10.0) -> Any:
        assert self.socket.poll(int(timeout_s * 1000)), "nothing came"
        return json.loads(self.socket.recv_multipart()[0])

    def raw(self, *frames: bytes) -> Any:
        """The answer to what may be no request at all."""
        self.socket.send_multipart(frames)
        while "method" in (message := self.receive()):
            self.told.append(message)
        return message

    def ask(self, method: str, params: Any = None, *more: bytes) -> Message:
        """The whole answer to a request."""
        request = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method, "params": params}
        answer: Message = self.raw(json.dumps(request).encode(), *more)
        assert answer["id"] == request["id"]
        return answer

    def hear(self, event: str, timeout_s: float = 10.0) -> Message:
        """The params of the next event of that name."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            message = self.told.pop(0) if self.told else self.receive(end - time.monotonic())
            if message["method"] == event:
                params: Message = message["params"]
                return params
        raise AssertionError(f"{event} did not come")


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with Backend("ws://127.0.0.1:9/signal", virtual_devices=True) as running:
        yield running


@pytest.fixture
def wires() -> Iterator[Callable[[Backend], Wire]]:
    with zmq.Context() as context:
        made: list[Wire] = []

        def make(backend: Backend) -> Wire:
            made.append(Wire(context, backend.endpoint))
            return made[-1]

        yield make
        for wire in made:
            wire.socket.close()


@pytest.fixture
def wire(wires: Callable[[Backend], Wire], backend: Backend) -> Wire:
    return wires(backend)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b"3", -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"nonsense"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"on","params":{"event":{"$bin":9}}}', -32602),
    ],
)
def test_what_is_no_call(wire: Wire, sent: bytes, code: int) -> None:
    """P55: a code and a fixed sentence, never an exception's text."""
    answer = wire.raw(sent)
    assert answer["error"]["code"] == code
    assert "Traceback" not in json.dumps(answer)
    assert "data" not in answer["error"] or set(answer["error"]["data"]) == {"field"}


@pytest.mark.parametrize(
    ("method", "params", "field"),
    [
        ("enterRoom", 3, "params"),
        ("enterRoom", {"params": 3, "scene": 0}, "params"),
        ("enterRoom", {"params": {"roomId": "7"}, "scene": 0}, "params.roomId"),
        ("enterRoom", {"params": {}}, "scene"),
        ("muteLocalAudio", {"mute": 1}, "mute"),
        ("muteLocalAudio", {"mute": True, "loud": 1}, "loud"),
        ("muteLocalAudio", [True, True], "params[1]"),
        ("on", {"event": "onNonsense"}, "event"),
        ("hello", {"client": "x", "protocol": 1, "owner": True, "lease_s": 0}, "lease_s"),
    ],
)
def test_wrong_types_name_their_field(wire: Wire, method: str, params: Any, field: str) -> None:
    """And no event follows."""
    wire.ask("on", {"event": "*"})
    answer = wire.ask(method, params)
    assert (answer["error"]["code"], answer["error"]["data"]["field"]) == (-32602, field)
    assert wire.ask("ping")["result"] == "pong"
    assert not wire.told


def test_by_name_and_by_position(wire: Wire) -> None:
    for params in ([40], {"volume": 40}, {"volume": 40, "cloud": 0}):
        assert wire.ask("setAudioCaptureVolume", [100])["result"] is None
        assert wire.ask("setAudioCaptureVolume", params)["result"] is None
        assert wire.ask("getAudioCaptureVolume")["result"] == 40
    wire.ask("setAudioCaptureVolume", [100])


def test_batches_keep_their_order(wire: Wire) -> None:
    calls = [
        {"jsonrpc": "2.0", "id": 1, "method": "setAudioPlayoutVolume", "params": [30]},
        {"jsonrpc": "2.0", "method": "setAudioPlayoutVolume", "params": [60]},
        {"jsonrpc": "2.0", "id": 2, "method": "getAudioPlayoutVolume"},
        5,
        {"jsonrpc": "2.0", "id": 3, "method": "setAudioPlayoutVolume", "params": [100]},
    ]
    answers = wire.raw(json.dumps(calls).encode())
    assert [answer.get("result", answer.get("error", {}).get("code")) for answer in answers] == [None, 60, -32600, None]


def test_device_levels_are_changed_at_once(wire: Wire) -> None:
    for device, mute in (("Speaker", "SpeakerDevice"), ("MicDevice", "MicDevice")):
        for volume, muted in ((30, True), (100, False)):
            calls: list[tuple[str, list[Any]]] = [
                (f"setCurrent{device}Volume", [volume]),
                (f"setCurrent{mute}Mute", [muted]),
                (f"getCurrent{device}Volume", []),
                (f"getCurrent{mute}Mute", []),
            ]
            batch = [
                {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
                for number, (method, params) in enumerate(calls)
            ]
            answers = wire.raw(json.dumps(batch).encode())
            assert [answer["result"] for answer in answers] == [None, None, volume, muted]


def test_events_follow_their_answer_and_can_be_replayed(wires: Callable[[Backend], Wire], backend: Backend) -> None:
    """P54: numbered without a gap, to those who asked, and again for those who missed them."""
    wire, deaf = wires(backend), wires(backend)
    seq = wire.ask("hello", {"client": "test", "protocol": 1})["result"]["seq"]
    wire.ask("on", {"event": "onExitRoom"})
    wire.socket.send(b'{"jsonrpc":"2.0","id":99,"method":"exitRoom"}')
    assert wire.receive()["id"] == 99
    event = wire.hear("onExitRoom")
    assert event.keys() == {"cloud", "seq", "session", "ts", "args", "detail"}
    assert (event["cloud"], event["args"], event["session"], event["detail"]["cause"]) == (0, [0], None, "leave")
    replay = deaf.ask("events.replay", {"since": seq})["result"]
    assert replay["complete"] is True
    assert [told["params"]["seq"] for told in replay["events"]] == list(range(seq + 1, event["seq"] + 1))
    assert not deaf.told
    wire.ask("off", {"event": "onExitRoom"})
    wire.ask("exitRoom")
    time.sleep(0.2)
    assert wire.ask("ping")["result"] == "pong"
    assert not wire.told


def test_greeting_and_documents(wire: Wire) -> None:
    refusal = wire.ask("hello", {"client": "test", "protocol": 2})["error"]
    assert refusal["code"] == -32011
    assert refusal["data"] == {"protocol": 1, "version": __version__}  # for who has to say what does not fit
    greeting = wire.ask("hello", {"client": "test", "protocol": 1})["result"]
    assert greeting.keys() >= {"protocol", "version", "seq", "clouds", "devices"}
    described = wire.ask("diagnostics")["result"]
    assert described.keys() >= {"devices", "clouds", "rss_bytes", "fds", "threads", "tasks", "loop_lag_ms"}
    methods = {method["name"] for method in wire.ask("rpc.discover")["result"]["methods"]}
    assert methods >= set(surface().methods)


def test_sub_clouds_and_destroyed_ones(wire: Wire) -> None:
    """P28: one fixed error after destroy; the share instance comes back."""
    number = wire.ask("createSubCloud")["result"]
    assert wire.ask("setAudioCaptureVolume", {"volume": 5, "cloud": number})["result"] is None
    assert wire.ask("getAudioCaptureVolume", {"cloud": number})["result"] == 5
    assert wire.ask("getAudioCaptureVolume")["result"] == 100
    for _ in range(2):
        assert wire.ask("destroy", {"cloud": number})["result"] is None
    assert wire.ask("getAudioCaptureVolume", {"cloud": number})["error"]["code"] == -32010
    assert wire.ask("destroy")["result"] is None
    assert wire.ask("getAudioCaptureVolume")["error"]["code"] == -32010
    assert wire.ask("getTRTCShareInstance")["result"] == 0
    assert wire.ask("getSDKVersion")["result"] == surface().version


def test_binary_values_travel_in_frames(wire: Wire) -> None:
    answer = wire.ask("sendSEIMsg", [{"$bin": 1}, 1], b"\x00\x01")
    assert answer["result"] is False
    assert wire.ask("sendSEIMsg", ["text", 1])["error"]["data"]["field"] == "msg"


def test_methods_that_are_not_built_yet_say_so(wire: Wire) -> None:
    wire.ask("on", {"event": "onWarning"})
    assert wire.ask("startAudioRecording", ["/tmp/x.wav"])["result"] == -4
    warning = wire.hear("onWarning")
    assert warning["args"][0] == 9001
    assert "startAudioRecording" in warning["args"][1]
    for frames in (40, 2):
        for _ in range(frames):
            assert wire.ask("mixExternalAudioFrame", [{}])["result"] == -1
        wire.ask("startPlayMusic", [{}])
        named = [wire.hear("onWarning")["args"][2]["method"] for _ in range(2)]
        assert named == ["mixExternalAudioFrame", "startPlayMusic"], "one warning for all frames"
        wire.ask("enterRoom", [None, 0])


_PLAIN: dict[str, list[Any]] = {
    "number": [0, 1, -5, 2.5, 1e12],
    "string": ["", "alice", "{}", "\u00fc" * 40],
    "boolean": [True, False],
    "null": [None],
}


def _value(field: Field, chance: random.Random) -> Any:
    """A well-typed value for a parameter; an empty object for what is more than a plain type or an enum."""
    kind = field.type
    if "HTMLElement" in kind or "=>" in kind:
        return chance.choice([True, None])
    if kind in surface().enums:
        return chance.choice(list(surface().enums[kind].values()))
    found = [value for part in kind.split("|") for value in _PLAIN.get(part.strip(), [])]
    return chance.choice(found) if found else {}


CALLABLE = sorted(set(surface().methods) - {"setLogLevel", "destroy", "destroyTRTCShareInstance"})


@pytest.mark.parametrize("seed", range(4))
def test_every_method_answers(trtc_backend: Backend, wires: Callable[[Backend], Wire], seed: int) -> None:
    """Rule 9: whatever is called with values of the right types, there is an answer at once, and no internal error."""
    wire, chance = wires(trtc_backend), random.Random(seed)
    for name in chance.sample(CALLABLE, len(CALLABLE)):
        params = [_value(param, chance) for param in surface().methods[name].params]
        answer = wire.ask(name, params)
        assert "result" in answer or answer["error"]["code"] == -32602, (name, params, answer)
    assert wire.ask("ping")["result"] == "pong"
    assert "Traceback" not in trtc_backend.log(), trtc_backend.log()


def test_silent_owner_is_gone(wires: Callable[[Backend], Wire], trtc_backends: Callable[..., Backend]) -> None:
    """P62: its devices are released; any message would have renewed its lease."""
    backend = trtc_backends()
    owner, watcher = wires(backend), wires(backend)
    watcher.ask("on", {"event": "*"})
    owner.ask("hello", {"client": "owner", "protocol": 1, "owner": True, "lease_s": 1})
    owner.ask("startLocalPreview", [None])
    watcher.hear("onCameraDidReady")
    end = time.monotonic() + 10
    while watcher.ask("diagnostics")["result"]["devices"]:
        assert time.monotonic() < end, "the camera is still open"
        time.sleep(0.05)


def test_socket_is_private(backend: Backend) -> None:
    """P58: the directory is its owner's alone."""
    folder = Path(backend.endpoint.removeprefix("ipc://")).parent
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
