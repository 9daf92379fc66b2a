"""A typed client of the service: `from yingzhi.client import Client`."""

from yingzhi.client.client import Client
from yingzhi.client.errors import Conflict, Refused, Unreachable
from yingzhi.service.wire import Act, Admitted, Branch, Checkpoint, Item, Page, Version, View

__all__ = ["Act", "Admitted", "Branch", "Checkpoint", "Client", "Conflict", "Item", "Page", "Refused", "Unreachable", "Version", "View"]
