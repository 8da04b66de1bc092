'use strict';
/** Random histories of calls, links, reloads, deaths and hangs against real backends: one onExitRoom per entered room, whatever happened. HISTORIES=n for more. */
const assert = require('assert');
const { before, after, test } = require('node:test');
const { Host } = require('../../sdk/main/host');
const { COMMAND, rooms } = require('../tools/programs');
const { Page } = require('../tools/page');
const { until } = require('../tools/wait');

const STEPS = 40;
const SEEDS = Array.from({ length: Number(process.env.HISTORIES || 3) }, (_, index) => index + 1);
const ROOM_EVENTS = ['onRemoteUserEnterRoom', 'onRemoteUserLeaveRoom', 'onUserVideoAvailable', 'onUserAudioAvailable', 'onStatistics', 'onConnectionLost'];

let service;
const ends = [];

before(async () => { service = await rooms({ after: (end) => ends.push(end) }); });
after(() => Promise.all(ends.map((end) => end())));

function dice(seed) {
  let state = seed;
  return (sides) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * sides);
  };
}

/** Checks a page's share instance as events come in. */
class Witness {
  constructor() {
    this.isIn = false;
    this.asked = { enterRoom: 0, exitRoom: 0 };
    this.answered = 0;
    this.spare = 0; // exits outside a room, which only calls may cause
    this.log = [];
    this.wrong = [];
  }

  saw({ name, args, detail }) {
    this.log.push([name, args[0], detail && detail.cause]);
    const retold = name === 'onEnterRoom' && detail && detail.cause === 'still-in';
    if (retold) this.isIn = true;
    else if (name === 'onEnterRoom') this._entered(args[0]);
    else if (name === 'onExitRoom') this._exited();
    else if (ROOM_EVENTS.includes(name) && !this.isIn) this.wrong.push(`${name} outside a room`);
    if (this.answered > this.asked.enterRoom) this.wrong.push('more answers than enterRooms');
    if (this.spare > this.asked.exitRoom) this.wrong.push('more onExitRooms than rooms and exitRooms');
  }

  _entered(result) {
    this.answered += 1;
    if (result > 0 && this.isIn) this.wrong.push('a room was entered out of another');
    if (result > 0) this.isIn = true;
  }

  _exited() {
    if (!this.isIn) this.spare += 1;
    this.isIn = false;
  }
}

/** One page and its witness, with a user's name. */
async function participant(host, user) {
  const page = new Page(host, user);
  const witness = new Witness();
  const { port } = page;
  const deliver = port.deliver;
  port.deliver = (message) => {
    deliver(message);
    if (message.type === 'event' && message.cloud === page.number) witness.saw(message);
  };
  await page.attach();
  return { page, witness, user };
}

const ACTS = {
  enter: ({ page, witness, user }, roll) => {
    witness.asked.enterRoom += 1;
    page.enter(user, 100 + roll(2));
  },
  exit: ({ page, witness }) => {
    witness.asked.exitRoom += 1;
    page.cast('exitRoom');
  },
  devices: ({ page }, roll) => page.cast(...[['startLocalPreview', { views: null }], ['stopLocalPreview'], ['startLocalAudio', { quality: 2 }], ['stopLocalAudio']][roll(4)]),
  reload: ({ page }) => page.reload(),
  /** To nowhere: the page stays. */
  async link({ page }, roll) {
    page.port.leave();
    await new Promise((resolve) => setTimeout(resolve, roll(50)));
    page.port.stay();
  },
  kill: ({ page }) => page.host.link.supervisor.kill('a test'),
  hang: ({ page }, roll) => {
    const { child } = page.host.link.supervisor;
    if (!child) return;
    child.kill('SIGSTOP');
    setTimeout(() => child.kill('SIGCONT'), roll(600));
  },
  cut: ({ page }) => {
    const { rpc } = page.host.link;
    if (rpc && rpc.dealer.socket) rpc.dealer.socket.destroy();
  },
};

const ODDS = ['enter', 'enter', 'enter', 'enter', 'exit', 'exit', 'exit', 'devices', 'devices', 'reload', 'reload', 'link', 'link', 'kill', 'hang', 'cut'];

for (const seed of SEEDS) {
  test(`history ${seed}`, { timeout: 180000 }, async (t) => {
    const roll = dice(seed * 7919);
    const host = new Host({
      rooms: service.ready.signal, commands: [JSON.parse(COMMAND)], log: () => {}, deadlines: { restartMs: Array(STEPS).fill(0), callMs: 400, suspectMs: 300 },
    });
    t.after(() => host.stop());
    const all = [await participant(host, `a${seed}`), await participant(host, `b${seed}`)];
    const acts = [];
    for (let step = 0; step < STEPS; step += 1) {
      const who = roll(2);
      const act = ODDS[roll(ODDS.length)];
      acts.push(`${who} ${act}`);
      await ACTS[act](all[who], roll);
      await new Promise((resolve) => setTimeout(resolve, [0, 0, 5, 50, 300][roll(5)]));
    }
    const said = () => JSON.stringify({ acts, seen: all.map(({ witness }) => witness.log) });
    for (const one of all) {
      const before1 = one.witness.log.filter(([name]) => name === 'onExitRoom').length;
      ACTS.exit(one);
      await until(() => one.witness.log.filter(([name]) => name === 'onExitRoom').length > before1, `the last exitRoom is answered: ${said()}`);
    }
    await until(async () => {
      const { devices, clouds } = await host.link.request('diagnostics', {});
      return devices.every(({ open }) => !open) && clouds.every(({ state }) => state === 'idle');
    }, `all is quiet: ${said()}`);
    for (const { page, witness } of all) {
      assert.deepStrictEqual(witness.wrong, [], said());
      assert.strictEqual(witness.isIn, false, said());
      assert.strictEqual(host.clouds.get(page.number).presence.state, 'idle', said());
    }
  });
}
