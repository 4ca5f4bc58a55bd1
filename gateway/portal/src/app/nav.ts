import type { LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { t } from "../domain/i18n";
import { Calendar, ListCheck, People } from "../ui/icons";

/** One place of the navigation. A person sees those of which she holds the permission somewhere. */
export interface NavItem {
  to: LinkProps["to"];
  label: string;
  icon: (props: { size?: number }) => ReactNode;
  /** The letter after G that goes there. */
  letter: string;
  permission: string;
}

/** In the order of the navigation: the day's work, money, the group. Home is the first that a person may open. */
export const NAV: readonly { heading: string; items: readonly NavItem[] }[] = [
  {
    heading: "",
    items: [
      { to: "/my-day", label: t.nav.myDay, icon: ListCheck, letter: "d", permission: "tasks.read" },
      { to: "/schedule", label: t.nav.schedule, icon: Calendar, letter: "s", permission: "appointments.read" },
      { to: "/patients", label: t.nav.patients, icon: People, letter: "p", permission: "patients.read" },
    ],
  },
];
