"""Who receives what, packet by packet, by raw peers against the real process."""

import asyncio
from itertools import pairwise

import pytest

from pybackend.rooms.media import MediaError, Source, StreamKind
from pybackend.rooms.sfu import EmbeddedSfu, rtcp
from pybackend.rooms.sfu.sdp import MID
from tests.rooms.sfu.peer import DELTA_FRAME, H264, KEY_FRAME, VP8, Peer, Room, Stream, number_of, numbered

VIDEO, AUDIO = StreamKind.VIDEO, StreamKind.AUDIO
A, B = Source("a", VIDEO), Source("b", VIDEO)


async def test_slot_begins_at_key_frame_and_stays_unbroken_across_sources(raw: Room) -> None:
    first, second = await raw.publisher("a", (VIDEO,)), await raw.publisher("b", (VIDEO,))
    subscriber = await raw.subscriber("s", ("video",), {0: A})
    await first.until(lambda: first.heard(rtcp.KeyRequest))
    frames = [DELTA_FRAME, KEY_FRAME, DELTA_FRAME, DELTA_FRAME]
    for i, frame in enumerate(frames):
        first.send(0, 65534 + i, 3000 * i, numbered(frame, i))
    await subscriber.until(lambda: len(subscriber.packets) == 3)
    await raw.sfu.assign("s", {"0": B})
    await second.until(lambda: second.heard(rtcp.KeyRequest))
    for i, frame in enumerate(frames):
        second.send(0, 100 + i, 7_000_000 + 3000 * i, numbered(frame, 10 + i))
    await subscriber.until(lambda: len(subscriber.packets) == 6)
    packets = subscriber.packets
    assert [number_of(packet.payload) for packet in packets] == [1, 2, 3, 11, 12, 13]
    assert {packet.ssrc for packet in packets} == {subscriber.slots[0]}
    assert all((b.number - a.number) & 0xFFFF == 1 for a, b in pairwise(packets))
    steps = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(packets)]
    assert steps[0] == steps[1] == steps[3] == steps[4] == 3000
    assert 0 < steps[2] < 90_000 * 10  # the time that went by


async def test_late_packet_takes_its_place_and_holes_are_asked_for_again(raw: Room) -> None:
    publisher = await raw.publisher("a", (VIDEO,))
    subscriber = await raw.subscriber("s", ("video",), {0: A})
    for i in (0, 1, 2, 5):
        publisher.send(0, i, 3000 * i, numbered(DELTA_FRAME if i else KEY_FRAME, i))
    await publisher.until(lambda: len(publisher.heard(rtcp.Nack)) >= 3)
    assert {message.numbers for message in publisher.heard(rtcp.Nack)} == {(3, 4)}
    for i in (4, 3):
        publisher.send(0, i, 3000 * i, numbered(DELTA_FRAME, i))
    await subscriber.until(lambda: len(subscriber.packets) == 6)
    base = subscriber.packets[0].number
    assert {packet.number - base: number_of(packet.payload) for packet in subscriber.packets} == {
        i: i for i in range(6)
    }


async def test_nack_of_subscriber_is_answered_from_the_cache_also_across_a_switch(raw: Room) -> None:
    first, second = await raw.publisher("a", (VIDEO,)), await raw.publisher("b", (VIDEO,))
    subscriber = await raw.subscriber("s", ("video",), {0: A})
    first.send(0, 9, 0, numbered(KEY_FRAME, 0))
    await subscriber.until(lambda: subscriber.packets)
    await raw.sfu.assign("s", {"0": B})
    second.send(0, 50, 0, numbered(KEY_FRAME, 1))
    await subscriber.until(lambda: len(subscriber.packets) == 2)
    before = subscriber.datagrams
    numbers = [packet.number for packet in subscriber.packets]
    subscriber.send_rtcp(rtcp.nack(1, subscriber.slots[0], [*numbers, (numbers[-1] + 1) & 0xFFFF]))
    await subscriber.until(lambda: subscriber.datagrams >= before + 2)
    assert (await raw.sfu.session_statistics("s"))["retransmitted"] == 2


async def test_key_requests_are_coalesced_and_none_is_lost(raw: Room) -> None:
    publisher = await raw.publisher("a", (VIDEO,))
    subscriber = await raw.subscriber("s", ("video",), {0: A})
    await publisher.until(lambda: publisher.heard(rtcp.KeyRequest))
    publisher.send(0, 0, 0, KEY_FRAME)
    await subscriber.until(lambda: subscriber.packets)
    already = len(publisher.heard(rtcp.KeyRequest))
    for _ in range(20):
        subscriber.send_rtcp(rtcp.pli(1, subscriber.slots[0]))
    await publisher.until(lambda: len(publisher.heard(rtcp.KeyRequest)) > already)
    await raw.sfu.session_statistics("s")  # all of them have been read
    await asyncio.sleep(0.7)
    assert len(publisher.heard(rtcp.KeyRequest)) <= already + 2


