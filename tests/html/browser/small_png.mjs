// Makes PNG files of charts small: 256 colours, well compressed. Browsers write all colours, quickly.
// The format: https://www.w3.org/TR/png-3/
import { deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const MOST_COLOURS = 256;

/** The chunks of a file as [type, bytes]. */
function chunks(png) {
  const found = [];
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    found.push([png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length)]);
    at += length + 12;
  }
  return found;
}

/** {width, height, channels, pixels} of a file with eight bits a channel, in RGB or RGBA. */
function decode(png) {
  const all = chunks(png);
  const header = all.find(([type]) => type === 'IHDR')[1];
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = header[9] === 6 ? 4 : 3;
  const lines = inflateSync(Buffer.concat(all.filter(([type]) => type === 'IDAT').map(([, bytes]) => bytes)));
  const stride = width * channels;
  const pixels = Buffer.alloc(stride * height);
  for (let y = 0; y < height; ++y) {
    const filter = lines[y * (stride + 1)];
    for (let i = 0; i < stride; ++i) {
      const left = i >= channels ? pixels[y * stride + i - channels] : 0;
      const up = y ? pixels[(y - 1) * stride + i] : 0;
      const corner = y && i >= channels ? pixels[(y - 1) * stride + i - channels] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      pixels[y * stride + i] = lines[y * (stride + 1) + 1 + i] + guess;
    }
  }
  return { width, height, channels, pixels };
}

function paeth(left, up, corner) {
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(left + up - corner - value));
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Up to 256 colours, and for each pixel which one it becomes: the most frequent ones, and else the nearest. */
function palette({ width, height, channels, pixels }) {
  const counts = new Map();
  const colourAt = (i) => (pixels[i * channels] << 16) | (pixels[i * channels + 1] << 8) | pixels[i * channels + 2];
  for (let i = 0; i < width * height; ++i) counts.set(colourAt(i), (counts.get(colourAt(i)) ?? 0) + 1);
  const parts = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];
  const distance = (a, b) => { const [p, q] = [parts(a), parts(b)]; return p.reduce((sum, value, i) => sum + (value - q[i]) ** 2, 0); };
  // Colours that are nearly alike share one; the room between kept colours grows until 256 are enough.
  const byCount = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  let kept = byCount;
  for (let room = 16; kept.length > MOST_COLOURS; room *= 2) {
    kept = [];
    for (const colour of byCount) {
      if (kept.every((other) => distance(colour, other) > room)) kept.push(colour);
      if (kept.length > MOST_COLOURS) break;
    }
  }
  const index = new Map(byCount.map((colour) => [colour, kept.reduce((best, other, i) => (distance(colour, other) < distance(colour, kept[best]) ? i : best), 0)]));
  return { colours: kept.flatMap(parts), indices: Array.from({ length: width * height }, (_, i) => index.get(colourAt(i))) };
}

/** CRC-32 of the format's annex D. */
function checksum(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; ++bit) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type, bytes) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), bytes]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(checksum(body));
  return Buffer.concat([length, body, sum]);
}

export function smallPng(png) {
  const image = decode(png);
  const { colours, indices } = palette(image);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(image.width, 0);
  header.writeUInt32BE(image.height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const lines = Buffer.alloc((image.width + 1) * image.height);
  for (let y = 0; y < image.height; ++y) lines.set(indices.slice(y * image.width, (y + 1) * image.width), y * (image.width + 1) + 1);
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('PLTE', Buffer.from(colours)),
    chunk('IDAT', deflateSync(lines, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}
