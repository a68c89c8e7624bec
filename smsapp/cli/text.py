"""`flask text`: what a text costs."""

from __future__ import annotations

import json
from typing import TextIO

import click

from smsapp import oneline, segments
from smsapp.cli.common import read_document, said_plainly


@click.group("text", cls=oneline.Group)
def group() -> None:
    """Look at texts before they are sent."""


@group.command("segments")
@click.option("--json", "source", type=click.File(encoding="utf-8-sig"), required=True, help="A file, or - for stdin.")
def count_segments(source: TextIO) -> None:
    """Encoding, parts and the text as it would be sent.

    \b
    In: [{"text": "Ɔwɔ", "fold": true}]; "fold" writes what a phone lacks in letters that it has.
    Out: [{"encoding": "GSM-7", "segments": 1, "text": "Owò"}], in the same order.
    """
    with said_plainly():
        items = read_document(source, "a list of texts")
        # Escaped: half a character, which a text may hold, can not be written as UTF-8.
        click.echo(json.dumps(segments.describe(items)))
