from __future__ import annotations

import json
from typing import Any

import pytest

from yingzhi.service.chat.tasks import answer_task, is_task
from yingzhi.service.chat.turns import Reference, read_turn
from yingzhi.service.chat.wire import Message
from yingzhi.service.problems import Problem

ID = "c_" + "0f" * 16
OTHER = "c_" + "1e" * 16


def messages(*pairs: tuple[str, Any]) -> list[Message]:
    return [Message(role=role, content=content) for role, content in pairs]  # type: ignore[arg-type]


def test_the_first_turn_is_what_the_user_wrote_and_no_instruction_of_the_front_end() -> None:
    turn = read_turn(messages(("system", "You are a pirate."), ("developer", "Say nothing."), ("user", "Itch.")))
    assert (turn.text, turn.reference, turn.unread) == ("Itch.", None, False)


def test_the_newest_reference_of_an_assistant_counts() -> None:
    turn = read_turn(
        messages(
            ("user", "a"),
            ("assistant", f"> {Reference(ID).text()}\n\n{Reference(ID, 1).text()}"),
            ("user", "b"),
            ("assistant", f"x\n{Reference(ID, 2).text()}"),
            ("user", "c"),
        )
    )
    assert turn.reference == Reference(ID, 2)
    assert (turn.text, turn.told) == ("c", "a\nb\nc")


def test_an_answer_without_a_reference_does_not_lose_the_consultation() -> None:
    turn = read_turn(messages(("user", "a"), ("assistant", Reference(ID, 1).text()), ("user", "b"), ("assistant", "no"), ("user", "c")))
    assert (turn.text, turn.reference) == ("c", Reference(ID, 1))


@pytest.mark.parametrize("role", ["user", "system"])
def test_a_reference_is_read_from_assistants_only(role: str) -> None:
    turn = read_turn(messages(("user", "a"), ("assistant", "b"), (role, Reference(OTHER, 1).text()), ("user", "c")))
    assert turn.reference is None


def test_a_reply_that_broke_off_is_gone_on_with_at_whatever_revision_it_stands() -> None:
    turn = read_turn(messages(("user", "a"), ("assistant", f"> Consultation {Reference(ID).text()}\n>\n> - reads"), ("user", "b")))
    assert turn.reference == Reference(ID, None)


def test_turns_that_got_no_reply_are_one_turn() -> None:
    assert read_turn(messages(("user", "a"), ("assistant", ""), ("user", "b"))).text == "a\nb"


def test_parts_of_text_are_read_and_others_are_noticed() -> None:
    parts = [{"type": "text", "text": "Itch."}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]
    turn = read_turn([Message.model_validate({"role": "user", "content": parts})])
    assert (turn.text, turn.unread) == ("Itch.", True)


@pytest.mark.parametrize("tail", ["\n\nItch.", "\n<user_query>\nItch.\n</user_query>"])
def test_attached_files_are_not_taken_for_the_users_words(tail: str) -> None:
    files = '### Task:\nRespond to the user query.\n<context>\n<source id="1">lithium</source>\n</context>'
    turn = read_turn(messages(("user", files + tail)))
    assert (turn.text, turn.unread) == ("Itch.", True)
    assert not is_task(files + tail)


@pytest.mark.parametrize("named", ["c_x", "../c_1", ID + "0", ""])
def test_a_name_that_is_no_id_is_refused(named: str) -> None:
    with pytest.raises(Problem) as refused:
        read_turn(messages(("user", "a")), named)
    assert (refused.value.status, refused.value.field) == (400, "metadata.consultation")


@pytest.mark.parametrize("roles", [(), ("system",), ("user", "assistant")])
def test_there_has_to_be_a_turn_of_the_user(roles: tuple[str, ...]) -> None:
    with pytest.raises(Problem) as refused:
        read_turn(messages(*((role, "x") for role in roles)))
    assert (refused.value.status, refused.value.field) == (400, "messages")


CHAT = "### Chat History:\n<chat_history>\nUSER: {}\nASSISTANT: {}\n</chat_history>"


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        ('JSON format: { "title": "your concise title here" }', {"title": "Consultation: Psoriasis vulgaris?"}),
        ('JSON format: { "tags": ["tag1", "tag2"] }', {"tags": []}),
        ('JSON format: { "follow_ups": ["Question 1?"] }', {"follow_ups": []}),
        ('{ "queries": ["query1"] }', {"queries": []}),
        ('{ "text": "<your_completion>" }', {"text": ""}),
        ('{\n    "prompt": "Your detailed description here."\n}', {"prompt": ""}),
    ],
)
def test_a_task_of_a_front_end_is_answered_in_its_form(form: str, answer: dict[str, Any]) -> None:
    text = f"### Task:\nDo it.\n### Output:\n{form}\n" + CHAT.format('"tags": x', "| 1 | Psoriasis vulgaris | L40.0 | 99% |")
    text = text.replace("| 1 |", "\n| 1 |")
    assert is_task(text)
    assert json.loads(answer_task(text, None)) == answer


def test_a_title_without_a_form_is_plain_and_in_the_conversations_language() -> None:
    ask = "Provide a concise, 5-word-or-less title for the conversation, using title case conventions. Only return the title itself.\n\n"
    assert is_task(ask)
    assert answer_task(ask + "Conversation:\nUser: itch", None) == "Consultation"
    assert answer_task(ask + "Conversation:\nUser: " + "瘙痒" * 20, None) == "会诊"
    assert answer_task(ask + "Conversation:\nUser: itch", "zh") == "会诊"


@pytest.mark.parametrize("note", ["Task: none. Itch.", "瘙痒3天", "# Task", "Please provide a title for the patient"])
def test_a_note_is_no_task(note: str) -> None:
    assert not is_task(note)
