"""Starts the server: one process, or several that share the port and the files."""

from __future__ import annotations

import os

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from yingzhi.clinical.errors import SettingsError
from yingzhi.service.settings import ServiceSettings

GRACE = 3
"""Seconds that open connections are given once the runs are drained."""


def app_from_environment() -> FastAPI:
    """The application as a worker process makes it; any other ASGI server may (`uvicorn --factory`)."""
    from yingzhi.service.app import create_app
    from yingzhi.service.logs import configure_logs

    app = create_app(ServiceSettings.from_environment(os.environ), own_process=True)
    configure_logs()  # after all is imported: what came later would put handlers of its own on
    return app


def serve(settings: ServiceSettings) -> None:
    """Serve until told to stop.

    Raises:
        SettingsError: The address can't be bound.
    """
    config = uvicorn.Config(
        "yingzhi.service.serve:app_from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies or None,
        timeout_graceful_shutdown=int(settings.drain_seconds) + GRACE,
    )
    try:
        listener = config.bind_socket()
    except (SystemExit, OSError):
        raise SettingsError(f"YINGZHI_SERVE_PORT: {settings.host}:{settings.port} can't be listened on") from None
    if settings.workers == 1:
        uvicorn.Server(config).run(sockets=[listener])
    else:
        Multiprocess(config, sockets=[listener]).run()
