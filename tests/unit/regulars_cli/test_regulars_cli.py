"""The `regulars` command: files in, answers and exit codes out, never a traceback."""

import json
import signal
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from regulars_cli.__main__ import app
from regulars_cli.common import language_of
from regulars_cli.rehearsing import Plan, Saved, Stage
from retail_core import limits
from retail_core.pricing.certificate import Reason, RejectedOffer
from retail_core.pricing.proof.document import Result as Priced
from retail_core.pricing.proof.document import encode_certificate, read_certificate
from tests.factories.bent_certificates import hashed_again

HALF = {"kind": "mix_and_match", "id": "half", "name": "第二件半价", "need": 2, "permille": 500}
BUNDLE = {
    "version": 3,
    "chain": "demo",
    "tier_names": {"gold": "金卡"},
    "points": {"id": "p", "step": 100, "fen_per_point": 1},
    "offers": [HALF],
}
BASKET = {
    "opened": "2026-07-31T12:00:00",
    "lines": [{"sku": "cola", "name": "可乐", "unit_price_fen": 700, "qty_milli": 2000}],
}
MEMBER = {"tier": "gold", "points_free": 1000}
DEAD = {"id": "never", "name": "x", "permille": 900, "when": {"valid_until": "2026-01-01T00:00:00"}}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("COLUMNS", "200")
    for name, content in (("b", BUNDLE), ("k", BASKET), ("m", MEMBER)):
        Path(f"{name}.json").write_text(json.dumps(content), encoding="utf-8")


def run(*arguments: str, stdin: str | None = None) -> Result:
    found = CliRunner().invoke(app, list(arguments), input=stdin)
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def price(*arguments: str) -> Result:
    return run("price", "-b", "b.json", "-k", "k.json", *arguments)


def test_a_price_as_json_is_the_documented_result() -> None:
    priced = msgspec.json.decode(price("--json").output, type=Priced)
    assert (priced.due_fen, priced.saved_fen, priced.status) == (1050, 350, "optimal")
    assert priced.near_misses == ()


def test_a_price_for_people_says_what_was_taken_off_and_what_is_near() -> None:
    Path("k.json").write_text(
        json.dumps({**BASKET, "lines": [{"sku": "cola", "unit_price_fen": 700}]})
    )
    said = price("--lang", "zh").output
    assert "第二件半价,再省 ¥3.50" in said
    assert "件数不够" in said
    assert "1 more cola" in price("--lang", "en").output


def test_english_words_call_a_rule_by_its_english_name_and_the_answers_bytes_do_not() -> None:
    rule = {**HALF, "name_en": "Second at half price"}
    Path("b.json").write_text(json.dumps({**BUNDLE, "offers": [rule]}), encoding="utf-8")
    assert "Second at half price" in price("--lang", "en").output
    assert "第二件半价" in price("--lang", "zh").output
    bare = price("--json", "--lang", "en").output
    assert "name_en" not in bare
    assert msgspec.json.decode(bare, type=Priced).applied[0].name == "第二件半价"


def test_from_files_no_clock_ends_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen units and three sets that share a budget: more than a till's guard here allows."""
    monkeypatch.setattr(limits, "SOLVER_GUARD_MS", 1)
    goods = [
        (2501, "ab"),
        (2231, "db"),
        (8037, "da"),
        (1837, "da"),
        (6686, "dc"),
        (334, "db"),
        (4048, "ab"),
        (801, "ad"),
    ]
    lines = [
        {"sku": str(at), "unit_price_fen": fen, "tags": list(tags), "qty_milli": 2000}
        for at, (fen, tags) in enumerate(goods)
    ]
    sets = [("ab", 2, 643), ("dc", 3, 259), ("bd", 4, 1215)]
    offers = [
        {"kind": "set_amount", "id": tags, "name": tags, "need": need, "fen_off": fen_off}
        | {"items": {"tags": list(tags)}, "campaign": "c"}
        for tags, need, fen_off in sets
    ]
    rules = {"version": 1, "campaigns": [{"id": "c", "budget_fen": 4001}], "offers": offers}
    Path("b.json").write_text(json.dumps(rules))
    Path("k.json").write_text(json.dumps({**BASKET, "lines": lines}))
    found = price("--json", "--certificate", "c.json")
    priced = msgspec.json.decode(found.output, type=Priced)
    assert (priced.due_fen, priced.status) == (48_975, "optimal")
    assert run("verify", "c.json", "--bundle", "b.json").exit_code == 0


def test_the_basket_may_come_from_standard_input() -> None:
    found = run("price", "-b", "b.json", "-k", "-", "--json", stdin=json.dumps(BASKET))
    assert '"due_fen":1050' in found.output


@pytest.mark.parametrize(("asked", "used"), [("250", 200), ("max", 1000), ("0", None)])
def test_points_are_given_as_a_number_or_all(asked: str, used: int | None) -> None:
    found = msgspec.json.decode(
        price("-m", "m.json", "--points", asked, "--json").output, type=Priced
    )
    assert (found.points.points if found.points else None) == used


