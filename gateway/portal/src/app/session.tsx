import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useRef, useState } from "react";
import { ApiError, api, data, keepCsrf, type Session, whenSignedOut } from "../api/client";
import { t } from "../domain/i18n";
import { tell } from "../ui/undo";
import { hearTabs, tellTabs } from "./tabs";

const IDLE_MS = 10 * 60_000;
const AWAKE_MS = 10_000; // how often the other tabs hear that somebody is there
const ACTIVE = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];
/** Set while a lock waits for the server to end the session: a new page must not go on with it. */
const LOCKED = "archwire.locked";

interface Known {
  session: Session;
  email: string;
  locked: boolean;
  /** True if the permission is held, at the location when one is given. */
  may: (permission: string, locationId?: string) => boolean;
  signIn: (email: string, password: string, code: string) => Promise<void>;
  lock: () => Promise<void>;
  signOut: () => Promise<void>;
  /** The session has a new id and was opened with a second factor: the other requests and tabs go on with it. */
  renewed: (csrf: string) => void;
}

const Context = createContext<Known | undefined>(undefined);

export function useSession(): Known {
  const known = useContext(Context);
  if (!known) throw new Error("no session");
  return known;
}

/** Ends the session at the server; kept in mind until it has heard so. */
async function end(): Promise<void> {
  localStorage.setItem(LOCKED, "1");
  try {
    await data(api.DELETE("/v1/session"));
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) return; // next time
  } finally {
    keepCsrf("");
  }
  localStorage.removeItem(LOCKED);
}

/** A new page: nothing that the one before has read is left in it. */
const afresh = () => location.replace("/");

/** The session of this browser: who it is, whether the screen is locked, and what to show when nobody is signed in. */
export function SessionGate({ door, children }: { door: (props: DoorProps) => ReactNode; children: ReactNode }) {
  const [state, setState] = useState<{
    session?: Session;
    email: string;
    locked: boolean;
    asked: boolean;
    error?: unknown;
  }>({ email: "", locked: false, asked: false });
  const queries = useQueryClient();
  const user = useRef("");
  user.current = state.session?.user_id ?? "";

  const ask = useCallback(async () => {
    setState((was) => ({ ...was, asked: false, error: undefined }));
    try {
      let session = await data(api.GET("/v1/session"));
      keepCsrf(session.csrf_token);
      if (localStorage.getItem(LOCKED)) {
        await end();
        session = await data(api.GET("/v1/session"));
      }
      setState((was) => ({ ...was, session, asked: true }));
    } catch (error) {
      const nobody = error instanceof ApiError && error.status === 401;
      if (nobody) localStorage.removeItem(LOCKED);
      setState((was) => ({ ...was, asked: true, error: nobody ? undefined : error }));
    }
  }, []);
  useEffect(() => void ask(), [ask]);

  const close = useCallback(() => setState((was) => (was.session ? { ...was, locked: true } : was)), []);
  useEffect(() => whenSignedOut(close), [close]);
  useEffect(
    () =>
      hearTabs((news) => {
        if (news.kind === "locked") {
          keepCsrf("");
          close();
        } else if (news.kind === "left" && user.current) afresh();
        else if (news.kind === "entered") {
          if (news.userId !== user.current) return afresh();
          keepCsrf(news.csrf);
          setState((was) => ({ ...was, locked: false }));
          void queries.invalidateQueries();
        }
      }),
    [close, queries],
  );

  const signIn = useCallback(
    async (email: string, password: string, code: string) => {
      const body = { email, password, totp_code: code, group: "" };
      const session = await data(api.POST("/v1/session", { body }));
      localStorage.removeItem(LOCKED);
      keepCsrf(session.csrf_token);
      tellTabs({ kind: "entered", userId: session.user_id, csrf: session.csrf_token });
      if (user.current && user.current !== session.user_id) return afresh();
      setState({ session, email, locked: false, asked: true });
      void queries.invalidateQueries();
    },
    [queries],
  );
  const lock = useCallback(async () => {
    close();
    tellTabs({ kind: "locked" });
    await end();
  }, [close]);
  const signOut = useCallback(async () => {
    close();
    await end();
    tellTabs({ kind: "left" });
    afresh();
  }, [close]);

  const { session, locked } = state;
  useIdle(session !== undefined && !locked, lock);

  useEffect(() => {
    const onNewVersion = (event: Event) => {
      event.preventDefault();
      const act = { label: t.app.reload, run: () => location.reload() };
      tell({ text: t.app.newVersion, tone: "warn", act, stays: true });
    };
    window.addEventListener("vite:preloadError", onNewVersion);
    return () => window.removeEventListener("vite:preloadError", onNewVersion);
  }, []);

  // Roles are given and taken meanwhile: whoever comes back to the window has those of now.
  useEffect(() => {
    if (!session || locked) return;
    const again = () =>
      void data(api.GET("/v1/session")).then(
        (now) => setState((was) => (was.session?.user_id === now.user_id ? { ...was, session: now } : was)),
        () => undefined,
      );
    window.addEventListener("focus", again);
    return () => window.removeEventListener("focus", again);
  }, [session, locked]);

  const known = useMemo<Known | undefined>(() => {
    if (!session) return undefined;
    const may = (permission: string, locationId?: string) => {
      const where = session.permissions[permission];
      return where === "*" || (Array.isArray(where) && (locationId ? where.includes(locationId) : where.length > 0));
    };
    const renewed = (csrf: string) => {
      keepCsrf(csrf);
      tellTabs({ kind: "entered", userId: session.user_id, csrf });
      setState((was) => ({ ...was, session: { ...session, csrf_token: csrf, second_factor: true } }));
    };
    return { session, email: state.email, locked, may, signIn, lock, signOut, renewed };
  }, [session, state.email, locked, signIn, lock, signOut]);

  if (!known) return door({ asked: state.asked, error: state.error, again: ask, signIn });
  return (
    <Context value={known}>
      {children}
      {locked && (
        <Curtain>
          {door({ asked: true, again: ask, signIn, known: session, email: state.email, leave: signOut })}
        </Curtain>
      )}
    </Context>
  );
}

