'use strict';
/** A user outside of the shell: the package in plain Node, in this process, with a backend of its own. */
const { APP, COMMAND, userSig } = require('./programs');
const { until } = require('./wait');

class Observer {
  /** Once it is in the room. It leaves with the test. */
  static async in(t, service, user, roomId) {
    process.env.PYBACKEND_COMMAND = COMMAND;
    process.env.PYBACKEND_ROOMS = service.ready.signal;
    const { default: TRTCCloud, TRTCParams } = require('../../sdk'); // eslint-disable-line global-require
    const observer = new Observer(TRTCCloud.getTRTCShareInstance());
    t.after(() => observer.cloud.destroy());
    observer.cloud.startLocalPreview(null);
    observer.cloud.enterRoom(new TRTCParams(APP.id, user, userSig(user), roomId), 0);
    await observer.sees('onEnterRoom');
    return observer;
  }

  constructor(cloud) {
    this.cloud = cloud;
    this.events = [];
    for (const name of ['onEnterRoom', 'onExitRoom', 'onRemoteUserEnterRoom', 'onRemoteUserLeaveRoom', 'onUserVideoAvailable']) {
      cloud.on(name, (...args) => this.events.push({ name, args }));
    }
  }

  of(name) {
    return this.events.filter((event) => event.name === name).map(({ args }) => args);
  }

  sees(name, ...wanted) {
    return until(() => this.of(name).some((args) => wanted.every((arg, index) => args[index] === arg)), `${name} ${wanted}`);
  }
}

module.exports = { Observer };
