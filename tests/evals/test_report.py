"""The report of runs: one file that asks for nothing, says what the runs say, and runs nothing that a case holds. Read in Chromium."""

from __future__ import annotations

import dataclasses
import os
import shutil
import string
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.settings import checked
from yingzhi.agents.specialist import Resources
from yingzhi.clinical.errors import GoldError
from yingzhi.clinical.words import Language
from yingzhi.evals.cases import GOLD, GoldCase, load_case
from yingzhi.evals.engine import run_gold
from yingzhi.evals.judge_grades import Grade, grades_file, judge_scorers
from yingzhi.evals.report import report, write_report
from yingzhi.evals.report_words import WORDS
from yingzhi.evals.runs import Run, scores_of, start_run, write_scores
from yingzhi.evals.score import Score, Scorer
from yingzhi.evals.scorers import standard
from yingzhi.graphs.result import pins
from yingzhi.prompts.load import load_prompt
from yingzhi.testing import ScriptedModel

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page

CHROMIUM = shutil.which("chromium")
in_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to read the report in")
HOSTILE = "</td><script>document.title='owned'</script><img src=http://127.0.0.1:9/x onerror=\"document.title='owned'\"> $x^2$ & so on"
PLOTS = ("calibration", "cost-workup-price", "cost-tokens", "intervals-0")


class Reported(NamedTuple):
    runs: tuple[Run, Run]
    scorers: tuple[Scorer, ...]
    file: Path


def made(root: Path, name: str, cases: list[GoldCase], resources: Resources, added: str) -> Run:
    """A run with a model that says nothing, under a prompt of its own."""
    folder = root / f"prompts-{name}"
    folder.mkdir()
    (folder / "history.en.md").write_text(load_prompt("history", "en").source + added, encoding="utf-8")
    settings = checked({"model": "m", "base_url": "http://127.0.0.1:1/v1", "prompts": str(folder)}, {})
    rich = dataclasses.replace(resources, models=Models(settings, given=ScriptedModel(replies=["{}"], repeat=True)))
    run = start_run(root, name, cases, ("zh", "en"), rich, pins(rich))
    run_gold(run, cases, rich, 2)
    return run


def spoil(run: Run) -> None:
    """Let one case fall: a gate, a score and a figure, with a reason that would like to be a script."""
    rows = []
    for row in scores_of(run):
        if row.case == "sjs-carbamazepine":
            row.scores |= {"critical-alerts": Score(value=0.5, why=HOSTILE), "findings": Score(value=0.1, why="fell")}
        row.scores["tokens"] = Score(value=4321.0)
        rows.append(row)
    write_scores(run, rows)


def judged(run: Run, grades: tuple[int, int]) -> None:
    """Grades of two judges on every trace."""
    given = [
        Grade(
            case=r.case,
            lang=r.lang,
            criterion="summary",
            judge=judge,
            prompt=f"judge-summary.{r.lang}@1+0",
            shown="0",
            grade=grade,
            why="said",
        )
        for r in scores_of(run)
        for judge, grade in zip(("one", "two"), grades, strict=True)
    ]
    grades_file(run.folder).write_text("".join(g.model_dump_json() + "\n" for g in given), encoding="utf-8")


@pytest.fixture(scope="module")
def reported(gold: GoldCase, resources: Resources, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    root = tmp_path_factory.mktemp("report")
    cases = [gold, load_case(GOLD / "psoriasis-vulgaris-taken-for-fungus.yaml")]
    runs = (
        made(root, "old", cases, resources, ""),
        made(root, "new", cases, resources, "\nBe brief </pre><script>document.title='owned'</script>\n"),
    )
    spoil(runs[1])
    judged(runs[1], (4, 2))
    scorers = (*standard(), *judge_scorers(runs[1].folder))
    out = root / "report.html"
    write_report(runs, scorers, out, ["age"])
    return Reported(runs, scorers, out)


@pytest.fixture(scope="module")
def page(reported: Reported) -> Iterator[Page]:
    """The report in Chromium; what it asked for and complained of is kept on the way."""
    from playwright.sync_api import sync_playwright

    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if root else [])
        shown = browser.new_page(viewport={"width": 1300, "height": 900})
        HEARD.clear()
        shown.on("request", lambda r: HEARD.append(f"asked for {r.url}"))
        shown.on("console", lambda m: HEARD.append(f"{m.type}: {m.text}"))
        shown.on("pageerror", lambda e: HEARD.append(f"error: {e}"))
        shown.on("dialog", refuse)
        shown.goto(reported.file.as_uri())
        yield shown
        browser.close()


