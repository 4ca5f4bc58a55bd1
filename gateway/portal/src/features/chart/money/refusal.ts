import { ApiError } from "../../../api/client";
import { formatMoney } from "../../../domain/i18n";
import { refusal as general } from "../refusal";
import { w } from "./words";

/** Words for a refusal about money, with how much there is where the service says it. */
export function refusal(error: unknown): string {
  if (!(error instanceof ApiError)) return general(error);
  if (error.status === 0) return w.pay.again;
  const said = w.refusals[error.reason];
  if (!said) return general(error);
  const most = error.details.balance_cents ?? error.details.refundable_cents;
  return typeof most === "number" ? `${said} ${w.refusals.atMost} ${formatMoney(most)}.` : said;
}
