import type { Location } from "../../api/client";
import { usePlaces } from "../../app/places";
import { useSession } from "../../app/session";
import { formatDay } from "../../domain/i18n";
import { Calls } from "./calls";
import { todayAt, useLive } from "./data";
import { Claims, Notes } from "./lists";
import { type Part, partsFor } from "./order";
import css from "./page.module.css";
import { Tasks } from "./tasks";
import { Arrivals, Chairs, Exams } from "./visits";
import { w } from "./words";

/** On a wide screen these stand in the narrower column on the right. */
const ASIDE: readonly Part[] = ["calls", "arrivals", "notes"];

export function MyDayPage() {
  const { here, all, places } = usePlaces();
  return here ? <Day here={here} places={all ? places : [here]} all={all} /> : null;
}

function Day({ here, places, all }: { here: Location; places: readonly Location[]; all: boolean }) {
  const { session, may } = useSession();
  const parts = partsFor(
    session.roles.map(({ role }) => role),
    (permission) => (all ? may(permission) : may(permission, here.id)),
  );
  useLive(all ? "*" : here.id);
  const place = all ? undefined : here;
  const part = (name: Part) => {
    switch (name) {
      case "tasks":
        return <Tasks key={name} place={place} here={here} />;
      case "calls":
        return <Calls key={name} places={places} here={here} all={all} />;
      case "exams":
        return <Exams key={name} places={places} />;
      case "arrivals":
        return <Arrivals key={name} places={places} />;
      case "chairs":
        return <Chairs key={name} places={places} />;
      case "notes":
        return <Notes key={name} place={place} here={here} />;
      case "claims":
        return <Claims key={name} places={places} here={here} />;
    }
  };
  const aside = parts.filter((name) => ASIDE.includes(name) && parts.some((other) => !ASIDE.includes(other)));
  const main = parts.filter((name) => !aside.includes(name));
  return (
    <div className={css.page}>
      <header className={css.bar}>
        <h1>{w.title}</h1>
        <span>{formatDay(todayAt(here))}</span>
        <nav className={css.jump} aria-label={w.parts}>
          {parts.map((name) => (
            <a key={name} href={`#${name}`}>
              {w[name].title}
            </a>
          ))}
        </nav>
      </header>
      <div
        className={css.columns}
        data-two={aside.length > 0 || undefined}
        data-first={aside.includes(parts[0] as Part) ? "aside" : "main"}
      >
        <div className={css.column}>{main.map(part)}</div>
        {aside.length > 0 && <div className={css.column}>{aside.map(part)}</div>}
      </div>
    </div>
  );
}
