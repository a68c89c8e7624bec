"""A dump can be restored

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

# pg_dump empties the search path, and rows are restored with it so: a function that makes a column's value has to find
# the function that it calls all the same. (Triggers are made after the rows; `pg_catalog` is always looked through.)
WORDS = """
CREATE OR REPLACE FUNCTION search_words(written text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_to_tsvector(string_to_array(trim(regexp_replace(
        regexp_replace({fold}(left(written, 200)), '[''`´ʔ\\u02b0-\\u02ff\\u2018-\\u201b]+', '', 'g'),
        '[^a-z0-9\\u00c0-\\u1fff\\u2c00-\\ud7ff\\uf900-\\ufeff]+', ' ', 'g')), ' ')), ''::tsvector)
$$
"""


def upgrade() -> None:
    op.execute(WORDS.format(fold="public.search_fold"))


def downgrade() -> None:
    op.execute(WORDS.format(fold="search_fold"))
