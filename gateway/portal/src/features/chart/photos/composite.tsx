import type { Patient } from "../../../api/client";
import { formatFullDay } from "../../../domain/i18n";
import { Check, Plus } from "../../../ui/icons";
import css from "./composite.module.css";
import { useNeeded } from "./data";
import { COMPOSITE, FILMS, hasPicture, type Image, SCANS, source, type Timepoint, type View } from "./timepoints";
import { w } from "./words";

/** The nine fields of the composite, the films beside it, and what is still missing. */
export function Composite({
  patient,
  point,
  enlarge,
  add,
}: {
  patient: Patient;
  point: Timepoint;
  enlarge: (image: Image) => void;
  add: ((view?: View) => void) | undefined;
}) {
  const { data: needed } = useNeeded(patient, point.stage);
  const missing = (needed ?? []).filter((view) => !point.views.has(view));
  const field = (view: View) => (
    <Field key={view} view={view} image={point.views.get(view)} enlarge={enlarge} add={add && (() => add(view))} />
  );
  const scans = SCANS.filter((view) => point.views.has(view) || missing.includes(view));
  return (
    <div className={css.sheet}>
      <section className={css.nine} aria-label={w.composite(w.stages[point.stage] ?? "")}>
        {COMPOSITE.map((view) =>
          view ? (
            field(view)
          ) : (
            <div key="about" className={css.about}>
              <strong>{w.stages[point.stage]}</strong>
              <span>{formatFullDay(point.day)}</span>
              {needed &&
                (missing.length ? (
                  <em>
                    {w.missingCount(missing.length)}
                    <small>{missing.map((one) => w.views[one]).join(", ")}</small>
                  </em>
                ) : (
                  <b>
                    <Check size={14} /> {w.complete}
                  </b>
                ))}
            </div>
          ),
        )}
      </section>
      <section className={css.films} aria-label={w.films}>
        {FILMS.map(field)}
        {scans.length > 0 && <div className={css.scans}>{scans.map(field)}</div>}
        {point.more.length > 0 && (
          <div className={css.more}>
            <h3>{w.other(point.more.length)}</h3>
            {point.more.map((image) => (
              <Field
                key={image.id}
                view={(image.view ?? "other") as View}
                image={image}
                enlarge={enlarge}
                add={undefined}
              />
            ))}
          </div>
        )}
      </section>
    </div>
  );
}

function Field({
  view,
  image,
  enlarge,
  add,
}: {
  view: View;
  image: Image | undefined;
  enlarge: (image: Image) => void;
  add: (() => void) | undefined;
}) {
  const name = w.views[view] ?? view;
  if (!image) {
    return (
      <div className={css.missing} data-view={view}>
        <span>{name}</span>
        {add ? (
          <button type="button" onClick={add} aria-label={w.missingView(name)}>
            <Plus size={14} /> {w.missing}
          </button>
        ) : (
          <em>{w.missing}</em>
        )}
      </div>
    );
  }
  return (
    <button
      type="button"
      className={css.field}
      data-view={view}
      aria-label={w.enlarge(name)}
      onClick={() => enlarge(image)}
    >
      {hasPicture(image) && (
        <img
          src={source(image, "thumbnail")}
          srcSet={`${source(image, "thumbnail")} 320w, ${source(image, "screen")} 1600w`}
          sizes={FILMS.some((film) => film === view) ? "400px" : "280px"}
          alt=""
          decoding="async"
        />
      )}
      <span>{name}</span>
    </button>
  );
}
