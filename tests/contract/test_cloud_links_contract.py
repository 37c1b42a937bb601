"""What every `LinkRepo` owes: a word leads to one person of one chain, while that one is there."""

from dataclasses import replace
from uuid import UUID

from cloud_broker.ports.hq import HqUser
from cloud_broker.ports.links import Link
from cloud_broker.ports.unit import Units
from tests.fakes.cloud_box import fresh_id
from tests.plugins.cloud import new_tenant

AT = "https://id.example"


def a_person(units: Units, tenant: UUID, login: str) -> HqUser:
    user = HqUser(fresh_id(), login, login, "auditor", "")
    with units.begin(tenant) as unit:
        unit.hq.add_user(user, 1)
    return user


def test_a_word_leads_to_one_person(any_units: Units) -> None:
    here, other = new_tenant(any_units), new_tenant(any_units)
    li, wang = a_person(any_units, here, "li"), a_person(any_units, here, "wang")
    with any_units.begin(here) as unit:
        assert unit.links.add(Link(AT, "subject", "s-1", li.user_id), "ada", 1)
        assert unit.links.add(Link(AT, "email", "s-1", wang.user_id), "ada", 1)
        assert not unit.links.add(Link(AT, "subject", "s-1", wang.user_id), "ada", 1)
        found = unit.links.user(AT, "subject", "s-1")
        assert found is not None
        assert (found.login, found.role) == ("li", "auditor")
        assert unit.links.user(AT, "subject", "s-2") is None
        assert unit.links.user("https://other.example", "subject", "s-1") is None
        assert [one.kind for one in unit.links.links()] == ["email", "subject"]
    with any_units.begin(other) as unit:
        assert unit.links.links() == ()
        assert unit.links.user(AT, "subject", "s-1") is None


def test_it_ends_with_the_word_and_with_the_person(any_units: Units) -> None:
    here = new_tenant(any_units)
    li = a_person(any_units, here, "li")
    with any_units.begin(here) as unit:
        unit.links.add(Link(AT, "subject", "s-1", li.user_id), "ada", 1)
        unit.links.add(Link(AT, "email", "li@example.org", li.user_id), "ada", 1)
        assert unit.links.end(AT, "email", "li@example.org")
        assert not unit.links.end(AT, "email", "li@example.org")
        assert unit.links.user(AT, "email", "li@example.org") is None
        unit.hq.set_user(replace(li, left_ms=5))
        assert unit.links.user(AT, "subject", "s-1") is None
