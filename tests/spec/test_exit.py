"""The table of causes is complete."""

import pytest

from pybackend.spec.exit import ExitCause, ExitReason, exit_reason

CONTRACT = {
    "leave": 0,
    "removed": 1,
    "banned": 1,
    "duplicate-login": 1,
    "token-expired": 1,
    "backend-lost": 1,
    "dismissed": 2,
    "room-closed": 2,
}


def test_every_cause_is_in_the_contract() -> None:
    assert {cause.value for cause in ExitCause} == set(CONTRACT)


@pytest.mark.parametrize("cause", list(ExitCause))
def test_every_cause_has_its_integer(cause: ExitCause) -> None:
    reason = exit_reason(cause)
    assert isinstance(reason, ExitReason)
    assert reason == CONTRACT[cause]
