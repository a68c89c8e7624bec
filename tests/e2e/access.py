"""The rules for everybody's access, asked by axe of a page as it stands."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

HERE = Path(__file__).parent
SCRIPT = "\n".join((HERE / name).read_text(encoding="utf-8") for name in ("axe-core/axe.min.js", "ask.js"))
FINE: set[str] = set()  # looks of letters that can be read, on any page of these tests


def ready(page: Page) -> None:
    """With axe on it: the console lets no script into a page."""
    if not page.evaluate("'access' in window"):
        page.evaluate(SCRIPT)
        page.add_init_script(SCRIPT)  # who asks once asks again: it is sent to the browser no more


def violations(page: Page, *tags: str, kinds: set[str] | None = None) -> list[str]:
    """What axe holds against the page by the rules with these tags, or by all: one line each.

    Of things of some kinds alone, where the rest of the page has been asked about.
    """
    ready(page)
    asked = {"tags": tags, "fine": list(FINE), "kinds": kinds and list(kinds)}
    answer = page.evaluate("asked => access.ask(asked)", asked)
    FINE.update(answer["fine"])
    found = [(f"{rule['impact']} {rule['id']}", node) for rule in answer["violations"] for node in rule["nodes"]]
    return [f"{broken}: {node['html'][:160]}" for broken, node in found]
