"""`cloud-broker insight`: files of all kinds in, figures or a coded error out."""

import csv
import gzip
import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cloud_broker.__main__ import app
from cloud_broker.adapters.analytics.boosting import learn
from cloud_broker.adapters.analytics.table_file import open_table
from cloud_broker.cli.common import EXIT_FAULT
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["insight", *map(str, words)])


@pytest.fixture(scope="module")
def rows() -> Sequence[tuple[str, date, str, str]]:
    """A year and a half of 400 customers' orders, in the order of days."""
    draw = random.Random(11)  # noqa: S311  # an example, no secret
    found = []
    for who in range(400):
        day, pace = date(2023, 1, 1) + timedelta(draw.randrange(200)), draw.gammavariate(1.2, 25)
        while day < date(2024, 7, 1):
            amount = f"{draw.gammavariate(4, 12):.2f}"
            found.append((f"m{who:03}", day, amount, draw.choice(("茶", "皂"))))
            if draw.random() < 0.2:
                break
            day += timedelta(1 + int(draw.expovariate(1 / (pace + 1))))
    return sorted(found, key=lambda row: row[1])


Written = Callable[[str], Path]


@pytest.fixture
def written(rows: Sequence[tuple[str, date, str, str]], tmp_path: Path) -> Written:
    """The same orders in a form of one's choice."""

    def write(form: str) -> Path:
        path = tmp_path / f"orders.{form}"
        if form == "csv.gz":
            lines = ["customer_id,order_date,amount,category"]
            lines += [f"{who},{day:%Y-%m-%d},{paid},{kind}" for who, day, paid, kind in rows]
            path.write_bytes(gzip.compress("\n".join(lines).encode()))
        elif form == "gb.csv":
            lines = ["会员号;下单日期;实付金额;品类"]
            lines += [f"{who};{day:%Y年%m月%d日};¥{paid};{kind}" for who, day, paid, kind in rows]
            path.write_bytes("\r\n".join(lines).encode("gb18030"))
        else:
            lines = [f" {who[1:]} {day:%Y%m%d}  1 {paid:>9}" for who, day, paid, _ in rows]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


