import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, once, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { formatFullDay, formatMoney } from "../../domain/i18n";
import { Plus } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { useAllPlaces } from "./data";
import { Card, ChoiceField, Dialog, Head, TextField, useSave } from "./form";
import css from "./form.module.css";
import own from "./locations.module.css";
import { common as w } from "./words/common";
import { fees as feesWords } from "./words/fees";
import { users as usersWords } from "./words/users";

type Fee = Schemas["contracts.Fee"];

const key = ["settings", "fees"];

/** "4,250" or "$4250.50" as cents; undefined when it is no amount. */
export function cents(text: string): number | undefined {
  const found = /^\$?\s*(\d{1,3}(?:,?\d{3})*)(?:\.(\d{1,2}))?$/.exec(text.trim());
  if (!found) return undefined;
  return Number(found[1]?.replace(/,/g, "")) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
}

export function Page() {
  const places = useAllPlaces();
  const { may } = useSession();
  const [on, setOn] = useState(new Date().toLocaleDateString("en-CA"));
  const [editing, setEditing] = useState<Fee | "new">();
  const fees = useQuery({
    queryKey: [...key, on],
    queryFn: () => data(api.GET("/v1/fees", { params: { query: { on } } })).then((found) => found.fees),
    placeholderData: (before) => before,
  });
  if (fees.isError) return <Failed error={fees.error} again={() => void fees.refetch()} />;
  const place = (id: string) =>
    id ? (places.data?.find((one) => one.id === id)?.name ?? usersWords.otherPlace) : feesWords.group;
  const list = [...(fees.data ?? [])].sort(
    (a, b) => a.procedure_concept.localeCompare(b.procedure_concept) || a.location_id.localeCompare(b.location_id),
  );
  return (
    <>
      <Head title={feesWords.title} lead={feesWords.lead}>
        {may("fees.set") && (
          <Button leftSection={<Plus />} onClick={() => setEditing("new")}>
            {feesWords.add}
          </Button>
        )}
      </Head>
      <Card>
        <div className={css.grid}>
          <TextField label={feesWords.on} type="date" value={on} onText={(day) => day && setOn(day)} />
        </div>
        {list.length === 0 && fees.data ? (
          <Empty title={feesWords.none} />
        ) : (
          <table className={css.table} aria-busy={fees.isPending}>
            <thead>
              <tr>
                <th>{feesWords.what}</th>
                <th>{feesWords.where}</th>
                <th data-number>{feesWords.fee}</th>
                <th>{feesWords.since}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((fee) => (
                <tr key={fee.id}>
                  <td>
                    <button type="button" className={css.rowName} onClick={() => setEditing(fee)}>
                      {feesWords.concepts[fee.procedure_concept] ?? fee.procedure_concept}
                    </button>
                  </td>
                  <td>{place(fee.location_id)}</td>
                  <td data-number>{formatMoney(Number(fee.fee?.amount_cents ?? 0))}</td>
                  <td>{formatFullDay(fee.effective_on)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Card>
      {editing && (
        <SetFee fee={editing === "new" ? undefined : editing} known={list} onClose={() => setEditing(undefined)} />
      )}
    </>
  );
}

/** A fee is never edited: another one applies from a day on, and quotes keep the one they were made with. */
function SetFee({ fee, known, onClose }: { fee: Fee | undefined; known: Fee[]; onClose: () => void }) {
  const queries = useQueryClient();
  const { session, may } = useSession();
  const places = useAllPlaces();
  const everywhere = session.permissions["fees.set"] === "*";
  const mine = (places.data ?? []).filter((place) => place.active && may("fees.set", place.id));
  const concepts = [
    ...new Set([...Object.keys(feesWords.concepts), ...known.map((one) => one.procedure_concept)]),
  ].sort();
  const [concept, setConcept] = useState(fee?.procedure_concept ?? concepts[0] ?? "");
  const [where, setWhere] = useState(fee?.location_id ?? (everywhere ? "" : (mine[0]?.id ?? "")));
  const [amount, setAmount] = useState(fee ? String(Number(fee.fee?.amount_cents ?? 0) / 100) : "");
  const [from, setFrom] = useState(new Date().toLocaleDateString("en-CA"));
  const { faults, busy, save } = useSave(() => undefined);
  const value = cents(amount);
  const send = async () => {
    if (!value) return;
    const body = {
      procedure_concept: concept,
      location_id: where || undefined,
      fee: { amount_cents: value, currency_code: "USD" },
      effective_on: from,
    };
    const done = await save(
      () => data(api.POST("/v1/fees", { params: { header: once() }, body })),
      feesWords.saved(formatMoney(value), formatFullDay(from)),
    );
    await queries.invalidateQueries({ queryKey: key });
    if (done) onClose();
  };
  return (
    <Dialog title={fee ? feesWords.change : feesWords.add} onClose={onClose}>
      <form
        className={own.form}
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <ChoiceField
          label={feesWords.what}
          value={concept}
          disabled={Boolean(fee)}
          fault={faults.procedure_concept}
          options={concepts.map((value) => ({ value, label: feesWords.concepts[value] ?? value }))}
          onChoice={setConcept}
        />
        <ChoiceField
          label={feesWords.where}
          value={where}
          disabled={Boolean(fee)}
          fault={faults.location_id}
          options={[
            ...(everywhere || fee?.location_id === "" ? [{ value: "", label: feesWords.group }] : []),
            ...mine.map((place) => ({ value: place.id, label: place.name })),
          ]}
          onChoice={setWhere}
        />
        <div className={css.grid}>
          <TextField
            label={feesWords.fee}
            value={amount}
            inputMode="decimal"
            required
            data-autofocus
            fault={faults.fee ?? (amount && !value ? feesWords.noAmount : undefined)}
            hint={value ? formatMoney(value) : undefined}
            onText={setAmount}
          />
          <TextField
            label={feesWords.from}
            type="date"
            value={from}
            required
            fault={faults.effective_on}
            hint={feesWords.fromHint}
            onText={setFrom}
          />
        </div>
        {faults[""] && (
          <p className={own.bad} role="alert">
            {faults[""]}
          </p>
        )}
        <div className={css.actions}>
          <Button type="submit" loading={busy} disabled={!value || !concept}>
            {w.form.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
