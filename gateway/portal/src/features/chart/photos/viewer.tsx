import { Button, Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type PointerEvent, useCallback, useEffect, useMemo, useRef, useState, type WheelEvent } from "react";
import { api, data } from "../../../api/client";
import { formatFullDay, t } from "../../../domain/i18n";
import { Left, Plus, Right } from "../../../ui/icons";
import { type Frame, paint, range, table, unpack, type Window } from "./film";
import { nameOf } from "./names";
import {
  COMPOSITE,
  FILMS,
  formatSize,
  hasPicture,
  type Image,
  isFilm,
  isScan,
  SCANS,
  source,
  type Timepoint,
} from "./timepoints";
import css from "./viewer.module.css";
import { w } from "./words";

type FilmFrame = Frame & { window_center: number; window_width: number };
const LARGEST = 8;
const FIT = { zoom: 1, x: 0, y: 0 };

/** One image as large as the screen: larger and smaller, moved about, the next one; films with their own window. */
export function Viewer({ point, first, close }: { point: Timepoint; first: Image; close: () => void }) {
  const all = useMemo(() => {
    const order = [...COMPOSITE, ...FILMS, ...SCANS].flatMap((view) => (view && point.views.get(view)) || []);
    return [...order, ...point.more];
  }, [point]);
  const [image, setImage] = useState(first);
  const [at, setAt] = useState(FIT);
  const drag = useRef<{ x: number; y: number } | undefined>(undefined);
  const step = useCallback(
    (by: number) => {
      const index = all.findIndex((one) => one.id === image.id);
      setImage(all[(index + by + all.length) % all.length] as Image);
      setAt(FIT);
    },
    [all, image.id],
  );
  const zoom = useCallback((by: number) => {
    setAt((was) => {
      const next = Math.min(LARGEST, Math.max(1, was.zoom * by));
      return next === 1 ? FIT : { zoom: next, x: (was.x * next) / was.zoom, y: (was.y * next) / was.zoom };
    });
  }, []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.target as Element).matches("input")) return;
      const [dx, dy] = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [];
      if (event.key === "+" || event.key === "=") zoom(1.4);
      else if (event.key === "-") zoom(1 / 1.4);
      else if (event.key === "0") setAt(FIT);
      else if (dx !== undefined && at.zoom > 1)
        setAt((was) => ({ ...was, x: was.x + dx * 60, y: was.y + (dy as number) * 60 }));
      else if (dx) step(-dx);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, [at.zoom, step, zoom]);
  const onPointer = (event: PointerEvent) => {
    if (event.type === "pointerdown" && at.zoom > 1) {
      event.currentTarget.setPointerCapture(event.pointerId);
      drag.current = { x: event.clientX - at.x, y: event.clientY - at.y };
    } else if (event.type === "pointermove" && drag.current) {
      const { x, y } = drag.current;
      setAt((was) => ({ ...was, x: event.clientX - x, y: event.clientY - y }));
    } else if (event.type === "pointerup") drag.current = undefined;
  };
  const name = w.views[image.view ?? "other"] ?? "";
  const style = { transform: `translate(${at.x}px, ${at.y}px) scale(${at.zoom})` };
  const percent = `${Math.round(at.zoom * 100)} %`;
  const size = formatSize(Number(image.size_bytes));
  return (
    <Modal
      opened
      onClose={close}
      fullScreen
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      title={`${name} · ${nameOf(point)}`}
      closeButtonProps={{ "aria-label": t.app.close }}
      classNames={{ content: css.content, header: css.header, body: css.body, title: css.title, close: css.close }}
    >
      <div
        className={css.stage}
        data-zoomed={at.zoom > 1 || undefined}
        onWheel={(event: WheelEvent) => zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15)}
        onPointerDown={onPointer}
        onPointerMove={onPointer}
        onPointerUp={onPointer}
      >
        {isFilm(image) && image.frame ? (
          <Film key={image.id} image={image} frame={image.frame as FilmFrame} style={style} name={name} />
        ) : hasPicture(image) ? (
          <img
            src={at.zoom > 1.5 && image.format === "jpeg" ? source(image) : source(image, "screen")}
            alt={`${name}, ${nameOf(point)}`}
            draggable={false}
            style={style}
          />
        ) : (
          <p>{name}</p>
        )}
        {all.length > 1 && (
          <>
            <button type="button" className={css.previous} aria-label={w.previous} onClick={() => step(-1)}>
              <Left size={24} />
            </button>
            <button type="button" className={css.next} aria-label={w.next} onClick={() => step(1)}>
              <Right size={24} />
            </button>
          </>
        )}
      </div>
      <footer className={css.foot}>
        <span>{w.taken(formatFullDay((image.take_time ?? "").slice(0, 10)))}</span>
        {image.width > 0 && <span>{`${image.width} × ${image.height}`}</span>}
        {image.triangle_count > 0 && <span>{w.triangles(image.triangle_count.toLocaleString())}</span>}
        {(isScan(image) || (isFilm(image) && !image.frame)) && <span>{w.rendered}</span>}
        <span className={css.gap} />
        <Button size="xs" variant="default" onClick={() => zoom(1 / 1.4)} aria-label={w.zoomOut}>
          −
        </Button>
        <Button size="xs" variant="default" onClick={() => setAt(FIT)} aria-label={`${percent}, ${w.fit}`}>
          {percent}
        </Button>
        <Button size="xs" variant="default" onClick={() => zoom(1.4)} aria-label={w.zoomIn}>
          <Plus size={14} />
        </Button>
        <a href={source(image)} download>
          {w.download(size)}
        </a>
      </footer>
    </Modal>
  );
}

