"""The tools through the real client, in memory: what they give, in both languages, and how they refuse."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.transports import FastMCPTransport
from fastmcp.exceptions import ToolError

from yingzhi.agents.specialist import Resources
from yingzhi.service.mcp import local_server

Tools = Client[FastMCPTransport]
ZOSTER = "患者女，68岁。右侧胸背部针刺样疼痛5天，成簇水疱3天，沿肋间呈带状分布，单侧，未过中线。"


@pytest.fixture
async def tools(resources: Resources) -> AsyncIterator[Tools]:
    async with Client(local_server(resources)) as client:
        yield client


async def given(tools: Tools, name: str, **arguments: Any) -> dict[str, Any]:
    result = await tools.call_tool(name, arguments)
    assert result.structured_content is not None
    return result.structured_content


async def test_every_tool_only_reads_and_says_what_each_argument_is(tools: Tools) -> None:
    listed = await tools.list_tools()
    assert len(listed) == 6
    for tool in listed:
        assert tool.annotations is not None
        assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint, tool.annotations.open_world_hint) == (
            True,
            False,
            False,
        )
        assert tool.description is not None
        assert tool.description.count("\n") == 0, "one sentence, without the Args section"
        assert all(p.get("description") for p in tool.input_schema["properties"].values()), tool.name
        assert tool.output_schema is not None


@pytest.mark.parametrize(
    ("drugs", "title"),
    [(["methotrexate", "trimethoprim"], "Methotrexate + Trimethoprim"), (["甲氨蝶呤", "甲氧苄啶"], "甲氨蝶呤＋甲氧苄啶")],
)
async def test_a_pair_is_judged_in_the_language_of_its_names(tools: Tools, drugs: list[str], title: str) -> None:
    check = await given(tools, "check_drugs", drugs=drugs)
    assert (check["problems"][0]["title"], check["problems"][0]["severity"]) == (title, "contraindicated")
    assert check["problems"][0]["sources"][0]["year"]


async def test_patient_facts_are_used_and_missing_ones_are_told(tools: Tools) -> None:
    pregnant = await given(tools, "check_drugs", drugs=["isotretinoin"], patient={"sex": "female", "age": 25, "pregnant": True}, lang="en")
    assert any(p["kind"] == "pregnancy" and p["severity"] == "contraindicated" for p in pregnant["problems"])
    unknown = await given(tools, "check_drugs", drugs=["isotretinoin"], patient={"sex": "female", "age": 25}, lang="zh")
    assert any("妊娠" in line for line in unknown["not_checked"])


async def test_a_name_that_is_not_known_is_never_read_as_safe(tools: Tools) -> None:
    check = await given(tools, "check_drugs", drugs=["Qwertyzumab", "methotrexat"])
    assert {u["name"] for u in check["unknown"]} == {"Qwertyzumab", "methotrexat"} or check["checked"]
    assert "Qwertyzumab" in {u["name"] for u in check["unknown"]}
    assert "Qwertyzumab" not in check["checked"]


async def test_evidence_comes_with_its_source_and_nothing_found_is_said(tools: Tools) -> None:
    found = await given(tools, "search_evidence", query="大疱性类天疱疮 治疗", k=3)
    assert found["found"]
    assert len(found["passages"]) == 3
    assert all(p["body"] and p["year"] for p in found["passages"])
    nothing = await given(tools, "search_evidence", query="zxqvw zxqvw", lang="en")
    assert (nothing["found"], nothing["statement"]) == (False, "No evidence found.")


async def test_results_are_read_from_a_slip_and_from_a_list(tools: Tools) -> None:
    values = [{"name": "creatinine", "value": 2.0, "unit": "mg/dL"}, {"name": "nonsense", "value": 3}]
    report = await given(tools, "interpret_labs", text="Hb 5.2 g/dL (12-15.5)", values=values, sex="female", age=40, lang="en")
    by_analyte = {x["analyte"]: x for x in report["results"]}
    assert by_analyte["creatinine"]["canonical"] == pytest.approx(176.8)
    assert by_analyte["egfr"]["computed_from"] == ["creatinine"]
    assert by_analyte["haemoglobin"]["flag"] in {"low", "critical-low"}
    assert report["not_read"] == ["nonsense"]


async def test_nothing_read_is_said(tools: Tools) -> None:
    assert (await given(tools, "interpret_labs", text="no numbers here", lang="en"))["note"] == "No laboratory result was recognised."


async def test_a_score_is_listed_asked_for_and_computed(tools: Tools) -> None:
    listed = await given(tools, "list_scores", lang="zh")
    assert {"pasi", "easi", "scorten"} <= {s["id"] for s in listed["scores"]}
    one = await given(tools, "list_scores", score="PASI")
    assert len(one["scores"]) == 1
    ids = [line.partition(":")[0] for line in one["scores"][0]["inputs"]]
    values = {i: 100 if i.endswith("area_percent") else 4 for i in ids}
    done = await given(tools, "compute_score", score="pasi", values=values)
    assert (done["total"], done["maximum"]) == (72, 72)
    assert done["source"]["title"]


async def test_a_note_is_ranked_with_what_must_not_be_missed(tools: Tools) -> None:
    ranked = await given(tools, "rank_diagnoses", note=ZOSTER)
    assert ranked["diagnoses"][0]["id"] == "herpes-zoster"
    assert ranked["diagnoses"][0]["name"] == "带状疱疹"
    english = await given(tools, "rank_diagnoses", note=ZOSTER, lang="en")
    assert [d["id"] for d in english["diagnoses"]] == [d["id"] for d in ranked["diagnoses"]]


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("check_drugs", {"drugs": []}, "drugs"),
        ("check_drugs", {"drugs": ["x"], "patient": {"age": "Zhang-1381"}}, "patient.age"),
        ("check_drugs", {"drugs": ["x"], "patient": {"name": "Zhang-1381"}}, "no such field"),
        ("check_drugs", {"drugs": ["x"], "lang": "Zhang-1381"}, "lang"),
        ("check_drugs", {"drugs": ["x" * 500 + "Zhang-1381"]}, "drugs.0"),
        ("search_evidence", {"query": "x", "k": 1000}, "k"),
        ("search_evidence", {"query": "x", "collection": "Zhang-1381"}, "no such collection"),
        ("interpret_labs", {}, "text"),
        ("interpret_labs", {"text": "x", "sex": "Zhang-1381"}, "sex"),
        ("compute_score", {"score": "Zhang-1381", "values": {}}, "no such score"),
        ("compute_score", {"score": "pasi", "values": {"Zhang-1381": 1}}, "does not have"),
        ("compute_score", {"score": "pasi", "values": {"head_area": 99}}, "head_area"),
        ("rank_diagnoses", {"note": "   "}, "note"),
        ("rank_diagnoses", {"note": "x", "age": -3}, "age"),
    ],
)
async def test_a_wrong_argument_is_named_and_what_was_given_is_not_repeated(
    tools: Tools, name: str, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(ToolError) as error:
        await tools.call_tool(name, arguments)
    assert says in str(error.value)
    assert "Zhang-1381" not in str(error.value)
    assert "Traceback" not in str(error.value)


async def test_a_check_that_failed_says_that_nothing_is_known(resources: Resources) -> None:
    broken = dataclasses.replace(resources, formulary=dataclasses.replace(resources.formulary, rules=()))
    async with Client(local_server(broken)) as client:
        with pytest.raises(ToolError, match="The check failed"):
            await client.call_tool("check_drugs", {"drugs": ["methotrexate", "trimethoprim"]})
