"""What does not fit in a request, by the validator's own kinds of error: zh and en, no echo.

The kinds are those of pydantic, of which nothing is imported here. Only figures, patterns and
choices that our own models declare come into a text; what was sent never does.
"""

import re
from collections.abc import Mapping, Sequence

from retail_core.texts.words import Words

SHOWN_MAX = 5
PLACE_CHARS_MAX = 80
NEUTRAL = ("写法不对", "does not fit")
_ONE_OF = re.compile(r"\b1 (item|character|byte|digit|decimal place)s\b")
_SAID: tuple[tuple[str, str, str], ...] = (
    ("missing missing_argument missing_keyword_only_argument", "缺少这一项", "is missing"),
    ("missing_positional_only_argument", "缺少这一项", "is missing"),
    ("extra_forbidden unexpected_keyword_argument", "没有这个字段", "is not a known field"),
    ("unexpected_positional_argument no_such_attribute", "没有这个字段", "is not a known field"),
    ("multiple_argument_values", "写了不止一次", "is given more than once"),
    ("frozen_field frozen_instance", "不能改", "cannot be changed"),
    ("none_required missing_sentinel_error ellipsis_error", "应为空", "must be empty"),
    ("json_invalid", "不是完整的 JSON", "is not valid JSON"),
    ("json_type", "应是 JSON 文字", "must be JSON text"),
    ("recursion_loop recursion_depth_exceeded", "嵌套过深", "is nested too deep"),
    ("invalid_key", "字段名应是文字", "has a name that is not text"),
    ("greater_than", "应大于 {gt}", "must be greater than {gt}"),
    ("greater_than_equal", "不能小于 {ge}", "must be at least {ge}"),
    ("less_than", "应小于 {lt}", "must be less than {lt}"),
    ("less_than_equal", "不能大于 {le}", "must be at most {le}"),
    ("multiple_of", "应是 {multiple_of} 的倍数", "must be a multiple of {multiple_of}"),
    ("finite_number", "应是有限的数", "must be a finite number"),
    ("too_short", "至少要有 {min_length} 项", "needs at least {min_length} items"),
    ("too_long", "最多 {max_length} 项", "takes at most {max_length} items"),
    ("string_type", "应是文字", "must be text"),
    ("string_unicode bytes_invalid_encoding", "不是 UTF-8 文字", "is not UTF-8 text"),
    ("string_too_short", "至少要有 {min_length} 个字", "needs at least {min_length} characters"),
    ("string_too_long", "最多 {max_length} 个字", "takes at most {max_length} characters"),
    ("url_too_long", "最多 {max_length} 个字", "takes at most {max_length} characters"),
    ("string_pattern_mismatch", "写法不对,应符合 {pattern}", "must match {pattern}"),
    ("string_not_ascii", "只能用 ASCII 字符", "must be ASCII"),
    ("bytes_type", "应是字节", "must be bytes"),
    ("bytes_too_short", "至少要有 {min_length} 字节", "needs at least {min_length} bytes"),
    ("bytes_too_long", "最多 {max_length} 字节", "takes at most {max_length} bytes"),
    ("enum literal_error", "只能是 {expected}", "must be {expected}"),
    (
        "union_tag_invalid",
        "{discriminator} 只能是 {expected_tags}",
        "{discriminator} must be {expected_tags}",
    ),
    ("union_tag_not_found", "缺少 {discriminator}", "lacks {discriminator}"),
    ("bool_type bool_parsing", "应是 true 或 false", "must be true or false"),
    ("int_type int_parsing int_from_float", "应是整数", "must be a whole number"),
    ("int_parsing_size", "数字过大", "is too large a number"),
    ("float_type float_parsing decimal_type decimal_parsing", "应是数字", "must be a number"),
    ("fraction_type fraction_parsing", "应是数字", "must be a number"),
    ("complex_type complex_str_parsing", "应是数字", "must be a number"),
    ("decimal_max_digits", "最多 {max_digits} 位数字", "takes at most {max_digits} digits"),
    (
        "decimal_max_places",
        "最多 {decimal_places} 位小数",
        "takes at most {decimal_places} decimal places",
    ),
    (
        "decimal_whole_digits",
        "小数点前最多 {whole_digits} 位",
        "takes at most {whole_digits} digits before the point",
    ),
    ("date_type date_parsing date_from_datetime_parsing", "应是日期 YYYY-MM-DD", "must be a date"),
    ("date_from_datetime_inexact", "应是日期 YYYY-MM-DD", "must be a date"),
    ("date_past datetime_past", "应在过去", "must be in the past"),
    ("date_future datetime_future", "应在将来", "must be in the future"),
    ("time_type time_parsing", "应是钟点 HH:MM", "must be a time of day"),
    ("datetime_type datetime_parsing datetime_object_invalid", "应是时间", "must be a moment"),
    ("datetime_from_date_parsing", "应是时间", "must be a moment"),
    ("time_delta_type time_delta_parsing", "应是一段时间", "must be a length of time"),
    ("timezone_naive", "不要带时区", "must have no time zone"),
    ("timezone_aware timezone_offset", "要带时区", "must have its time zone"),
    ("uuid_type uuid_parsing", "应是 UUID 编号", "must be a UUID"),
    (
        "uuid_version",
        "应是第 {expected_version} 版 UUID",
        "must be a UUID of version {expected_version}",
    ),
    ("url_type url_parsing url_syntax_violation", "应是网址", "must be a URL"),
    ("url_scheme", "网址要以 {expected_schemes} 开头", "must be a URL of {expected_schemes}"),
    ("ip_any_address ip_any_interface ip_any_network", "应是网络地址", "must be a network address"),
    ("list_type tuple_type set_type frozen_set_type deque_type", "应是列表", "must be a list"),
    ("iterable_type iteration_error", "应是列表", "must be a list"),
    ("set_item_not_hashable", "这里不能是对象或列表", "cannot be an object or a list"),
    ("dict_type mapping_type model_type model_attributes_type", "应是对象", "must be an object"),
    ("dataclass_type dataclass_exact_type named_tuple_type", "应是对象", "must be an object"),
    ("frozen_dict_type ordered_dict_type counter_type", "应是对象", "must be an object"),
    ("arguments_type", "应是对象", "must be an object"),
    ("is_instance_of is_subclass_of callable_type", *NEUTRAL),
    ("needs_python_object get_attribute_error default_factory_not_called", *NEUTRAL),
    ("value_error assertion_error", *NEUTRAL),
)
MISFITS: dict[str, tuple[str, str]] = {
    kind: (zh, en) for kinds, zh, en in _SAID for kind in kinds.split()
}


