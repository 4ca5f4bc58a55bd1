import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, data, once, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { formatDollars, formatShortDay } from "../../domain/i18n";
import { Dialog } from "../../ui/dialog";
import { Plus } from "../../ui/icons";
import { Failed } from "../../ui/states";
import { tell } from "../../ui/undo";
import { type Card, cents, refusal } from "./data";
import { conceptName, consentOf, monthsOf } from "./offer";
import { type Draft, type Fee, Option, type Quote } from "./option";
import css from "./present.module.css";
import { Share } from "./share";
import type { StepProps } from "./step";
import { w } from "./words";

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
export default function Present({ card, names, changes, close }: StepProps & { card: Card }) {
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
