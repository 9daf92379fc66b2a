"""One small call before the first consultation, to say plainly what is wrong."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from yingzhi.agents.models.chat import Models
from yingzhi.agents.models.policy import POLICIES, classify
from yingzhi.agents.models.settings import NAMES
from yingzhi.clinical.errors import ModelUnavailable
from yingzhi.prompts.load import load_prompt

SECONDS = 20.0
ALWAYS = ("repair", "verify")
"""Prompts that every specialist shares."""


async def probe(models: Models) -> None:
    """Read every prompt that will be used, and ask each model for one word.

    Raises:
        SettingsError: A prompt file is wrong.
        ModelUnavailable: A model can't be used; the sentence names it, its host and why.
    """
    for name in (n for n in (*NAMES, *ALWAYS) if n in ALWAYS or models.uses(n)):
        for language in ("zh", "en"):
            load_prompt(name, language, models.settings.prompt_root)
    asked: set[tuple[str, str]] = set()
    for name in NAMES:
        settings = models.settings.of(name)
        chat = models.for_specialist(name)
        if chat is None or (settings.url, settings.model) in asked:
            continue
        asked.add((settings.url, settings.model))
        try:
            async with asyncio.timeout(min(SECONDS, settings.call_seconds)):
                await chat.ainvoke("Answer with the word: ready")
        except Exception as error:  # whatever it is, it is one of the table's kinds
            kind, _ = classify(error)
            if kind == "truncated":  # it spoke; that is all that was asked
                continue
            host = urlsplit(settings.url).netloc or "its endpoint"
            raise ModelUnavailable(f"model {settings.model} at {host}: {POLICIES[kind].en} ({kind})") from None
