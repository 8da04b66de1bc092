from typing import Any

import pytest

from pybackend.rooms.journal import Happening
from pybackend.rooms.media import MediaError, Source, StreamKind
from pybackend.rooms.room import room_key
from pybackend.rooms.rooms import RoomPolicy
from pybackend.spec.exit import LeaveReason
from pybackend.spec.protocol import Refusal, Refused, Streams, Tell
from pybackend.spec.rooms import LAST_NUMBER, RoomKind
from tests.rooms.parts import ANCHOR, APP, AUDIENCE, CALL, LIVE, Guest, House

SEVEN = room_key(APP, 7)


@pytest.fixture
def house() -> House:
    return House()


def refusal(house: House, user: str, **more: Any) -> Refusal:
    with pytest.raises(Refused) as caught:
        house.enter(user, **more)
    return caught.value.cause


class TestEntering:
    async def test_each_hears_of_the_other(self, house: House) -> None:
        anna = house.enter("anna")
        ben = house.enter("ben")
        assert [member.user for member in ben.snapshot.members] == ["anna"]
        assert anna.snapshot.members == ()
        assert anna.link.heard() == [(Tell.ENTERED, ben.occupant.member().to_json())]
        assert ben.link.heard() == []
        assert house.rooms.counts() == {"rooms": 1, "members": 2}

    async def test_the_number_and_the_text_are_two_rooms(self, house: House) -> None:
        house.enter("anna", roomId=7)
        assert house.enter("ben", roomId="7").snapshot.members == ()
        assert house.rooms.counts()["rooms"] == 2

    @pytest.mark.parametrize(
        ("changes", "cause"),
        [
            ({"roomId": 0}, Refusal.BAD_ROOM),
            ({"roomId": LAST_NUMBER + 1}, Refusal.BAD_ROOM),
            ({"roomId": 1.5}, Refusal.BAD_ROOM),
            ({"roomId": ""}, Refusal.BAD_ROOM),
            ({"roomId": "a/b"}, Refusal.BAD_ROOM),
            ({"roomId": "x" * 65}, Refusal.BAD_ROOM),
            ({"scene": 4}, Refusal.BAD_SCENE_OR_ROLE),
            ({"role": 22}, Refusal.BAD_SCENE_OR_ROLE),
            ({"userSig": "another"}, Refusal.BAD_SIGNATURE),
            ({"sdkAppId": 5}, Refusal.UNKNOWN_APP),
            ({"userId": "a b"}, Refusal.BAD_USER),
            ({"userId": ""}, Refusal.BAD_USER),
        ],
    )
    async def test_who_may_not(self, house: House, changes: dict[str, Any], cause: Refusal) -> None:
        assert refusal(house, "anna", **changes) is cause
        assert house.news == []
        assert house.rooms.counts() == {"rooms": 0, "members": 0}

    def test_room_ids(self) -> None:
        assert room_key(APP, "aZ 09!#$%&()+-:;<=.>?@[]^_{}|~,").kind is RoomKind.STRING
        assert room_key(APP, LAST_NUMBER).kind is RoomKind.NUMBER

    async def test_a_full_room(self) -> None:
        house = House(RoomPolicy(max_members=2))
        house.enter("anna")
        house.enter("ben")
        assert refusal(house, "cleo") is Refusal.ROOM_FULL
        house.enter("ben", session="ben-2")

    async def test_a_session_is_for_one_user_in_one_room(self, house: House) -> None:
        """P25: or the stay in the first room would never end."""
        house.enter("anna")
        assert refusal(house, "ben", session="anna-1") is Refusal.BAD_REQUEST
        assert refusal(house, "anna", roomId=8, attempt=2) is Refusal.BAD_REQUEST
        assert house.rooms.counts() == {"rooms": 1, "members": 1}


