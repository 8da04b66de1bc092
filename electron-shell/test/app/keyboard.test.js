'use strict';
/** The page without a mouse, and for who hears it: order of the focus, names, what is said when something changes. */
const assert = require('assert');
const { before, after, test } = require('node:test');
const { EXECUTABLE, browser } = require('../tools/chromium');
const { gateway } = require('../tools/gateway');
const { Guest } = require('../tools/guest');
const { rooms } = require('../tools/programs');

const needs = { skip: !EXECUTABLE, timeout: 120000 };

let chrome;
before(async () => { chrome = EXECUTABLE && await browser(); });
after(() => chrome && chrome.close());

/** What has the focus, as one would name it. */
const focus = (guest) => guest.page.evaluate(() => {
  const { activeElement: at } = document;
  return at.id || at.dataset.switch || at.dataset.panel || at.tagName;
});

async function tabs(guest, count, key = 'Tab') {
  const order = [];
  for (let step = 0; step < count; step += 1) {
    await guest.page.keyboard.press(key);
    order.push(await focus(guest));
  }
  return order;
}

/** The width of the outline around what has the focus. */
const outline = (guest) => guest.page.evaluate(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return outlineStyle === 'none' ? 0 : parseFloat(outlineWidth);
});

/** Everything that is wrong with what can be seen now, by rules of thumb that are checked by hand. */
const faults = (guest) => guest.page.evaluate(() => {
  const found = [];
  const seen = (element) => element.getClientRects().length > 0;
  const named = (element) => {
    const labelled = (element.getAttribute('aria-labelledby') || '').split(' ').map((id) => id && document.getElementById(id));
    const texts = [element.getAttribute('aria-label'), ...Array.from(element.labels || [], (label) => label.textContent), ...labelled.map((one) => one && one.textContent)];
    if (['BUTTON', 'A', 'SUMMARY'].includes(element.tagName)) texts.push(element.textContent);
    return texts.some((text) => text && text.trim());
  };
  const say = (element, what) => found.push(`${what}: ${element.outerHTML.slice(0, 120)}`);
  for (const element of document.querySelectorAll('button, input, select, textarea, a, section, aside, form, article, [role="group"], [tabindex="0"]')) {
    if (seen(element) && !named(element)) say(element, 'no name');
  }
  for (const image of document.querySelectorAll('img')) if (!image.hasAttribute('alt')) say(image, 'no alternative');
  for (const svg of document.querySelectorAll('svg')) if (svg.getAttribute('aria-hidden') !== 'true') say(svg, 'a nameless picture');
  for (const element of document.querySelectorAll('[aria-describedby], [aria-labelledby], [aria-controls]')) {
    for (const name of ['aria-describedby', 'aria-labelledby', 'aria-controls']) {
      for (const id of (element.getAttribute(name) || '').split(' ').filter(Boolean)) if (!document.getElementById(id)) say(element, `nothing is called ${id}`);
    }
  }
  const ids = Array.from(document.querySelectorAll('[id]'), ({ id }) => id);
  ids.filter((id, index) => ids.indexOf(id) !== index).forEach((id) => found.push(`twice: ${id}`));
  for (const element of document.querySelectorAll('[tabindex]')) if (Number(element.getAttribute('tabindex')) > 0) say(element, 'jumps the queue');
  for (const button of document.querySelectorAll('button')) {
    const { width, height } = button.getBoundingClientRect();
    if (seen(button) && (width < 24 || height < 24)) say(button, 'too small to hit');
  }
  if (Array.from(document.querySelectorAll('h1')).filter(seen).length !== 1) found.push('one main heading expected');
  if (!document.documentElement.lang) found.push('no language');
  if (document.documentElement.scrollWidth > window.innerWidth) found.push('it scrolls sideways');
  return found;
});

/** Texts whose contrast with what is behind them is below 4.5. */
const pale = (guest) => guest.page.evaluate(() => {
  const parse = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((value) => value / 255).map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a > 0.99) return [r, g, b];
      if (a > 0) return null; // over a picture
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.getClientRects().length || element.closest(':disabled, .unseen, script, noscript, option')) continue;
    const back = behind(element);
    if (!back) continue;
    const [one, other] = [light(parse(getComputedStyle(element).color)), light(back)].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) found.push(`${contrast.toFixed(2)}: ${node.textContent.trim().slice(0, 40)}`);
  }
  return found;
});

