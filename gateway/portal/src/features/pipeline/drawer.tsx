import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Schemas } from "../../api/client";
import { usePlaces, usePrivacy } from "../../app/places";
import { useSession } from "../../app/session";
import { formatDollars, formatShortDay, t } from "../../domain/i18n";
import { BLOCKERS, type Blocker, type Stage } from "../../domain/pipeline";
import { addDays, wall } from "../../domain/time";
import { Alert, Calendar, Check, Clock, Close, Person, Phone } from "../../ui/icons";
import { Failed } from "../../ui/states";
import { tell } from "../../ui/undo";
import {
  type Card,
  type Changes,
  type Channel,
  cents,
  type Lead,
  logContact,
  type Outcome,
  type Plan,
  refusal,
  updateLead,
  useCase,
  useLead,
} from "./data";
import css from "./drawer.module.css";
import { BlockerMark } from "./marks";
import type { Names } from "./names";
import type { Step } from "./page";
import { w } from "./words";

interface Props {
  card: Card;
  names: Names;
  changes: Changes;
  close: () => void;
  step: (step: Step) => void;
  openCard: (id: string) => void;
}

/** Everything about one card: what happens next, who was reached, what happened. */
export function Drawer(props: Props) {
  const { card, names, close } = props;
  const { places } = usePlaces();
  const zone = places.find((place) => place.id === card.location_id)?.time_zone ?? "UTC";
  const today = wall(new Date(), zone).day;
  const name = names.of(card);
  const value = cents(card.value);
  return (
    <aside className={css.drawer} aria-label={`${w.drawer.label}: ${name}`}>
      <header className={css.who}>
        <div>
          <h2>
            {card.patient_id ? (
              <Link to="/p/$id/$tab" params={{ id: card.patient_id, tab: "summary" }}>
                {name}
              </Link>
            ) : (
              name
            )}
          </h2>
          <p>
            {card.state ? w.caseStates[card.state] : w.stages.new_lead}
            {card.phase ? ` · ${w.phases[card.phase]}` : ""}
            {value > 0 ? ` · ${card.value_is_usual ? w.about(formatDollars(value)) : formatDollars(value)}` : ""}
          </p>
        </div>
        <button type="button" className={css.x} aria-label={w.close} onClick={close}>
          <Close />
        </button>
        <ul className={css.facts}>
          <li className={card.aged ? css.old : undefined}>
            {card.aged ? <Alert size={13} /> : <Clock size={13} />} {w.stages[card.stage as Stage]},{" "}
            {w.daysLong(card.days_in_stage)}
          </li>
          <li>
            <Person size={13} /> {card.source ? w.drawer.from(w.sources[card.source]) : w.unknownSource}
          </li>
          {card.case_id && (
            <li>
              <Calendar size={13} />{" "}
              {card.next_visit_at
                ? w.drawer.visit(formatShortDay(wall(card.next_visit_at, zone).day))
                : w.drawer.noVisit}
            </li>
          )}
        </ul>
      </header>
      <div className={css.body}>
        <Next {...props} today={today} />
        {card.case_id ? <OfCase {...props} today={today} zone={zone} /> : <OfLead {...props} today={today} />}
      </div>
    </aside>
  );
}

function Section({ title, children, hint }: { title: string; children: ReactNode; hint?: string }) {
  return (
    <section className={css.section} aria-label={title}>
      <h3>{title}</h3>
      {hint && <p className={css.hint}>{hint}</p>}
      {children}
    </section>
  );
}

const REASONS = [
  "cost",
  "insurance",
  "partner",
  "second_opinion",
  "timing",
  "fear",
  "other_practice",
  "unreachable",
  "other",
] as const;

