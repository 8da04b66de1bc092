'use strict';
/** Somebody who uses the app's page in a browser, as a test sees it. */
const { PATIENCE_MS, until } = require('./wait');
const { page } = require('./gateway');
const { readPattern } = require('./pattern');

class Guest {
  /** Opens the page; `options` are those of a browser context. */
  static async at(browser, url, options) {
    const guest = new Guest(await page(browser, url, options));
    await guest.has('body[data-state]');
    return guest;
  }

  constructor(made) {
    this.page = made;
    made.setDefaultTimeout(PATIENCE_MS);
  }

  /** Fills in what is given, and joins; resolves once the call is there. */
  async join(fields = {}) {
    await this.submit(fields);
    await this.is('in');
  }

  async submit(fields = {}) {
    for (const name of Object.keys(fields)) await this.page.fill(`#${name}`, fields[name]);
    await this.page.click('#join-button');
  }

  /** lobby, entering, cancelling, in, leaving, ended. */
  is(state) {
    return this.has(`body[data-state="${state}"]`);
  }

  text(id) {
    return this.page.textContent(`#${id}`);
  }

  /** Once there is such an element. */
  has(selector) {
    return this.page.waitForSelector(selector, { state: 'attached' });
  }

  hasNot(selector) {
    return this.page.waitForSelector(selector, { state: 'detached' });
  }

  static tile(user, stream = 'camera') {
    return `.tile[data-user="${user}"][data-stream="${stream}"]`;
  }

  sees(user) {
    return this.has(`${Guest.tile(user)}.has-video canvas`);
  }

  /** What the picture of a user says of itself; '' is oneself. */
  picture(user) {
    const read = `(${readPattern})(document.querySelector('${Guest.tile(user)} canvas'))`;
    return until(() => this.page.evaluate(read), `a picture of ${user || 'oneself'}`);
  }

  /** Once the picture of a user has gone on. */
  async moves(user) {
    const { number } = await this.picture(user);
    await until(async () => (await this.picture(user)).number > number, `the picture of ${user || 'oneself'} moves`);
  }

  /** Once the tile says of a user what `words` are. */
  hears(user, words) {
    return this.has(`${Guest.tile(user)}[aria-label*="${words}"]`);
  }

  /** What the event log has, the newest last: {name, text}. */
  async log() {
    await this.page.evaluate("document.querySelector('[data-panel=log]').click()");
    const rows = await this.page.$$eval('.log-row', (all) => all.map((row) => ({ name: row.dataset.event, text: row.querySelector('code').textContent })));
    await this.page.evaluate("document.querySelector('[data-panel=log]').click()");
    return rows;
  }
}

module.exports = { Guest };
