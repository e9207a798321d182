"""Small PNG files: at most 256 colours, one byte a pixel.

A browser decodes the picture, so that no library for images is needed.
"""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SIGNATURE = b"\x89PNG\r\n\x1a\n"

#: The most frequent colours, each a little apart from the others; every pixel gets the nearest.
REDUCE = """async picture => {
  const image = new Image();
  image.src = "data:image/png;base64," + picture;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const data = new Uint32Array(pen.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const pixel of data) counts.set(pixel, (counts.get(pixel) || 0) + 1);
  const parts = pixel => [pixel & 255, pixel >> 8 & 255, pixel >> 16 & 255];
  const distance = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
  const frequent = [...counts].sort((a, b) => b[1] - a[1]).map(([pixel]) => [pixel, parts(pixel)]);
  const palette = [];
  for (let apart = 200; apart >= 0 && palette.length < 256; apart -= 100)
    for (const [, colour] of frequent) {
      if (palette.length === 256) break;
      if (palette.every(other => distance(other, colour) > apart)) palette.push(colour);
    }
  const nearest = new Map(frequent.map(([pixel, colour]) => {
    let best = 0;
    palette.forEach((other, place) => {
      if (distance(other, colour) < distance(palette[best], colour)) best = place;
    });
    return [pixel, best];
  }));
  let indices = "";
  for (const pixel of data) indices += String.fromCharCode(nearest.get(pixel));
  return {width: image.width, height: image.height, palette: palette.flat(), rows: btoa(indices)};
}"""


def write_palette_png(page: Page, picture: bytes, file: Path) -> None:
    """Write a PNG picture again with a palette; the page is any page of a browser."""
    reduced: dict[str, Any] = page.evaluate(REDUCE, base64.b64encode(picture).decode())
    file.write_bytes(
        png_of(
            reduced["width"],
            reduced["height"],
            bytes(reduced["palette"]),
            base64.b64decode(reduced["rows"]),
        )
    )


def png_of(width: int, height: int, palette: bytes, indices: bytes) -> bytes:
    """Return a PNG file (RFC 2083) of one byte a pixel; the palette has three bytes a colour."""
    rows = b"".join(
        b"\0" + indices[start : start + width] for start in range(0, width * height, width)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
