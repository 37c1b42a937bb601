"""Histories of merges, all taken back, end as those without any: on the real service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_broker.bootstrap.office import Office, build_office
from cloud_broker.services.points import joining
from cloud_broker.settings import Settings
from tests.plugins.postgres import Database
from tools.verify_identity.history import Step
from tools.verify_identity.play import play
from tools.verify_identity.world import World

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Iterator[Office]:
    made = build_office(Settings(database_url=database.url, secrets_dir=tmp_path / "keys"))
    yield made
    made.close()


def test_a_history_of_merges_ends_as_if_there_had_been_none(office: Office) -> None:
    outcome = play(office, seed=7, steps=14)
    assert outcome.merges > 0
    assert outcome.other == ()


def test_and_one_that_leaves_what_was_done_meanwhile_is_found(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the comparison above could not fail."""
    monkeypatch.setattr(joining, "acts_in", lambda *_rows: [])
    world = World(office, merging=True)
    for step in (Step("link", 0, 1), Step("sell", 1, 0, 501), Step("settle")):
        world.do(step)
    assert sum(world.state()["persons"]) == 0 + 0 + 2 + 3
    world.end()
    assert world.state()["points"] != [0, 501, 0, 0]