def test_points_that_are_no_number_are_a_wrong_command() -> None:
    assert price("--points", "many").exit_code == 2


def test_the_opening_time_may_be_another() -> None:
    Path("b.json").write_text(json.dumps({**BUNDLE, "valid_from": "2026-08-01T00:00:00"}))
    assert price("--json").exit_code == 3
    assert price("--at", "2026-08-01T00:00:00", "--json").exit_code == 0


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("b.json", "{", "P107"),
        ("b.json", '{"version":1,"format":9}', "P1"),
        ("k.json", '{"opened":"2026-07-31T12:00:00"}', "P123"),
        (
            "k.json",
            '{"opened":"2026-07-31T12:00:00","lines":[{"sku":"a","unit_price_fen":1,"qty_milli":-1}]}',
            "P102",
        ),
        ("k.json", '{"opened":"2026-07-31T12:00:00","lines":[]}', "P101"),
    ],
)
def test_a_file_that_is_not_valid_is_a_coded_error(name: str, content: str, code: str) -> None:
    Path(name).write_text(content, encoding="utf-8")
    for language in ("zh", "en"):
        found = price("--lang", language)
        assert found.exit_code == 3
        assert found.stderr.startswith(code)
        assert found.stdout == ""


def test_a_file_that_is_not_there_is_a_coded_error() -> None:
    Path("b.json").unlink()
    assert price().stderr.startswith("P130")
    assert price("--lang", "zh").stderr == "P130 文件 b.json 读不了:没有这个文件\n"
    assert run("verify", "none.json").stderr.startswith("P130")
    assert run("bundle", "lint", "none.json").stderr.startswith("P130")


def test_a_certificate_is_written_and_proves_the_price() -> None:
    assert price("--certificate", "c.json").exit_code == 0
    right = run("verify", "c.json", "-b", "b.json", "--json")
    assert (right.exit_code, json.loads(right.output)["verdict"]) == (0, "equal")
    assert run("verify", "c.json").exit_code == 0
    bent = Path("c.json").read_text().replace('"net_fen":1050', '"net_fen":1000')
    Path("c.json").write_text(bent)
    wrong = run("verify", "c.json", "-b", "b.json", "--lang", "en")
    assert wrong.exit_code == 2
    assert "line 1: 1000 fen net, but shelf less offers is 1050" in wrong.output


def test_a_certificate_that_could_have_been_cheaper() -> None:
    price("--certificate", "good.json")
    good = read_certificate(Path("good.json").read_bytes())
    Path("plain.json").write_text(json.dumps({**BUNDLE, "offers": []}))
    run("price", "-b", "plain.json", "-k", "k.json", "--certificate", "c.json")
    plain = read_certificate(Path("c.json").read_bytes())
    assert plain.bundle.sha256 != good.bundle.sha256
    forgetful = msgspec.structs.replace(plain, bundle=good.bundle)
    Path("c.json").write_bytes(encode_certificate(forgetful))
    found = run("verify", "c.json", "-b", "b.json", "--lang", "en")
    assert found.exit_code == 2
    assert "took nothing off says - and should say" in found.output
    beaten = tuple(
        RejectedOffer(one.offer_id, one.name, Reason.BEATEN) for one in good.result.applied
    )
    told = msgspec.structs.replace(plain.result, rejected=beaten)
    dear = msgspec.structs.replace(forgetful, result=hashed_again(told))
    Path("c.json").write_bytes(encode_certificate(dear))
    found = run("verify", "c.json", "-b", "b.json", "--lang", "en")
    assert found.exit_code == 1
    assert "¥3.50 less was possible" in found.output


def test_lint_says_what_it_found_and_ends_with_one_for_errors() -> None:
    assert run("bundle", "lint", "b.json").exit_code == 0
    offers = [*BUNDLE["offers"], {"kind": "tier_price", **DEAD}]  # type: ignore[misc]
    Path("b.json").write_text(
        json.dumps({**BUNDLE, "offers": offers, "valid_from": "2026-02-01T00:00:00"})
    )
    found = run("bundle", "lint", "b.json", "--json")
    assert found.exit_code == 1
    assert json.loads(found.output)["findings"][0]["kind"] == "never_holds"
    assert "永远用不上" in run("bundle", "lint", "b.json", "--lang", "zh").output


def test_lint_gives_the_basket_that_shows_it_as_a_file_to_price() -> None:
    Path("costs.csv").write_text(
        "sku,barcodes,name,unit,price,cost,brand,category,tags\ncola,,可乐,瓶,7.00,6.00,,,\n"
    )
    (found,) = json.loads(run("bundle", "lint", "b.json", "--costs", "costs.csv", "--json").output)[
        "findings"
    ]
    assert found["kind"] == "under_cost"
    Path("k.json").write_text(json.dumps(found["basket"]))
    assert '"due_fen":1050' in price("--json").output
    said = run("bundle", "lint", "b.json", "--max-off", "20%", "--lang", "en").output
    assert "25.0 % off this basket, the cap is 20.0 %" in said


