import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { t } from "../domain/i18n";
import { Alert, Lock } from "./icons";
import css from "./states.module.css";

/** What to say instead of content: nothing there, and what to do next. */
export function Empty({
  icon,
  title,
  lead,
  children,
}: {
  icon?: ReactNode;
  title: string;
  lead?: string;
  children?: ReactNode;
}) {
  return (
    <div className={css.state}>
      {icon && <span className={css.icon}>{icon}</span>}
      <h2>{title}</h2>
      {lead && <p>{lead}</p>}
      {children && <div className={css.actions}>{children}</div>}
    </div>
  );
}

/** What failed, what is safe, and the way on. */
export function Failed({ error, again }: { error: unknown; again?: () => void }) {
  const known = error instanceof ApiError ? error : undefined;
  if (known?.status === 403) {
    return <Empty icon={<Lock size={22} />} title={t.errors.denied} lead={t.errors.deniedLead} />;
  }
  const why = known?.status === 0 ? t.errors.noConnection : "";
  return (
    <div role="alert">
      <Empty icon={<Alert size={22} />} title={t.errors.title} lead={`${why} ${t.errors.safe}`.trim()}>
        {again && (
          <Button variant="default" onClick={again}>
            {t.errors.again}
          </Button>
        )}
        {known?.traceId && <small>{t.errors.trace(known.traceId)}</small>}
      </Empty>
    </div>
  );
}
