"""Trying a line that could cut the box off: proven beside the old one, switched, confirmed or not.

    steady ──wanted──▶ trying ──proof fails──▶ steady (refused)
                          └──proof──▶ switched ──the cloud's word──▶ steady (applied)
                                          └──too late, or a start──▶ steady (reverted)

A till's line is tried the same way, over a start: `trying` waits for it, `switched` for the line.
Each step is on disk before it is done. What was refused or reverted is not tried again until HQ
has changed it: a box does not knock for ever where nobody opens.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from retail_core.fleet.twin import Outcome, Values
from retail_core.texts.faults import FaultCode

Stage = Literal["steady", "trying", "switched"]


@dataclass(frozen=True, slots=True)
class LineTrial:
    """`in_force` is what the line rests on, `wanted` what HQ wants; both as settings."""

    stage: Stage = "steady"
    in_force: Values = field(default_factory=dict)
    wanted: Values = field(default_factory=dict)
    outcome: Outcome = Outcome.APPLIED
    code: str = ""

    @property
    def dialled(self) -> Values:
        """Return what to dial with now."""
        return self.wanted if self.stage == "switched" else self.in_force


def want(trial: LineTrial, wanted: Values) -> LineTrial:
    """Take what HQ wants; while one is being switched the next one waits."""
    if trial.stage == "switched" or wanted == trial.wanted:
        return trial
    if wanted == trial.in_force:
        return LineTrial("steady", trial.in_force, wanted)
    return LineTrial("trying", trial.in_force, wanted, Outcome.TRYING)


def proven(trial: LineTrial) -> LineTrial:
    """Switch: the second connection held."""
    return replace(trial, stage="switched") if trial.stage == "trying" else trial


def unproven(trial: LineTrial, code: FaultCode = FaultCode.TWIN_LINE_UNPROVEN) -> LineTrial:
    """Stay: the second connection did not hold."""
    if trial.stage != "trying":
        return trial
    return _back(trial, Outcome.REFUSED, code)


def confirmed(trial: LineTrial) -> LineTrial:
    """Keep the new line: the cloud has spoken over it."""
    if trial.stage != "switched":
        return trial
    return LineTrial("steady", trial.wanted, trial.wanted)


def unheard(trial: LineTrial, code: FaultCode = FaultCode.TWIN_LINE_REVERTED) -> LineTrial:
    """Go back: the cloud did not speak in time."""
    if trial.stage != "switched":
        return trial
    return _back(trial, Outcome.REVERTED, code)


def restarted(trial: LineTrial, code: FaultCode = FaultCode.TWIN_LINE_REVERTED) -> LineTrial:
    """Go back at a start too: what was not confirmed is not trusted."""
    return unheard(trial, code)


def again(trial: LineTrial) -> LineTrial:
    """Try once more what was refused or reverted, as a person asks."""
    if trial.stage != "steady" or trial.wanted == trial.in_force:
        return trial
    return replace(trial, stage="trying", outcome=Outcome.TRYING, code="")


def _back(trial: LineTrial, outcome: Outcome, code: FaultCode) -> LineTrial:
    return LineTrial("steady", trial.in_force, trial.wanted, outcome, code.value)
