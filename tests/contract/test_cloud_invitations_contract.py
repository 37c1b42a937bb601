"""What invitations and shared tasks promise on every store of the cloud."""

import pytest

from retail_core.errors import Fault
from retail_core.texts.faults import FaultCode
from tests.factories.grown import Grown
from tests.fakes.cloud_box import Person


class TestInvitations:
    def test_both_are_rewarded_when_the_return_window_is_over(
        self, grown: Grown, ann: Person
    ) -> None:
        token = grown.sharing.link(grown.who(ann), "referral", b"anns browser")
        assert grown.sharing.link(grown.who(ann), "referral", b"anns browser") == token
        assert grown.sharing.seen(token).from_name != ann.name
        grown.tomorrow()
        bea = grown.enrols()
        grown.sharing.opened(grown.who(bea), token, b"beas browser")
        sold = grown.box.sells(bea, fen=6_000, business_date=20261119)
        grown.upload()
        assert (grown.points(ann), grown.points(bea)) == (0, 59)
        grown.tomorrow(7)
        grown.judge()
        assert (grown.points(ann), grown.points(bea)) == (200, 159)
        grown.box.refunds(sold, (1, 1_000), (2, 1_000), fen=6_000)
        grown.upload()
        assert (grown.points(ann), grown.points(bea)) == (0, 0)

    def test_who_does_not_count(self, grown: Grown, ann: Person) -> None:
        old = grown.enrols()
        grown.tomorrow()
        token = grown.sharing.link(grown.who(ann), "referral", b"anns browser")

        def why(person: Person, device: bytes) -> object:
            with pytest.raises(Fault) as refused:
                grown.sharing.opened(grown.who(person), token, device)
            assert refused.value.code == FaultCode.INVITE_REFUSED
            said, reason = refused.value.text("zh"), str(refused.value.fields["reason"])
            assert reason not in said, "she reads words, not our names for them"
            return refused.value.fields["reason"]

        assert why(ann, b"another browser") == "herself"
        assert why(old, b"old browser") == "known"
        grown.tomorrow()
        new, other = grown.enrols(), grown.enrols()
        assert why(new, b"anns browser") == "same_device"
        grown.sharing.opened(grown.who(new), token, b"new browser")
        assert why(new, b"new browser") == "invited"
        assert why(other, b"new browser") == "same_device"

    @pytest.mark.parametrize("token", ["", "nonsense", "!" * 59, "A" * 59, "é"])
    def test_a_link_nobody_made(self, grown: Grown, token: str) -> None:
        with pytest.raises(Fault) as refused:
            grown.sharing.seen(token)
        assert refused.value.code == FaultCode.LINK_INVALID

    def test_a_shared_task_counts_new_persons_and_visits(self, grown: Grown, ann: Person) -> None:
        old = grown.enrols()
        grown.tomorrow()
        token = grown.sharing.link(grown.who(ann), "tell", b"")
        with pytest.raises(Fault):
            grown.sharing.opened(grown.who(ann), token, b"")
        grown.sharing.opened(grown.who(old), token, b"")
        grown.judge()
        assert grown.points(ann) == 0  # she opened it, that is all
        grown.box.sells(old, business_date=20261119)
        grown.upload()
        assert grown.points(ann) == 30
        assert [gift.sku for gift in grown.gifts(ann)] == ["SAMPLE"]
        with pytest.raises(Fault) as refused:
            grown.sharing.link(grown.who(ann), "hundred", b"")
        assert refused.value.code == FaultCode.TASK_NOT_RUNNING
