"""What an agent is told: its own config file, and the device file the cloud provisioned it with."""

import tomllib
from collections.abc import Mapping
from datetime import time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    SecretBytes,
    SecretStr,
    ValidationError,
    model_validator,
)

from edge_agent.agreement_settings import AgreementConfig
from edge_agent.lane_settings import (
    LANES_MAX,
    CameraConfig,
    LaneConfig,
    LaneSettings,
    NfcConfig,
    QrConfig,
    lanes_of,
)
from edge_agent.lane_settings import Section as _Section
from edge_agent.line_settings import Cloud, NetworkConfig, Port, hex_of
from edge_agent.till_settings import (
    ApiTill,
    EscposTill,
    FramedTill,
    ScalesConfig,
    SoftwareTill,
    Text,
    Token,
)
from retail_core.errors import Fault
from retail_core.fleet.twin_settings import WORDS_CHARS_MAX
from retail_core.identity.assurance import TurnPolicy
from retail_core.identity.model_card import Profile
from retail_core.limits import AMOUNT_FEN_MAX
from retail_core.texts.faults import FaultCode
from retail_core.texts.misfits import misfit_words
from retail_core.texts.system_words import system_words
from retail_core.texts.words import Words


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(Words(f"no such time zone: {name}", f"没有这个时区:{name}")) from None
    return name


def _printable(text: str) -> str:
    if text and not text.isprintable():
        raise ValueError(Words("one line that can be printed", "一行能印出来的字"))
    return text


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise ValueError(
            Words(
                "an origin is scheme://host[:port] without a path",
                "来源是 scheme://host[:port],不带路径",
            )
        )
    return text.lower()


Key32 = Annotated[SecretBytes, hex_of(32)]
Key16 = Annotated[SecretBytes, hex_of(16)]
ZoneName = Annotated[str, AfterValidator(_zone)]
Origin = Annotated[str, AfterValidator(_origin)]


# ---- device file --------------------------------------------------------------------------------


class Identity(_Section):
    """Who this box is, and the store it stands in."""

    tenant: UUID
    store: UUID
    device: UUID
    legal_entity: UUID
    store_name: Text
    city: Text
    region: str = ""
    zone: ZoneName = "Asia/Shanghai"
    day_starts_at: time = time(4, 0)


class Keys(_Section):
    """Keyed hashes, card keys and the key of the local databases."""

    phone_hash_key: Key32
    card_hash_key: Key32
    sun_meta_key: Key16
    sun_master_key: Key16
    storage_key: Key32


class Operator(_Section):
    """A person who may enrol members; the PIN stands here as an argon2 hash."""

    id: UUID
    number: Text
    name: Text
    pin_hash: SecretStr
    role: Text = "clerk"


class Screen(_Section):
    """The till screen's and the technician's token."""

    token: Token


class DeviceFile(_Section):
    """The whole provisioning of one box, written by `cloud-broker provision-store`."""

    identity: Identity
    cloud: Cloud
    keys: Keys
    tills: tuple[
        Annotated[ApiTill | EscposTill | FramedTill | SoftwareTill, Field(discriminator="kind")],
        ...,
    ] = ()
    operators: tuple[Operator, ...] = ()
    screen: Screen

    @model_validator(mode="after")
    def _distinct(self) -> "DeviceFile":
        tokens = [till.token.get_secret_value() for till in self.api_tills]
        tokens.append(self.screen.token.get_secret_value())
        if len(set(tokens)) != len(tokens):
            raise ValueError(
                Words(
                    "two tills, or a till and the screen, share one token",
                    "两台收银机,或收银机和收银屏,用了同一个令牌",
                )
            )
        for what, seen in (
            (Words("till id", "收银机编号"), [till.id for till in self.tills]),
            (Words("operator number", "工号"), [operator.number for operator in self.operators]),
        ):
            if len(set(seen)) != len(seen):
                raise ValueError(Words(f"a {what} stands twice", f"{what.zh}写了两次"))
        return self

    @property
    def api_tills(self) -> tuple[ApiTill, ...]:
        """The tills that call the local API."""
        return tuple(till for till in self.tills if isinstance(till, ApiTill))

    @property
    def escpos_tills(self) -> tuple[EscposTill, ...]:
        """The tills whose printer line is tapped."""
        return tuple(till for till in self.tills if isinstance(till, EscposTill))

    @property
    def card_numbers(self) -> tuple[str, ...]:
        """The patterns of the numbers on the house's cards, as its scanners read them."""
        scanners = (till.scanner for till in self.escpos_tills)
        return tuple(dict.fromkeys(number for one in scanners if one for number in one.cards))

    @property
    def framed_tills(self) -> tuple[FramedTill, ...]:
        """The tills that ask in frames."""
        return tuple(till for till in self.tills if isinstance(till, FramedTill))

    @property
    def software_tills(self) -> tuple[SoftwareTill, ...]:
        """The tills whose own software is talked to."""
        return tuple(till for till in self.tills if isinstance(till, SoftwareTill))


# ---- config file --------------------------------------------------------------------------------


class FaceConfig(_Section):
    """Face recognition; off until a store's assessment, signs and approval are on record.

    In `production` only models are used that HQ signed (`bundle`, else `bundle.signed` beside
    them). `shadow` runs another embedder behind the acting one; `previous` is the one before it,
    which recognises members until they have templates of the new one.
    """

    enabled: bool = False
    liveness: Literal["hint", "off"] = "hint"
    active_liveness: Literal["off", "above_fen", "always"] = "off"
    active_liveness_above_fen: Annotated[int, Field(ge=0, le=AMOUNT_FEN_MAX)] = 0
    production: bool = True
    bundle: Path | None = None
    embedder: Profile = "mobilefacenet"
    shadow: Profile | None = None
    previous: Profile | None = None

    @property
    def turn_policy(self) -> TurnPolicy:
        """When a customer known by the face is asked to turn the head."""
        return TurnPolicy(self.active_liveness, self.active_liveness_above_fen)


