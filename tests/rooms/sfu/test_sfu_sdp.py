"""Offers of aiortc, answers to aiortc, and what is refused."""

import pytest
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from pybackend.rooms.media import MediaError
from pybackend.rooms.sfu import sdp

WORDS = ["m=audio", "a=mid:0", "a=rtpmap:96", "a=fmtp", "a=extmap:1", "a=ssrc", "v=0", ":", "/", "9", "\n"]
LOCAL = sdp.Local(sdp.Credentials("ours", "secret"), "AA:BB", "127.0.0.1", 4321)


async def aiortc_offer() -> str:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    for kind in ("audio", "video"):
        peer.addTransceiver(kind, "sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    text: str = peer.localDescription.sdp
    await peer.close()
    return text


async def test_offer_of_aiortc() -> None:
    offer = sdp.parse_offer(await aiortc_offer())
    audio, video = offer.media
    assert (audio.kind, audio.mid, audio.sends, audio.receives) == ("audio", "0", True, False)
    assert [codec.name for codec in audio.codecs if codec.forwardable] == ["opus"]
    assert [codec.name for codec in video.codecs if codec.forwardable] == ["vp8", "h264", "h264"]
    assert [codec.profile for codec in video.codecs if codec.forwardable] == ["", "4200", "42e0"]
    assert video.codecs[0].feedback == ("nack", "nack pli", "goog-remb")
    assert audio.extensions[sdp.AUDIO_LEVEL] != video.extensions[sdp.ABS_SEND_TIME]
    assert set(offer.fingerprints) == {"sha-256", "sha-384", "sha-512"}
    assert audio.ssrc != video.ssrc


@pytest.mark.parametrize("number", [64, 72, 95, 128, 255, 400, -1])
async def test_payload_type_that_cannot_be_sent_is_not_forwarded(number: int) -> None:
    """Else one subscriber's offer could break the forwarding to all others."""
    text = await aiortc_offer()
    offer = sdp.parse_offer(text.replace("SAVPF 96 ", f"SAVPF {number} ").replace("rtpmap:96 ", f"rtpmap:{number} "))
    assert not offer.media[0].usable


async def test_answer_is_understood_by_aiortc() -> None:
    text = await aiortc_offer() + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\na=sctp-port:5000\r\n"
    offer = sdp.parse_offer(text)
    vp8 = offer.media[1].codecs[0]
    lines = {
        "0": sdp.Line([offer.media[0].codecs[0]], "recvonly", [sdp.MID]),
        "1": sdp.Line([vp8], "sendonly", [sdp.ABS_SEND_TIME], 77),
    }
    answer = SessionDescription.parse(sdp.answer(offer, lines, LOCAL, 1))
    audio, video, data = answer.media
    assert [group.items for group in answer.group] == [["0", "1"]]
    assert (audio.direction, audio.rtp.codecs[0].mimeType, audio.rtp.codecs[0].channels) == (
        "recvonly",
        "audio/opus",
        2,
    )
    assert [(ssrc.ssrc, ssrc.cname) for ssrc in video.ssrc] == [(77, "sfu-1")]
    assert [(f.type, f.parameter) for f in video.rtp.codecs[0].rtcpFeedback][:2] == [("nack", None), ("nack", "pli")]
    assert video.rtp.headerExtensions[0].uri == sdp.ABS_SEND_TIME
    assert video.ice is not None
    assert video.ice.iceLite
    assert video.dtls is not None
    assert video.dtls.role == "server"
    assert [(c.ip, c.port, c.type) for c in video.ice_candidates] == [("127.0.0.1", 4321, "host")]
    assert video.ice_candidates_complete
    assert data.port == 0


@pytest.mark.parametrize(
    "change",
    [
        ("a=setup:actpass", "a=setup:passive"),
        ("a=ice-ufrag", "a=x"),
        ("a=fingerprint", "a=x"),
        ("a=mid:1", "a=mid:0"),
        ("a=group:BUNDLE 0 1", "a=group:BUNDLE 0"),
        ("a=rtpmap:96 opus/48000/2", "a=rtpmap:x opus/48000/2"),
        ("a=ssrc:", "a=ssrc:x"),
        ("a=ssrc:", "a=ssrc:99999999999"),
        ("a=mid:1", "a=mid:" + "1" * 1000),
    ],
)
async def test_what_is_missing_or_strange_is_refused(change: tuple[str, str]) -> None:
    text = await aiortc_offer()
    assert change[0] in text
    with pytest.raises(MediaError, match="bad-sdp"):
        sdp.parse_offer(text.replace(*change))


@given(st.lists(st.sampled_from(WORDS)))
def test_nonsense_is_bad_sdp(words: list[str]) -> None:
    with pytest.raises(MediaError):
        sdp.parse_offer(" ".join(words).replace(" \n", "\n"))


def test_size_is_limited() -> None:
    with pytest.raises(MediaError):
        sdp.parse_offer("a=x\n" * sdp.MAX_BYTES)
