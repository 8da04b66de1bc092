'use strict';
/** A stream's lines, in bounded memory. */

const LONGEST = 64 * 1024; // characters of a line; the rest of it is left out

/** Calls back with each line. */
function lines(stream, callback) {
  let rest = '';
  let cut = false;
  const say = (line) => {
    if (!cut) callback(line);
    cut = false;
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk) => {
    const parts = chunk.split(/\r?\n/);
    parts[0] = rest + parts[0];
    rest = parts.pop();
    parts.forEach(say);
    if (rest.length <= LONGEST) return;
    say(rest.slice(0, LONGEST));
    rest = '';
    cut = true;
  });
  stream.on('end', () => rest && say(rest));
}

module.exports = { lines, LONGEST };