class TestDuplicates:
    """P18, and CONTRACT: the newest login wins."""

    async def test_another_session_puts_the_older_one_out(self, house: House) -> None:
        ben = house.enter("ben")
        old = house.enter("anna")
        ben.link.heard()
        new = house.enter("anna", session="anna-2")
        assert old.link.heard() == [(Tell.REMOVED, {"cause": "duplicate-login"})]
        assert old.link.closed
        left, entered = ben.link.heard()
        assert left == (Tell.LEFT, {"user": "anna", "session": "anna-1", "reason": LeaveReason.REMOVED})
        assert (entered[0], entered[1]["session"]) == (Tell.ENTERED, "anna-2")
        assert [member.user for member in new.snapshot.members] == ["ben"]
        with pytest.raises(Refused):
            house.rooms.heard(old.occupant, old.link)
        with pytest.raises(Refused):
            house.resume(old)

    async def test_who_was_cut_off_and_is_back_in_another_session_was_not_removed(self, house: House) -> None:
        """A backend that crashed, and the next one of the same user before the first one's grace was over."""
        ben, old = house.enter("ben"), house.enter("anna")
        ben.link.heard()
        house.rooms.detach(old.occupant, old.link)
        house.enter("anna", session="anna-2")
        left, entered = ben.link.heard()
        assert left == (Tell.LEFT, {"user": "anna", "session": "anna-1", "reason": LeaveReason.TIMEOUT})
        assert (entered[0], entered[1]["session"]) == (Tell.ENTERED, "anna-2")

    async def test_a_newer_attempt_of_the_same_session_replaces_in_silence(self, house: House) -> None:
        ben, old = house.enter("ben"), house.enter("anna")
        ben.link.heard()
        new = house.enter("anna", attempt=2)
        assert old.link.closed
        assert old.link.heard() == ben.link.heard() == []
        assert not new.snapshot.media_kept
        house.rooms.detach(old.occupant, old.link)
        house.passes(6)
        house.rooms.heard(new.occupant, new.link)
        with pytest.raises(Refused, match="another socket"):
            house.rooms.heard(old.occupant, old.link)

    async def test_an_older_attempt_that_comes_late_is_refused(self, house: House) -> None:
        new = house.enter("anna", attempt=2)
        assert refusal(house, "anna", attempt=1) is Refusal.STALE
        assert refusal(house, "anna", attempt=2) is Refusal.STALE
        with pytest.raises(Refused) as caught:
            house.resume(new, attempt=2)
        assert caught.value.cause is Refusal.STALE
        assert not new.link.closed

    async def test_an_attempt_may_come_with_another_role(self, house: House) -> None:
        ben = house.enter("ben", scene=LIVE)
        house.enter("anna", scene=LIVE)
        ben.link.heard()
        house.enter("anna", scene=LIVE, role=AUDIENCE, attempt=2)
        assert [tell for tell, _ in ben.link.heard()] == [Tell.LEFT]


class TestComingBack:
    async def test_within_the_grace_nobody_notices(self, house: House) -> None:
        ben, anna = house.enter("ben"), house.enter("anna")
        house.rooms.set_streams(anna.occupant, Streams(audio=True))
        ben.link.heard()
        house.rooms.detach(anna.occupant, anna.link)
        house.passes(3.9)
        house.rooms.heard(ben.occupant, ben.link)
        back = house.resume(anna)
        assert back.snapshot.media_kept
        assert back.occupant.streams == Streams(audio=True)
        house.passes(9)
        assert ben.link.heard() == []

    async def test_after_the_grace_the_others_hear_reason_1(self, house: House) -> None:
        """P25, P26: no ghosts; the lease counts, not ICE."""
        ben, anna = house.enter("ben"), house.enter("anna")
        ben.link.heard()
        house.rooms.detach(anna.occupant, anna.link)
        house.passes(4)
        assert ben.link.heard() == [(Tell.LEFT, {"user": "anna", "session": "anna-1", "reason": LeaveReason.TIMEOUT})]
        with pytest.raises(Refused) as caught:
            house.resume(anna)
        assert caught.value.cause is Refusal.SESSION_GONE

    async def test_a_silent_link_ends_with_the_member_timeout(self, house: House) -> None:
        ben, anna = house.enter("ben"), house.enter("anna")
        ben.link.heard()
        for _ in range(3):
            house.passes(5)
            house.rooms.heard(ben.occupant, ben.link)
        assert anna.link.closed
        assert [params["reason"] for _, params in ben.link.heard()] == [LeaveReason.TIMEOUT]

    async def test_a_wrong_token(self, house: House) -> None:
        anna = house.enter("anna")
        for token in ("", "wrong", "é"):
            with pytest.raises(Refused) as caught:
                house.resume(anna, token=token)
            assert caught.value.cause is Refusal.SESSION_GONE

    async def test_media_that_was_lost_meanwhile_is_told_by_the_snapshot(self, house: House) -> None:
        ben, anna = house.enter("ben"), house.enter("anna")
        ben.link.heard()
        house.rooms.detach(anna.occupant, anna.link)
        house.media.reset()
        assert ben.link.heard() == [(Tell.MEDIA_RESET, {})]
        back = house.resume(anna)
        assert not back.snapshot.media_kept
        house.rooms.detach(back.occupant, back.link)
        assert house.resume(anna, attempt=3).snapshot.media_kept

    async def test_the_sweep_says_when_to_look_again(self, house: House) -> None:
        assert house.rooms.sweep() == 0.25
        anna = house.enter("anna")
        assert house.rooms.sweep() == 0.25
        house.passes(9.9)
        assert house.rooms.sweep() == pytest.approx(0.1)
        house.rooms.heard(anna.occupant, anna.link)


