'use strict';
/** The page: puts its parts together, and the cloud's events where they belong. */
const TRTCCloud = require('../../sdk');
const { Call, STATES } = require('./call');
const { keys } = require('./controls');
const { Devices } = require('./devices');
const { byId, icon, say } = require('./dom');
const { Ended } = require('./ended');
const { NO_ADDRESS, errorFor } = require('./errors');
const { EVENTS } = require('./events');
const { ANCHOR, JoinForm, SCENES } = require('./form');
const { launcher } = require('./launcher');
const { EventLog } = require('./log');
const { Media } = require('./media');
const { memory, remember } = require('./memory');
const { Banner, note } = require('./notices');
const { Panel } = require('./panel');
const { People } = require('./people');
const { departure } = require('./reasons');
const { Statistics } = require('./statistics');
const { Stage, Tile } = require('./tiles');

const VOLUME_MS = 300;
const RETURN_MS = 3000; // after a reload in mid-call: for the call to be found again
const LOST = -3301; // what the backend says of itself when it is gone
const DEVICES = { camera: true, microphone: true, speaker: true }; // places of errors

const home = launcher();
const cloud = TRTCCloud.getTRTCShareInstance();
const log = new EventLog();
const statistics = new Statistics();
const banner = new Banner();
const stage = new Stage(byId('stage'));
const local = new Tile('', 'You', 'camera');
const people = new People(cloud, stage, (count) => { byId('alone').hidden = count > 0; });
const devices = new Devices(cloud, (name) => media.chosen(name));
const media = new Media(cloud, local, devices);
const call = new Call(cloud, prepare, follow);
const form = new JoinForm({ onJoin: (values) => call.enter(values), onCancel: () => call.leave(), onChange: formChanged });
const ended = new Ended({ onAgain: again, onBack: () => call.back() });
const panel = new Panel(panelShown);

let server = ''; // where the rooms are now
let lastError = null;
let closing = false;

// -- screens

const SCREENS = {
  [STATES.LOBBY]: 'lobby', [STATES.ENTERING]: 'lobby', [STATES.CANCELLING]: 'lobby', [STATES.IN]: 'call', [STATES.LEAVING]: 'call', [STATES.ENDED]: 'ended',
};

function screen(name) {
  document.body.dataset.screen = name;
  for (const id of ['lobby', 'call', 'ended']) byId(id).hidden = id !== name;
}

/** The call has taken a step. */
function follow({ state, values }) {
  document.body.classList.remove('returning');
  document.body.dataset.state = state;
  screen(SCREENS[state]);
  form.setBusy([STATES.ENTERING, STATES.CANCELLING].includes(state));
  remember({ inCall: state === STATES.IN });
  STEPS[state](values);
}

const STEPS = {
  [STATES.LOBBY]() {
    place(byId('preview'));
    media.at(Object.assign({ place: 'lobby' }, whatIsSent(form.values())));
    title();
  },
  [STATES.ENTERING](values) {
    form.clear();
    lastError = null;
    remember({ form: Object.assign({}, values, { userSig: '' }) });
    media.at(Object.assign({ place: 'lobby' }, whatIsSent(values)));
    place(byId('preview'));
  },
  [STATES.IN](values) {
    local.rename(values.user, `${values.user} (you)`);
    if (whatIsSent(values).sends) place(byId('stage'));
    else stage.remove(local);
    byId('alone').hidden = people.count > 0;
    media.at(Object.assign({ place: 'call' }, whatIsSent(values)));
    cloud.enableAudioVolumeEvaluation(VOLUME_MS);
    title(values);
    byId('call-title').focus();
  },
  [STATES.CANCELLING]: () => media.released(),
  [STATES.LEAVING]: () => media.released(),
  [STATES.ENDED](values) {
    panel.close();
    banner.hide();
    people.clear();
    statistics.clear();
    media.released();
    stage.remove(local);
    const own = lastError && call.ending.cause === 'backend-lost' && !call.ending.todo ? lastError.own : '';
    ended.show(call.ending, values, own);
    title();
  },
};

function whatIsSent({ scene, role }) {
  return { video: SCENES[scene].video, sends: role === ANCHOR };
}

/** One's own tile is either in the lobby or on the stage; its picture goes with it. */
function place(where) {
  if (local.element.parentNode === where) return;
  stage.remove(local);
  if (where === byId('stage')) stage.add(local);
  else where.prepend(local.element);
}

function title(values) {
  const where = values ? `Room ${values.room}` : '';
  document.title = values ? `${values.user} in room ${values.room} – TRTC Bridge` : 'TRTC Bridge';
  say(byId('where-room'), where);
  say(byId('where-scene'), values ? SCENES[values.scene].name : '');
  say(byId('alone-room'), values ? `Others join room ${values.room} to be here.` : '');
}

setInterval(() => {
  const seconds = call.state === STATES.IN ? Math.round((Date.now() - call.since) / 1000) : -1;
  const two = (number) => String(number).padStart(2, '0');
  say(byId('where-time'), seconds < 0 ? '' : `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`);
}, 500);

function formChanged(values) {
  local.rename(values.user || 'You');
  if (call.state === STATES.LOBBY) media.at(whatIsSent(values));
}

