'use strict';
/**
 * What is known of one cloud's room without asking: its state, who is there, what they send.
 *
 * Needed when the backend can tell no more (every room that was entered gets its one terminal event all the same, and every
 * `enterRoom` its answer), and when a page was reloaded: it hears in a few events how things stand.
 */

const { NO_ANSWER, UNREACHABLE } = require('../bridge/codes');

const FAILED = -3301; // ERR_ROOM_ENTER_FAIL
const IN_ALREADY = -3340; // enterRoom while in a room

/** The SDK's codes for parameters of the wrong type, or that make no sense. */
const CODES = { sdkAppId: -3317, roomId: -3318, strRoomId: -3318, userId: -3319, userSig: -3320, params: -3316 };
const AT_ONCE = [IN_ALREADY].concat(Object.keys(CODES).map((name) => CODES[name])); // refused before a connection is tried

/** What is told of somebody who is there. */
const FLAGS = ['onUserEnter', 'onUserVideoAvailable', 'onUserAudioAvailable', 'onUserSubStreamAvailable'];

/** What may be started and stopped and needs a device, and the code of the error that ends it. */
const USES = { LocalPreview: -1301, CameraDeviceTest: -1301, LocalAudio: -1302, MicDeviceTest: -1302, SpeakerDeviceTest: -1321 };

class Presence {
  constructor() {
    this.uses = new Set(); // of devices
    this.next = null; // the params of an enterRoom that came when it was not the time, and is not answered yet: [params]
    this._leave();
  }

  _leave() {
    this.state = 'idle'; // entering, in, exiting
    this.params = null; // of the room that one is in, or enters
    this.users = new Map(); // who is there: name → events by which it was told of them
    this.lost = false; // the connection
    this.reloaded = false; // a new page, which may ask for the room that it is in
  }

  _enter(params) {
    this.state = 'entering';
    this.params = params || {};
  }

  /** A call is on its way. */
  sent(method, params) {
    if (method === 'enterRoom') {
      if (this.state === 'idle') this._enter(params.params);
      else this.next = [params.params];
    } else if (method === 'exitRoom' || (method === 'destroy' && this.state !== 'idle')) {
      this.state = 'exiting';
      this.next = null;
    }
    this._used(method);
  }

  _used(method) {
    const [, verb, use] = /^(start|stop)(\w+)$/.exec(method) || [];
    if (method === 'exitRoom' || method === 'destroy') this.uses.clear();
    else if (!(use in USES)) return;
    else if (verb === 'start') this.uses.add(use);
    else this.uses.delete(use);
  }

  observe({ name, args }) {
    const user = args[0];
    if (name === 'onEnterRoom') this._answered(args[0]);
    else if (name === 'onExitRoom') {
      const { next } = this;
      if (args[0] !== 0) this.uses.clear(); // after `exitRoom` there may be new ones
      this._leave();
      this.next = null;
      if (next) this._enter(next[0]);
    } else if (name === 'onRemoteUserEnterRoom') this.users.set(user, new Map());
    else if (name === 'onRemoteUserLeaveRoom') this.users.delete(user);
    else if (FLAGS.includes(name) && this.users.has(user)) this.users.get(user).set(name, args.slice(1));
    else if (name === 'onConnectionLost') this.lost = true;
    else if (name === 'onConnectionRecovery') this.lost = false;
  }

  _answered(result) {
    if (result > 0) {
      if (this.state === 'entering') this.state = 'in';
    } else if (this.next && AT_ONCE.includes(result)) this.next = null;
    else if (this.state === 'entering') this._leave();
  }

  /** Whether a new page asks to enter the room that this cloud is in. Once: after that it knows. */
  rejoins(params) {
    const same = (name) => (this.params[name] || '') === ((params && params[name]) || '');
    const does = this.reloaded && this.state === 'in' && ['sdkAppId', 'userId', 'roomId', 'strRoomId'].every(same);
    this.reloaded = false;
    return does;
  }

  /** How things stand, as events, for a new page. */
  story() {
    if (this.state !== 'in') return [];
    const events = [{ name: 'onEnterRoom', args: [1], detail: { cause: 'still-in' } }];
    for (const [user, flags] of this.users) {
      events.push({ name: 'onRemoteUserEnterRoom', args: [user], detail: {} });
      for (const [name, rest] of flags) if (rest[0] !== 0) events.push({ name, args: [user, ...rest], detail: {} });
    }
    if (this.lost) events.push({ name: 'onConnectionLost', args: [], detail: {} });
    return events;
  }

  /** The backend is gone: what is owed to the application. */
  backendLost(text) {
    const events = this._owed(text);
    events.forEach((event) => this.observe(event));
    this._leave();
    this.next = null;
    return events;
  }

  _owed(text) {
    const detail = { cause: 'backend-lost' };
    const codes = this.state === 'in' ? [] : Array.from(new Set(Array.from(this.uses, (use) => USES[use]))); // the end of a room ends these, too
    const devices = codes.map((code) => ({ name: 'onError', args: [code, text], detail }));
    const events = devices.concat(ending(this.state, text, FAILED, detail));
    this.uses.clear();
    return this.next ? events.concat(ending('entering', text, FAILED, detail)) : events;
  }

  /** What the backend says about the room is not what was heard so far: the events that are missing. */
  reconcile(theirs, text) {
    if (theirs === 'idle') return this.state === 'idle' ? [] : this.backendLost(text);
    if (this.state !== 'entering' || theirs === 'entering' || theirs === 'exiting') return [];
    this.state = 'in';
    return [{ name: 'onEnterRoom', args: [1], detail: { cause: 'events-lost' } }];
  }

  /** A call came back as an error: what has to be told. One that nobody answered is told of by the events after it, or the backend's end. */
  callFailed(method, error) {
    if (error.unanswered) return [];
    const early = error.code === NO_ANSWER || error.code === UNREACHABLE; // it never got there
    if (method === 'enterRoom') {
      const field = String((error.data && error.data.field) || '').split('.').pop();
      if (!early && this.next) this.next = null;
      else if (!early && this.state === 'entering') this._leave();
      return ending('entering', error.message, CODES[field] || FAILED, {});
    }
    if (method !== 'exitRoom') return [];
    if (!early) this._leave();
    return ending('exiting', '', 0, {});
  }
}

/** The events that end such a state. */
function ending(state, text, code, detail) {
  const error = { name: 'onError', args: [code, text], detail };
  if (state === 'in') return [error, { name: 'onExitRoom', args: [1], detail }];
  if (state === 'exiting') return [{ name: 'onExitRoom', args: [0], detail: { cause: 'leave' } }];
  return state === 'entering' ? [error, { name: 'onEnterRoom', args: [code], detail }] : [];
}

module.exports = { Presence };
