"""Where the shop stands in the cloud's feed, and what a frame of it means there."""

from enum import StrEnum


class Verdict(StrEnum):
    """What to do with a frame of the feed."""

    APPLY = "apply"
    DUPLICATE = "duplicate"
    GAP = "gap"
    NEW_EPOCH = "new_epoch"


def judge(
    frame_feed_epoch: int, prev_pos: int, pos: int, held_epoch: int, held_pos: int
) -> Verdict:
    """Judge a frame that carries everything after `prev_pos` up to `pos`.

    A box that holds nothing (0, 0) may begin with a frame that begins at 0. A higher epoch means
    the cloud was restored and its positions begin anew: refetch. A lower one is a late frame from
    before that.
    """
    fresh = held_epoch == 0 and held_pos == 0
    if frame_feed_epoch < held_epoch:
        return Verdict.DUPLICATE
    if frame_feed_epoch > held_epoch and not (fresh and prev_pos == 0):
        return Verdict.NEW_EPOCH
    if prev_pos > held_pos:
        return Verdict.GAP
    return Verdict.APPLY if pos > held_pos else Verdict.DUPLICATE
