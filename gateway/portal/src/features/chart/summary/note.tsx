import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, data, type Patient } from "../../../api/client";
import { useStaff } from "../../../api/people";
import { usePrivacy } from "../../../app/places";
import { formatMoment } from "../../../domain/i18n";
import { Card } from "../card";
import { useHome } from "../data";
import css from "./page.module.css";
import { s } from "./words";

/** The newest clinical note. */
export function LastNote({ patient }: { patient: Patient }) {
  const zone = useHome(patient).time_zone;
  const [privacy] = usePrivacy();
  const { data: staff } = useStaff();
  const notes = useQuery({
    queryKey: ["last-note", patient.id],
    queryFn: () =>
      data(
        api.GET("/v1/patients/{patient_id}/notes", {
          params: { path: { patient_id: patient.id }, query: { page_size: 1 } },
        }),
      ).then((found) => found.notes),
  });
  const all = (
    <Link className={css.all} to="/p/$id/$tab" params={{ id: patient.id, tab: "timeline" }} search={{ kind: "note" }}>
      {s.allNotes}
    </Link>
  );
  return (
    <Card title={s.note} query={notes} empty={s.noNote} actions={all}>
      {([note]) => {
        const author = staff?.find((person) => person.id === note?.author_id);
        return (
          <div className={css.note}>
            <p>{privacy ? "•••" : note?.text}</p>
            <small>
              {author && `${author.first_name} ${author.last_name} · `}
              {formatMoment(note?.create_time ?? "", zone)}
              {!note?.sign_time && <b> · {s.unsigned}</b>}
            </small>
          </div>
        );
      }}
    </Card>
  );
}
