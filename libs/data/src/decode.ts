import sharp, { type Sharp } from 'sharp';
import type { ItemShape } from './manifest.js';

// One thread an image: pixels must not depend on the number of threads, and images are decoded side by side already.
sharp.concurrency(1);
// Files are read by us, so libvips would only keep what never comes again.
sharp.cache(false);

export type ImageKind = 'png' | 'jpeg' | 'webp';

/** First bytes in hex, a dot for any digit. */
const signatures: readonly (readonly [ImageKind, RegExp])[] = [
  ['png', /^89504e470d0a1a0a/],
  ['jpeg', /^ffd8ff/],
  ['webp', /^52494646.{8}57454250/],
];
/** As many bytes as `imageKindOf` needs. */
export const signatureBytes = 12;

/** What a file is by its first bytes, whatever its name. */
export function imageKindOf(head: Uint8Array): ImageKind | undefined {
  const text = Buffer.from(head.subarray(0, signatureBytes)).toString('hex');
  return signatures.find(([, signature]) => signature.test(text))?.[0];
}

/**
 * An image file's pixels, uint8 [size, size, channels]: turned as its EXIF says, transparency on white, resized with
 * Lanczos 3 to cover the square and cropped around the middle; one channel is grey. Of an animation the first picture.
 * Throws sharp's own error if it is broken or has more than 268 million pixels.
 */
export async function decodeImage(file: Uint8Array, shape: ItemShape): Promise<Uint8Array> {
  const image = sharp(file, { failOn: 'error', limitInputPixels: 0x3fff * 0x3fff })
    .autoOrient()
    .flatten({ background: 'white' });
  return pixelsOf(fit(image, shape), shape);
}

/** Grey pixels [size, size] in another size and number of channels. */
export async function resizeGrey(pixels: Uint8Array, size: number, shape: ItemShape): Promise<Uint8Array> {
  const image = sharp(pixels, { raw: { width: size, height: size, channels: 1 } });
  return pixelsOf(fit(image, shape), shape);
}

/** `fastShrinkOnLoad` would let the JPEG and WebP decoders choose a way of their own to get smaller. */
function fit(image: Sharp, { size, channels }: ItemShape): Sharp {
  return image
    .resize(size, size, { fit: 'cover', position: 'centre', kernel: 'lanczos3', fastShrinkOnLoad: false })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb');
}

async function pixelsOf(image: Sharp, { size, channels }: ItemShape): Promise<Uint8Array> {
  const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  if (info.width !== size || info.height !== size || info.channels !== channels) {
    throw new Error(`decoded to ${info.width} x ${info.height} x ${info.channels}`);
  }
  return Uint8Array.from(data); // of its own, not a view of a pool
}