async def test_remb_reaches_the_publisher_as_the_minimum(raw: Room) -> None:
    publisher = await raw.publisher("a", (VIDEO,))
    subscribers = [await raw.subscriber(name, ("video",), {0: A}) for name in "st"]
    await publisher.until(lambda: publisher.heard(rtcp.KeyRequest))
    publisher.send(0, 0, 0, KEY_FRAME)
    for subscriber, bits in zip(subscribers, (900_000, 400_000), strict=True):
        await subscriber.received_count(1)
        subscriber.send_rtcp(rtcp.remb(1, bits, [subscriber.slots[0]]))
    await publisher.until(lambda: any(m.bitrate == 400_000 for m in publisher.heard(rtcp.Remb)))
    assert publisher.heard(rtcp.Remb)[-1].ssrcs == (publisher.streams[0].ssrc,)


async def test_reports_both_ways(raw: Room) -> None:
    publisher = await raw.publisher("a", (VIDEO, AUDIO))
    subscriber = await raw.subscriber("s", ("video", "audio"), {0: A, 1: Source("a", AUDIO)})
    await publisher.until(lambda: publisher.heard(rtcp.KeyRequest))
    publisher_time = 0x1234_5678_0000_0000
    for mid, clock in ((0, 90_000), (1, 48_000)):
        publisher.send_rtcp(rtcp.sender_report(publisher.streams[mid].ssrc, publisher_time, 7 * clock, 1, 1))
        publisher.send(mid, 0, 7 * clock, KEY_FRAME)
    await publisher.until(lambda: any(block.last_report for block in publisher.heard(rtcp.ReportBlock)))
    block = next(block for block in publisher.heard(rtcp.ReportBlock) if block.last_report)
    assert block.last_report == publisher_time >> 16 & 0xFFFFFFFF
    assert block.lost == 0
    await subscriber.until(
        lambda: {m.ssrc for m in subscriber.heard(rtcp.SenderReport)} == set(subscriber.slots.values())
    )
    # Both streams were captured at one moment: their reports, counted back to it, have to meet at one NTP time.
    captured = []
    for mid, clock in ((0, 90_000), (1, 48_000)):
        report = next(m for m in subscriber.heard(rtcp.SenderReport) if m.ssrc == subscriber.slots[mid])
        ticks = (report.rtp - subscriber.received(mid)[0].timestamp) & 0xFFFFFFFF
        captured.append(report.ntp / 2**32 - ticks / clock)
    assert captured[0] == pytest.approx(captured[1], abs=0.002)


async def test_payload_type_follows_the_codec_of_the_source(raw: Room) -> None:
    vp8, h264 = await raw.publisher("a", (VIDEO,), (VP8,)), await raw.publisher("b", (VIDEO,), (H264,))
    subscriber = await raw.subscriber("s", ("video",), {0: A})
    vp8.send(0, 0, 0, KEY_FRAME)
    await subscriber.until(lambda: len(subscriber.packets) == 1)
    await raw.sfu.assign("s", {"0": B})
    h264.send(0, 0, 0, b"\x41" + bytes(30))
    h264.send(0, 1, 3000, b"\x67" + bytes(30))
    await subscriber.until(lambda: len(subscriber.packets) == 2)
    assert [packet.payload_type for packet in subscriber.packets] == [VP8, H264]
    assert subscriber.packets[1].payload[0] == 0x67


async def test_assign_before_publish_and_replaced_uplink(raw: Room) -> None:
    subscriber = await raw.subscriber("s", ("audio",), {0: Source("a", AUDIO)})
    for i in range(2):
        publisher = await raw.publisher("a", (AUDIO,))
        publisher.send(0, 0, 0, numbered(KEY_FRAME, i))
        await subscriber.received_count(i + 1)
    assert raw.peers[1].goodbye  # the uplink that was replaced
    assert [number_of(packet.payload) for packet in subscriber.packets] == [0, 1]
    assert subscriber.packets[1].number == subscriber.packets[0].number + 1