HEARD: list[str] = []


def refuse(dialog: Dialog) -> None:
    HEARD.append("dialog")
    dialog.dismiss()


@in_chromium
def test_nothing_is_asked_for_and_nothing_of_a_case_runs(page: Page, reported: Reported) -> None:
    page.wait_for_timeout(300)
    heard = list(HEARD)
    assert heard == [f"asked for {reported.file.as_uri()}"]
    assert page.title() == "Report of the evals: old, new"
    assert page.evaluate("document.scripts.length") == 1
    assert page.locator("td.reason", has_text="$x^2$ & so on").count() >= 1
    assert page.locator("pre .plus", has_text="</pre><script>").count() == 1
    blocked = "fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')"
    assert page.evaluate(blocked) == "refused"
    assert any("Content Security Policy" in said for said in HEARD)  # refused by the page, not for want of a server


@in_chromium
@pytest.mark.parametrize("name", PLOTS)
def test_each_plot_is_seen_and_its_words_are_text(name: str, page: Page) -> None:
    plot = page.locator(f"#plot-{name}")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    assert box["width"] > 400
    assert box["height"] > 80
    words = plot.locator("text").all_text_contents()
    assert sum(bool(w.strip()) for w in words) > 5
    for text in plot.locator("text").all()[:3]:
        shape = text.bounding_box()
        assert shape is not None
        assert shape["height"] > 5
    assert plot.get_attribute("aria-label")
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert page.evaluate("[...document.querySelectorAll('svg use')].every(u => document.getElementById(u.getAttribute('href').slice(1)))")


@in_chromium
def test_plots_take_the_colours_of_the_page_in_light_and_dark(page: Page) -> None:
    def colours() -> tuple[str, str, str]:
        body = "getComputedStyle(document.body)"
        text = "getComputedStyle(document.querySelector('#plot-calibration text'))"
        page_, ink, drawn = page.evaluate(f"[{body}.backgroundColor, {body}.color, {text}.fill]")
        return page_, ink, drawn

    page.emulate_media(color_scheme="light")
    light = colours()
    page.emulate_media(color_scheme="dark")
    dark = colours()
    page.emulate_media(color_scheme="light")
    assert light[1] == light[2]
    assert dark[1] == dark[2]
    assert light[0] != dark[0]
    assert light[1] != dark[1]


@in_chromium
def test_the_points_of_a_plot_name_their_case(page: Page) -> None:
    titles = page.locator("#plot-cost-workup-price use > title").all_text_contents()
    assert {t.split(": ")[0] for t in titles} == {
        f"{case} · {run}" for case in ("sjs-carbamazepine", "psoriasis-vulgaris-taken-for-fungus") for run in ("old", "new")
    }
    assert any("findings: -0." in t for t in page.locator("#plot-intervals-0 use > title").all_text_contents())


@in_chromium
def test_the_matrix_has_a_cell_for_each_case_scorer_and_language(page: Page, reported: Reported) -> None:
    scored = {name for run in reported.runs for row in scores_of(run) for name, s in row.scores.items() if s.value is not None}
    names = [s.name for s in reported.scorers if s.name in scored]
    assert "judge:summary" in names
    titles = set(page.evaluate("[...document.querySelectorAll('#matrix td[title]')].map(td => td.title.split('\\n')[0])"))
    wanted = {
        f"{case}.{lang} · {name} · {run.manifest.id}"
        for case in ("sjs-carbamazepine", "psoriasis-vulgaris-taken-for-fungus")
        for lang in ("zh", "en")
        for name in names
        for run in reported.runs
    }
    assert wanted <= titles
    assert {t.split(" · ")[1] for t in titles - wanted} == {"parity"}
    assert page.locator("#matrix tbody").first.get_attribute("data-find").startswith("sjs-carbamazepine ")  # type: ignore[union-attr]  # the worst
    assert page.locator("#matrix td.gone").count() >= 2


