"""What a draft says of drug safety beside the alerts themselves: onset, neighbours, what is to be watched, what was not checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from yingzhi.clinical.alert_board import ReviewedProblem
from yingzhi.clinical.document import Sentence
from yingzhi.clinical.medication import Onset
from yingzhi.clinical.treatment import TreatmentReview
from yingzhi.clinical.words import Text
from yingzhi.tools.problems import onset_of

Say = Callable[..., Sentence]
"""Wording in both languages and the paths it rests on, to a sentence."""
NO_WORDS = Text(en="", zh="")
ONSET: Mapping[Onset, Text] = {
    "rapid": Text(en="sets in within a day", zh="起效快（1天内）"),
    "delayed": Text(en="sets in over days to weeks", zh="起效迟（数日至数周）"),
    "unknown": NO_WORDS,
}
FAILED = Text(
    en="Drug safety was not checked: this part failed. Interactions and contraindications are not known.",
    zh="用药安全未核查：该部分运行失败，相互作用与禁忌均未知。",
)
MOST = 6
"""Things listed in one sentence; of more the number is said."""


def medication_words(review: TreatmentReview | None) -> dict[str, Text]:
    """What to add to the sentence of an alert, by its id: the onset, neighbours that no rule speaks against, an acknowledgement."""
    if review is None:
        return {}
    by_alerts = {tuple(p.problem.alerts): p for p in review.problems}
    out: dict[str, Text] = {}
    for alert in review.alerts:
        problem = by_alerts.get(tuple(alert.sums)) if alert.sums else None
        if problem is None:
            continue
        words = [*_onset(problem), *_instead(problem)]
        if alert.acknowledged is not None:
            words.append(Text(en=f"Acknowledged: {alert.acknowledged.en}.", zh=f"医师已确认：{alert.acknowledged.zh}。"))
        out[alert.id] = Text(en="".join(f" {w.en}" for w in words), zh="".join(w.zh for w in words))
    return out


def _onset(one: ReviewedProblem) -> list[Text]:
    words = ONSET[onset_of(one.problem)]
    return [Text(en=f"It {words.en}.", zh=f"{words.zh}。")] if words.en else []


def _instead(one: ReviewedProblem) -> list[Text]:
    if not one.alternatives:
        return []
    names = list({a.drug: a.names for a in one.alternatives}.values())[:MOST]
    return [
        Text(
            en=f"Neighbours that no rule speaks against: {', '.join(n.en for n in names)}.",
            zh=f"同类中规则未见不利者：{'、'.join(n.zh for n in names)}。",
        )
    ]


def more_alerts(review: TreatmentReview | None, beyond: int, say: Say) -> list[Sentence]:
    """How many alerts a draft leaves out, and the drug problems that are only to be watched.

    Args:
        review: The medication result; None = it failed.
        beyond: Alerts that had no room.
        say: Writes a sentence.
    """
    out: list[Sentence] = []
    if beyond > 0:
        out.append(say(f"{beyond} more alerts stand in the result.", f"另有{beyond}条风险提示见完整结果。", "pharmacology.alerts"))
    watch = [a.title for a in review.alerts if a.level == "notice" and a.kind == "medication"] if review else []
    if watch:
        out.append(_listed("Drugs, to watch: ", "用药需注意：", watch, say, "pharmacology.alerts"))
    return out


def not_checked(review: TreatmentReview | None, say: Say) -> list[Sentence]:
    """What could not be checked; that nothing was, where the part failed."""
    if review is None:
        return [say(FAILED.en, FAILED.zh, "history.medications")]
    if not review.not_checked:
        return []
    return [_listed("Not checked: ", "未能核查：", review.not_checked, say, "pharmacology.not_checked")]


def _listed(en: str, zh: str, what: Sequence[Text], say: Say, path: str) -> Sentence:
    more = len(what) - MOST
    rest = Text(en=f"; and {more} more", zh=f"；另有{more}项") if more > 0 else NO_WORDS
    said = what[:MOST]
    return say(f"{en}{'; '.join(w.en for w in said)}{rest.en}.", f"{zh}{'；'.join(w.zh for w in said)}{rest.zh}。", path)
