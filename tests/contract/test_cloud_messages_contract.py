"""Messages of campaigns (MessageRepo): what every store promises of consent, pace and receipts."""

from threading import Event, Thread

import pytest

from cloud_broker.domain.connectors.shape import Pushed
from cloud_broker.domain.message_receipts import Heard, Receipt
from cloud_broker.ports.messages import PaceSet
from cloud_broker.services.insight.contacts import OptIn
from retail_core.errors import Fault
from retail_core.insight.campaigns.pacing import Pace
from retail_core.insight.campaigns.quiet import Quiet
from retail_core.texts.faults import FaultCode
from tests.factories.campaigns import Advertising
from tests.fakes.cloud_recruiting import sms_codes

PUSHED = Pushed("POST", {}, {}, b"")


class TestSending:
    def test_only_who_agreed_is_written_to_once(self, ads: Advertising) -> None:
        ads.enrol(5)
        ads.enrol(2, agreed=False)
        ads.segment_of()
        begun = ads.begun(holdout_permille=0, **ads.with_message())
        ads.run()
        ads.send()
        ads.send()
        treated = ads.arms(begun)["treated"]
        said = ads.messages(begun)
        assert said == {"sent": len(ads.sms.took), "dropped": treated - len(ads.sms.took)}
        assert {one.address for one in ads.sms.took} <= {one.phone for one in ads.people[:5]}
        text = ads.sms.took[0].text
        assert "【熟客美妆】" in text
        assert "满100减10" in text
        assert ads.figures(begun)["dropped"] == {"no consent": 2}

    def test_at_night_nothing_goes_and_in_the_morning_it_does(self, ads: Advertising) -> None:
        ads.enrol(3)
        ads.segment_of()
        ads.at_hour(23)
        begun = ads.begun(holdout_permille=0, **ads.with_message())
        ads.run()
        ads.send()
        assert ads.sms.took == []
        ads.at_hour(8)
        ads.send()
        assert ads.sms.took == []
        ads.at_hour(9)
        ads.send()
        assert len(ads.sms.took) == ads.arms(begun)["treated"]

    def test_not_faster_than_the_brand_writes(self, ads: Advertising) -> None:
        ads.enrol(6)
        ads.segment_of()
        pace = PaceSet(Pace(per_minute=2, per_day=5), Quiet())
        ads.desks.templates.set_pace(ads.who(), "sms", pace)
        assert ads.desks.templates.paces(ads.tenant)["sms"] == pace
        ads.begun(holdout_permille=0, **ads.with_message())
        ads.run()
        counts = []
        for _ in range(4):
            ads.send()
            counts.append(len(ads.sms.took))
            ads.clock.advance(61_000)
        assert counts == [2, 4, 5, 5]

    def test_two_campaigns_are_one_message_and_a_cap_holds(self, ads: Advertising) -> None:
        ads.enrol(2)
        ads.segment_of()
        first = ads.begun(holdout_permille=0, priority=1, **ads.with_message())
        urgent = ads.begun(holdout_permille=0, priority=9, **ads.with_message())
        ads.run()
        ads.send()
        assert ads.messages(urgent) == {"sent": 2}
        assert ads.figures(first)["dropped"] == {"coalesced": 2}
        # Their coupons are theirs all the same.
        assert [len(ads.grown.coupons(one)) for one in ads.people] == [2, 2]
        assert self.sent_by_another(ads) == {"sent": 2}
        assert self.sent_by_another(ads) == {"dropped": 2}
        assert len(ads.sms.took) == 2 * Pace().person_max
        ads.clock.advance(8 * 86_400_000)
        assert self.sent_by_another(ads) == {"sent": 2}

    @staticmethod
    def sent_by_another(ads: Advertising) -> dict[str, int]:
        begun = ads.begun(holdout_permille=0, **ads.with_message())
        ads.run()
        ads.send()
        return ads.messages(begun)

    def test_a_provider_that_is_down_is_tried_again_one_that_refuses_is_not(
        self, ads: Advertising
    ) -> None:
        ads.enrol(3)
        ads.segment_of()
        begun = ads.begun(holdout_permille=0, **ads.with_message())
        ads.run()
        ads.sms.refuses = Fault(FaultCode.MESSAGE_NOT_SENT, channel="sms", reason="HTTP 503")
        ads.send()
        treated = ads.arms(begun)["treated"]
        assert ads.messages(begun) == {"due": treated}
        ads.sms.refuses = None
        ads.clock.advance(60_000)
        ads.send()
        assert ads.messages(begun) == {"sent": treated}
        again = ads.begun(holdout_permille=0, **ads.with_message())
        ads.run()
        ads.sms.refuses = Fault(FaultCode.MESSAGE_REFUSED, channel="sms", reason="HTTP 400")
        ads.send()
        assert ads.messages(again) == {"failed": ads.arms(again)["treated"]}
        assert set(ads.figures(again)["dropped"]) == {"HTTP 400"}

    def test_a_provider_that_hangs_holds_nobody_up(self, ads: Advertising) -> None:
        """No transaction is open while a message is on its way: codes go out as ever."""
        ads.enrol(1)
        ads.segment_of()
        begun = ads.begun(holdout_permille=0, **ads.with_message())
        ads.run()
        ads.sms.hangs = Event()
        sending = Thread(target=ads.desks.sending.run, args=(ads.tenant,), daemon=True)
        sending.start()
        assert ads.sms.asked.wait(30)
        try:
            codes = sms_codes(ads.units, ads.clock, ads.ids)
            assert codes.forget(ads.tenant) == 0
            assert ads.messages(begun) == {"sending": 1}
        finally:
            ads.sms.hangs.set()
        sending.join(30)
        assert ads.messages(begun) == {"sent": 1}

    def test_what_was_on_its_way_when_the_program_died_is_given_up(self, ads: Advertising) -> None:
        ads.enrol(2)
        ads.segment_of()
        begun = ads.begun(holdout_permille=0, **ads.with_message())
        ads.run()
        with ads.units.begin(ads.tenant) as unit:
            taken = unit.messages.take("sms", ads.clock.now_ms(), 10)
        ads.clock.advance(16 * 60_000)
        ads.send()
        assert ads.sms.took == []
        assert ads.messages(begun) == {"unsure": len(taken)}

    def test_receipts_say_what_came_and_a_reply_stops(self, ads: Advertising) -> None:
        ads.enrol(4)
        ads.segment_of()
        begun = ads.begun(holdout_permille=0, **ads.with_message())
        ads.run()
        ads.send()
        first, *rest = ads.sms.took
        ads.told = Heard(
            (
                Receipt(str(first.message), delivered=True),
                Receipt("ref-2", delivered=False, reason="off"),
                Receipt("nobody", delivered=True),
                Receipt(str(first.message), delivered=False),
            ),
            ("+" + rest[-1].address, "not a number"),
        )
        for _ in range(2):
            ads.desks.hearing.hear(ads.tenant, "sms", PUSHED)
        said = ads.messages(begun)
        assert (said["delivered"], said["failed"]) == (1, 1)
        stopped = next(one for one in ads.people if one.phone == rest[-1].address)
        assert ads.desks.contacts.standing(ads.tenant, stopped.member) == {
            "sms": False,
            "wechat": False,
        }
        again = ads.begun(holdout_permille=0, **ads.with_message())
        ads.run()
        before = len(ads.sms.took)
        ads.send()
        assert stopped.phone not in {one.address for one in ads.sms.took[before:]}
        assert ads.messages(again)
        # She may say yes again; the newest word counts.
        ads.clock.advance(1_000)
        ads.agrees(stopped)
        assert ads.desks.contacts.standing(ads.tenant, stopped.member)["sms"]

    def test_a_number_of_somebody_else_is_nobodys_consent(self, ads: Advertising) -> None:
        ads.enrol(2, agreed=False)
        said = OptIn(ads.people[0].member, "sms", "+" + ads.people[1].phone)
        with pytest.raises(Fault) as caught:
            ads.desks.contacts.opt_in(ads.tenant, said)
        assert caught.value.code is FaultCode.CONTACT_INVALID

    def test_a_campaign_of_messages_alone_draws_among_those_it_reaches(
        self, ads: Advertising
    ) -> None:
        ads.enrol(4)
        ads.enrol(5, agreed=False)
        ads.segment_of()
        actions = ads.with_message()["actions"][1:]
        begun = ads.begun(actions=actions, benefit_fen=0)
        ads.run()
        assert sum(ads.arms(begun).values()) == 4

    def test_a_stopped_campaign_sends_nothing_more(self, ads: Advertising) -> None:
        ads.enrol(3)
        ads.segment_of()
        begun = ads.begun(holdout_permille=0, **ads.with_message())
        ads.run()
        ads.desks.campaigns.stop(ads.who(), begun.campaign)
        ads.send()
        assert ads.sms.took == []
        assert set(ads.messages(begun)) == {"dropped"}
