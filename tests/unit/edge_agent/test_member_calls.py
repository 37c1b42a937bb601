"""What HQ asks a clerk to say to a member, as a till shows it."""

from datetime import UTC, datetime, time
from uuid import UUID

import msgspec
import pytest

from edge_agent.api.growth_views import growth_seen
from edge_agent.domain.member_view import view_of
from edge_agent.domain.shop import Shop
from retail_core.pricing.rules.bundle import RuleBundle
from retail_core.wire.member import CallNote
from tests.factories.wire import member_record

IDS = (UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4))
SHOP = Shop(*IDS, "店", "上海", "Asia/Shanghai", time(4))


@pytest.mark.parametrize(("last_day", "shown"), [(20261124, ["问问新品"]), (20261123, [])])
def test_a_note_is_shown_through_its_last_day(last_day: int, shown: list[str]) -> None:
    record = msgspec.structs.replace(member_record(), calls=(CallNote("问问新品", last_day),))
    # One in the morning in Shanghai, while London has the day before.
    at = datetime(2026, 11, 23, 17, tzinfo=UTC)
    view = view_of(UUID(int=9), 1, record, pending_local=0, as_of_ms=round(at.timestamp() * 1_000))
    seen = growth_seen(view, SHOP, RuleBundle(version=1))
    assert [one.note for one in seen.calls] == shown
