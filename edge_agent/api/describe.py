"""The OpenAPI document of the local API, with what gate and deadline demand written into it."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from edge_agent.api.deadline import HEADER as DEADLINE
from edge_agent.api.deadline import MAX_MS, default_ms
from edge_agent.api.dependencies import needs
from edge_agent.api.errors import ErrorBody
from edge_agent.api.examples import Example, examples
from edge_agent.api.guard import OPEN_PATHS
from edge_agent.api.idempotency import HEADER, SHAPE

Operation = dict[str, Any]
REFUSALS = (400, 401, 403, 404, 405, 409, 413, 415, 422, 423, 429, 500, 503, 504, 507)
# What the framework would say of a body it cannot read; ours is a coded refusal like any other.
FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")
# The route takes any text, so that a wrong key is A105; a client is told what a right one is.
_KEY = {
    "required": True,
    "schema": {"type": "string", "minLength": 8, "maxLength": 128, "pattern": f"^{SHAPE}$"},
    "example": "sale-0198f3a2-7c41",
}


def describe(app: FastAPI, routes: list[APIRoute]) -> dict[str, Any]:
    """Return the document of an app; `routes` are those of its features."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=app.openapi_version,
        summary=app.summary,
        routes=app.routes,
    )
    _describe_refusals(document["components"]["schemas"])
    schemes = {"bearer": {"type": "http", "scheme": "bearer"}}
    document["components"]["securitySchemes"] = schemes
    scopes = {
        (method, route.path): scope_of(route.dependant)
        for route in routes
        for method in route.methods or ()
    }
    shown = examples()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            scope = scopes.get((method.upper(), path))
            needed = [] if scope is None else [scope]
            operation["security"] = [] if path in OPEN_PATHS else [{"bearer": needed}]
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == HEADER:
                    parameter.update(_KEY)
            operation.setdefault("parameters", []).append(_deadline(path))
            operation["responses"] |= _refusals()
            if example := shown.get(f"{method.upper()} {path}"):
                _add(operation, example)
    return document


def _describe_refusals(schemas: dict[str, Any]) -> None:
    """Say what a refusal looks like.

    Here and not at each route: the framework would build a model for every status of every route
    of a box that never shows the document, 4 MB and a fifth of its start.
    """
    for name in FRAMEWORKS_OWN:
        schemas.pop(name, None)
    schemas[ErrorBody.__name__] = ErrorBody.model_json_schema()


def _refusals() -> Operation:
    schema = {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": schema}},
        }
        for status in REFUSALS
    }


def scope_of(dependant: Dependant) -> str | None:
    """Return the scope that a route asks for; None for an open one."""
    if isinstance(dependant.call, needs):
        return dependant.call.scope.value
    found = (scope_of(inner) for inner in dependant.dependencies)
    return next((scope for scope in found if scope is not None), None)


def _deadline(path: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": MAX_MS, "default": default_ms(path)}
    return {
        "name": DEADLINE,
        "in": "header",
        "required": False,
        "schema": schema,
        "description": "how long the caller waits: A149 when nothing was begun by then, A150 when"
        " it is under way",
    }


def _add(operation: Operation, example: Example) -> None:
    """Write an example of the question, of the answer and of its main refusals."""
    operation["summary"] = f"{example['zh']} · {example['en']}"
    if example["request"] is not None and "requestBody" in operation:
        operation["requestBody"]["content"]["application/json"]["example"] = example["request"]
    answered = operation["responses"].get(str(example["status"]))
    if answered is not None:
        answered.setdefault("content", {}).setdefault("application/json", {})
        answered["content"]["application/json"]["example"] = example["response"]
    for refusal in example["refusals"]:
        told = operation["responses"][str(refusal["status"])]["content"]["application/json"]
        told.setdefault("examples", {})[refusal["body"]["code"]] = {"value": refusal["body"]}
