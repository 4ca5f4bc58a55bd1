import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type PointerEvent, useRef, useState } from "react";
import { api, data, ifMatch, once } from "../../api/client";
import { formatShortDay, locale } from "../../domain/i18n";
import { addDays, clock, wall } from "../../domain/time";
import { minuteOfText, timeText, WEEKDAYS } from "../../domain/week";
import { Plus } from "../../ui/icons";
import { Empty, Failed } from "../../ui/states";
import {
  CLASSES,
  type DayTemplate,
  type Place,
  type TemplateSlot,
  useChairs,
  useOfficeSettings,
  usePlace,
  type VisitClass,
} from "./data";
import { Card, ChoiceField, Dialog, Head, SaveBar, TextField, useEditor, useSave } from "./form";
import css from "./form.module.css";
import { PlaceChoice } from "./place-choice";
import shifts from "./shifts.module.css";
import slices from "./slices.module.css";
import own from "./templates.module.css";
import { common as w } from "./words/common";
import { shifts as shiftsWords } from "./words/shifts";
import { slices as slicesWords } from "./words/slices";
import { templates as templatesWords } from "./words/templates";

const STEP = 10;
const SLOT_PX = 8; // of ten minutes

export function Page() {
  const { place, places, choose, error, again } = usePlace("templates.manage");
  if (error) return <Failed error={error} again={again} />;
  if (!place) return null;
  return (
    <>
      <Head title={templatesWords.title} lead={templatesWords.lead}>
        <PlaceChoice place={place} places={places} choose={choose} />
      </Head>
      <Templates key={place.id} place={place} />
    </>
  );
}

function Templates({ place }: { place: Place }) {
  const navigate = useNavigate();
  const { item } = useSearch({ strict: false }) as { item?: string };
  const key = ["settings", "templates", place.id];
  const templates = useQuery({
    queryKey: key,
    queryFn: () =>
      data(api.GET("/v1/locations/{location_id}/day-templates", { params: { path: { location_id: place.id } } })).then(
        (found) =>
          found.day_templates.map(
            (one): DayTemplate => ({
              ...one,
              slots: one.slots.map((slot) => ({ ...slot, visit_class: slot.visit_class ?? "other" })),
            }),
          ),
      ),
  });
  const chairs = useChairs(place.id);
  const open = (id: string) =>
    void navigate({
      to: "/settings/$section",
      params: { section: "templates" },
      search: (was: object) => ({ ...was, item: id }),
    });
  if (templates.isError) return <Failed error={templates.error} again={() => void templates.refetch()} />;
  if (!templates.data || !chairs.data) return null;
  const found = item === "new" ? undefined : (templates.data.find((one) => one.id === item) ?? templates.data[0]);
  return (
    <div className={css.split}>
      <div>
        <nav className={css.list} aria-label={templatesWords.title}>
          <ul>
            {templates.data.map((one) => (
              <li key={one.id}>
                <button
                  type="button"
                  aria-current={one.id === found?.id ? "true" : undefined}
                  onClick={() => open(one.id)}
                >
                  <span className={css.grow}>
                    {one.name}
                    <small>{templatesWords.blocks(one.slots.length)}</small>
                  </span>
                </button>
              </li>
            ))}
            <li>
              <button type="button" aria-current={item === "new" ? "true" : undefined} onClick={() => open("new")}>
                <Plus size={14} /> {templatesWords.add}
              </button>
            </li>
          </ul>
        </nav>
        <Days place={place} templates={templates.data} />
      </div>
      {found || item === "new" || templates.data.length === 0 ? (
        <TemplateForm
          key={found?.id ?? "new"}
          place={place}
          template={found}
          chairs={chairs.data.filter((chair) => chair.active)}
          onMade={open}
        />
      ) : (
        <Empty title={templatesWords.none} />
      )}
    </div>
  );
}

const bySlot = (a: TemplateSlot, b: TemplateSlot) =>
  a.chair_id.localeCompare(b.chair_id) || a.start_minute - b.start_minute;
const endOf = (slot: TemplateSlot) => slot.start_minute + slot.duration_minutes;
/** Whether a block has its chair to itself. */
const free = (slot: TemplateSlot, others: readonly TemplateSlot[]) =>
  !others.some(
    (one) => one.chair_id === slot.chair_id && one.start_minute < endOf(slot) && slot.start_minute < endOf(one),
  );

