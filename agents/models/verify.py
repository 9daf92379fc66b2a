"""A second look at citations: the model is asked, claim by claim, whether the passage bears it out. It can only take citations away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from yingzhi.agents.models.budget import BudgetSpent
from yingzhi.agents.models.call import ask
from yingzhi.agents.models.loop import line_to, response_form
from yingzhi.agents.models.policy import CallFailed, last_object
from yingzhi.agents.models.session import Emit, Session
from yingzhi.agents.models.view import schema_text
from yingzhi.agents.proposals import Verdict
from yingzhi.clinical.citation import Citation
from yingzhi.clinical.errors import MalformedResult
from yingzhi.clinical.remark import Dropped, ModelUse, Remark
from yingzhi.clinical.words import Language
from yingzhi.prompts.load import load_prompt, render
from yingzhi.tools.untrusted import data_block, strip_invisible

SHOWN = 700
"""Characters of a passage."""


async def verified(
    remarks: Sequence[Remark], shelf: Mapping[str, Citation], language: Language, session: Session, emit: Emit, use: ModelUse
) -> tuple[list[Remark], ModelUse]:
    """The remarks with the citations that the model, asked again, still stands by; unchanged if it can't be asked.

    Args:
        remarks: With citations that passed the check by words.
        shelf: What was retrieved.
        language: Of the prompt.
        session: The run's.
        emit: Takes events.
        use: What the specialist's model did so far; the second look is added to it.
    """
    pairs = [(r, c) for r, remark in enumerate(remarks) for c in remark.citations if c in shelf]
    chat = session.models.for_specialist(use.specialist)
    settings = session.models.settings.of(use.specialist)
    if not pairs or chat is None or not settings.check_citations:
        return list(remarks), use
    from langchain_core.messages import HumanMessage

    line = line_to(use.specialist, chat, settings, session, emit, "citations")
    text = "\n\n".join(f"{n}. CLAIM: {remarks[r].text}\nPASSAGE: {shelf[c].passage[:SHOWN]}" for n, (r, c) in enumerate(pairs, 1))
    block = data_block("pairs", strip_invisible(session.mask(text)), session.key)
    prompt = load_prompt("verify", language, settings.prompt_root)
    supported = set(range(1, len(pairs) + 1))
    try:
        async with asyncio.timeout(max(0.001, min(settings.specialist_seconds, session.budget.seconds_left()))):
            answer = await ask(
                line, [HumanMessage(render(prompt, pairs=block, schema=schema_text("verify")))], (), response_form("verify", settings)
            )
        supported &= set(Verdict.model_validate(last_object(str(answer.text))).supported)
    except (BudgetSpent, CallFailed, MalformedResult, ValidationError, TimeoutError):
        pass  # the check by words stands
    lost = {pairs[n - 1] for n in range(1, len(pairs) + 1) if n not in supported}
    kept = [m.model_copy(update={"citations": [c for c in m.citations if (r, c) not in lost]}) for r, m in enumerate(remarks)]
    dropped = [Dropped(what=f"citation {c}", why="not borne out, by the model's second look") for _, c in sorted(lost)]
    tally = line.tally
    return kept, use.model_copy(
        update={
            "calls": use.calls + tally.calls,
            "tokens_in": use.tokens_in + tally.tokens_in,
            "tokens_out": use.tokens_out + tally.tokens_out,
            "cost": round(use.cost + tally.cost, 6),
            "dropped": [*use.dropped, *dropped],
        }
    )
