'use strict';
/**
 * The web server of the gateway. It listens on loopback, every path begins with a random token, and whoever asks has to name this
 * very server: neither a page of another origin nor a name that was made to point here gets an answer.
 */
const crypto = require('crypto');
const http = require('http');
const path = require('path');
const { bundle } = require('../bundle');
const { SCRIPT, pageFiles } = require('../files');
const { moveTo } = require('../launcher');
const { encode } = require('./codec');
const { Seats, parse } = require('./seats');
const { PageSocket } = require('./socket');

const HOST = '127.0.0.1';
const LARGEST = 8 * 1024 * 1024; // bytes of a request
const HEADERS = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer', // the token is part of the address
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy': "frame-ancestors 'none'",
};

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const same = (one, other) => {
  const [a, b] = [one, other].map((text) => crypto.createHash('sha256').update(text).digest());
  return crypto.timingSafeEqual(a, b);
};

/** The page as Electron has it, and before its script the bridge; for which it may ask us. */
function files() {
  const found = pageFiles();
  found['index.html'].body = found['index.html'].body
    .replace('connect-src ws:', "connect-src 'self' ws:")
    .replace('<script src="app.js">', '<script src="bridge.js"></script>\n<script src="app.js">');
  found['bridge.js'] = { type: SCRIPT, body: bundle(path.join(__dirname, 'bridge.js'), 'gateway') };
  return found;
}

function body(request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let length = 0;
    request.on('data', (chunk) => {
      length += chunk.length;
      if (length > LARGEST) {
        reject(new Refusal(413, 'too long'));
        request.removeAllListeners('data');
        request.resume();
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString()));
    request.on('error', reject);
  });
}

function json(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : {};
  } catch (error) {
    throw new Refusal(400, 'JSON expected');
  }
}

class Server {
  /** `launcher`: see launcher.js. */
  constructor(host, launcher) {
    this.launcher = launcher;
    this.host = host;
    this.token = crypto.randomBytes(24).toString('hex');
    this.ticket = crypto.randomBytes(24).toString('hex'); // leads to the page once; '' when it has
    this.files = files();
    this.server = http.createServer((request, response) => this._request(request, response));
    this.server.on('upgrade', (request, socket) => this._upgrade(request, socket));
    this.posts = {
      seat: (text) => this._seat(json(text)),
      prefill: () => this.launcher.prefill(this.host.rooms),
      server: (text) => ({ moved: moveTo(this.host, json(text).server) }),
      sign: (text) => ({ userSig: this.launcher.sign(json(text).user) }),
    };
  }

  /** Resolves to {url, once}: the address of the page, and one that leads there a single time. */
  listen(port = 0) {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, HOST, () => {
        this.address = `${HOST}:${this.server.address().port}`;
        this.origin = `http://${this.address}`;
        this.seats = new Seats(this.host, this.origin);
        resolve({ url: `${this.origin}/${this.token}/`, once: `${this.origin}/${this.ticket}/` });
      });
    });
  }

  close() {
    this.server.close();
    if (this.seats) this.seats.close();
    if (this.server.closeAllConnections) this.server.closeAllConnections();
  }

  /** Whether it is the one visit with the ticket: arguments of programs, where that may stand, are for everybody to read. */
  _isFirst({ method, url }) {
    if (method !== 'GET' || !this.ticket || !same(url.split('/')[1] || '', this.ticket)) return false;
    this.ticket = '';
    return true;
  }

  /** Throws for who comes from elsewhere. */
  _fromHere({ headers }) {
    if (headers.host !== this.address) throw new Refusal(403, 'another host');
    if (headers.origin !== undefined && headers.origin !== this.origin) throw new Refusal(403, 'another origin');
  }

  /** The path behind the token. Throws for who does not know it. */
  _path({ url }) {
    const [, token, ...rest] = url.split('?')[0].split('/');
    if (!same(token || '', this.token)) throw new Refusal(403, 'the address has no valid token');
    return rest.join('/');
  }

  async _request(request, response) {
    const answer = (status, type, text, more) => {
      response.writeHead(status, Object.assign({ 'content-type': type }, HEADERS, more));
      response.end(text);
    };
    try {
      this._fromHere(request);
      if (this._isFirst(request)) {
        answer(302, 'text/plain', '', { location: `/${this.token}/` });
        return;
      }
      const name = this._path(request);
      if (request.method === 'GET') {
        const file = Object.prototype.hasOwnProperty.call(this.files, name || 'index.html') && this.files[name || 'index.html'];
        if (!file) throw new Refusal(404, 'no such file');
        answer(200, file.type, file.body);
      } else if (request.method === 'POST') answer(200, 'application/json', encode(await this._post(request, name)));
      else throw new Refusal(405, 'GET or POST expected');
    } catch (error) {
      if (!error.status) process.stderr.write(`gateway: ${error.stack}\n`);
      if (error.status === 413) response.on('finish', () => request.destroy());
      answer(error.status || 500, 'text/plain', error.status ? error.message : 'an error of the gateway');
    }
  }

  async _post(request, name) {
    if (request.headers.origin === undefined) throw new Refusal(403, 'an origin expected'); // browsers say it
    const text = await body(request);
    if (Object.prototype.hasOwnProperty.call(this.posts, name)) return this.posts[name](text);
    return this._messages(this._seatOf(name, 'messages'), text);
  }

  _seat({ seat, left }) {
    const found = this.seats.begin(String(seat || ''), left === true);
    if (!found) throw new Refusal(503, 'too many pages');
    return found;
  }

  /** `seats/ID/LOAD/what`. */
  _seatOf(name, what) {
    const [kind, id, load, last] = name.split('/');
    if (kind !== 'seats' || last !== what) throw new Refusal(404, 'no such path');
    const seat = this.seats.find(id, load);
    if (!seat) throw new Refusal(410, 'the page has lost its seat');
    return seat;
  }

  async _messages(seat, text) {
    let said;
    try {
      said = parse(text);
    } catch (error) {
      throw new Refusal(400, 'messages expected');
    }
    seat.cast(said.casts);
    return said.call === undefined ? {} : seat.call(said.call);
  }

  _upgrade(request, socket) {
    try {
      this._fromHere(request);
      const name = this._path(request);
      if (request.headers.origin === undefined || !request.headers['sec-websocket-key']) throw new Refusal(403, 'a page expected');
      this._seatOf(name, 'events').plug(new PageSocket(request, socket));
    } catch (error) {
      socket.end(`HTTP/1.1 ${error.status || 500} Refused\r\nConnection: close\r\n\r\n`);
    }
  }
}

module.exports = { Server };
