"""What an ID token must say to be believed (OpenID Connect Core 1.0, section 3.1.3.7); pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from retail_core.texts.faults import FaultCode

# Signatures by a key that only the provider has; a shared secret or none at all is not among them.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
                     "ES512", "EdDSA")  # fmt: skip
LEEWAY_S: Final = 60
AGE_MAX_S: Final = 600


@dataclass(frozen=True, slots=True)
class Claims:
    """Who the provider says somebody is; `email` is "" unless it was verified."""

    issuer: str
    subject: str
    email: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a token is held against."""

    issuer: str
    client: str
    nonce: str
    now_s: int


def read(said: Mapping[str, Any], wanted: Wanted) -> Claims | FaultCode:
    """Return who it is, or why the token is not believed. Its signature was checked before."""
    if said.get("iss") != wanted.issuer:
        return FaultCode.OIDC_ISSUER
    if not _for_us(said, wanted.client):
        return FaultCode.OIDC_AUDIENCE
    if not _in_time(said, wanted.now_s):
        return FaultCode.OIDC_EXPIRED
    if said.get("nonce") != wanted.nonce:
        return FaultCode.OIDC_NONCE
    subject = said.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:  # noqa: PLR2004 -- section 2
        return FaultCode.OIDC_TOKEN_WRONG
    email = said.get("email") if said.get("email_verified") is True else ""
    return Claims(wanted.issuer, subject, email.lower() if isinstance(email, str) else "")


def _for_us(said: Mapping[str, Any], client: str) -> bool:
    audience = said.get("aud")
    every = [audience] if isinstance(audience, str) else audience
    if not isinstance(every, list) or client not in every:
        return False
    party = said.get("azp")
    return party == client if len(every) > 1 or party is not None else True


def _in_time(said: Mapping[str, Any], now_s: int) -> bool:
    expires, issued = _seconds(said.get("exp")), _seconds(said.get("iat"))
    if expires is None or issued is None:
        return False
    fresh = now_s - AGE_MAX_S - LEEWAY_S <= issued <= now_s + LEEWAY_S
    return fresh and now_s < expires + LEEWAY_S


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value
