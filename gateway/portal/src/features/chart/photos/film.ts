// A film as it was measured: 16-bit pixels become grey by a table, one look-up per pixel.

export interface Frame {
  width: number;
  height: number;
  signed: boolean;
  slope: number;
  intercept: number;
  inverted: boolean;
}
export interface Window {
  center: number;
  width: number;
  /** Dark and light are exchanged, beyond what the film itself says. */
  inverted: boolean;
}

const VALUES = 65_536;

/**
 * Grey (0 to 255) by the 16 bits of a pixel. Values at `center - width / 2` and below are black, at the other end white;
 * in between they rise evenly. `frame.inverted` (MONOCHROME1) and `shown.inverted` each turn dark into light.
 */
export function table(frame: Frame, shown: Window): Uint8Array {
  const grey = new Uint8Array(VALUES);
  const width = Math.max(1, shown.width);
  const low = shown.center - width / 2;
  const flip = frame.inverted !== shown.inverted;
  for (let bits = 0; bits < VALUES; bits++) {
    const pixel = frame.signed && bits >= VALUES / 2 ? bits - VALUES : bits;
    const share = Math.min(1, Math.max(0, (pixel * frame.slope + frame.intercept - low) / width));
    grey[bits] = Math.round((flip ? 1 - share : share) * 255);
  }
  return grey;
}

/** Paints the pixels through a table into RGBA. */
export function paint(pixels: Uint16Array, grey: Uint8Array, rgba: Uint8ClampedArray): void {
  const out = new Uint32Array(rgba.buffer, rgba.byteOffset, pixels.length);
  for (let index = 0; index < pixels.length; index++) {
    const value = grey[pixels[index] as number] as number;
    out[index] = 0xff000000 | (value << 16) | (value << 8) | value;
  }
}

/** The least and the greatest value of a film: the ends of the controls. */
export function range(pixels: Uint16Array, frame: Frame): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < pixels.length; index++) {
    const bits = pixels[index] as number;
    const pixel = frame.signed && bits >= VALUES / 2 ? bits - VALUES : bits;
    if (pixel < low) low = pixel;
    if (pixel > high) high = pixel;
  }
  const ends = [low * frame.slope + frame.intercept, high * frame.slope + frame.intercept] as const;
  return [Math.min(...ends), Math.max(...ends)];
}

/** The pixels of a frame as it is sent: little-endian integers, compressed. Throws when they are not as many as said. */
export async function unpack(sent: ArrayBuffer, frame: Frame): Promise<Uint16Array> {
  const stream = new Blob([sent]).stream().pipeThrough(new DecompressionStream("gzip"));
  const pixels = new Uint16Array(await new Response(stream).arrayBuffer());
  if (pixels.length !== frame.width * frame.height) throw new Error("the film has another size than it says");
  return pixels;
}
