"""What is counted, asked for again and kept of an arriving stream; and the bitrate told to its publisher."""

import pytest

from pybackend.rooms.sfu.bitrate import CEILING, EXPIRY_S, FLOOR, Bitrate
from pybackend.rooms.sfu.reception import HISTORY, MAX_GAP, History, Losses, Reception, RepeatPolicy
from pybackend.rooms.sfu.rtcp import SenderReport
from pybackend.rooms.sfu.rtp import Packet


def test_report_counts_losses_across_the_wrap() -> None:
    reception = Reception(7, 90_000)
    for number in (65533, 65534, 1, 2, 0):  # 65535 is lost, 0 comes late
        reception.add(reception.index_of(number), number * 3000, 100, 1.0)
    block = reception.report(1.0)
    assert (block.ssrc, block.lost, block.highest) == (7, 1, (1 << 16) + 2)
    assert block.fraction == 256 // 6
    assert reception.report(2.0).fraction == 0
    assert (block.last_report, block.delay) == (0, 0)
    reception.heard(SenderReport(7, 0x1234_5678_9ABC_DEF0, 0), 2.0)
    block = reception.report(2.5)
    assert (block.last_report, block.delay) == (0x5678_9ABC, 32768)


def test_jitter_is_none_for_a_steady_stream() -> None:
    steady, shaky = Reception(1, 48_000), Reception(2, 48_000)
    for i in range(200):
        steady.add(steady.index_of(i), i * 960, 10, 5 + i * 0.02)
        shaky.add(shaky.index_of(i), i * 960, 10, 5 + i * 0.02 + (0.01 if i % 2 else 0))
    assert steady.report(9).jitter == 0
    assert shaky.report(9).jitter == pytest.approx(480, abs=5)


def test_losses_are_asked_for_until_they_come_or_it_is_too_late() -> None:
    losses = Losses(RepeatPolicy(shortest_s=0.02, longest_s=0.1, tries=3, give_up_s=1.0))
    losses.gap(10, 13, now=0.0)
    assert losses.due(0.01) == []
    losses.arrived(11, 0.015)
    assert losses.due(0.05) == [10, 12]
    assert losses.due(0.06) == []
    assert losses.due(0.15) == [10, 12]
    assert not losses.gave_up
    assert losses.due(0.3) == []
    assert losses.gave_up


def test_interval_follows_the_round_trip() -> None:
    losses = Losses()
    for index in range(60):
        losses.gap(index, index + 1, now=float(index))
        losses.arrived(index, index + 0.06)
    losses.gap(100, 101, now=100.0)
    assert losses.due(100.08) == []
    assert losses.due(100.1) == [100]


def test_losses_and_history_are_bounded() -> None:
    losses, history = Losses(), History()
    losses.gap(0, 10 * MAX_GAP, now=0.0)
    assert len(losses.due(0.2)) == MAX_GAP
    for index in range(3 * HISTORY):
        history.put(Packet(index, 0, 0, b"", 0))
    assert history.get(3 * HISTORY - 1) is not None
    assert history.get(2 * HISTORY) is not None
    assert history.get(2 * HISTORY - 1) is None
    assert history.get(3 * HISTORY) is None


def test_bitrate_falls_at_once_rises_slowly_and_expires() -> None:
    bitrate = Bitrate()
    assert bitrate.advise([(0.0, float("-inf"))], 0.0) is None
    assert bitrate.advise([(1_000_000, 0.0), (400_000, 0.0)], 0.0) == 400_000
    assert bitrate.is_exceeded(300_000)
    assert not bitrate.is_exceeded(395_000)
    assert bitrate.advise([(1_000_000, 1.0)], 1.0) == 500_000
    assert bitrate.advise([(1, 1.0)], 1.0) == FLOOR
    assert bitrate.advise([(1, 1.0)], 1.1 + EXPIRY_S) is None
    assert bitrate.advise([(900_000, 9.0)], 9.0) == 900_000


def test_loss_on_the_way_up_cuts_back_and_heals() -> None:
    bitrate = Bitrate()
    bitrate.loss(0.05, 1_000_000)
    assert bitrate.advise([], 0.0) is None
    bitrate.loss(0.2, 1_000_000)
    assert bitrate.advise([], 0.0) == 900_000
    for _ in range(100):
        bitrate.loss(0.0, 1_000_000)
    assert bitrate.advise([], 0.0) is None
    assert bitrate.advise([(CEILING * 2, 0.0)], 0.0) == CEILING
