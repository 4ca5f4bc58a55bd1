import { Link, Navigate, useParams } from "@tanstack/react-router";
import { type ComponentType, lazy, Suspense } from "react";
import { useSession } from "../../app/session";
import { t } from "../../domain/i18n";
import { Lock } from "../../ui/icons";
import { Empty } from "../../ui/states";
import css from "./frame.module.css";
import { sectionNames } from "./names";
import { needed, sections } from "./sections";
import { common as w } from "./words/common";

/** Each section is a file of its own, loaded when it is opened. */
const page = (load: () => Promise<{ Page: ComponentType }>) =>
  lazy(() => load().then(({ Page }) => ({ default: Page })));
const PAGES: Record<string, ComponentType> = {
  locations: page(() => import("./locations")),
  chairs: page(() => import("./chairs")),
  providers: page(() => import("./providers")),
  types: page(() => import("./types")),
  templates: page(() => import("./templates")),
  fees: page(() => import("./fees")),
  messages: page(() => import("./messages")),
  users: page(() => import("./users")),
  clients: page(() => import("./clients")),
  audit: page(() => import("./audit")),
  security: page(() => import("./security")),
};

/** The settings: their sections at the side, one of them open. Which ones there are depends on the person. */
export function Settings() {
  const { may } = useSession();
  const { section = "" } = useParams({ strict: false });
  const Section = PAGES[section];
  const needs = needed(section);
  const groups = (["office", "group", "own"] as const)
    .map((group) => ({ group, items: sections(may).filter((section) => section.group === group) }))
    .filter(({ items }) => items.length);
  return (
    <div className={css.frame}>
      <nav className={css.side} aria-label={w.title}>
        {groups.map(({ group, items }) => (
          <div key={group}>
            <h2>{w.groups[group]}</h2>
            {items.map(({ name }) => (
              <Link
                key={name}
                to="/settings/$section"
                params={{ section: name }}
                activeProps={{ "aria-current": "page" }}
              >
                {sectionNames[name]}
              </Link>
            ))}
          </div>
        ))}
      </nav>
      <div className={css.page}>
        {!section ? (
          <FirstSection />
        ) : !Section ? (
          <Empty title={t.errors.notFound} />
        ) : needs && !may(needs) ? (
          <Empty icon={<Lock size={22} />} title={t.errors.denied} lead={t.errors.deniedLead} />
        ) : (
          <Suspense>
            <Section />
          </Suspense>
        )}
      </div>
    </div>
  );
}

/** Where the settings begin for this person. */
function FirstSection() {
  const { may } = useSession();
  const first = sections(may)[0];
  return first ? (
    <Navigate to="/settings/$section" params={{ section: first.name }} replace />
  ) : (
    <Empty title={t.errors.denied} lead={t.errors.deniedLead} />
  );
}
