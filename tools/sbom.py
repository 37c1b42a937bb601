"""Write what an agent and a cloud are made of: `var/sbom/{agent,cloud}.cdx.json`, CycloneDX 1.6.

Everything comes from files of this repository and from what the installed packages say of
themselves: versions and hashes from the locks, models and front-end files from their manifests.
The same tree gives the same bytes, so a bill can be compared with yesterday's; it holds no moment
and no address. A lock may carry one package twice, for different Pythons: both are listed, each
with the condition it is installed under.
"""

import argparse
import base64
import json
import re
import sys
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.dependency_reference import licence_of
from tools.registry import ROOT
from tools.vendor_assets import PACKAGES, read_manifest

SPEC = "1.6"
OUT = ROOT / "var" / "sbom"
LICENCES = ROOT / "requirements" / "licences.toml"
MODELS = ROOT / "models" / "manifest.toml"
NAMESPACE = uuid.UUID("6f2d3d1c-6c0f-5b0b-9a50-0c6f4c1c2a11")
PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>[^\s;\\]+)(?: ; (?P<when>[^\\\n]+?))? \\\n"
    r"(?P<hashes>(?: +--hash=\S+(?: \\)?\n?)+)",
    re.MULTILINE,
)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bill:
    """One thing that is delivered: its lock, what it takes of the project, what else it carries."""

    name: str
    lock: str
    extras: tuple[str, ...]
    models: bool = False
    assets: bool = False


BILLS = (
    Bill("agent", "edge-hid.lock", ("edge", "nfc", "hid"), models=True),
    Bill("cloud", "cloud.lock", ("cloud", "insight", "embedded"), assets=True),
)


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of a lock; `when` is the condition in the lock's words, "" for always."""

    name: str
    version: str
    when: str
    sha256: tuple[str, ...]

    @property
    def ref(self) -> str:
        """Return the package's address within the bill, the kind that scanners look up."""
        return f"pkg:pypi/{self.name}@{self.version}"


def pins(lock: Path) -> tuple[Pin, ...]:
    """Read a lock.

    Raises:
        ValueError: a line pins a package without hashes, or in words not understood.

    """
    text = lock.read_text(encoding="utf-8")
    found = tuple(
        Pin(
            str(canonicalize_name(one["name"])),
            one["version"],
            (one["when"] or "").strip(),
            tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", one["hashes"])),
        )
        for one in PINNED.finditer(text)
    )
    if len(found) != len(re.findall(r"^\S+==", text, re.MULTILINE)):
        raise ValueError(f"{lock.name}: a package is not pinned by hash")
    return found


@cache
def _licences() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(LICENCES.read_text(encoding="utf-8"))


def licence(package: str) -> str:
    """Return a package's licence as an SPDX expression.

    Raises:
        ValueError: neither the package nor `requirements/licences.toml` gives one.

    """
    known = _licences()["package"].get(package)
    said = licence_of(package)
    found = known or _licences()["said"].get(said, said)
    if not re.fullmatch(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+)*", found):
        raise ValueError(f"{package} says {said!r}: give it an SPDX expression in {LICENCES.name}")
    return found


def _component(kind: str, name: str, version: str, spdx: str, hashes: list[Json]) -> Json:
    return {
        "type": kind,
        "name": name,
        "version": version,
        "licenses": [{"expression": spdx}],
        "hashes": hashes,
    }


def _sha256(hexes: tuple[str, ...]) -> list[Json]:
    return [{"alg": "SHA-256", "content": one} for one in hexes]


def package(pin: Pin) -> Json:
    """Return a Python package: each hash is one of its files, of which one is installed."""
    made = _component("library", pin.name, pin.version, licence(pin.name), _sha256(pin.sha256))
    made |= {"bom-ref": pin.ref, "purl": pin.ref, "scope": "required"}
    if pin.when:
        made["properties"] = [{"name": "regulars:installed-when", "value": pin.when}]
    return made


def models() -> Iterator[Json]:
    """Yield the face models, as their manifest gives them."""
    manifest = tomllib.loads(MODELS.read_text(encoding="utf-8"))
    for name, one in manifest["models"].items():
        version = manifest["archives"][one["archive"]]["version"] if "archive" in one else "1"
        made = _component(
            "machine-learning-model", name, version, one["licence"], _sha256((one["sha256"],))
        )
        properties = [
            {"name": f"regulars:{key}", "value": str(one[key])} for key in ("role", "standing")
        ]
        yield made | {"bom-ref": f"model:{name}", "properties": properties}