test('joining, talking and leaving by keys alone', needs, async (t) => {
  const service = await rooms(t);
  const shell = await gateway(t, service, { user: 'alice' });
  const guest = await Guest.at(chrome, shell.url);
  assert.strictEqual(await focus(guest), 'room'); // what is still to be filled in
  await guest.page.keyboard.type('42');
  assert.strictEqual(await guest.text('room-hint'), 'A number');
  assert.deepStrictEqual(await tabs(guest, 3), ['text', 'scene', 'join-button']);
  assert.ok(await outline(guest) >= 2);
  assert.deepStrictEqual(await tabs(guest, 4, 'Shift+Tab'), ['scene', 'text', 'room', 'user']);
  await guest.page.keyboard.press('Enter');
  await guest.is('in');

  assert.deepStrictEqual(await tabs(guest, 7), ['microphone', 'camera', 'speaker', 'leave', 'devices', 'log', 'statistics']);
  assert.ok(await outline(guest) >= 2);
  await guest.page.keyboard.press('m');
  await guest.hears('', 'microphone off');
  assert.strictEqual(await guest.page.getAttribute('#call [data-switch="microphone"]', 'aria-label'), 'Unmute microphone');
  await guest.page.keyboard.press('Enter'); // on the button of the statistics
  await guest.page.waitForSelector('#panel-statistics');
  assert.strictEqual(await guest.page.getAttribute('[data-panel="statistics"]', 'aria-expanded'), 'true');
  await guest.page.keyboard.press('Escape');
  await guest.page.waitForSelector('#panel', { state: 'hidden' });
  await guest.page.keyboard.press('l');
  await guest.page.focus('#log-filter');
  await guest.page.keyboard.type('m l v'); // who types does not switch
  await guest.hears('', 'camera on, microphone off');
  await guest.page.keyboard.press('Escape');
  await guest.page.waitForSelector('#panel', { state: 'hidden' });
  assert.strictEqual(await focus(guest), 'log');
  await guest.page.keyboard.press('Control+m'); // the system's own
  await guest.hears('', 'microphone off');

  await guest.page.focus('#call-title');
  await tabs(guest, 4);
  await guest.page.keyboard.press('Enter');
  await guest.is('ended');
  assert.strictEqual(await focus(guest), 'again');
  await guest.page.keyboard.press('Enter');
  await guest.is('in');
  assert.deepStrictEqual(guest.page.complaints, []);
});

for (const colorScheme of ['light', 'dark']) {
  test(`everything has a name, a size and enough contrast (${colorScheme})`, needs, async (t) => {
    const service = await rooms(t);
    const shell = await gateway(t, service, null);
    const guest = await Guest.at(chrome, shell.url, { colorScheme, viewport: { width: 800, height: 600 }, reducedMotion: 'reduce' });
    const check = async (where) => {
      assert.deepStrictEqual(await faults(guest), [], where);
      assert.deepStrictEqual(await pale(guest), [], where);
    };
    await check('the form');
    await guest.submit({ user: 'alice', room: '1', 'sdk-app-id': '1', 'user-sig': 'x' });
    await guest.has('#user-sig[aria-invalid="true"]');
    await check('an error');
    const other = await gateway(t, service, { user: 'alice', room: '1' });
    await guest.page.goto(other.url);
    await guest.is('lobby');
    await guest.join();
    for (const key of ['d', 'l', 't']) {
      await guest.page.keyboard.press(key);
      await check(`panel ${key}`);
    }
    await guest.page.keyboard.press('Escape');
    await check('the call');
    await guest.page.click('#leave');
    await guest.is('ended');
    await check('the end');
    for (const id of ['notes', 'banner']) assert.strictEqual(await guest.page.getAttribute(`#${id}`, 'aria-live'), 'polite');
    assert.deepStrictEqual(guest.page.complaints, []);
  });
}