class TestLeaving:
    async def test_a_goodbye(self, house: House) -> None:
        ben, anna = house.enter("ben"), house.enter("anna")
        ben.link.heard()
        await house.rooms.leave(anna.occupant)
        assert ("close", "anna-1") in house.media.log
        assert ben.link.heard() == [(Tell.LEFT, {"user": "anna", "session": "anna-1", "reason": LeaveReason.LEFT})]
        with pytest.raises(Refused) as caught:
            await house.rooms.leave(anna.occupant)
        assert caught.value.cause is Refusal.NOT_IN_ROOM
        house.rooms.detach(anna.occupant, anna.link)
        house.passes(60)

    async def test_a_removal_ends_media_and_is_final_for_the_stay(self, house: House) -> None:
        """P15, P17: neither sending nor receiving goes on."""
        ben, anna = house.enter("ben"), house.enter("anna")
        ben.link.heard()
        assert await house.rooms.remove_users(SEVEN, ["anna", "nobody"], 0)
        assert anna.link.heard()[-1] == (Tell.REMOVED, {"cause": "removed"})
        assert ("close", "anna-1") in house.media.log
        assert [params["reason"] for _, params in ben.link.heard()] == [LeaveReason.REMOVED]
        with pytest.raises(Refused):
            house.rooms.heard(anna.occupant, anna.link)
        house.enter("anna", session="anna-2")

    async def test_a_ban_ends_by_itself(self, house: House) -> None:
        """P16: the same signature does not let the user in again before."""
        house.enter("ben")
        anna = house.enter("anna")
        await house.rooms.remove_users(SEVEN, ["anna", "cleo"], 30)
        assert anna.link.heard()[-1] == (Tell.REMOVED, {"cause": "banned"})
        assert refusal(house, "anna", session="anna-2") is Refusal.BANNED
        assert refusal(house, "cleo") is Refusal.BANNED
        house.enter("anna", session="anna-3", roomId=8)
        house.now += 30
        house.rooms.sweep()
        house.enter("anna", session="anna-4")

    async def test_a_dismissal(self, house: House) -> None:
        guests = [house.enter(user) for user in ("anna", "ben")]
        for guest in guests:
            guest.link.heard()
        assert await house.rooms.dismiss(SEVEN)
        for guest in guests:
            assert guest.link.heard() == [(Tell.REMOVED, {"cause": "dismissed"})]
        assert house.rooms.counts() == {"rooms": 0, "members": 0}
        assert not await house.rooms.dismiss(SEVEN)
        assert not await house.rooms.remove_users(SEVEN, ["anna"], 0)
        assert house.enter("anna", session="anna-2").snapshot.members == ()


