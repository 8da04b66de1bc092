'use strict';
/**
 * A seat for each page: its port at the host, and the order of what it says. A page that loads again takes its seat again, by the
 * number that it left for its successor; one that is closed leaves it, and the port's grace runs.
 */
const crypto = require('crypto');
const { decode, encode } = require('./codec');

const MOST_SEATS = 64;
const MOST_EARLY = 1000; // messages before the page's socket is there
const SOCKET_MS = 5000; // by then it has to be

class Seat {
  constructor(host, origin) {
    this.id = crypto.randomBytes(12).toString('hex');
    this.load = 0; // which load of the page sits here
    this.taken = 0; // the last cast of that load
    this.socket = null;
    this.attached = false;
    this.early = null; // messages that wait for the first socket of a load
    this.port = host.open((message) => this._deliver(message), origin);
  }

  get alive() {
    return this.socket !== null;
  }

  /** The page loads, for the first time or again. */
  begin() {
    this.load += 1;
    this.taken = 0;
    this.attached = false;
    this.early = [];
    this._unplug();
    this.port.away(false); // until it attaches
    return { seat: this.id, load: this.load };
  }

  /** Events go here from now on. A socket that was lost in mid-load has left a gap: the page hears how things stand. */
  plug(socket) {
    this._unplug();
    this.socket = socket;
    socket.on('close', () => this.socket === socket && this._lost());
    const early = this.early;
    this.early = null;
    if (early) early.forEach((message) => this._deliver(message));
    else if (this.attached) this.port.call({ attach: true });
  }

  /** In the order of their numbers, and each once: a request that was not answered is sent again. */
  cast(casts) {
    for (const { seq, message } of casts) {
      if (seq <= this.taken) continue;
      this.taken = seq;
      if (isObject(message) && !message.relay) this.port.cast(message);
    }
  }

  async call(message) {
    if (!isObject(message)) return { e: { code: -32600, message: 'an object expected' } };
    if (message.attach && !this.attached) this._attached();
    return this.port.call(message);
  }

  _attached() {
    this.attached = true;
    const { early } = this; // until the socket is there
    setTimeout(() => early && this.early === early && this._lost(), SOCKET_MS).unref();
  }

  _lost() {
    this.socket = null;
    this.early = null;
    this.port.away(false);
  }

  _unplug() {
    const { socket } = this;
    this.socket = null;
    if (socket) socket.close();
  }

  _deliver(message) {
    if (this.socket) this.socket.send(encode(message));
    else if (this.early && this.early.push(message) > MOST_EARLY) this._lost();
  }
}

class Seats {
  constructor(host, origin) {
    this.host = host;
    this.origin = origin;
    this.all = new Map();
  }

  /** The seat of a page that loads, or null when there is none left. `left`: the page before it here said goodbye. */
  begin(id, left) {
    for (const [number, seat] of this.all) if (seat.port.closed) this.all.delete(number);
    const known = this.all.get(id);
    if (known && (left || !known.alive)) return known.begin();
    if (this.all.size >= MOST_SEATS) return null;
    const seat = new Seat(this.host, this.origin);
    this.all.set(seat.id, seat);
    return seat.begin();
  }

  /** The seat, if this load of the page still has it. */
  find(id, load) {
    const seat = this.all.get(id);
    return seat && seat.load === Number(load) && !seat.port.closed ? seat : null;
  }

  close() {
    this.all.forEach((seat) => seat.socket && seat.socket.close());
  }
}

const isObject = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

/** `{casts: [{seq, message}…], call}` as a page sends it; throws for anything else. */
function parse(text) {
  const { casts, call } = decode(text);
  if (!Array.isArray(casts) || !casts.every((cast) => isObject(cast) && Number.isInteger(cast.seq))) throw new TypeError('casts expected');
  return { casts, call };
}

module.exports = { Seats, parse };
