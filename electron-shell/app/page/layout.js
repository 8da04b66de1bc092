'use strict';
/** How tiles share a stage. */

const WIDE = 16 / 9;
const NARROW = 4 / 3;

/** The largest tile in a cell: what its shape gains in height it may lose in width, between 16:9 and 4:3. */
function fitted(width, height) {
  const shape = Math.min(WIDE, Math.max(NARROW, width / height));
  return width / height > shape ? { width: height * shape, height } : { width, height: width / shape };
}

/** `{columns, width, height}` of the tiles when `count` of them are as large as can be; `gap` lies between them. */
function arrange(count, width, height, gap) {
  let best = { columns: 1, width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const cell = [(width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows];
    if (cell[0] <= 0 || cell[1] <= 0) continue;
    const tile = fitted(...cell);
    if (tile.width * tile.height > best.width * best.height + 1) best = { columns, width: tile.width, height: tile.height };
  }
  return { columns: best.columns, width: Math.floor(best.width), height: Math.floor(best.height) };
}

module.exports = { arrange };
