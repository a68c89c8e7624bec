"""A tontine of the demonstration: each brings the same to each round, and one after the other takes the pot."""

from __future__ import annotations

from smsapp.demo.meetings import Meetings
from smsapp.savings.ledger import Line
from smsapp.savings.tables import Member


class Tontine(Meetings):
    """Who is away brings hers the next time, and whoever's turn it was gets it then."""

    owed: tuple[tuple[Member, Member, int | None], ...] = ()  # who did not bring hers, whose turn it was, which meeting

    def meet(self, nth: int, left: int) -> None:
        turn = self.members[self.now.order[nth - 1] - 1]
        amount = self.now.share_value
        for member, whose, meeting_id in self.owed:
            self.enter("round", Line("cash", amount), Line("pot", -amount, member.id), meeting_id=meeting_id)
            self.enter("pot", Line("cash", -amount), Line("pot", amount, whose.id), meeting_id=meeting_id)
        # The last round of a cycle leaves nothing open.
        away = [] if not left else [m for m in self.members if m not in self.here and m is not turn]
        for member in self.members:
            if member not in away:
                self.enter("round", Line("cash", amount), Line("pot", -amount, member.id))
        whole = self.book.held("cash")
        self.enter("pot", Line("cash", -whole), Line("pot", whole, turn.id))
        self.owed = tuple((member, turn, self.meeting_id) for member in away)
