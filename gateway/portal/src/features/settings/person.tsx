import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, data, ifMatch, once, type Schemas } from "../../api/client";
import { useSession } from "../../app/session";
import { formatFullDay, t } from "../../domain/i18n";
import { e164, phone } from "../../domain/phone";
import { type Staff, staffKey, useAllPlaces } from "./data";
import { Ask, Check, ChoiceField, Dialog, type Faults, SaveBar, TextField, useEditor, useSave } from "./form";
import css from "./form.module.css";
import { OneTimeLink } from "./link";
import own from "./locations.module.css";
import { common as w } from "./words/common";
import { users as usersWords } from "./words/users";

const ROLES = [
  "front_desk",
  "treatment_coordinator",
  "financial_coordinator",
  "insurance_coordinator",
  "orthodontist",
  "clinical_assistant",
  "records_technician",
  "practice_manager",
  "regional_manager",
  "privacy_officer",
  "it_admin",
  "owner",
];

interface NewGrant {
  role: string;
  where: { location_id?: string; region_id?: string; all_locations?: boolean };
  times: { start_time?: string; expire_time?: string };
}
export const newGrant = (): NewGrant => ({ role: "", where: {}, times: {} });

/** A day as the moment at which it begins here, or ends. */
const moment = (day: string, after: number): string | undefined => {
  if (!day) return undefined;
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + after);
  return date.toISOString();
};

/** The day here of a moment, or of one a second before: a role that ends at midnight held until the day before. */
const dayOf = (time: string, seconds = 0): string =>
  new Date(Date.parse(time) + seconds * 1_000).toLocaleDateString("en-CA");

/** A role, where it holds, and from when until when. */
export function GrantFields(props: { grant: NewGrant; onGrant: (grant: NewGrant) => void; faults: Faults }) {
  const { grant, onGrant, faults } = props;
  const { may } = useSession();
  const places = useAllPlaces();
  const regions = useQuery({
    queryKey: ["settings", "regions"],
    queryFn: () =>
      data(api.GET("/v1/regions", { params: { query: { page_size: 200 } } })).then((found) => found.regions),
  });
  const options = [
    { value: "", label: usersWords.choose },
    ...(places.data ?? [])
      .filter((place) => place.active && may("staff.grant", place.id))
      .map((place) => ({ value: `l ${place.id}`, label: place.name })),
    ...(regions.data ?? []).map((region) => ({ value: `r ${region.id}`, label: usersWords.inRegion(region.name) })),
    { value: "*", label: usersWords.everywhere },
  ];
  const where = grant.where;
  const value = where.all_locations ? "*" : where.region_id ? `r ${where.region_id}` : `l ${where.location_id ?? ""}`;
  return (
    <div className={css.grid}>
      <ChoiceField
        label={usersWords.role}
        value={grant.role}
        required
        fault={faults.role}
        hint={usersWords.about[grant.role]}
        options={[
          { value: "", label: usersWords.choose },
          ...ROLES.map((role) => ({ value: role, label: t.roles[role] ?? role })),
        ]}
        onChoice={(role) => onGrant({ ...grant, role })}
      />
      <ChoiceField
        label={usersWords.where}
        value={value === "l " ? "" : value}
        required
        fault={faults.location_id}
        options={options}
        onChoice={(chosen) =>
          onGrant({
            ...grant,
            where:
              chosen === "*"
                ? { all_locations: true }
                : chosen.startsWith("r ")
                  ? { region_id: chosen.slice(2) }
                  : { location_id: chosen.slice(2) || undefined },
          })
        }
      />
      <TextField
        label={usersWords.from}
        type="date"
        hint={usersWords.fromHint}
        onText={(day) => onGrant({ ...grant, times: { ...grant.times, start_time: moment(day, 0) } })}
      />
      <TextField
        label={usersWords.until}
        type="date"
        hint={usersWords.untilHint}
        fault={faults.expire_time}
        onText={(day) => onGrant({ ...grant, times: { ...grant.times, expire_time: moment(day, 1) } })}
      />
    </div>
  );
}

type Question = "disable" | "reset" | "sessions" | undefined;

