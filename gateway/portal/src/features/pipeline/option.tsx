import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, data, once, type Schemas } from "../../api/client";
import { formatDollars, formatMoney } from "../../domain/i18n";
import { Close } from "../../ui/icons";
import { type Card, cents, refusal } from "./data";
import { conceptName, monthsOf } from "./offer";
import css from "./present.module.css";
import { w } from "./words";

export type Quote = Schemas["contracts.Quote"];
export type Fee = Schemas["contracts.Fee"];
type Estimate = Schemas["insurance.Estimate"];

/** What the coordinator sets; prices follow from the server's quote. */
export interface Draft {
  key: string;
  concept: string;
  title: string;
  months: number;
  down: number; // dollars
  payments: number;
  discount: number; // dollars
}
interface OptionProps {
  draft: Draft;
  number: number;
  card: Card;
  fees: readonly Fee[];
  estimate: Estimate | undefined;
  picked: boolean;
  pick: () => void;
  put: (part: Partial<Draft>) => void;
  remove: (() => void) | undefined;
  quoted: (quote: Quote | undefined) => void;
}

/** One option: what it is, how it is paid, and what the server's quote makes of it. */
export function Option({ draft, number, card, fees, estimate, picked, pick, put, remove, quoted }: OptionProps) {
  const wanted = {
    concept: draft.concept,
    months: draft.months,
    down: draft.down,
    payments: draft.payments,
    discount: draft.discount,
    estimate: estimate?.id ?? "",
  };
  const [settled] = useDebouncedValue(JSON.stringify(wanted), 450);
  const whole =
    draft.months >= 1 && draft.months <= 60 && draft.down >= 0 && draft.payments >= 0 && draft.payments <= 60;
  const quote = useQuery({
    queryKey: ["quote", card.case_id, settled],
    queryFn: ({ signal }) => {
      const asked = JSON.parse(settled) as typeof wanted;
      return data(
        api.POST("/v1/quotes", {
          params: { header: once() },
          body: {
            case_id: card.case_id,
            patient_id: card.patient_id,
            location_id: card.location_id,
            title: draft.title || conceptName(asked.concept),
            procedure_concept: asked.concept,
            treatment_months: asked.months,
            down_payment: { amount_cents: asked.down * 100, currency_code: "USD" },
            instalment_count: asked.payments,
            ...(asked.estimate ? { estimate_id: asked.estimate } : {}),
            ...(asked.discount > 0
              ? {
                  discounts: [
                    { kind: "courtesy", amount: { amount_cents: asked.discount * 100, currency_code: "USD" } },
                  ],
                }
              : {}),
          },
          signal,
        }),
      ).then((answer) => answer.quote as Quote);
    },
    enabled: whole,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (before) => before,
  });
  const now = quote.data;
  const fresh = whole && settled === JSON.stringify(wanted) && !quote.isPlaceholderData && quote.isSuccess;
  const valid = fresh ? now : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: told once for each quote
  useEffect(() => quoted(valid), [valid]);

  const count = (label: string, value: number, set: (value: number) => void, step = 1) => (
    <label>
      <span>{label}</span>
      <input
        type="number"
        min={0}
        step={step}
        value={value}
        onChange={(event) => set(Math.max(0, Math.round(Number(event.currentTarget.value))))}
      />
    </label>
  );
  return (
    <li className={css.option} data-picked={picked || undefined} aria-label={w.offer.option(number)}>
      <div className={css.top}>
        <label className={css.pick}>
          <input type="radio" name="pick" checked={picked} onChange={pick} /> {w.offer.pick}
        </label>
        {remove && (
          <button type="button" className={css.x} aria-label={w.offer.remove(number)} onClick={remove}>
            <Close size={14} />
          </button>
        )}
      </div>
      <label>
        <span>{w.offer.treatment}</span>
        <select
          value={draft.concept}
          onChange={(event) => {
            const concept = event.currentTarget.value;
            const months = monthsOf(concept, card.phase);
            put({ concept, title: conceptName(concept), months, payments: months });
          }}
        >
          {fees.map((fee) => (
            <option key={fee.id} value={fee.procedure_concept}>
              {conceptName(fee.procedure_concept)} · {formatDollars(cents(fee.fee))}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{w.offer.name}</span>
        <input value={draft.title} maxLength={80} onChange={(event) => put({ title: event.currentTarget.value })} />
      </label>
      <div className={css.pair}>
        {count(w.offer.down, draft.down, (down) => put({ down }), 50)}
        {count(w.offer.payments, draft.payments, (payments) => put({ payments }))}
        {count(w.offer.months, draft.months, (months) => put({ months }))}
        {count(w.offer.discount, draft.discount, (discount) => put({ discount }), 50)}
      </div>
      {quote.isError ? (
        <p className={css.bad} role="alert">
          {w.offer.failedQuote}
          {refusal(quote.error)}
        </p>
      ) : (
        <div className={css.price} aria-busy={!fresh}>
          <p>
            <strong>
              {now
                ? now.instalment_count
                  ? formatMoney(cents(now.instalment))
                  : formatMoney(cents(now.down_payment))
                : "–"}
            </strong>
            <span>{now?.instalment_count === 0 ? w.offer.inFull : w.offer.month}</span>
          </p>
          <dl>
            <dt>{w.offer.numbers.fee}</dt>
            <dd>{now ? formatDollars(cents(now.treatment_fee)) : ""}</dd>
            {now && cents(now.treatment_fee) > cents(now.total_fee) && (
              <>
                <dt>{w.offer.numbers.discount}</dt>
                <dd>−{formatDollars(cents(now.treatment_fee) - cents(now.total_fee))}</dd>
              </>
            )}
            {now && cents(now.insurance_portion) > 0 && (
              <>
                <dt>{w.offer.numbers.insurance}</dt>
                <dd>−{formatDollars(cents(now.insurance_portion))}</dd>
              </>
            )}
            <dt>
              <b>{w.offer.numbers.yours}</b>
            </dt>
            <dd>
              <b>{now ? formatDollars(cents(now.patient_portion)) : ""}</b>
            </dd>
          </dl>
          <p className={css.split}>
            {now &&
              `${formatDollars(cents(now.down_payment))} ${w.offer.today}${now.instalment_count ? ` + ${now.instalment_count} × ${formatMoney(cents(now.instalment))}` : ""}`}
          </p>
        </div>
      )}
    </li>
  );
}
