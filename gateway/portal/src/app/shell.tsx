import { Menu, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { Fragment, lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useConnection } from "../api/events";
import { useSilence } from "../api/reach";
import { LANGUAGES, type Language, language, SPOKEN, speak, t } from "../domain/i18n";
import { Building, Check, Door, Down, Eye, Globe, Keyboard, Lock, Logo, Moon, Person, Search, Sun } from "../ui/icons";
import { Empty, Failed } from "../ui/states";
import { useKeyboard, useKeys } from "./keys";
import { NAV, opens } from "./nav";
import { ALL, useGoToPlace, usePlaces, usePrivacy } from "./places";
import { useSession } from "./session";
import css from "./shell.module.css";
import { w } from "./words";

export { typing } from "./keys";

// Not before somebody asks for them.
const CommandMenu = lazy(() => import("./commands"));
const KeyHelp = lazy(() => import("./help"));

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "")).toUpperCase();
}

function useOnline(): boolean {
  return useSyncExternalStore(
    (changed) => {
      window.addEventListener("online", changed);
      window.addEventListener("offline", changed);
      return () => {
        window.removeEventListener("online", changed);
        window.removeEventListener("offline", changed);
      };
    },
    () => navigator.onLine,
  );
}

/** What stands around every screen. */
export function Shell() {
  const { session, may, lock, signOut } = useSession();
  const { places, here, all, mayAll, loading, error, again } = usePlaces();
  const goToPlace = useGoToPlace();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const queries = useQueryClient();
  const scheme = useComputedColorScheme("light");
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true }); // else it writes a style element
  const [privacy, togglePrivacy] = usePrivacy();
  const [menu, setMenu] = useState(false);
  const [help, setHelp] = useState(false);
  const connection = useConnection();
  const online = useOnline();
  const silent = useSilence();
  const nav = NAV.map((group) => ({ ...group, items: group.items.filter((item) => opens(item, may)) })).filter(
    (group) => group.items.length > 0,
  );

  useKeyboard();
  useKeys(w.keys.everywhere, [
    { keys: "/", label: w.keys.search, run: () => setMenu(true) },
    { keys: "Ctrl K", label: w.keys.search },
    { keys: "?", label: w.keys.help, run: () => setHelp(true) },
    { keys: "h", label: t.app.privacy, run: togglePrivacy },
    { keys: "J K", label: w.keys.rows },
    { keys: "Enter", label: w.keys.open },
    { keys: "Esc", label: w.keys.back },
    { keys: "Ctrl Z", label: w.keys.undo },
    { keys: "Ctrl Shift L", label: t.app.lock },
  ]);
  useKeys(
    w.keys.go,
    nav.flatMap(({ items }) =>
      items.map(({ to, label, letter }) => ({ keys: `g ${letter}`, label, run: () => void navigate({ to }) })),
    ),
  );
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === "k" && !event.shiftKey) setMenu(true);
      else if (key === "l" && event.shiftKey) void lock();
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [lock]);
  const wasSilent = useRef(silent);
  useEffect(() => {
    if (wasSilent.current && !silent) void queries.invalidateQueries();
    wasSilent.current = silent;
  }, [silent, queries]);

  const toggleScheme = () => setColorScheme(scheme === "dark" ? "light" : "dark");
  const roles = session.roles.map(({ role }) => t.roles[role] ?? role);
  const trouble = !online ? t.app.offline : silent ? t.app.silent : "";
  return (
    <div className={css.shell}>
      <a className={css.skip} href="#content">
        {t.app.skip}
      </a>
      <header className={css.header}>
        <Link to="/" className={css.brand} aria-label={t.app.name}>
          <Logo />
          <span>{t.app.name}</span>
        </Link>
        {here && (
          <Menu position="bottom-start" width={260} shadow="none">
            <Menu.Target>
              <button
                type="button"
                className={css.place}
                aria-label={t.location.choose(all ? t.location.all : here.name)}
              >
                <Building />
                <span>{all ? t.location.all : here.name}</span>
                <Down size={14} />
              </button>
            </Menu.Target>
            <Menu.Dropdown>
              {mayAll && (
                <>
                  <Menu.Item onClick={() => goToPlace(ALL)} rightSection={all ? <Check size={14} /> : undefined}>
                    {t.location.all}
                  </Menu.Item>
                  <Menu.Divider />
                </>
              )}
              {places.map((place) => (
                <Menu.Item
                  key={place.id}
                  onClick={() => goToPlace(place.id)}
                  rightSection={!all && place.id === here.id ? <Check size={14} /> : undefined}
                >
                  {place.name}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
        <button type="button" className={css.search} onClick={() => setMenu(true)}>
          <Search />
          <span>{w.open}</span>
          <kbd>Ctrl K</kbd>
        </button>
        <div className={css.tools}>
          <span
            className={css.live}
            data-state={connection}
            role="status"
            title={connection === "broken" ? t.app.brokenHint : undefined}
          >
            {connection === "idle" ? "" : t.app[connection]}
          </span>
          <button
            type="button"
            className={css.tool}
            aria-label={t.app.privacy}
            title={privacy ? t.app.privacyOff : t.app.privacy}
            aria-pressed={privacy}
            onClick={togglePrivacy}
          >
            <Eye />
          </button>
          <button
            type="button"
            className={css.tool}
            aria-label={scheme === "dark" ? t.app.light : t.app.dark}
            title={scheme === "dark" ? t.app.light : t.app.dark}
            onClick={toggleScheme}
          >
            {scheme === "dark" ? <Sun /> : <Moon />}
          </button>
          <Menu position="bottom-end" width={270} shadow="none">
            <Menu.Target>
              <button
                type="button"
                className={css.person}
                aria-label={t.app.account(session.display_name)}
                data-initials={initials(session.display_name)}
              />
            </Menu.Target>
            <Menu.Dropdown>
              <div className={css.who}>
                <strong>{session.display_name}</strong>
                <span>{roles.join(", ")}</span>
                <span>{session.group_name}</span>
              </div>
              <Menu.Item leftSection={<Eye />} onClick={togglePrivacy} rightSection={<kbd>H</kbd>}>
                {privacy ? t.app.privacyOff : t.app.privacy}
              </Menu.Item>
              <Menu.Item leftSection={scheme === "dark" ? <Sun /> : <Moon />} onClick={toggleScheme}>
                {scheme === "dark" ? t.app.light : t.app.dark}
              </Menu.Item>
              {may("credentials.own") && (
                <Menu.Item
                  leftSection={<Person />}
                  onClick={() => void navigate({ to: "/settings/$section", params: { section: "security" } })}
                >
                  {t.nav.ownSignIn}
                </Menu.Item>
              )}
              <Menu.Item leftSection={<Keyboard />} onClick={() => setHelp(true)} rightSection={<kbd>?</kbd>}>
                {w.keys.title}
              </Menu.Item>
              {(Object.keys(LANGUAGES) as Language[])
                .filter((other) => other !== language)
                .map((other) => (
                  <Menu.Item key={other} lang={other} leftSection={<Globe />} onClick={() => speak(other)}>
                    {SPOKEN[other]}
                  </Menu.Item>
                ))}
              <Menu.Divider />
              <Menu.Item leftSection={<Lock />} onClick={() => void lock()} rightSection={<kbd>Ctrl Shift L</kbd>}>
                {t.app.lock}
              </Menu.Item>
              <Menu.Item leftSection={<Door />} onClick={() => void signOut()}>
                {t.app.signOut}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </div>
      </header>
      <nav className={css.nav} aria-label={t.app.navigation}>
        {nav.map(({ heading, foot, items }) => (
          <Fragment key={heading + foot}>
            {foot && <span className={css.foot} />}
            {heading && <h2 className={css.heading}>{heading}</h2>}
            {items.map(({ to, label, icon: Icon }) => (
              <Link key={to} to={to} className={css.item} activeProps={{ "aria-current": "page" }}>
                <Icon size={18} />
                <span>{label}</span>
              </Link>
            ))}
          </Fragment>
        ))}
      </nav>
      <main id="content" className={css.main} tabIndex={-1}>
        {trouble && (
          <p className={css.offline} role="alert">
            {trouble}
          </p>
        )}
        {error ? (
          <Failed error={error} again={again} />
        ) : !loading && !here && !pathname.startsWith("/settings") ? (
          <Empty icon={<Building size={22} />} title={t.errors.noLocation} lead={t.errors.noLocationLead} />
        ) : (
          <Outlet />
        )}
      </main>
      <Suspense>
        {menu && (
          <CommandMenu
            close={() => setMenu(false)}
            toggleScheme={toggleScheme}
            togglePrivacy={togglePrivacy}
            showKeys={() => setHelp(true)}
          />
        )}
        {help && <KeyHelp close={() => setHelp(false)} />}
      </Suspense>
    </div>
  );
}