class TestLtv:
    def test_figures_and_a_row_a_customer(self, written: Written, tmp_path: Path) -> None:
        out = tmp_path / "values.csv"
        words = ("--orders", written("csv.gz"), "--until", "2024-03-31", "--category", "category")
        done = run("ltv", *words, "--out", out, "--json")
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        first = ("r", "alpha", "a", "b", "log_likelihood", "p", "q", "v")
        assert tuple(found)[: len(first)] == first
        assert all(found[name] > 0 for name in first if name != "log_likelihood")
        assert found["unit"] == "weeks"
        assert found["holdout"]["cut"] == "2024-03-31"
        assert sum(one["customers"] for one in found["holdout"]["bins"]) == found["customers"]
        assert found["read"]["columns"]["customer"] == "customer_id"
        with out.open(encoding="utf-8", newline="") as text:
            table = list(csv.DictReader(text))
        assert len(table) == found["customers"] == 400
        assert sum(float(row["value"]) for row in table) == pytest.approx(
            found["next_year"]["value"], rel=1e-3
        )
        assert {row["prefers"] for row in table} == {"茶", "皂"}
        assert all(row["next_from"] <= row["next_middle"] <= row["next_to"] for row in table)

    def test_the_form_of_a_file_changes_nothing(self, written: Written) -> None:
        one, two, three = (
            json.loads(run("ltv", "--orders", written(form), "--json").stdout)
            for form in ("csv.gz", "gb.csv", "txt")
        )
        for name in ("r", "alpha", "a", "b", "log_likelihood", "p", "q", "v"):
            assert one[name] == two[name] == three[name]
        assert one["holdout"] == two["holdout"]
        assert one["holdout"]["model"].keys() == {"r", "alpha", "a", "b"}

    def test_units_and_what_a_person_reads(self, written: Written) -> None:
        path = written("csv.gz")
        weeks, days = (
            json.loads(run("ltv", "--orders", path, "--unit", unit, "--json").stdout)
            for unit in ("weeks", "days")
        )
        assert days["alpha"] == pytest.approx(7 * weeks["alpha"], rel=1e-4)
        assert days["next_year"]["value"] == pytest.approx(weeks["next_year"]["value"], rel=1e-4)
        told = run("ltv", "--orders", path, "--challenger").stdout
        assert f"{weeks['r']:.6g}" in told
        assert "holdout.bins.1" in told
        assert "by_challenger 0." in told

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"user,date,amount\na,2024-01-02,1\na,yesterday,1\n", FaultCode.INSIGHT_VALUE_INVALID),
            (b"user,date,amount\n", FaultCode.INSIGHT_FILE_EMPTY),
            (b"", FaultCode.INSIGHT_FILE_EMPTY),
            (b"\x7fELF\x00\x00\x01", FaultCode.INSIGHT_FILE_UNREADABLE),
            (gzip.compress(b"user,date\n" * 99)[:24], FaultCode.INSIGHT_FILE_UNREADABLE),
            (b"user,date,amount\na,2024-01-02,1\nb,2024-01-03,1\n", FaultCode.INSIGHT_TOO_FEW),
            (b"a,b,c\nx,y,z\n", FaultCode.INSIGHT_COLUMN_MISSING),
        ],
        ids=["row", "headings", "nothing", "program", "cut off", "few", "columns"],
    )
    def test_a_bad_file_is_a_coded_error(
        self, content: bytes, code: FaultCode, tmp_path: Path
    ) -> None:
        path = tmp_path / "orders.csv"
        path.write_bytes(content)
        done = run("ltv", "--orders", path, "--json")
        assert done.exit_code == EXIT_FAULT, done.output
        assert done.stdout == ""
        assert done.stderr.startswith(code.value)
        if code is FaultCode.INSIGHT_VALUE_INVALID:
            assert "第 3 行" in done.stderr
            assert "row 3" in done.stderr

    def test_no_file_and_a_day_outside(self, written: Written, tmp_path: Path) -> None:
        assert run("ltv", "--orders", tmp_path / "none.csv").stderr.startswith("E101")
        done = run("ltv", "--orders", written("csv.gz"), "--until", "2022-01-01")
        assert done.stderr.startswith("E108")
        assert "2023-01-01" in done.stderr


class TestAttribution:
    PATHS = (
        "path,total_conversions,total_conversion_value,total_null\n"
        "c1 > c2 > c3,1,10,0\nc1,0,0,1\nc2 > c3,0,0,1\n"
    )

    def test_all_ways_and_their_value(self, tmp_path: Path) -> None:
        path = tmp_path / "paths.csv.gz"
        path.write_bytes(gzip.compress(self.PATHS.encode()))
        found = json.loads(run("attribution", "--paths", path, "--json").stdout)
        assert found["markov1"] == pytest.approx({"c1": 0.2, "c2": 0.4, "c3": 0.4})
        assert found["shapley"] == pytest.approx(dict.fromkeys(("c1", "c2", "c3"), 1 / 3))
        assert found["linear"] == found["shapley"]
        assert found["first"] == {"c1": 1.0, "c2": 0.0, "c3": 0.0}
        assert found["last"] == {"c1": 0.0, "c2": 0.0, "c3": 1.0}
        for way in ("markov1", "markov2", "shapley", "first", "last", "linear"):
            assert sum(found[way].values()) == pytest.approx(found["total"])
            assert sum(found["value"][way].values()) == pytest.approx(10)

    def test_a_table_and_intervals(self, tmp_path: Path) -> None:
        path = tmp_path / "paths.csv"
        path.write_text(self.PATHS, encoding="utf-8")
        assert "markov2" in run("attribution", "--paths", path).stdout
        words = ("--paths", path, "--bootstrap", "50", "--json")
        found, again = (json.loads(run("attribution", *words).stdout) for _ in range(2))
        assert found == again
        low, high = found["interval95"]["markov1"]["c3"]
        assert low <= found["markov1"]["c3"] <= high

    def test_a_bad_file_is_a_coded_error(self, tmp_path: Path) -> None:
        path = tmp_path / "paths.csv"
        path.write_text("path,total_conversions\na > b,2\na > b,many\n", encoding="utf-8")
        done = run("attribution", "--paths", path)
        assert (done.exit_code, done.stderr[:4]) == (EXIT_FAULT, "E105")
        assert "row 3" in done.stderr


