import { ActionIcon, Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { api, data, ifMatch } from "../../api/client";
import { another, copyDay, fault, minuteOfText, type Open, timeText, WEEKDAYS, weekMinutes } from "../../domain/week";
import { Close, Plus } from "../../ui/icons";
import { Failed } from "../../ui/states";
import { type Office, officeKey, type Place, useChairs, useOfficeSettings } from "./data";
import { Card, SaveBar, TextField, useEditor, useSave } from "./form";
import css from "./form.module.css";
import own from "./locations.module.css";
import { common as w } from "./words/common";
import { hours as hoursWords } from "./words/hours";

export function HoursTab({ place }: { place: Place }) {
  const office = useOfficeSettings(place.id);
  if (office.isError) return <Failed error={office.error} again={() => void office.refetch()} />;
  return office.data ? <Hours place={place} office={office.data} again={() => office.refetch()} /> : null;
}

const sorted = (hours: readonly Open[]) =>
  [...hours].sort((a, b) => a.weekday - b.weekday || a.opens_minute - b.opens_minute);

/** When a location is open, with several spans a day, and how many assistants work at a time. */
function Hours({ place, office, again }: { place: Place; office: Office; again: () => unknown }) {
  const queries = useQueryClient();
  const chairs = useChairs(place.id);
  const editor = useEditor({ hours: sorted(office.hours), assistants: office.assistants }, Number(office.version));
  const { faults, busy, save } = useSave(again);
  const { draft, set } = editor;
  const wrong = WEEKDAYS.filter((day) => fault(draft.hours.filter((span) => span.weekday === day)));
  const send = () =>
    save(async () => {
      const answer = await data(
        api.PUT("/v1/locations/{location_id}/schedule", {
          params: { path: { location_id: place.id }, header: ifMatch(editor.version) },
          body: { hours: sorted(draft.hours), assistants: draft.assistants },
        }),
      );
      queries.setQueryData(officeKey(place.id), answer.location_schedule);
      void queries.invalidateQueries({ queryKey: ["day", place.id] });
    }, hoursWords.saved(place.name));
  const change = (span: Open, patch: Partial<Open>) =>
    set({ hours: draft.hours.map((one) => (one === span ? { ...one, ...patch } : one)) });
  return (
    <>
      <Card
        title={hoursWords.title}
        lead={hoursWords.lead}
        aside={<span className={css.tag}>{hoursWords.week(weekMinutes(draft.hours) / 60)}</span>}
      >
        <div className={own.week}>
          {WEEKDAYS.map((day) => {
            const spans = draft.hours.filter((span) => span.weekday === day);
            const bad = fault(spans);
            const more = another(draft.hours, day);
            return (
              <fieldset key={day} className={own.day}>
                <legend className="hidden-text">{w.weekdays[day]}</legend>
                <strong aria-hidden="true">{w.weekdays[day]}</strong>
                <Ruler spans={spans} />
                <div className={own.spans}>
                  {spans.length === 0 && <span className={css.quiet}>{hoursWords.closed}</span>}
                  {spans.map((span, index) => (
                    <span key={index} className={own.span}>
                      <input
                        type="time"
                        step={300}
                        className={css.input}
                        aria-label={hoursWords.opens(w.weekdays[day], index + 1)}
                        aria-invalid={Boolean(bad)}
                        value={timeText(span.opens_minute)}
                        onChange={(event) => {
                          const minute = minuteOfText(event.currentTarget.value);
                          if (minute !== undefined) change(span, { opens_minute: minute });
                        }}
                      />
                      –
                      <input
                        type="time"
                        step={300}
                        className={css.input}
                        aria-label={hoursWords.closes(w.weekdays[day], index + 1)}
                        aria-invalid={Boolean(bad)}
                        value={timeText(span.closes_minute)}
                        onChange={(event) => {
                          const minute = minuteOfText(event.currentTarget.value);
                          if (minute !== undefined) change(span, { closes_minute: minute });
                        }}
                      />
                      <ActionIcon
                        variant="subtle"
                        color="gray"
                        aria-label={hoursWords.remove(w.weekdays[day], index + 1)}
                        onClick={() => set({ hours: draft.hours.filter((one) => one !== span) })}
                      >
                        <Close size={14} />
                      </ActionIcon>
                    </span>
                  ))}
                  {more && (
                    <ActionIcon
                      variant="default"
                      aria-label={hoursWords.add(w.weekdays[day])}
                      onClick={() => set({ hours: sorted([...draft.hours, more]) })}
                    >
                      <Plus size={14} />
                    </ActionIcon>
                  )}
                  {day === 1 && spans.length > 0 && (
                    <Button
                      size="compact-sm"
                      variant="subtle"
                      onClick={() => set({ hours: sorted(copyDay(draft.hours, 1, [2, 3, 4, 5])) })}
                    >
                      {hoursWords.copy}
                    </Button>
                  )}
                  {bad && (
                    <span role="alert" className={own.bad}>
                      {hoursWords.faults[bad]}
                    </span>
                  )}
                </div>
              </fieldset>
            );
          })}
        </div>
      </Card>
      <Card title={hoursWords.assistants}>
        <div className={css.grid}>
          <TextField
            label={hoursWords.fields.assistants}
            type="number"
            min={0}
            max={200}
            value={draft.assistants}
            fault={faults.assistants}
            hint={
              draft.assistants
                ? hoursWords.assistantsHint(draft.assistants)
                : hoursWords.assistantsNone((chairs.data ?? []).filter((chair) => chair.active).length)
            }
            onText={(text) => set({ assistants: Math.max(0, Math.min(200, Number(text) || 0)) })}
          />
        </div>
      </Card>
      <SaveBar
        editor={editor}
        labels={hoursWords.fields}
        busy={busy}
        fault={faults[""] ?? faults.hours}
        disabled={wrong.length > 0}
        onSave={() => void send()}
      />
    </>
  );
}

/** A day from 6 to 22 as a bar, for the eye. */
function Ruler({ spans }: { spans: readonly Open[] }) {
  const at = (minute: number) => Math.max(0, Math.min(960, minute - 360)) / 9.6;
  return (
    <svg className={own.ruler} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      {[12.5, 25, 37.5, 50, 62.5, 75, 87.5].map((x) => (
        <path key={x} d={`M${x} 0v10`} />
      ))}
      {spans.map((span, index) => (
        <rect
          key={index}
          x={at(span.opens_minute)}
          y="2"
          height="6"
          rx="0.8"
          width={Math.max(0, at(span.closes_minute) - at(span.opens_minute))}
        />
      ))}
    </svg>
  );
}
