"""Teaching a till: what learns and what keeps a profile, for the command and for the page."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from edge_agent.bootstrap.basis import Basis
from edge_agent.bootstrap.devices import Devices
from edge_agent.domain.taught import Sample, Taught
from edge_agent.services.tills.lessons import Lesson, Lessons
from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from retail_core.texts.misfits import misfit_words

if TYPE_CHECKING:
    from edge_agent.drivers.till_escpos.words import Meaning


def build_lessons(basis: Basis, devices: Devices) -> Lessons:
    """Tie the tapped tills to what learns; nothing is listened to yet."""
    folder = basis.settings.config.profiles_dir
    return Lessons(
        devices.taps,
        basis.clock,
        learn=lambda samples, lesson: teach(samples, lesson, prove=False),
        keep=lambda name, text, force: keep(folder, name, text, force=force),
    )


def teach(
    samples: Sequence[Sample],
    lesson: Lesson,
    told: Callable[[int, int], None] = lambda _done, _of: None,
    *,
    prove: bool = True,
) -> Taught:
    """Learn; Faults of learning, TILL_PROFILE_INVALID when the name or a word is none."""
    # Loaded when asked for: a box in the shop learns a till once.
    from pydantic import ValidationError  # noqa: PLC0415 -- see above

    from edge_agent.drivers.till_escpos.learning.learn import Titles, learn  # noqa: PLC0415
    from edge_agent.drivers.till_escpos.learning.text import taught  # noqa: PLC0415

    titles = Titles(lesson.name, lesson.title, lesson.title)
    try:
        return taught(learn(samples, titles, _meanings(lesson.corrections), told, prove=prove))
    except ValidationError as error:
        detail = misfit_words(error.errors(include_url=False), file=True)
        raise Fault(FaultCode.TILL_PROFILE_INVALID, path=lesson.name, detail=detail) from None


def keep(folder: Path, name: str, text: str, *, force: bool) -> Path:
    """Write a profile; raises LEARN_PROFILE_EXISTS when there is one and no `force`."""
    path = folder / f"{name}.toml"
    if path.exists() and not force:
        raise Fault(FaultCode.LEARN_PROFILE_EXISTS, name=name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # On disk before it takes the place of the old one: a power cut leaves one of the two whole.
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=folder, suffix=".new", delete=False
        ) as to:
            to.write(text)
            to.flush()
            os.fsync(to.fileno())
            Path(to.name).chmod(0o644)
        Path(to.name).replace(path)
    except OSError as error:
        detail = error.strerror or "not written"
        raise Fault(FaultCode.SETUP_CONFIG_INVALID, path=path, detail=detail) from None
    return path


def _meanings(corrections: Mapping[str, str]) -> "dict[str, Meaning]":
    from edge_agent.drivers.till_escpos.words import Meaning  # noqa: PLC0415 -- see above

    try:
        return {word: Meaning(meaning) for word, meaning in corrections.items()}
    except ValueError as error:
        raise Fault(FaultCode.TILL_PROFILE_INVALID, path="words", detail=str(error)) from None