async def test_renewed_offer_adds_a_slot_and_disturbs_nothing(raw: Room) -> None:
    publisher = await raw.publisher("a", (AUDIO, VIDEO))
    subscriber = await raw.subscriber("s", ("audio",), {0: Source("a", AUDIO)})
    publisher.send(0, 0, 0, KEY_FRAME)
    await subscriber.until(lambda: subscriber.packets)
    subscriber.streams.append(Stream("video", "recvonly"))
    answer = await raw.sfu.subscribe("s", subscriber.offer())
    assert f"a=ssrc:{subscriber.slots[0]} " in answer
    subscriber.slots[1] = int(answer.rpartition("a=ssrc:")[2].split()[0])
    await raw.sfu.assign("s", {"1": A})
    publisher.send(0, 1, 960, KEY_FRAME)
    publisher.send(1, 0, 0, KEY_FRAME)
    await subscriber.until(lambda: len(subscriber.packets) == 3)
    assert (len(subscriber.received(0)), len(subscriber.received(1))) == (2, 1)


async def test_renewed_uplink_offer_adds_a_track_and_disturbs_nothing(raw: Room) -> None:
    publisher = await raw.publisher("a", (AUDIO,))
    subscriber = await raw.subscriber("s", ("audio", "video"), {0: Source("a", AUDIO), 1: A})
    publisher.send(0, 0, 0, KEY_FRAME)
    await subscriber.received_count(1)
    publisher.streams.append(Stream("video", "sendonly"))
    await raw.sfu.publish("a", publisher.offer(), {"0": AUDIO, "1": VIDEO})
    publisher.send(0, 1, 960, KEY_FRAME)
    publisher.send(1, 0, 0, KEY_FRAME)
    await subscriber.received_count(3)
    assert [packet.timestamp - subscriber.packets[0].timestamp for packet in subscriber.received(0)] == [0, 960]


async def test_unannounced_source_is_recognised_by_its_mid(raw: Room) -> None:
    publisher = await Peer.open([Stream("video", "sendonly"), Stream("video", "sendonly")])
    raw.peers.append(publisher)
    offer = publisher.offer().replace("a=mid:", f"a=extmap:9 {MID}\r\na=mid:")
    hidden = "\r\n".join(line for line in offer.splitlines() if not line.startswith("a=ssrc"))
    await publisher.connect(await raw.sfu.publish("a", hidden, {"0": VIDEO, "1": StreamKind.SUB}))
    subscriber = await raw.subscriber("s", ("video", "video"), {0: A, 1: Source("a", StreamKind.SUB)})
    for mid in (1, 0):
        publisher.send(mid, 0, 0, numbered(KEY_FRAME, mid), extension=0x9 << 28 | ord(str(mid)) << 16)
    await subscriber.received_count(2)
    assert [number_of(subscriber.received(mid)[0].payload) for mid in (0, 1)] == [0, 1]
    for i in range(20):  # sources that belong nowhere
        publisher.streams[0].ssrc = i
        publisher.send(0, i, 0, KEY_FRAME, extension=0x9 << 28 | ord("7") << 16)
    publisher.send(1, 1, 3000, DELTA_FRAME)
    await subscriber.received_count(3)
    assert (await raw.sfu.session_statistics("a"))["packets_in"] < 20


async def test_sequence_numbers_that_jump_are_a_new_beginning(raw: Room) -> None:
    publisher = await raw.publisher("a", (VIDEO,))
    subscriber = await raw.subscriber("s", ("video",), {0: A})
    publisher.send(0, 0, 0, numbered(KEY_FRAME, 0))
    await subscriber.received_count(1)
    publisher.send(0, 20_000, 5, numbered(DELTA_FRAME, 1))
    publisher.send(0, 20_001, 3005, numbered(KEY_FRAME, 2))
    await subscriber.received_count(2)
    assert number_of(subscriber.packets[1].payload) == 2
    assert subscriber.packets[1].number - subscriber.packets[0].number == 1
    assert publisher.heard(rtcp.Nack) == []


async def test_packet_that_never_comes_leads_to_a_key_frame(raw: Room) -> None:
    publisher = await raw.publisher("a", (VIDEO,))
    subscriber = await raw.subscriber("s", ("video",), {0: A})
    publisher.send(0, 0, 0, KEY_FRAME)
    await subscriber.received_count(1)
    asked = len(publisher.heard(rtcp.KeyRequest))
    publisher.send(0, 2, 3000, DELTA_FRAME)
    await publisher.until(lambda: len(publisher.heard(rtcp.KeyRequest)) > asked)
    assert 3 < len(publisher.heard(rtcp.Nack)) <= 12


