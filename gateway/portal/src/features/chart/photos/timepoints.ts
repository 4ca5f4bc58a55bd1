import type { Schemas } from "../../../api/client";

export type Image = Schemas["records.Image"];
export type View = NonNullable<Schemas["records.AddImageRequest"]["view"]>;
export type Stage = NonNullable<Schemas["records.AddImageRequest"]["stage"]>;

/** The nine fields of the composite as the ABO lays it out; the middle one tells which timepoint it is. */
export const COMPOSITE = [
  "face_frontal_relaxed",
  "face_frontal_smile",
  "face_profile",
  "intraoral_upper",
  undefined,
  "intraoral_lower",
  "intraoral_right",
  "intraoral_frontal",
  "intraoral_left",
] as const satisfies readonly (View | undefined)[];
export const PHOTOGRAPHS = COMPOSITE.filter((view) => view !== undefined);
export const FILMS = ["pano", "ceph"] as const satisfies readonly View[];
export const SCANS = ["scan_upper", "scan_lower", "scan_bite"] as const satisfies readonly View[];
export const VIEWS: readonly View[] = [...PHOTOGRAPHS, ...FILMS, ...SCANS, "other"];
export const STAGES: readonly Stage[] = ["initial", "progress", "final", "retention"];

/** One sitting: the newest image of every view of a stage, taken within a month. */
export interface Timepoint {
  id: string;
  stage: Stage;
  /** Day of its first image, "YYYY-MM-DD". */
  day: string;
  views: ReadonlyMap<View, Image>;
  /** What no view holds: the others, in the order in which they were taken. */
  more: readonly Image[];
}

const SITTING_DAYS = 31;
const dayOf = (image: Image) => (image.take_time ?? image.create_time ?? "").slice(0, 10);

/** The timepoints of a chart, the oldest first. */
export function timepoints(images: readonly Image[]): Timepoint[] {
  const sorted = [...images].sort((a, b) => (a.take_time ?? "").localeCompare(b.take_time ?? ""));
  const found: { id: string; stage: Stage; day: string; views: Map<View, Image>; more: Image[] }[] = [];
  for (const image of sorted) {
    const stage = (image.stage || "initial") as Stage;
    const view = (image.view || "other") as View;
    const day = dayOf(image);
    let sitting = found.findLast((one) => one.stage === stage);
    if (!sitting || (Date.parse(day) - Date.parse(sitting.day)) / 86_400_000 > SITTING_DAYS) {
      sitting = { id: `${stage}-${day}`, stage, day, views: new Map(), more: [] };
      found.push(sitting);
    }
    if (view === "other") sitting.more.push(image);
    else {
      const before = sitting.views.get(view);
      if (before) sitting.more.push(before);
      sitting.views.set(view, image);
    }
  }
  return found.sort((a, b) => a.day.localeCompare(b.day) || STAGES.indexOf(a.stage) - STAGES.indexOf(b.stage));
}

/** Where an image is read. The browser asks every time whether it may still be shown, and seldom loads it twice. */
export const source = (image: Image, size?: "thumbnail" | "screen"): string =>
  `/v1/images/${image.id}/content${size ? `?size=${size}` : ""}`;

export const isFilm = (image: Image): boolean => image.format === "dicom";
export const isScan = (image: Image): boolean => image.format === "stl" || image.format === "ply";
export const hasPicture = (image: Image): boolean => (image.sizes ?? []).includes("thumbnail");

/** A size in bytes as people read it. */
export function formatSize(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

const HINTS: readonly [RegExp, View][] = [
  [/smil|sonri/, "face_frontal_smile"],
  [/profil|perfil/, "face_profile"],
  [/relax|rest|repos|face|cara/, "face_frontal_relaxed"],
  [/ceph|cefal|lateral/, "ceph"],
  [/pan(o|\b|_)|opg/, "pano"],
  [/upper|max(il)?|superior|occl?_?u/, "intraoral_upper"],
  [/lower|mand|inferior|occl?_?l/, "intraoral_lower"],
  [/right|derech|buccal_?r/, "intraoral_right"],
  [/left|izqui|buccal_?l/, "intraoral_left"],
  [/front/, "intraoral_frontal"],
];

/** What a file most likely shows: by its name, else the first view that is still missing. A person decides. */
export function suggestView(name: string, missing: readonly View[]): View {
  const said = name.toLowerCase().replaceAll(/[-. ]/g, "_");
  const mesh = /_(stl|ply)$/.test(said);
  if (mesh) {
    if (/upper|max|superior/.test(said)) return "scan_upper";
    if (/lower|mand|inferior/.test(said)) return "scan_lower";
    return /bite|occl|mordida/.test(said) ? "scan_bite" : "scan_upper";
  }
  const hinted = HINTS.find(([hint]) => hint.test(said))?.[1];
  if (hinted) return hinted;
  if (/_(dcm|dicom)$/.test(said)) return missing.find((view) => view === "pano" || view === "ceph") ?? "pano";
  return missing.find((view) => (PHOTOGRAPHS as readonly View[]).includes(view)) ?? "other";
}
