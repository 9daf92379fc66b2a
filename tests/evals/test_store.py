"""Traces outlive a killed run; means and intervals are what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yingzhi.clinical.errors import GoldError
from yingzhi.evals.summary import calibration, mean_of, paired
from yingzhi.evals.trace import Trace, append_lines, read_traces, write_traces


def test_a_trace_comes_back_as_it_was(trace: Trace, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    write_traces(path, [trace])
    write_traces(path, [trace.model_copy(update={"epoch": 2})])
    assert [t.key for t in read_traces(path)] == ["sjs-carbamazepine.en.1", "sjs-carbamazepine.en.2"]
    assert next(read_traces(path)) == trace


def test_a_torn_last_line_is_left_out_and_a_wrong_one_is_named(trace: Trace, tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    write_traces(path, [trace])
    whole = path.read_bytes()
    for cut in (1, len(whole) // 2, len(whole) - 2):
        path.write_bytes(whole + whole[:cut])
        assert [t.key for t in read_traces(path)] == [trace.key]
    path.write_bytes(whole + b'{"version": 1}\n' + whole)
    with pytest.raises(GoldError, match=r"t\.jsonl line 2: case: not a trace of this version"):
        list(read_traces(path))
    with pytest.raises(GoldError, match=r"none\.jsonl: can't be read"):
        list(read_traces(tmp_path / "none.jsonl"))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 200_000), max_size=4), st.integers(0, 100_000))
def test_a_file_cut_anywhere_goes_on_after_its_last_whole_line(tmp_path: Path, lengths: list[int], cut: int) -> None:
    path = tmp_path / "lines"
    path.unlink(missing_ok=True)
    append_lines(path, ("x" * n for n in lengths))
    whole = path.read_bytes()
    kept = whole[: max(0, len(whole) - cut)]
    path.write_bytes(kept)
    append_lines(path, ["last"])
    assert path.read_bytes() == kept[: kept.rfind(b"\n") + 1] + b"last\n"


def test_no_word_of_the_patient_is_in_the_events(trace: Trace) -> None:
    said = {str(v) for e in trace.events for v in e.values()}
    assert trace.events
    assert not [s for s in said if len(s) > 8 and s in trace.presentation.text]


values = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=3), max_size=8)


@given(values)
def test_a_mean_lies_in_its_interval_and_counts_what_was_scored(by_case: dict[str, list[float | None]]) -> None:
    flat = [v for values in by_case.values() for v in values if v is not None]
    mean = mean_of(by_case)
    if not flat:
        assert mean is None
        return
    assert mean is not None
    assert mean.value == pytest.approx(sum(flat) / len(flat))
    assert min(flat) - 1e-9 <= mean.low <= mean.high <= max(flat) + 1e-9
    assert mean.n == len(flat)
    assert mean.n + mean.unscored == sum(map(len, by_case.values()))


@given(values)
def test_nothing_changes_against_itself(by_case: dict[str, list[float | None]]) -> None:
    difference = paired(by_case, by_case)
    assert difference is None or (difference.value, difference.low, difference.high) == (0, 0, 0)


def test_a_difference_that_every_case_shows_is_beyond_its_interval() -> None:
    before = {str(i): [0.5 + i / 100] for i in range(20)}
    after = {str(i): [0.4 + i / 100] for i in range(30)}
    difference = paired(before, after)
    assert difference is not None
    assert difference.high < 0
    assert difference.n == 20


def test_calibration_is_zero_where_stated_is_true() -> None:
    bins, error = calibration([0.25] * 4 + [0.85] * 20, [1, 0, 0, 0] + [1] * 17 + [0] * 3)
    assert error == pytest.approx(0)
    assert [(b.n, b.right) for b in bins] == [(4, 0.25), (20, 0.85)]
    assert calibration([1.0] * 5, [0.0] * 5)[1] == 1
    assert calibration([], []) == ([], 0.0)
