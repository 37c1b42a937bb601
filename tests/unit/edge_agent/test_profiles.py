"""Device profiles: all of ours are good, the schema is theirs, a bad one says what is wrong."""

from pathlib import Path

import pytest

from edge_agent.drivers.profiles import (
    CameraProfile,
    NfcProfile,
    TillProfile,
    load_file,
    load_profile,
    schema,
)
from edge_agent.drivers.till_escpos.jobs import new_paper, rules_of
from edge_agent.drivers.till_escpos.words import Meaning
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

FOLDER = Path(__file__).resolve().parents[3] / "device_configs"
OURS = sorted(FOLDER.glob("*.toml"))
GOOD = 'kind = "till_escpos"\nname = "mine"\ntitle_zh = "我的"\ntitle_en = "Mine"\n'


@pytest.mark.parametrize("path", OURS, ids=[path.stem for path in OURS])
def test_our_profiles_are_good(path: Path) -> None:
    profile = load_file(path)
    assert profile.name == path.stem
    if isinstance(profile, TillProfile):
        assert rules_of(profile).profile == path.stem
        assert new_paper(profile).sheet().lines == ()


def test_the_demo_finds_its_profiles() -> None:
    assert load_profile(FOLDER, "generic-zh-32", TillProfile).paper.columns == 32
    assert load_profile(FOLDER, "nfc-vpcd", NfcProfile).reader == "Virtual PCD"
    assert load_profile(FOLDER, "camera-mjpeg", CameraProfile).source == "mjpeg"


def test_the_schema_in_the_repository_is_that_of_the_models() -> None:
    assert (FOLDER / "schema.json").read_text(encoding="utf-8") == schema()


def test_a_profile_may_add_words_of_every_meaning() -> None:
    profile = TillProfile(kind="till_escpos", name="x", title_zh="x", title_en="x")
    assert {meaning.value for meaning in Meaning} == set(type(profile.words).model_fields)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("kind = ", "Invalid value"),
        ('kind = "scale"\n', "kind"),
        (GOOD + "colums = 32\n", "colums"),
        (GOOD + "[paper]\ncolumns = 3\n", "columns"),
        (GOOD + '[paper]\nencoding = "klingon"\n', "no such encoding"),
        (GOOD + '[paper]\nencoding = "rot13"\n', "no such encoding"),
        (GOOD + '[paper.code_pages]\nx = "cp437"\n', "code_pages"),
        (GOOD + '[numbers]\ndecimal = ";"\n', "decimal"),
        (GOOD + '[line]\nparity = "mark"\n', "parity"),
        (GOOD.replace('"mine"', '"yours"'), "yours"),
        (GOOD.replace('"mine"', '"Mine!"'), "name"),
        (GOOD.replace('title_zh = "我的"\n', ""), "title_zh"),
    ],
)
def test_a_bad_profile_says_what_is_wrong(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Fault, match=said) as fault:
        load_file(path)
    assert fault.value.code is FaultCode.TILL_PROFILE_INVALID
    assert str(path) in fault.value.text("zh")


def test_a_missing_profile_a_wrong_kind_and_a_path_are_faults(tmp_path: Path) -> None:
    for name in ("nothing", "nfc-vpcd", "../device_configs/generic-zh-32"):
        with pytest.raises(Fault) as fault:
            load_profile(FOLDER, name, TillProfile)
        assert fault.value.code is FaultCode.TILL_PROFILE_INVALID
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Fault):
        load_profile(tmp_path, "mine", TillProfile)
