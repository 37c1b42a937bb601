"""The commands that pages tell HQ's people to type are run, page after page, on a real PostgreSQL.

`tests/architecture/test_documented_commands.py` reads all of them; here those are run that need
no more than a fresh chain with one shop. A word that stands for something of the reader's own
becomes an id nobody has, and the command has to refuse it in coded words.
"""

import re
from collections.abc import Callable
from contextlib import chdir
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cloud_broker.__main__ import app as cloud_broker
from regulars_cli.__main__ import app as regulars
from retail_core.texts.faults import FaultCode
from tests.factories.hq_commands import Hq, opened_hq
from tests.factories.pages import PAGES, ROOT, Typed, typed
from tests.plugins.postgres import Database

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

PROGRAMS = {"cloud-broker": cloud_broker, "regulars": regulars}
NOBODY = "00000000-0000-0000-0000-000000000007"
STANDS_FOR_AN_ID = re.compile(
    r"MEMBER|ERASURE|RULE|ORDER|LINK|ROLLOUT|SEGMENT|DEVICE|SOURCE|TARGET|MERGE|ID|编号|01\w\w…|…"
)
STANDS_FOR_A_NUMBER = {"N": "100"}
# Files that this repository holds, by the names that pages give to a reader's own.
FILES = {
    "bundle.json": ("bundle", "draft", "fixed", "bad", "current", "B", "OLD", "DRAFT"),
    "basket.json": ("basket", "K"),
    "member.json": ("member", "M"),
    "catalogue.csv": ("catalogue",),
}
# Folders of a reader's own machine.
ELSEWHERE = re.compile(r"^/(?=(?:etc|safe|backups|media)/)")
# What is read alone, and why it is not run here.
ONLY_READ = {
    "cloud-broker run": "it stays up; every demo runs it",
    "cloud-broker provision-tenant": "the chain that all others are run in is made by it",
    "cloud-broker release": "keys, wheels and a box: test_release_commands.py",
    "cloud-broker sign-models": "weights: test_face_models_agent.py",
    "cloud-broker publish-models": "weights: test_face_models_agent.py",
    "cloud-broker backup": "a server's tools and a key: test_backup_restore.py",
    "cloud-broker restore": "a backup: tools/restore_rig",
    "cloud-broker import members": "a reader's file: test_import_files.py",
    "cloud-broker import orders": "a reader's file: test_import_files.py",
    "cloud-broker import stock": "a reader's file: test_master_data.py",
    "cloud-broker import prices": "a reader's file: test_master_data.py",
    "cloud-broker insight ltv": "orders as a file: test_insight_cli.py",
    "cloud-broker insight attribution": "paths as a file: test_insight_cli.py",
    "cloud-broker insight recommend": "baskets as a file: test_insight_cli.py",
    "cloud-broker insight tags": "seconds of an engine's: test_insight_tags.py",
    "cloud-broker insight link": "people as a file: test_insight_cli.py",
    "cloud-broker insight costs costs.csv": "a reader's file: test_roi.py",
    "cloud-broker insight campaigns opt-ins": "a reader's file: test_campaign_story.py",
    "cloud-broker insight campaigns write": "a reader's file: test_campaign_story.py",
    "cloud-broker insight segments look": "a reader's file: test_insight_segments.py",
    "cloud-broker insight segments create": "a reader's file: test_insight_segments.py",
    "cloud-broker insight segments change": "a reader's file: test_insight_segments.py",
    "cloud-broker privacy verify": "a certificate: test_erasure.py",
    "cloud-broker collect source 抖店": "it asks for a secret: test_collection.py",
    "regulars sales import": "public data sets: test_sales_importers.py",
    "regulars bundle replay": "sales as a file: test_regulars_cli.py",
    "regulars bundle lint B.json": "sales as a file: test_regulars_cli.py",
}
# What a chain of one shop, without mail and company accounts, is told instead.
REFUSED = {
    # Its boxes have not spoken yet: there is nobody to give a command to.
    "cloud-broker command give": "G187",
    "cloud-broker hq-link add": "I105",
    "cloud-broker hq-link remove": "I105",
    "cloud-broker insight campaigns worth": "E107",
    "cloud-broker insight copy": "I105",
    "cloud-broker insight identity link A": "E157",
    "cloud-broker insight set-apart": "A108",
    "cloud-broker alerts add ops@example.org": "F122",
    "cloud-broker event-log replay --from 1789": "E153",
}
# What others rest on.
FIRST = ("cloud-broker ca-init", "cloud-broker provision-store")
# A verdict, not a fault: something waits to be looked at.
VERDICTS = ("cloud-broker sync doctor",)


