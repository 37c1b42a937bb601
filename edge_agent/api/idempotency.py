"""A write is done once: the same key and body get the stored answer, also after a restart."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from edge_agent.api.deadline import DEFAULT_MS, Deadline
from edge_agent.api.principals import Principal
from edge_agent.ports.journal import Journal, StoredAnswer
from edge_agent.services.journal.recorder import AnswerOf
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
OK = 200
SHAPE = r"[A-Za-z0-9._:-]{8,128}"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class OnceKey:
    """One intended write: its key, kept apart by terminal, and a hash of what is asked."""

    key: str
    body_hash: bytes
    deadline: Deadline = field(default_factory=lambda: Deadline(DEFAULT_MS))


async def once_key(request: Request, given: str, principal: Principal) -> OnceKey:
    """Tie a key to what is asked; Faults API_IDEMPOTENCY_KEY_MISSING and API_BODY_INVALID."""
    if not re.fullmatch(SHAPE, given):
        raise Fault(FaultCode.API_IDEMPOTENCY_KEY_MISSING)
    # The body is hashed as it was meant: a till may write its keys in another order next time.
    said = await request.body()
    try:
        meant = json.dumps(json.loads(said or b"null"), sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):  # of a call that asks for no body nobody looked at it yet
        raise Fault(FaultCode.API_BODY_INVALID, detail=Words("not JSON", "不是 JSON")) from None
    asked = f"{request.method} {request.url.path}\n{meant}"
    digest = sha256(asked.encode()).digest()
    return OnceKey(f"{principal.key}:{given}", digest, request.state.deadline)


class Answers(Protocol):
    """Where answers are kept under their keys."""

    def answer(self, key: str) -> StoredAnswer | None:
        """Return the answer stored under an idempotency key."""
        ...


@dataclass(frozen=True, slots=True)
class EitherAnswers:
    """Answers of which some are kept in one place and some in another."""

    first: Answers
    second: Answers

    def answer(self, key: str) -> StoredAnswer | None:
        """Return the answer stored under an idempotency key."""
        return self.first.answer(key) or self.second.answer(key)


class OnceDesk:
    """Lets one request through for each key at a time, and answers repetitions from the journal."""

    def __init__(self, journal: Journal, answers: Answers | None = None) -> None:
        """Look answers up in the journal, or where else an act keeps them."""
        self._journal = journal
        self._answers = answers or journal
        self._lock = threading.Lock()
        self._busy: dict[str, tuple[threading.Lock, int]] = {}

    def run(
        self,
        once: OnceKey,
        act: Callable[[AnswerOf[Result]], Result],
        view: Callable[[Result], BaseModel],
    ) -> Response:
        """Answer from the journal, or act; what is answered goes to disk together with the act.

        Raises Fault API_IDEMPOTENCY_KEY_REUSED when the key was used for something else,
        API_TOO_LATE when nothing was begun in time, API_STILL_RUNNING while another call with this
        key is under way.
        """
        with self._alone(once):
            stored = self._answers.answer(once.key)
            if stored is None:
                once.deadline.begin()
                return _response(self._act(once, act, view), replayed=False)
            if stored.body_hash != once.body_hash:
                raise Fault(FaultCode.API_IDEMPOTENCY_KEY_REUSED)
            return _response(stored, replayed=True)

    def run_beside(
        self, once: OnceKey, act: Callable[[], Result], view: Callable[[Result], BaseModel]
    ) -> Response:
        """Do the same for an act that writes elsewhere: its answer is kept right after it."""

        def acted(answer: AnswerOf[Result]) -> Result:
            result = act()
            self._journal.append([], answer=answer(result))
            return result

        return self.run(once, acted, view)

    def _act(
        self,
        once: OnceKey,
        act: Callable[[AnswerOf[Result]], Result],
        view: Callable[[Result], BaseModel],
    ) -> StoredAnswer:
        made: list[StoredAnswer] = []

        def answer(result: Result) -> tuple[str, StoredAnswer]:
            made.append(StoredAnswer(once.body_hash, OK, view(result).model_dump_json().encode()))
            return once.key, made[-1]

        act(answer)
        return made[-1]

    @contextmanager
    def _alone(self, once: OnceKey) -> Iterator[None]:
        key = once.key
        with self._lock:
            lock, waiting = self._busy.get(key, (threading.Lock(), 0))
            self._busy[key] = (lock, waiting + 1)
        if waiting:
            once.deadline.follow()
        try:
            if not lock.acquire(timeout=once.deadline.left_s()):
                raise once.deadline.still_running()
            try:
                yield
            finally:
                lock.release()
        finally:
            with self._lock:
                lock, waiting = self._busy.pop(key)
                if waiting > 1:
                    self._busy[key] = (lock, waiting - 1)


def _response(stored: StoredAnswer, *, replayed: bool) -> Response:
    headers = {REPLAYED: "true"} if replayed else {}
    return Response(stored.answer, stored.status, headers, media_type="application/json")
