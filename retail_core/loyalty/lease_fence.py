"""Who may spend: a device is let in once a boot, and only while its past is the one the cloud has.

A bare Pi has no counter off its card, so a card that was set back, or copied into a second Pi,
looks whole from inside. Three things tell: the journal's hash chain against the cloud's high-water
mark, the boot, and the board (a number of the hardware that no card carries). Two boots of one
board are never alive at once; two boards are. Whenever the past does not fit, the lease epoch goes
up: what was lent before is in doubt and lent to nobody else, and the device begins anew.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

PAST_BOOTS_MAX = 32


class Continuity(StrEnum):
    """What the cloud's chain says of a journal up to the handshake in it."""

    WHOLE = "whole"
    GAP = "gap"
    FORKED = "forked"


@dataclass(frozen=True, slots=True)
class Handshake:
    """A record in the device's journal: who runs it now. `epoch` and `seq` are the journal's."""

    board: bytes
    boot: UUID
    journal_epoch: int
    seq: int


@dataclass(frozen=True, slots=True)
class Tenure:
    """Who may spend for a device, as the cloud has it."""

    epoch: int
    board: bytes
    boot: UUID
    journal_epoch: int
    seq: int
    frozen: bool = False
    past_boots: tuple[tuple[bytes, UUID], ...] = ()


class Verdict(StrEnum):
    """What to answer: `WAIT` and `STALE` get none."""

    WELCOME = "welcome"
    FENCED = "fenced"
    FROZEN = "frozen"
    WAIT = "wait"
    STALE = "stale"


def admit(
    tenure: Tenure | None, shake: Handshake, past: Continuity
) -> tuple[Verdict, Tenure | None]:
    """Judge a handshake; FENCED means that leases of epochs below the new one are in doubt."""
    if past == Continuity.GAP:
        return Verdict.WAIT, tenure
    if tenure is None:
        return Verdict.WELCOME, Tenure(1, shake.board, shake.boot, shake.journal_epoch, shake.seq)
    if tenure.frozen:
        return Verdict.FROZEN, tenure
    if _is_older(tenure, shake, past):
        return Verdict.STALE, tenure
    return _succeed(tenure, shake, past)


def _succeed(tenure: Tenure, shake: Handshake, past: Continuity) -> tuple[Verdict, Tenure]:
    if _is_twin(tenure, shake):
        return Verdict.FROZEN, replace(_moved(tenure, shake, tenure.epoch + 1), frozen=True)
    known = shake.journal_epoch == tenure.journal_epoch and shake.board == tenure.board
    if known and past == Continuity.WHOLE:
        return Verdict.WELCOME, _moved(tenure, shake, tenure.epoch)
    return Verdict.FENCED, _moved(tenure, shake, tenure.epoch + 1)


def released(tenure: Tenure) -> Tenure:
    """Let a frozen device in again, on a person's word that only one of the two is left."""
    return replace(tenure, frozen=False)


def _is_older(tenure: Tenure, shake: Handshake, past: Continuity) -> bool:
    """Tell what a journal said before: no news, as long as it is one history."""
    same = shake.journal_epoch == tenure.journal_epoch and past == Continuity.WHOLE
    return same and shake.seq <= tenure.seq


def _is_twin(tenure: Tenure, shake: Handshake) -> bool:
    """Tell whether somebody succeeded on another board speaks again: then both are alive."""
    return shake.board != tenure.board and (shake.board, shake.boot) in tenure.past_boots


def _moved(tenure: Tenure, shake: Handshake, epoch: int) -> Tenure:
    past = tenure.past_boots
    if (tenure.board, tenure.boot) != (shake.board, shake.boot):
        past = (*past, (tenure.board, tenure.boot))[-PAST_BOOTS_MAX:]
    return Tenure(epoch, shake.board, shake.boot, shake.journal_epoch, shake.seq, past_boots=past)
