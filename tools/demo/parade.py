"""`PHOTOS=DIR`: everybody there with two photos is enrolled, then recognised by the last."""

import time

from rich.progress import track

from tools.demo.cast import Cast
from tools.demo.people import Person
from tools.demo.report import Report
from tools.demo.visits import enrol_person, identify, sign_in

FIRST_PHONE = 13_900_000_000
SLOWEST = 0.95
# One leaves before the next comes: a box takes a picture of a quarter second ago for the present.
LEAVES_S = 0.6


def everybody(cast: Cast, report: Report, people: tuple[Person, ...]) -> None:
    """Enrol and recognise each person at the Beijing shop, whose gallery is empty."""
    shop = cast.shops["beijing"]
    with report.step("people", f"⑦ 照片里的 {len(people)} 人,逐一认出 · everybody") as step:
        operator = sign_in(shop)
        known: dict[str, str] = {}
        for number, person in enumerate(people):
            answer, face = enrol_person(
                shop, operator, f"会员{number + 1}", str(FIRST_PHONE + number), person
            )
            known[person.name] = answer["member_id"]
            if face["accepted"] == 0:
                report.note(f"{person.name}: 没有合格的照片 {face['frames']}")
        names = {member_id: name for name, member_id in known.items()}
        took: list[float] = []
        missed: list[str] = []
        wrong: list[str] = []
        for person in track(people, "认人 recognising", console=report.console, transient=True):
            time.sleep(LEAVES_S)
            with cast.showing(shop, person.probe):
                answer = identify(shop, "face", deadline_ms=2_000)
            member = answer["member"]
            if answer["outcome"] != "member":
                missed.append(person.name)
            elif member["member_id"] != known[person.name]:
                taken_for = names.get(member["member_id"], member["member_id"])
                wrong.append(f"{person.name} → {taken_for}")
            else:
                took.append(answer["frame_to_member_ms"])
        took.sort()
        step.ms = took[int(len(took) * SLOWEST)] if took else 0.0
        report.note(f"认出 {len(took)}/{len(people)},认错 {wrong},没认出 {missed}")
        step.detail |= {"people": len(people), "recognised": len(took)}
        step.detail |= {"missed": missed, "wrong": wrong}
        step.ok = len(took) == len(people)
