"""Device profiles: one TOML a kind of till, reader or camera, checked when it is loaded.

`device_configs/schema.json` is generated from these models (`python -m edge_agent.drivers.profiles
device_configs/schema.json`) and a test keeps the two equal, so an editor can check what it writes.
"""

import json
import sys
import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from edge_agent.domain.camera_source import CameraKind
from retail_core.errors import Fault
from retail_core.limits import RECEIPT_IDLE_MS
from retail_core.texts.faults import FaultCode

_DETAILS_MAX = 3
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


class _Section(BaseModel):
    """Strict: an unknown key is a typing mistake, and it says so."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Profile(_Section):
    name: Annotated[str, Field(pattern=_NAME)]
    title_zh: Annotated[str, Field(min_length=1)]
    title_en: Annotated[str, Field(min_length=1)]


class SerialLine(_Section):
    """How the till's serial port is set; a pseudo-terminal or USB printer ignores it."""

    baud_rate: Annotated[int, Field(ge=300, le=921_600)] = 9_600
    data_bits: Literal[7, 8] = 8
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1
    flow: Literal["none", "rts-cts", "dsr-dtr", "xon-xoff"] = "none"


class Paper(_Section):
    """The printer: columns of the normal font, dots a column, and its alphabets.

    `code_pages` tells what ESC t n selects on this printer, where it differs from Epson's.
    """

    columns: Annotated[int, Field(ge=16, le=96)] = 32
    dots_per_column: Annotated[int, Field(ge=6, le=48)] = 12
    encoding: Encoding = "auto"
    code_pages: dict[Annotated[str, Field(pattern=r"^\d{1,3}$")], Encoding] = {}


class Numbers(_Section):
    """How amounts are printed."""

    decimal: Literal["auto", ".", ","] = "auto"


class ReceiptWords(_Section):
    """Words of this till beside the built-in ones, by what they mean."""

    due: Words = ()
    total: Words = ()
    subtotal: Words = ()
    discount: Words = ()
    rounding: Words = ()
    saved: Words = ()
    extra: Words = ()
    tax: Words = ()
    tender: Words = ()
    change: Words = ()
    count: Words = ()
    note: Words = ()
    refund: Words = ()
    void: Words = ()
    reprint: Words = ()
    report: Words = ()


class Job(_Section):
    """When a receipt is over, apart from a cut: silence, shorter after the drawer's pulse."""

    idle_ms: Annotated[int, Field(ge=100, le=30_000)] = RECEIPT_IDLE_MS
    pulse_idle_ms: Annotated[int, Field(ge=50, le=30_000)] = 300


class TillProfile(_Profile):
    """A till that prints ESC/POS."""

    kind: Literal["till_escpos"]
    line: SerialLine = SerialLine()
    paper: Paper = Paper()
    numbers: Numbers = Numbers()
    words: ReceiptWords = ReceiptWords()
    job: Job = Job()


class NfcProfile(_Profile):
    """A contactless reader behind PC/SC; `reader` is a part of the name pcscd gives it."""

    kind: Literal["nfc_pcsc"]
    reader: str = ""
    poll_ms: Annotated[int, Field(ge=0, le=5_000)] = 250


class CameraProfile(_Profile):
    """A camera; `source` is the scheme of its address in the agent's config file."""

    kind: Literal["camera"]
    source: CameraKind
    width: Annotated[int, Field(ge=160, le=4_096)] = 640
    height: Annotated[int, Field(ge=120, le=4_096)] = 480
    fps: Annotated[int, Field(ge=1, le=60)] = 15


DeviceProfile = Annotated[TillProfile | NfcProfile | CameraProfile, Field(discriminator="kind")]
_ANY: TypeAdapter[DeviceProfile] = TypeAdapter(DeviceProfile)
_P = TypeVar("_P", TillProfile, NfcProfile, CameraProfile)


def load_file(path: Path) -> DeviceProfile:
    """Load one profile; Fault TILL_PROFILE_INVALID says what is wrong and where."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        profile = _ANY.validate_python(content)
    except OSError as error:
        raise _invalid(path, error.strerror or "cannot be read") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _invalid(path, str(error)) from None
    except ValidationError as error:
        raise _invalid(path, _details(error)) from None
    if profile.name != path.stem:
        raise _invalid(path, f"name {profile.name} is not the file's")
    return profile


def load_profile(folder: Path, name: str, kind: type[_P]) -> _P:
    """Load `folder/name.toml` as a profile of one kind; Fault TILL_PROFILE_INVALID."""
    path = folder / f"{name}.toml"
    if path.parent != folder:
        raise _invalid(path, "a profile is named without a folder")
    profile = load_file(path)
    if not isinstance(profile, kind):
        raise _invalid(path, f"kind is {profile.kind}")
    return profile


def schema() -> str:
    """Return the JSON Schema of all profiles, as it stands in the repository."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_ANY.json_schema()}
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _invalid(path: Path, detail: str) -> Fault:
    return Fault(FaultCode.TILL_PROFILE_INVALID, path=path, detail=detail)


def _details(error: ValidationError) -> str:
    first = error.errors(include_url=False)[:_DETAILS_MAX]
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in first)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema(), encoding="utf-8")
