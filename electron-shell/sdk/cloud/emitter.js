'use strict';
/** Node's EventEmitter for pages without Node: the same members, order and rules (`error` apart, no event is special). */

const MAX_LISTENERS = 10;

function checked(listener) {
  if (typeof listener !== 'function') throw new TypeError('The "listener" argument must be of type function');
  return listener;
}

class EventEmitter {
  constructor() {
    Object.defineProperty(this, '_table', { value: new Map() });
    Object.defineProperty(this, '_max', { value: MAX_LISTENERS, writable: true });
  }

  _add(event, listener, first) {
    const table = this._table;
    if (table.has('newListener')) this.emit('newListener', event, listener.listener || listener);
    const before = table.get(event) || [];
    const after = first ? [listener].concat(before) : before.concat(listener); // an emit under way keeps its own list
    table.set(event, after);
    if (this._max > 0 && after.length === this._max + 1) {
      console.warn(`Possible EventEmitter memory leak detected. ${after.length} ${String(event)} listeners added.`);
    }
    return this;
  }

  _wrapped(event, listener) {
    const wrapper = (...args) => {
      this.removeListener(event, wrapper);
      return listener.apply(this, args);
    };
    wrapper.listener = checked(listener);
    return wrapper;
  }

  on(event, listener) {
    return this._add(event, checked(listener), false);
  }

  addListener(event, listener) {
    return this.on(event, listener);
  }

  prependListener(event, listener) {
    return this._add(event, checked(listener), true);
  }

  once(event, listener) {
    return this._add(event, this._wrapped(event, listener), false);
  }

  prependOnceListener(event, listener) {
    return this._add(event, this._wrapped(event, listener), true);
  }

  off(event, listener) {
    return this.removeListener(event, listener);
  }

  removeListener(event, listener) {
    const before = this._table.get(event) || [];
    for (let index = before.length - 1; index >= 0; index -= 1) {
      if (before[index] === checked(listener) || before[index].listener === listener) {
        const after = before.slice(0, index).concat(before.slice(index + 1));
        if (after.length) this._table.set(event, after);
        else this._table.delete(event);
        if (this._table.has('removeListener')) this.emit('removeListener', event, listener);
        break;
      }
    }
    return this;
  }

  removeAllListeners(...events) {
    if (events.length === 0) this._table.clear();
    else this._table.delete(events[0]);
    return this;
  }

  emit(event, ...args) {
    const listeners = this._table.get(event);
    if (!listeners) {
      if (event === 'error') throw args[0] instanceof Error ? args[0] : new Error(`Unhandled error. (${args[0]})`);
      return false;
    }
    for (const listener of listeners) listener.apply(this, args);
    return true;
  }

  listeners(event) {
    return this.rawListeners(event).map((listener) => listener.listener || listener);
  }

  rawListeners(event) {
    return (this._table.get(event) || []).slice();
  }

  listenerCount(event) {
    return (this._table.get(event) || []).length;
  }

  eventNames() {
    return Array.from(this._table.keys());
  }

  setMaxListeners(count) {
    if (typeof count !== 'number' || count < 0 || Number.isNaN(count)) throw new RangeError('"n" must be a non-negative number');
    this._max = count;
    return this;
  }

  getMaxListeners() {
    return this._max;
  }
}

module.exports = { EventEmitter };
