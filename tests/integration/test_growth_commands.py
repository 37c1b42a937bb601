"""`cloud-broker growth …` on a real database, as whoever runs the cloud types it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.factories.hq_commands import Hq, opened_hq
from tests.factories.tiers import COUPONS, PLAN
from tests.fakes.cloud_box import Person
from tests.plugins.postgres import Database

NAMES = {"silver": "银卡", "gold": "金卡", "black": "黑卡"}


@pytest.fixture
def hq(database: Database, tmp_path: Path) -> Hq:
    return opened_hq(database, tmp_path)


def test_tiers_at_hq(hq: Hq, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    bundle, draft = tmp_path / "bundle.json", tmp_path / "draft.json"
    whole = {"version": 1, "tier_names": NAMES, "coupons": COUPONS, "growth": PLAN}
    bundle.write_text(json.dumps(whole), encoding="utf-8")
    hq.command("publish-bundle", str(bundle))
    ann, bea = Person(), Person(phone="8613800138001")
    hq.box.enrols(ann)
    hq.box.enrols(bea)
    hq.box.sells(ann, fen=120_000, business_date=int(f"{today:%Y%m%d}"))
    hq.sends()

    dry = hq.said("growth", "run", "--dry-run")
    assert (dry["members"], dry["reached"], dry["dry_run"]) == (2, 1, True)
    assert hq.said("growth", "history", str(ann.member))["changes"] == []
    ran = hq.said("growth", "run")
    assert (ran["due"], ran["dry_run"]) == (2, False)
    (change,) = hq.said("growth", "history", str(ann.member))["changes"]
    assert (change["from"], change["to"], change["spend_fen"]) == ("silver", "gold", 120_000)
    again = hq.said("growth", "run")
    assert (again["due"], again.get("members", 0)) == (0, 0)
    assert "gold" in hq.command("growth", "history", str(ann.member))

    tiers = [PLAN["tiers"][0], {"code": "gold", "spend_fen": 200_000}, PLAN["tiers"][2]]  # type: ignore[index]
    draft.write_text(json.dumps(whole | {"growth": PLAN | {"tiers": tiers}}), encoding="utf-8")
    (move,) = hq.said("growth", "preview", "--bundle", str(draft))["moves"]
    assert (move["from"], move["to"]) == ("gold", "silver")
    assert (move["at_once"], move["in_the_end"], move["examples"]) == (0, 1, [str(ann.member)])
    assert str(ann.member) in hq.command("growth", "preview", "--bundle", str(draft))

    until = (today + timedelta(days=30)).isoformat()
    asked = (str(bea.member), "gold", until, "--reason", "贵宾")
    grant = hq.said("growth", "grant", *asked, who="li")["grant"]
    assert grant in hq.command("growth", "pending")
    assert "L103" in hq.command("growth", "approve", grant, "--token", hq.tokens["li"], code=3)
    assert hq.said("growth", "approve", grant, who="wang")["decision"] == "approved"
    assert hq.said("growth", "pending")["grants"] == []
    (given,) = hq.said("growth", "history", str(bea.member))["changes"]
    assert (given["change"], given["by"], given["until"]) == ("granted", "li, wang", until)
