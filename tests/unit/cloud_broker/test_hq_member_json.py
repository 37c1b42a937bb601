"""HQ's view of a member as JSON, with what was worked out of her in both languages."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from starlette.testclient import TestClient

from cloud_broker.api.app import build_app
from cloud_broker.services.access.overview import MemberPage
from cloud_broker.services.access.people import HqAccess
from cloud_broker.services.access.worked_tags import WorkedTag
from retail_core.tally import FaultTally
from retail_core.texts.words import Words
from tests.factories.cloud_api import api_deps
from tests.factories.member_phone import OneMember
from tests.fakes.cloud_basics import FakeCloudClock
from tests.fakes.cloud_box import fresh_id
from tests.fakes.cloud_hq import NotingDesk
from tests.fakes.cloud_units import FakeUnits
from tests.plugins.cloud import new_tenant

TAG = WorkedTag("lifecycle", "stage", Words("Stage", "阶段"), Words("new", "新客"), masked=False)


class Known(OneMember):
    def member(self, tenant: UUID, member_id: UUID) -> MemberPage | None:
        found = super().member(tenant, member_id)
        return found and replace(found, worked=(TAG,), worked_on=date(2026, 11, 24))


def test_worked_out_tags_are_told_in_both_languages() -> None:
    units, clock = FakeUnits(), FakeCloudClock()
    deps = api_deps(units, clock, FaultTally(), Known(), NotingDesk(fresh_id()))
    access = deps.auth
    assert isinstance(access, HqAccess)
    password = access.add_user(new_tenant(units, "demo"), "li", "李娜", "admin")
    token, _ = access.login("li", password)
    client = TestClient(build_app(deps), base_url="http://cloud.test")
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.get(f"/v1/hq/members/{fresh_id()}", headers=headers)
    assert answer.status_code == 200
    (tag,) = answer.json()["worked"]
    assert (tag["name"], tag["value"]["zh"]) == ({"zh": "阶段", "en": "Stage"}, "新客")
    assert answer.json()["worked_on"] == "2026-11-24"
