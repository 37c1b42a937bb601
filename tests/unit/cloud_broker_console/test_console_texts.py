"""Both catalogues say the same things, and everything a page asks for is there."""

import re
from pathlib import Path

import pytest

from cloud_broker import console
from cloud_broker.console.texts import LANGUAGES, Language, texts
from edge_agent.domain.consents import CONSENT_TEXTS
from retail_core.catalog.masters import MasterKind
from retail_core.loyalty import postings

CONSOLE = Path(console.__file__).parent
TEMPLATES = sorted((CONSOLE / "templates").glob("*.html"))
KINDS_OF_CONSENT = set(CONSENT_TEXTS)
PLAIN_KEY = re.compile(r"""\bt(?:exts)?\(\s*["']([a-z_]+\.[a-zA-Z0-9_]+)["']\s*[,)]""")
BEGUN_KEY = re.compile(r"""\bt(?:exts)?\(\s*f?["']([a-z_]+\.)["'{]""")


def test_both_languages_have_the_same_keys() -> None:
    assert texts("zh").keys() == texts("en").keys()


def test_both_languages_take_the_same_fields() -> None:
    for key in sorted(texts("zh").keys()):
        fields = [
            set(re.findall(r"\{(\w+)\}", texts(language).or_else(key, "")))
            for language in LANGUAGES
        ]
        assert fields[0] == fields[1], key


@pytest.mark.parametrize("path", [*TEMPLATES, *CONSOLE.glob("*.py")], ids=lambda path: path.name)
def test_every_text_that_is_asked_for_exists(path: Path) -> None:
    known = texts("zh").keys()
    source = path.read_text(encoding="utf-8")
    assert set(PLAIN_KEY.findall(source)) <= known
    for beginning in set(BEGUN_KEY.findall(source)):
        assert any(key.startswith(beginning) for key in known), beginning


def test_every_posting_of_the_ledger_has_its_word() -> None:
    kinds = {
        *(postings.EARN, postings.QUALIFY, postings.REDEEM, postings.MATURE, postings.EXPIRE),
        *(postings.ADJUST, postings.OPENING, postings.SETTLE),
        *(postings.MERGE, postings.AWARD),
        *(f"{kind}{postings.REVERSED}" for kind in (postings.EARN, postings.AWARD)),
    }
    assert {f"posting.{kind}" for kind in kinds} <= texts("zh").keys()


def test_every_act_on_faces_and_consents_in_the_audit_has_its_word() -> None:
    services = Path(console.__file__).parents[1] / "services"
    said = "\n".join(path.read_text(encoding="utf-8") for path in services.rglob("*.py"))
    acts = set(re.findall(r'"((?:face|consent|phone)\.[a-z_]+)"', said)) - KINDS_OF_CONSENT
    assert {"face.enable", "face.confirm", "consent.withdraw", "phone.claim"} <= acts
    assert {f"audit_act.{act}" for act in acts} <= texts("zh").keys()


def test_every_act_that_the_audit_keeps_has_its_word() -> None:
    cloud = Path(console.__file__).parents[1]
    said = "\n".join(path.read_text(encoding="utf-8") for path in cloud.rglob("*.py"))
    who = r"AuditEntry\(\s*[^,()]*(?:\([^()]*\))?[^,()]*,\s*"
    acts = set(re.findall(who + r'"([^"]+)"', said))
    acts |= {f"masters.{kind.value}" for kind in MasterKind}
    acts |= {f"{what}.{how}" for what in ("points", "tier") for how in ("approved", "refused")}
    assert {"bundle.publish", "box.revoke", "store.provision"} <= acts
    assert {f"audit_act.{act}" for act in acts} <= texts("zh").keys()


def test_no_text_is_unused() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in (*TEMPLATES, *CONSOLE.glob("*.py"))
    )
    named = set(re.findall(r"""["'](\w+\.\w+)["']""", sources))
    begun = set(re.findall(r"""["'](\w+\.)(?:["']|\{)""", sources))
    for key in texts("zh").keys() - named:
        assert key.partition(".")[0] + "." in begun, f"nobody shows {key}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_do_not_shout(language: Language) -> None:
    catalogue = texts(language)
    for key in sorted(catalogue.keys()):
        assert not re.search("[!!]", catalogue.or_else(key, "")), key


def test_an_unknown_key_is_an_error_here_and_not_on_a_page() -> None:
    with pytest.raises(KeyError):
        texts("zh")("wall.nothing")
    assert texts("zh").or_else("reason.X999", "X999") == "X999"


def test_one_and_many() -> None:
    assert texts("en")("wall.sales_today", n=1) == "1 sale"
    assert texts("en")("wall.sales_today", n=0) == "0 sales"
    assert texts("zh")("wall.sales_today", n=1) == "1 笔"