class ClerkConfig(_Section):
    """How clerks work here: when an idle one is signed out, and who may switch training on."""

    idle_minutes: Annotated[int, Field(ge=1, le=480)] = 15
    training_role: Literal["clerk", "manager"] = "clerk"


Line = Annotated[str, Field(max_length=WORDS_CHARS_MAX), AfterValidator(_printable)]


class TextsConfig(_Section):
    """The house's own words: under what the box prints, and in the second line of its greeting.

    In Chinese and in English; an empty one leaves the slip as it is and the greeting ours.
    """

    slip: Line = ""
    slip_en: Line = ""
    welcome: Line = ""
    welcome_en: Line = ""


class UpdatesConfig(_Section):
    """Releases: the root of trust that came with the box; without one it takes none."""

    root_file: Path | None = None


class ConfigFile(_Section):
    """How one agent runs on this machine; relative paths start at the file's own folder.

    `board_root` is where `sys` and `proc` of the board are: a container is given the machine's own.
    `lanes`, or for a box with one counter `camera`, `nfc` and `qr` once; see `Settings.lanes`.
    """

    device_file: Path
    data_dir: Path
    board_root: Path = Path("/")
    models_dir: Path = Path("models")
    profiles_dir: Path = Path("device_configs")
    seal_places: tuple[Path, ...] = ()
    api_host: Text = "127.0.0.1"
    api_port: Port = 8080
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[Origin, ...] = ()
    language: Literal["zh", "en"] = "zh"
    lanes: Annotated[tuple[LaneConfig, ...], Field(max_length=LANES_MAX)] = ()
    camera: CameraConfig | None = None
    nfc: NfcConfig | None = None
    qr: QrConfig | None = None
    face: FaceConfig = FaceConfig()
    clerks: ClerkConfig = ClerkConfig()
    scales: ScalesConfig = ScalesConfig()
    agreement: AgreementConfig = AgreementConfig()
    texts: TextsConfig = TextsConfig()
    network: NetworkConfig = NetworkConfig()
    updates: UpdatesConfig = UpdatesConfig()

    @model_validator(mode="after")
    def _distinct_lanes(self) -> "ConfigFile":
        ids = [lane.id for lane in self.lanes]
        if len(set(ids)) != len(ids):
            raise ValueError(Words("a lane id stands twice", "柜台编号写了两次"))
        return self


class Settings(_Section):
    """Both files, read and checked."""

    config_path: Path
    config: ConfigFile
    device: DeviceFile
    lanes: tuple[LaneSettings, ...]

    @property
    def hosts(self) -> frozenset[str]:
        """Host names a request may address: loopback, the bound address, what is configured."""
        names = {"127.0.0.1", "localhost", "::1", *self.config.allowed_hosts}
        bound = self.config.api_host
        if not _is_any_address(bound):
            names.add(bound)
        return frozenset(name.lower() for name in names)

    @property
    def origins(self) -> frozenset[str]:
        """Origins a browser may call from: this server's own names, and what is configured."""
        port = self.config.api_port
        own = {f"http://{_bracketed(host)}:{port}" for host in self.hosts}
        return frozenset(own | set(self.config.allowed_origins))


def load_settings(path: Path) -> Settings:
    """Read the config file and the device file it names.

    Raises Fault SETUP_CONFIG_INVALID with the file and the field, and those of `lanes_of`; secrets
    are never quoted.
    """
    path = path.absolute()
    config = _under(path.parent, _read(path, ConfigFile))
    device = _read(config.device_file, DeviceFile)
    cloud = device.cloud.beside(config.device_file.parent)
    device = device.model_copy(update={"cloud": cloud})
    lanes = lanes_of(config, {till.id: till.name for till in device.tills})
    return Settings(config_path=path, config=config, device=device, lanes=lanes)


_Model = TypeVar("_Model", bound=BaseModel)


def _read(path: Path, model: type[_Model]) -> _Model:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _invalid(path, system_words(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _invalid(path, Words(f"not TOML: {error}", f"不是 TOML:{error}")) from None
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise _invalid(path, _details(error)) from None


def _under(folder: Path, config: ConfigFile) -> ConfigFile:
    names = ("device_file", "data_dir", "board_root", "models_dir", "profiles_dir")
    found: Mapping[str, Path] = {name: folder / getattr(config, name) for name in names}
    bundle = config.face.bundle
    face = config.face.model_copy(update={"bundle": folder / bundle}) if bundle else config.face
    files = ("proxy_login", "ca_file")
    given = {name: getattr(config.network, name) for name in files}
    named = {name: folder / file for name, file in given.items() if file is not None}
    network = config.network.model_copy(update=named)
    root = config.updates.root_file
    updates = UpdatesConfig(root_file=None if root is None else folder / root)
    changed = {**found, "face": face, "network": network, "updates": updates}
    return config.model_copy(update=changed)


def _details(error: ValidationError) -> Words:
    return misfit_words(error.errors(include_input=False, include_url=False), file=True)


def _invalid(path: Path, detail: str) -> Fault:
    return Fault(FaultCode.SETUP_CONFIG_INVALID, path=str(path), detail=detail)


def _is_any_address(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
