"""A message about an unchanged till."""

from retail_core.wire.tills import ChannelState, DifferenceSeen, TillAgreement, TillDay


def till_agreement() -> TillAgreement:
    """A till that lost its permit to inject because a price list was wrong."""
    return TillAgreement(
        why="standing",
        window=200,
        agreed=192,
        score=921,
        seen_ever=1_204,
        agreed_ever=1_190,
        channels=(
            ChannelState("inject", "lost", 970, 921, 200),
            ChannelState("append", "earned", 900, 921, 200, "forbid", 30),
        ),
        kinds=(("price", 7), ("unread", 1)),
        days=(TillDay(20261121, 300, 300), TillDay(20261122, 104, 96)),
        examples=(DifferenceSeen(1_795_320_000_000, "price", "可乐 330ml", "COLA-330", 300, 350),),
    )
