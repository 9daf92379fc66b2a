"""`yingzhi serve`: the consultation as a service."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Annotated

import typer

from yingzhi.clinical.errors import SettingsError


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; any but loopback needs an identity (docs/identity.md).")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 8321 by default.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="Processes that share the port and the files.")] = None,
    model: Annotated[str | None, typer.Option(help="Language model, as in `yingzhi consult --model`; none for none.")] = None,
) -> None:
    """Serve consultations over HTTP: native API, OpenAI-compatible chat, AG-UI, CDS Hooks, MCP.

    One command, on SQLite files under YINGZHI_HOME. Without an issuer or an API key it serves this machine only, without identity.
    The documentation of the API is at /docs. All settings: docs/api.md.
    """
    try:
        from yingzhi.service.serve import serve as run
        from yingzhi.service.settings import ServiceSettings
    except ModuleNotFoundError as error:
        raise SettingsError(f"yingzhi serve needs {error.name}: pip install 'yingzhi[service]'") from None
    given = {"YINGZHI_SERVE_HOST": host, "YINGZHI_SERVE_PORT": port, "YINGZHI_SERVE_WORKERS": workers}
    os.environ |= {k: str(v) for k, v in given.items() if v is not None}  # worker processes read the same
    if model is not None:
        os.environ["YINGZHI_MODEL"] = "" if model == "none" else model
    settings = ServiceSettings.from_environment(os.environ)
    _check(settings)
    if settings.workers > 1:
        shutil.rmtree(settings.figures, ignore_errors=True)
        settings.figures.mkdir(parents=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(settings.figures)
    sys.stderr.write(f"yingzhi serves http://{settings.host}:{settings.port} (documentation at /docs); stop it with Ctrl-C\n")
    run(settings)


def _check(settings) -> None:  # type: ignore[no-untyped-def]
    """Say what is wrong before a process is started: the home folder, the identity, the model."""
    from yingzhi.cli.batch import ready
    from yingzhi.service.identity import check_start

    try:
        settings.files.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"YINGZHI_HOME: the folder can't be written ({type(error).__name__})") from None
    if notice := check_start(settings.identity, settings.host, settings.files / "service.sqlite"):
        sys.stderr.write(notice + "\n")
    if settings.engine.model is not None:
        ready(None)
