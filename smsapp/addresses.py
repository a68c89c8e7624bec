"""Where this service listens, as its own machine sees it."""

from __future__ import annotations

from smsapp.config import Settings


def local_url(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def hook_url(settings: Settings, kind: str, gateway: str = "africastalking") -> str:
    """The webhook's address; holds the token, so it belongs in no log."""
    return f"{local_url(settings)}/hooks/{gateway}/{settings.webhook_token}/{kind}"
