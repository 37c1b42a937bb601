"""An article taken out of a basket: ranks worked out by hand, and the regression by its meaning."""

import numpy as np
import pytest

from retail_core.insight import ease, leave_one_out
from retail_core.insight.leave_one_out import Basket, teach, try_out

PAIRS: list[Basket] = [("a", "b"), ("c", "d"), ("a", "b"), ("c", "d")] * 5


class TestTrial:
    def test_figures_worked_out_by_hand(self) -> None:
        found = try_out(PAIRS, folds=2)
        assert (found.asked, found.articles) == (20, 4)
        # The even baskets teach a and b alone, the odd ones c and d: nobody knows the other pair.
        assert found.methods["popularity"].hit == {1: 0.0, 5: 0.0, 10: 0.0}
        whole = try_out(PAIRS, folds=4)
        assert whole.methods["popularity"].hit == {1: 0.0, 5: 1.0, 10: 1.0}
        # Of the asked pair one basket in four is not taught: both of the other pair sell better.
        assert whole.methods["popularity"].mrr10 == pytest.approx(1 / 3)
        for way in ("item_item", "ease"):
            assert whole.methods[way].hit == {1: 1.0, 5: 1.0, 10: 1.0}
            assert whole.methods[way].mrr10 == 1.0
        assert whole.best in {"item_item", "ease"}

    def test_a_basket_of_one_asks_nothing_and_progress_is_told(self) -> None:
        told: list[tuple[int, int]] = []
        found = try_out([*PAIRS, ("a",)], 3, lambda done, whole: told.append((done, whole)))
        assert found.asked == 20
        assert told == [(1, 3), (2, 3), (3, 3)]

    def test_a_basket_counts_once_however_large(self) -> None:
        taught = teach(PAIRS)
        score = taught.methods["item_item"]
        small = leave_one_out._asked(taught.places, score, ("a", "b"))
        assert small.tolist() == [1, 1, 1, 1]
        # Never sold before: it cannot be found, and b is found by a as before.
        half = leave_one_out._asked(taught.places, score, ("a", "b", "new", "newer"))
        assert half.tolist() == [0.5, 0.5, 0.5, 0.5]

    def test_of_many_baskets_some_are_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(leave_one_out, "ALL_FOLDS_MAX", 10)
        monkeypatch.setattr(leave_one_out, "ASKED_MAX", 2)
        found = try_out(PAIRS, folds=4)
        assert found.asked == 2
        assert found.methods["ease"].hit[1] == 1.0

    def test_too_many_articles_for_the_regression(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ease, "ARTICLES_MAX", 3)
        assert teach(PAIRS).methods.keys() == {"popularity", "item_item"}


class TestEase:
    def test_weights_are_the_regression_of_each_article_on_the_others(self) -> None:
        rng = np.random.default_rng(4)
        skus = [f"s{nth}" for nth in range(6)]
        baskets = [tuple(sku for sku in skus if rng.random() < 0.4) or ("s0",) for _ in range(200)]
        found = ease.fit(baskets, ridge=5.0)
        bought = np.zeros((200, 6))
        for row, basket in enumerate(baskets):
            bought[row, [found.places[sku] for sku in basket]] = 1
        damp = np.array([len(one) for one in baskets]) ** -0.5
        for place in range(6):
            others = [one for one in range(6) if one != place]
            # Ridge regression by its normal equations, an article at a time.
            x, y = bought[:, others], bought[:, place]
            system = (x * damp[:, None]).T @ x + 5.0 * np.eye(5)
            wanted = np.linalg.solve(system, (x * damp[:, None]).T @ y)
            assert found.weights[others, place] == pytest.approx(wanted)
            assert found.weights[place, place] == 0

    def test_unknown_articles_say_nothing(self) -> None:
        found = ease.fit(PAIRS)
        assert found.scores(["a", "never"]).tolist() == found.scores(["a"]).tolist()
        usual = found.scores([])
        assert usual.tolist() == pytest.approx([0.05] * 4)
