"""What ingest does between two live sales: answer hellos, make backlog durable, book what waits.

While shops sell, a sale that comes waits for the piece in hand: so a turn does one piece, of the
greetings and of the backlog in turns, each as large as a live sale can wait for.
"""

from collections.abc import Callable, Iterable, Sequence

from cloud_broker.ingest.backlog import BacklogLane, Paces
from cloud_broker.ingest.hellos import HelloLane
from cloud_broker.ingest.session import Delivery

# However much is to be promised, what was promised is booked after so many pieces of it.
KEPT_IN_A_ROW_MAX = 16

Greet = Callable[[Sequence[Delivery]], None]
Keep = Callable[[Sequence[Delivery], Sequence[Delivery]], None]
Book = Callable[[int], int]


class Spare:
    """The lanes of what can wait, and whose turn it is; used from one thread.

    `greet` answers hellos; `keep` makes frames durable, the second list of which the broker still
    waits for; `book` books about so many events that are durable and returns how many it did.
    """

    def __init__(self, greet: Greet, keep: Keep, book: Book) -> None:
        self._greet, self._keep, self._book = greet, keep, book
        self._backlog, self._hellos = BacklogLane(), HelloLane()
        self.paces = Paces()
        self.something_waits = True
        self._kept_in_a_row = 0
        self._greeted_last = False

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._backlog or self._hellos) or self.something_waits

    def add(self, backlog: Iterable[Delivery], hellos: Iterable[Delivery]) -> list[Delivery]:
        """Put messages in their lanes; return what the broker may forget already."""
        return [*self._backlog.add(backlog), *self._hellos.add(hellos)]

    def drop(self, leaves: Callable[[Delivery], bool]) -> list[Delivery]:
        """Take out what is another worker's now; return what of it is still to be confirmed."""
        self._hellos.drop(leaves)
        return self._backlog.drop(leaves)

    def work(self) -> None:
        """Do a piece of one lane while shops sell, of each when none does."""
        if self._hellos and not (self._greeted_last and self._backlog):
            self._greeted_last = True
            with self.paces.timed(self.paces.greeting) as timed:
                some = self._hellos.take(timed.size)
                self._greet(some)
                timed.full = len(some) == timed.size
            if self.paces.live_lately:
                return
        self._greeted_last = False
        self._work_backlog()

    def _work_backlog(self) -> None:
        """First all is made durable; then, or after many pieces, some of it is booked."""
        piece, owed = self._backlog.take(self.paces.keeping.size)
        if piece:
            with self.paces.timed(self.paces.keeping) as timed:
                self._keep(piece, owed)
                timed.full = bool(self._backlog)
            self.something_waits = True
            self._kept_in_a_row += 1
            if self._kept_in_a_row < KEPT_IN_A_ROW_MAX:
                return
        self._kept_in_a_row = 0
        if self.something_waits:
            with self.paces.timed(self.paces.booking) as timed:
                timed.full = self._book(timed.size) >= timed.size
