"""Which columns of a file of people hold what."""

from collections.abc import Iterable, Iterator, Sequence

from retail_core.insight.persons.records import Record
from retail_core.insight.tabular.columns import find, need
from retail_core.insight.tabular.roles import Role
from retail_core.texts.words import Words

_RECORD = Role(
    Words("the record's number", "资料编号"),
    "--id",
    names=("recordid", "id", "memberid", "customerid", "会员编号", "会员号", "编号"),
)
_FIELDS = (
    Role(Words("the name", "姓名"), "", names=("name", "fullname", "姓名", "会员姓名", "名字")),
    Role(
        Words("the number", "手机号"),
        "",
        names=("phone", "mobile", "telephone", "tel", "手机号", "手机", "电话"),
    ),
    Role(Words("the e-mail address", "邮箱"), "", names=("email", "mail", "邮箱", "电子邮箱")),
    Role(
        Words("the day of birth", "生日"),
        "",
        names=("born", "birthday", "birthdate", "dateofbirth", "生日", "出生日期"),
    ),
    Role(Words("the address", "地址"), "", names=("address", "地址", "住址", "收货地址")),
)


def records_of(
    header: Sequence[str] | None, rows: Iterable[tuple[int, Sequence[str]]], number: str = ""
) -> Iterator[Record]:
    """Yield a table's records; `number` names the column that tells them apart. Fault E103.

    A row without a number is passed over; a column that is not there says nothing of anybody.
    """
    names = header or ()
    who = need(_RECORD, names, number)
    places = [find(role, names) for role in _FIELDS]
    for _, row in rows:
        if who < len(row) and row[who].strip():
            cells = ("" if at is None or at >= len(row) else row[at] for at in places)
            yield Record(row[who].strip(), *cells)