function TemplateForm(props: {
  place: Place;
  template: DayTemplate | undefined;
  chairs: { id: string; name: string }[];
  onMade: (id: string) => void;
}) {
  const { place, template, chairs } = props;
  const queries = useQueryClient();
  const office = useOfficeSettings(place.id);
  const editor = useEditor(
    { name: template?.name ?? "", slots: [...(template?.slots ?? [])].sort(bySlot) },
    Number(template?.version ?? 0),
  );
  const again = () => queries.invalidateQueries({ queryKey: ["settings", "templates", place.id] });
  const { faults, busy, save } = useSave(again);
  const { draft, set } = editor;
  const [brush, setBrush] = useState<VisitClass>("start");
  const [chosen, setChosen] = useState(-1);
  const [held, setHeld] = useState<TemplateSlot>();
  const drag = useRef<{ chair: string; from: number } | undefined>(undefined);
  const hours = office.data?.hours ?? [];
  const first = Math.floor(Math.min(480, ...hours.map((span) => span.opens_minute)) / 60) * 60;
  const last = Math.ceil(Math.max(1020, ...hours.map((span) => span.closes_minute)) / 60) * 60;
  const top = (minute: number) => ((minute - first) / STEP) * SLOT_PX;

  const put = (slot: TemplateSlot) => {
    if (!free(slot, draft.slots)) return;
    const next = [...draft.slots, slot].sort(bySlot);
    set({ slots: next });
    setChosen(next.indexOf(slot));
  };
  const minuteAt = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const minute = first + Math.floor((event.clientY - box.top) / SLOT_PX) * STEP;
    return Math.max(first, Math.min(last - STEP, minute));
  };
  const stretch = (chair: string, from: number, to: number): TemplateSlot => ({
    chair_id: chair,
    start_minute: Math.min(from, to),
    duration_minutes: Math.min(480, Math.abs(to - from) + STEP),
    visit_class: brush,
    release_days: 0,
  });
  const send = async () => {
    let id = template?.id ?? "";
    const done = await save(async () => {
      const answer = await data(
        api.POST("/v1/locations/{location_id}/day-templates", {
          params: {
            path: { location_id: place.id },
            header: template ? ifMatch(editor.version) : once(),
          },
          body: { template_id: template?.id, name: draft.name.trim(), slots: draft.slots },
        }),
      );
      id = answer.day_template?.id ?? "";
      await again();
    }, templatesWords.saved(draft.name));
    if (done && !template) {
      editor.discard();
      setTimeout(() => props.onMade(id), 0);
    }
  };
  const slot = draft.slots[chosen];
  const change = (patch: Partial<TemplateSlot>) => {
    const changed = { ...slot, ...patch } as TemplateSlot;
    if (
      !free(
        changed,
        draft.slots.filter((_, index) => index !== chosen),
      )
    )
      return;
    set({ slots: draft.slots.map((one, index) => (index === chosen ? changed : one)) });
  };
  const minutes = new Map<string, number>();
  for (const one of draft.slots)
    minutes.set(one.visit_class, (minutes.get(one.visit_class) ?? 0) + one.duration_minutes);
  return (
    <div>
      <Card>
        <div className={css.grid}>
          <TextField
            label={templatesWords.fields.name}
            value={draft.name}
            maxLength={80}
            fault={faults.name}
            onText={(name) => set({ name })}
          />
        </div>
        <fieldset className={shifts.weekdays}>
          <legend>{templatesWords.brush}</legend>
          <div className={slices.hues}>
            {CLASSES.map((one) => (
              <label key={one} data-hue={one}>
                <input type="radio" name="brush" checked={brush === one} onChange={() => setBrush(one)} />
                <span className={slices.dot} aria-hidden="true" />
                {w.classes[one]}
                {minutes.get(one) ? <small>{slicesWords.minutes(minutes.get(one) ?? 0)}</small> : null}
              </label>
            ))}
          </div>
        </fieldset>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls has to be reached from the keyboard */}
        <div className={own.board} tabIndex={0} role="region" aria-label={templatesWords.board(draft.name)}>
          <div className={own.times} aria-hidden="true">
            {Array.from({ length: (last - first) / 60 }, (_, hour) => (
              <span key={hour} style={{ height: (60 / STEP) * SLOT_PX }}>
                {clock(first + hour * 60)}
              </span>
            ))}
          </div>
          {chairs.map((chair) => (
            <div key={chair.id} className={own.chair}>
              <div className={own.name}>
                {chair.name}
                <button
                  type="button"
                  aria-label={templatesWords.addAt(chair.name)}
                  onClick={() => {
                    for (let from = first; from + 60 <= last; from += STEP) {
                      const wanted = { ...stretch(chair.id, from, from), duration_minutes: 60 };
                      if (free(wanted, draft.slots)) return put(wanted);
                    }
                  }}
                >
                  <Plus size={12} />
                </button>
              </div>
              <div
                className={own.column}
                style={{ height: top(last) }}
                onPointerDown={(event) => {
                  if (event.target !== event.currentTarget || event.button !== 0) return;
                  event.currentTarget.setPointerCapture(event.pointerId);
                  const from = minuteAt(event);
                  drag.current = { chair: chair.id, from };
                  setHeld(stretch(chair.id, from, from));
                }}
                onPointerMove={(event) => {
                  if (drag.current) setHeld(stretch(chair.id, drag.current.from, minuteAt(event)));
                }}
                onPointerUp={() => {
                  if (drag.current && held) put(held);
                  drag.current = undefined;
                  setHeld(undefined);
                }}
                onPointerCancel={() => {
                  drag.current = undefined;
                  setHeld(undefined);
                }}
              >
                {draft.slots.map(
                  (one, index) =>
                    one.chair_id === chair.id && (
                      <button
                        key={index}
                        type="button"
                        className={own.block}
                        data-hue={one.visit_class}
                        aria-pressed={index === chosen}
                        style={{
                          top: top(one.start_minute),
                          height: (one.duration_minutes / STEP) * SLOT_PX - 1,
                        }}
                        onClick={() => setChosen(index)}
                        onKeyDown={(event) => {
                          const step = { ArrowUp: -STEP, ArrowDown: STEP }[event.key];
                          if (event.key === "Delete") {
                            set({ slots: draft.slots.filter((_, other) => other !== index) });
                            setChosen(-1);
                          } else if (step && index === chosen) {
                            event.preventDefault();
                            if (event.shiftKey) {
                              const length = one.duration_minutes + step;
                              if (length >= STEP && length <= 480) change({ duration_minutes: length });
                            } else change({ start_minute: one.start_minute + step });
                          }
                        }}
                      >
                        <b>{w.classes[one.visit_class]} </b>
                        <span>{clock(one.start_minute)}</span>
                        <span className="hidden-text">{`–${clock(endOf(one))}, ${chair.name}`}</span>
                      </button>
                    ),
                )}
                {held?.chair_id === chair.id && (
                  <span
                    className={own.block}
                    data-hue={brush}
                    data-bad={free(held, draft.slots) ? undefined : ""}
                    style={{ top: top(held.start_minute), height: (held.duration_minutes / STEP) * SLOT_PX - 1 }}
                  />
                )}
              </div>
            </div>
          ))}
        </div>
        <p className={slices.help}>{templatesWords.help}</p>
      </Card>
      {slot && (
        <Card
          title={templatesWords.chosen}
          aside={
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                set({ slots: draft.slots.filter((_, index) => index !== chosen) });
                setChosen(-1);
              }}
            >
              {templatesWords.removeBlock}
            </Button>
          }
        >
          <div className={css.grid}>
            <ChoiceField
              label={templatesWords.fields.class}
              value={slot.visit_class}
              options={CLASSES.map((one) => ({ value: one, label: w.classes[one] }))}
              onChoice={(value) => change({ visit_class: value as VisitClass })}
            />
            <TextField
              label={shiftsWords.from}
              type="time"
              step={300}
              value={timeText(slot.start_minute)}
              onText={(text) => change({ start_minute: minuteOfText(text) ?? slot.start_minute })}
            />
            <TextField
              label={templatesWords.fields.length}
              type="number"
              min={5}
              max={480}
              step={5}
              value={slot.duration_minutes}
              onText={(text) => Number(text) >= 5 && change({ duration_minutes: Math.min(480, Number(text)) })}
            />
            <TextField
              label={templatesWords.fields.release}
              type="number"
              min={0}
              max={90}
              value={slot.release_days}
              hint={templatesWords.releaseHint(slot.release_days)}
              onText={(text) => change({ release_days: Math.max(0, Math.min(90, Number(text) || 0)) })}
            />
          </div>
        </Card>
      )}
      <SaveBar
        editor={editor}
        labels={templatesWords.fields}
        busy={busy}
        fault={faults[""] ?? faults.slots}
        disabled={!draft.name.trim()}
        onSave={() => void send()}
      />
    </div>
  );
}

