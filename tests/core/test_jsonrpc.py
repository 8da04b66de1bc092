import asyncio

import pytest

from pybackend.core import jsonrpc
from pybackend.core.jsonrpc import Pending, RemoteError


async def test_answers_find_their_requests() -> None:
    pending = Pending()
    (first, one), (second, two) = pending.open(), pending.open()
    assert first != second
    pending.settle(jsonrpc.result(second, "b"))
    pending.settle(jsonrpc.result(first, None))
    assert (await one, await two) == (None, "b")


async def test_an_error_comes_with_its_code_and_cause() -> None:
    pending = Pending()
    number, answer = pending.open()
    pending.settle(jsonrpc.error(number, -102011, "not now", {"cause": "banned"}))
    with pytest.raises(RemoteError, match="not now") as caught:
        await answer
    assert (caught.value.code, caught.value.cause) == (-102011, "banned")
    assert "data" not in jsonrpc.error(1, -1, "text")["error"]


@pytest.mark.parametrize("data", [None, [], {}, {"cause": 3}, "banned"])
def test_an_error_without_a_cause_has_none(data: object) -> None:
    assert RemoteError(-1, "text", data).cause == ""


@pytest.mark.parametrize("message", [{}, {"id": "1"}, {"id": 99, "result": 1}, {"id": None}, {"id": [1]}, {"id": True}])
async def test_what_nobody_waits_for_is_ignored(message: dict[str, object]) -> None:
    pending = Pending()
    _, answer = pending.open()
    answer.cancel()
    await asyncio.sleep(0)
    pending.settle(message)


async def test_a_late_or_second_answer_is_ignored() -> None:
    pending = Pending()
    number, answer = pending.open()
    pending.settle({"id": number, "result": 1})
    pending.settle({"id": number, "result": 2})
    assert await answer == 1
    pending.settle({"id": number, "error": {}})


async def test_when_the_link_is_gone_nobody_waits_in_vain() -> None:
    pending = Pending()
    answers = [pending.open()[1] for _ in range(3)]
    answers[0].cancel()
    pending.fail_all(ConnectionError("gone"))
    pending.fail_all(ConnectionError("again"))
    for answer in answers[1:]:
        with pytest.raises(ConnectionError, match="gone"):
            await answer
