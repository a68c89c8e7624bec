"""People searched, imported, merged and forgotten

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

# What two spellings of a word have in common, as `segments.search_key` makes it: no case, no accents, Bambara's
# letters in their French spelling. A function of the database, so that nobody who writes a person need think of it.
LETTERS = {
    "a": "ɑⱥⱭȺ", "b": "ɓƀƃƁɃƂ", "c": "ƈȼƇȻ", "d": "ɗɖđðƊƉĐÐ", "e": "ɛəǝɘɇƐƏƎɆ", "f": "ƒƑ", "g": "ɠǥɡƓǤꞬ", "h": "ħɦĦꞪ",
    "i": "ıɩɨɪƖƗꞮ", "j": "ɉȷɈ", "k": "ƙĸƘ", "l": "łƚɫŁȽⱢ", "n": "ƞȠ", "o": "ɔɵƆƟøØ", "p": "ƥƤ", "r": "ɍɽɌⱤ", "t": "ƭŧʈⱦƬŦƮȾ",
    "u": "ʉʊµɄƱ", "v": "ʋƲ", "y": "ƴɏƳɎ", "z": "ƶȥƵȤ",
    "ñ": "ɲƝÑ", "ŋ": "Ŋ", "œ": "Œ", "æ": "Æ", "ß": "ẞ", "ɣ": "Ɣ", "ʃ": "Ʃ", "þ": "Þ", "ʒ": "Ʒ",
}  # fmt: skip
PAIRS = {"ñ": "ny", "ŋ": "ng", "œ": "oe", "æ": "ae", "ß": "ss", "ɣ": "gh", "ʃ": "sh", "þ": "th", "ʒ": "zh", "°": "o"}


def fold() -> str:
    written = "".join(LETTERS.values())
    plain = "".join(letter * len(many) for letter, many in LETTERS.items())
    folded = f"translate(written, '{written}', '{plain}')"
    for letter, pair in PAIRS.items():
        folded = f"replace({folded}, '{letter}', '{pair}')"
    return f"""
CREATE FUNCTION search_fold(written text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lower(regexp_replace(normalize({folded}, NFKD), '[\\u0300-\\u036f]', '', 'g'))
$$
"""


WORDS = """
CREATE FUNCTION search_words(written text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_to_tsvector(string_to_array(trim(regexp_replace(
        regexp_replace(search_fold(left(written, 200)), '[''`´ʔ\\u02b0-\\u02ff\\u2018-\\u201b]+', '', 'g'),
        '[^a-z0-9\\u00c0-\\u1fff\\u2c00-\\ud7ff\\uf900-\\ufeff]+', ' ', 'g')), ' ')), ''::tsvector)
$$
"""


def upgrade() -> None:
    op.execute(fold())
    op.execute(WORDS)
    op.add_column("persons", sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))
    search = sa.Column(
        "search", postgresql.TSVECTOR(), sa.Computed("search_words(name)", persisted=True), nullable=False
    )
    op.add_column("persons", search)
    op.create_index(
        "ix_persons_search", "persons", ["search"], postgresql_using="gin", postgresql_with={"fastupdate": "off"}
    )
    op.drop_index("ix_persons_facility_id", table_name="persons")
    op.create_index("ix_persons_facility_id", "persons", ["facility_id", "id"])
    op.create_index("ix_persons_language", "persons", ["language", "id"])
    op.create_index("ix_person_roles_role", "person_roles", ["role", "person_id"])
    op.create_index("ix_person_numbers_backwards", "person_numbers", [sa.text("reverse(number) text_pattern_ops")])
    op.create_index(
        "ix_messages_person_id", "messages", ["person_id"], postgresql_where=sa.text("person_id IS NOT NULL")
    )
    _changes()
    _imports()


def _changes() -> None:
    op.create_table(
        "person_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_person_changes_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_changes")),
    )
    op.create_index("ix_person_changes_person", "person_changes", ["person_id", "at"])


def _imports() -> None:
    json = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    counts = ("last_line", "share", "rows", "refused", "new", "known", "written", "added", "changed")
    op.create_table(
        "imports",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("sheets", json, nullable=False),
        sa.Column("head", json, nullable=False),
        sa.Column("plan", json, nullable=False),
        sa.Column("facilities", postgresql.ARRAY(sa.Integer()), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), server_default="", nullable=False),
        sa.Column("details", json, server_default=sa.text("'{}'::jsonb"), nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in counts),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('new', 'checking', 'ready', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_imports_status"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    at_work = sa.text("status IN ('checking', 'running')")
    op.create_index("ix_imports_at_work", "imports", ["id"], postgresql_where=at_work)
    op.create_table(
        "import_parts",
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("entries", json, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_parts_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "part", name=op.f("pk_import_parts")),
    )
    op.create_table(
        "import_problems",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("field", "reason", "value", "detail")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_problems_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_problems")),
    )
    op.create_index("ix_import_problems_import", "import_problems", ["import_id", "id"])


def downgrade() -> None:
    op.drop_table("import_problems")
    op.drop_table("import_parts")
    op.drop_table("imports")
    op.drop_table("person_changes")
    op.drop_index("ix_messages_person_id", table_name="messages")
    op.drop_index("ix_person_numbers_backwards", table_name="person_numbers")
    op.drop_index("ix_person_roles_role", table_name="person_roles")
    op.drop_index("ix_persons_language", table_name="persons")
    op.drop_index("ix_persons_facility_id", table_name="persons")
    op.create_index("ix_persons_facility_id", "persons", ["facility_id"])
    op.drop_index("ix_persons_search", table_name="persons")
    op.drop_column("persons", "search")
    op.drop_column("persons", "forgotten_at")
    op.execute("DROP FUNCTION search_words(text)")
    op.execute("DROP FUNCTION search_fold(text)")
