import { ApiError } from "../../api/client";
import { t } from "../../domain/i18n";
import { w } from "./words";

/** Words for a refusal, made for people; what the server said about a field is in its own sentence. */
export function refusal(error: unknown): string {
  if (!(error instanceof ApiError)) return t.errors.safe;
  if (error.status === 0) return `${t.errors.noConnection} ${t.errors.safe}`;
  return w.refusals[error.reason] ?? (error.status === 403 ? t.errors.denied : `${w.refused} ${error.message}`);
}
