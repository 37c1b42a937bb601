"""Every refusal in one shape: `{"code", "zh", "en", "fields"}`."""

from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.texts.misfits import misfit_words
from retail_core.texts.words import Words

_NOT_FOUND = 404
_METHOD_NOT_ALLOWED = 405


class ErrorBody(BaseModel):
    """A refusal; `fields` carry the particulars of the sentence."""

    code: str = Field(examples=["A102"])
    zh: str
    en: str
    fields: dict[str, str]


def fault_response(fault: Fault) -> JSONResponse:
    """Turn a fault into its coded answer."""
    body = ErrorBody(
        code=fault.code.value,
        zh=fault.text("zh"),
        en=fault.text("en"),
        fields={name: str(value) for name, value in fault.fields.items()},
    )
    status = fault.spec.http_status
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004 - the status that asks for credentials
    return JSONResponse(body.model_dump(), status, dict(headers))


def install(app: FastAPI, tally: FaultTally) -> None:
    """Answer faults, bodies that do not fit, and the framework's own refusals in our shape."""

    def answer(fault: Fault) -> JSONResponse:
        tally.count(fault.code)
        return fault_response(fault)

    def on_fault(_request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, Fault):
            raise error
        return answer(error)

    def on_validation(_request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, RequestValidationError):
            raise error
        return answer(_of_validation(error))

    def on_http(request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            raise error
        return answer(_of_http(error, request.url.path))

    app.add_exception_handler(Fault, on_fault)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)


def _of_validation(error: RequestValidationError) -> Fault:
    """Say which fields do not fit, without repeating what was sent."""
    return Fault(FaultCode.API_BODY_INVALID, detail=misfit_words(error.errors()))


def _of_http(error: HTTPException, path: str) -> Fault:
    if error.status_code == _NOT_FOUND:
        return Fault(FaultCode.API_NOT_FOUND, what=path)
    if error.status_code == _METHOD_NOT_ALLOWED:
        return Fault(FaultCode.API_METHOD_NOT_ALLOWED)
    return Fault(FaultCode.API_BODY_INVALID, detail=Words("not readable", "读不出来"))
