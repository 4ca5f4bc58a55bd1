import { ActionIcon, Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, once, type Schemas } from "../../api/client";
import { formatFullDay, formatShortDay, locale } from "../../domain/i18n";
import { addDays, clock, wall } from "../../domain/time";
import { minuteOfText, timeText, WEEKDAYS } from "../../domain/week";
import { Left, Right } from "../../ui/icons";
import { Failed } from "../../ui/states";
import { tell } from "../../ui/undo";
import { type Place, type Provider, useOfficeSettings } from "./data";
import { Card, ChoiceField, Dialog, TextField, useSave } from "./form";
import css from "./form.module.css";
import own from "./shifts.module.css";
import { common as w } from "./words/common";
import { hours as hoursWords } from "./words/hours";
import { providers as providersWords } from "./words/providers";
import { shifts as shiftsWords } from "./words/shifts";

const DAYS = 14;
type Shift = Schemas["scheduling.Shift"];

/** All shifts of some days, at every location that the person sees: who is elsewhere cannot be here. */
async function allShifts(first_day: string, last_day: string): Promise<Shift[]> {
  const found: Shift[] = [];
  let page_token: string | undefined;
  do {
    const query = { first_day, last_day, page_size: 200, page_token };
    const answer = await data(api.GET("/v1/shifts", { params: { query } }));
    found.push(...answer.shifts);
    page_token = answer.next_page_token || undefined;
  } while (page_token);
  return found;
}

const weekday = (day: string) => new Date(`${day}T12:00:00Z`).getUTCDay() || 7;
const monday = (day: string) => addDays(day, 1 - weekday(day));
const shortWeekday = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });

