"""Device profiles: one TOML a kind of till, reader or camera, checked when it is loaded.

`device_configs/schema.json` is generated from these models (`python -m edge_agent.drivers.profiles
device_configs/schema.json`) and a test keeps the two equal, so an editor can check what it writes.
"""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from edge_agent.domain.camera_source import CameraKind
from edge_agent.drivers.profiles.display import DisplayProfile
from edge_agent.drivers.profiles.framed import FramedProfile
from edge_agent.drivers.profiles.scanner import ScannerProfile
from edge_agent.drivers.profiles.sections import Encoding, Profile
from edge_agent.drivers.profiles.software import TillSoftwareProfile
from edge_agent.drivers.profiles.till import (
    Job,
    Numbers,
    Paper,
    ReceiptWords,
    SerialLine,
    TillProfile,
)
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.misfits import misfit_words
from retail_core.texts.words import Words

__all__ = [
    "CameraProfile",
    "DeviceProfile",
    "DisplayProfile",
    "Encoding",
    "FramedProfile",
    "Job",
    "NfcProfile",
    "Numbers",
    "Paper",
    "ReceiptWords",
    "ScannerProfile",
    "SerialLine",
    "TillProfile",
    "TillSoftwareProfile",
    "load_file",
    "load_profile",
    "schema",
]


class NfcProfile(Profile):
    """A contactless reader behind PC/SC; `reader` is a part of the name pcscd gives it."""

    kind: Literal["nfc_pcsc"]
    reader: str = ""
    poll_ms: Annotated[int, Field(ge=0, le=5_000)] = 250


class CameraProfile(Profile):
    """A camera; `source` is the scheme of its address in the agent's config file."""

    kind: Literal["camera"]
    source: CameraKind
    width: Annotated[int, Field(ge=160, le=4_096)] = 640
    height: Annotated[int, Field(ge=120, le=4_096)] = 480
    fps: Annotated[int, Field(ge=1, le=60)] = 15


DeviceProfile = Annotated[
    TillProfile
    | FramedProfile
    | NfcProfile
    | CameraProfile
    | DisplayProfile
    | ScannerProfile
    | TillSoftwareProfile,
    Field(discriminator="kind"),
]
_ANY: TypeAdapter[DeviceProfile] = TypeAdapter(DeviceProfile)
_P = TypeVar(
    "_P",
    TillProfile,
    FramedProfile,
    NfcProfile,
    CameraProfile,
    DisplayProfile,
    ScannerProfile,
    TillSoftwareProfile,
)


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


def _details(error: ValidationError) -> Words:
    return misfit_words(error.errors(include_url=False), file=True)
