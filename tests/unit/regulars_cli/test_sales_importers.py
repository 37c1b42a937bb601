"""Public data sets turned into sales files: small files in their shapes."""

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from regulars_cli.__main__ import app
from regulars_cli.importers import IMPORTERS, Import
from retail_core.pricing.rehearsal.sold import SoldBasket, shelf_fen

RETAIL = """\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,85123A,WHITE HOLDER ,2,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,LANTERN,3,2010-12-01 08:26:00,0.335,17850,United Kingdom
C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527,United Kingdom
536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom
536415,22139,BAG,1,2010-12-01 11:53:00,4.25,,France
"""
HEADS = RETAIL.partition("\n")[0] + "\n"
JOURNEY = """\
household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,\
coupon_match_disc,week,transaction_timestamp
2261,309,31625220889,940996,2.0,3.86,0.44,0.5,0.0,5,2017-01-28 19:06:53
2261,309,31625220889,1,0.0,0.0,0.0,0.0,0.0,5,2017-01-28 19:06:53
2131,368,3,873902,8776.0,23.25,0.88,0.0,0.0,10,2017-01-02 03:31:57
"""
PRODUCTS = """\
product_id,manufacturer_id,department,brand,product_category,product_type,package_size
940996,2,GROCERY,National,FRZN ICE,ICE,22 LB
"""
GROCERIES = '[0, ["citrus fruit", "margarine"]]\n[1, ["coffee"]]\n'


def read(source: str, *files: tuple[str, str], how: Import | None = None) -> list[SoldBasket]:
    paths = []
    for name, text in files:
        path = Path(name)
        if path.suffix == ".gz":
            path.write_bytes(gzip.compress(text.encode()))
        else:
            path.write_text(text, encoding="utf-8")
        paths.append(path)
    return list(IMPORTERS[source](paths, how or Import()))


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_online_retail_merges_equal_lines_and_leaves_out_what_is_no_sale() -> None:
    how = Import(cost_permille=600)
    first, second = read("online-retail", ("a.csv.gz", RETAIL), how=how)
    assert (first.receipt, first.member, first.region) == ("536365", "17850", "United Kingdom")
    assert [(line.sku, line.unit_price_fen, line.qty_milli) for line in first.lines] == [
        ("85123A", 255, 8000),
        ("71053", 100, 1000),
    ]
    assert first.lines[0].cost_fen == 153
    assert first.paid_fen == shelf_fen(first) == 2140
    assert (second.member, second.paid_fen) == ("", 425)
    assert how.left_out == {
        "cancelled or corrected receipt": 1,
        "line without price or quantity": 1,
        "receipt without lines": 1,
    }


def test_complete_journey_puts_discounts_back_and_sorts_by_time() -> None:
    fuel, ice = read("complete-journey", ("t.csv", JOURNEY), ("p.csv", PRODUCTS))
    assert (ice.receipt, ice.store, ice.member) == ("31625220889", "309", "2261")
    assert (ice.lines[0].unit_price_fen, ice.lines[0].qty_milli) == (215, 2000)
    assert (ice.lines[0].name, ice.lines[0].category) == ("ICE", "GROCERY")
    assert (shelf_fen(ice), ice.paid_fen) == (430, 336)
    assert (fuel.lines[0].unit_price_fen, fuel.lines[0].qty_milli) == (2413, 1000)


def test_groceries_have_one_price_and_a_minute_each() -> None:
    first, second = read("groceries", ("g.jsonl", GROCERIES), how=Import(price_fen=500))
    assert (first.paid_fen, second.paid_fen) == (1000, 500)
    assert (second.opened - first.opened).total_seconds() == 60


@pytest.mark.parametrize(
    ("source", "text", "code"),
    [
        ("online-retail", "a,b\n1,2\n", "P134"),
        ("online-retail", "", "P134"),
        ("complete-journey", "product_id\n1\n", "P134"),
        ("groceries", "{}\n", "P134"),
        ("groceries", '[0, "x"\n', "P134"),
        ("groceries", "\x00", "P134"),
    ],
)
def test_a_file_of_another_shape_is_a_coded_error(source: str, text: str, code: str) -> None:
    Path("in.csv").write_text(text)
    found = CliRunner().invoke(
        app, ["sales", "import", "--from", source, "in.csv", "-o", "out.jsonl", "--lang", "zh"]
    )
    assert found.exit_code == 3
    assert found.stderr.startswith(code)
    assert not Path("out.jsonl").exists()


def test_a_packed_file_that_is_cut_short_is_a_coded_error() -> None:
    Path("in.csv.gz").write_bytes(gzip.compress(RETAIL.encode() * 50)[:-20])
    arguments = ["sales", "import", "--from", "online-retail", "in.csv.gz", "-o", "out.jsonl"]
    found = CliRunner().invoke(app, arguments)
    assert (found.exit_code, found.stderr[:4]) == (3, "P134")


def test_the_command_writes_lines_and_says_how_many() -> None:
    Path("in.jsonl").write_text(GROCERIES)
    arguments = ["sales", "import", "--from", "groceries", "in.jsonl", "-o", "out.jsonl"]
    found = CliRunner().invoke(app, [*arguments, "--json"])
    assert json.loads(found.output) == {"receipts": 2, "lines": 3, "left_out": {}}
    assert len(Path("out.jsonl").read_text().splitlines()) == 2
    assert "2 receipts" in CliRunner().invoke(app, [*arguments, "--lang", "en"]).output


def test_the_makers_own_way_of_writing_a_time_is_read() -> None:
    told = RETAIL.replace("2010-12-01 08:26:00", "12/1/2010 8:26")
    first, _ = read("online-retail", ("a.csv", told))
    assert first.opened.isoformat() == "2010-12-01T08:26:00"


@pytest.mark.parametrize(
    ("source", "text", "said"),
    [
        ("online-retail", RETAIL.replace("2010-12-01 08:26:00", "yesterday"), "no time"),
        ("online-retail", HEADS + "1,A\n", None),
        ("online-retail", HEADS + "1,A,B,1,,2.5\n", "no time"),
        ("complete-journey", JOURNEY.replace("2017-01-28 19:06:53", "soon"), "no time"),
        ("complete-journey", "basket_id,product_id\n1,2\n", "no column coupon_disc"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_with_a_code(
    source: str, text: str, said: str | None
) -> None:
    Path("bad.csv").write_text(text, encoding="utf-8")
    told = CliRunner().invoke(
        app, ["sales", "import", "--from", source, "bad.csv", "-o", "o.jsonl"]
    )
    assert told.exit_code == (0 if said is None else 3)
    assert said is None or ("P134" in told.stderr and said in told.stderr)
    assert Path("o.jsonl").exists() == (said is None)
    assert not Path("o.jsonl.part").exists()
