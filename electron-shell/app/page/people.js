'use strict';
/** The others in the room, and what is seen and heard of them: from events to tiles. */
const { Tile } = require('./tiles');

const BIG = 0;
const SUB = 2;
const FILL = 0;

class People {
  /** `changed(count)` is called when somebody came or left. */
  constructor(cloud, stage, changed) {
    this.cloud = cloud;
    this.stage = stage;
    this.changed = changed;
    this.tiles = new Map(); // user → their camera's tile
    this.screens = new Map(); // user → their screen's tile
  }

  get count() {
    return this.tiles.size;
  }

  entered(user) {
    this._tile(user);
  }

  left(user) {
    this.screen(user, 0);
    const tile = this.tiles.get(user);
    if (!tile) return;
    this.tiles.delete(user);
    this.stage.remove(tile);
    this.changed(this.count);
  }

  video(user, available) {
    const tile = this._tile(user);
    tile.setVideo(available === 1);
    if (available === 1) {
      this.cloud.setRemoteRenderParams(user, BIG, { rotation: 0, fillMode: FILL, mirrorType: 2 });
      this.cloud.startRemoteView(user, tile.view, BIG);
    } else this.cloud.stopRemoteView(user, BIG);
  }

  audio(user, available) {
    this._tile(user).setAudio(available === 1);
  }

  screen(user, available) {
    const known = this.screens.get(user);
    if (available === 1 && !known) {
      const tile = new Tile(user, `${user}’s screen`, 'screen');
      this.screens.set(user, tile);
      this.stage.add(tile);
      tile.setVideo(true);
      this.cloud.startRemoteView(user, tile.view, SUB);
    } else if (available !== 1 && known) {
      this.screens.delete(user);
      this.cloud.stopRemoteView(user, SUB);
      this.stage.remove(known);
    }
  }

  volumes(infos) {
    const heard = new Map(infos.map((info) => [info.userId, info.volume]));
    for (const [user, tile] of this.tiles) tile.setVolume(heard.get(user) || 0);
  }

  qualities(infos) {
    for (const { userId, quality } of infos) if (this.tiles.has(userId)) this.tiles.get(userId).setQuality(quality);
  }

  clear() {
    for (const user of Array.from(this.tiles.keys())) this.left(user);
  }

  /** Somebody who sends is there, even if nobody said so before. */
  _tile(user) {
    if (!this.tiles.has(user)) {
      const tile = new Tile(user, user, 'camera');
      this.tiles.set(user, tile);
      this.stage.add(tile);
      this.changed(this.count);
    }
    return this.tiles.get(user);
  }
}

module.exports = { People };
