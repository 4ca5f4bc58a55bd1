import type { LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { t } from "../domain/i18n";
import { SETTINGS } from "../features/settings/sections";
import { Calendar, Funnel, ListCheck, People, Sliders } from "../ui/icons";

/** One place of the navigation. A person sees those of which she holds the permission somewhere. */
export interface NavItem {
  to: LinkProps["to"];
  label: string;
  icon: (props: { size?: number }) => ReactNode;
  /** The letter after G that goes there. */
  letter: string;
  /** One permission, or several of which any will do. */
  permission: string | readonly string[];
}

/** Whether somebody may open a place. */
export const opens = (item: NavItem, may: (permission: string) => boolean): boolean =>
  [item.permission].flat().some((one) => may(one));

/** In the order of the navigation: the day's work, money, the group. Home is the first that a person may open. */
export const NAV: readonly { heading: string; foot?: boolean; items: readonly NavItem[] }[] = [
  {
    heading: "",
    items: [
      { to: "/my-day", label: t.nav.myDay, icon: ListCheck, letter: "d", permission: "tasks.read" },
      { to: "/schedule", label: t.nav.schedule, icon: Calendar, letter: "s", permission: "appointments.read" },
      { to: "/patients", label: t.nav.patients, icon: People, letter: "p", permission: "patients.read" },
      { to: "/pipeline", label: t.nav.pipeline, icon: Funnel, letter: "b", permission: "pipeline.read" },
    ],
  },
  {
    heading: "",
    foot: true,
    items: [{ to: "/settings", label: t.nav.settings, icon: Sliders, letter: ",", permission: SETTINGS }],
  },
];