class TestLiveScenes:
    def enter(self, house: House, user: str, role: int) -> Guest:
        return house.enter(user, scene=LIVE, role=role)

    async def test_audience_is_invisible(self, house: House) -> None:
        anchor, watcher = self.enter(house, "anna", ANCHOR), self.enter(house, "ben", AUDIENCE)
        other = self.enter(house, "cleo", AUDIENCE)
        assert anchor.link.heard() == watcher.link.heard() == []
        assert [member.user for member in other.snapshot.members] == ["anna"]
        assert house.rooms.source(other.occupant, "ben", "audio") is None
        await house.rooms.leave(watcher.occupant)
        assert anchor.link.heard() == []

    async def test_a_change_of_role_is_an_entrance_or_a_departure(self, house: House) -> None:
        anna, ben = self.enter(house, "anna", ANCHOR), self.enter(house, "ben", AUDIENCE)
        house.rooms.set_streams(ben.occupant, Streams(video=True))
        assert ben.occupant.streams == Streams()
        house.rooms.set_role(ben.occupant, ANCHOR)
        house.rooms.set_role(ben.occupant, ANCHOR)
        house.rooms.set_streams(ben.occupant, Streams(video=True))
        house.rooms.set_role(ben.occupant, AUDIENCE)
        told = anna.link.heard()
        assert [tell for tell, _ in told] == [Tell.ENTERED, Tell.STREAMS, Tell.LEFT]
        assert told[-1][1]["reason"] == LeaveReason.BECAME_AUDIENCE
        happened = [what for what, session in house.happened() if session == "ben-1"]
        assert happened[-3:] == [Happening.STREAM_STARTED, Happening.ROLE_CHANGED, Happening.STREAM_STOPPED]
        with pytest.raises(Refused):
            house.rooms.set_role(ben.occupant, 19)

    @pytest.mark.parametrize(("last", "at_once"), [(ANCHOR, True), (AUDIENCE, False)])
    async def test_how_long_an_empty_room_lives(self, house: House, last: int, at_once: bool) -> None:
        guest = self.enter(house, "anna", last)
        await house.rooms.leave(guest.occupant)
        assert house.rooms.counts()["rooms"] == (0 if at_once else 1)
        house.passes(599)
        assert house.rooms.counts()["rooms"] == (0 if at_once else 1)
        house.passes(1)
        assert house.rooms.counts()["rooms"] == 0
        assert house.happened()[-1][0] is Happening.ROOM_CLOSED

    async def test_who_comes_back_in_time_keeps_the_room(self, house: House) -> None:
        guest = self.enter(house, "anna", AUDIENCE)
        await house.rooms.leave(guest.occupant)
        house.passes(599)
        guest = house.enter("ben", scene=LIVE)
        for _ in range(5):
            house.passes(9)
            house.rooms.heard(guest.occupant, guest.link)
        assert [what for what, _ in house.happened()].count(Happening.ROOM_OPENED) == 1
        assert house.rooms.counts()["rooms"] == 1


class TestStreams:
    async def test_what_is_blocked_counts_as_not_sent(self, house: House) -> None:
        anna, ben = house.enter("anna"), house.enter("ben")
        house.rooms.set_streams(anna.occupant, Streams(audio=True, video=True, sub=True))
        ben.link.heard()
        assert await house.rooms.block(SEVEN, "anna", audio=False, video=True)
        assert ben.link.heard()[-1][1]["streams"] == {"audio": True, "video": False, "sub": False}
        assert anna.link.heard()[-1] == (Tell.BLOCKED, {"audio": False, "video": True})
        assert ("block", "anna-1", False, True) in house.media.log
        await house.rooms.block(SEVEN, "anna", audio=False, video=False)
        assert ben.link.heard()[-1][1]["streams"] == {"audio": True, "video": True, "sub": True}

    async def test_blocking_nobody(self, house: House) -> None:
        assert await house.rooms.block(SEVEN, "anna", audio=True, video=True) is None
        house.enter("anna")
        assert await house.rooms.block(SEVEN, "ben", audio=True, video=True) is False
        house.media.refusing = "gone"
        with pytest.raises(MediaError):
            await house.rooms.block(SEVEN, "anna", audio=True, video=True)

    async def test_sources_and_messages(self, house: House) -> None:
        anna, ben = house.enter("anna"), house.enter("ben")
        anna.link.heard()
        assert house.rooms.source(anna.occupant, "ben", "sub") == Source("ben-1", StreamKind.SUB)
        assert house.rooms.source(anna.occupant, "nobody", "sub") is None
        with pytest.raises(Refused):
            house.rooms.source(anna.occupant, "ben", "smell")
        house.rooms.pass_on(ben.occupant, {"kind": "custom", "cmdId": 1, "data": "x", "seq": 1})
        assert anna.link.heard() == [
            (Tell.MESSAGE, {"user": "ben", "kind": "custom", "cmdId": 1, "data": "x", "seq": 1})
        ]
        assert ben.link.heard() == []


