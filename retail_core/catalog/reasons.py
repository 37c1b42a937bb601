"""Why a row of a catalogue file was not taken, as codes with both texts."""

from dataclasses import dataclass
from enum import StrEnum


class RowReason(StrEnum):
    """What is wrong with a cell; the value is stable for programs."""

    BARCODE_DUPLICATE = "barcode_duplicate"
    BARCODE_INVALID = "barcode_invalid"
    CONTROL_CHARACTER = "control_character"
    DATE_INVALID = "date_invalid"
    DECIMALS = "decimals"
    NEGATIVE = "negative"
    NOT_AN_AMOUNT = "not_an_amount"
    QUOTES = "quotes"
    REQUIRED = "required"
    SKU_DUPLICATE = "sku_duplicate"
    SKU_INVALID = "sku_invalid"
    CODE_DUPLICATE = "code_duplicate"
    CODE_INVALID = "code_invalid"
    CODE_UNKNOWN = "code_unknown"
    NOT_A_QUANTITY = "not_a_quantity"
    TIME_INVALID = "time_invalid"
    ZONE_UNKNOWN = "zone_unknown"
    COLUMN_DUPLICATE = "column_duplicate"
    COLUMN_UNKNOWN = "column_unknown"
    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"
    TOO_MANY_CELLS = "too_many_cells"
    BARCODE_CHECK_DIGIT = "barcode_check_digit"
    BARCODE_SCIENTIFIC = "barcode_scientific"
    BARCODE_TAKEN = "barcode_taken"
    BARCODE_ZEROS_LOST = "barcode_zeros_lost"
    COUNT_OLDER = "count_older"
    DAY_FUTURE = "day_future"
    DAY_PAST = "day_past"
    ROW_DUPLICATE = "row_duplicate"
    SCOPE_TWICE = "scope_twice"
    STATUS_UNKNOWN = "status_unknown"
    KIND_UNKNOWN = "kind_unknown"
    FIGURE_INVALID = "figure_invalid"


TEXTS: dict[RowReason, tuple[str, str]] = {
    RowReason.BARCODE_DUPLICATE: ("条码重复", "the barcode stands in an earlier place too"),
    RowReason.BARCODE_INVALID: (
        "条码只能是数字、字母和横线;科学计数法请改为文本",
        "a barcode is digits, letters and dashes; turn a 6.9E+12 back into text",
    ),
    RowReason.CONTROL_CHARACTER: ("含有看不见的字符", "it holds an invisible character"),
    RowReason.DATE_INVALID: ("日期要写成 2026-07-31", "a date is written 2026-07-31"),
    RowReason.DECIMALS: ("最多两位小数", "at most two decimals"),
    RowReason.NEGATIVE: ("不能为负", "it may not be negative"),
    RowReason.NOT_AN_AMOUNT: ("不是金额", "not an amount"),
    RowReason.QUOTES: (
        "引号不成对,从这一行起都没有读",
        "the quotes do not close; nothing was read from this row on",
    ),
    RowReason.REQUIRED: ("不能为空", "it may not be empty"),
    RowReason.SKU_DUPLICATE: ("货号重复", "the sku stands in an earlier row too"),
    RowReason.SKU_INVALID: (
        "货号只能是数字、字母、横线、下划线和点",
        "a sku is digits, letters, dashes, underscores and dots",
    ),
    RowReason.CODE_DUPLICATE: ("编号重复", "the code stands in an earlier row too"),
    RowReason.CODE_INVALID: (
        "编号只能是数字、字母、横线、下划线和点",
        "a code is digits, letters, dashes, underscores and dots",
    ),
    RowReason.CODE_UNKNOWN: ("没有这个编号,请先导入它", "this code is unknown; import it first"),
    RowReason.NOT_A_QUANTITY: (
        "不是数量,最多三位小数",
        "not a quantity; at most three decimals, not negative",
    ),
    RowReason.TIME_INVALID: ("时间要写成 04:00", "a time of day is written 04:00"),
    RowReason.ZONE_UNKNOWN: (
        "没有这个时区,例如 Asia/Shanghai",
        "no such time zone; one is Asia/Shanghai",
    ),
    RowReason.COLUMN_DUPLICATE: (
        "列名重复,只用了第一列",
        "the column is there twice; the first is used",
    ),
    RowReason.COLUMN_UNKNOWN: ("不认识的列,没有读", "an unknown column; it was not read"),
    RowReason.TOO_LARGE: ("金额太大", "the amount is too large"),
    RowReason.TOO_LONG: ("太长", "it is too long"),
    RowReason.BARCODE_CHECK_DIGIT: (
        "校验位不对,多半抄错了一位",
        "the check digit does not fit; most likely one digit is wrong",
    ),
    RowReason.BARCODE_SCIENTIFIC: (
        "条码被表格软件改成了科学计数法,尾数已丢失;请把该列设为文本后重新导出",
        "a spreadsheet turned it into 6.9E+12 and lost its digits; make the column text and export",
    ),
    RowReason.BARCODE_TAKEN: (
        "条码已属于另一个商品",
        "the barcode belongs to another article",
    ),
    RowReason.BARCODE_ZEROS_LOST: (
        "条码开头的 0 被表格软件去掉了;请把该列设为文本后重新导出",
        "a spreadsheet dropped its leading zeros; make the column text and export again",
    ),
    RowReason.COUNT_OLDER: ("已有更晚的盘点", "a later count is held already"),
    RowReason.DAY_FUTURE: ("日期在将来", "the day is still to come"),
    RowReason.DAY_PAST: (
        "生效日期已过,历史不改写;从今天起生效请留空",
        "the day is over and history stays; leave it empty to begin today",
    ),
    RowReason.ROW_DUPLICATE: ("与前面的行重复", "it repeats an earlier row"),
    RowReason.SCOPE_TWICE: ("门店和大区只能填一个", "name a store or a region, not both"),
    RowReason.STATUS_UNKNOWN: ("状态只能是 在售 或 停售", "a status is active or ended"),
    RowReason.KIND_UNKNOWN: (
        "类型只能是 写字楼、住宅、购物中心、街边、学校 或 交通枢纽",
        "a kind is office, residential, mall, street, campus or transit",
    ),
    RowReason.FIGURE_INVALID: (
        "要写大于 0 的整数,不知道就空着",
        "write a whole number above 0, or leave it empty",
    ),
    RowReason.TOO_MANY_CELLS: ("这一行的格子比表头多", "the row has more cells than the header"),
}


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in one cell; rows count from 1, as a spreadsheet shows them."""

    row: int
    column: str
    reason: RowReason
    value: str = ""

    def text(self, language: str = "zh") -> str:
        """Return the reason for a person in `zh` or `en`."""
        chinese, english = TEXTS[self.reason]
        return chinese if language == "zh" else english
