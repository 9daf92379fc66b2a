"""Language models as judges of what rules can't score: one reads a stored trace and its gold case and gives a grade with a sentence.

What is known of the limits of such judges, and what is done here about it:

- Shown two answers, they prefer one place over the other, and longer answers (Zheng et al. 2023, arXiv:2306.05685). Here each consultation
  is graded by itself, so there is no order of answers; length is named in the rubrics as no merit, which is not known to be enough.
- They favour what they wrote themselves, the more the better they recognise it (Panickssery et al. 2024, arXiv:2404.13076). A judge is
  never told which run or model it judges; style may still give it away. Better a judge of another family than the model of the run.
- One criterion a request, so that one grade does not rub off on the next.
- That a judge is right can't be seen from its grades. Two judges and their agreement (`judge_agreement`) show where they are not even
  consistent; a sample that doctors graded would be needed to show more. So these scores are reported and never are gates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from yingzhi.agents.models.budget import BudgetSpent
from yingzhi.agents.models.call import Line, ask
from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.loop import in_form, line_to, opening_turns, response_form
from yingzhi.agents.models.policy import CallFailed
from yingzhi.agents.models.session import Session, open_session
from yingzhi.agents.models.view import schema_text
from yingzhi.agents.proposals import Judgement
from yingzhi.clinical.errors import GoldError, MalformedResult, SettingsError
from yingzhi.clinical.words import Language
from yingzhi.evals.cases import LANGUAGES, GoldCase
from yingzhi.evals.judge_grades import CRITERIA, Criterion, Grade, grades_file, read_grades
from yingzhi.evals.judge_material import fingerprint, material
from yingzhi.evals.runs import Run, traces_of
from yingzhi.evals.trace import Trace, append_lines
from yingzhi.prompts.load import JUDGES, Prompt, load_prompt, render
from yingzhi.tools.untrusted import data_block, plain_answer, strip_invisible

NAME = "judge"
LONGEST = 400
"""Characters of a reason that are kept."""


async def judge_run(
    run: Run,
    cases: Mapping[str, GoldCase],
    judges: Sequence[Models],
    only: Iterable[str] | None = None,
    at_once: int = 4,
    step: Callable[[], None] = lambda: None,
) -> None:
    """Have the traces of a run judged and keep every grade at once; what has its grade already is not asked again.

    A judge that fails leaves an entry with its reason instead of a grade, and is asked again the next time.

    Args:
        run: With traces.
        cases: The gold by id.
        judges: One or more, each another model.
        only: Ids of the cases that are to be judged; all by default.
        at_once: Traces at once, each by one judge.
        step: Called for every grade that was given, or had been there.

    Raises:
        GoldError: A trace is of a case that is not among the gold, or the kept grades are of another version.
        SettingsError: Two judges are the same model or have other rubrics, or a rubric or a judge's settings are wrong.
    """
    prompts = rubrics(judges)
    wanted = None if only is None else set(only)
    traces = [t for t in traces_of(run).values() if wanted is None or t.case in wanted]
    if missing := [t.case for t in traces if t.case not in cases]:
        raise GoldError(f"{run.manifest.id}: {missing[0]} is not among the gold cases")
    for models in judges:
        models.for_specialist(NAME)  # what is wrong with its settings is said before the first trace
    done = {g.identity for g in read_grades(grades_file(run.folder)) if not g.failed}
    turn = asyncio.Semaphore(at_once)

    async def one(trace: Trace, models: Models) -> None:
        async with turn:
            session = open_session(models)  # budget, mask and nonce of their own for every trace, as in a consultation
            for criterion in CRITERIA:
                texts, nothing = material(criterion, cases[trace.case], trace)
                blank = Grade(
                    case=trace.case,
                    lang=trace.lang,
                    epoch=trace.epoch,
                    criterion=criterion,
                    judge=models.settings.model,
                    prompt=prompts[criterion, trace.lang].ref,
                    shown=fingerprint(texts),
                    why=nothing,
                )
                if blank.identity not in done:
                    grade = blank if nothing else await graded(blank, prompts[criterion, trace.lang], texts, session)
                    append_lines(grades_file(run.folder), [grade.model_dump_json()])
                step()

    try:
        async with asyncio.TaskGroup() as group:
            for trace in traces:
                for models in judges:
                    group.create_task(one(trace, models))
    finally:
        for models in judges:
            await models.aclose()


def rubrics(judges: Sequence[Models]) -> dict[tuple[Criterion, Language], Prompt]:
    """The prompts that all judges share.

    Raises:
        SettingsError: As `judge_run` says.
    """
    names = [models.settings.model for models in judges]
    if len(set(names)) < len(names):
        raise SettingsError("the judges must be different models: how far one agrees with itself says nothing")
    found: list[dict[tuple[Criterion, Language], Prompt]] = [
        {(c, lang): load_prompt(f"{JUDGES}{c}", lang, models.settings.prompt_root) for c in CRITERIA for lang in LANGUAGES}
        for models in judges
    ]
    if any(one != found[0] for one in found):
        raise SettingsError("the judges must have the same prompts, else their grades can't be compared")
    return found[0]


async def graded(blank: Grade, prompt: Prompt, texts: Mapping[str, str], session: Session) -> Grade:
    """The grade of one trace by one criterion, or the kind of the judge's failure; never raises for what a model or its endpoint does.

    Args:
        blank: Says of what the grade is.
        prompt: The rubric.
        texts: What the judge is shown, by data block.
        session: Of this trace and judge.
    """
    settings = session.models.settings.of(NAME)
    line: Line | None = None
    try:
        chat = session.models.for_specialist(NAME)
        if chat is None:
            return blank.model_copy(update={"failed": "no model"})
        line = line_to(NAME, chat, settings, session, _untold, blank.criterion)
        async with asyncio.timeout(max(0.001, min(settings.specialist_seconds, session.budget.seconds_left()))):
            blocks = {name: data_block(name, strip_invisible(session.mask(text)), session.key) for name, text in texts.items()}
            messages = opening_turns(render(prompt, schema=schema_text(NAME), **blocks), session)
            answer = await ask(line, messages, (), response_form(NAME, settings))
            found = await in_form(NAME, blank.lang, session, line, messages, answer)
        assert isinstance(found, Judgement)
        update: dict[str, Any] = {"grade": found.grade, "why": " ".join(plain_answer(found.why, LONGEST).split())}
    except BudgetSpent as end:
        update = {"failed": f"budget: {end.args[0]}"}
    except CallFailed as error:
        update = {"failed": error.kind}
    except MalformedResult:
        update = {"failed": "malformed"}
    except TimeoutError:
        update = {"failed": "deadline"}
    except Exception as error:  # a judge that breaks is an unscored result, not the end of the judging
        update = {"failed": type(error).__name__}
    if line is not None:
        tally = line.tally
        update |= {"calls": tally.calls, "tokens": tally.tokens_in + tally.tokens_out, "cost": round(tally.cost, 6)}
    return blank.model_copy(update=update)


def _untold(_kind: str, _fields: Mapping[str, Any]) -> None:
    """A judging has no stream of events."""
