"""What the cloud is told: a TOML file, overridden by `REGULARS_…` environment variables."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode

Port = Annotated[int, Field(ge=1, le=65_535)]
DETAILS_MAX = 5


class Settings(BaseSettings):
    """All of it; environment before file, so that a secret need not stand on disk."""

    model_config = SettingsConfigDict(env_prefix="REGULARS_", extra="forbid", frozen=True)

    database_url: SecretStr
    migrate_url: SecretStr | None = None
    secrets_dir: Path
    tenant: str = Field("", description="the tenant's short name; empty when there is only one")
    http_host: str = "127.0.0.1"
    http_port: Port = 8100
    public_url: str = Field("", description="how stores reach us; empty: http host and port")
    allowed_hosts: tuple[str, ...] = ()
    zone: str = "Asia/Shanghai"
    broker_host: str = "127.0.0.1"
    broker_port: Port = 1883
    broker_password: SecretStr = SecretStr("")
    stores_broker_host: str = Field("", description="how stores reach the broker, if differently")
    stores_broker_port: Port | None = None
    sms_provider: Literal["none", "webhook", "screen"] = "none"
    sms_url: str = Field("", description="where the webhook posts; https, or this machine")
    sms_secret: SecretStr = SecretStr("")
    sms_body: str = Field("", description="JSON with {phone} {text} {code} {id}; empty: ours")
    sms_brand: str = Field("Regulars 熟客", description="who the message is from")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which comes as init arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @property
    def url_for_stores(self) -> str:
        """Return the HTTP address that device files carry."""
        return self.public_url or f"http://{self.http_host}:{self.http_port}"

    @property
    def broker_for_stores(self) -> tuple[str, int]:
        """Return the broker address that device files carry."""
        return (
            self.stores_broker_host or self.broker_host,
            self.stores_broker_port or self.broker_port,
        )


def load_settings(path: Path | None) -> Settings:
    """Read the file, if there is one, and the environment.

    Raises Fault SETUP_CONFIG_INVALID naming file and field; values are never quoted.
    """
    named = str(path) if path else "REGULARS_*"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
        return Settings(**content)
    except OSError as error:
        detail = error.strerror or "unreadable"
    except tomllib.TOMLDecodeError as error:
        detail = str(error)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)[:DETAILS_MAX]
        detail = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in found)
    raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=named, detail=detail)
