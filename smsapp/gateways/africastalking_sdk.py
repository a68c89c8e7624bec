"""Africa's Talking's own SDK for sending SMS, over our connections: for who sends, which a web server never does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from africastalking.Service import DEFAULT_TIMEOUT_S
from africastalking.SMS import SMSService

from smsapp.config import Settings
from smsapp.gateways.base import Unclear
from smsapp.gateways.http import TOTAL_SECONDS, Client, refusal


class PooledSMS(SMSService):  # type: ignore[misc]  # the SDK has no types
    """The SDK's SMS service over connections that are kept, with status and headers not thrown away."""

    def __init__(self, settings: Settings, connections: int, total: float | None) -> None:
        super().__init__(settings.at_username, settings.at_api_key)
        if settings.at_base_url:
            self._baseUrl = self._contentUrl = f"{settings.at_base_url}/version1"
        self._client = Client(self._baseUrl, connections, total or TOTAL_SECONDS)

    def _make_request(
        self,
        url: str,
        method: str,
        headers: Mapping[str, str],
        data: Any,
        params: Any,
        callback: Any = None,
        timeout: tuple[float, float] | None = None,
    ) -> Any:
        answer = self._client.request(
            method, url, timeout or DEFAULT_TIMEOUT_S, headers=headers, data=data, params=params
        )
        if not 200 <= answer.status_code < 300:
            raise refusal(answer.status_code, answer.text, answer.headers)
        try:
            return json.loads(answer.content)
        except (ValueError, RecursionError) as why:
            raise Unclear(f"HTTP {answer.status_code} with a body that is not JSON: {answer.text[:200]!r}") from why
