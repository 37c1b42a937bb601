"""The files of a pricing: rule bundle, basket, member."""

from dataclasses import dataclass
from pathlib import Path

from regulars_cli.common import read
from retail_core.pricing.rules import files
from retail_core.pricing.rules.bundle import RuleBundle, bundle_hash, parse_bundle
from retail_core.pricing.rules.context import MemberContext
from retail_core.pricing.rules.files import AskedBasket


@dataclass(frozen=True, slots=True)
class Rules:
    """A bundle and the hash of the file it came from."""

    bundle: RuleBundle
    sha256: bytes


def read_rules(path: Path) -> Rules:
    """Read and check a bundle (Faults P107, P130)."""
    content = read(path)
    return Rules(parse_bundle(content), bundle_hash(content))


def read_basket(path: Path) -> AskedBasket:
    """Read a basket (Faults P123, P130)."""
    return files.read_basket(read(path))


def read_member(path: Path | None) -> MemberContext | None:
    """Read a member; None stays None (Faults P123, P130)."""
    return None if path is None else files.read_member(read(path))
