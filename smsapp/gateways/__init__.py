"""One module per gateway; each speaks one provider's dialect."""

from __future__ import annotations

import re
from importlib import import_module
from types import ModuleType

from smsapp.config import BadSettings, Settings
from smsapp.gateways.base import Gateway


def load(settings: Settings) -> dict[str, Gateway]:
    """The gateways that the settings name, by name; raises BadSettings with every trouble at once.

    A gateway is a module here with `create(settings)` and `REQUIRES`, the settings that it can not do without.
    """
    gateways: dict[str, Gateway] = {}
    wrong = []
    for name in settings.gateways:
        module = _module(name)
        if module is None:
            wrong.append(f"GATEWAYS: there is no gateway {name!r}")
            continue
        missing = [key for key in module.REQUIRES if not getattr(settings, key.lower())]
        wrong += [f"{key} is missing (the gateway {name} needs it)" for key in missing]
        if not missing:
            gateways[name] = module.create(settings)
    if wrong:
        raise BadSettings("Settings to put right: " + "; ".join(wrong) + ".")
    return gateways


def _module(name: str) -> ModuleType | None:
    path = f"{__name__}.{name}"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        return None
    try:
        module = import_module(path)
    except ModuleNotFoundError as why:
        if why.name == path:
            return None
        raise
    return module if hasattr(module, "create") and hasattr(module, "REQUIRES") else None
