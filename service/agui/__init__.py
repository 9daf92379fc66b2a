"""AG-UI 1.0: the protocol that chat front ends such as CopilotKit speak with agents (docs/ag-ui.md)."""

from yingzhi.service.agui.events import Exchange, agui_events
from yingzhi.service.agui.front import FrontState
from yingzhi.service.agui.router import router

__all__ = ["Exchange", "FrontState", "agui_events", "router"]