@pytest.mark.parametrize("text", ["0%", "101%", "half", "-1"])
def test_a_cap_that_is_no_percentage_is_a_wrong_command(text: str) -> None:
    assert run("bundle", "lint", "b.json", f"--max-off={text}").exit_code == 2


def sales(receipts: int) -> Path:
    lines = [
        {
            "receipt": f"r{number}",
            "opened": "2026-03-02T10:00:00",
            "lines": [{"sku": "cola", "unit_price_fen": 700, "qty_milli": 2000, "cost_fen": 600}],
            "member": "m1" if number % 2 else "",
            "paid_fen": 1400,
        }
        for number in range(receipts)
    ]
    path = Path("sales.jsonl")
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return path


def replay(*arguments: str) -> Result:
    return run(
        "bundle", "replay", "-b", "b.json", "-s", "sales.jsonl", "--workers", "1", *arguments
    )


def test_replay_adds_up_and_draws_a_page() -> None:
    sales(5)
    Path("members.jsonl").write_text('{"id":"m1","tier":"gold"}\n')
    found = replay("--json", "--members", "members.jsonl", "--html", "page.html")
    assert found.exit_code == 0
    figures = json.loads(found.stdout)
    assert (figures["receipts"], figures["before_fen"], figures["after_fen"]) == (5, 7000, 5250)
    assert figures["loss_making"] == 5
    assert figures["tiers"]["gold"]["receipts"] == 2
    page = Path("page.html").read_text(encoding="utf-8")
    assert "第二件半价" in page
    assert "http" not in page


def test_replay_names_the_line_that_is_no_sale() -> None:
    path = sales(2)
    path.write_text(path.read_text() + "nonsense\n")
    found = replay("--lang", "en")
    assert found.exit_code == 3
    assert "P133 line 3 of the sales file" in found.stderr


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("nonsense", "the whole: JSON is malformed"),
        ('{"tier":"gold"}', "the whole: the field id is missing"),
        ('{"id":"m1","birthday":"13-01"}', "birthday: "),
        ('{"id":"m1","colour":1}', "the whole: object contains unknown field `colour`"),
    ],
)
def test_a_member_that_is_not_valid_is_a_coded_error(listed: str, said: str) -> None:
    sales(1)
    Path("members.jsonl").write_text(listed)
    found = replay("--members", "members.jsonl")
    assert found.exit_code == 3
    assert found.stderr.startswith(f"P123 members.jsonl, line 1, {said}")


def test_replay_without_its_file_is_a_coded_error() -> None:
    assert replay().stderr.startswith("P130")


def test_a_rehearsal_that_was_stopped_goes_on_where_it_was() -> None:
    path = sales(700)
    plan = Plan(Path("b.json").read_bytes(), None, {}, 1_000)
    checkpoint = Path("state.json")
    first = Stage(plan, path, checkpoint, 1)
    first.run(lambda _position, _receipts: first.stop())
    assert not first.complete
    saved = msgspec.json.decode(checkpoint.read_bytes(), type=Saved)
    assert 0 < saved.lines == saved.tally.receipts < 700
    again = Stage(plan, path, checkpoint, 1)
    again.run(lambda _position, _receipts: None)
    whole = Stage(plan, path, None, 1)
    whole.run(lambda _position, _receipts: None)
    assert again.saved.tally == whole.saved.tally
    assert whole.saved.tally.receipts == 700


def test_a_state_of_other_rules_is_not_taken_up() -> None:
    path = sales(1)
    checkpoint = Path("state.json")
    Stage(Plan(Path("b.json").read_bytes(), None, {}, 1_000), path, checkpoint, 1).run(
        lambda _position, _receipts: None
    )
    other = Stage(Plan(Path("b.json").read_bytes(), None, {}, 999), path, checkpoint, 1)
    assert other.saved.lines == 0


def test_an_interrupt_is_the_callers_again_after_a_rehearsal() -> None:
    before = signal.getsignal(signal.SIGINT)
    sales(1)
    assert replay().exit_code == 0
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("spoken", "language"),
    [("zh_CN.UTF-8", "zh"), ("zh_TW", "zh"), ("en_US.UTF-8", "en"), ("C", "en"), ("", "en")],
)
def test_it_speaks_the_language_of_the_environment(
    spoken: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LC_ALL", spoken)
    monkeypatch.setenv("LANG", "C")
    assert language_of(None) == language
    assert language_of("zh") == "zh"


def test_every_command_has_help_with_its_exit_codes() -> None:
    for command in (("price",), ("verify",), ("bundle", "lint"), ("bundle", "replay")):
        said = run(*command, "--help")
        assert said.exit_code == 0
        assert "Exit codes" in said.output
    assert "Exit codes" in run("sales", "import", "--help").output
