"""The OpenAI-compatible front end: `/v1/models`, `/v1/chat/completions`."""

from yingzhi.service.chat.routes import router

__all__ = ["router"]
