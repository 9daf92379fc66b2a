"""The service's own tables, in one SQLite file."""

from yingzhi.service.store.database import Database

__all__ = ["Database"]
