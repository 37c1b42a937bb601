"""What all kinds of profile are made of."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_WORDS_MAX = 64


def _known_codec(name: str) -> str:
    if name != "auto":
        try:
            b"x".decode(name)
        except LookupError:
            raise ValueError(f"no such encoding: {name}") from None
    return name


Encoding = Annotated[str, AfterValidator(_known_codec)]
Word = Annotated[str, Field(min_length=1, max_length=60)]
Words = Annotated[tuple[Word, ...], Field(max_length=_WORDS_MAX)]


class Section(BaseModel):
    """Strict: an unknown key is a typing mistake, and it says so."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Profile(Section):
    """What every profile begins with; `name` is that of its file."""

    name: Annotated[str, Field(pattern=_NAME)]
    title_zh: Annotated[str, Field(min_length=1)]
    title_en: Annotated[str, Field(min_length=1)]
