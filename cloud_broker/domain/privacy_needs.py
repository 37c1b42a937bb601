"""Which right each address of leaving, erasing and equal treatment needs, by the right's value."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_LOOK: Final = "members"
_CHANGE: Final = "members-change"
_RULES: Final = "rules"

PRIVACY_NEEDS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("GET", "/privacy"): _LOOK,
        ("GET", "/privacy.csv"): _LOOK,
        ("GET", "/privacy/certificates/{erasure_id}.json"): _LOOK,
        ("POST", "/privacy/{leaving_id}/{decision}"): _CHANGE,
        ("GET", "/members/{member_id}/export.json"): _CHANGE,
        ("POST", "/members/{member_id}/leaving"): _CHANGE,
        ("GET", "/equal-treatment"): _RULES,
        ("GET", "/equal-treatment.csv"): _RULES,
        ("GET", "/v1/hq/privacy"): _LOOK,
        ("POST", "/v1/hq/privacy/{leaving_id}/{decision}"): _CHANGE,
        ("GET", "/v1/hq/members/{member_id}/export"): _CHANGE,
        ("POST", "/v1/hq/members/{member_id}/leaving"): _CHANGE,
        ("GET", "/v1/hq/equal-treatment"): _RULES,
    }
)
