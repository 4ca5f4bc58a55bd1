"""Truth in Lending figures (Regulation Z) of a payment plan.

Credit that is payable by written agreement in more than four instalments falls under it even at no interest, and a
discount for paying in full that the plan forgoes may be a finance charge. Source: orthodontics.md, section 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import zip_longest

MANY_INSTALMENTS = 4  # more of them make consumer credit


@dataclass(frozen=True)
class Disclosure:
    """What must be shown before a family signs."""

    required: bool
    amount_financed_cents: int
    finance_charge_cents: int
    total_of_payments_cents: int
    apr_basis_points: int


def disclose(plans: Sequence[Sequence[int]], finance_charge_cents: int) -> Disclosure:
    """The figures of the parties' instalment plans taken together, the first instalment a month after the start.

    `finance_charge_cents` is the cash discount that the plan forgoes; it is no charge when nothing is financed.
    """
    monthly = [sum(payments) for payments in zip_longest(*plans, fillvalue=0)]
    total = sum(monthly)
    charge = min(finance_charge_cents, total)
    return Disclosure(
        required=len(monthly) > MANY_INSTALMENTS or charge > 0,
        amount_financed_cents=total - charge,
        finance_charge_cents=charge,
        total_of_payments_cents=total,
        apr_basis_points=annual_percentage_rate(total - charge, monthly) if 0 < charge < total else 0,
    )


def annual_percentage_rate(amount_financed_cents: int, monthly: Sequence[int]) -> int:
    """The APR in 1/100 of a percent, rounded half up.

    It is twelve times the monthly rate at which the payments are worth the credit.
    Actuarial method of Regulation Z, appendix J, with unit periods of one month. 3,500.00 against 24 x 156.25 is
    6.7136 %, so 671. The payments must add up to at least the credit.
    """
    with localcontext() as context:
        context.prec = 28
        low, high = Decimal(0), Decimal(100)  # monthly rates; a rate above 10,000 % a month is not searched for
        for _ in range(60):
            rate = (low + high) / 2
            if _worth(monthly, 1 / (1 + rate)) > amount_financed_cents:
                low = rate
            else:
                high = rate
        return int((low * 12 * 10_000).quantize(Decimal(1), ROUND_HALF_UP))


def _worth(monthly: Sequence[int], discount: Decimal) -> Decimal:
    """Worth today of payments after 1, 2, 3 … months (Horner's rule)."""
    worth = Decimal(0)
    for payment in reversed(monthly):
        worth = (worth + payment) * discount
    return worth
