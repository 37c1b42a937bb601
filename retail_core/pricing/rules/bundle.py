"""The rule bundle on its way: JSON checked whole, named by its hash, signed.

A bundle travels as JSON (docs/reference/offers.md) and is checked whole when it is read: a typo in
a field, a tier or a time never becomes an offer that silently does nothing.
"""

import hashlib
import re
from codecs import BOM_UTF8

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from retail_core import limits
from retail_core.errors import Fault
from retail_core.pricing.rules.checking import check_bundle
from retail_core.pricing.rules.reading import Misfit, decode
from retail_core.pricing.rules.refusing import WHOLE, refuse
from retail_core.pricing.rules.ruleset import (
    FORMAT,
    Campaign,
    EarnRule,
    PointsRule,
    Restriction,
    RuleBundle,
)
from retail_core.texts.faults import FaultCode

__all__ = [
    "FORMAT",
    "Campaign",
    "EarnRule",
    "PointsRule",
    "Restriction",
    "RuleBundle",
    "bundle_hash",
    "check_newer",
    "open_bundle",
    "parse_bundle",
    "sign_bundle",
]

SIGNATURE_BYTES = 64
_CONTEXT = b"regulars-bundle-1\x00"
_RULE_PLACE = re.compile(r"\$\.(\w+)(?:\[(\d+)\])?")


def bundle_hash(content: bytes) -> bytes:
    """Return the SHA-256 by which a bundle's content is named."""
    return hashlib.sha256(content).digest()


def sign_bundle(content: bytes, private_key: bytes) -> bytes:
    """Put a 64-byte Ed25519 signature in front; `private_key` is the raw 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(_CONTEXT + content) + content


def open_bundle(signed: bytes, public_key: bytes) -> bytes:
    """Return the content if the raw 32-byte public key signed it (Fault P122 otherwise)."""
    signature, content = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _CONTEXT + content)
    except InvalidSignature:
        raise Fault(FaultCode.BUNDLE_SIGNATURE) from None
    return content


class _Head(msgspec.Struct):
    format: int = FORMAT


def parse_bundle(content: bytes) -> RuleBundle:
    """Read and check a bundle's JSON.

    Faults: P107 names the rule, the field and what to do; P120 for a format of later programs.
    """
    if len(content) > limits.BUNDLE_BYTES_MAX:
        megabytes = limits.BUNDLE_BYTES_MAX >> 20
        refuse(WHOLE, "", f"it is larger than {megabytes} MB", f"超过 {megabytes} MB")
    bundle = decode(content, RuleBundle)
    if isinstance(bundle, Misfit):
        _check_format(content)
        owner, field = _whose(content, bundle.place)
        refuse(owner, field, bundle.said, bundle.said.zh)
    check_bundle(bundle)
    return bundle


def check_newer(version: int, newest: int) -> None:
    """Refuse a version that is not above the newest one published (Fault P107)."""
    if version <= newest:
        en = f"it must be above {newest}, the newest one published"
        refuse(WHOLE, "version", en, f"要大于已发布的 {newest}")


def _check_format(content: bytes) -> None:
    """Say of what cannot be read that it is of later programs, if it is (Fault P120)."""
    head = decode(content, _Head)
    if isinstance(head, _Head) and head.format > FORMAT:
        raise Fault(FaultCode.BUNDLE_FORMAT, format=head.format, known=FORMAT)


def _whose(content: bytes, place: str) -> tuple[str, str]:
    """Return the id of the rule at a place and the field inside it."""
    match = _RULE_PLACE.match(place)
    if match is None:
        return WHOLE, place
    name, number = match.groups()
    whole = msgspec.json.decode(content.removeprefix(BOM_UTF8))
    rule = whole.get(name)
    if number is not None and isinstance(rule, list):
        rule = rule[int(number)]
    owner = rule.get("id") if isinstance(rule, dict) else None
    if not isinstance(owner, str) or not owner:
        return WHOLE, place.removeprefix("$.")
    return owner, place[match.end() :].lstrip(".")
