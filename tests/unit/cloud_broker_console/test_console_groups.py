"""Customer groups on a member's page: who may write them, and what becomes of what was typed."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from cloud_broker.console.pages import console_router
from cloud_broker.services.access.overview import HqRole
from cloud_broker.services.growth.tier_desk import GrowthDesk
from tests.fakes.cloud_basics import FakeCloudClock, FakeCloudIdSource
from tests.fakes.cloud_box import Person
from tests.fakes.cloud_ingest import Cloud
from tests.unit.cloud_broker_console import console_fakes as fakes
from tests.unit.cloud_broker_console.console_words import ORIGIN, SAME, csrf, notice


class Hq:
    """HQ's browser before a chain with one member."""

    def __init__(self, role: HqRole) -> None:
        self.cloud, self.person = Cloud(), Person(name="李敏")
        box = self.cloud.box()
        box.enrols(self.person)
        self.cloud.book((box, box.frame()))
        auth = fakes.FakeHqAuth(role)
        auth.identity = type(auth.identity)(self.cloud.tenant, fakes.TENANT, "hq", "王芳", role)
        clock = FakeCloudClock()
        desk = GrowthDesk(self.cloud.units, clock, FakeCloudIdSource(clock), "Asia/Shanghai")
        queries = fakes.FakeHqQueries(fakes.tiles(2), ())
        app = FastAPI()
        app.include_router(console_router(fakes.deps(queries, auth, growth=desk)))
        self.client = TestClient(app, base_url=ORIGIN, follow_redirects=False)
        self.client.cookies.set("regulars_hq", fakes.TOKEN)

    @property
    def groups(self) -> tuple[str, ...]:
        with self.cloud.units.begin(self.cloud.tenant) as unit:
            found = unit.profiles.profiles([self.person.member])
        return found[self.person.member].groups if found else ()

    def sends(self, names: str, token: str) -> Response:
        """Send the form; return the answer itself."""
        form = {"csrf": token, "names": names}
        path = f"/members/{self.person.member}/groups"
        return self.client.post(path, data=form, headers=SAME)

    def writes(self, names: str, token: str) -> str:
        """Send the form; return what the page then says."""
        answer = self.sends(names, token)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/members/{self.person.member}"
        return notice(self.client.get(f"/members/{fakes.MEMBER}").text)


def test_a_member_is_put_into_groups_and_out_again() -> None:
    hq = Hq("operations")
    token = csrf(hq.client.get(f"/members/{fakes.MEMBER}").text)
    assert "已保存" in hq.writes(" 员工、批发\uff0c 员工;trade\uff1b", token)
    assert hq.groups == ("trade", "员工", "批发")
    hq.writes("", token)
    assert not hq.groups


def test_too_many_are_refused_and_nothing_changes() -> None:
    hq = Hq("admin")
    token = csrf(hq.client.get(f"/members/{fakes.MEMBER}").text)
    hq.writes("员工", token)
    assert "A107" in hq.writes(",".join(f"g{n}" for n in range(33)), token)
    assert hq.groups == ("员工",)


@pytest.mark.parametrize("role", ["marketing", "auditor"])
def test_who_only_looks_has_no_form_and_is_refused(role: HqRole) -> None:
    hq = Hq(role)
    page = hq.client.get(f"/members/{fakes.MEMBER}").text
    assert "/groups" not in page
    assert "客户组" in page
    answer = hq.sends("员工", csrf(page))
    assert (answer.status_code, "A111" in answer.text) == (403, True)
    assert hq.groups == ()
