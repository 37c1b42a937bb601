"""New models from HQ: fetched, proven, tried in a child process, and only then for the next start.

The models in use are never touched while the box runs: a bundle that passes is laid out beside them
and taken when the agent starts again; one that does not is kept out and told, and the old goes on.
The work has a thread of its own, made when the cloud says there is something and gone afterwards:
weights are large and the self-test is slow, and neither may hold up a member's change.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import structlog

from edge_agent.ports.cloud_link import CloudDirectory
from retail_core.errors import Fault
from retail_core.identity.model_card import ModelBundle, ModelCard, open_models
from retail_core.tally import FaultTally
from retail_core.texts.faults import FaultCode
from retail_core.texts.words import Words
from retail_core.wire.messages import Published

RETRY_S = 30.0
log = structlog.get_logger("models")


class Shelf(Protocol):
    """Where bundles and weights are kept."""

    def floor(self) -> int:
        """Return the version below which nothing is taken."""
        ...

    def has(self, card: ModelCard) -> bool:
        """Tell whether a model's weights are here."""
        ...

    def room_for(self, card: ModelCard) -> None:
        """Raise Fault DISK_MODELS when a model's weights do not fit."""
        ...

    def put(self, card: ModelCard, content: bytes) -> None:
        """Keep weights; Faults MODEL_FILE_WRONG, DISK_MODELS."""
        ...

    def stage(self, signed: bytes, bundle: ModelBundle, names: Collection[str]) -> Path:
        """Lay a bundle out beside the one in use."""
        ...

    def switch(self, version: int, signed: bytes) -> None:
        """Let the next start take this bundle."""
        ...

    def discard(self, version: int) -> None:
        """Take a bundle away that did not pass."""
        ...


class Trial(Protocol):
    """One run of a self-test in a child process."""

    def run(self) -> None:
        """Run it; raises the Fault that speaks against the models."""
        ...

    def cancel(self) -> None:
        """End it; safe at any time and from any thread."""
        ...


Try = Callable[[Path, Mapping[str, ModelCard]], Trial]
Choose = Callable[[ModelBundle], Collection[str]]


class ModelIntake:
    """Takes in what HQ publishes; `choose` names the models this box uses."""

    def __init__(  # noqa: PLR0913 -- the parts of one intake
        self,
        directory: CloudDirectory,
        shelf: Shelf,
        choose: Choose,
        trial: Try,
        tally: FaultTally,
        *,
        public_key: bytes,
        retry_s: float = RETRY_S,
    ) -> None:
        self._directory = directory
        self._shelf = shelf
        self._choose = choose
        self._trial = trial
        self._tally = tally
        self._public_key = public_key
        self._retry_s = retry_s
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._wanted: Published | None = None
        self._asked = False
        self._running: Trial | None = None
        self._refused: set[bytes] = set()
        self.fault: Fault | None = None
        self.waiting = 0

    def told(self, published: Published | None) -> None:
        """Hear of a bundle, or (None) look whether there is a newer one; never blocks."""
        with self._lock:
            if self._stopping.is_set():
                return
            self._wanted, self._asked = published, True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="models", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End whatever is going on; safe to call twice."""
        with self._lock:
            self._stopping.set()
            thread, trial = self._thread, self._running
        if trial is not None:
            trial.cancel()
        if thread is not None:
            thread.join()

    def noted(self) -> tuple[Fault, ...]:
        """Return what is to be said of models on their way."""
        return () if self.fault is None else (self.fault,)

    # ---- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._stopping.is_set() or not self._asked:
                    self._thread = None
                    return
                published, self._asked = self._wanted, False
            try:
                self._take(published)
            except Fault as fault:
                self._tally.count(fault.code)
                if fault.spec.retryable and not self._stopping.wait(self._retry_s):
                    with self._lock:
                        self._asked = True

    def _take(self, published: Published | None) -> None:
        signed = self._fetched(published)
        if signed is None:
            return
        mark = sha256(signed).digest()
        if mark in self._refused:
            return
        try:
            bundle = self._opened(signed, published)
            if bundle.version == self._shelf.floor():
                return
            self._prove(signed, bundle)
        except Fault as fault:
            if fault.spec.retryable or self._stopping.is_set():
                raise
            self._refused.add(mark)
            self._refuse(published, fault)
            return
        self.fault, self.waiting = None, bundle.version
        log.info("models_taken", version=bundle.version)

    def _fetched(self, published: Published | None) -> bytes | None:
        """Fetch the bundle; None when HQ has published none yet."""
        if published is not None:
            return self._directory.models(published.version)
        try:
            return self._directory.models(None)
        except Fault as fault:
            if fault.code is FaultCode.API_NOT_FOUND:
                return None
            raise

    def _opened(self, signed: bytes, published: Published | None) -> ModelBundle:
        """Check that it is the announced one, HQ's, and not older than what has been in use here.

        Faults WIRE_MALFORMED, MODEL_BUNDLE_INVALID, MODEL_BUNDLE_OLDER.
        """
        if published is not None and sha256(signed).digest() != published.sha256:
            raise Fault(FaultCode.WIRE_MALFORMED, detail=published.kind)
        bundle = open_models(signed, self._public_key)
        floor = self._shelf.floor()
        if bundle.version < floor:
            raise Fault(FaultCode.MODEL_BUNDLE_OLDER, version=bundle.version, held=floor)
        return bundle

    def _prove(self, signed: bytes, bundle: ModelBundle) -> None:
        names = self._choose(bundle)
        cards = {name: bundle.models[name] for name in names}
        for card in cards.values():
            if not self._shelf.has(card):
                # Before they are fetched: each retry would cost the line the same megabytes.
                self._shelf.room_for(card)
                self._shelf.put(card, self._directory.model_file(card.sha256))
        try:
            self._run_trial(self._trial(self._shelf.stage(signed, bundle, names), cards))
        except Exception as error:
            self._shelf.discard(bundle.version)
            if isinstance(error, Fault):
                raise
            # No memory for a child, or a bug: the thread lives on, HQ may send what works.
            raise Fault(FaultCode.MODEL_CRASHED, how=type(error).__name__) from error
        # Not taken away when this fails: the next start may name it already.
        self._shelf.switch(bundle.version, signed)

    def _run_trial(self, trial: Trial) -> None:
        with self._lock:
            self._running = trial
        if self._stopping.is_set():
            trial.cancel()
        try:
            trial.run()
        finally:
            with self._lock:
                self._running = None

    def _refuse(self, published: Published | None, fault: Fault) -> None:
        self._tally.count(fault.code)
        version = "?" if published is None else published.version
        said = (f"{fault.code.value} {fault.text(language)}" for language in ("en", "zh"))
        reason = Words(*said)
        told = Fault(FaultCode.MODEL_UPDATE_REFUSED, version=version, reason=reason)
        self._tally.count(told.code)
        self.fault = told
        log.error("models_refused", code=told.code.value, zh=told.text("zh"), en=told.text("en"))