def misfit_words(problems: Sequence[Mapping[str, object]], *, file: bool = False) -> Words:
    """Say which fields do not fit and why, the first few of them.

    A problem has `loc`, `type` and `ctx` as pydantic gives them. A validator of ours that raises
    `ValueError(Words(…))` is quoted; another one is only where a `file` of our own is read, whose
    validators are all ours.
    """
    whole = "file" if file else "body"
    problems = [one for one in problems if not _is_echo(one, problems)]
    said = [
        (_place(one.get("loc"), whole), _what(one, quoted=file)) for one in problems[:SHOWN_MAX]
    ]
    en = "; ".join(f"{place}: {what}" for place, what in said)
    zh = ";".join(f"{place}:{what.zh}" for place, what in said)
    more = len(problems) - SHOWN_MAX
    return Words(f"{en}; … {more} more", f"{zh};…… 还有 {more} 处") if more > 0 else Words(en, zh)


def _is_echo(problem: Mapping[str, object], problems: Sequence[Mapping[str, object]]) -> bool:
    """Tell whether a list is said to lack items only because those it has do not fit."""
    if problem.get("type") != "too_short":
        return False
    path = _path(problem)
    return any(len(_path(one)) > len(path) and _path(one)[: len(path)] == path for one in problems)


def _path(problem: Mapping[str, object]) -> tuple[object, ...]:
    loc = problem.get("loc")
    return tuple(loc) if isinstance(loc, tuple | list) else ()


def _what(problem: Mapping[str, object], *, quoted: bool) -> Words:
    given = problem.get("ctx")
    fields = given if isinstance(given, Mapping) else {}
    own = getattr(fields.get("error"), "args", ())
    if own and (quoted or isinstance(own[0], Words)):
        return own[0] if isinstance(own[0], Words) else Words(str(own[0]), str(own[0]))
    zh, en = MISFITS.get(str(problem.get("type")), NEUTRAL)
    in_zh = {name: str(value).replace(" or ", " 或 ") for name, value in fields.items()}
    said = _ONE_OF.sub(r"1 \1", en.format_map(_Shown(fields)))
    return Words(said, zh.format_map(_Shown(in_zh)))


def _place(loc: object, whole: str) -> str:
    """Return a field's place; names the caller chose are kept short and printable."""
    parts = loc if isinstance(loc, tuple | list) and loc else (whole,)
    path = ".".join(map(str, parts))
    return "".join(char if char.isprintable() else "?" for char in path)[:PLACE_CHARS_MAX]


class _Shown(dict[str, object]):
    """Keeps a text readable when the validator left a figure out."""

    def __missing__(self, key: str) -> str:
        return "?"
