"""What an ID token must say; every other one is refused, each for its own reason."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_broker.domain.id_token import AGE_MAX_S, LEEWAY_S, Claims, Wanted, read
from retail_core.texts.faults import FaultCode

NOW = 1_800_000_000
WANTED = Wanted("https://id.example", "hq", "n", NOW)
GOOD: dict[str, Any] = {
    "iss": "https://id.example", "aud": "hq", "sub": "s-1", "iat": NOW, "exp": NOW + 300,
    "nonce": "n", "email": "Li@Example.org", "email_verified": True,
}  # fmt: skip


def test_a_good_one_says_who_it_is() -> None:
    assert read(GOOD, WANTED) == Claims("https://id.example", "s-1", "li@example.org")
    several = GOOD | {"aud": ["hq", "other"], "azp": "hq"}
    assert isinstance(read(several, WANTED), Claims)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"iss": "https://id.example/"}, FaultCode.OIDC_ISSUER),
        ({"iss": None}, FaultCode.OIDC_ISSUER),
        ({"aud": "other"}, FaultCode.OIDC_AUDIENCE),
        ({"aud": []}, FaultCode.OIDC_AUDIENCE),
        ({"aud": None}, FaultCode.OIDC_AUDIENCE),
        ({"aud": {"hq": 1}}, FaultCode.OIDC_AUDIENCE),
        ({"aud": ["hq", "other"]}, FaultCode.OIDC_AUDIENCE),
        ({"aud": ["hq", "other"], "azp": "other"}, FaultCode.OIDC_AUDIENCE),
        ({"azp": "other"}, FaultCode.OIDC_AUDIENCE),
        ({"exp": NOW - LEEWAY_S}, FaultCode.OIDC_EXPIRED),
        ({"exp": None}, FaultCode.OIDC_EXPIRED),
        ({"exp": True}, FaultCode.OIDC_EXPIRED),
        ({"exp": "9999999999"}, FaultCode.OIDC_EXPIRED),
        ({"iat": NOW + LEEWAY_S + 1}, FaultCode.OIDC_EXPIRED),
        ({"iat": NOW - AGE_MAX_S - LEEWAY_S - 1}, FaultCode.OIDC_EXPIRED),
        ({"iat": None}, FaultCode.OIDC_EXPIRED),
        ({"nonce": "m"}, FaultCode.OIDC_NONCE),
        ({"nonce": None}, FaultCode.OIDC_NONCE),
        ({"sub": ""}, FaultCode.OIDC_TOKEN_WRONG),
        ({"sub": 7}, FaultCode.OIDC_TOKEN_WRONG),
        ({"sub": "x" * 256}, FaultCode.OIDC_TOKEN_WRONG),
    ],
)
def test_a_wrong_one_is_refused(change: dict[str, Any], code: FaultCode) -> None:
    assert read(GOOD | change, WANTED) is code


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_counts_only_when_it_was_verified(verified: object) -> None:
    found = read(GOOD | {"email_verified": verified}, WANTED)
    assert isinstance(found, Claims)
    assert found.email == ""


@given(
    said=st.dictionaries(
        st.sampled_from([*sorted(GOOD), "azp"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()),
    )
)
def test_whatever_it_says_is_read_or_refused(said: dict[str, Any]) -> None:
    found = read(said, WANTED)
    assert isinstance(found, Claims | FaultCode)
