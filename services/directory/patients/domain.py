"""Rules about patients and the people responsible for them: age, shares, who may see what, how names are searched."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from shared.errors import Conflict, Invalid

ADULT_YEARS = 18
OLDEST_YEARS = 120
WHOLE_BP = 10_000
NO_CLINICAL = ("guarantor",)  # pays and sees no clinical matter


def local_date(now: dt.datetime, time_zone: str) -> dt.date:
    """The calendar day at a place."""
    return now.astimezone(ZoneInfo(time_zone)).date()


def age_years(birth_date: dt.date, today: dt.date) -> int:
    """Whole years. Who is born on 29 February has the birthday on 1 March in common years."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def is_adult(birth_date: dt.date, today: dt.date) -> bool:
    return age_years(birth_date, today) >= ADULT_YEARS


def check_birth_date(birth_date: dt.date, today: dt.date, field: str = "birth_date") -> None:
    """Raises BAD_BIRTH_DATE for a day to come or more than 120 years ago."""
    if birth_date > today or age_years(birth_date, today) > OLDEST_YEARS:
        raise Invalid("BAD_BIRTH_DATE", "nobody alive was born on that day", field=field)


def check_party_adult(birth_date: dt.date | None, today: dt.date, field: str = "birth_date") -> None:
    """Raises PARTY_NOT_ADULT: a minor cannot answer for anybody."""
    if birth_date is not None:
        check_birth_date(birth_date, today, field)
        if not is_adult(birth_date, today):
            raise Invalid("PARTY_NOT_ADULT", "a responsible party is 18 or older", field=field)


@dataclass(frozen=True)
class Tie:
    """What a party is to a patient, as asked for."""

    kind: str
    may_consent: bool = False
    clinical_access: bool = False
    financial: bool = False
    share_bp: int = 0
    own_share_only: bool = False
    primary_contact: bool = False
    court_order: str = ""


def check_tie(tie: Tie, *, patient_adult: bool) -> None:
    """Raises what is wrong with a relationship by itself.

    SELF_NOT_ADULT, COURT_ORDER_MISSING, NO_CLINICAL_ACCESS (a guarantor only pays), CONSENT_NEEDS_ACCESS (who decides
    must be able to read what is decided), NOT_PAYING (a share without paying).
    """
    if tie.kind == "self" and not patient_adult:
        raise Invalid("SELF_NOT_ADULT", "a minor is not responsible for herself", field="kind")
    if tie.kind == "court_order" and not tie.court_order:
        raise Invalid("COURT_ORDER_MISSING", "say which court order", field="court_order")
    if tie.kind in NO_CLINICAL and (tie.clinical_access or tie.may_consent):
        raise Invalid("NO_CLINICAL_ACCESS", "a guarantor pays and sees no clinical matter", field="clinical_access")
    if tie.may_consent and not tie.clinical_access:
        raise Invalid("CONSENT_NEEDS_ACCESS", "who consents must see clinical matters", field="clinical_access")
    if tie.share_bp and not tie.financial:
        raise Invalid("NOT_PAYING", "a share needs `financial`", field="share_bp")


def equal_shares(count: int) -> list[int]:
    """Splits the whole into `count` shares in basis points; what does not divide goes to the first ones."""
    base, extra = divmod(WHOLE_BP, count)
    return [base + (position < extra) for position in range(count)]


def first_ties(ties: Sequence[Tie]) -> list[Tie]:
    """The relationships of a new patient, with what was left out filled in.

    Paying parties without any share pay equal parts; otherwise the shares must add up to 10000 (SHARES_NOT_WHOLE).
    Without a primary contact the first party is it; two are refused (TWO_PRIMARY_CONTACTS).
    """
    paying = [i for i, tie in enumerate(ties) if tie.financial]
    filled = list(ties)
    if paying and not any(tie.share_bp for tie in ties):
        for i, share in zip(paying, equal_shares(len(paying)), strict=True):
            filled[i] = replace(filled[i], share_bp=share)
    elif paying:
        check_whole(tie.share_bp for tie in ties)
    if sum(tie.primary_contact for tie in ties) > 1:
        raise Invalid("TWO_PRIMARY_CONTACTS", "only one party is written to first", field="parties")
    if filled and not any(tie.primary_contact for tie in filled):
        filled[0] = replace(filled[0], primary_contact=True)
    return filled


def check_whole(shares: Iterable[int]) -> None:
    """Raises SHARES_NOT_WHOLE unless the shares add up to 10000 basis points."""
    total = sum(shares)
    if total != WHOLE_BP:
        raise Invalid("SHARES_NOT_WHOLE", "the shares must add up to 10000", field="shares", total_bp=total)


def added_share(tie: Tie, others: Sequence[int], *, others_pay: bool) -> Tie:
    """The relationship beside the current ones, whose shares are `others`.

    The only paying party pays all. Raises SHARES_EXCEED_WHOLE when there is not that much left.
    """
    if tie.financial and not tie.share_bp and not others_pay:
        return replace(tie, share_bp=WHOLE_BP)
    if sum(others) + tie.share_bp > WHOLE_BP:
        raise Conflict(
            "SHARES_EXCEED_WHOLE",
            "the others pay too much for that: set all shares together",
            left_bp=WHOLE_BP - sum(others),
        )
    return tie


def changed_tie(tie: Tie, share_bp: int) -> Tie:
    """The relationship after a change that keeps its share.

    Raises SHARE_STAYS when another share is asked for, STILL_PAYS when a party with a share should no longer pay.
    """
    if tie.share_bp not in (0, share_bp):
        raise Invalid("SHARE_STAYS", "set the family's shares together", field="relationship.share_bp")
    if share_bp and not tie.financial:
        raise Conflict("STILL_PAYS", "this party pays a share: set the family's shares first")
    return replace(tie, share_bp=share_bp)


# --- search -------------------------------------------------------------------------------------------------------

_LETTERS = re.compile(r"[^\W_]+")
_NO_LETTERS = re.compile(r"[\s()+./#-]*")


def plain(text: str) -> str:
    """Lower-case letters without accents: "Núñez" and "nunez" are the same."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The words of a name in plain letters; an apostrophe or dash parts them."""
    return _LETTERS.findall(plain(text))


def search_text(*names: str) -> str:
    """What a patient is searched in: each word of the names after a space, each once."""
    return "".join(f" {word}" for word in dict.fromkeys(word for name in names for word in words(name)))


def patterns(query: str, count: int = 3) -> list[str]:
    """LIKE patterns, `count` of them: each of the query's first words must begin a word of the name."""
    found = [f"% {word}%" for word in words(query)[:count]]
    return found + ["%"] * (count - len(found))


def digits(query: str) -> str:
    """The digits of a query that is a number (a phone or a chart number); "" when it is a text."""
    found = re.sub(r"\D", "", query)
    return found if found and not _NO_LETTERS.sub("", re.sub(r"\d", "", query)) else ""


def phone(number: str) -> str:
    """A number as typed in the US as E.164: ten digits, or eleven with the leading 1. Others keep their digits."""
    return f"+1{number}" if len(number) == 10 else f"+{number}"
