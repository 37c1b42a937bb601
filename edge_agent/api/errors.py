"""Every refusal as one shape: `{"code", "zh", "en", "fields"}`, never a stack trace."""

from collections.abc import Mapping, Sequence

from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from retail_core.errors import Fault
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.texts.misfits import misfit_words
from retail_core.texts.words import Words

_HEADERS: dict[int, dict[str, str]] = {401: {"WWW-Authenticate": "Bearer"}}


class ErrorBody(BaseModel):
    """What every refusal looks like; `fields` carry the particulars of the sentence."""

    code: str = Field(examples=["A107"])
    zh: str
    en: str
    fields: dict[str, str | int | float | bool | None]


def fault_response(fault: Fault, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Turn a fault into its coded answer."""
    status = fault.spec.http_status
    body = ErrorBody(
        code=fault.code.value,
        zh=fault.text("zh"),
        en=fault.text("en"),
        fields={name: _plain(value) for name, value in fault.fields.items()},
    )
    return JSONResponse(
        body.model_dump(), status, headers={**_HEADERS.get(status, {}), **(headers or {})}
    )


def fault_of_http(error: HTTPException, path: str) -> Fault:
    """Name the framework's own refusals by our codes."""
    if error.status_code == 404:  # noqa: PLR2004 - the one place where HTTP's numbers are read
        return Fault(FaultCode.API_NOT_FOUND, what=path)
    if error.status_code == 405:  # noqa: PLR2004 - same
        return Fault(FaultCode.API_METHOD_NOT_ALLOWED)
    return Fault(FaultCode.API_BODY_INVALID, detail=Words("not readable as JSON", "读不出 JSON"))


def fault_of_validation(problems: Sequence[Mapping[str, object]]) -> Fault:
    """Say which fields do not fit, without repeating what was sent."""
    return Fault(FaultCode.API_BODY_INVALID, detail=misfit_words(problems))


class FaultHandlers:
    """The handlers of the app; each fault is counted."""

    def __init__(self, tally: FaultTally) -> None:
        self._tally = tally

    def on_fault(self, _request: Request, error: Exception) -> JSONResponse:
        """Answer a fault of the catalogue."""
        if not isinstance(error, Fault):
            raise error
        return self._answer(error)

    def on_validation(self, _request: Request, error: Exception) -> JSONResponse:
        """Answer a body or parameter that does not fit."""
        if not isinstance(error, RequestValidationError):
            raise error
        return self._answer(fault_of_validation(error.errors()))

    async def on_socket(self, socket: WebSocket, error: Exception) -> None:
        """Refuse a socket whose address does not fit, before it opens, as any other call."""
        if not isinstance(error, WebSocketRequestValidationError):
            raise error
        await socket.send_denial_response(self._answer(fault_of_validation(error.errors())))

    def on_http(self, request: Request, error: Exception) -> JSONResponse:
        """Answer what the router refused."""
        if not isinstance(error, HTTPException):
            raise error
        return self._answer(fault_of_http(error, request.url.path), error.headers)

    def _answer(self, fault: Fault, headers: Mapping[str, str] | None = None) -> JSONResponse:
        self._tally.count(fault.code)
        return fault_response(fault, headers)


def _plain(value: object) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