@pytest.fixture(scope="module")
def baskets() -> list[list[str]]:
    """Two circles of five articles each, of which a receipt holds three, and a bag now and then."""
    draw = random.Random(5)  # noqa: S311  # an example, no secret
    circles = ["ABCDE", "VWXYZ"]
    found = [draw.sample(circles[nth % 2], 3) for nth in range(300)]
    return [one + ["bag"] * (draw.random() < 0.5) for one in found]


class TestRecommend:
    @pytest.mark.parametrize("form", ["jsonl", "long", "wide", "blanks"])
    def test_what_goes_together_is_found(
        self, baskets: list[list[str]], form: str, tmp_path: Path
    ) -> None:
        lines = {
            "jsonl": [json.dumps([nth, one]) for nth, one in enumerate(baskets)],
            "long": [
                "basket,item",
                *(f"{n},{sku}" for n, one in enumerate(baskets) for sku in one),
            ],
            "wide": [",".join(one) for one in baskets],
            "blanks": [" ".join(str(ord(sku[0])) for sku in one) for one in baskets],
        }[form]
        path = tmp_path / "baskets"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = run("recommend", "--baskets", path, "--json")
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert (found["baskets"], found["asked"], found["articles"]) == (300, 300, 11)
        assert found["methods"].keys() == {"popularity", "item_item", "ease"}
        assert found["hr@5"] == found["methods"][found["best"]]["hr@5"] > 0.95
        for way in ("item_item", "ease"):
            assert found["methods"][way]["mrr@10"] > found["methods"]["popularity"]["mrr@10"] + 0.1

    def test_a_table_for_people(self, baskets: list[list[str]], tmp_path: Path) -> None:
        path = tmp_path / "baskets.csv"
        path.write_text("\n".join(",".join(one) for one in baskets), encoding="utf-8")
        told = run("recommend", "--baskets", path, "--folds", "3").stdout
        assert "item_item" in told
        assert "hr@5" in told

    def test_a_bad_file_is_a_coded_error(self, tmp_path: Path) -> None:
        path = tmp_path / "baskets.jsonl"
        path.write_text('["a", "b"]\n["a", \n', encoding="utf-8")
        done = run("recommend", "--baskets", path)
        assert (done.exit_code, done.stderr[:4]) == (EXIT_FAULT, "E105")
        assert "row 2" in done.stderr


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("user,date\n" + "a,2024-01-02\n" * 50_000, encoding="utf-8")
    told: list[tuple[int, int]] = []
    with open_table(path, lambda done, whole: told.append((done, whole))) as table:
        assert table.header == ["user", "date"]
        assert sum(1 for _ in table.rows) == 50_000
    size = path.stat().st_size
    assert told == sorted(told)
    assert len(told) == 4
    assert told[-1] == (size, size)


def test_an_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text("\n\n", encoding="utf-8")
    with pytest.raises(Fault) as refused, open_table(path):
        pass
    assert refused.value.code is FaultCode.INSIGHT_FILE_EMPTY


def test_trees_learn_and_are_the_same_again() -> None:
    rng = np.random.default_rng(2)
    features = rng.random((600, 3))
    counts = rng.poisson(4 * features[:, 0]).astype(np.float64)
    predict, again = learn(features, counts), learn(features, counts)
    asked = np.array([[0.05, 0.5, 0.5], [0.95, 0.5, 0.5]])
    few, many = predict(asked)
    assert few < 1
    assert many > 2
    assert again(asked).tolist() == [few, many]


def test_other_commands_start_without_the_libraries() -> None:
    code = (
        "import sys, cloud_broker.__main__;"
        "print(sorted({'scipy', 'sklearn', 'numpy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