/** A film from its measured pixels, painted through the window that the sliders set. */
function Film({
  image,
  frame,
  style,
  name,
}: {
  image: Image;
  frame: FilmFrame;
  style: { transform: string };
  name: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const own: Window = { center: frame.window_center, width: frame.window_width, inverted: false };
  const [shown, setShown] = useState(own);
  const pixels = useQuery({
    queryKey: ["frame", image.id],
    queryFn: async () => {
      const params = { path: { image_id: image.id }, query: { size: "frame" as const } };
      const sent = await data(api.GET("/v1/images/{image_id}/content", { params, parseAs: "arrayBuffer" }));
      const found = await unpack(sent as unknown as ArrayBuffer, frame);
      return { found, ends: range(found, frame) };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context || !pixels.data) return;
    const rgba = context.createImageData(frame.width, frame.height);
    paint(pixels.data.found, table(frame, shown), rgba.data);
    context.putImageData(rgba, 0, 0);
  }, [pixels.data, shown, frame]);
  if (!pixels.data) {
    return (
      <>
        <img src={source(image, "screen")} alt={name} draggable={false} style={style} />
        <p className={css.wait} role="status">
          {pixels.isError ? w.filmFailed : w.loadingFilm}
        </p>
      </>
    );
  }
  const [low, high] = pixels.data.ends;
  const slider = (label: string, value: number, min: number, max: number, set: (value: number) => void) => (
    <label>
      <span>{label}</span>
      <input
        type="range"
        min={Math.floor(min)}
        max={Math.ceil(max)}
        value={Math.round(value)}
        onChange={(event) => set(Number(event.currentTarget.value))}
      />
      <output>{Math.round(value)}</output>
    </label>
  );
  return (
    <>
      <canvas ref={canvas} width={frame.width} height={frame.height} role="img" aria-label={name} style={style} />
      <fieldset className={css.window} onPointerDown={(event) => event.stopPropagation()}>
        <legend>{w.measured(frame.width, frame.height)}</legend>
        {/* Brighter is a lower centre: the slider goes the way people mean. */}
        {slider(w.brightness, low + high - shown.center, low, high, (value) =>
          setShown((was) => ({ ...was, center: low + high - value })),
        )}
        {slider(w.contrast, shown.width, 1, Math.max(high - low, shown.width), (value) =>
          setShown((was) => ({ ...was, width: value })),
        )}
        <div>
          <Button
            size="xs"
            variant="default"
            aria-pressed={shown.inverted}
            onClick={() => setShown((was) => ({ ...was, inverted: !was.inverted }))}
          >
            {w.invert}
          </Button>
          <Button size="xs" variant="default" onClick={() => setShown(own)}>
            {w.reset}
          </Button>
        </div>
      </fieldset>
    </>
  );
}
