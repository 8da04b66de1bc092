'use strict';

/*
 * The drawing half of the package: pictures from the backend's frame endpoint into the views of a page.
 *
 *   hub       which stream goes into which views; the only class others use
 *   socket    asks the backend for pictures, and for no more than are drawn
 *   stream    one picture source: its views, rotation, mirror, fill mode, custom renderer
 *   surface   what is in a view: wrapper and canvas
 *   painter   a picture onto a canvas: WebGL, one context for the whole page, or 2D
 *   pacer     when to draw
 */
const { RendererHub } = require('./hub');

module.exports = { RendererHub };