@pytest.fixture(scope="module")
def hq(new_database: Callable[[], Database], tmp_path_factory: pytest.TempPathFactory) -> Hq:
    """Open a chain that has what pages take for granted, in a folder with the files they name."""
    folder = tmp_path_factory.mktemp("hq")
    for source, names in FILES.items():
        content = (ROOT / "device_configs" / "examples" / source).read_bytes()
        for name in names:
            (folder / name).with_suffix(Path(source).suffix).write_bytes(content)
    (folder / "device_configs").symlink_to(ROOT / "device_configs")
    made = opened_hq(new_database(), folder)
    config = made.config.read_text(encoding="utf-8")
    authority = f'ca_dir = "{folder / "ca"}"\nca_passphrase = "correct horse battery"\n'
    made.config.write_text(config + authority, encoding="utf-8")
    made.run("provision-store", "--name", "杭州店", "--city", "杭州", "--region", "华东")
    with chdir(folder):
        wrong = [said for one in _first() if (said := _run(one, made))]
    assert wrong == []
    return made


def _begins(one: Typed, with_words: str) -> bool:
    return " ".join(one.words).startswith(with_words)


def _as_typed(one: Typed, hq: Hq, folder: Path) -> tuple[list[str], bool]:
    """Return the words with stand-ins for what is the reader's own, and whether there is any."""
    words, own = list(one.words[1:]), False
    if ">" in words:
        words = words[: words.index(">")]
    for at, word in enumerate(words):
        before = words[at - 1] if at else ""
        if before == "--token":
            words[at] = hq.tokens["wang" if "agree" in words else "li"]
        elif STANDS_FOR_AN_ID.fullmatch(word):
            words[at], own = NOBODY, True
        elif before in {"-c", "--config"}:
            words[at] = str(hq.config)
        else:
            words[at] = ELSEWHERE.sub(f"{folder}/", STANDS_FOR_A_NUMBER.get(word, word))
    if one.words[0] == "cloud-broker" and not {"-c", "--config", "--help"} & set(words):
        words += ["--config", str(hq.config)]
    return words, own


def _wrong(one: Typed, done: Result, *, own: bool) -> str:
    """Return what is wrong with how a command ended, "" when nothing is."""
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return repr(done.exception)
    if done.exit_code == 0:
        return ""
    if any(_begins(one, words) for words in VERDICTS):
        return "" if done.exit_code == 1 else done.output
    told = done.stderr[:4]
    refused = next((code for words, code in REFUSED.items() if _begins(one, words)), "")
    if done.exit_code == 3 and told in set(FaultCode) and (own or told == refused):
        return ""
    return f"{done.exit_code}: {done.output}"


def _bare(one: Typed) -> list[str]:
    """Return the words without the settings' file, which some pages name and some do not."""
    words = list(one.words)
    return words[: words.index("-c")] if "-c" in words else words


def _run(one: Typed, hq: Hq) -> str:
    """Run a command in the chain's folder; return what is wrong with how it ended."""
    words, own = _as_typed(one, hq, hq.config.parent)
    said = _wrong(one, CliRunner().invoke(PROGRAMS[one.words[0]], words), own=own)
    return f"{' '.join(one.words)} -> {said}" if said else ""


@cache
def _runs() -> dict[str, list[Typed]]:
    """Return by page what is run: each command once, where it stands first."""
    found = [one for page in PAGES for one in typed(page) if one.whole and one.words[0] in PROGRAMS]
    run = [one for one in found if not any(_begins(one, words) for words in ONLY_READ)]
    once = {tuple(_bare(one)): one for one in reversed(run)}
    pages: dict[str, list[Typed]] = {}
    for one in reversed(once.values()):
        pages.setdefault(one.page, []).append(one)
    return pages


def _first() -> list[Typed]:
    """Return what others rest on."""
    every = [one for found in _runs().values() for one in found]
    return [one for one in every if any(_begins(one, words) for words in FIRST)]


@pytest.mark.parametrize("page", sorted(_runs()))
def test_the_commands_of_a_page_run(page: str, hq: Hq, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hq.config.parent)
    run = [one for one in _runs()[page] if one not in _first()]
    assert [said for one in run if (said := _run(one, hq))] == []


def test_most_commands_of_pages_are_run() -> None:
    assert sum(map(len, _runs().values())) > 90


def test_what_is_only_read_stands_on_a_page() -> None:
    pages = [" ".join(one.words) for page in PAGES for one in typed(page) if one.whole]
    for words in (*ONLY_READ, *REFUSED, *VERDICTS):
        assert any(line.startswith(words) for line in pages), f"{words} is on no page any more"


def test_the_tests_that_run_the_others_are_there() -> None:
    named = [one for why in ONLY_READ.values() for one in re.findall(r"test_\w+\.py", why)]
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert [one for one in named if one not in there] == []
