"""Enrolling a member: consents first, then the face and the card."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from edge_agent.api.models.base import Answered, Asked, WhereOrHere
from edge_agent.api.models.identify import ReasonView
from retail_core.limits import API_IMAGE_BYTES_MAX, ENROL_FRAMES_MAX, NAME_CHARS_MAX
from retail_core.texts.words import Words

Tag = Annotated[str, Field(min_length=1, max_length=32)]
Picture = Annotated[str, Field(min_length=1, max_length=API_IMAGE_BYTES_MAX * 4 // 3 + 4)]


class BirthdaySaid(Asked):
    """A birthday as she says it: month and day, solar or lunar; `leap` is a lunar leap month."""

    calendar: Literal["solar", "lunar"] = "solar"
    month: Annotated[int, Field(ge=1, le=12)]
    day: Annotated[int, Field(ge=1, le=31)]
    leap: bool = False


class EnrolAsked(Asked):
    """What the customer said, entered by a signed-in operator."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_CHARS_MAX)]
    phone: Annotated[str, Field(min_length=4, max_length=32, repr=False)]
    language: Literal["zh", "en"] = "zh"
    consents: dict[Annotated[str, Field(pattern=r"^[a-z]+([._][a-z]+)*$")], bool] = Field(
        max_length=16, examples=[{"membership": True, "face.local": True}]
    )
    declared_tags: Annotated[tuple[Tag, ...], Field(max_length=16)] = ()
    is_14_or_older: bool | None = Field(
        default=None, description="her own declaration; faces need it, or a guardian's consent"
    )
    birthday: BirthdaySaid | None = None
    lane: WhereOrHere = None


class EnrolAnswered(Answered):
    """The new member; the claim code is shown once and lets her phone make its own key."""

    member_id: UUID
    existing: bool
    claim_code: str = Field(repr=False)
    claim_expires_s: int
    claim_uri: str = Field(repr=False)


class FaceAsked(Asked):
    """Pictures of the face (base64 JPEG or PNG), or how many good ones the camera shall take."""

    images: Annotated[tuple[Picture, ...], Field(max_length=ENROL_FRAMES_MAX, repr=False)] = ()
    from_camera: Annotated[int, Field(ge=1, le=ENROL_FRAMES_MAX)] | None = None
    lane: WhereOrHere = None

    @model_validator(mode="after")
    def _one_source(self) -> "FaceAsked":
        if bool(self.images) == (self.from_camera is not None):
            raise ValueError(Words("give images or from_camera", "images 和 from_camera 请给一个"))
        return self


class FrameView(Answered):
    """What became of one picture, with the hint for the customer."""

    ok: bool
    code: str | None
    hint_zh: str
    hint_en: str


class FaceAnswered(Answered):
    """How far the enrolment of a face came; no picture is kept."""

    accepted: int
    frames: tuple[FrameView, ...]
    templates: int
    enough: bool = Field(description="fewer templates work too, with more asking later")
    lookalike: ReasonView | None = Field(description="set when she may be enrolled twice")


class CardAsked(Asked):
    """The card is tapped on the reader of this lane, or has a printed number of the house's."""

    lane: WhereOrHere = None
    number: Annotated[str, Field(pattern=r"^[0-9]{4,28}$", examples=["990012345678"])] | None = None


class CardAnswered(Answered):
    """The card now belongs to the member."""

    member_id: UUID
    seq: int
