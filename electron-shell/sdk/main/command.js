'use strict';
/** Which program the backend is: `PYBACKEND_COMMAND`, or the first of the usual places that is there. */
const fs = require('fs');
const path = require('path');

/** Words as a shell reads them: quotes group, a backslash takes the next character as it is (not on Windows). */
function shellWords(text, windows = process.platform === 'win32') {
  const words = [];
  let word = null;
  let quote = '';
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (quote && char === quote) quote = '';
    else if (!quote && (char === '"' || char === "'")) {
      quote = char;
      word = word || '';
    } else if (char === '\\' && quote !== "'" && !windows && i + 1 < text.length) {
      i += 1;
      word = (word || '') + text[i];
    } else if (!quote && /\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word || '') + char;
  }
  if (quote) throw new Error(`PYBACKEND_COMMAND: ${quote} is not closed`);
  return word === null ? words : words.concat(word);
}

function parse(text) {
  const words = text.trim().startsWith('[') ? fromJson(text) : shellWords(text);
  if (!words[0]) throw new Error('PYBACKEND_COMMAND: it names no program');
  return words;
}

function fromJson(text) {
  let words;
  try {
    words = JSON.parse(text);
  } catch (error) {
    throw new Error(`PYBACKEND_COMMAND: ${error.message}`);
  }
  if (!words.every((word) => typeof word === 'string')) throw new Error('PYBACKEND_COMMAND: an array of strings expected');
  return words;
}

const isFile = (file) => {
  try {
    return fs.statSync(file).isFile();
  } catch (error) {
    return false;
  }
};

/** Beside the packaged app, beside the program, and in the virtual environment of a checkout. */
function besides() {
  const [name, scripts] = process.platform === 'win32' ? ['pybackend.exe', 'Scripts'] : ['pybackend', 'bin'];
  const folders = [path.dirname(process.execPath), path.join(__dirname, '..', '..', '..', '.venv', scripts)];
  if (process.resourcesPath) folders.unshift(process.resourcesPath, path.join(process.resourcesPath, 'pybackend'));
  return folders.map((folder) => path.join(folder, name)).filter(isFile);
}

/** Commands to try in turn, without the arguments that are ours to add. Throws for a setting that cannot be read. */
function candidates(environment = process.env) {
  if (environment.PYBACKEND_COMMAND && environment.PYBACKEND_COMMAND.trim()) return [parse(environment.PYBACKEND_COMMAND)];
  const python = process.platform === 'win32' ? 'python' : 'python3';
  return besides().map((file) => [file, 'serve']).concat([['pybackend', 'serve'], [python, '-m', 'pybackend', 'serve']]);
}

module.exports = { candidates, parse, shellWords };
