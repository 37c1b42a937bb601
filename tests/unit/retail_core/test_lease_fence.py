"""Who is let in: the past must be the one the cloud has, on the board it was on."""

from dataclasses import replace
from uuid import UUID

import pytest

from cloud_broker.domain.chain import DeviceChain
from cloud_broker.domain.lease_desk import LeaseDesk
from retail_core.loyalty import lease_fence
from retail_core.loyalty.lease_fence import PAST_BOOTS_MAX, Handshake, Tenure, Verdict, admit

BOARD, OTHER = b"a" * 32, b"o" * 32
FIRST = Handshake(BOARD, UUID(int=1), 7, 10)
HELD = Tenure(1, FIRST)


def boot(number: int) -> UUID:
    return UUID(int=100 + number)


def test_the_first_is_welcome_in_epoch_one() -> None:
    assert admit(None, FIRST) == (Verdict.WELCOME, HELD)


def test_the_same_boot_later_and_the_same_board_rebooted_go_on() -> None:
    again = replace(FIRST, seq=11)
    assert admit(HELD, again) == (Verdict.WELCOME, Tenure(1, again))
    reboot = replace(FIRST, seq=12, boot=boot(1))
    verdict, tenure = admit(HELD, reboot)
    assert (verdict, tenure.epoch) == (Verdict.WELCOME, 1)
    assert tenure.past == ((BOARD, FIRST.boot),)


@pytest.mark.parametrize("seq", [9, 10])
def test_what_a_journal_said_before_is_no_news(seq: int) -> None:
    assert admit(HELD, replace(FIRST, seq=seq, boot=boot(1))) == (Verdict.STALE, HELD)


@pytest.mark.parametrize(
    "changed",
    [
        replace(FIRST, journal_epoch=8, seq=20, boot=boot(1)),
        replace(FIRST, breaks=1, seq=20, boot=boot(1)),
        replace(FIRST, breaks=1, seq=5, boot=boot(1)),
        replace(FIRST, board=OTHER, seq=20, boot=boot(1)),
    ],
)
def test_another_past_or_another_board_is_fenced(changed: Handshake) -> None:
    verdict, tenure = admit(HELD, changed)
    assert (verdict, tenure.epoch, tenure.frozen) == (Verdict.FENCED, 2, False)


def test_a_machine_without_a_number_is_another_one_at_every_boot() -> None:
    held = Tenure(1, replace(FIRST, board=b""))
    same = replace(held.shake, seq=11)
    assert admit(held, same)[0] == Verdict.WELCOME
    assert admit(held, replace(same, boot=boot(1)))[0] == Verdict.FENCED


def test_who_was_succeeded_on_another_board_and_speaks_again_is_a_twin() -> None:
    _, moved = admit(HELD, Handshake(OTHER, boot(1), 7, 11))
    verdict, frozen = admit(moved, replace(FIRST, seq=12, breaks=1))
    assert (verdict, frozen.epoch, frozen.frozen) == (Verdict.FROZEN, 3, True)
    assert admit(frozen, Handshake(OTHER, boot(1), 7, 13)) == (Verdict.FROZEN, frozen)


def test_a_frozen_device_is_let_in_by_a_persons_word() -> None:
    frozen = Tenure(3, FIRST, frozen=True, past=((OTHER, boot(1)),))
    free = lease_fence.released(frozen)
    assert admit(free, replace(FIRST, seq=11)) == (
        Verdict.WELCOME,
        Tenure(3, replace(FIRST, seq=11)),
    )
    assert admit(free, Handshake(OTHER, boot(1), 7, 11))[0] == Verdict.FENCED


def test_the_past_is_bounded() -> None:
    tenure = HELD
    for number in range(PAST_BOOTS_MAX + 5):
        shake = Handshake(BOARD, boot(number), 7, 11 + number)
        _, tenure = admit(tenure, shake)
    assert len(tenure.past) == PAST_BOOTS_MAX


@pytest.mark.parametrize(
    ("ranges", "judged"),
    [
        ((), False),
        (((1, 9),), False),
        (((1, 10),), True),
        (((1, 12),), True),
        (((5, 12),), True),
        (((1, 7), (9, 10)), False),
        (((1, 10), (12, 12)), False),
    ],
)
def test_it_is_judged_when_the_journal_is_here_without_a_gap(
    ranges: tuple[tuple[int, int], ...],
    judged: bool,  # noqa: FBT001 -- a case
) -> None:
    desk, device = LeaseDesk(), UUID(int=5)
    desk.shook(device, FIRST)
    verdict = desk.judge(device, DeviceChain(ranges, {}, 0))
    assert (verdict == Verdict.WELCOME) is judged
    assert (device in desk.waiting) is not judged


def test_the_newest_handshake_of_a_journal_waits() -> None:
    desk, device = LeaseDesk(), UUID(int=5)
    later = replace(FIRST, seq=12)
    desk.shook(device, later)
    desk.shook(device, FIRST)
    assert desk.waiting[device] == later
