import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { api, data, ifMatch, once, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { formatDollars, formatMoney, formatShortDay } from "../../domain/i18n";
import { Check, Close, Plus } from "../../ui/icons";
import { Failed } from "../../ui/states";
import { tell } from "../../ui/undo";
import { type Card, cents, refusal } from "./data";
import { conceptName, consentOf, monthsOf } from "./offer";
import css from "./present.module.css";
import { Dialog, type StepProps } from "./steps";
import { w } from "./words";

type Quote = Schemas["contracts.Quote"];
type Fee = Schemas["contracts.Fee"];
type Estimate = Schemas["insurance.Estimate"];

/** What the coordinator sets; prices follow from the server's quote. */
interface Draft {
  key: string;
  concept: string;
  title: string;
  months: number;
  down: number; // dollars
  payments: number;
  discount: number; // dollars
}
const MOST = 3;
let made = 0;

const draftOf = (fee: Fee, phase: string | null | undefined): Draft => {
  const months = monthsOf(fee.procedure_concept, phase);
  const down = Math.round((cents(fee.fee) * 0.1) / 5_000) * 50;
  return {
    key: `option-${++made}`,
    concept: fee.procedure_concept,
    title: conceptName(fee.procedure_concept),
    months,
    down,
    payments: months,
    discount: 0,
  };
};

/** Up to three options with live prices, then a private link for whoever is responsible. */
export function Present({ card, names, changes, close }: StepProps & { card: Card }) {
  const { may } = useSession();
  const name = names.of(card);
  const fees = useQuery({
    queryKey: ["fees", card.location_id],
    queryFn: () =>
      data(api.GET("/v1/fees", { params: { query: { location_id: card.location_id } } })).then((found) => found.fees),
    staleTime: 300_000,
  });
  const estimate = useQuery({
    queryKey: ["estimates", card.patient_id],
    queryFn: () =>
      data(api.GET("/v1/estimates", { params: { query: { patient_id: card.patient_id, page_size: 1 } } })).then(
        (found) => found.estimates[0] ?? null,
      ),
    enabled: may("estimates.read", card.location_id),
  }).data;
  const [drafts, setDrafts] = useState<Draft[]>();
  const [quotes, setQuotes] = useState<Record<string, Quote | undefined>>({});
  const [pick, setPick] = useState("");
  const [insured, setInsured] = useState(true);
  const [heading, setHeading] = useState<string>(w.offer.headingText);
  const [message, setMessage] = useState("");
  const [busy, setBusy] = useState("");
  const [shown, setShown] = useState<Schemas["coordination.Presentation"]>();

  // The fee that fits what the doctor recommended comes first.
  useEffect(() => {
    if (drafts || !fees.data?.length) return;
    const fits = [...fees.data].sort((a, b) => Number(fitsPhase(b, card.phase)) - Number(fitsPhase(a, card.phase)));
    const first = draftOf(fits[0] as Fee, card.phase);
    const second = fits.find((fee) => fee.procedure_concept === "ortho.aligner" && fee !== fits[0]) ?? fits[1];
    setDrafts(second ? [first, draftOf(second, card.phase)] : [first]);
    setPick(first.key);
  }, [fees.data, drafts, card.phase]);

  const put = (key: string, part: Partial<Draft>) =>
    setDrafts((all) => all?.map((one) => (one.key === key ? { ...one, ...part } : one)));
  const ready = (drafts ?? []).length > 0 && (drafts ?? []).every((one) => quotes[one.key]);

  const prepare = async (inOffice: boolean) => {
    setBusy(inOffice ? "office" : "share");
    try {
      const { presentation } = await data(
        api.POST("/v1/presentations", {
          params: { header: once() },
          body: {
            case_id: card.case_id,
            title: heading,
            message,
            options: (drafts ?? []).map((one) => ({
              quote_id: (quotes[one.key] as Quote).id,
              title: one.title,
              appliance: "",
              description: "",
              recommended: pick === one.key,
              consent_kind: consentOf(one.concept),
            })),
          },
        }),
      );
      if (!inOffice) setShown(presentation ?? undefined);
      else {
        // the quotes have given the case its value: it is read anew before it moves
        const { case: now } = await data(
          api.GET("/v1/cases/{case_id}", { params: { path: { case_id: card.case_id } } }),
        );
        const fresh = { ...card, version: Number(now?.version ?? card.version) };
        if (now?.stage === "exam_kept") await changes.move(fresh, "presented");
        tell({ text: w.moved(name, w.stages.presented), tone: "good" });
        close();
      }
      void changes.refresh();
    } catch (error) {
      tell({ text: w.undone, detail: refusal(error), tone: "bad" });
    }
    setBusy("");
  };

  if (shown) return <Share card={card} names={names} presentation={shown} changes={changes} close={close} />;
  return (
    <Dialog title={w.offer.title(name)} close={close} size={980}>
      {fees.isError ? (
        <Failed error={fees.error} again={() => void fees.refetch()} />
      ) : fees.data?.length === 0 ? (
        <p>{w.offer.noFees}</p>
      ) : (
        <div className={css.offer}>
          <div className={css.estimate}>
            {estimate ? (
              <>
                <span>
                  {w.offer.estimate(
                    formatDollars(cents(estimate.expected)),
                    formatShortDay((estimate.create_time ?? "").slice(0, 10)),
                  )}
                </span>
                <label>
                  <input
                    type="checkbox"
                    checked={insured}
                    onChange={(event) => setInsured(event.currentTarget.checked)}
                  />{" "}
                  {w.offer.useEstimate}
                </label>
              </>
            ) : (
              <span>{w.offer.noEstimate}</span>
            )}
          </div>
          <ul className={css.options}>
            {(drafts ?? []).map((draft, index) => (
              <Option
                key={draft.key}
                draft={draft}
                number={index + 1}
                card={card}
                fees={fees.data ?? []}
                estimate={insured ? (estimate ?? undefined) : undefined}
                picked={pick === draft.key}
                pick={() => setPick(draft.key)}
                put={(part) => put(draft.key, part)}
                remove={
                  (drafts ?? []).length > 1
                    ? () => setDrafts((all) => all?.filter((one) => one.key !== draft.key))
                    : undefined
                }
                quoted={(quote) => setQuotes((all) => ({ ...all, [draft.key]: quote }))}
              />
            ))}
            {drafts && drafts.length < MOST && (
              <li className={css.add}>
                <button
                  type="button"
                  onClick={() => {
                    const taken = drafts.map((one) => one.concept);
                    const fee = fees.data?.find((one) => !taken.includes(one.procedure_concept)) ?? fees.data?.[0];
                    if (fee) setDrafts([...drafts, draftOf(fee, card.phase)]);
                  }}
                >
                  <Plus /> {w.offer.add}
                </button>
              </li>
            )}
          </ul>
          <div className={css.letter}>
            <label>
              <span>{w.offer.heading}</span>
              <input value={heading} maxLength={120} onChange={(event) => setHeading(event.currentTarget.value)} />
            </label>
            <label>
              <span>{w.offer.message}</span>
              <input value={message} maxLength={2000} onChange={(event) => setMessage(event.currentTarget.value)} />
            </label>
          </div>
          <div className={css.buttons}>
            <span className={css.ready} role="status">
              {ready ? w.offer.ready((drafts ?? []).length) : w.offer.counting}
            </span>
            {card.stage === "exam_kept" && (
              <Button
                variant="default"
                disabled={!ready || busy !== "" || !heading.trim()}
                loading={busy === "office"}
                onClick={() => void prepare(true)}
              >
                {w.offer.prepared}
              </Button>
            )}
            <Button
              disabled={!ready || busy !== "" || !heading.trim()}
              loading={busy === "share"}
              onClick={() => void prepare(false)}
            >
              {w.offer.next}
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}

/** Whether a fee is for the kind of treatment that was recommended. */
function fitsPhase(fee: Fee, phase: string | null | undefined): boolean {
  const concept = fee.procedure_concept;
  if (phase === "aligner") return concept.startsWith("ortho.aligner");
  if (phase === "limited" || phase === "phase_1") return concept.startsWith("ortho.limited");
  if (phase === "comprehensive_adult") return concept.endsWith(".adult");
  return concept.startsWith("ortho.comprehensive") && !concept.endsWith(".adult");
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
function Option({ draft, number, card, fees, estimate, picked, pick, put, remove, quoted }: OptionProps) {
  const id = useId();
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
        <div className={css.price} aria-busy={!fresh} id={`${id}-price`}>
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

interface ShareProps {
  card: Card;
  names: StepProps["names"];
  changes: StepProps["changes"];
  presentation: Schemas["coordination.Presentation"];
  close: () => void;
}

/** The private link: made for one person, shown once, mailed by itself. */
function Share({ card, names, changes, presentation, close }: ShareProps) {
  const parties = useQuery({
    queryKey: ["parties", card.patient_id],
    queryFn: () =>
      data(api.GET("/v1/patients/{patient_id}/parties", { params: { path: { patient_id: card.patient_id } } })).then(
        (found) => found.parties,
      ),
  });
  const [chosen, setChosen] = useState("");
  const [busy, setBusy] = useState(false);
  const [url, setUrl] = useState("");
  const [copied, setCopied] = useState(false);
  const party = (parties.data ?? []).find((one) => one.party?.id === chosen) ?? parties.data?.[0];
  const named = party?.party ? `${party.party.first_name} ${party.party.last_name}` : "";

  const share = async () => {
    if (!party?.party) return;
    setBusy(true);
    try {
      const answer = await data(
        api.POST("/v1/presentations/{presentation_id}/share", {
          params: { path: { presentation_id: presentation.id }, header: ifMatch(Number(presentation.version)) },
          body: { party_id: party.party.id },
        }),
      );
      setUrl(`${location.origin}${answer.url_path}`);
      tell({ text: w.moved(names.of(card), w.stages.presented), detail: w.offer.shared(named), tone: "good" });
      void changes.refresh();
    } catch (error) {
      tell({ text: w.undone, detail: refusal(error), tone: "bad" });
    }
    setBusy(false);
  };
  const copy = async () => {
    await navigator.clipboard.writeText(url);
    setCopied(true);
  };

  return (
    <Dialog title={url ? w.offer.shared(named) : w.offer.share} close={close} size={520}>
      {parties.isError ? (
        <Failed error={parties.error} again={() => void parties.refetch()} />
      ) : url ? (
        <div className={css.shared}>
          <p>{party?.party?.email ? w.offer.sharedLead : w.offer.noEmail}</p>
          <output className={css.link}>{url}</output>
          <div className={css.buttons}>
            <Button
              variant="default"
              leftSection={copied ? <Check size={14} /> : undefined}
              onClick={() => void copy()}
            >
              {copied ? w.offer.copied : w.offer.copy}
            </Button>
            <Button onClick={close}>{w.offer.done}</Button>
          </div>
        </div>
      ) : parties.data?.length === 0 ? (
        <p>{w.offer.noParty}</p>
      ) : (
        <form
          className={css.shared}
          onSubmit={(event) => {
            event.preventDefault();
            void share();
          }}
        >
          <fieldset className={css.people}>
            <legend>{w.offer.toWhom}</legend>
            {(parties.data ?? []).map(({ party: one }) =>
              one ? (
                <label key={one.id}>
                  <input
                    type="radio"
                    name="party"
                    checked={party?.party?.id === one.id}
                    onChange={() => setChosen(one.id)}
                  />
                  <span>
                    {one.first_name} {one.last_name}
                    <small>{one.email || w.offer.noEmail}</small>
                  </span>
                </label>
              ) : null,
            )}
          </fieldset>
          <div className={css.buttons}>
            <span className={css.ready}>{w.offer.draft}</span>
            <Button type="submit" loading={busy}>
              {w.offer.share}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
