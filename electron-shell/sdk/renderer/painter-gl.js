'use strict';

/*
 * One WebGL context for all pictures of a page: a browser gives a page sixteen, and takes the oldest away without asking.
 * A picture is drawn here, turned and mirrored, and copied from here into the canvas of each view.
 */

const VERTEX = `
attribute vec2 corner;
uniform mat2 turn;
uniform vec2 share; // of the chroma planes, which cover a column or a row more than a picture of odd size has
varying vec2 at;
varying vec2 chroma;
void main() {
  gl_Position = vec4(corner, 0.0, 1.0);
  at = turn * corner * 0.5 + 0.5;
  chroma = at * share;
}`;

const FRAGMENT = `
precision mediump float;
varying vec2 at;
varying vec2 chroma;
uniform sampler2D luma;
uniform sampler2D blue;
uniform sampler2D red;
void main() {
  float y = 1.16438 * (texture2D(luma, at).r - 0.06275);
  float u = texture2D(blue, chroma).r - 0.50196;
  float v = texture2D(red, chroma).r - 0.50196;
  gl_FragColor = vec4(y + 1.59603 * v, y - 0.39176 * u - 0.81297 * v, y + 2.01723 * u, 1.0);
}`;

const OPTIONS = { alpha: false, antialias: false, depth: false, stencil: false, powerPreference: 'low-power' };

/** Renderers that say that they have a graphics card, and have none. */
const BY_CPU = /swiftshader|llvmpipe|softpipe|basic render/i;

const PLANES = ['luma', 'blue', 'red'];

/** Sizes of picture whose textures are kept; the one used longest ago goes. */
const MOST_SIZES = 8;

/** Where on the picture a corner of the screen lies: clip space to picture, whose first row is its top. */
const TURNS = [[1, 0, 0, -1], [0, -1, -1, 0], [-1, 0, 0, 1], [0, 1, 1, 0]];

function rendererOf(gl) {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

function release(gl) {
  const lose = gl.getExtension('WEBGL_lose_context');
  if (lose) lose.loseContext();
}

class GlPainter {
  /**
   * Throws where there is no WebGL, and, unless `software`, where a CPU would have to do it: that takes three times as long
   * as `SoftPainter`. When the browser takes the context away, `lost` is true: make another painter then.
   */
  constructor(doc, software = false) {
    this.kind = 'webgl';
    this._canvas = doc.createElement('canvas');
    this._canvas.width = 640;
    this._canvas.height = 360;
    const options = Object.assign({ failIfMajorPerformanceCaveat: !software }, OPTIONS);
    const gl = this._canvas.getContext('webgl', options);
    if (!gl) throw new Error('no WebGL');
    if (!software && BY_CPU.test(rendererOf(gl))) {
      release(gl);
      throw new Error('WebGL by the CPU');
    }
    this._gl = gl;
    this._sizes = new Map();
    this._program();
  }

  /** Draws `frame`; returns `{canvas, x, y, width, height}`, which is valid until the task ends. */
  paint(frame, turns, mirrored) {
    const gl = this._gl;
    const width = turns % 2 ? frame.height : frame.width;
    const height = turns % 2 ? frame.width : frame.height;
    if (width > this._canvas.width) this._canvas.width = width;
    if (height > this._canvas.height) this._canvas.height = height;
    gl.viewport(0, 0, width, height);
    this._upload(frame);
    const [a, b, c, d] = TURNS[turns];
    const sign = mirrored ? -1 : 1;
    gl.uniformMatrix2fv(this._turn, false, [a * sign, b * sign, c, d]);
    gl.uniform2f(this._share, frame.width / 2 / frame.chromaWidth, frame.height / 2 / frame.chromaHeight);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    return { canvas: this._canvas, x: 0, y: this._canvas.height - height, width, height };
  }

  /** Gives the context back. */
  close() {
    release(this._gl);
  }

  get lost() {
    return this._gl.isContextLost();
  }

  _program() {
    const gl = this._gl;
    const program = gl.createProgram();
    for (const [type, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(type);
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.bindAttribLocation(program, 0, 'corner');
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(`WebGL: ${gl.getProgramInfoLog(program)}`);
    gl.useProgram(program);
    PLANES.forEach((name, unit) => gl.uniform1i(gl.getUniformLocation(program, name), unit));
    this._turn = gl.getUniformLocation(program, 'turn');
    this._share = gl.getUniformLocation(program, 'share');
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  }

  _upload(frame) {
    const gl = this._gl;
    const textures = this._textures(frame);
    [frame.y, frame.u, frame.v].forEach((plane, unit) => {
      const width = unit ? frame.chromaWidth : frame.width;
      const height = unit ? frame.chromaHeight : frame.height;
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, textures[unit]);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.LUMINANCE, gl.UNSIGNED_BYTE, plane);
    });
  }

  /** The three textures for pictures of this size. */
  _textures(frame) {
    const key = `${frame.width}x${frame.height}`;
    const textures = this._sizes.get(key) || this._allocate(frame);
    this._sizes.delete(key);
    this._sizes.set(key, textures); // the last is the one used last
    if (this._sizes.size > MOST_SIZES) {
      const [oldest, unused] = this._sizes.entries().next().value;
      this._sizes.delete(oldest);
      unused.forEach((texture) => this._gl.deleteTexture(texture));
    }
    return textures;
  }

  _allocate(frame) {
    const gl = this._gl;
    return PLANES.map((_, unit) => {
      const texture = gl.createTexture();
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      for (const [name, value] of [
        [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
        [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
        [gl.TEXTURE_MIN_FILTER, gl.LINEAR],
        [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
      ]) gl.texParameteri(gl.TEXTURE_2D, name, value);
      const width = unit ? frame.chromaWidth : frame.width;
      const height = unit ? frame.chromaHeight : frame.height;
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.LUMINANCE, width, height, 0, gl.LUMINANCE, gl.UNSIGNED_BYTE, null);
      return texture;
    });
  }
}

module.exports = { GlPainter };
