"""Check what drivers say of themselves: every rule they must answer, and that what shows it exists.

`QUALITY.toml` of a driver answers each rule with `done` and what shows it, or with `todo` or
`exempt` and why. A file, test, make target or limit that is named there has to exist.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DRIVERS = ROOT / "edge_agent" / "drivers"
HELPERS = frozenset({"profiles", "lines"})
"""Folders that drivers share: `lines` answers for itself, `profiles` holds no device."""
STATES = frozenset({"done", "todo", "exempt"})
REQUIRED = (
    "simulator-ships",
    "bounded",
    "replug",
    "stops-without-leftovers",
    "seen-on-real-hardware",
)
_FILES = re.compile(r"[\w./-]+\.(?:py|sh|md|toml)\b")
_MAKE = re.compile(r"\bmake ([a-z][a-z-]*)")
_MODULE = re.compile(r"python -m ([\w.]+)")
_LIMIT = re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]*\*?")


@dataclass(frozen=True, slots=True)
class Rule:
    """One answer of a driver."""

    driver: str
    name: str
    state: str
    shown_by: str
    why: str


def drivers() -> tuple[Path, ...]:
    """Return the folders that must say how good they are."""
    folders = (one for one in DRIVERS.iterdir() if one.is_dir() and not one.name.startswith("__"))
    return tuple(sorted(one for one in folders if one.name != "profiles"))


def rules(folder: Path) -> tuple[Rule, ...]:
    """Read a driver's answers."""
    quality = tomllib.loads((folder / "QUALITY.toml").read_text(encoding="utf-8"))
    return tuple(_rule(folder.name, name, said) for name, said in quality["rules"].items())


def findings(folder: Path) -> Iterator[str]:
    """Yield what is wrong with a driver's answers."""
    answered = rules(folder)
    for rule in answered:
        yield from (f"{folder.name}: {rule.name}: {wrong}" for wrong in _wrong(folder, rule))
    names = {rule.name for rule in answered}
    if folder.name not in HELPERS:
        yield from (f"{folder.name}: {one} is not answered" for one in REQUIRED if one not in names)


def _rule(driver: str, name: str, said: str | dict[str, Any]) -> Rule:
    told = {"state": said} if isinstance(said, str) else said
    return Rule(driver, name, told["state"], told.get("shown_by", ""), told.get("why", ""))


def _wrong(folder: Path, rule: Rule) -> Iterator[str]:
    if rule.state not in STATES:
        yield f"no such state: {rule.state}"
    if rule.state == "done" and not rule.shown_by:
        yield "done, and nothing shows it"
    if rule.state in {"todo", "exempt"} and not rule.why:
        yield "say why"
    for what, pattern, holds in _CHECKS:
        named = pattern.findall(rule.shown_by)
        yield from (f"no {what} {one}" for one in named if not holds(folder, one))


def _exists(folder: Path, name: str) -> bool:
    """Find a file by its path, beside the driver, or by its own name among the tests."""
    if "/" in name:
        return (ROOT / name).exists()
    return (folder / name).exists() or any((ROOT / "tests").rglob(name))


def _is_target(_folder: Path, name: str) -> bool:
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.search(rf"^{name}:", targets, re.MULTILINE) is not None


def _is_module(_folder: Path, name: str) -> bool:
    place = ROOT / Path(*name.split("."))
    return place.with_suffix(".py").exists() or (place / "__main__.py").exists()


def _is_limit(folder: Path, name: str) -> bool:
    wanted = re.compile(rf"\b{name.removesuffix('*')}" + ("" if name.endswith("*") else r"\b"))
    shared = (DRIVERS / "lines").glob("*.py")
    places = (ROOT / "retail_core" / "limits.py", *folder.glob("*.py"), *shared)
    return any(wanted.search(path.read_text(encoding="utf-8")) for path in places)


_CHECKS: tuple[tuple[str, re.Pattern[str], Callable[[Path, str], bool]], ...] = (
    ("file", _FILES, _exists),
    ("target", _MAKE, _is_target),
    ("module", _MODULE, _is_module),
    ("limit", _LIMIT, _is_limit),
)


def main() -> int:
    """Print every finding."""
    found = [wrong for folder in drivers() for wrong in findings(folder)]
    print("\n".join(found) or f"{len(drivers())} drivers answer for themselves")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
