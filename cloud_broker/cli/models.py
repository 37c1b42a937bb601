"""Which models the boxes may use."""

from pathlib import Path
from typing import Annotated

import typer

from cloud_broker.cli.common import ConfigOption, JsonOption, office_of, say
from retail_core.errors import Fault
from retail_core.identity.model_manifest import MANIFEST_FILE
from retail_core.texts.faults import FaultCode

app = typer.Typer()


@app.command("sign-models")
def sign_models(
    manifest: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="模型清单 models/manifest.toml"),
    ],
    out_file: Annotated[Path, typer.Option("--out", help="写到哪里 bundle file for the boxes")],
    signed_off: Annotated[
        list[str] | None,
        typer.Option(help="MODEL:谁 法务已同意使用,可多次 who decided it may be used, repeatable"),
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """签名模型、阈值、校准与许可结论 / sign models, thresholds and licence decisions."""
    with office_of(config) as office:
        decided = dict(_decision(text) for text in signed_off or ())
        made = office.models.sign(office.tenant(), manifest.read_bytes(), decided, who="cli")
        out_file.parent.mkdir(parents=True, exist_ok=True)
        out_file.write_bytes(made.signed)
    bundle = made.bundle
    say(
        {
            "version": bundle.version,
            "file": str(out_file),
            "models": sorted(bundle.models),
            "awaiting_sign_off": sorted(name for name in bundle.models if bundle.awaiting(name)),
        },
        as_json=as_json,
    )


@app.command("publish-models")
def publish_models(
    models: Annotated[
        Path,
        typer.Argument(exists=True, file_okay=False, help="模型目录,含 manifest.toml 和权重"),
    ],
    signed_off: Annotated[
        list[str] | None,
        typer.Option(help="MODEL:谁 法务已同意使用,可多次 who decided it may be used, repeatable"),
    ] = None,
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """签名并发给所有盒子 / sign a bundle and offer it, weights included, to every box."""
    with office_of(config) as office:
        decided = dict(_decision(text) for text in signed_off or ())
        manifest = (models / MANIFEST_FILE).read_bytes()
        made = office.models.publish(
            office.tenant(), manifest, decided, lambda name: _weights(models, name), who="cli"
        )
    say({"version": made.bundle.version, "models": sorted(made.bundle.models)}, as_json=as_json)


def _weights(models: Path, name: str) -> bytes:
    try:
        return (models / name).read_bytes()
    except OSError:
        raise Fault(FaultCode.MODEL_MISSING, name=name) from None


def _decision(text: str) -> tuple[str, str]:
    model, _, by = text.partition(":")
    if not model or not by:
        detail = f"{text!r}: MODEL:WHO"
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path="--signed-off", detail=detail)
    return model, by