/** Owner, blocker, next step and its date; nothing can be left out. */
function Next({ card, names, changes, today }: Props & { today: string }) {
  const { may } = useSession();
  const was: Plan = {
    owner_id: card.owner_id,
    blocker: (card.blocker ?? "") as Blocker | "",
    next_step: card.next_step,
    next_step_due: card.next_step_due,
    ...(card.case_id ? { reason_not_started: card.reason_not_started ?? undefined } : {}),
  };
  const [draft, setDraft] = useState<{ version: number; plan: Plan }>();
  const mine = draft?.version === card.version ? draft.plan : was;
  const change = may(card.case_id ? "cases.update" : "leads.update", card.location_id);
  const put = (part: Partial<Plan>) => setDraft({ version: card.version, plan: { ...mine, ...part } });
  const changed = JSON.stringify(mine) !== JSON.stringify(was);
  const whole = mine.next_step.trim() !== "" && mine.next_step_due !== "";

  const save = async (plan: Plan) => {
    try {
      const now = await changes.plan(card, plan);
      const undo = () =>
        void changes.plan(now, was).then(
          () => tell({ text: w.restored }),
          (error) => tell({ text: w.notBack, detail: refusal(error), tone: "bad" }),
        );
      tell({ text: `${names.of(card)}: ${plan.next_step}`, tone: "good", undo });
    } catch (error) {
      tell({ text: w.undone, detail: refusal(error), tone: "bad" });
    }
  };

  if (!change)
    return (
      <Section title={w.drawer.plan}>
        <p className={css.step}>{card.next_step}</p>
        <p className={css.line}>
          <span className={card.overdue ? css.late : undefined}>{w.due(formatShortDay(card.next_step_due))}</span>
          <span>{names.ofStaff(card.owner_id)}</span>
        </p>
        <BlockerMark blocker={was.blocker} />
        <p className={css.hint}>{w.mayLook}</p>
      </Section>
    );
  const owners = names.owners(card.location_id);
  return (
    <Section title={w.drawer.plan}>
      <form
        className={css.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (whole && changed) void save(mine);
        }}
      >
        <label className={css.wide}>
          <span>{w.drawer.next}</span>
          <input
            value={mine.next_step}
            maxLength={200}
            required
            onChange={(event) => put({ next_step: event.currentTarget.value })}
          />
        </label>
        <label>
          <span>{w.drawer.on}</span>
          <input
            type="date"
            value={mine.next_step_due}
            min={mine.next_step_due < today ? mine.next_step_due : today}
            required
            onChange={(event) => put({ next_step_due: event.currentTarget.value })}
          />
        </label>
        <label>
          <span>{w.owner}</span>
          <select value={mine.owner_id} onChange={(event) => put({ owner_id: event.currentTarget.value })}>
            {!owners.some((person) => person.id === mine.owner_id) && (
              <option value={mine.owner_id}>{names.ofStaff(mine.owner_id)}</option>
            )}
            {owners.map((person) => (
              <option key={person.id} value={person.id}>
                {person.first_name} {person.last_name}
              </option>
            ))}
          </select>
        </label>
        <label className={card.case_id && card.state === "recommended" ? undefined : css.wide}>
          <span>{w.blocker}</span>
          <select
            value={mine.blocker}
            onChange={(event) => put({ blocker: event.currentTarget.value as Blocker | "" })}
          >
            <option value="">{w.noBlocker}</option>
            {BLOCKERS.map((blocker) => (
              <option key={blocker} value={blocker}>
                {w.blockers[blocker]}
              </option>
            ))}
          </select>
        </label>
        {card.case_id && card.state === "recommended" && (
          <label>
            <span>{w.drawer.notStarted}</span>
            <select
              value={mine.reason_not_started ?? ""}
              onChange={(event) =>
                put({
                  reason_not_started: (event.currentTarget.value || undefined) as Plan["reason_not_started"],
                })
              }
            >
              <option value="">{w.drawer.notSaid}</option>
              {REASONS.map((reason) => (
                <option key={reason} value={reason}>
                  {w.reasons[reason]}
                </option>
              ))}
            </select>
          </label>
        )}
        <div className={css.buttons}>
          <Button type="submit" size="xs" disabled={!changed || !whole}>
            {w.save}
          </Button>
          {changed && (
            <Button size="xs" variant="subtle" color="gray" onClick={() => setDraft(undefined)}>
              {w.cancel}
            </Button>
          )}
        </div>
      </form>
    </Section>
  );
}

const ONE_CLICK: readonly Outcome[] = ["reached", "message_left", "no_answer", "wrong_number", "agreed", "declined"];

