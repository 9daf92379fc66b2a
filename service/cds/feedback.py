"""What became of the cards: accepted, or set aside and why. Nothing of a patient is kept, and no words that were not de-identified."""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC

from yingzhi.service.cds.cards import Issued
from yingzhi.service.cds.reasons import REASONS, REASONS_SYSTEM
from yingzhi.service.cds.wire import Coding, Feedback
from yingzhi.service.problems import Problem
from yingzhi.tools.deidentify import Masker

SCHEMA = """
CREATE TABLE IF NOT EXISTS cds_card (  -- cards that were given out: by which rule, never for whom
    tenant TEXT NOT NULL, card TEXT NOT NULL, service TEXT NOT NULL, about TEXT NOT NULL, indicator TEXT NOT NULL, issued REAL NOT NULL,
    PRIMARY KEY (tenant, card)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cds_card_by_time ON cds_card (tenant, issued);

CREATE TABLE IF NOT EXISTS cds_feedback (
    tenant TEXT NOT NULL,
    card TEXT NOT NULL,
    outcome TEXT NOT NULL,               -- accepted, overridden
    at TEXT NOT NULL,                    -- when the doctor acted, UTC
    reason_system TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    comment TEXT NOT NULL DEFAULT '',    -- de-identified
    received REAL NOT NULL,
    PRIMARY KEY (tenant, card, outcome, at)
) WITHOUT ROWID;
"""
KEPT = 90 * 86400.0
"""Seconds that a card waits for feedback; without any it is forgotten."""
CODE, SYSTEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"), re.compile(r"(?:https?://|urn:)[A-Za-z0-9._~:/?#&=%-]{1,200}")


def note_cards(db: sqlite3.Connection, tenant: str, service: str, cards: Iterable[Issued], now: float) -> None:
    """Remember which cards were given out; the same call again gives the same cards."""
    db.execute(
        "DELETE FROM cds_card WHERE tenant = ? AND issued < ?"
        " AND NOT EXISTS (SELECT 1 FROM cds_feedback f WHERE f.tenant = cds_card.tenant AND f.card = cds_card.card)",
        (tenant, now - KEPT),
    )
    db.executemany(
        "INSERT OR IGNORE INTO cds_card (tenant, card, service, about, indicator, issued) VALUES (?, ?, ?, ?, ?, ?)",
        [(tenant, str(c.card.uuid), service, c.about, c.card.indicator, now) for c in cards],
    )


def add_feedback(db: sqlite3.Connection, tenant: str, service: str, given: Sequence[Feedback], now: float) -> None:
    """Put outcomes on record, all or none; the same one again changes nothing.

    Raises:
        Problem: 404, a card that this service never gave this tenant; 422, a reason that is no code, or an acceptance of nothing.
    """
    for number, one in enumerate(given):
        place = f"feedback.{number}"
        if (
            db.execute("SELECT 1 FROM cds_card WHERE tenant = ? AND card = ? AND service = ?", (tenant, str(one.card), service)).fetchone()
            is None
        ):
            raise Problem(404, "Not found", "there is no such card", field=f"{place}.card")
        if one.outcome == "accepted" and not one.accepted_suggestions:
            raise Problem(
                422, "The feedback is incomplete", "which suggestions were accepted has to be said", field=f"{place}.acceptedSuggestions"
            )
        given_reason = one.override_reason.reason if one.override_reason else None
        system, code = reason_of(given_reason, f"{place}.overrideReason.reason")
        comment = without_identity(one.override_reason.user_comment or "") if one.override_reason else ""
        db.execute(
            "INSERT OR IGNORE INTO cds_feedback (tenant, card, outcome, at, reason_system, reason, comment, received)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (tenant, str(one.card), one.outcome, one.outcome_timestamp.astimezone(UTC).isoformat(), system, code, comment, now),
        )


def reason_of(reason: Coding | None, place: str) -> tuple[str, str]:
    """System and code of a reason; a client may have reasons of its own, as codes. What it calls them is not kept.

    Raises:
        Problem: 422; not one of our list, or not a code at all.
    """
    if reason is None:
        return "", ""
    if reason.system == REASONS_SYSTEM and reason.code not in REASONS:
        raise Problem(422, "The reason is not known", "one of the card's override reasons is expected", field=f"{place}.code")
    if not SYSTEM.fullmatch(reason.system):
        raise Problem(422, "The reason is not a code", "an address or a URN is expected", field=f"{place}.system")
    if not CODE.fullmatch(reason.code):
        raise Problem(422, "The reason is not a code", "letters, digits, . _ and - are expected, 64 at most", field=f"{place}.code")
    return reason.system, reason.code


def without_identity(comment: str) -> str:
    """A comment with every identifier replaced and every date moved, by a key that nobody keeps."""
    return Masker(secrets.token_hex(16)).mask(comment.strip()) if comment.strip() else ""


def tally(db: sqlite3.Connection, tenant: str) -> list[sqlite3.Row]:
    """How often each rule's cards were accepted or set aside, and why: which alerts help, and which only tire.

    Returns:
        Rows of about, outcome, reason, count; the most frequent first.
    """
    return db.execute(
        "SELECT c.about, f.outcome, f.reason, count(*) AS count"
        " FROM cds_feedback f JOIN cds_card c ON c.tenant = f.tenant AND c.card = f.card"
        " WHERE f.tenant = ? GROUP BY c.about, f.outcome, f.reason ORDER BY count DESC, c.about",
        (tenant,),
    ).fetchall()
