"""The fake provider of `bench/models.py`: answers with ids of the very request, as a model does that keeps to what it was shown."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from typing import Any

from yingzhi.testing import FakeProvider

IDS = re.compile(r'<data name="ids"[^>]*>\n(.*?)</data', re.DOTALL)


def answer(body: dict[str, Any]) -> str:
    """A proposal with the first ids of the request."""
    found = IDS.search(str(body["messages"][-1]["content"]))
    ids = [line.split(" = ")[0] for line in found.group(1).splitlines()][:3] if found else []
    said = "The course and the site fit the leading diagnosis; the rest was looked at."
    remarks = [{"about": ids[0] if ids else "", "stance": "note", "text": said}]
    return json.dumps({"ranking": ids, "tests": [{"test": i, "why": "cheap"} for i in ids], "remarks": remarks, "doubts": [{"text": said}]})


async def main() -> None:
    """Serve until stopped."""
    async with FakeProvider(answer, delay=float(sys.argv[1])) as provider:
        sys.stdout.write(provider.url + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
