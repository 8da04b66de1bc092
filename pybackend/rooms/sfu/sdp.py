"""Offers in, answers out: the part of SDP (RFC 8866, 8829, 8843) that a bundled, rtcp-muxed SFU connection needs.

Parsing and writing alone; who sends what is decided elsewhere. Everything that is missing or strange in an offer raises
MediaError("bad-sdp"). An answer takes one host candidate, ICE-lite, and the passive DTLS role. RTX is never accepted.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pybackend.rooms.media import MediaError

MAX_BYTES: Final = 256 * 1024
MAX_MEDIA: Final = 128
MAX_MID: Final = 32

MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
AUDIO_LEVEL: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

_FEEDBACK: Final = ("nack", "nack pli", "ccm fir", "goog-remb")
_DIRECTIONS: Final = ("sendrecv", "sendonly", "recvonly", "inactive")
_PROFILE: Final = "UDP/TLS/RTP/SAVPF"


@dataclass(frozen=True, slots=True)
class Codec:
    """A payload type of one m-line; `name` is in lower case."""

    payload_type: int
    name: str
    clock: int
    channels: str = ""
    format: str = ""
    feedback: tuple[str, ...] = ()

    @property
    def forwardable(self) -> bool:
        """Opus, VP8, and H.264 in packets; not with a number that, in the second byte, would look like RTCP's."""
        if not (0 <= self.payload_type < 64 or 96 <= self.payload_type < 128):
            return False
        if self.name == "opus":
            return (self.clock, self.channels) == (48_000, "/2")
        in_packets = self.name == "vp8" or (self.name == "h264" and "packetization-mode=1" in self.format)
        return in_packets and self.clock == 90_000

    @property
    def profile(self) -> str:
        """H.264: profile_idc and the constraint flags, in hexadecimal; empty where it does not matter."""
        return self.format.partition("profile-level-id=")[2][:4].lower()


@dataclass(slots=True)
class Media:
    """One m-line of an offer."""

    kind: str
    mid: str = ""
    rejected: bool = False
    direction: str = "sendrecv"
    codecs: list[Codec] = field(default_factory=list)
    extensions: dict[str, int] = field(default_factory=dict)
    ssrc: int | None = None
    mux: bool = False

    @property
    def usable(self) -> bool:
        return (
            self.kind in ("audio", "video")
            and not self.rejected
            and self.mux
            and any(c.forwardable for c in self.codecs)
        )

    @property
    def sends(self) -> bool:
        return self.usable and self.direction in ("sendrecv", "sendonly")

    @property
    def receives(self) -> bool:
        return self.usable and self.direction in ("sendrecv", "recvonly")


@dataclass(frozen=True, slots=True)
class Credentials:
    """ICE's name and password of one side."""

    ufrag: str
    password: str


@dataclass(frozen=True, slots=True)
class Offer:
    media: Sequence[Media]
    ice: Credentials
    fingerprints: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """What is answered to one m-line; without codecs it is refused."""

    codecs: Sequence[Codec] = ()
    direction: str = "inactive"
    extensions: Sequence[str] = ()
    ssrc: int | None = None


@dataclass(frozen=True, slots=True)
class Local:
    """Our end of a transport, as it is written into an answer."""

    ice: Credentials
    fingerprint: str
    address: str
    port: int


def parse_offer(text: str) -> Offer:
    """Raises MediaError("bad-sdp")."""
    if len(text) > MAX_BYTES:
        raise MediaError("bad-sdp")
    try:
        return _Parser().run(text)
    except (ValueError, KeyError, IndexError) as error:
        raise MediaError("bad-sdp") from error


