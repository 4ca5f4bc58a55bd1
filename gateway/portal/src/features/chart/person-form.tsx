import { type FormEvent, useId, useState } from "react";
import { choose } from "../../domain/merge";
import { Alert } from "../../ui/icons";
import { tell } from "../../ui/undo";
import { Buttons, Field, form } from "./dialog";
import { g } from "./family/words";
import { type PatientValues, type PersonValues, tidy, unfit } from "./person";
import { type Outcome, saveMerged } from "./save";
import { w } from "./words";

type Values = PersonValues & Partial<PatientValues>;
type Text = Exclude<keyof Values, "location_ids" | "active">;

/** Writes a person. When somebody else was faster the changes are merged; what both changed is asked for. */
export function PersonForm<T extends PersonValues>({
  saved,
  version,
  write,
  latest,
  done,
  close,
}: {
  saved: T;
  version: number;
  write: (values: T, version: number) => Promise<unknown>;
  latest: () => Promise<{ values: T; version: number }>;
  done: () => void;
  close: () => void;
}) {
  const [read, setRead] = useState({ values: saved, version });
  const [values, setValues] = useState(saved);
  const [conflict, setConflict] = useState<Extract<Outcome<T>, { saved: false }>>();
  const [choices, setChoices] = useState<Partial<Record<keyof T, "mine" | "theirs">>>({});
  const [wrong, setWrong] = useState<string>();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const mine = tidy(conflict ? choose(conflict.mine, conflict.theirs, choices) : values);
    const bad = unfit(mine);
    setWrong(bad);
    if (bad) return;
    setBusy(true);
    setError(undefined);
    try {
      const outcome = await saveMerged({ base: read.values, mine, version: read.version, write, latest });
      if (outcome.saved) {
        const taken = outcome.taken.map((field) => g.person[field as Text] ?? String(field)).join(", ");
        tell({ text: g.person.saved, detail: taken && g.person.taken(taken), tone: "good" });
        done();
        close();
      } else {
        setRead({ values: outcome.base, version: outcome.version });
        setValues(outcome.mine);
        setConflict(outcome);
        setChoices({});
      }
    } catch (failed) {
      setError(failed);
    }
    setBusy(false);
  };

  if (conflict) {
    const open = conflict.conflicts.filter((field) => !choices[field]);
    return (
      <form className={form.form} onSubmit={(event) => void submit(event)}>
        <Conflict
          outcome={conflict}
          choices={choices}
          choose={(field, whose) => setChoices((was) => ({ ...was, [field]: whose }))}
        />
        <Buttons error={error} close={close} busy={busy} save={open.length ? g.person.chooseFirst : w.save} />
      </form>
    );
  }
  const given: Values = values;
  const set = (field: Text) => (value: string) => setValues((was) => ({ ...was, [field]: value }));
  const text = (field: Text, more: { type?: string; required?: boolean; autoFocus?: boolean } = {}) => (
    <Field label={g.person[field]} error={wrong === field ? g.person.wrong[wrong] : undefined}>
      {(props) => (
        <input
          {...props}
          type={more.type ?? "text"}
          required={more.required}
          data-autofocus={more.autoFocus}
          autoComplete="off"
          maxLength={100}
          value={given[field] ?? ""}
          onChange={(event) => set(field)(event.currentTarget.value)}
        />
      )}
    </Field>
  );
  const select = (field: "language" | "sex", options: Record<string, string>) => (
    <Field label={g.person[field]}>
      {(props) => (
        <select {...props} value={given[field] ?? ""} onChange={(event) => set(field)(event.currentTarget.value)}>
          {Object.entries(options).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
  return (
    <form className={form.form} onSubmit={(event) => void submit(event)}>
      <div className={form.two}>
        {text("first_name", { required: true, autoFocus: true })}
        {text("last_name", { required: true })}
        {given.preferred_name !== undefined && text("preferred_name")}
        {text("birth_date", { type: "date", required: given.sex !== undefined })}
        {given.sex !== undefined && select("sex", g.person.sexes)}
        {select("language", g.person.languages)}
        {text("mobile", { type: "tel" })}
        {text("email", { type: "email" })}
      </div>
      {text("line1")}
      <div className={form.two}>
        {text("city")}
        <div className={form.two}>
          {text("state")}
          {text("postal_code")}
        </div>
      </div>
      <Buttons error={error} close={close} busy={busy} save={w.save} />
    </form>
  );
}

function Conflict<T extends object>({
  outcome,
  choices,
  choose: take,
}: {
  outcome: Extract<Outcome<T>, { saved: false }>;
  choices: Partial<Record<keyof T, "mine" | "theirs">>;
  choose: (field: keyof T, whose: "mine" | "theirs") => void;
}) {
  const id = useId();
  const say = (value: unknown) => (value === "" ? g.person.empty : String(value));
  return (
    <section className={form.conflict} aria-labelledby={id}>
      <h3 id={id}>
        <Alert />
        {g.person.conflict}
      </h3>
      {outcome.conflicts.map((field) => (
        <fieldset key={String(field)}>
          <legend>{g.person[field as Text]}</legend>
          <div className={form.two}>
            {(["mine", "theirs"] as const).map((whose) => (
              <label key={whose} className={form.choice}>
                <input
                  type="radio"
                  required
                  name={`${id}-${String(field)}`}
                  checked={choices[field] === whose}
                  onChange={() => take(field, whose)}
                />
                <span>
                  <small>{g.person[whose]}</small>
                  <strong>{say(outcome[whose][field])}</strong>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
      ))}
    </section>
  );
}
