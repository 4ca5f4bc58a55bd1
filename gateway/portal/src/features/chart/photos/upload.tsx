import { Button, Modal } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type DragEvent, useEffect, useRef, useState } from "react";
import { ApiError, api, csrfToken, data, once, type Patient, type Schemas } from "../../../api/client";
import { t } from "../../../domain/i18n";
import { moment, wall } from "../../../domain/time";
import { Close } from "../../../ui/icons";
import { tell } from "../../../ui/undo";
import { useHome } from "../data";
import { imagesKey, useNeeded } from "./data";
import { formatSize, STAGES, type Stage, suggestView, type Timepoint, VIEWS, type View } from "./timepoints";
import css from "./upload.module.css";
import { w } from "./words";

const LARGEST_BYTES = 50 * 1024 * 1024;
const NOON = 12 * 60;
type Unit = NonNullable<Schemas["records.AddImageRequest"]["mesh_unit"]>;

interface Item {
  key: number;
  file: File;
  view: View;
  unit: Unit;
  preview: string;
  state: "waiting" | "sending" | "checking" | "done" | "failed";
  percent: number;
  reason: string;
}

let keys = 0;

/** Sends a file and tells how far it is, which fetch cannot. Raises ApiError. */
function send(file: File, progress: (percent: number) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/uploads");
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    request.setRequestHeader("X-CSRF-Token", csrfToken());
    request.responseType = "json";
    request.upload.onprogress = (event) => progress(Math.floor((event.loaded / event.total) * 100));
    request.onerror = () => reject(new ApiError(0, "NO_CONNECTION", "the server did not answer"));
    request.onload = () => {
      const answer = (request.response ?? {}) as { upload_id?: string; reason?: string; detail?: string };
      if (request.status === 201 && answer.upload_id) resolve(answer.upload_id);
      else reject(new ApiError(request.status, answer.reason ?? "INTERNAL", answer.detail ?? ""));
    };
    request.send(file);
  });
}