class _Parser:
    def __init__(self) -> None:
        self.media: list[Media] = []
        self.bundle: list[str] = []
        self.values: dict[str, str] = {}  # the first of each: session's, or that of the first bundled m-line
        self.fingerprints: dict[str, str] = {}
        self.maps: dict[int, str] = {}
        self.formats: dict[int, str] = {}
        self.feedback: dict[str, list[str]] = {}

    def run(self, text: str) -> Offer:
        for line in text.splitlines():
            if line.startswith("m="):
                self._end_media()
                self._begin_media(line[2:].split())
            elif line.startswith("a="):
                name, _, value = line[2:].partition(":")
                if self.media:
                    self._media_attribute(name, value, self.media[-1])
                    self._codec_attribute(name, *value.partition(" ")[::2])
                self._transport_attribute(name, value)
        self._end_media()
        self._validate()
        ice = Credentials(self.values["ice-ufrag"], self.values["ice-pwd"])
        return Offer(self.media, ice, self.fingerprints)

    def _validate(self) -> None:
        if self.values.get("setup") not in ("actpass", "active") or not self.fingerprints or not self.media:
            raise ValueError("no DTLS client")
        mids = {media.mid for media in self.media if 0 < len(media.mid) <= MAX_MID}
        if len(mids) != len(self.media):
            raise ValueError("mids have to be there, short and unique")
        if len(self.media) > 1 and any(media.usable and media.mid not in self.bundle for media in self.media):
            raise ValueError("not bundled")

    def _begin_media(self, words: list[str]) -> None:
        if len(self.media) >= MAX_MEDIA:
            raise ValueError("too many m-lines")
        self.media.append(Media(kind=words[0], rejected=words[1] == "0"))
        self.maps = {int(word): "" for word in words[3:]} if words[0] in ("audio", "video") else {}
        self.formats, self.feedback = {}, {}

    def _end_media(self) -> None:
        if self.media:
            self.media[-1].codecs = [self._codec(number, text) for number, text in self.maps.items() if text]

    def _codec(self, number: int, text: str) -> Codec:
        name, clock, *channels = text.split("/")
        offered = self.feedback.get("*", []) + self.feedback.get(str(number), [])
        return Codec(
            number,
            name.lower(),
            int(clock),
            "".join("/" + c for c in channels),
            self.formats.get(number, ""),
            tuple(kind for kind in _FEEDBACK if kind in offered),
        )

    def _transport_attribute(self, name: str, value: str) -> None:
        if name == "group" and value.startswith("BUNDLE"):
            self.bundle = value.split()[1:]
        elif name in ("ice-ufrag", "ice-pwd", "setup"):
            if len(value) > 256:
                raise ValueError("too long")
            self.values.setdefault(name, value)
        elif name == "fingerprint":
            algorithm, digest = value.split()
            self.fingerprints.setdefault(algorithm.lower(), digest.upper())

    def _media_attribute(self, name: str, value: str, media: Media) -> None:
        if name == "mid":
            media.mid = value
        elif name in _DIRECTIONS:
            media.direction = name
        elif name == "rtcp-mux":
            media.mux = True
        elif name == "bundle-only":
            media.rejected = False
        elif name == "ssrc" and media.ssrc is None:
            media.ssrc = _ssrc(value.split(" ")[0])
        elif name == "extmap":
            number, uri = value.split(" ")[:2]
            if 1 <= int(number.split("/")[0]) <= 14:  # what a one-byte header can say
                media.extensions[uri] = int(number.split("/")[0])

    def _codec_attribute(self, name: str, head: str, rest: str) -> None:
        if name == "rtpmap" and int(head) in self.maps:
            self.maps[int(head)] = rest
        elif name == "fmtp":
            self.formats[int(head)] = rest
        elif name == "rtcp-fb":
            self.feedback.setdefault(head, []).append(rest)


def _ssrc(text: str) -> int:
    if not 0 < int(text) < 1 << 32:
        raise ValueError("not an SSRC")
    return int(text)


def answer(offer: Offer, lines: Mapping[str, Line], local: Local, version: int) -> str:
    """`lines` by mid; m-lines without one are refused."""
    mids = [media.mid for media in offer.media if media.mid in lines]
    family = "IP6" if ":" in local.address else "IP4"
    head = [
        "v=0",
        f"o=- {int(local.ice.ufrag.encode().hex(), 16) & 0x7FFFFFFFFFFFFFFF} {version} IN {family} {local.address}",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {' '.join(mids)}".rstrip(),
        "a=msid-semantic:WMS *",
    ]
    body = (row for media in offer.media for row in _answer_media(media, lines.get(media.mid, Line()), local, family))
    return "\r\n".join([*head, *body, ""])


def _answer_media(media: Media, line: Line, local: Local, family: str) -> Iterator[str]:
    profile = _PROFILE if media.kind in ("audio", "video") else "UDP/DTLS/SCTP"
    types = " ".join(str(codec.payload_type) for codec in line.codecs)
    refused = "0" if media.kind in ("audio", "video") else "webrtc-datachannel"
    yield f"m={media.kind} {local.port if line.codecs else 0} {profile} {types or refused}"
    yield f"c=IN {family} {local.address}"
    yield f"a=mid:{media.mid}"
    yield f"a={line.direction}"
    yield "a=rtcp-mux"
    for uri in line.extensions:
        yield f"a=extmap:{media.extensions[uri]} {uri}"
    for codec in line.codecs:
        yield from _answer_codec(codec, media.kind)
    if line.ssrc is not None:
        yield f"a=msid:sfu-{media.mid} {media.kind}-{media.mid}"
        yield f"a=ssrc:{line.ssrc} cname:{cname(media.mid)}"
    yield from _answer_transport(local)


def cname(mid: str) -> str:
    """The canonical name of the slot `mid`."""
    return f"sfu-{mid}"


def _answer_codec(codec: Codec, kind: str) -> Iterable[str]:
    names = {"opus": "opus", "vp8": "VP8", "h264": "H264"}
    number = codec.payload_type
    yield f"a=rtpmap:{number} {names[codec.name]}/{codec.clock}{codec.channels if kind == 'audio' else ''}"
    yield from (f"a=rtcp-fb:{number} {feedback}" for feedback in codec.feedback)
    if codec.format:
        yield f"a=fmtp:{number} {codec.format}"


def _answer_transport(local: Local) -> Iterable[str]:
    return (
        f"a=candidate:1 1 udp 2130706431 {local.address} {local.port} typ host",
        "a=end-of-candidates",
        f"a=ice-ufrag:{local.ice.ufrag}",
        f"a=ice-pwd:{local.ice.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        "a=setup:passive",
    )
