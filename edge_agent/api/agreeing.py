"""What a customer is asked to agree to, as the screens of her counter show it."""

from typing import Literal

from edge_agent.api.dependencies import ApiDeps
from edge_agent.api.models.recruits import ConsentText
from edge_agent.domain.consents import CONSENT_TEXT_VERSION, CONSENT_TEXTS, text_hash
from edge_agent.domain.lanes import Place


def text_of(kind: str) -> ConsentText:
    """Return the text of a kind of consent, named by its version and hashes."""
    texts = CONSENT_TEXTS[kind]
    return ConsentText(
        text_version=CONSENT_TEXT_VERSION,
        text_zh=texts["zh"],
        text_en=texts["en"],
        sha256_zh=text_hash(kind, "zh").hex(),
        sha256_en=text_hash(kind, "en").hex(),
    )


def show_consent(
    deps: ApiDeps,
    place: Place,
    kind: str,
    phone_masked: str,
    state: Literal["asked", "given", "refused"],
) -> None:
    """Show the lane's screens a text, or take it away when she has answered."""
    shown = {"state": state, "kind": kind, "phone_masked": phone_masked}
    deps.hub.publish("consent", shown | text_of(kind).model_dump(), lane=place.lane)