/** Locks when nobody has done anything for ten minutes in any tab, also when the machine slept meanwhile. */
function useIdle(on: boolean, lock: () => Promise<void>): void {
  useEffect(() => {
    if (!on) return;
    let last = Date.now();
    let told = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const check = () => {
      clearTimeout(timer);
      const left = last + IDLE_MS - Date.now();
      if (left <= 0) void lock();
      else timer = setTimeout(check, left);
    };
    const awake = () => {
      if (Date.now() - last >= IDLE_MS) return void lock();
      last = Date.now();
      if (last - told < AWAKE_MS) return;
      told = last;
      tellTabs({ kind: "awake" });
    };
    const stop = hearTabs((news) => {
      if (news.kind === "awake") last = Date.now();
    });
    timer = setTimeout(check, IDLE_MS);
    for (const kind of ACTIVE) document.addEventListener(kind, awake, { passive: true, capture: true });
    document.addEventListener("visibilitychange", check);
    return () => {
      stop();
      clearTimeout(timer);
      for (const kind of ACTIVE) document.removeEventListener(kind, awake, { capture: true });
      document.removeEventListener("visibilitychange", check);
    };
  }, [on, lock]);
}

/** In front of a locked screen: everything behind it stays where it was, unseen and out of reach. */
function Curtain({ children }: { children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    document.documentElement.dataset.locked = "";
    dialog.current?.showModal();
    return () => {
      delete document.documentElement.dataset.locked;
      if (before instanceof HTMLElement) requestAnimationFrame(() => before.focus({ preventScroll: true }));
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      data-curtain
      aria-label={t.signIn.lockedTitle}
      onCancel={(event) => event.preventDefault()}
      onClose={() => dialog.current?.showModal()}
    >
      {children}
    </dialog>
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
