'use strict';
/** Elements, made in one expression. */
const ICONS = require('./icons');

const SVG = 'http://www.w3.org/2000/svg';

function set(element, name, value) {
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else if (value === true) element.setAttribute(name, '');
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
}

/** `h('button', {class: 'round', onclick: f}, 'text', child)`; a child that is null is left out. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const name of Object.keys(attributes || {})) set(element, name, attributes[name]);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A picture without a text of its own: what it says is said beside it. */
function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  set(svg, 'viewBox', '0 0 24 24');
  set(svg, 'class', 'icon');
  set(svg, 'aria-hidden', 'true');
  set(svg, 'focusable', 'false');
  for (const line of ICONS[name]) {
    const path = document.createElementNS(SVG, 'path');
    set(path, 'd', line);
    svg.append(path);
  }
  return svg;
}

const byId = (id) => document.getElementById(id);

function fill(element, ...children) {
  while (element.firstChild) element.firstChild.remove();
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Writes only what has changed, so that nothing is said twice to who listens. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

module.exports = { byId, fill, h, icon, say, set };
