"""Write `docs/reference/dependencies.md`: why each package is here, its licence, its last release.

Versions are those of the locks; licences are what the packages say of themselves; the last release
is asked of the registry with `--dates` and kept on the page, so that nothing else needs a network.
"""

import argparse
import re
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "dependencies.md"
REASONS = ROOT / "requirements" / "reasons.toml"
LOCK = ROOT / "requirements" / "dev.lock"
PYTHON = ROOT / "var" / "tools" / "bootstrap" / "bin" / "python"
ASK_TIMEOUT_S = 20
JSON = "application/vnd.pypi.simple.v1+json"
COLUMNS = """\
| 包 package | 版本 version | 为什么 · why | 许可 licence | 最近发布 last release |
|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Packages that are installed together, by the name that `pyproject.toml` gives them."""

    name: str
    packages: tuple[str, ...]


def groups() -> Iterator[Group]:
    """Return what `pyproject.toml` declares: for all, for boxes, for the cloud, for developers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    yield Group("all", _names(project["project"]["dependencies"]))
    for name, wanted in project["project"]["optional-dependencies"].items():
        yield Group(name, _names(wanted))
    for name, wanted in project["dependency-groups"].items():
        yield Group(f"group {name}", _names(wanted))


def _names(wanted: list[str]) -> tuple[str, ...]:
    return tuple(sorted(re.split(r"[^A-Za-z0-9_.-]", one, maxsplit=1)[0].lower() for one in wanted))


def versions() -> dict[str, str]:
    """Return the pinned version of each package of the widest lock."""
    text = LOCK.read_text(encoding="utf-8")
    pinned = re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    return {name.lower(): version for name, version in pinned}


def licence_of(package: str) -> str:
    """Return what an installed package says of its licence, in a few words."""
    try:
        said = metadata(package).json
    except PackageNotFoundError:
        return "–"
    expression = str(said.get("license_expression") or "")
    named = [
        one.rpartition(" :: ")[2] for one in said.get("classifier") or () if "License ::" in one
    ]
    first_line = str(said.get("license") or "").strip().partition("\n")[0]
    return expression or ", ".join(named) or first_line[:60] or "–"


def registry() -> str:
    """Return the registry's address, which its ordinary client knows."""
    asking = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    done = subprocess.run([PYTHON, "-c", asking], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def released(package: str, at: str) -> date | None:
    """Ask the registry when a package was released last; None where it does not say."""
    asked = urllib.request.Request(f"{at}/{package}/", headers={"Accept": JSON})  # noqa: S310
    with urllib.request.urlopen(asked, timeout=ASK_TIMEOUT_S) as answer:  # noqa: S310
        files = msgspec.json.decode(answer.read())["files"]
    moments = [datetime.fromisoformat(one["upload-time"]) for one in files if "upload-time" in one]
    return max(moments).date() if moments else None


def dates_of_page() -> dict[str, str]:
    """Return the dates that the page holds."""
    if not PAGE.exists():
        return {}
    text = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `([^`]+)` \|.*\| ([\d-]*) \|$", text, re.MULTILINE))


def render(dates: Mapping[str, str]) -> str:
    """Return the page."""
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    pinned, seen, page = versions(), set[str](), str(reasons["head"])
    for group in groups():
        fresh = [one for one in group.packages if one not in seen]
        seen |= set(fresh)
        if fresh:
            zh, en = reasons["group"][group.name]
            page += f"\n## {zh} · {en}\n\n{COLUMNS}"
            for one in fresh:
                why = " · ".join(reasons["package"][one])
                cells = (f"`{one}`", pinned.get(one, "–"), why, licence_of(one), dates.get(one, ""))
                page += "| " + " | ".join(cells) + " |\n"
    zh, en = reasons["by_hand"]["title"]
    page += f"\n## {zh} · {en}\n\n"
    return page + "".join(f"- {zh} · {en}\n" for zh, en in reasons["by_hand"]["items"])


def main() -> int:
    """Write the page."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--dates", action="store_true", help="ask the registry for last releases")
    dates = dates_of_page()
    if asking.parse_args().dates:
        at = registry()
        for group in groups():
            for one in group.packages:
                found = released(one, at)
                dates[one] = "" if found is None else found.isoformat()
                sys.stderr.write(f"{one} {dates[one]}\n")
    PAGE.write_text(render(dates), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
