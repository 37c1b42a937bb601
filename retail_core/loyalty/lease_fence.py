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


@dataclass(frozen=True, slots=True)
class Handshake:
    """A record in the device's journal: who runs it now.

    `journal_epoch` and `seq` are the record's; `breaks` is how often this journal contradicted what
    the cloud has of it. A machine whose `board` is unknown (empty) is another one at every boot.
    """

    board: bytes
    boot: UUID
    journal_epoch: int
    seq: int
    breaks: int = 0


@dataclass(frozen=True, slots=True)
class Tenure:
    """Who may spend for a device: the handshake that was let in, in which lease epoch."""

    epoch: int
    shake: Handshake
    frozen: bool = False
    past: tuple[tuple[bytes, UUID], ...] = ()


class Verdict(StrEnum):
    """What a handshake came to; a stale one gets no answer."""

    WELCOME = "welcome"
    FENCED = "fenced"
    FROZEN = "frozen"
    STALE = "stale"


def admit(tenure: Tenure | None, shake: Handshake) -> tuple[Verdict, Tenure]:
    """Judge a handshake whose journal is there up to it.

    FENCED and FROZEN put the leases of epochs below the tenure's in doubt.
    """
    if tenure is None:
        return Verdict.WELCOME, Tenure(1, shake)
    if tenure.frozen:
        return Verdict.FROZEN, tenure
    if _one_journal(tenure, shake) and shake.seq <= tenure.shake.seq:
        return Verdict.STALE, tenure
    if _is_twin(tenure, shake):
        return Verdict.FROZEN, replace(_moved(tenure, shake, tenure.epoch + 1), frozen=True)
    if _one_journal(tenure, shake) and _one_board(tenure.shake, shake):
        return Verdict.WELCOME, _moved(tenure, shake, tenure.epoch)
    return Verdict.FENCED, _moved(tenure, shake, tenure.epoch + 1)


def released(tenure: Tenure) -> Tenure:
    """Let a frozen device in again, on a person's word that only one of the two is left."""
    return replace(tenure, frozen=False, past=())


def _one_journal(tenure: Tenure, shake: Handshake) -> bool:
    """Tell whether the handshake goes on from the one let in, in one unbroken history."""
    known = tenure.shake
    return shake.journal_epoch == known.journal_epoch and shake.breaks == known.breaks


def _one_board(one: Handshake, other: Handshake) -> bool:
    return one.board == other.board and (one.board != b"" or one.boot == other.boot)


def _is_twin(tenure: Tenure, shake: Handshake) -> bool:
    """Tell whether somebody succeeded on another board speaks again: then both are alive."""
    return not _one_board(tenure.shake, shake) and (shake.board, shake.boot) in tenure.past


def _moved(tenure: Tenure, shake: Handshake, epoch: int) -> Tenure:
    past, known = tenure.past, tenure.shake
    if (known.board, known.boot) != (shake.board, shake.boot):
        past = (*past, (known.board, known.boot))[-PAST_BOOTS_MAX:]
    return Tenure(epoch, shake, past=past)
