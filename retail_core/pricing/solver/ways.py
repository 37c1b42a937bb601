"""The ways a unit can be decided, from a state of all machines: the inner loop of every walk.

The machines' states are the digits of one number, so a state is one integer.
"""

from collections.abc import Callable, Sequence

from retail_core.pricing.solver.outlook import Step, Take, View

# what was lost in all, the state after, the machine (-1: none), its slot or the price's number,
# and the digit the machine stood at
_Way = tuple[int, int, int, int, int]
WaysOf = Callable[[int, int, int], list[_Way]]
_Wheel = tuple[int, int, Sequence[int], int, Sequence[Take]]


class Ways:
    """Of a view; states are numbered by it alone."""

    def __init__(self, view: View) -> None:
        self._sizes = [len(machine.end) for machine in view.machines]
        self._strides = [1]
        for size in self._sizes:
            self._strides.append(self._strides[-1] * size)

    def of(self, step: Step) -> WaysOf:
        """Return a function of (state, what it lost, a limit): the ways that lose less than that.

        No way loses less than nothing against the bound, so that whole machines are passed over.
        """
        alone = [(loss, number) for number, (loss, _) in enumerate(step.alone)]
        wheels: list[_Wheel] = [
            (
                self._strides[part.machine],
                self._sizes[part.machine],
                part.skip,
                part.machine,
                part.takes,
            )
            for part in step.parts
        ]

        def ways(state: int, lost: int, limit: int) -> list[_Way]:
            digits = [state // stride % size for stride, size, _, _, _ in wheels]
            skipped = lost + sum([wheel[2][digits[at]] for at, wheel in enumerate(wheels)])
            found = [
                (skipped + loss, state, -1, number, 0)
                for loss, number in alone
                if skipped + loss < limit
            ]
            for at, (stride, _, skip, machine, takes) in enumerate(wheels):
                digit = digits[at]
                rest = skipped - skip[digit]
                if rest >= limit:
                    continue
                for take in takes:
                    total = rest + take.loss[digit]
                    if total < limit:
                        after = state + (take.after[digit] - digit) * stride
                        found.append((total, after, machine, take.slot, digit))
            return found

        return ways


def fan_out(step: Step) -> int:
    """Return how many ways a decision has."""
    return len(step.alone) + sum(len(part.takes) for part in step.parts)
