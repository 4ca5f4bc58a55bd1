import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent, Navigate } from "@tanstack/react-router";
import { t } from "../domain/i18n";
import { isDay } from "../domain/time";
import { Empty } from "../ui/states";
import { NAV, opens } from "./nav";
import { useSession } from "./session";
import { Shell } from "./shell";

/** Where a person starts: the list of the day, which shows each role her own; whoever has none, the first screen. */
function Home() {
  const { may } = useSession();
  const first = NAV.flatMap(({ items }) => items).find((item) => opens(item, may));
  return first ? <Navigate to={first.to} replace /> : <Nowhere />;
}

function Nowhere() {
  return (
    <Empty title={t.errors.notFound}>
      <Link to="/">{t.errors.home}</Link>
    </Empty>
  );
}

const root = createRootRoute({ component: Shell, notFoundComponent: Nowhere });
const home = createRoute({ getParentRoute: () => root, path: "/", component: Home });

const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);

export interface ScheduleSearch {
  loc?: string;
  date?: string;
  visit?: string;
  /** Absent means the day. */
  view?: "week" | "list" | "day";
}
const schedule = createRoute({
  getParentRoute: () => root,
  path: "/schedule",
  validateSearch: (given: Record<string, unknown>): ScheduleSearch => ({
    loc: text(given.loc),
    date: isDay(given.date) ? given.date : undefined,
    visit: text(given.visit),
    view: given.view === "week" || given.view === "list" ? given.view : undefined,
  }),
  component: lazyRouteComponent(() => import("../features/schedule/page"), "SchedulePage"),
});
const myDay = createRoute({
  getParentRoute: () => root,
  path: "/my-day",
  staticData: { everywhere: true },
  validateSearch: (given: Record<string, unknown>): { loc?: string } => ({ loc: text(given.loc) }),
  component: lazyRouteComponent(() => import("../features/myday/page"), "MyDayPage"),
});

export interface PatientsSearch {
  q?: string;
  loc?: string;
  state?: string;
}
const patients = createRoute({
  getParentRoute: () => root,
  path: "/patients",
  staticData: { everywhere: true },
  validateSearch: (given: Record<string, unknown>): PatientsSearch => ({
    q: text(given.q),
    loc: text(given.loc),
    state: text(given.state),
  }),
  component: lazyRouteComponent(() => import("../features/patients/page"), "PatientsPage"),
});

export interface PipelineSearch {
  loc?: string;
  /** One column over the whole width. */
  stage?: string;
  owner?: string;
  blocker?: string;
  source?: string;
  /** The card that is open. */
  card?: string;
  view?: "conversion";
}
const pipeline = createRoute({
  getParentRoute: () => root,
  path: "/pipeline",
  staticData: { everywhere: true },
  validateSearch: (given: Record<string, unknown>): PipelineSearch => ({
    loc: text(given.loc),
    stage: text(given.stage),
    owner: text(given.owner),
    blocker: text(given.blocker),
    source: text(given.source),
    card: text(given.card),
    view: given.view === "conversion" ? "conversion" : undefined,
  }),
  component: lazyRouteComponent(() => import("../features/pipeline/page"), "PipelinePage"),
});

export interface ChartSearch {
  /** What a tab filters by, and the object that it shows. */
  q?: string;
  kind?: string;
  item?: string;
  /** Two timepoints of the photographs that are compared. */
  a?: string;
  b?: string;
}
const chart = createRoute({
  getParentRoute: () => root,
  path: "/p/$id/$tab",
  validateSearch: (given: Record<string, unknown>): ChartSearch => ({
    q: text(given.q),
    kind: text(given.kind),
    item: text(given.item),
    a: text(given.a),
    b: text(given.b),
  }),
  component: lazyRouteComponent(() => import("../features/chart/frame"), "ChartPage"),
});
const chartStart = createRoute({
  getParentRoute: () => root,
  path: "/p/$id",
  component: () => <Navigate to="/p/$id/$tab" params={{ id: chartStart.useParams().id, tab: "summary" }} replace />,
});

export interface SettingsSearch {
  loc?: string;
  tab?: string;
  /** The object that is open, what a list is searched for, and the code of a type of visit. */
  item?: string;
  q?: string;
  code?: string;
  /** Whose entries of the access log, and of which days. */
  who?: string;
  from?: string;
  until?: string;
}
const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings/$section",
  validateSearch: (given: Record<string, unknown>): SettingsSearch => ({
    loc: text(given.loc),
    tab: text(given.tab),
    item: text(given.item),
    q: text(given.q),
    code: text(given.code),
    who: text(given.who),
    from: isDay(given.from) ? given.from : undefined,
    until: isDay(given.until) ? given.until : undefined,
  }),
  component: lazyRouteComponent(() => import("../features/settings/frame"), "Settings"),
});
const settingsStart = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("../features/settings/frame"), "Settings"),
});

export const router = createRouter({
  routeTree: root.addChildren([home, schedule, myDay, patients, pipeline, chartStart, chart, settings, settingsStart]),
  defaultPreload: "intent",
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
