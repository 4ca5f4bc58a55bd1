import { Button } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, data, once, type Patient } from "../../../api/client";
import { Check, Close } from "../../../ui/icons";
import { tell } from "../../../ui/undo";
import type { RelatedParty } from "../data";
import { Buttons, Dialog, Field, form } from "../dialog";
import { w } from "../words";
import css from "./page.module.css";
import { g } from "./words";

/** Who sees what and who pays what share: read off the relationships, as documents, links and bills obey them. */
export function Visibility({
  patient,
  current,
  split,
  write,
  hide,
  saved,
}: {
  patient: Patient;
  current: RelatedParty[];
  split: boolean;
  write: boolean;
  hide: (text: string) => string;
  saved: () => void;
}) {
  const [opened, setOpened] = useState(false);
  return (
    <section className={css.who} aria-label={g.family.visibility}>
      <header>
        <h2>
          {g.family.visibility}
          {split && <em>{w.alerts.split}</em>}
        </h2>
        {write && (
          <Button size="xs" variant="default" onClick={() => setOpened(true)}>
            {g.family.shares}
          </Button>
        )}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <div className={css.scroll} tabIndex={0} role="group" aria-label={g.family.visibility}>
        <table>
          <thead>
            <tr>
              <th scope="col">{g.family.person}</th>
              <th scope="col">{g.family.columns.clinical}</th>
              <th scope="col">{g.family.columns.decides}</th>
              <th scope="col">{g.family.columns.money}</th>
              <th scope="col" className={css.number}>
                {g.family.columns.share}
              </th>
            </tr>
          </thead>
          <tbody>
            {current.map(({ party, relationship: tie }) => (
              <tr key={tie?.id}>
                <th scope="row">{hide(`${party?.first_name} ${party?.last_name}`)}</th>
                <Yes is={tie?.clinical_access ?? false} yes={g.family.sees} no={g.family.seesNot} />
                <Yes is={tie?.may_consent ?? false} yes={g.family.decides} no={g.family.decidesNot} />
                <Yes
                  is={tie?.financial ?? false}
                  yes={tie?.own_share_only ? g.family.ownMoney : g.family.allMoney}
                  no={g.family.noMoney}
                />
                <td className={css.number}>{g.family.percent((tie?.share_bp ?? 0) / 100)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Dialog title={g.family.shares} opened={opened} close={() => setOpened(false)}>
        <Shares patient={patient} current={current} hide={hide} close={() => setOpened(false)} saved={saved} />
      </Dialog>
    </section>
  );
}

function Yes({ is, yes, no }: { is: boolean; yes: string; no: string }) {
  return (
    <td>
      <span className={css.yes} data-yes={is}>
        {is ? <Check size={14} /> : <Close size={14} />}
        {is ? yes : no}
      </span>
    </td>
  );
}

/** Who pays which part of the family's portion; together all of it. */
function Shares({
  patient,
  current,
  hide,
  close,
  saved,
}: {
  patient: Patient;
  current: RelatedParty[];
  hide: (text: string) => string;
  close: () => void;
  saved: () => void;
}) {
  const [percent, setPercent] = useState<Record<string, string>>(() =>
    Object.fromEntries(current.map(({ party, relationship }) => [party?.id, `${(relationship?.share_bp ?? 0) / 100}`])),
  );
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const basis = Object.entries(percent).map(([id, text]) => [id, Math.round(Number(text || 0) * 100)] as const);
  const sum = basis.reduce((total, [, points]) => total + points, 0);
  const whole = sum === 10_000;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!whole) return;
    setBusy(true);
    try {
      const shares = basis.filter(([, points]) => points > 0).map(([party_id, share_bp]) => ({ party_id, share_bp }));
      const params = { path: { patient_id: patient.id }, header: once() };
      await data(api.POST("/v1/patients/{patient_id}/shares", { params, body: { shares } }));
      tell({ text: g.family.sharesSaved, detail: g.family.sharesDetail, tone: "good" });
      close();
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
    saved();
  };
  return (
    <form className={form.form} onSubmit={(event) => void submit(event)}>
      <p>{g.family.sharesLead}</p>
      {current.map(({ party }) => (
        <Field key={party?.id} label={hide(`${party?.first_name} ${party?.last_name}`)}>
          {(props) => (
            <input
              {...props}
              type="number"
              min={0}
              max={100}
              step={0.01}
              value={percent[party?.id ?? ""] ?? ""}
              onChange={(event) => {
                const { value } = event.currentTarget;
                setPercent((was) => ({ ...was, [party?.id ?? ""]: value }));
              }}
            />
          )}
        </Field>
      ))}
      <p className={css.sum} data-whole={whole} role="status">
        {whole ? g.family.whole : g.family.notWhole(sum / 100)}
      </p>
      <Buttons error={error} close={close} busy={busy} save={w.save} />
    </form>
  );
}
