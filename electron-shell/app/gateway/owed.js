'use strict';
/** What a page is owed when nobody is left to tell it: each room that it is in ends once, each request to enter is answered. */

const FAILED = -3301;
const LOST = Object.freeze({ cause: 'backend-lost' });
const LEFT = Object.freeze({ cause: 'leave' });

class Owed {
  constructor() {
    this.state = 'idle';
  }

  /** A call goes out. */
  sent(method) {
    if (method === 'enterRoom' && this.state === 'idle') this.state = 'entering';
    else if (method === 'exitRoom' && this.state !== 'idle') this.state = 'exiting';
  }

  heard({ name, args }) {
    if (name === 'onExitRoom') this.state = 'idle';
    else if (name !== 'onEnterRoom') return;
    else if (args[0] > 0 && this.state !== 'exiting') this.state = 'in';
    else if (args[0] < 0 && this.state === 'entering') this.state = 'idle';
  }

  /** The events that are due now; `text` says what is to be done. */
  due(text) {
    const { state } = this;
    this.state = 'idle';
    const error = { name: 'onError', args: [FAILED, text], detail: LOST };
    if (state === 'in') return [error, { name: 'onExitRoom', args: [1], detail: Object.assign({ todo: text }, LOST) }];
    if (state === 'entering') return [error, { name: 'onEnterRoom', args: [FAILED], detail: LOST }];
    return state === 'exiting' ? [{ name: 'onExitRoom', args: [0], detail: LEFT }] : [];
  }

  /** Those of a call that goes nowhere. */
  refused(method, text) {
    if (method === 'exitRoom') this.state = 'exiting';
    else if (method === 'enterRoom') this.state = 'entering';
    else return [];
    return this.due(text);
  }
}

module.exports = { Owed };
