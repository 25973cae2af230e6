import sharp from 'sharp';

/** uint8 pictures, [images, size, size, channels]. */
export interface Grid {
  images: number;
  size: number;
  channels: number;
  pixels: Uint8Array;
}

/** Pixels between the pictures of a grid. */
const gap = 2;

/** A PNG of the pictures in rows, as square as it goes, small ones enlarged so that a person sees them. */
export async function encodeGrid({ images, size, channels, pixels }: Grid): Promise<Buffer> {
  const columns = Math.ceil(Math.sqrt(images));
  const rows = Math.ceil(images / columns);
  const width = columns * (size + gap) + gap;
  const height = rows * (size + gap) + gap;
  const canvas = new Uint8Array(width * height * channels).fill(32);
  for (let image = 0; image < images; image++) {
    const left = gap + (image % columns) * (size + gap);
    const top = gap + Math.floor(image / columns) * (size + gap);
    for (let y = 0; y < size; y++) {
      const from = (image * size + y) * size * channels;
      canvas.set(pixels.subarray(from, from + size * channels), ((top + y) * width + left) * channels);
    }
  }
  const enlarge = Math.max(1, Math.floor(64 / size));
  return sharp(canvas, { raw: { width, height, channels: channels as 1 | 3 } })
    .resize(width * enlarge, height * enlarge, { kernel: 'nearest' })
    .png()
    .toBuffer();
}
