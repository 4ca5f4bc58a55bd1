import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import type { Patient } from "../../api/client";
import { w } from "./words";

/** What every tab of the chart is given. */
export interface TabProps {
  patient: Patient;
}

export interface Tab {
  id: string;
  label: string;
  /** Whoever holds none of these permissions does not see the tab; an empty list means everybody who sees the patient. */
  needs: readonly string[];
  Page: LazyExoticComponent<ComponentType<TabProps>>;
}

/** The tabs in their order. Each loads by itself when it is opened; a new one is one entry here. */
export const TABS: readonly Tab[] = [
  {
    id: "summary",
    label: w.tabs.summary,
    needs: [],
    Page: lazy(() => import("./summary/page").then((module) => ({ default: module.SummaryTab }))),
  },
  {
    id: "timeline",
    label: w.tabs.timeline,
    needs: [],
    Page: lazy(() => import("./timeline/page").then((module) => ({ default: module.TimelineTab }))),
  },
  {
    id: "photos",
    label: w.tabs.photos,
    needs: ["images.read"],
    Page: lazy(() => import("./photos/page").then((module) => ({ default: module.PhotosTab }))),
  },
  {
    id: "plan",
    label: w.tabs.plan,
    needs: ["cases.read"],
    Page: lazy(() => import("./money/plan/page").then((module) => ({ default: module.PlanTab }))),
  },
  {
    id: "contract",
    label: w.tabs.contract,
    needs: ["contracts.read"],
    Page: lazy(() => import("./money/contract/page").then((module) => ({ default: module.ContractTab }))),
  },
  {
    id: "ledger",
    label: w.tabs.ledger,
    needs: ["ledger.read", "payments.read"],
    Page: lazy(() => import("./money/ledger").then((module) => ({ default: module.LedgerTab }))),
  },
  {
    id: "insurance",
    label: w.tabs.insurance,
    needs: ["coverages.read"],
    Page: lazy(() => import("./insurance/page").then((module) => ({ default: module.InsuranceTab }))),
  },
  {
    id: "messages",
    label: w.tabs.messages,
    needs: ["messages.read"],
    Page: lazy(() => import("./messages/page").then((module) => ({ default: module.MessagesTab }))),
  },
  {
    id: "forms",
    label: w.tabs.forms,
    needs: ["documents.read"],
    Page: lazy(() => import("./forms/page").then((module) => ({ default: module.FormsTab }))),
  },
  {
    id: "family",
    label: w.tabs.family,
    needs: [],
    Page: lazy(() => import("./family/page").then((module) => ({ default: module.FamilyTab }))),
  },
];
