"""Every operation has an OpenAPI example, true to its schema and to what it does."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from edge_agent.api.deadline import HEADER as DEADLINE
from edge_agent.api.examples import examples
from edge_agent.api.guard import OPEN_PATHS
from edge_agent.domain.terminals import Scope
from tests.factories.agent_api import Box
from tests.factories.api_tour import Tour

AGAIN = "run `python -m tools.api_examples`; a new operation needs a line in tests/factories"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with Box(tmp_path_factory.mktemp("box")) as box:
        yield box


@pytest.fixture(scope="module")
def document(box: Box) -> dict[str, Any]:
    return dict(box.client().get("/openapi.json").json())


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def json_of(part: dict[str, Any]) -> dict[str, Any]:
    return dict(part["content"]["application/json"])


def test_every_operation_has_an_example_in_two_languages(document: dict[str, Any]) -> None:
    known = operations(document)
    written = examples()
    assert set(written) == set(known), AGAIN
    for name, operation in known.items():
        example = written[name]
        assert example["zh"], f"{name}: {AGAIN}"
        assert example["en"], name
        assert operation["summary"] == f"{example['zh']} · {example['en']}"
        assert example["response"] is not None or example["refusals"], name
        if "requestBody" in operation:
            assert json_of(operation["requestBody"])["example"] == example["request"]
        for refusal in example["refusals"]:
            told = json_of(operation["responses"][str(refusal["status"])])["examples"]
            assert told[refusal["body"]["code"]] == {"value": refusal["body"]}


def test_every_example_fits_its_schema(document: dict[str, Any]) -> None:
    def check(part: dict[str, Any], example: object) -> None:
        schema = {**json_of(part)["schema"], "components": document["components"]}
        jsonschema_rs.Draft202012Validator(schema).validate(example)

    written = examples()
    for name, operation in operations(document).items():
        example = written[name]
        if "requestBody" in operation:
            check(operation["requestBody"], example["request"])
        if example["response"] is not None:
            check(operation["responses"][str(example["status"])], example["response"])
        for refusal in example["refusals"]:
            check(operation["responses"][str(refusal["status"])], refusal["body"])


def test_the_examples_are_what_the_box_says(box: Box) -> None:
    def shape(examples: dict[str, Any]) -> dict[str, Any]:
        return {
            name: (
                example["status"],
                sorted(example["response"] or ()),
                [refusal["body"]["code"] for refusal in example["refusals"]],
            )
            for name, example in examples.items()
        }

    assert shape(Tour(box).walk()) == shape(examples()), AGAIN


def test_the_document_says_what_gate_and_deadline_demand(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        if name.split()[1] in OPEN_PATHS:
            assert operation["security"] == []
        else:
            (needed,) = operation["security"]
            assert Scope(*needed["bearer"])
        named = {parameter["name"]: parameter for parameter in operation["parameters"]}
        assert named[DEADLINE]["schema"]["default"] >= 10_000
        if "Idempotency-Key" in named:
            assert named["Idempotency-Key"]["required"]