@in_chromium
def test_a_cell_gives_its_reason_to_the_pointer_and_to_a_click(page: Page) -> None:
    cell = page.locator("#matrix td[title^='sjs-carbamazepine.en · critical-alerts · new']")
    cell.hover()
    under = page.evaluate("document.querySelector('td:hover').title")
    assert "0.5: " in under
    assert HOSTILE in under
    cell.click()
    assert page.locator("#told").text_content() == under


@in_chromium
def test_a_case_is_found_by_its_name_its_tag_or_what_is_wrong_with_it(page: Page) -> None:
    def shown() -> list[str]:
        found = page.evaluate(
            "[...document.querySelectorAll('#matrix tbody')].filter(b => !b.hidden).map(b => b.dataset.find.split(' ')[0])"
        )
        return sorted(found)

    both = ["psoriasis-vulgaris-taken-for-fungus", "sjs-carbamazepine"]
    assert shown() == both
    page.fill("#find", "Taken FUNGUS")
    assert shown() == both[:1]
    page.fill("#find", "group:emergency")
    assert shown() == both[1:]
    page.fill("#find", "")
    page.select_option("#show", "changed")
    assert shown() == both[1:]
    assert page.locator("#count").text_content() == "1"
    page.select_option("#show", "all")
    assert shown() == both


@in_chromium
def test_a_narrow_window_scrolls_within_the_matrix_only(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    try:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate("(m => m.scrollWidth > m.clientWidth)(document.getElementById('matrix'))")
        assert page.evaluate("document.querySelector('#matrix .case').getBoundingClientRect().width") < 200
    finally:
        page.set_viewport_size({"width": 1300, "height": 900})


@in_chromium
def test_tables_and_headings_can_be_followed_without_seeing_them(page: Page) -> None:
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("h1").count() == 1
    assert page.evaluate("[...document.querySelectorAll('th')].every(th => th.hasAttribute('scope'))")
    assert page.evaluate(
        "[...document.querySelectorAll('[aria-labelledby]')].every(e => document.getElementById(e.getAttribute('aria-labelledby')))"
    )


def test_the_verdict_is_in_words_and_the_reasons_stand_by_what_changed(reported: Reported) -> None:
    html = reported.file.read_text(encoding="utf-8")
    for said in (
        "new against old: gates lost 2, won 0.",
        "By the rules of “eval promote”, new would be refused.",
        "new: gates of safety do not hold,",
        "Agreement of the judges of new",
        "age:adult",
        "≠ differs",
        "+Be brief &lt;/pre&gt;",
        "&lt;script&gt;",
    ):
        assert said in html
    assert "<script>document" not in html


def test_the_same_runs_give_the_same_bytes(reported: Reported) -> None:
    assert report(reported.runs, reported.scorers, ["age"]) == reported.file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("lang", "tag", "says"), [("zh", "zh-Hans", "安全关口失守"), ("en", "en", "gates of safety do not hold")])
def test_one_run_is_reported_alone_in_either_language(lang: Language, tag: str, says: str, reported: Reported) -> None:
    html = report([reported.runs[1]], reported.scorers, lang=lang)
    assert f'<html lang="{tag}">' in html
    assert says in html
    assert 'id="plot-calibration"' in html
    for absent in ("intervals-0", 'id="changes"', 'id="slices"', 'value="changed"'):
        assert absent not in html


def test_the_words_of_both_languages_ask_for_the_same_values() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert {key for key, (en, zh) in WORDS.items() if fields(en) != fields(zh) or not zh} == set()


def test_a_run_of_which_cases_are_missing_says_so(reported: Reported, tmp_path: Path) -> None:
    folder = shutil.copytree(reported.runs[0].folder, tmp_path / "part")
    part = Run(folder, reported.runs[0].manifest)
    write_scores(part, scores_of(part)[:3])
    assert "old is not finished: 3 of 4 were scored." in report([part], reported.scorers)


def test_a_run_that_was_never_scored_leaves_no_file(reported: Reported, tmp_path: Path) -> None:
    folder = shutil.copytree(reported.runs[0].folder, tmp_path / "raw", ignore=shutil.ignore_patterns("scores.jsonl"))
    with pytest.raises(GoldError, match="not scored yet"):
        write_report([Run(folder, reported.runs[0].manifest)], reported.scorers, tmp_path / "out.html")
    assert not (tmp_path / "out.html").exists()