def assets() -> Iterator[Json]:
    """Yield the npm packages of which files are served, each with those files."""
    locked = json.loads((PACKAGES / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    served = [one for one in read_manifest() if one.to.startswith("cloud_broker/")]
    for name in sorted({one.package for one in served}):
        entry = locked[f"node_modules/{name}"]
        alg, _, digest = entry["integrity"].partition("-")
        content = base64.b64decode(digest).hex()
        spdx = _licences()["asset"].get(name, entry["license"])
        hashes = [{"alg": alg.upper().replace("SHA", "SHA-"), "content": content}]
        made = _component("library", name, entry["version"], spdx, hashes)
        ref = f"pkg:npm/{name}@{entry['version']}"
        files = [
            {
                "type": "file",
                "name": f"{one.to}/{one.name}",
                "bom-ref": f"file:{one.to}/{one.name}",
                "hashes": _sha256((one.sha256,)),
            }
            for one in served
            if one.package == name
        ]
        yield made | {"bom-ref": ref, "purl": ref, "components": files}


def _wanted(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    """Yield what an installed package asks for, whatever the system; its extras when asked for."""
    try:
        asked = requires(name) or []
    except PackageNotFoundError:
        return
    for one in map(Requirement, asked):
        marker = str(one.marker or "")
        of_extra = set(re.findall(r"extra == ['\"]([^'\"]+)['\"]", marker))
        if not of_extra or {str(canonicalize_name(e)) for e in of_extra} & extras:
            yield one


def edges(found: tuple[Pin, ...], direct: list[str]) -> dict[str, set[str]]:
    """Return who asks for whom, by name, from the project ("") down, within the lock."""
    named = {pin.name for pin in found}
    asks: dict[str, set[str]] = {"": set()}
    todo = [("", Requirement(one)) for one in direct]
    done = set[tuple[str, frozenset[str]]]()
    while todo:
        asker, wanted = todo.pop()
        name = str(canonicalize_name(wanted.name))
        if name not in named:
            continue
        asks.setdefault(asker, set()).add(name)
        asks.setdefault(name, set())
        extras = frozenset(str(canonicalize_name(one)) for one in wanted.extras)
        if (name, extras) not in done:
            done.add((name, extras))
            todo += [(name, one) for one in _wanted(name, extras)]
    return asks


def _dependencies(bill: Bill, project: Json, found: tuple[Pin, ...], more: list[str]) -> list[Json]:
    direct = list(project["dependencies"])
    for extra in bill.extras:
        direct += project["optional-dependencies"][extra]
    asks = edges(found, direct)
    refs: dict[str, list[str]] = {}
    for pin in found:
        refs.setdefault(pin.name, []).append(pin.ref)
    rows = [{"ref": _root(bill), "dependsOn": _of(refs, asks[""]) + sorted(more)}]
    rows += [{"ref": pin.ref, "dependsOn": _of(refs, asks.get(pin.name, set()))} for pin in found]
    return rows + [{"ref": one} for one in sorted(more)]


def _of(refs: Mapping[str, list[str]], names: set[str]) -> list[str]:
    return [ref for name in sorted(names) for ref in refs[name]]


def _root(bill: Bill) -> str:
    return f"regulars:{bill.name}"


def bill_of(bill: Bill) -> Json:
    """Return one bill of materials as CycloneDX has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = pins(ROOT / "requirements" / bill.lock)
    more = [*(models() if bill.models else ()), *(assets() if bill.assets else ())]
    made: Json = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": _root(bill),
                "name": f"regulars-{bill.name}",
                "version": project["version"],
                "licenses": [{"expression": project["license"]}],
            },
            "tools": {"components": [{"type": "application", "name": "regulars tools/sbom.py"}]},
            "properties": [{"name": "regulars:lock", "value": f"requirements/{bill.lock}"}],
        },
        "components": [*map(package, found), *more],
        "dependencies": _dependencies(bill, project, found, [one["bom-ref"] for one in more]),
    }
    text = json.dumps(made, sort_keys=True)
    return {"serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, text)}"} | made


def write(into: Path) -> list[Path]:
    """Write every bill into a folder and return where."""
    into.mkdir(parents=True, exist_ok=True)
    written = []
    for bill in BILLS:
        path = into / f"{bill.name}.cdx.json"
        made = json.dumps(bill_of(bill), indent=1, ensure_ascii=False)
        path.write_text(made + "\n", encoding="utf-8")
        written.append(path)
    return written


def main() -> int:
    """Write the bills and say how much each lists."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--out", type=Path, default=OUT)
    for path in write(asked.parse_args().out):
        listed = json.loads(path.read_text(encoding="utf-8"))["components"]
        print(f"{path}: {len(listed)} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
