"""The flows of this release by name, and any revision by its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from smsapp.flows.loader import BadFlow, compile_flow, read_yaml
from smsapp.flows.nodes import Ask, End, Flow, Node, Say
from smsapp.i18n import Texts

FOLDER = Path(__file__).parent / "data"


class UnknownRevision(KeyError):
    """A conversation is pinned to a revision that nobody stored."""


class UnreadableRevision(UnknownRevision):
    """A revision that was stored by a release that knew more than this one."""


@dataclass(frozen=True)
class Catalogue:
    """Live flows by name, and every revision this process has met by its id."""

    live: Mapping[str, Flow]
    revisions: dict[str, Flow] = field(default_factory=dict)

    @classmethod
    def load(cls, texts: Texts, folder: Path = FOLDER) -> Catalogue:
        flows = [_load(path, texts) for path in sorted(folder.glob("*.yaml"))]
        return cls.of(flows)

    @classmethod
    def of(cls, flows: list[Flow]) -> Catalogue:
        live = {flow.name: flow for flow in flows}
        if len(live) < len(flows):
            raise BadFlow("two files define a flow of one name")
        for flow in flows:
            if lost := flow.leads_to - set(live):
                raise BadFlow(f"{flow.name}: leads to {sorted(lost)[0]}, which does not exist")
        return cls(live, {flow.revision: flow for flow in flows})

    def get(self, revision: str) -> Flow:
        try:
            return self.revisions[revision]
        except KeyError:
            raise UnknownRevision(revision) from None

    def keep(self, flow: Flow) -> Flow:
        """Remember a revision that was read from where revisions are stored."""
        return self.revisions.setdefault(flow.revision, flow)


def _load(path: Path, texts: Texts) -> Flow:
    source = read_yaml(path)
    if source.get("flow") != path.stem:
        raise BadFlow(f"{path.name}: `flow:` should be {path.stem}")
    return compile_flow(source, texts.under(path.stem), texts.languages[0])


def needed_texts(flow: Flow) -> list[str]:
    """The keys that a flow can not do without."""
    keys = ["title", *(entry.goto for entry in flow.entries)] if flow.kind == "menu" else []
    return keys + [key for node in flow.nodes for key in _node_texts(node)]


def _node_texts(node: Node) -> list[str]:
    match node:
        case Ask():
            return [node.name, *(f"{node.labels}.{choice.name}" for choice in node.choices)]
        case Say() | End():
            return [node.name]
        case _:
            return []
