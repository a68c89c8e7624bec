"""The rules for everybody's access, asked by axe of a page as it stands."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

HERE = Path(__file__).parent
AXE = (HERE / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
ASK = (HERE / "ask.js").read_text(encoding="utf-8")


def violations(page: Page, *tags: str) -> list[str]:
    """What axe holds against the page by the rules with these tags, or by all: one line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)  # the console lets no script into a page
        page.add_init_script(AXE)  # who asks once asks again: it is sent to the browser no more
    found = page.evaluate(ASK, tags)
    return [f"{rule['impact']} {rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]
