'use strict';
/**
 * What whoever starts the app may tell it: one JSON line on stdin, {sdkAppId, secretKey, user, room}, each of them optional.
 * It is read if TRTC_APP_STDIN is 1. A key never stands in arguments or in the environment, and never reaches a page.
 */
const readline = require('readline');
const { userSig } = require('./usersig');

const LONGEST = 256; // characters of anything that is told

const text = (value) => (typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, LONGEST) : '');

class Launcher {
  constructor(told = {}) {
    this.sdkAppId = Number.isInteger(told.sdkAppId) ? told.sdkAppId : 0;
    this.secretKey = typeof told.secretKey === 'string' ? told.secretKey : '';
    this.user = text(told.user);
    this.room = text(told.room);
    this.pages = 0;
  }

  /** What the form of one more page starts with: each is a user of its own. `server` is where the rooms are. */
  prefill(server) {
    this.pages += 1;
    const user = this.user && this.pages > 1 ? `${this.user}-${this.pages}` : this.user;
    return { server, sdkAppId: this.sdkAppId, user, room: this.room, signs: this.signs };
  }

  get signs() {
    return Boolean(this.sdkAppId && this.secretKey);
  }

  /** A signature for the user that a page has chosen; '' where there is nothing to sign with, or nobody to sign for. */
  sign(user) {
    if (!this.signs || typeof user !== 'string' || !user) return '';
    return userSig({ sdkAppId: this.sdkAppId, secretKey: this.secretKey, user: user.slice(0, LONGEST) });
  }
}

function parsed(line) {
  try {
    const told = JSON.parse(line);
    return told !== null && typeof told === 'object' ? told : {};
  } catch (error) {
    process.stderr.write('stdin: one line of JSON expected\n');
    return {};
  }
}

/**
 * Resolves to a Launcher. `ended` is called when stdin ends after that line: the one who started us is gone.
 */
function listen(ended, stdin = process.stdin, environment = process.env) {
  if (environment.TRTC_APP_STDIN !== '1') return Promise.resolve(new Launcher());
  return new Promise((resolve) => {
    let told = null;
    const lines = readline.createInterface({ input: stdin });
    lines.on('line', (line) => {
      if (told) return;
      told = new Launcher(parsed(line));
      resolve(told);
    });
    lines.on('close', () => {
      if (told) ended();
      else resolve(new Launcher());
    });
  });
}

/** The server that a page has chosen; whether it is an address. */
function moveTo(host, server) {
  try {
    host.moveTo(text(server));
    return true;
  } catch (error) {
    return false;
  }
}

module.exports = { Launcher, listen, moveTo };
