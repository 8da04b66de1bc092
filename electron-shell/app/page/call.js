'use strict';
/** The call as this page knows it: lobby → entering → in → leaving → ended. The cloud does the work; its events move us on. */

const STATES = Object.freeze({ LOBBY: 'lobby', ENTERING: 'entering', CANCELLING: 'cancelling', IN: 'in', LEAVING: 'leaving', ENDED: 'ended' });

class Call {
  /** `prepare(values)` resolves to a signature, or '', or null where it has refused to go on; `changed(call)` is called after each step. */
  constructor(cloud, prepare, changed) {
    this.cloud = cloud;
    this.prepare = prepare;
    this.changed = changed;
    this.state = STATES.LOBBY;
    this.values = null; // what the form said
    this.attempts = 0; // to enter
    this.since = 0;
    this.ending = null; // {reason, cause, todo}
  }

  get active() {
    return this.state !== STATES.LOBBY && this.state !== STATES.ENDED;
  }

  async enter(values) {
    if (this.active) return;
    this.values = values;
    this.attempts += 1;
    const attempt = this.attempts;
    this._to(STATES.ENTERING);
    const userSig = await this.prepare(values);
    if (this.state !== STATES.ENTERING || this.attempts !== attempt) return; // called off meanwhile
    if (userSig === null) {
      this._to(STATES.LOBBY);
      return;
    }
    const { sdkAppId, user: userId, roomId, strRoomId, role, scene } = values;
    this.cloud.enterRoom({ sdkAppId, userId, userSig, roomId, strRoomId, role }, scene);
  }

  /** While entering this calls it off. */
  leave() {
    if (this.state === STATES.IN) this._to(STATES.LEAVING);
    else if (this.state === STATES.ENTERING) this._to(STATES.CANCELLING);
    else return;
    this.cloud.exitRoom();
  }

  /** `onEnterRoom(result)`. `values`: those of a call that is found again after a reload. */
  entered(result, values = this.values) {
    if (result < 0) {
      if (this.state === STATES.ENTERING) this._to(STATES.LOBBY);
      return;
    }
    if (!values || [STATES.LEAVING, STATES.CANCELLING, STATES.IN].includes(this.state)) return;
    this.values = values;
    this.since = Date.now();
    this._to(STATES.IN);
  }

  /** `onExitRoom(reason)`. Outside a room nothing has ended. */
  exited(reason, cause, todo) {
    if (this.state === STATES.CANCELLING) this._to(STATES.LOBBY);
    if (this.state !== STATES.IN && this.state !== STATES.LEAVING) return;
    this.ending = { reason, cause, todo };
    this._to(STATES.ENDED);
  }

  back() {
    if (!this.active) this._to(STATES.LOBBY);
  }

  _to(state) {
    this.state = state;
    this.changed(this);
  }
}

module.exports = { Call, STATES };
