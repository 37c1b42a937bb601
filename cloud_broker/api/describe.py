"""The OpenAPI document of the cloud's doors, with what the gate and every fault may answer.

Here and not at each route: a refusal has one shape everywhere, and the framework would build a
model for every status of every route.
"""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from cloud_broker.api.errors import ErrorBody

REFUSALS: Final = (
    400,
    401,
    403,
    404,
    405,
    409,
    410,
    413,
    415,
    422,
    423,
    429,
    500,
    502,
    503,
    504,
    507,
)
# What the framework would say of a body it cannot read; ours is a coded refusal like any other.
_FRAMEWORKS_OWN: Final = ("HTTPValidationError", "ValidationError")
_SCHEMA: Final = {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}


def describe(app: FastAPI) -> None:
    """Let an app's document name every refusal; it is made when it is first asked for."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the framework's own way


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        routes=app.routes,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _FRAMEWORKS_OWN:
        schemas.pop(name, None)
    schemas[ErrorBody.__name__] = ErrorBody.model_json_schema()
    for methods in document["paths"].values():
        for operation in methods.values():
            operation["responses"] |= _refusals()
    return document


def _refusals() -> dict[str, Any]:
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": _SCHEMA}},
        }
        for status in REFUSALS
    }
