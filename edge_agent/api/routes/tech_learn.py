"""The technician teaches the box a till: collects receipts, looks, corrects, keeps the profile."""

from base64 import b64encode
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from edge_agent.api.dependencies import Deps, OperatorHeader
from edge_agent.api.models.tech_learn import (
    KeepAsked,
    LearnAnswered,
    LearnAsked,
    SamplesAnswered,
    SamplesAsked,
    SampleView,
)
from edge_agent.api.routes.pairing import InCharge, in_charge
from edge_agent.api.routes.tech import MayInspect
from edge_agent.services.tills.lessons import Lesson, Taken
from retail_core.limits import LEARN_SAMPLES_MAX

router = APIRouter(tags=["tech"])


async def with_data(deps: Deps, x_operator: OperatorHeader = None, *, data: bool = False) -> bool:
    """Return whether what was printed is shown too: customers' receipts are for who is in charge.

    Raises Fault API_OPERATOR_NEEDED or MANAGER_NEEDED.
    """
    if data:
        await in_charge(deps.desk.operator(x_operator))
    return data


WithData = Annotated[bool, Depends(with_data)]


@router.post("/v1/tech/tills/{till}/samples")
def collect(
    till: UUID, _asked: SamplesAsked, deps: Deps, _by: InCharge, _caller: MayInspect
) -> SamplesAnswered:
    """Begin to collect this till's receipts; an earlier collection of it is forgotten."""
    deps.lessons.begin(till)
    return _shown(deps.lessons.taken(till))


@router.get("/v1/tech/tills/{till}/samples")
def samples(till: UUID, deps: Deps, data: WithData, _caller: MayInspect) -> SamplesAnswered:
    """Show what was taken so far; with `data` also what was printed, to who is in charge."""
    return _shown(deps.lessons.taken(till), data=data)


@router.delete("/v1/tech/tills/{till}/samples")
def forget(till: UUID, deps: Deps, _caller: MayInspect) -> SamplesAnswered:
    """Stop collecting and forget the samples."""
    deps.lessons.end(till)
    return _shown(())


@router.post("/v1/tech/tills/{till}/learn")
def learn(
    till: UUID, asked: LearnAsked, deps: Deps, _by: InCharge, _caller: MayInspect
) -> LearnAnswered:
    """Show what the samples teach; nothing is written."""
    return LearnAnswered.model_validate(deps.lessons.learn(till, _lesson(asked)))


@router.put("/v1/tech/tills/{till}/profile")
def keep(
    till: UUID, asked: KeepAsked, deps: Deps, _by: InCharge, _caller: MayInspect
) -> LearnAnswered:
    """Write the learned profile; it counts once the device file names it."""
    found = deps.lessons.keep(till, _lesson(asked), force=asked.force)
    return LearnAnswered.model_validate(found)


def _lesson(asked: LearnAsked) -> Lesson:
    return Lesson(asked.name, asked.title, dict(asked.corrections))


def _shown(taken: tuple[Taken, ...], *, data: bool = False) -> SamplesAnswered:
    views = tuple(
        SampleView(
            name=each.sample.name,
            size=len(each.sample.data),
            kind=each.receipt.kind,
            total_fen=each.receipt.total_fen,
            fault=None if each.receipt.fault is None else each.receipt.fault.value,
            text=each.receipt.text if data else None,
            data=b64encode(each.sample.data).decode("ascii") if data else None,
        )
        for each in taken
    )
    return SamplesAnswered(samples=views, most=LEARN_SAMPLES_MAX)
