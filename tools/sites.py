"""Sites: what this one has, what it can do, and the nearest that can do what it can't."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from yingzhi.clinical.errors import KnowledgeError, SettingsError
from yingzhi.clinical.words import CARE_LEVELS, CareLevel, Text
from yingzhi.knowledge.load import Knowledge, read_yaml
from yingzhi.knowledge.models import Investigation
from yingzhi.knowledge.site_models import KINDS, Site, Transfer


def read_site(value: str, knowledge: Knowledge, drugs: Collection[str]) -> Site:
    """A site profile: one of the usual ones by its name, or a YAML file.

    Args:
        value: `village`, `township`, `county`, `tertiary`, or the path of a file.
        knowledge: For the ids that a profile may name.
        drugs: Ids of drugs and classes of the formulary.

    Raises:
        SettingsError: The file can't be read, or names equipment, a test, a drug or a specialist that is not known; the message says which.
    """
    if value in knowledge.sites:
        return knowledge.sites[value]
    path = Path(value)
    try:
        site = Site.model_validate(read_yaml(path))
    except OSError as error:
        usual = ", ".join(k for k in KINDS if k in knowledge.sites)
        raise SettingsError(f"site: {path.name} can't be read ({error.strerror}); the usual sites are {usual}") from None
    except KnowledgeError as error:
        raise SettingsError(f"site: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(f"site: {path.name}: {'.'.join(str(p) for p in first['loc']) or 'file'}: {first['msg']}") from None
    for field, ids, known in (
        ("equipment", site.equipment, knowledge.equipment.keys()),
        ("tests", site.tests, knowledge.investigations.keys()),
        ("not_tests", site.not_tests, knowledge.investigations.keys()),
        ("drugs", site.drugs or (), drugs),
        ("specialists", site.specialists, knowledge.specialists.keys()),
    ):
        _known(path.name, field, ids, known)
    return site


def _known(name: str, field: str, ids: Iterable[str], known: Collection[str]) -> None:
    for i in ids:
        if i not in known:
            close = get_close_matches(i, known, n=1, cutoff=0.6)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise SettingsError(f"site: {name}: {field}: {i} is not known{hint}")


def can_do(test: Investigation, site: Site | None, setting: CareLevel) -> bool:
    """Whether a test can be done here: by the site's profile, or without one by what sites of this level usually do."""
    if site is None:
        return any(CARE_LEVELS.index(level) <= CARE_LEVELS.index(setting) for level in test.levels)
    if test.id in site.not_tests:
        return False
    return test.id in site.tests or set(test.needs) <= set(site.equipment)


def nearest_for(test: Investigation, site: Site | None, sites: Mapping[str, Site]) -> Text | None:
    """The nearest place that can usually do a test, by the transfers of the site's profile."""
    if site is None:
        return None
    return next((place(t, sites) for t in transfers(site) if t.to in sites and can_do(test, sites[t.to], sites[t.to].level)), None)


def transfers(site: Site) -> list[Transfer]:
    """Where patients can be sent, the nearest first: by time where it is known, else by size."""
    return sorted(site.transfers, key=lambda t: (t.minutes is None, t.minutes or 0.0, KINDS.index(t.to)))


def place(transfer: Transfer, sites: Mapping[str, Site]) -> Text:
    """A place in words, with the time of the transfer."""
    names = transfer.names or sites[transfer.to].names
    if transfer.minutes is None:
        return Text(en=names.en, zh=names.zh)
    return Text(en=f"{names.en}, about {transfer.minutes:.0f} min", zh=f"{names.zh}，约{transfer.minutes:.0f}分钟")