/** Which days follow which template, and the way to say so. */
function Days({ place, templates }: { place: Place; templates: DayTemplate[] }) {
  const queries = useQueryClient();
  const today = wall(new Date(), place.time_zone).day;
  const key = ["settings", "template-days", place.id];
  const days = useQuery({
    queryKey: key,
    queryFn: () =>
      data(
        api.GET("/v1/locations/{location_id}/template-days", {
          params: { path: { location_id: place.id }, query: { first_day: today, last_day: addDays(today, 27) } },
        }),
      ).then((found) => found.template_days),
  });
  const [applying, setApplying] = useState(false);
  const names = new Map(templates.map((one) => [one.id, one.name]));
  return (
    <section className={own.days} aria-labelledby="days">
      <h2 id="days">{templatesWords.days}</h2>
      {days.data?.length === 0 && <p className={css.quiet}>{templatesWords.noDays}</p>}
      <ul>
        {days.data?.slice(0, 14).map((one) => (
          <li key={one.day}>
            <span>{formatShortDay(one.day)}</span> {names.get(one.template_id)}
          </li>
        ))}
      </ul>
      {templates.length > 0 && (
        <Button variant="default" size="xs" onClick={() => setApplying(true)}>
          {templatesWords.apply}
        </Button>
      )}
      {applying && (
        <Apply
          place={place}
          templates={templates}
          today={today}
          onClose={() => {
            setApplying(false);
            void queries.invalidateQueries({ queryKey: key });
          }}
        />
      )}
    </section>
  );
}

