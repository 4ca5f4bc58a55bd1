import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { ApiError, api, data, useCsrf as keepCsrf, type Session, whenSignedOut } from "../api/client";
import { t } from "../domain/i18n";
import { tell } from "../ui/undo";

const IDLE_MS = 10 * 60_000;

interface Known {
  session: Session;
  email: string;
  locked: boolean;
  /** True if the permission is held, at the location when one is given. */
  may: (permission: string, locationId?: string) => boolean;
  signIn: (email: string, password: string, code: string) => Promise<void>;
  lock: () => Promise<void>;
  signOut: () => Promise<void>;
}

const Context = createContext<Known | undefined>(undefined);

export function useSession(): Known {
  const known = useContext(Context);
  if (!known) throw new Error("no session");
  return known;
}

async function enter(email: string, password: string, code: string): Promise<Session> {
  const session = await data(api.POST("/v1/session", { body: { email, password, totp_code: code, group: "" } }));
  keepCsrf(session.csrf_token);
  return session;
}

/** The session of this tab: who it is, whether the screen is locked, and what to show when nobody is signed in. */
export function SessionGate({ door, children }: { door: (props: DoorProps) => ReactNode; children: ReactNode }) {
  const [state, setState] = useState<{
    session?: Session;
    email: string;
    locked: boolean;
    asked: boolean;
    error?: unknown;
  }>({
    email: "",
    locked: false,
    asked: false,
  });
  const queries = useQueryClient();

  const ask = useCallback(async () => {
    setState((was) => ({ ...was, asked: false, error: undefined }));
    try {
      const session = await data(api.GET("/v1/session"));
      keepCsrf(session.csrf_token);
      setState((was) => ({ ...was, session, asked: true }));
    } catch (error) {
      const nobody = error instanceof ApiError && error.status === 401;
      setState((was) => ({ ...was, asked: true, error: nobody ? undefined : error }));
    }
  }, []);
  useEffect(() => void ask(), [ask]);

  useEffect(() => whenSignedOut(() => setState((was) => (was.session ? { ...was, locked: true } : was))), []);

  const signIn = useCallback(
    async (email: string, password: string, code: string) => {
      const session = await enter(email, password, code);
      setState((was) => {
        if (was.session && was.session.user_id !== session.user_id) queries.clear();
        return { session, email, locked: false, asked: true };
      });
      void queries.invalidateQueries();
    },
    [queries],
  );

  const end = useCallback(() => data(api.DELETE("/v1/session")).catch(() => undefined), []);
  const lock = useCallback(async () => {
    await end();
    setState((was) => ({ ...was, locked: true }));
  }, [end]);
  const signOut = useCallback(async () => {
    await end();
    queries.clear();
    setState({ email: "", locked: false, asked: true });
  }, [end, queries]);

  const { session, locked } = state;
  useEffect(() => {
    if (!session || locked) return;
    let timer = setTimeout(lock, IDLE_MS);
    const awake = () => {
      clearTimeout(timer);
      timer = setTimeout(lock, IDLE_MS);
    };
    for (const kind of ["pointerdown", "pointermove", "keydown"])
      document.addEventListener(kind, awake, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const kind of ["pointerdown", "pointermove", "keydown"]) document.removeEventListener(kind, awake);
    };
  }, [session, locked, lock]);

  useEffect(() => {
    const onNewVersion = (event: Event) => {
      event.preventDefault();
      tell({ text: t.app.newVersion, detail: t.app.reload, tone: "warn" });
    };
    window.addEventListener("vite:preloadError", onNewVersion);
    return () => window.removeEventListener("vite:preloadError", onNewVersion);
  }, []);

  const known = useMemo<Known | undefined>(() => {
    if (!session) return undefined;
    const may = (permission: string, locationId?: string) => {
      const where = session.permissions[permission];
      return where === "*" || (Array.isArray(where) && (locationId ? where.includes(locationId) : where.length > 0));
    };
    return { session, email: state.email, locked, may, signIn, lock, signOut };
  }, [session, state.email, locked, signIn, lock, signOut]);

  if (!known) return door({ asked: state.asked, error: state.error, again: ask, signIn });
  return (
    <Context value={known}>
      <div inert={locked} aria-hidden={locked || undefined} data-locked={locked || undefined}>
        {children}
      </div>
      {locked && door({ asked: true, again: ask, signIn, known: session, email: state.email, leave: signOut })}
    </Context>
  );
}

export interface DoorProps {
  asked: boolean;
  error?: unknown;
  again: () => void;
  signIn: (email: string, password: string, code: string) => Promise<void>;
  known?: Session;
  email?: string;
  leave?: () => Promise<void>;
}