class TestNews:
    async def test_every_entrance_has_one_exit_whatever_its_cause(self, house: House) -> None:
        """P24: paired by session, in order, with the reason, within one room's life."""
        guests = {user: house.enter(user) for user in ("anna", "ben", "cleo", "dora", "emil")}
        await house.rooms.leave(guests["anna"].occupant)
        house.rooms.detach(guests["ben"].occupant, guests["ben"].link)
        house.passes(4)
        house.enter("cleo", session="cleo-2")
        house.rooms.detach(guests["dora"].occupant, guests["dora"].link)
        house.resume(guests["dora"])
        await house.rooms.remove_users(SEVEN, ["emil"], 5)
        await house.rooms.dismiss(SEVEN)
        happened = house.happened()
        assert (happened[0][0], happened[-1][0]) == (Happening.ROOM_OPENED, Happening.ROOM_CLOSED)
        entered = [session for what, session in happened if what is Happening.ENTERED]
        exited = [session for what, session in happened if what is Happening.EXITED]
        assert sorted(entered) == sorted(exited)
        assert len(set(exited)) == len(exited) == 6
        for session in entered:
            assert happened.index((Happening.ENTERED, session)) < happened.index((Happening.EXITED, session))
        assert happened.index((Happening.EXITED, "cleo-1")) < happened.index((Happening.ENTERED, "cleo-2"))
        reasons = {news.session: news.reason for news in house.news if news.what is Happening.EXITED}
        assert reasons == {
            "anna-1": LeaveReason.LEFT,
            "ben-1": LeaveReason.TIMEOUT,
            "cleo-1": LeaveReason.REMOVED,
            "emil-1": LeaveReason.REMOVED,
            "cleo-2": LeaveReason.REMOVED,
            "dora-1": LeaveReason.REMOVED,
        }

    async def test_streams_are_told_once_per_change(self, house: House) -> None:
        anna = house.enter("anna")
        for streams in (Streams(audio=True), Streams(audio=True, video=True), Streams(video=True)):
            house.rooms.set_streams(anna.occupant, streams)
        changes = [(news.what, news.stream) for news in house.news if news.stream]
        assert changes == [
            (Happening.STREAM_STARTED, "audio"),
            (Happening.STREAM_STARTED, "video"),
            (Happening.STREAM_STOPPED, "audio"),
        ]

    async def test_metrics(self, house: House) -> None:
        from pybackend.rooms.metrics import Metrics

        metrics = Metrics(house.media.statistics)
        metrics.gauge(house.rooms.counts)
        house.enter("anna", scene=CALL)
        await house.rooms.remove_users(SEVEN, ["anna"], 0)
        house.enter("anna", session="anna-2")
        for item in house.news:
            metrics.count(item)
        lines = metrics.text().splitlines()
        assert 'pybackend_rooms_happenings_total{what="entered"} 2' in lines
        assert 'pybackend_rooms_happenings_total{what="exited",reason="removed"} 1' in lines
        assert "pybackend_rooms_rooms 1" in lines
        assert "pybackend_rooms_members 1" in lines
        assert "pybackend_rooms_packets_in 3" in lines
        assert metrics.text().endswith("\n")