/** One colleague: name, roles, sign-in, and the end of access. */
export function PersonPanel({ person, onClose }: { person: Staff; onClose: () => void }) {
  const { session, may } = useSession();
  const queries = useQueryClient();
  const places = useAllPlaces();
  const again = () => queries.invalidateQueries({ queryKey: staffKey });
  const editor = useEditor(
    {
      first_name: person.first_name,
      last_name: person.last_name,
      title: person.title,
      phone: phone(person.phone),
      is_provider: person.is_provider,
      npi: person.npi,
    },
    Number(person.version),
  );
  const { draft, set } = editor;
  const { faults, busy, save } = useSave(again);
  const granting = useSave(() => undefined);
  const [grant, setGrant] = useState<NewGrant>();
  const [question, setQuestion] = useState<Question>();
  const [link, setLink] = useState("");
  const self = person.id === session.user_id;
  const path = { staff_id: person.id };
  const called = `${person.first_name} ${person.last_name}`;
  const place = (id: string) => places.data?.find((one) => one.id === id)?.name ?? usersWords.otherPlace;
  const where = (one: Schemas["directory.Grant"]) =>
    one.all_locations ? usersWords.everywhere : one.region_id ? usersWords.region : place(one.location_id);

  const send = () =>
    save(async () => {
      const params = { path, header: ifMatch(editor.version) };
      await data(
        api.PATCH("/v1/staff/{staff_id}", { params, body: { ...draft, phone: e164(draft.phone) ?? draft.phone } }),
      );
      await again();
      void queries.invalidateQueries({ queryKey: ["staff"] });
    }, usersWords.saved(called));
  const give = async () => {
    if (!grant) return;
    const body = { role: grant.role, ...grant.where, ...grant.times };
    const done = await granting.save(
      () => data(api.POST("/v1/staff/{staff_id}/grants", { params: { path, header: once() }, body })),
      usersWords.granted(called, t.roles[grant.role] ?? grant.role),
    );
    await again();
    if (done) setGrant(undefined);
  };
  const take = async (one: Schemas["directory.Grant"]) => {
    const params = { path: { ...path, grant_id: one.id }, header: once() };
    await granting.save(
      () => data(api.DELETE("/v1/staff/{staff_id}/grants/{grant_id}", { params })),
      usersWords.taken(called, t.roles[one.role] ?? one.role),
    );
    await again();
  };
  const newPassword = () =>
    granting.save(async () => {
      const params = { path, header: once() };
      const made = await data(api.POST("/v1/staff/{staff_id}/password-token", { params, body: {} }));
      setLink(`${location.origin}/welcome#${made.token}`);
    }, "");
  const sure = async () => {
    const params = { path, header: once() };
    const done = await granting.save(
      () =>
        question === "reset"
          ? data(api.POST("/v1/staff/{staff_id}/reset-totp", { params, body: {} }))
          : question === "sessions"
            ? data(api.POST("/v1/staff/{staff_id}/end-sessions", { params, body: {} }))
            : data(
                api.POST("/v1/staff/{staff_id}/disable", {
                  params: { path, header: ifMatch(Number(person.version)) },
                  body: {},
                }),
              ),
      question ? usersWords.done[question](called) : "",
    );
    setQuestion(undefined);
    await again();
    if (done && question === "disable") onClose();
  };
  const f = usersWords.fields;
  return (
    <Dialog title={called} size={640} onClose={onClose}>
      <div className={own.form}>
        <p className={css.row}>
          <span className={css.tag} data-tone={person.active ? "good" : undefined}>
            {person.active ? w.form.active : usersWords.gone}
          </span>
          <span className={css.tag} data-tone={person.totp_enrolled ? "good" : "warn"}>
            {person.totp_enrolled ? usersWords.withSecond : usersWords.withoutSecond}
          </span>
          <span className={css.quiet}>{person.email}</span>
        </p>
        <section aria-label={usersWords.roles}>
          <table className={css.table}>
            <tbody>
              {person.grants.map((one) => (
                <tr key={one.id}>
                  <td>
                    <strong>{t.roles[one.role] ?? one.role}</strong>
                  </td>
                  <td>{where(one)}</td>
                  <td>
                    {one.start_time && Date.parse(one.start_time) > Date.now() && (
                      <span className={css.tag} data-tone="warn">
                        {usersWords.starts(formatFullDay(dayOf(one.start_time)))}
                      </span>
                    )}{" "}
                    {one.expire_time && (
                      <span
                        className={css.tag}
                        data-tone={Date.parse(one.expire_time) < Date.now() ? undefined : "warn"}
                      >
                        {usersWords.ends(formatFullDay(dayOf(one.expire_time, -1)))}
                      </span>
                    )}
                  </td>
                  <td data-number>
                    {may("staff.grant") && (
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={usersWords.takeAway(t.roles[one.role] ?? one.role, where(one))}
                        onClick={() => void take(one)}
                      >
                        {usersWords.take}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {person.grants.length === 0 && <p className={css.quiet}>{usersWords.noRoleLead}</p>}
          {granting.faults[""] && (
            <p className={own.bad} role="alert">
              {granting.faults[""]}
            </p>
          )}
          {grant ? (
            <form
              className={own.form}
              onSubmit={(event) => {
                event.preventDefault();
                void give();
              }}
            >
              <GrantFields grant={grant} onGrant={setGrant} faults={granting.faults} />
              <div className={css.row}>
                <Button type="submit" loading={granting.busy} disabled={!grant.role}>
                  {usersWords.give}
                </Button>
                <Button variant="subtle" color="gray" onClick={() => setGrant(undefined)}>
                  {w.form.cancel}
                </Button>
              </div>
            </form>
          ) : (
            person.active &&
            may("staff.grant") && (
              <Button size="xs" variant="default" onClick={() => setGrant(newGrant())}>
                {usersWords.addRole}
              </Button>
            )
          )}
        </section>
        <div className={css.grid}>
          <TextField
            label={f.first_name}
            value={draft.first_name}
            maxLength={60}
            fault={faults.first_name}
            onText={(first_name) => set({ first_name })}
          />
          <TextField
            label={f.last_name}
            value={draft.last_name}
            maxLength={60}
            fault={faults.last_name}
            onText={(last_name) => set({ last_name })}
          />
          <TextField label={f.title} value={draft.title} maxLength={60} onText={(title) => set({ title })} />
          <TextField
            label={f.phone}
            type="tel"
            value={draft.phone}
            fault={faults.phone}
            onText={(phone) => set({ phone })}
          />
          {draft.is_provider && (
            <TextField
              label={f.npi}
              value={draft.npi}
              maxLength={10}
              inputMode="numeric"
              fault={faults.npi}
              onText={(npi) => set({ npi })}
            />
          )}
        </div>
        <Check label={f.is_provider} checked={draft.is_provider} onCheck={(is_provider) => set({ is_provider })} />
        <SaveBar quiet editor={editor} labels={f} busy={busy} fault={faults[""]} onSave={() => void send()} />
        {person.active && !self && (
          <div className={css.row}>
            <Button size="xs" variant="default" onClick={() => void newPassword()}>
              {usersWords.newPassword}
            </Button>
            {person.totp_enrolled && (
              <Button size="xs" variant="default" onClick={() => setQuestion("reset")}>
                {usersWords.reset}
              </Button>
            )}
            <Button size="xs" variant="default" onClick={() => setQuestion("sessions")}>
              {usersWords.endSessions}
            </Button>
            <Button size="xs" variant="default" color="red" onClick={() => setQuestion("disable")}>
              {usersWords.disable}
            </Button>
          </div>
        )}
        {link && <OneTimeLink url={link} />}
      </div>
      {question && (
        <Ask
          title={usersWords.ask[question](called)}
          lead={usersWords.askLead[question]}
          go={usersWords.askGo[question]}
          keep={w.form.cancel}
          busy={granting.busy}
          onGo={() => void sure()}
          onKeep={() => setQuestion(undefined)}
        >
          {question === "disable" && (
            <ul className={own.consequences}>
              {usersWords.consequences(person.grants.length, person.is_provider).map((one) => (
                <li key={one}>{one}</li>
              ))}
            </ul>
          )}
        </Ask>
      )}
    </Dialog>
  );
}
