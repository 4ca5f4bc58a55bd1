import { ActionIcon, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { Link, Outlet } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useConnection } from "../api/events";
import { LANGUAGES, type Language, language, SPOKEN, speak, t } from "../domain/i18n";
import {
  Building,
  Calendar,
  Check,
  Door,
  Down,
  Eye,
  Globe,
  ListCheck,
  Lock,
  Logo,
  Moon,
  Search,
  Sun,
} from "../ui/icons";
import { Empty, Failed } from "../ui/states";
import { CommandMenu } from "./commands";
import { useGoToPlace, usePlaces, usePrivacy } from "./places";
import { useSession } from "./session";
import css from "./shell.module.css";
import { w } from "./words";

export const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "")).toUpperCase();
}

function useOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    window.addEventListener("online", update);
    window.addEventListener("offline", update);
    return () => {
      window.removeEventListener("online", update);
      window.removeEventListener("offline", update);
    };
  }, []);
  return online;
}

/** What stands around every screen. */
export function Shell() {
  const { session, may, lock, signOut } = useSession();
  const { places, here, loading, error, again } = usePlaces();
  const goToPlace = useGoToPlace();
  const scheme = useComputedColorScheme("light");
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true }); // else it writes a style element
  const [privacy, togglePrivacy] = usePrivacy();
  const [menu, setMenu] = useState(false);
  const connection = useConnection();
  const online = useOnline();

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const command = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
      const slash = event.key === "/" && !typing(event.target);
      if (!command && !slash) return;
      event.preventDefault();
      setMenu(true);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  const toggleScheme = () => setColorScheme(scheme === "dark" ? "light" : "dark");
  const roles = session.roles.map(({ role }) => t.roles[role] ?? role);
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
              <button type="button" className={css.place} aria-label={t.location.choose(here.name)}>
                <Building />
                <span>{here.name}</span>
                <Down size={14} />
              </button>
            </Menu.Target>
            <Menu.Dropdown>
              {places.map((place) => (
                <Menu.Item
                  key={place.id}
                  onClick={() => goToPlace(place.id)}
                  rightSection={place.id === here.id ? <Check size={14} /> : undefined}
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
          <Tooltip label={t.app.brokenHint} disabled={connection !== "broken"} multiline w={240}>
            <span className={css.live} data-state={connection} role="status">
              {connection === "idle" ? "" : t.app[connection]}
            </span>
          </Tooltip>
          <Tooltip label={privacy ? t.app.privacyOff : t.app.privacy}>
            <ActionIcon
              variant={privacy ? "filled" : "subtle"}
              color={privacy ? "brand" : "gray"}
              size="lg"
              aria-label={t.app.privacy}
              aria-pressed={privacy}
              onClick={togglePrivacy}
            >
              <Eye />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={scheme === "dark" ? t.app.light : t.app.dark}>
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label={scheme === "dark" ? t.app.light : t.app.dark}
              onClick={toggleScheme}
            >
              {scheme === "dark" ? <Sun /> : <Moon />}
            </ActionIcon>
          </Tooltip>
          <Menu position="bottom-end" width={230} shadow="none">
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
              {(Object.keys(LANGUAGES) as Language[])
                .filter((other) => other !== language)
                .map((other) => (
                  <Menu.Item key={other} lang={other} leftSection={<Globe />} onClick={() => speak(other)}>
                    {SPOKEN[other]}
                  </Menu.Item>
                ))}
              <Menu.Item leftSection={<Lock />} onClick={() => void lock()}>
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
        {may("tasks.read") && (
          <Link to="/my-day" className={css.item} activeProps={{ "aria-current": "page" }}>
            <ListCheck size={18} />
            <span>{t.nav.myDay}</span>
          </Link>
        )}
        {may("appointments.read") && (
          <Link to="/schedule" className={css.item} activeProps={{ "aria-current": "page" }}>
            <Calendar size={18} />
            <span>{t.nav.schedule}</span>
          </Link>
        )}
      </nav>
      <main id="content" className={css.main} tabIndex={-1}>
        {!online && (
          <p className={css.offline} role="alert">
            {t.app.offline}
          </p>
        )}
        {error ? (
          <Failed error={error} again={again} />
        ) : !loading && !here ? (
          <Empty icon={<Building size={22} />} title={t.errors.noLocation} lead={t.errors.noLocationLead} />
        ) : (
          <Outlet />
        )}
      </main>
      <CommandMenu
        opened={menu}
        close={() => setMenu(false)}
        toggleScheme={toggleScheme}
        togglePrivacy={togglePrivacy}
      />
    </div>
  );
}
