"""Bad luck for real processes: kills, freezes and cut lines, each at a moment nobody chose."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tools.demo.client import AnswerError, wait_until
from tools.kill_rig.line import Way
from tools.kill_rig.site import PATIENCE_S, Shop, Site

PAUSE_S = 0.12
LIFE_S = (0.1, 2.5)
FREEZE_SHARE = 0.1
FREEZE_S = (0.1, 1.0)
SIGQUIT_SHARE = 0.5
CUT_S = (0.05, 1.2)
LONG_SHARE = 0.02
LONG_S = (18.0, 24.0)


@dataclass(slots=True)
class Victim:
    """A process that may be killed; `dies` and `rises` do it, `ready` says that it works again."""

    name: str
    weight: int
    dies: Callable[[], None]
    rises: Callable[[], None]
    ready: Callable[[], bool]
    freeze: Callable[[signal.Signals], None] | None = None
    standing: bool = True
    not_before: float = 0.0


@dataclass(slots=True)
class Storm:
    """Kills one victim after another; each rises on a thread of its own."""

    site: Site
    rng: Random
    kills: Counter[str] = field(default_factory=Counter)
    amid: int = 0
    freezes: int = 0
    what: str = "kills"
    risen_late: list[str] = field(default_factory=list)
    victims: list[Victim] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.victims = [self._box(shop) for shop in self.site.shops]
        self.victims += [self._broker(), self._ingest(), self._database()]

    def _box(self, shop: Shop) -> Victim:
        def sells() -> bool:
            shop.agent.keep()
            return bool(shop.health()["can_sell"])

        return Victim("agent", 5, shop.agent.kill, shop.agent.start, sells, shop.agent.signal)

    def _broker(self) -> Victim:
        broker = self.site.broker
        return Victim("broker", 12, broker.kill, broker.start, broker.alive)

    def _ingest(self) -> Victim:
        cloud = self.site.cloud

        def answers() -> bool:
            cloud.keep()
            with suppress(AnswerError):  # "who are you" is an answer too
                self.site.stage.cloud.get("/v1/hq/overview")
            return True

        return Victim("ingest", 6, cloud.kill, cloud.start, answers, cloud.signal)

    def _database(self) -> Victim:
        def dies() -> None:
            share = self.rng.random()
            how = signal.SIGQUIT if share < SIGQUIT_SHARE else signal.SIGKILL
            self.site.database_dies(how)

        return Victim("database", 3, dies, self.site.database_starts, lambda: True)

    def total(self) -> int:
        """Return how many were killed."""
        return sum(self.kills.values())

    def told_as(self) -> dict[str, Any]:
        """Return what was done, for the report."""
        told: dict[str, Any] = {"count": self.total(), "by_process": dict(self.kills)}
        programs = (self.site.cloud, *(shop.agent for shop in self.site.shops))
        told |= {"ended_by_itself": sum(one.restarts for one in programs)}
        return told | {
            "freezes": self.freezes,
            "amid_a_sale": self.amid,
            "risen_late": self.risen_late,
        }

    def blow(self, kills: int, until: float) -> None:
        """Kill until there were so many in all, or until a moment (monotonic)."""
        while self.total() < kills and time.monotonic() < until:
            time.sleep(self.rng.expovariate(1 / PAUSE_S))
            now = time.monotonic()
            able = [one for one in self.victims if one.standing and one.not_before < now]
            if able:
                weights = [one.weight for one in able]
                self._strike(self.rng.choices(able, weights)[0])
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _strike(self, victim: Victim) -> None:
        victim.standing = False
        if victim.freeze is not None and self.rng.random() < FREEZE_SHARE:
            self.freezes += 1
            self._beside(self._freeze, victim)
            return
        self.kills[victim.name] += 1
        self.amid += sum(shop.till.busy for shop in self.site.shops)
        victim.dies()
        self._beside(self._rise, victim)

    def _beside(self, work: Callable[[Victim], None], victim: Victim) -> None:
        thread = threading.Thread(target=work, args=(victim,), name=victim.name, daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()]
        self._threads.append(thread)
        thread.start()

    def _freeze(self, victim: Victim) -> None:
        if victim.freeze is not None:
            victim.freeze(signal.SIGSTOP)
            time.sleep(self.rng.uniform(*FREEZE_S))
            victim.freeze(signal.SIGCONT)
        self._lives_again(victim)

    def _rise(self, victim: Victim) -> None:
        try:
            victim.rises()
            wait_until(PATIENCE_S, f"{victim.name} to work again", victim.ready)
        except (TimeoutError, OSError) as error:
            self.risen_late.append(f"{victim.name}: {error}")
        self._lives_again(victim)

    def _lives_again(self, victim: Victim) -> None:
        victim.not_before = time.monotonic() + self.rng.uniform(*LIFE_S)
        victim.standing = True


@dataclass(slots=True)
class Weather:
    """Cuts one line after another; each is mended on a thread of its own."""

    site: Site
    rng: Random
    cuts: Counter[str] = field(default_factory=Counter)
    mends: Counter[str] = field(default_factory=Counter)
    amid: int = 0
    what: str = "cuts"
    standing: list[Shop] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.standing = list(self.site.shops)

    def total(self) -> int:
        """Return how many cuts there were."""
        return sum(self.cuts.values())

    def told_as(self) -> dict[str, Any]:
        """Return what was done, for the report."""
        told: dict[str, Any] = {"count": self.total(), "by_kind": dict(self.cuts)}
        return told | {"mended": dict(self.mends), "amid_a_sale": self.amid}

    def blow(self, cuts: int, until: float) -> None:
        """Cut until there were so many in all, or until a moment (monotonic)."""
        while self.total() < cuts and time.monotonic() < until:
            time.sleep(self.rng.expovariate(1 / PAUSE_S))
            able = [shop for shop in self.standing if shop.line.open_relays()]
            if able:
                self._strike(self.rng.choice(able))
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _strike(self, shop: Shop) -> None:
        self.standing.remove(shop)
        way = self.rng.choice([Way.SILENT, Way.REFUSES, Way.DEAF])
        lasts_s = self.rng.uniform(*(LONG_S if self.rng.random() < LONG_SHARE else CUT_S))
        self.cuts[way if lasts_s < LONG_S[0] else f"{way} beyond the keepalive"] += 1
        self.amid += shop.till.busy
        shop.line.cut(way)
        reset = self.rng.random() < SIGQUIT_SHARE
        self.mends["reset" if reset else "resumed"] += 1
        work = threading.Thread(target=self._mend, args=(shop, lasts_s, reset), daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()]
        self._threads.append(work)
        work.start()

    def _mend(self, shop: Shop, lasts_s: float, reset: bool) -> None:  # noqa: FBT001 -- of a cut
        time.sleep(lasts_s)
        shop.line.mend(reset=reset)
        self.standing.append(shop)
