import { Link } from "@tanstack/react-router";
import { api, data, type Location } from "../../api/client";
import { usePatientName, usePeople } from "../../api/people";
import { formatDollars, formatMoment, formatShortDay } from "../../domain/i18n";
import { Card, Name } from "./card";
import { todayAt, useList } from "./data";
import css from "./visits.module.css";
import { w } from "./words";

/** For doctors: notes that wait for a signature. */
export function Notes({ place, here }: { place: Location | undefined; here: Location }) {
  const called = usePatientName();
  const query = { page_size: 50, ...(place ? { location_id: place.id } : {}) };
  const notes = useList(
    "records",
    ["notes", place?.id],
    () => data(api.GET("/v1/unsigned-notes", { params: { query } })).then((found) => found.notes),
    true,
  );
  const list = notes.data ?? [];
  const { find } = usePeople(list.map((note) => note.patient_id));
  return (
    <Card
      id="notes"
      title={w.notes.title}
      count={list.length}
      pending={notes.isPending}
      error={notes.data ? undefined : notes.error}
      again={() => void notes.refetch()}
      empty={w.notes.none}
    >
      <ul aria-label={w.notes.title}>
        {list.map((note) => {
          const patient = find(note.patient_id);
          return (
            <li key={note.id} className={css.row} data-row tabIndex={-1}>
              <div className={css.who}>
                <strong>
                  {patient ? (
                    <Link to="/p/$id/$tab" params={{ id: patient.id, tab: "timeline" }} search={{ item: note.id }}>
                      {called(patient)}
                    </Link>
                  ) : (
                    <Name patient={patient} />
                  )}
                </strong>
                <span>{note.create_time && w.notes.written(formatMoment(note.create_time, here.time_zone))}</span>
              </div>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

const DUE = ["rejected", "draft", "validated"] as const;

/** For those who send claims: what has not left yet, the nearest deadline first. */
export function Claims({ places, here }: { places: readonly Location[]; here: Location }) {
  const claims = useList(
    "insurance",
    ["claims"],
    () =>
      Promise.all(
        DUE.map((state) =>
          data(api.GET("/v1/claims", { params: { query: { state, page_size: 100 } } })).then((found) => found.claims),
        ),
      ).then((found) => found.flat()),
    true,
  );
  const ids = places.map((place) => place.id);
  const list = (claims.data ?? [])
    .filter((claim) => ids.includes(claim.location_id))
    .sort((a, b) => ((a.file_by || "9") < (b.file_by || "9") ? -1 : 1));
  const shown = list.slice(0, 15);
  const { find } = usePeople(shown.map((claim) => claim.patient_id));
  const today = todayAt(here);
  return (
    <Card
      id="claims"
      title={w.claims.title}
      count={list.length}
      pending={claims.isPending}
      error={claims.data ? undefined : claims.error}
      again={() => void claims.refetch()}
      empty={w.claims.none}
    >
      <ul aria-label={w.claims.title}>
        {shown.map((claim) => (
          <li key={claim.id} className={css.row} data-row tabIndex={-1}>
            <div className={css.who}>
              <strong>
                <Name patient={find(claim.patient_id)} />
              </strong>
              <span>{w.claims.states[claim.state ?? ""]}</span>
            </div>
            {claim.file_by && (
              <span className={css.state} data-tone={claim.file_by < today ? "bad" : "plain"}>
                {w.claims.fileBy(formatShortDay(claim.file_by))}
              </span>
            )}
            <b>{claim.charge ? formatDollars(Number(claim.charge.amount_cents)) : ""}</b>
          </li>
        ))}
      </ul>
    </Card>
  );
}