async def test_block_stops_one_medium_until_it_is_lifted(raw: Room) -> None:
    publisher = await raw.publisher("a", (AUDIO, VIDEO))
    subscriber = await raw.subscriber("s", ("audio", "video"), {0: Source("a", AUDIO), 1: A})
    publisher.send(1, 0, 0, KEY_FRAME)
    await subscriber.until(lambda: subscriber.received(1))
    await raw.sfu.block("a", audio=False, video=True)
    publisher.send(1, 1, 3000, KEY_FRAME)
    publisher.send(0, 0, 0, KEY_FRAME)
    await subscriber.until(lambda: subscriber.received(0))
    assert len(subscriber.received(1)) == 1
    await raw.sfu.block("a", audio=False, video=False)
    publisher.send(1, 2, 6000, DELTA_FRAME)
    publisher.send(1, 3, 9000, KEY_FRAME)
    await subscriber.until(lambda: len(subscriber.received(1)) == 2)
    assert subscriber.received(1)[1].number == subscriber.received(1)[0].number + 1


async def test_close_session_ends_sending_and_receiving_at_once(raw: Room) -> None:
    """P17: who is removed receives nothing any more, and sends nothing to anybody."""
    removed = await raw.publisher("x", (AUDIO,))
    other = await raw.publisher("a", (AUDIO,))
    removed_ear = await raw.subscriber("x", ("audio",), {0: Source("a", AUDIO)})
    other_ear = await raw.subscriber("s", ("audio", "audio"), {0: Source("x", AUDIO), 1: Source("a", AUDIO)})
    for publisher in (removed, other):
        publisher.send(0, 0, 0, KEY_FRAME)
    await removed_ear.until(lambda: removed_ear.packets)
    await other_ear.until(lambda: len(other_ear.packets) == 2)
    await raw.sfu.close_session("x")
    await removed_ear.until(lambda: removed_ear.goodbye)
    await removed.until(lambda: removed.goodbye)
    silent = removed_ear.datagrams, removed.datagrams
    removed.check()
    removed_ear.check()
    for i in range(1, 50):
        removed.send(0, i, 960 * i, KEY_FRAME)
        other.send(0, i, 960 * i, KEY_FRAME)
    await other_ear.until(lambda: len(other_ear.received(1)) == 50)
    assert (removed_ear.datagrams, removed.datagrams) == silent
    assert len(other_ear.received(0)) == 1
    await raw.sfu.close_session("x")
    await raw.sfu.close_session("never seen")


async def test_ended_connections_are_told(raw: Room) -> None:
    told: list[tuple[str, str, str]] = []
    raw.sfu.on_lost(lambda *ending: told.append(ending))
    publisher = await raw.publisher("a", (AUDIO,))
    publisher.leave()
    await publisher.until(lambda: publisher.dtls_state.name == "CLOSED")
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.05)
    assert told == [("a", "uplink", "peer")]


@pytest.mark.parametrize(
    ("offer", "reason"), [("", "bad-sdp"), ("v=0\r\nm=audio 9 X 96\r\na=mid:0\r\n", "bad-sdp"), ("m=\n", "bad-sdp")]
)
async def test_bad_offers_are_refused(sfu: EmbeddedSfu, offer: str, reason: str) -> None:
    for call in (sfu.subscribe("a", offer), sfu.publish("a", offer, {})):
        with pytest.raises(MediaError) as caught:
            await call
        assert caught.value.reason == reason


async def test_refusals(raw: Room) -> None:
    with pytest.raises(MediaError, match="no-session"):
        await raw.sfu.assign("nobody", {"0": A})
    await raw.subscriber("s", ("audio",))
    with pytest.raises(MediaError, match="no-slot"):
        await raw.sfu.assign("s", {"7": A})
    with pytest.raises(MediaError, match="no-session"):
        await raw.sfu.session_statistics("nobody")


async def test_wrong_fingerprint_gets_no_connection(raw: Room) -> None:
    peer = await Peer.open([Stream("audio", "sendonly")])
    raw.peers.append(peer)
    offer = peer.offer()
    digest = offer.partition("sha-256 ")[2][:5]
    answer = await raw.sfu.publish("a", offer.replace(digest, "00:11" if digest != "00:11" else "22:33"), {"0": AUDIO})
    assert (await raw.sfu.session_statistics("a"))["packets_in"] == 0
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(peer.connect(answer, heard=rtcp.ReportBlock), 0.5)
    with pytest.raises(MediaError, match="no-session"):  # given up at once, and nothing is left of it
        await raw.sfu.session_statistics("a")
