"""Made records of people as Chinese shops hold them, and which two are one person; seeded."""

import random
from dataclasses import dataclass
from typing import Final

from retail_core.insight.persons.records import Record

# Frequent ones more often than rare ones, as in life.
SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭"
    "廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
GIVEN: Final = (
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂文辉玲红建国华志梅鑫波斌宇浩凯健俊帆雪婷玉萍慧莹倩琳欣怡佳梓涵子轩"
    "博思雨晨诗若曦一诺语桐可馨浩然天宇嘉瑞雅彤睿泽宸铭远航晓东南北春夏秋冬山川海江河云龙凤林森木兰菊竹松柏石金银宝珍"
)
CITIES: Final = ("上海市", "北京市", "广州市", "深圳市", "成都市", "杭州市", "武汉市", "西安市")
DISTRICTS: Final = ("东城区", "西湖区", "南山区", "北仑区", "高新区", "江岸区", "徐汇区", "锦江区")
STREETS: Final = ("人民路", "中山路", "解放路", "建设街", "和平街", "新华路", "文化路", "长江路")
ALIKE: Final = {"伟": "玮", "芳": "方", "静": "婧", "丽": "莉", "杰": "洁", "涛": "滔", "婷": "亭"}
_STEP = 2_654_435_761


@dataclass(frozen=True, slots=True)
class Records:
    """Records, and the pairs that are one person, the lower id first."""

    records: tuple[Record, ...]
    pairs: frozenset[tuple[str, str]]


def plant(people: int, seconds: float = 0.4, seed: int = 8) -> Records:
    """Make people, of whom `seconds` of all are held twice, the second time by another channel.

    The second record lacks 45 of 100 phones and half the e-mail addresses, has 8 of 100 names
    mistyped, one number in ten changed, 30 birthdays missing, and a quarter moved.
    """
    chance = random.Random(seed)  # noqa: S311 - seeded, no secret
    made, pairs = [], set()
    for nth in range(people):
        first = _person(chance, nth)
        made.append(first)
        if chance.random() < seconds:
            second = _second(chance, first, f"b{nth:07}")
            made.append(second)
            pairs.add((first.record_id, second.record_id))
    chance.shuffle(made)
    return Records(tuple(made), frozenset(pairs))


def _person(chance: random.Random, nth: int) -> Record:
    surname = SURNAMES[int(len(SURNAMES) * chance.random() ** 2)]
    given = "".join(chance.choice(GIVEN) for _ in range(chance.choice((1, 2, 2, 2))))
    return Record(
        f"a{nth:07}",
        surname + given,
        _phone(nth),
        f"u{nth * _STEP % 10**9}@{chance.choice(('qq.com', '163.com', 'example.cn'))}",
        _born(chance),
        _address(chance),
    )


def _second(chance: random.Random, like: Record, record_id: str) -> Record:
    phone = like.phone if chance.random() < 0.9 else _phone(10**8 + int(like.record_id[1:]))  # noqa: PLR2004 - shares of people
    born = like.born
    if chance.random() < 0.02:  # noqa: PLR2004 - see above
        born = _born(chance)
    return Record(
        record_id,
        _mistyped(chance, like.name) if chance.random() < 0.08 else like.name,  # noqa: PLR2004 - see above
        "" if chance.random() < 0.45 else f"+86 {phone[:3]}-{phone[3:7]}-{phone[7:]}",  # noqa: PLR2004 - see above
        "" if chance.random() < 0.5 else like.email.upper(),  # noqa: PLR2004 - see above
        "" if chance.random() < 0.3 else f"{born[:4]}年{int(born[5:7])}月{int(born[8:])}日",  # noqa: PLR2004 - see above
        _address(chance) if chance.random() < 0.25 else like.address.replace("号", " 号"),  # noqa: PLR2004 - see above
    )


def _mistyped(chance: random.Random, name: str) -> str:
    where = chance.randrange(1, len(name))
    other = ALIKE.get(name[where]) or chance.choice(GIVEN)
    return name[:where] + other + name[where + 1 :]


def _phone(nth: int) -> str:
    return f"1{3 + nth % 7}{nth * _STEP % 10**9:09}"


def _born(chance: random.Random) -> str:
    return (
        f"{chance.randrange(1945, 2010)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
    )


def _address(chance: random.Random) -> str:
    place = chance.choice(CITIES) + chance.choice(DISTRICTS) + chance.choice(STREETS)
    return f"{place}{chance.randrange(1, 400)}号{chance.randrange(1, 30)}室"
