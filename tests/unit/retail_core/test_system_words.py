"""What the operating system says of a file, in both languages."""

import errno
import gzip
import os
from pathlib import Path

import pytest

from retail_core.texts.system_words import system_words


def test_a_missing_file_and_a_folder_are_named_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such") as missing:
        (tmp_path / "none.json").read_bytes()
    with pytest.raises(OSError, match="directory") as folder:
        tmp_path.read_bytes()
    assert system_words(missing.value) == "No such file or directory"
    assert system_words(missing.value).zh == "没有这个文件"
    assert system_words(folder.value).zh == "这是文件夹,不是文件"


def test_a_damaged_archive_is_no_error_of_the_system(tmp_path: Path) -> None:
    packed = tmp_path / "sales.gz"
    packed.write_bytes(b"not packed at all")
    with gzip.open(packed) as file, pytest.raises(gzip.BadGzipFile) as damaged:
        file.read()
    assert "gzip" in system_words(damaged.value)
    assert system_words(damaged.value).zh == "压缩的内容不完整或已损坏"
    assert system_words(EOFError()) == "EOFError"


def test_what_has_no_words_of_ours_is_named_by_its_number() -> None:
    strange = OSError(errno.EXDEV, os.strerror(errno.EXDEV))
    assert str(errno.EXDEV) in system_words(strange).zh
    assert os.strerror(errno.EXDEV) in system_words(strange).zh
