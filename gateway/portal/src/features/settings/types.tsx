import { ActionIcon, Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { api, data, ifMatch, once } from "../../api/client";
import { minuteOfText, timeText, WEEKDAYS } from "../../domain/week";
import { Close, Plus } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import { CHAIR_KINDS, type ChairKind, CLASSES, typesKey, useTypes, type VisitClass, type VisitType } from "./data";
import { Card, Check, Head, SaveBar, TextField, useEditor, useSave } from "./form";
import css from "./form.module.css";
import shifts from "./shifts.module.css";
import { Neighbours, SliceEditor, Strip } from "./slices";
import slices from "./slices.module.css";
import { chairs as chairsWords } from "./words/chairs";
import { common as w } from "./words/common";
import { shifts as shiftsWords } from "./words/shifts";
import { slices as slicesWords } from "./words/slices";
import { types as typesWords } from "./words/types";

const NEW: VisitType = {
  id: "",
  code: "",
  name: "",
  visit_class: "adjustment",
  pattern: "AAdA",
  duration_minutes: 20,
  slices: [],
  windows: [],
  chair_kinds: [],
  online: false,
  active: true,
  version: 0,
  create_time: null,
  update_time: null,
};

export function Page() {
  const types = useTypes();
  const navigate = useNavigate();
  const { code } = useSearch({ strict: false }) as { code?: string };
  const open = (wanted: string) =>
    void navigate({ to: "/settings/$section", params: { section: "types" }, search: { code: wanted } });
  if (types.isError) return <Failed error={types.error} again={() => void types.refetch()} />;
  if (!types.data) return null;
  const list = [...types.data].sort((a, b) => Number(b.active) - Number(a.active) || a.name.localeCompare(b.name));
  const type = code === "new" ? NEW : (list.find((one) => one.code === code) ?? list[0]);
  return (
    <>
      <Head title={typesWords.title} lead={typesWords.lead}>
        <Button leftSection={<Plus />} onClick={() => open("new")}>
          {typesWords.add}
        </Button>
      </Head>
      <div className={css.split}>
        <nav className={css.list} aria-label={typesWords.title}>
          <ul>
            {list.map((one) => (
              <li key={one.id}>
                <button
                  type="button"
                  aria-current={one.code === type?.code ? "true" : undefined}
                  data-off={one.active ? undefined : ""}
                  onClick={() => open(one.code)}
                >
                  <span className={css.grow}>
                    {one.name}
                    <small>
                      {typesWords.line(one.duration_minutes, w.classes[one.visit_class])}
                      {one.active ? "" : ` · ${w.form.inactive}`}
                    </small>
                    <Strip pattern={one.pattern} hue={one.visit_class} />
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </nav>
        {type ? <TypeForm key={type.code || "new"} type={type} onMade={open} /> : <Empty title={typesWords.none} />}
      </div>
    </>
  );
}

const values = (type: VisitType) => ({
  code: type.code,
  name: type.name,
  visit_class: type.visit_class,
  pattern: type.pattern,
  windows: type.windows,
  chair_kinds: type.chair_kinds,
  online: type.online,
  active: type.active,
});

/** A code made from a name, until somebody writes another. */
const codeOf = (name: string) =>
  name
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "")
    .slice(0, 40);

function TypeForm({ type, onMade }: { type: VisitType; onMade: (code: string) => void }) {
  const queries = useQueryClient();
  const editor = useEditor(values(type), Number(type.version));
  const again = () => queries.invalidateQueries({ queryKey: typesKey });
  const { faults, busy, save } = useSave(again);
  const { draft, set } = editor;
  const made = type.id === "";
  const send = async () => {
    const { active, code, ...body } = draft;
    const params = { path: { code }, header: made ? once() : ifMatch(editor.version) };
    const done = await save(async () => {
      await data(api.PUT("/v1/appointment-types/{code}", { params, body: { ...body, inactive: !active } }));
      await again();
      void queries.invalidateQueries({ queryKey: ["types"] });
    }, typesWords.saved(draft.name));
    if (done && made) {
      editor.discard();
      setTimeout(() => onMade(code), 0);
    }
  };
  const f = typesWords.fields;
  return (
    <div>
      <Card>
        <div className={css.grid}>
          <TextField
            label={f.name}
            value={draft.name}
            maxLength={80}
            required
            fault={faults.name}
            onText={(name) =>
              set({ name, ...(made && draft.code === codeOf(draft.name) ? { code: codeOf(name) } : undefined) })
            }
          />
          <TextField
            label={f.code}
            value={draft.code}
            maxLength={40}
            disabled={!made}
            fault={faults.code}
            hint={typesWords.codeHint}
            onText={(code) => set({ code })}
          />
        </div>
        <fieldset className={shifts.weekdays}>
          <legend>{f.visit_class}</legend>
          <div className={slices.hues}>
            {CLASSES.map((one) => (
              <label key={one} data-hue={one}>
                <input
                  type="radio"
                  name="class"
                  checked={draft.visit_class === one}
                  onChange={() => set({ visit_class: one as VisitClass })}
                />
                <span className={slices.dot} aria-hidden="true" />
                {w.classes[one]}
              </label>
            ))}
          </div>
        </fieldset>
      </Card>
      <Card title={slicesWords.title} lead={slicesWords.lead}>
        <SliceEditor pattern={draft.pattern} hue={draft.visit_class} onPattern={(pattern) => set({ pattern })} />
        {faults.pattern && (
          <p className={shifts.bad} role="alert">
            {faults.pattern}
          </p>
        )}
      </Card>
      <Card title={slicesWords.neighbours} lead={slicesWords.neighboursLead}>
        <Neighbours pattern={draft.pattern} hue={draft.visit_class} />
      </Card>
      <Card title={typesWords.where} lead={typesWords.whereLead}>
        <div className={css.row}>
          {CHAIR_KINDS.map((kind) => (
            <Check
              key={kind}
              label={chairsWords.kinds[kind]}
              checked={draft.chair_kinds.includes(kind)}
              onCheck={(on) =>
                set({
                  chair_kinds: on
                    ? ([...draft.chair_kinds, kind] as ChairKind[])
                    : draft.chair_kinds.filter((one) => one !== kind),
                })
              }
            />
          ))}
        </div>
      </Card>
      <Card
        title={f.windows}
        lead={typesWords.windowsLead}
        aside={
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<Plus size={14} />}
            onClick={() => set({ windows: [...draft.windows, { weekdays: [], from_minute: 480, to_minute: 720 }] })}
          >
            {typesWords.addWindow}
          </Button>
        }
      >
        {draft.windows.length === 0 && <p className={css.quiet}>{typesWords.always}</p>}
        {draft.windows.map((window, index) => {
          const change = (patch: Partial<typeof window>) =>
            set({ windows: draft.windows.map((one, other) => (other === index ? { ...one, ...patch } : one)) });
          return (
            <div key={index} className={css.row}>
              <fieldset className={shifts.weekdays}>
                <legend className="hidden-text">{typesWords.window(index + 1)}</legend>
                {WEEKDAYS.map((day) => (
                  <button
                    key={day}
                    type="button"
                    aria-pressed={window.weekdays.includes(day)}
                    onClick={() =>
                      change({
                        weekdays: window.weekdays.includes(day)
                          ? window.weekdays.filter((one) => one !== day)
                          : [...window.weekdays, day].sort(),
                      })
                    }
                  >
                    {w.weekdays[day].slice(0, 3)}
                  </button>
                ))}
              </fieldset>
              <span className={css.row}>
                <input
                  type="time"
                  step={300}
                  className={css.input}
                  aria-label={shiftsWords.from}
                  value={timeText(window.from_minute)}
                  onChange={(event) => change({ from_minute: minuteOfText(event.currentTarget.value) ?? 0 })}
                />
                <input
                  type="time"
                  step={300}
                  className={css.input}
                  aria-label={shiftsWords.to}
                  value={timeText(window.to_minute)}
                  onChange={(event) => change({ to_minute: minuteOfText(event.currentTarget.value) ?? 0 })}
                />
              </span>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={typesWords.removeWindow(index + 1)}
                onClick={() => set({ windows: draft.windows.filter((_, other) => other !== index) })}
              >
                <Close size={14} />
              </ActionIcon>
            </div>
          );
        })}
      </Card>
      <Card>
        <Check
          label={f.online}
          hint={typesWords.onlineHint}
          checked={draft.online}
          onCheck={(online) => set({ online })}
        />
        <Check
          label={f.active}
          hint={typesWords.activeHint}
          checked={draft.active}
          onCheck={(active) => set({ active })}
        />
      </Card>
      <SaveBar
        editor={editor}
        labels={f}
        busy={busy}
        fault={faults[""]}
        disabled={!draft.name.trim() || !draft.code}
        onSave={() => void send()}
      />
    </div>
  );
}