/** Two weeks of doctors: when each is here, where else, and on which open days nobody is. */
export function Shifts(props: { place: Place; places: Place[]; doctors: Provider[]; called: (id: string) => string }) {
  const { place, doctors } = props;
  const today = wall(new Date(), place.time_zone).day;
  const [first, setFirst] = useState(monday(today));
  const [editing, setEditing] = useState<{ doctor: string; day: string; shift?: Shift }>();
  const last = addDays(first, DAYS - 1);
  const office = useOfficeSettings(place.id);
  const shifts = useQuery({
    queryKey: ["settings", "shifts", first],
    queryFn: () => allShifts(first, last),
    placeholderData: (before) => before,
  });
  const closures = useQuery({
    queryKey: ["settings", "closures", place.id, first],
    queryFn: () =>
      data(
        api.GET("/v1/locations/{location_id}/closures", {
          params: { path: { location_id: place.id }, query: { first_day: first, last_day: last } },
        }),
      ).then((found) => new Map(found.closures.map((one) => [one.day, one.reason]))),
  });
  if (shifts.isError) return <Failed error={shifts.error} again={() => void shifts.refetch()} />;
  const days = Array.from({ length: DAYS }, (_, index) => addDays(first, index));
  const open = new Set(office.data?.hours.map((span) => span.weekday));
  const closed = (day: string) => !open.has(weekday(day)) || closures.data?.has(day);
  const here = (day: string) => shifts.data?.some((one) => one.location_id === place.id && one.day === day);
  const uncovered = days.filter((day) => day >= today && shifts.data && !closed(day) && !here(day));
  // "Beacon Worcester" beside "Beacon Back Bay" is Worcester
  const [word = ""] = place.name.split(" ");
  const common = props.places.length > 1 && props.places.every((one) => one.name.startsWith(`${word} `));
  const brief = (name: string) => (common ? name.slice(word.length + 1) : name);
  const span = (shift: Shift) =>
    `${clock(wall(shift.start_time ?? "", place.time_zone).minute)}–${clock(wall(shift.end_time ?? "", place.time_zone).minute)}`;
  return (
    <Card
      title={shiftsWords.title}
      lead={shiftsWords.lead}
      aside={
        <div className={css.row}>
          <ActionIcon variant="default" aria-label={shiftsWords.before} onClick={() => setFirst(addDays(first, -DAYS))}>
            <Left />
          </ActionIcon>
          <strong>
            {formatShortDay(first)} – {formatShortDay(last)}
          </strong>
          <ActionIcon variant="default" aria-label={shiftsWords.after} onClick={() => setFirst(addDays(first, DAYS))}>
            <Right />
          </ActionIcon>
        </div>
      }
    >
      {uncovered.length > 0 && (
        <p className={own.warn} role="status">
          {shiftsWords.uncovered(new Intl.ListFormat(locale).format(uncovered.map(formatShortDay)))}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a part that scrolls has to be reached from the keyboard */}
      <div className={own.scroll} tabIndex={0} role="region" aria-label={shiftsWords.title}>
        <table className={own.calendar}>
          <thead>
            <tr>
              <th>
                <span className="hidden-text">{providersWords.doctor}</span>
              </th>
              {days.map((day) => (
                <th
                  key={day}
                  scope="col"
                  data-today={day === today || undefined}
                  data-closed={closed(day) || undefined}
                >
                  <small>{shortWeekday.format(new Date(`${day}T12:00:00Z`))}</small>
                  {Number(day.slice(8))}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {doctors.map((doctor) => (
              <tr key={doctor.id}>
                <th scope="row">{props.called(doctor.id)}</th>
                {days.map((day) => {
                  const found = shifts.data?.filter((one) => one.provider_id === doctor.id && one.day === day) ?? [];
                  const mine = found.find((one) => one.location_id === place.id);
                  const other = found.find((one) => one.location_id !== place.id);
                  const where = props.places.find((one) => one.id === other?.location_id)?.name ?? "";
                  const told = [
                    mine && span(mine),
                    other && (where ? shiftsWords.elsewhere(where) : shiftsWords.away),
                    closed(day) && (closures.data?.get(day) ?? hoursWords.closed),
                  ].filter(Boolean);
                  return (
                    <td key={day} data-closed={closed(day) || undefined}>
                      <button
                        type="button"
                        data-here={mine ? "" : undefined}
                        data-conflict={mine && closed(day) ? "" : undefined}
                        aria-label={shiftsWords.cell(
                          props.called(doctor.id),
                          formatFullDay(day),
                          told.join(", ") || shiftsWords.off,
                        )}
                        onClick={() => setEditing({ doctor: doctor.id, day, shift: mine })}
                      >
                        {mine && <b>{span(mine)}</b>}
                        {other && <i title={where}>{where ? brief(where) : shiftsWords.away}</i>}
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {editing && <EditShifts {...props} {...editing} onClose={() => setEditing(undefined)} />}
    </Card>
  );
}

function EditShifts(props: {
  place: Place;
  doctors: Provider[];
  called: (id: string) => string;
  doctor: string;
  day: string;
  shift?: Shift;
  onClose: () => void;
}) {
  const { place, shift } = props;
  const queries = useQueryClient();
  const at = (time: string | null | undefined, otherwise: number) =>
    time ? wall(time, place.time_zone).minute : otherwise;
  const [doctor, setDoctor] = useState(props.doctor);
  const [first, setFirst] = useState(props.day);
  const [last, setLast] = useState(props.day);
  const [weekdays, setWeekdays] = useState<number[]>([weekday(props.day)]);
  const [from, setFrom] = useState(at(shift?.start_time, 480));
  const [to, setTo] = useState(at(shift?.end_time, 1020));
  const [every, setEvery] = useState("1");
  const { faults, busy, save } = useSave(() => undefined);
  const finish = async (affected: string[], done: string) => {
    tell({
      text: done,
      detail: affected.length ? shiftsWords.affected(affected.length) : undefined,
      tone: affected.length ? "warn" : "good",
    });
    await queries.invalidateQueries({ queryKey: ["settings", "shifts"] });
    void queries.invalidateQueries({ queryKey: ["day", place.id] });
    props.onClose();
  };
  const span = { provider_id: doctor, location_id: place.id, first_day: first, last_day: last };
  const send = () =>
    save(async () => {
      const body = { ...span, weekdays, from_minute: from, to_minute: to, every_weeks: Number(every) };
      const answer = await data(api.POST("/v1/shifts", { params: { header: once() }, body }));
      await finish(answer.affected_appointment_ids, shiftsWords.saved(answer.shifts.length, props.called(doctor)));
    }, "");
  const remove = () =>
    save(async () => {
      const answer = await data(api.POST("/v1/shifts/delete", { params: { header: once() }, body: span }));
      await finish(answer.affected_appointment_ids, shiftsWords.removed(props.called(doctor)));
    }, "");
  return (
    <Dialog title={shiftsWords.edit} size={520} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <div className={css.grid}>
          <ChoiceField
            label={providersWords.doctor}
            value={doctor}
            wide
            options={props.doctors.map((one) => ({ value: one.id, label: props.called(one.id) }))}
            onChoice={setDoctor}
          />
          <TextField label={shiftsWords.first} type="date" value={first} required onText={setFirst} />
          <TextField
            label={shiftsWords.last}
            type="date"
            value={last}
            min={first}
            required
            fault={faults.last_day}
            onText={setLast}
          />
          <TextField
            label={shiftsWords.from}
            type="time"
            step={300}
            value={timeText(from)}
            onText={(text) => setFrom(minuteOfText(text) ?? from)}
          />
          <TextField
            label={shiftsWords.to}
            type="time"
            step={300}
            value={timeText(to)}
            onText={(text) => setTo(minuteOfText(text) ?? to)}
          />
        </div>
        <fieldset className={own.weekdays}>
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
        <ChoiceField
          label={shiftsWords.every}
          value={every}
          options={["1", "2", "3", "4"].map((value) => ({ value, label: shiftsWords.everyWeeks(Number(value)) }))}
          onChoice={setEvery}
        />
        {faults[""] && (
          <p className={own.bad} role="alert">
            {faults[""]}
          </p>
        )}
        <div className={css.actions}>
          <Button variant="default" color="red" disabled={busy} onClick={() => void remove()}>
            {shiftsWords.remove}
          </Button>
          <Button type="submit" loading={busy} disabled={!weekdays.length || to <= from}>
            {w.form.save}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