/** Files on their way into the chart, each with what it shows. What is refused says why and may be tried again. */
export function Upload({
  patient,
  points,
  given,
  wanted,
  close,
}: {
  patient: Patient;
  points: readonly Timepoint[];
  given: File[];
  wanted: View | undefined;
  close: () => void;
}) {
  const home = useHome(patient);
  const queries = useQueryClient();
  const today = wall(new Date(), home.time_zone).day;
  const [stage, setStage] = useState<Stage>(points[points.length - 1]?.stage ?? "initial");
  const [day, setDay] = useState(today);
  const [items, setItems] = useState<Item[]>([]);
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const { data: needed } = useNeeded(patient, stage);
  const there = points.findLast((point) => point.stage === stage)?.views;

  const take = (files: readonly File[]) =>
    setItems((was) => {
      const missing = (needed ?? VIEWS).filter((view) => !there?.has(view) && !was.some((one) => one.view === view));
      const next = [...was];
      for (const file of files) {
        const view = wanted && next.length === 0 ? wanted : suggestView(file.name, missing);
        if (missing.includes(view)) missing.splice(missing.indexOf(view), 1);
        const preview = file.type === "image/jpeg" ? URL.createObjectURL(file) : "";
        const tooLarge = file.size > LARGEST_BYTES;
        next.push({
          key: keys++,
          file,
          view,
          unit: "millimetre",
          preview,
          state: tooLarge ? "failed" : "waiting",
          percent: 0,
          reason: tooLarge ? "FILE_TOO_LARGE" : "",
        });
      }
      return next;
    });
  const first = useRef(true);
  useEffect(() => {
    if (first.current) take(given);
    first.current = false;
  });
  const change = (key: number, what: Partial<Item>) =>
    setItems((was) => was.map((one) => (one.key === key ? { ...one, ...what } : one)));

  const add = async (item: Item): Promise<boolean> => {
    change(item.key, { state: "sending", percent: 0, reason: "" });
    try {
      const upload_id = await send(item.file, (percent) => change(item.key, { percent }));
      change(item.key, { state: "checking" });
      const body = {
        upload_id,
        patient_id: patient.id,
        location_id: home.id,
        view: item.view,
        stage,
        take_time: (day === today ? new Date() : moment(day, NOON, home.time_zone)).toISOString(),
        ...(item.view.startsWith("scan") ? { mesh_unit: item.unit } : {}),
      };
      await data(api.POST("/v1/images", { params: { header: once() }, body }));
      change(item.key, { state: "done" });
      return true;
    } catch (error) {
      change(item.key, { state: "failed", reason: error instanceof ApiError ? error.reason : "INTERNAL" });
      return false;
    }
  };
  const open = items.filter(
    (one) => one.state === "waiting" || (one.state === "failed" && one.reason !== "FILE_TOO_LARGE"),
  );
  const addAll = async () => {
    setBusy(true);
    let done = 0;
    for (const item of open) if (await add(item)) done++;
    setBusy(false);
    await queries.invalidateQueries({ queryKey: imagesKey(patient.id) });
    void queries.invalidateQueries({ queryKey: ["gate", patient.id] });
    const refused = items.filter((one) => one.state === "failed").length + open.length - done;
    if (done) tell({ text: w.upload.finished(done), detail: refused ? w.upload.left(refused) : "", tone: "good" });
    if (done === items.length) close();
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    event.stopPropagation();
    take([...event.dataTransfer.files]);
  };
  return (
    <Modal
      opened
      onClose={() => !busy && close()}
      title={w.upload.title}
      size={640}
      yOffset="6vh"
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ "aria-label": t.app.close }}
    >
      <div className={css.form}>
        <div className={css.two}>
          <label>
            <span>{w.upload.stage}</span>
            <select value={stage} onChange={(event) => setStage(event.currentTarget.value as Stage)}>
              {STAGES.map((one) => (
                <option key={one} value={one}>
                  {w.stages[one]}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>{w.upload.day}</span>
            <input
              type="date"
              value={day}
              max={today}
              onChange={(event) => setDay(event.currentTarget.value || today)}
            />
          </label>
        </div>
        <div className={css.zone} onDragOver={(event) => event.preventDefault()} onDrop={onDrop}>
          <p>{w.upload.drop}</p>
          <Button variant="default" data-autofocus onClick={() => input.current?.click()}>
            {w.upload.choose}
          </Button>
          <input
            ref={input}
            type="file"
            multiple
            hidden
            accept=".jpg,.jpeg,.dcm,.dicom,.stl,.ply,image/jpeg,application/dicom"
            onChange={(event) => {
              take([...(event.currentTarget.files ?? [])]);
              event.currentTarget.value = "";
            }}
          />
        </div>
        <ul className={css.items}>
          {items.map((item) => (
            <li key={item.key} data-state={item.state}>
              {item.preview ? <img src={item.preview} alt="" /> : <i />}
              <div>
                <strong>{item.file.name}</strong>
                <small>{formatSize(item.file.size)}</small>
              </div>
              <select
                aria-label={w.upload.view(item.file.name)}
                value={item.view}
                disabled={busy || item.state === "done"}
                onChange={(event) => change(item.key, { view: event.currentTarget.value as View })}
              >
                {VIEWS.map((view) => (
                  <option key={view} value={view}>
                    {w.views[view]}
                  </option>
                ))}
              </select>
              {item.view.startsWith("scan") && (
                <select
                  aria-label={w.upload.unit(item.file.name)}
                  value={item.unit}
                  disabled={busy || item.state === "done"}
                  onChange={(event) => change(item.key, { unit: event.currentTarget.value as Unit })}
                >
                  {Object.entries(w.upload.units).map(([unit, name]) => (
                    <option key={unit} value={unit}>
                      {name}
                    </option>
                  ))}
                </select>
              )}
              {item.state !== "done" && !busy && (
                <button
                  type="button"
                  aria-label={w.upload.remove(item.file.name)}
                  onClick={() => setItems((was) => was.filter((one) => one.key !== item.key))}
                >
                  <Close size={14} />
                </button>
              )}
              <em role={item.state === "failed" ? "alert" : undefined}>
                {item.state === "failed"
                  ? (w.upload.reasons[item.reason] ?? w.upload.failed)
                  : item.state === "sending"
                    ? w.upload.sending(item.percent)
                    : item.state === "checking"
                      ? w.upload.checking
                      : item.state === "done"
                        ? w.upload.done
                        : w.upload.waiting}
              </em>
            </li>
          ))}
        </ul>
        <Button loading={busy} disabled={open.length === 0} onClick={() => void addAll()}>
          {w.upload.send(open.length)}
        </Button>
      </div>
    </Modal>
  );
}
