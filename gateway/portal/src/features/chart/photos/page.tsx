import { Button } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type DragEvent, lazy, Suspense, useEffect, useMemo, useState } from "react";
import type { Patient } from "../../../api/client";
import { usePrivacy } from "../../../app/places";
import { formatFullDay } from "../../../domain/i18n";
import { Eye, Plus } from "../../../ui/icons";
import { Empty, Failed } from "../../../ui/states";
import { useMayHere } from "../data";
import { Composite } from "./composite";
import { useImages } from "./data";
import css from "./page.module.css";
import { type Image, type Timepoint, timepoints, type View } from "./timepoints";
import { w } from "./words";

const Compare = lazy(() => import("./compare").then((module) => ({ default: module.Compare })));
const Viewer = lazy(() => import("./viewer").then((module) => ({ default: module.Viewer })));
const Upload = lazy(() => import("./upload").then((module) => ({ default: module.Upload })));

/** True while keys mean the screen: not while somebody writes, chooses or has a dialog open. */
const isFree = (event: KeyboardEvent) =>
  !event.defaultPrevented &&
  !event.ctrlKey &&
  !event.metaKey &&
  !event.altKey &&
  !(event.target as Element).closest("input, select, textarea, [role=dialog], [role=menu]");

/** The photographs, films and scans of a patient by timepoint. */
export function PhotosTab({ patient }: { patient: Patient }) {
  const images = useImages(patient);
  const points = useMemo(() => timepoints(images.data ?? []), [images.data]);
  const [privacy] = usePrivacy();
  const mayAdd = useMayHere(patient)("images.write");
  const [files, setFiles] = useState<File[]>();
  const [wanted, setWanted] = useState<View>();
  const add = (view?: View, given: File[] = []) => {
    setWanted(view);
    setFiles(given);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    if (mayAdd && event.dataTransfer.files.length) add(undefined, [...event.dataTransfer.files]);
  };
  if (images.error && !images.data) return <Failed error={images.error} again={() => void images.refetch()} />;
  if (images.isPending) return <div className={css.waiting} aria-busy="true" />;
  if (privacy) return <Empty icon={<Eye size={22} />} title={w.hidden} />;
  return (
    <div className={css.drop} onDragOver={(event) => event.preventDefault()} onDrop={onDrop}>
      {points.length === 0 ? (
        <Empty title={w.none} lead={mayAdd ? w.noneLead : undefined}>
          {mayAdd && <Button onClick={() => add()}>{w.add}</Button>}
        </Empty>
      ) : (
        <Album patient={patient} points={points} add={mayAdd ? add : undefined} />
      )}
      {files && (
        <Suspense>
          <Upload
            patient={patient}
            points={points}
            given={files}
            wanted={wanted}
            close={() => {
              setFiles(undefined);
              setWanted(undefined);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

function Album({
  patient,
  points,
  add,
}: {
  patient: Patient;
  points: Timepoint[];
  add: ((view?: View) => void) | undefined;
}) {
  const navigate = useNavigate();
  const search = useSearch({ strict: false }) as { item?: string; a?: string; b?: string };
  const last = points[points.length - 1] as Timepoint;
  const point = points.find((one) => one.id === search.item) ?? last;
  const a = points.find((one) => one.id === search.a);
  const b = points.find((one) => one.id === search.b);
  const [shown, setShown] = useState<Image>();
  const go = (next: { item?: string; a?: string; b?: string }) =>
    void navigate({ to: ".", search: (was: object) => ({ ...was, ...next }), replace: true });
  const comparing = a !== undefined && b !== undefined;
  const toggle = () => {
    if (comparing) return go({ a: undefined, b: undefined });
    if (points.length < 2) return;
    const other = point === last ? (points[0] as Timepoint) : last;
    const [from, to] = [point, other].sort((x, y) => points.indexOf(x) - points.indexOf(y)) as [Timepoint, Timepoint];
    go({ a: from.id, b: to.id });
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!isFree(event)) return;
      const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
      const next = points[points.indexOf(point) + step];
      if (event.key === "c" || event.key === "C") toggle();
      else if (event.key === "Escape" && comparing) go({ a: undefined, b: undefined });
      else if (step && next && !comparing) go({ item: next.id });
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
  return (
    <>
      <header className={css.bar}>
        {!comparing && (
          <div className={css.points} role="group" aria-label={w.timepoints}>
            {points.map((one) => (
              <button key={one.id} type="button" aria-pressed={one === point} onClick={() => go({ item: one.id })}>
                {w.stages[one.stage]} <small>{formatFullDay(one.day)}</small>
              </button>
            ))}
          </div>
        )}
        <p className={css.keys}>
          {!comparing && points.length > 1 && (
            <>
              <kbd>←</kbd> <kbd>→</kbd> {w.keys}, <kbd>C</kbd> {w.keysCompare}
            </>
          )}
        </p>
        <Button
          variant="default"
          onClick={toggle}
          disabled={points.length < 2}
          title={points.length < 2 ? w.needTwo : undefined}
        >
          {comparing ? w.compareEnd : w.compare}
        </Button>
        {add && (
          <Button leftSection={<Plus size={15} />} onClick={() => add()}>
            {w.add}
          </Button>
        )}
      </header>
      {comparing ? (
        <Suspense fallback={<div className={css.waiting} aria-busy="true" />}>
          <Compare points={points} a={a} b={b} choose={go} />
        </Suspense>
      ) : (
        <Composite patient={patient} point={point} enlarge={setShown} add={add} />
      )}
      {shown && (
        <Suspense>
          <Viewer point={point} first={shown} close={() => setShown(undefined)} />
        </Suspense>
      )}
    </>
  );
}