function panelShown(name) {
  log.show(name === 'log');
  statistics.show(name === 'statistics');
  const slot = name === 'devices' ? byId('panel-devices') : byId('lobby-devices');
  slot.append(devices.element);
}

function again() {
  call.back();
  call.enter(call.values);
}

/** Before a room is entered: its server, and a signature for it; null after a complaint. */
async function prepare(values) {
  if (values.server !== server || !server) {
    const fine = await Promise.resolve(home.moveTo(values.server)).catch(() => false);
    if (!fine) {
      setTimeout(() => form.show(NO_ADDRESS)); // in the lobby again
      return null;
    }
    server = values.server;
    devices.refresh();
    media.lost(); // with the backend of before
  }
  return values.userSig || home.sign(values.user).catch(() => '');
}

// -- events

const HANDLERS = {
  onError: failed,
  onEnterRoom(result, cause) {
    if (result < 0) refused(result);
    else if (cause === 'still-in') found(result);
    else call.entered(result);
  },
  onExitRoom(reason, cause, todo) {
    if (closing) home.closed();
    else call.exited(reason, cause, todo);
  },
  onRemoteUserEnterRoom: (user) => people.entered(user),
  onRemoteUserLeaveRoom(user, reason) {
    people.left(user);
    note(departure(reason, user));
  },
  onUserVideoAvailable: (user, available) => people.video(user, available),
  onUserAudioAvailable: (user, available) => people.audio(user, available),
  onUserSubStreamAvailable: (user, available) => people.screen(user, available),
  onUserVoiceVolume(infos) {
    people.volumes(infos);
    const mine = infos.find(({ userId }) => userId === '');
    local.setVolume(mine && media.on.microphone ? mine.volume : 0);
  },
  onNetworkQuality(mine, others) {
    local.setQuality(mine ? mine.quality : 0);
    people.qualities(others);
  },
  onStatistics: (figures) => statistics.take(figures),
  onConnectionLost: () => banner.lost(),
  onTryToReconnect: (attempt) => banner.retrying(attempt),
  onConnectionRecovery: () => banner.recovered(),
  onDeviceChange: (deviceId, type) => devices.changed(type),
};

/** After a reload, or a gap in the connection to our home: who is there comes next. */
function found(result) {
  people.clear();
  call.entered(result, call.values || (memory.inCall ? memory.form : null));
}

function failed(code, text, cause) {
  const error = errorFor(code, text);
  if (cause === 'backend-lost' && [STATES.LOBBY, STATES.ENTERING].includes(call.state)) {
    media.lost();
    if (error.at in DEVICES) return; // it starts again with the next backend
  }
  lastError = error;
  if (error.at in DEVICES) {
    media.failed(error);
    if (call.state === STATES.IN && error.at !== 'camera') note(`${error.title} ${error.own || error.todo}`, 'bad'); // the camera's tile says it
  } else if (call.state === STATES.IN && code !== LOST) note(`${error.title} ${error.own} ${error.todo}`, 'bad');
}

/** `onEnterRoom` with an error, whose sentence came with `onError`. */
function refused(code) {
  const own = lastError && lastError.code === code ? lastError : errorFor(code, '');
  call.entered(code);
  form.show(own);
}

/** What a handler is told beyond the event's own arguments. */
const FURTHER = {
  onError: (args, detail) => [args[0], args[1], detail.cause],
  onEnterRoom: (args, detail) => [args[0], detail.cause],
  onExitRoom: (args, detail) => [args[0], detail.cause, detail.todo],
  onTryToReconnect: (args, detail) => [detail.attempt],
};

for (const name of EVENTS) {
  cloud.on(name, (...args) => {
    const detail = cloud.eventDetail || {};
    log.add(name, args, detail);
    if (HANDLERS[name]) HANDLERS[name](...(FURTHER[name] ? FURTHER[name](args, detail) : args));
  });
}

// -- start

keys({
  m: () => media.toggle('microphone'),
  v: () => media.toggle('camera'),
  s: () => call.state === STATES.IN && media.toggle('speaker'),
  d: () => call.state === STATES.IN && panel.toggle('devices'),
  l: () => panelInCall('log'),
  t: () => panelInCall('statistics'),
  Escape: () => panel.close(),
});

function panelInCall(name) {
  return call.state === STATES.IN ? panel.toggle(name) : false;
}

byId('leave').prepend(icon('leave'));
byId('leave').addEventListener('click', () => call.leave());

home.onClosing(() => {
  closing = true;
  cloud.exitRoom(); // outside a room, too: it closes every device, and is answered
});

async function start() {
  local.setVideo(false);
  screen('lobby');
  if (memory.inCall) document.body.classList.add('returning');
  const told = await Promise.resolve(home.prefill()).catch(() => null) || {};
  server = told.server || '';
  form.prefill(told, memory.form);
  devices.refresh();
  if (call.state !== STATES.LOBBY) return; // the call was found again meanwhile
  if (memory.inCall) setTimeout(() => call.state === STATES.LOBBY && follow(call), RETURN_MS);
  else follow(call);
  form.focus();
}

start();
