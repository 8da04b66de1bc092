'use strict';
/** In a test's place, where something outlives tests or there is none: what is begun in it is ended with it, the last first. */
class Scope {
  constructor() {
    this.endings = [];
  }

  after(ending) {
    this.endings.unshift(ending);
  }

  async end() {
    for (const ending of this.endings.splice(0)) await ending();
  }
}

module.exports = { Scope };
