"""Weekly hours that mean nothing, or the same hour twice."""

from collections.abc import Sequence
from itertools import pairwise

from retail_core.pricing.rules.refusing import refuse
from retail_core.pricing.rules.slots import WeekSlot, check_slot, week_minutes


def check_slots(owner: str, field: str, slots: Sequence[WeekSlot]) -> None:
    """Refuse a slot that is empty and slots that overlap, over the end of the week too (P107)."""
    for number, slot in enumerate(slots):
        try:
            check_slot(slot)
        except ValueError as error:
            empty = slot.start == slot.end
            zh = "时段为空,全天请写 00:00 到 24:00" if empty else "不是钟点,请写 HH:MM"
            refuse(owner, f"{field}[{number}]", str(error), zh)
    taken: list[tuple[int, int, int]] = sorted(
        (start, end, number)
        for number, slot in enumerate(slots)
        for start, end in week_minutes(slot)
    )
    for (_, end, first), (start, _, second) in pairwise(taken):
        if start < end:
            refuse(
                owner,
                f"{field}[{max(first, second)}]",
                f"it overlaps {field}[{min(first, second)}]; the same hour may stand once only",
                f"与 {field}[{min(first, second)}] 重叠,同一时刻只能写一次",
            )
