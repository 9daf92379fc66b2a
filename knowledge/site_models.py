"""The shape of a site: what it has, what it can do, and where it sends patients."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from yingzhi.knowledge.models import Bilingual, CareLevel, Id, Strict

Kind = Literal["village", "township", "county", "tertiary"]
"""村卫生室, 乡镇卫生院或社区卫生服务中心, 县级医院, 三级医院."""
KINDS: tuple[Kind, ...] = ("village", "township", "county", "tertiary")


class Equipment(Strict):
    """A device, a laboratory or a room that a test needs."""

    id: Id
    names: Bilingual
    kind: Kind
    """The smallest kind of site that usually has it."""


class SpecialistCare(Strict):
    """Specialist care that some diseases need."""

    id: Id
    names: Bilingual
    kind: Kind
    """The smallest kind of site that usually has it."""
    groups: tuple[Id, ...] = ()
    """Groups of diseases that are theirs."""
    diseases: tuple[Id, ...] = ()
    red_flags: tuple[Id, ...] = ()
    """Red flags that call for it."""


class Transfer(Strict):
    """Where patients can be sent."""

    to: Kind
    minutes: float | None = Field(default=None, gt=0, le=1440)
    """Time until the patient is there; None where nobody has said."""
    names: Bilingual | None = None
    """The place's own name."""


class Site(Strict):
    """A site profile. Ids that are not known are refused by name when it is read."""

    id: Id
    names: Bilingual
    kind: Kind
    level: CareLevel
    equipment: tuple[Id, ...] = ()
    tests: tuple[Id, ...] = ()
    """Tests that are done here whatever equipment is named."""
    not_tests: tuple[Id, ...] = ()
    """Tests that are not done here whatever equipment is named."""
    drugs: tuple[Id, ...] | None = None
    """Drugs or classes in stock; None where the profile says nothing of drugs."""
    specialists: tuple[Id, ...] = ()
    transfers: tuple[Transfer, ...] = ()
