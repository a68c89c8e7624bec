"""Texts kept for another time: everybody's, or those of a place and of what lies below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, or_, select, true
from sqlalchemy.orm import Session

from smsapp import segments
from smsapp.broadcasts import wording
from smsapp.broadcasts.content import LONGEST_TITLE, Problem
from smsapp.broadcasts.tables import Template
from smsapp.places import Place
from smsapp.runtime import Runtime
from smsapp.scopes import Scope
from smsapp.staff import Staff, audit

MOST = 500  # on one page


@dataclass(frozen=True)
class Wish:
    """What somebody wants kept."""

    name: str
    place_id: int | None
    texts: Mapping[str, str]


def seen(db: Session, scope: Scope) -> Sequence[Row[Template, str]]:
    """Templates with the name of their place: everybody's, and those of the places in this scope and above them."""
    chosen = select(Template, Place.name).join(Place, Place.id == Template.place_id, isouter=True)
    return db.execute(chosen.where(_seen_by(db, scope)).order_by(Template.name, Template.id).limit(MOST)).all()


def find(db: Session, scope: Scope, template_id: int) -> Template | None:
    return db.scalar(select(Template).where(Template.id == template_id, _seen_by(db, scope)))


def may_change(staff: Staff, template: Template) -> bool:
    """Everybody's and a district's are the programme's; a facility's own are its staff's."""
    return staff.scope.facilities is None or (template.place_id is not None and staff.scope.covers(template.place_id))


def keep(db: Session, rt: Runtime, staff: Staff, template: Template | None, wish: Wish) -> Template:
    """Make a template, or change one."""
    _check(db, staff, template, wish)
    if template is None:
        template = Template(maker=staff.name)
        db.add(template)
    template.name, template.place_id = _name(wish), wish.place_id
    template.texts = {language: text for language, raw in wish.texts.items() if (text := segments.clean(raw))}
    template.changed_at = rt.now()
    db.flush()
    _note(db, rt, staff, "kept", template)
    return template


def remove(db: Session, rt: Runtime, staff: Staff, template: Template) -> None:
    if not may_change(staff, template):
        raise Problem("This template is shared: only the programme’s staff change it.")
    _note(db, rt, staff, "removed", template)
    db.delete(template)
    db.flush()


def _check(db: Session, staff: Staff, template: Template | None, wish: Wish) -> None:
    if template is not None and not may_change(staff, template):
        raise Problem("This template is shared: only the programme’s staff change it.")
    if staff.scope.facilities is not None and (wish.place_id is None or not staff.scope.covers(wish.place_id)):
        raise Problem("Choose one of your own places.", about="place")
    if wish.place_id is not None and db.get(Place, wish.place_id) is None:
        raise Problem("Choose one of the places.", about="place")
    if not _name(wish):
        raise Problem("Give it a name by which others find it.", about="name")
    if not any(map(segments.clean, wish.texts.values())):
        raise Problem("Write a text in one language at least.", about="text")
    for language, text in wish.texts.items():
        if segments.count(segments.fold(segments.clean(text))) > wording.MOST_PARTS:
            raise Problem("This text is too long to be sent.", about=f"text_{language}")
    same = select(Template.id).where(
        Template.name == _name(wish), Template.place_id.is_not_distinct_from(wish.place_id)
    )
    if db.scalar(same.where(Template.id != (template.id if template else 0))) is not None:
        raise Problem("There is a template of this name already.", about="name")


def _name(wish: Wish) -> str:
    return " ".join(segments.clean(wish.name).split())[:LONGEST_TITLE]


def _seen_by(db: Session, scope: Scope) -> ColumnElement[bool]:
    if scope.facilities is None:
        return true()
    mine = select(Place.id, Place.parent_id).where(Place.id.in_(sorted(scope.facilities))).cte(recursive=True)
    mine = mine.union(select(Place.id, Place.parent_id).join(mine, Place.id == mine.c.parent_id))
    return or_(Template.place_id.is_(None), Template.place_id.in_(db.scalars(select(mine.c.id)).all()))


def _note(db: Session, rt: Runtime, staff: Staff, what: str, template: Template) -> None:
    audit.note(db, rt.now(), staff, f"templates.{what}", f"template:{template.id}", facility_id=template.place_id)
