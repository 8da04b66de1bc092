'use strict';

/**
 * Where a view keeps its surface, on the element itself: a view belongs to one stream, also when the package is loaded
 * twice in a page, and nobody here keeps alive a view that the page has dropped.
 */
const SURFACE = Symbol.for('trtc-bridge.surface');

const WRAPPER = {
  width: '100%',
  height: '100%',
  display: 'flex',
  justifyContent: 'center',
  alignItems: 'center',
  overflow: 'hidden',
};

/** What a picture is taken for until the first one comes. */
const FIRST = { width: 640, height: 360 };

/** What is in a view: a wrapper as large as the view, and in it the canvas of one stream. */
class Surface {
  /** Empties the view, and takes it from the stream that had it. */
  constructor(view, owner, kind) {
    this.owner = owner;
    this._view = view;
    this._wrapper = view.ownerDocument.createElement('div');
    this._canvas = view.ownerDocument.createElement('canvas');
    this._context = null;
    this._canvas.width = FIRST.width;
    this._canvas.height = FIRST.height;
    this._canvas.style.flex = 'none';
    Object.assign(this._wrapper.style, WRAPPER);
    this._wrapper.className = `trtc-${kind}`;
    this._wrapper.appendChild(this._canvas);
    this.place();
    Object.defineProperty(view, SURFACE, { value: this, configurable: true });
  }

  /** Sees to it that it is in the view, which the page may have emptied. */
  place() {
    if (this._wrapper.parentNode === this._view) return;
    this._view.innerHTML = '';
    this._view.appendChild(this._wrapper);
  }

  /** Whether a picture drawn here can be seen. */
  get visible() {
    return this._wrapper.isConnected && this._wrapper.clientWidth > 0 && this._wrapper.clientHeight > 0;
  }

  /** Whether it is in a document at all. */
  get attached() {
    return this._wrapper.isConnected;
  }

  /** Whether there is a picture to copy from. */
  get painted() {
    return this._context !== null;
  }

  /** Draws what a painter made, and fits it into the view as large as that is now. */
  draw(picture, kind, fill) {
    const { canvas, x, y, width, height } = picture;
    if (this._canvas.width !== width || this._canvas.height !== height) {
      this._canvas.width = width;
      this._canvas.height = height;
    }
    if (this._context === null) this._context = this._canvas.getContext('2d', { alpha: false });
    this._context.drawImage(canvas, x, y, width, height, 0, 0, width, height);
    const name = `trtc-${kind}`;
    if (this._wrapper.className !== name) this._wrapper.className = name;
    this.fit(fill);
  }

  /** Shows at once what another view of the stream shows. */
  copy(other, fill) {
    const { width, height } = other._canvas;
    this.draw({ canvas: other._canvas, x: 0, y: 0, width, height }, other._wrapper.className.slice(5), fill);
  }

  /** Contained in the view, or covering it. */
  fit(fill) {
    const { clientWidth, clientHeight } = this._wrapper;
    const across = clientWidth / this._canvas.width;
    const down = clientHeight / this._canvas.height;
    const scale = fill ? Math.max(across, down) : Math.min(across, down);
    this._size('width', `${Math.round(this._canvas.width * scale)}px`);
    this._size('height', `${Math.round(this._canvas.height * scale)}px`);
  }

  /** Takes the stream out of the view. */
  remove() {
    this._wrapper.remove();
    if (this._view[SURFACE] === this) delete this._view[SURFACE];
  }

  _size(side, value) {
    if (this._canvas.style[side] !== value) this._canvas.style[side] = value;
  }
}

/** The surface of a view, if it is the owner's. */
function surfaceOf(view, owner) {
  const surface = view && view[SURFACE];
  return surface && surface.owner === owner ? surface : null;
}

module.exports = { Surface, surfaceOf };