function OfCase(props: Props & { today: string; zone: string }) {
  const { card, names, changes, step, zone } = props;
  const { may } = useSession();
  const queries = useQueryClient();
  const [channel, setChannel] = useState<Channel>("call");
  const [busy, setBusy] = useState(false);
  const { data: known, error, refetch } = useCase(card.case_id);
  const at = card.location_id;
  const mayLog = may("follow_ups.log", at);
  const outcome =
    may("cases.recommend", at) &&
    ["exam_kept", "presented", "pending", "observation"].includes(card.stage ?? "") &&
    card.state !== "accepted";

  const log = async (what: Outcome) => {
    setBusy(true);
    try {
      const { case: now } = await logContact(card.case_id, channel, what);
      if (now) tell({ text: w.drawer.logged(w.outcomes[what]), detail: now.next_step, tone: "good" });
      void changes.refresh();
      void queries.invalidateQueries({ queryKey: ["case", card.case_id] });
    } catch (failure) {
      tell({ text: t.errors.safe, detail: refusal(failure), tone: "bad" });
    }
    setBusy(false);
  };

  return (
    <>
      <div className={css.acts}>
        {may("appointments.book", at) && (
          <Button
            size="xs"
            variant="default"
            leftSection={<Calendar size={14} />}
            onClick={() =>
              step({
                kind: "book",
                card,
                type: card.state === "accepted" ? "bonding" : card.stage === "observation" ? "retention" : "exam",
              })
            }
          >
            {w.drawer.book}
          </Button>
        )}
        {outcome && (
          <Button size="xs" variant="default" onClick={() => step({ kind: "outcome", card })}>
            {w.drawer.outcome}
          </Button>
        )}
        {card.state === "recommended" && may("presentations.create", at) && (
          <Button size="xs" variant="default" onClick={() => step({ kind: "present", card })}>
            {w.drawer.present}
          </Button>
        )}
        {may("cases.close", at) &&
          ["lead", "exam_scheduled", "recommended", "observation"].includes(card.state ?? "") && (
            <Button size="xs" variant="subtle" color="gray" onClick={() => step({ kind: "end", card })}>
              {w.drawer.closeCase}
            </Button>
          )}
      </div>
      {mayLog && (
        <Section title={w.drawer.log} hint={w.drawer.logHint}>
          <div className={css.log}>
            <select
              aria-label={w.drawer.how}
              value={channel}
              onChange={(event) => setChannel(event.currentTarget.value as Channel)}
            >
              {Object.entries(w.channels).map(([id, name]) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
            {ONE_CLICK.map((one) => (
              <button key={one} type="button" disabled={busy} onClick={() => void log(one)}>
                {w.outcomes[one]}
              </button>
            ))}
          </div>
        </Section>
      )}
      {error && !known ? (
        <Failed error={error} again={() => void refetch()} />
      ) : (
        known && (
          <>
            {known.presentations && known.presentations.length > 0 && (
              <Section title={w.drawer.presentations}>
                <ul className={css.rows}>
                  {known.presentations.map((one) => (
                    <li key={one.id}>
                      <span>
                        <b>{one.title}</b>
                        <small>
                          {one.options.map((option) => option.title).join(" · ")}
                          {one.state === "shared" &&
                            `, ${w.drawer.opened(one.shares.reduce((sum, share) => sum + share.open_count, 0))}`}
                        </small>
                      </span>
                      <em>{one.state ? w.drawer.states[one.state] : ""}</em>
                    </li>
                  ))}
                </ul>
              </Section>
            )}
            <Section title={w.drawer.follow}>
              {known.followUps.filter((one) => one.state !== "canceled").length === 0 ? (
                <p className={css.hint}>{w.drawer.noFollow}</p>
              ) : (
                <ul className={css.rows}>
                  {known.followUps
                    .filter((one) => one.state !== "canceled")
                    .map((one) => (
                      <li key={one.id} data-done={one.state === "done" || undefined}>
                        <span>
                          <b>{one.title || (one.channel ? w.channels[one.channel] : "")}</b>
                          <small>
                            {one.channel ? w.channels[one.channel] : ""} · {formatShortDay(one.due_on)}
                          </small>
                        </span>
                        <em>
                          {one.state === "done" && <Check size={12} />}{" "}
                          {one.state === "done" && one.outcome ? w.outcomes[one.outcome] : w.drawer.planned}
                        </em>
                      </li>
                    ))}
                </ul>
              )}
            </Section>
            <Section title={w.drawer.history}>
              <ol className={css.history}>
                {[...known.transitions].reverse().map((one, index) => (
                  <li key={index}>
                    <span>{told(one, names)}</span>
                    <small>
                      {one.event_time ? formatShortDay(wall(one.event_time, zone).day) : ""}
                      {one.staff_id ? ` · ${names.ofStaff(one.staff_id)}` : ""}
                    </small>
                  </li>
                ))}
              </ol>
            </Section>
          </>
        )
      )}
    </>
  );
}

/** A line of the history as a sentence. */
function told(line: Schemas["coordination.CaseTransition"], names: Names): string {
  switch (line.trigger) {
    case "opened":
      return w.drawer.opened1;
    case "blocker":
      return line.reason ? w.drawer.blockerSet(w.blockers[line.reason as Blocker]) : w.drawer.blockerCleared;
    case "owner":
      return w.drawer.ownerSet(names.ofStaff(line.reason));
    case "presented":
      return w.drawer.presented;
    case "presentation_taken_back":
      return w.drawer.takenBack;
    default: {
      const to = line.to_state ? w.caseStates[line.to_state] : "";
      return line.from_state ? w.drawer.moves(w.caseStates[line.from_state], to) : to;
    }
  }
}

function OfLead({ card, changes, step, today, openCard }: Props & { today: string }) {
  const { may } = useSession();
  const [privacy] = usePrivacy();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const { data: known, error, refetch } = useLead(card.lead_id);
  const lead: Lead | null | undefined = known?.lead;
  const change = may("leads.update", card.location_id);

  const log = async (what: Outcome) => {
    setBusy(true);
    const [next_step, days] =
      what === "reached"
        ? ["Book the exam", 1]
        : what === "wrong_number"
          ? ["Find a number that reaches the family", 1]
          : ["Call again", what === "no_answer" ? 1 : 2];
    const plan: Plan = {
      owner_id: card.owner_id,
      blocker: (card.blocker ?? "") as Blocker | "",
      next_step: next_step as string,
      next_step_due: addDays(today, days as number),
    };
    try {
      await updateLead(card.lead_id, card.version, plan, what === "reached");
      tell({ text: w.drawer.logged(w.outcomes[what]), detail: plan.next_step, tone: "good" });
    } catch (failure) {
      tell({ text: t.errors.safe, detail: refusal(failure), tone: "bad" });
    }
    void changes.refresh();
    void queries.invalidateQueries({ queryKey: ["lead", card.lead_id] });
    setBusy(false);
  };

  return (
    <>
      <div className={css.acts}>
        {may("leads.register", card.location_id) && (
          <Button
            size="xs"
            leftSection={<Calendar size={14} />}
            onClick={() => step({ kind: "register", leadId: card.lead_id })}
          >
            {w.drawer.register}
          </Button>
        )}
        {change && (
          <Button size="xs" variant="subtle" color="gray" onClick={() => step({ kind: "end", card })}>
            {w.drawer.closeLead}
          </Button>
        )}
      </div>
      {error && !known ? (
        <Failed error={error} again={() => void refetch()} />
      ) : (
        lead?.contact && (
          <Section title={w.drawer.contact}>
            {privacy ? (
              <p className={css.hint}>•••</p>
            ) : (
              <ul className={css.contact}>
                <li>
                  {lead.contact.first_name} {lead.contact.last_name}
                </li>
                {lead.contact.phone && (
                  <li>
                    <Phone size={13} /> <a href={`tel:${lead.contact.phone}`}>{lead.contact.phone}</a>
                  </li>
                )}
                {lead.contact.email && (
                  <li>
                    <a href={`mailto:${lead.contact.email}`}>{lead.contact.email}</a>
                  </li>
                )}
                {lead.contact.note && (
                  <li className={css.quote}>
                    <small>{w.drawer.concern}</small> {lead.contact.note}
                  </li>
                )}
              </ul>
            )}
          </Section>
        )
      )}
      {change && (
        <Section title={w.drawer.log} hint={w.drawer.logHint}>
          <div className={css.log}>
            {(["reached", "message_left", "no_answer", "wrong_number"] as const).map((one) => (
              <button key={one} type="button" disabled={busy} onClick={() => void log(one)}>
                {w.outcomes[one]}
              </button>
            ))}
          </div>
        </Section>
      )}
      {known && known.possible_duplicate_ids.length > 0 && (
        <Section title={w.drawer.duplicates}>
          <ul className={css.rows}>
            {known.possible_duplicate_ids.map((id) => (
              <Twin key={id} id={id} openCard={openCard} hide={privacy} />
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

/** Another lead with the same phone or e-mail. */
export function Twin({ id, openCard, hide }: { id: string; openCard: (id: string) => void; hide: boolean }) {
  const { data } = useLead(id);
  const lead = data?.lead;
  if (!lead?.contact) return null;
  const open = lead.case_id || (lead.state === "new" || lead.state === "contacted" ? id : "");
  return (
    <li>
      <span>
        <b>
          {hide
            ? w.hiddenLead
            : `${lead.contact.patient_first_name || lead.contact.first_name} ${lead.contact.last_name}`}
        </b>
        <small>
          {lead.source ? w.sources[lead.source] : ""} · {formatShortDay((lead.create_time ?? "").slice(0, 10))}
        </small>
      </span>
      {open && (
        <button type="button" className={css.link} onClick={() => openCard(open)}>
          {w.form.see}
        </button>
      )}
    </li>
  );
}