function Apply(props: { place: Place; templates: DayTemplate[]; today: string; onClose: () => void }) {
  const [template, setTemplate] = useState(props.templates[0]?.id ?? "");
  const [first, setFirst] = useState(addDays(props.today, 1));
  const [last, setLast] = useState(addDays(props.today, 28));
  const [weekdays, setWeekdays] = useState<number[]>([1, 2, 3, 4, 5]);
  const { faults, busy, save } = useSave(() => undefined);
  const days: string[] = [];
  for (let day = first; day <= last && days.length < 400; day = addDays(day, 1))
    if (weekdays.includes(new Date(`${day}T12:00:00Z`).getUTCDay() || 7)) days.push(day);
  const send = async () => {
    const params = { path: { location_id: props.place.id }, header: once() };
    const body = { template_id: template || undefined, days };
    const done = await save(
      () => data(api.POST("/v1/locations/{location_id}/template-days", { params, body })),
      templatesWords.applied(days.length),
    );
    if (done) props.onClose();
  };
  return (
    <Dialog title={templatesWords.apply} onClose={props.onClose}>
      <div className={css.grid}>
        <ChoiceField
          label={templatesWords.which}
          value={template}
          wide
          options={[
            ...props.templates.map((one) => ({ value: one.id, label: one.name })),
            { value: "", label: templatesWords.noTemplate },
          ]}
          onChoice={setTemplate}
        />
        <TextField label={shiftsWords.first} type="date" value={first} min={props.today} onText={setFirst} />
        <TextField label={shiftsWords.last} type="date" value={last} min={first} onText={setLast} />
      </div>
      <fieldset className={shifts.weekdays}>
        <legend>{shiftsWords.weekdays}</legend>
        {WEEKDAYS.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={weekdays.includes(one)}
            onClick={() =>
              setWeekdays(weekdays.includes(one) ? weekdays.filter((day) => day !== one) : [...weekdays, one])
            }
          >
            {w.weekdays[one].slice(0, 3)}
          </button>
        ))}
      </fieldset>
      <p className={css.lead} role="status">
        {faults[""] ??
          templatesWords.preview(days.length, new Intl.ListFormat(locale).format(days.slice(0, 3).map(formatShortDay)))}
      </p>
      <div className={css.actions}>
        <Button loading={busy} disabled={!days.length} onClick={() => void send()}>
          {templatesWords.apply}
        </Button>
      </div>
    </Dialog>
  );
}
