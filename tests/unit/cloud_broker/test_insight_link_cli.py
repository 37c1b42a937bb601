"""`cloud-broker insight link`: a file of people in, pairs out."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cloud_broker.__main__ import app
from cloud_broker.cli.common import EXIT_FAULT
from tools.bench.planted_records import plant


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["insight", "link", *map(str, words)])


@pytest.mark.parametrize(
    "heads",
    [
        ("id", "name", "phone", "email", "birthday", "address"),
        ("会员编号", "姓名", "手机号", "邮箱", "出生日期", "地址"),
    ],
)
def test_pairs_of_a_file_are_counted_and_written(heads: tuple[str, ...], tmp_path: Path) -> None:
    planted = plant(200)
    file, pairs = tmp_path / "people.csv", tmp_path / "pairs.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(heads)
        for one in planted.records:
            writer.writerow((one.record_id, one.name, one.phone, one.email, one.born, one.address))
        writer.writerow(("", "nobody", "", "", "", ""))
    said = run("--records", file, "--out", pairs, "--json")
    assert said.exit_code == 0, said.output
    counts = json.loads(said.stdout)
    assert counts["records"] == len(planted.records)
    assert counts["candidates"] == counts["automatic"] + counts["review"]
    with pairs.open(encoding="utf-8", newline="") as text:
        found = {(row["first"], row["second"]) for row in csv.DictReader(text)}
    assert len(found) == counts["candidates"]
    assert len(found & planted.pairs) >= 0.9 * len(planted.pairs)


def test_a_file_without_numbers_of_records_says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,phone\n王伟,13900000001\n", encoding="utf-8")
    said = run("--records", file)
    assert said.exit_code == EXIT_FAULT
    assert "E103" in said.stderr
    assert "--id" in said.stderr
    named = run("--records", file, "--id", "phone", "--json")
    assert json.loads(named.stdout)["records"] == 1
