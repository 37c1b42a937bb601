"""What every `RuleWorkshop` owes: the same bytes as if the work were done at once, and faults."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from cloud_broker.adapters.rule_process import RuleProcess
from cloud_broker.domain.rule_work import LintTask, ReplayTask, added, findings, tallies, work
from cloud_broker.ports.rule_workshop import RuleWorkshop
from retail_core.errors import Fault
from retail_core.pricing.rehearsal.sold import SoldBasket, SoldLine
from retail_core.pricing.rules.context import MemberContext
from retail_core.texts.faults import FaultCode
from tests.factories.bundle_content import TIER, content
from tests.fakes.cloud_rule_workshop import FakeRuleWorkshop

NOON = datetime(2026, 7, 31, 12)  # noqa: DTZ001 - wall time in the store


@pytest.fixture(
    params=[
        "at once",
        pytest.param("process", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
def workshop(request: pytest.FixtureRequest) -> Iterator[RuleWorkshop]:
    if request.param == "at once":
        yield FakeRuleWorkshop()
        return
    made = RuleProcess(idle_s=0)
    yield made
    made.close()


def replay(**changes: Any) -> ReplayTask:
    sold = SoldBasket(
        receipt="1", opened=NOON, lines=(SoldLine(sku="A", unit_price_fen=1_000),), member="m"
    )
    fields = {"draft": content(TIER), "against": None, "receipts": (sold,)}
    return ReplayTask(**(fields | {"members": {"m": MemberContext(tier="gold")}} | changes))


def test_findings_come_with_the_baskets_that_show_them(workshop: RuleWorkshop) -> None:
    idle = content(TIER, campaigns=[{"id": "b"}])
    task = LintTask(idle, (), Counter())
    (found,) = findings.decode(workshop.do(task))
    assert (found.kind, found.severity) == ("idle_campaign", "info")
    assert found.fields == {"campaign": "b"}
    over = LintTask(content(TIER), (), Counter(), max_off_permille=1)
    (stacking,) = findings.decode(workshop.do(over))
    assert (stacking.kind, stacking.rules) == ("stacking", ("t",))
    assert stacking.basket is not None
    assert stacking.basket["lines"]
    assert stacking.member is not None
    assert stacking.member["tier"] == "gold"
    assert workshop.do(over) == work(over)


def test_a_rehearsal_adds_up_piece_by_piece(workshop: RuleWorkshop) -> None:
    part = workshop.do(replay())
    tally = tallies.decode(part)
    assert (tally.receipts, tally.before_fen, tally.after_fen) == (1, 1_000, 950)
    workshop.rest()
    other = workshop.do(replay(against=content(TIER | {"permille": 900}), members={}))
    whole = tallies.decode(added(added(b"", part), other))
    assert (whole.receipts, whole.before_fen, whole.after_fen) == (2, 2_000, 1_950)


def test_a_draft_that_is_none_is_said(workshop: RuleWorkshop) -> None:
    for task in (replay(draft=b"{"), LintTask(b"{}", (), Counter())):
        with pytest.raises(Fault) as caught:
            workshop.do(task)
        assert caught.value.code is FaultCode.OFFER_INVALID
    assert json.loads(workshop.do(replay()))["receipts"] == 1


@pytest.mark.integration
@pytest.mark.enable_socket
def test_a_piece_that_takes_too_long_is_ended_and_the_next_is_done() -> None:
    made = RuleProcess(piece_s_max=0.0)
    try:
        hundreds = replay(receipts=replay().receipts * 20_000)
        with pytest.raises(Fault) as caught:
            made.do(hundreds)
        assert caught.value.code is FaultCode.RULES_JOB_FAILED
    finally:
        made.close()
    with pytest.raises(Fault) as caught:
        made.do(replay())
    assert caught.value.code is FaultCode.RULES_JOB_FAILED
