'use strict';
/** Rooms, roles and messages: what is decided before the backend is asked. */
const { TRTCRoleType } = require('../generated/enums');
const { TRTCSpeedTestParams } = require('../generated/structs');

exports.overrides = {
  enterRoom(params, scene) {
    this._roomParams = params;
    this._send('enterRoom', { params: params === undefined ? null : params, scene });
  },

  exitRoom() {
    this._outside();
    this._send('exitRoom', {});
  },

  /** Throws for what cannot be a role, as the SDK does. Its names are as good as its numbers. */
  switchRole(role, privateMapKey) {
    if (!role || !Object.prototype.hasOwnProperty.call(TRTCRoleType, role)) throw new Error(`switchRole: ${role} is no TRTCRoleType`);
    if (privateMapKey && typeof privateMapKey !== 'string') throw new Error('switchRole: privateMapKey has to be a string');
    const value = typeof role === 'number' ? role : TRTCRoleType[role];
    if (this._roomParams) this._roomParams.role = value;
    this._send('switchRole', privateMapKey ? { role: value, privateMapKey } : { role: value });
  },

  sendCustomCmdMsg(cmdId, msg, reliable, ordered) {
    return this._call('sendCustomCmdMsg', { cmdId, msg, reliable, ordered });
  },

  sendSEIMsg(msg, repeatCount) {
    if (!(msg instanceof ArrayBuffer) && !ArrayBuffer.isView(msg)) throw new TypeError('sendSEIMsg: an ArrayBuffer or a view of one expected');
    return this._call('sendSEIMsg', { msg: new Uint8Array(msg.buffer || msg, msg.byteOffset || 0, msg.byteLength), repeatCount });
  },

  /** The older form is (sdkAppId, userId, userSig). */
  startSpeedTest(params, userId, userSig) {
    if (params !== null && typeof params === 'object') return this._call('startSpeedTest', { params });
    if (!userId || !userSig) return -1;
    return this._call('startSpeedTest', { params: new TRTCSpeedTestParams(params, userId, userSig) });
  },
};
