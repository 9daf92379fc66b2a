from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

import pytest

from yingzhi.tools.deidentify import Masker


class Record(Protocol):
    @property
    def text(self) -> str: ...
    @property
    def identifiers(self) -> tuple[str, ...]: ...


@pytest.mark.parametrize("block", range(10))
def test_no_identifier_of_a_generated_record_is_left(make_record: Callable[[int], Record], block: int) -> None:
    for seed in range(block * 60, block * 60 + 60):
        record = make_record(seed)
        masker = Masker(f"leak {seed}")
        masked = masker.mask(record.text)
        bare = re.sub(r"\[[A-Z]+-[A-Z\d]{4}\]", "[]", masked)
        assert not [i for i in record.identifiers if i in bare], f"seed {seed}: {masked}"
        assert "[TEXT-" not in masked  # the whole is never hidden, only what identifies
        assert masker.unmask(masked) == record.text
        assert masker.mask(masked) == masked


def test_a_name_once_labelled_is_known_in_later_texts(make_record: Callable[[int], Record]) -> None:
    masker = Masker("later")
    masker.mask("Patient name: Olivia Ramanathan. 姓名：郭晓燕")
    assert "Ramanathan" not in masker.mask("On review Ramanathan was better.")
    assert "郭晓燕" not in masker.mask("昨日郭晓燕来电")


def test_nothing_of_the_identifiers_shows_in_the_repr_or_can_be_stored() -> None:
    import pickle

    masker = Masker("repr")
    masker.mask("患者王小明，身份证号：110105194912310021")
    assert "王" not in repr(masker)
    assert "1101" not in repr(masker)
    with pytest.raises(TypeError):
        pickle.dumps(masker)
