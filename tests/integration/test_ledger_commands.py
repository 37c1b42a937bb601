"""`cloud-broker ledger …` on a real database, as whoever runs the cloud types it."""

import json
from pathlib import Path

import pytest

from cloud_broker.adapters.postgres.unit_of_work import PostgresUnits, make_engine
from tests.factories.hq_commands import Hq, opened_hq
from tests.fakes.cloud_box import Person
from tests.plugins.postgres import Database


@pytest.fixture
def hq(database: Database, tmp_path: Path) -> Hq:
    return opened_hq(database, tmp_path)


def test_a_year_at_hq(hq: Hq, tmp_path: Path) -> None:
    ann, bea = Person(), Person(phone="8613800138001")
    hq.box.enrols(ann)
    hq.box.enrols(bea)
    sold = hq.box.sells(ann)
    hq.box.refunds(sold, (1, 500), fen=2_900)
    hq.sends()

    asked = hq.said("ledger", "adjust", str(bea.member), "40", "--reason", "补记", who="li")
    number = asked["adjustment"]
    assert len(hq.said("ledger", "pending")["adjustments"]) == 1
    mine = hq.command("ledger", "approve", number, "--token", hq.tokens["li"], code=3)
    assert "L103" in mine
    assert hq.said("ledger", "approve", number, who="wang")["decided_by"] == "wang"
    assert "没有等第二个人的调整" in hq.command("ledger", "pending")

    taken = hq.said("ledger", "adjust", str(bea.member), "-15", "--reason", "多记", who="wang")
    assert taken["points"] == -15
    refused = hq.said("ledger", "approve", taken["adjustment"], "--refuse", who="li")
    assert refused["decision"] == "refused"

    ends = (str(ann.member), str(bea.member))
    merge = hq.said("ledger", "merge", *ends, "--reason", "同一人", who="li")["merge"]
    assert hq.said("ledger", "unmerge", merge, "--reason", "不是", who="wang")["undone"]

    opening = tmp_path / "opening.csv"
    opening.write_text(f"member,points,expires\n{ann.member},100,2030-12-31\n", encoding="utf-8")
    for booked in (1, 0):
        made = hq.said("ledger", "import-opening", str(opening), who="li")
        assert made["booked"] == booked

    # Before the first policy the default holds, and is said.
    assert "claim_days" in hq.command("ledger", "policy")
    rules = tmp_path / "policy.json"
    rules.write_text('{"expiry": {"kind": "months", "months": 12}}', encoding="utf-8")
    versions = hq.said("ledger", "policy", str(rules), who="li")["versions"]
    assert versions[0]["policy"]["expiry"] == {"kind": "months", "months": 12}
    assert "months" in hq.command("ledger", "policy")

    lots = hq.said("ledger", "lots", str(ann.member))["lots"]
    assert [(lot["points"], lot["until"]) for lot in lots] == [(100, "2030-12-31"), (30, None)]
    assert "2030-12-31" in hq.command("ledger", "lots", str(ann.member))

    ran = hq.said("ledger", "expire", "--on", "2031-01-01")
    assert ran["wallets"] == 2
    # The purchase of before the policy never expires; the gift and the import do.
    assert ran["expired"] == 140
    assert "expired" in hq.command("ledger", "expire")

    assert hq.outstanding() == 30
    verified = hq.said("ledger", "verify")
    assert verified == {"wallets": 2, "chains": 1, "events": 4, "total": 0, "wrong": []}
    assert "wrong" in hq.command("ledger", "verify")


def test_a_day_and_a_month(hq: Hq, tmp_path: Path) -> None:
    person = Person()
    hq.box.enrols(person)
    hq.box.refunds(hq.box.sells(person, shelf_fen=6_000), (1, 500), fen=2_900)
    hq.sends()
    report = tmp_path / "z.json"
    till = {"sales": 1, "gross_fen": 6_000, "net_fen": 5_900, "points_earned": 59}
    said = {"store": "上海店", "date": "2026-11-18", "tills": {"1号收银台": till}}
    report.write_text(json.dumps(said), encoding="utf-8")
    assert hq.said("ledger", "close-day", str(report), who="li")["differences"] == []
    till["sales"] = 2
    report.write_text(json.dumps(said), encoding="utf-8")
    differing = hq.said("ledger", "close-day", str(report), who="li", code=4)
    assert differing["times"] == 2
    assert differing["differences"] == [
        {"where": "1号收银台", "figure": "sales", "till": 2, "books": 1}
    ]
    shown = hq.command("ledger", "close-day", str(report), "--token", hq.tokens["li"], code=4)
    assert "sales" in shown

    month = hq.said("ledger", "export", "2026-11", "--out", str(tmp_path))
    assert month["liability"] == [
        {
            "legal_entity": "总公司",
            "opening": 0,
            "issued": 30,
            "redeemed": 0,
            "expired": 0,
            "adjusted": 0,
            "closing": 30,
        }
    ]
    file = tmp_path / "points-2026-11-liability.csv"
    assert file.read_text(encoding="utf-8").splitlines()[1] == "总公司,0,30,0,0,0,30"
    assert "总公司" in hq.command("ledger", "export", "2026-11")
    hq.command("ledger", "export", "November", code=2)
    assert "L112" in hq.command(
        "ledger", "import-opening", str(report), "--token", hq.tokens["li"], code=3
    )


def test_books_that_somebody_changed_by_hand_are_found(hq: Hq) -> None:
    person = Person()
    hq.box.enrols(person)
    hq.box.sells(person)
    hq.sends()
    units = PostgresUnits(make_engine(hq.database.url))
    with units.begin(hq.box.tenant) as unit:
        unit.journal.move_balances({f"member:{person.wallet}:free": 1_000}, 0)
    units.close()
    found = hq.said("ledger", "verify", code=4)
    assert found["total"] == 1_000
    assert found["wrong"][0] == "all accounts add up to 1000, not 0"
    assert "L115" in hq.command("ledger", "verify", code=4)
