'use strict';
/**
 * What is known of one cloud's room without asking: its state, who is there, what they send.
 *
 * Needed when the backend can tell no more (every room that was entered gets its one terminal event all the same), and when a page
 * was reloaded: it hears in a few events how things stand.
 */

const FAILED = -3301; // ERR_ROOM_ENTER_FAIL

/** The SDK's codes for parameters of the wrong type. */
const CODES = { sdkAppId: -3317, roomId: -3318, strRoomId: -3318, userId: -3319, userSig: -3320, params: -3316 };

const FLAGS = ['onUserVideoAvailable', 'onUserAudioAvailable', 'onUserSubStreamAvailable'];

const LOST = Object.freeze({ cause: 'backend-lost' });

class Presence {
  constructor() {
    this._leave();
    this.farewell = null; // the end of a room that no page heard of
  }

  _leave() {
    this.state = 'idle';
    this.params = null;
    this.users = new Map();
    this.lost = false;
  }

  /** A call goes out. */
  calling(method, params) {
    if (method === 'enterRoom' && this.state === 'idle') {
      this.state = 'entering';
      this.params = params.params;
      this.farewell = null;
    } else if (method === 'exitRoom' && this.state !== 'idle') {
      this.state = 'exiting';
    }
  }

  observe({ name, args, detail }, heard) {
    const user = args[0];
    if (name === 'onEnterRoom') {
      if (args[0] > 0 && this.state !== 'exiting') this.state = 'in';
      else if (args[0] < 0 && this.state === 'entering') this._leave();
    } else if (name === 'onExitRoom') {
      if (this.state !== 'idle' && !heard) this.farewell = { name, args, detail };
      this._leave();
    } else if (name === 'onRemoteUserEnterRoom') this.users.set(user, new Map());
    else if (name === 'onRemoteUserLeaveRoom') this.users.delete(user);
    else if (FLAGS.includes(name) && this.users.has(user)) this.users.get(user).set(name, args[1]);
    else if (name === 'onConnectionLost') this.lost = true;
    else if (name === 'onConnectionRecovery') this.lost = false;
  }

  /** Whether a request to enter asks for the room that this cloud is in already. */
  isIn(params) {
    const mine = this.params;
    const same = (name) => (mine[name] || '') === ((params && params[name]) || '');
    return this.state === 'in' && ['sdkAppId', 'userId', 'roomId', 'strRoomId'].every(same);
  }

  /** How things stand, as events. */
  story() {
    if (this.state !== 'in') {
      const farewell = this.farewell;
      this.farewell = null;
      return farewell ? [farewell] : [];
    }
    const events = [{ name: 'onEnterRoom', args: [1], detail: { cause: 'still-in' } }];
    for (const [user, flags] of this.users) {
      events.push({ name: 'onRemoteUserEnterRoom', args: [user], detail: {} });
      for (const [name, value] of flags) if (value) events.push({ name, args: [user, value], detail: {} });
    }
    if (this.lost) events.push({ name: 'onConnectionLost', args: [], detail: {} });
    return events;
  }

  /** The backend is gone: what is owed to the application. */
  backendLost(text) {
    const { state } = this;
    this._leave();
    return endings(state, text, FAILED, LOST);
  }

  /** A call came back as an error. */
  callFailed(method, error) {
    const { state } = this;
    if (method === 'enterRoom' && state === 'entering') {
      this._leave();
      const field = String((error.data && error.data.field) || '').split('.').pop();
      return endings(state, error.message, CODES[field] || FAILED, {});
    }
    if (method === 'exitRoom' && error.code === -32000) {
      this._leave();
      return endings('exiting', '', 0, {});
    }
    return [];
  }
}

function endings(state, text, code, detail) {
  const error = { name: 'onError', args: [FAILED, text], detail };
  if (state === 'in') return [error, { name: 'onExitRoom', args: [1], detail }];
  if (state === 'exiting') return [{ name: 'onExitRoom', args: [0], detail: { cause: 'leave' } }];
  if (state === 'entering') return [Object.assign(error, { args: [code, text] }), { name: 'onEnterRoom', args: [code], detail }];
  return [];
}

module.exports = { Presence };
