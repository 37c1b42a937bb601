"""What the documents tell people to type exists: commands, options, targets, units, programs.

A page that is followed at three in the morning must not name a command that was renamed.
"""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from cloud_broker.__main__ import app as cloud_broker
from edge_agent.cli.commands import app as edge_agent
from edge_agent.evaluate.cli import app as evaluate
from regulars_cli.__main__ import app as regulars
from tests.factories.pages import PAGES, ROOT, Typed, commands, spoken, typed

# Programs whose words are checked; the rest of a line is the system's own.
PROGRAMS = {"edge-agent": edge_agent, "cloud-broker": cloud_broker, "regulars": regulars}
UNITS = {unit.stem for unit in (ROOT / "systemd").glob("*.service")}
FOREIGN_UNITS = {"mosquitto", "postgresql", "pcscd"}


@cache
def tree(program: str) -> Any:
    return get_command(PROGRAMS[program])


def follow(words: tuple[str, ...], *, whole: bool) -> str:
    """Return what is wrong with a call of one of our programs, "" when nothing is."""
    command, path, rest = tree(words[0]), words[0], list(words[1:])
    while getattr(command, "list_commands", None) is not None and rest:
        with command.make_context(path, [], resilient_parsing=True) as context:
            if rest[0].startswith("-"):
                break
            names = command.list_commands(context)
            if rest[0] not in names:
                known = all(one in names for one in re.split(r"[|{},…]+", rest[0]) if one)
                return "" if known else f"{path} has no {rest[0]}"
            path, command = f"{path} {rest[0]}", command.get_command(context, rest.pop(0))
        if path == "edge-agent evaluate":
            command = get_command(evaluate)
    return options(command, path, rest, whole=whole)


def options(command: Any, path: str, rest: list[str], *, whole: bool) -> str:
    """Return which option a command has not got, or which it cannot do without."""
    known = {name: one for one in command.params for name in (*one.opts, *one.secondary_opts)}
    said = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
    said = {part for word in said for part in word.split("|")} - {"--help"}
    if wrong := sorted(said - set(known)):
        return f"{path} has no {', '.join(wrong)}"
    needed = [
        one
        for one in command.params
        if one.required and one.param_type_name == "option" and not one.envvar
    ]
    missing = [one.opts[0] for one in needed if not said & set(one.opts)]
    if whole and missing and "--help" not in rest and "…" not in rest:
        return f"{path} needs {', '.join(missing)}"
    return ""


@cache
def targets() -> dict[str, str]:
    """Return the Makefile's targets, each with its recipe."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.split(r"^([a-z0-9-]+):", text, flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


def make(words: tuple[str, ...], *, whole: bool) -> str:
    """Return what is wrong with a call of make; prose that begins with the word is none."""
    names = [word for word in words[1:] if "=" not in word]
    if not whole and (not names or any(not re.fullmatch(r"[a-z0-9-]+", one) for one in names)):
        return ""
    if unknown := [one for one in names if one not in targets()]:
        return f"make has no {', '.join(unknown)}"
    said = [word.partition("=")[0] for word in words[1:] if "=" in word]
    recipes = "".join(targets()[one] for one in names)
    lost = [one for one in said if f"$({one})" not in recipes and f"({one})," not in recipes]
    return f"make {' '.join(names)} has no use for {', '.join(lost)}" if lost else ""


def module(words: tuple[str, ...]) -> str:
    """Return what is wrong with a call of Python: a module or file that is not here."""
    named = re.search(r"(?:^| )-m (tools[\w.]*)|(?:^| )(tools/\S+)", " ".join(words[1:]))
    if named is None:
        return ""
    path = ROOT / (named[1].replace(".", "/") if named[1] else named[2])
    there = path.is_dir() or path.is_file() or path.with_suffix(".py").is_file()
    return "" if there else f"there is no {named[0].strip()}"


def units(words: tuple[str, ...]) -> str:
    """Return which service of ours a call of systemctl or journalctl has not got right."""
    if words[0] == "journalctl":
        named = [after for before, after in pairwise(words) if before == "-u"]
    else:
        named = [word for word in words[2:] if not word.startswith("-")]
    known = UNITS | FOREIGN_UNITS
    wrong = [one for one in named if one.removesuffix(".service") not in known]
    return f"there is no unit {', '.join(wrong)}" if wrong else ""


def wrong_with(one: Typed) -> str:
    """Return what is wrong with a command, "" when nothing is or it is none of ours."""
    if one.words[0] in PROGRAMS:
        return follow(one.words, whole=one.whole)
    if one.words[0] == "make":
        return make(one.words, whole=one.whole)
    if one.words[0] in {"systemctl", "journalctl"}:
        return units(one.words)
    return module(one.words) if one.words[0] in {"python", "python3"} else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_tells_to_type_exists(page: Path) -> None:
    wrong = [f"{' '.join(one.words)}: {said}" for one in typed(page) if (said := wrong_with(one))]
    assert wrong == []


def test_an_installed_box_is_asked_as_its_own_account() -> None:
    # There `edge-agent` is on nobody's path, and its files are its own account's alone.
    plain = re.compile(r"(?<!regulars-box agent )edge-agent [^`\n]*/etc/regulars/")
    named = [f"{page.name}: {text}" for page in PAGES for text, _ in spoken(page)]
    assert [one for one in named if plain.search(one)] == []
    assert sum("regulars-box agent " in one for one in named) > 15


def test_pages_that_name_commands_are_really_read() -> None:
    seen = [one for page in PAGES for one in typed(page)]
    ours = [one for one in seen if one.words[0] in PROGRAMS and one.whole]
    assert len(ours) > 150
    assert len({one.words[:3] for one in ours}) > 60


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cloud-broker serve", "cloud-broker has no serve"),
        ("edge-agent doctor --file x", "edge-agent doctor has no --file"),
        ("edge-agent doctor", "edge-agent doctor needs --config"),
        ("sudo edge-agent sync heal -c x # now", "edge-agent sync has no heal"),
        ("sudo regulars-box agent sync heal -c x", "edge-agent sync has no heal"),
        ("make bnech-idle", "make has no bnech-idle"),
        ("make demo STORES=2", "make demo has no use for STORES"),
        ("PYTHONPATH=. python -m tools.nothing", "there is no -m tools.nothing"),
        ("systemctl start edge-agent", "there is no unit edge-agent"),
        ("true && journalctl -u regulars", "there is no unit regulars"),
    ],
)
def test_a_wrong_word_is_found(line: str, said: str) -> None:
    found = [wrong_with(Typed("page", words, whole=True)) for words in commands(line)]
    assert [one for one in found if one] == [said]


def named_in_texts(pattern: str) -> list[str]:
    """Return what the programs' own texts and files name."""
    folders = ("retail_core", "edge_agent", "cloud_broker", "systemd")
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.*"))]
    texts = [path for path in paths if path.suffix in {".py", ".service", ".html", ".j2"}]
    return [one for path in texts for one in re.findall(pattern, path.read_text(encoding="utf-8"))]


def test_units_named_in_texts_of_the_programs_exist() -> None:
    named = named_in_texts(r"systemctl (?:start|status|restart|stop) ([\w-]+)")
    assert named
    assert [one for one in named if one not in UNITS | FOREIGN_UNITS] == []


def test_pages_named_in_texts_of_the_programs_exist() -> None:
    named = named_in_texts(r"\bdocs/[\w/-]+\.md")
    assert named
    assert [one for one in named if not (ROOT / one).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+\.\w+)[)#]", page.read_text(encoding="utf-8"))
    assert [one for one in links if not (page.parent / one).exists()] == []
