"""The log: what may stand in it (`lines`), and a line for each request (`requests`)."""

from yingzhi.service.logs.lines import LOG, LogEvent, Route, configure_logs, note, noting
from yingzhi.service.logs.requests import RequestLog, template

__all__ = ["LOG", "LogEvent", "RequestLog", "Route", "configure_logs", "note", "noting", "template"]
