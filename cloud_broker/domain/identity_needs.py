"""Which right each address of who is one person needs, by the right's value."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_LOOK: Final = "insight"
_CHANGE: Final = "identity-change"

IDENTITY_NEEDS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("GET", "/identity"): _LOOK,
        ("GET", "/identity.csv"): _LOOK,
        ("POST", "/identity/search"): _CHANGE,
        ("POST", "/identity/say"): _CHANGE,
        ("POST", "/identity/blocks"): _CHANGE,
        ("POST", "/identity/blocks/end"): _CHANGE,
        ("POST", "/identity/links/{link_id}/end"): _CHANGE,
        ("POST", "/identity/pairs/{candidate_id}/{decision}"): _CHANGE,
        ("GET", "/identity/{member_id}"): _LOOK,
        ("GET", "/v1/hq/identity"): _LOOK,
        ("GET", "/v1/hq/identity/history"): _LOOK,
        ("GET", "/v1/hq/identity/members/{member_id}"): _LOOK,
        ("POST", "/v1/hq/identity/search"): _CHANGE,
        ("POST", "/v1/hq/identity/links"): _CHANGE,
        ("POST", "/v1/hq/identity/links/{link_id}/end"): _CHANGE,
        ("POST", "/v1/hq/identity/blocks"): _CHANGE,
        ("POST", "/v1/hq/identity/blocks/end"): _CHANGE,
        ("POST", "/v1/hq/identity/pairs/{candidate_id}"): _CHANGE,
    }
)
