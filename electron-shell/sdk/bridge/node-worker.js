'use strict';
/** The other side of `node-channel`: a host with a single port. */
const { parentPort, workerData } = require('worker_threads');
const { Host } = require('../main/host');

const { signal } = workerData;
let answers = null;
const host = new Host({ says: false }); // the class says it
const port = host.open((message) => parentPort.postMessage(message));

function answer(id, value) {
  answers.postMessage({ id, answer: value });
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
}

parentPort.on('message', ({ id, cast, call, stop, answers: given }) => {
  if (given) answers = given;
  else if (call) port.call(call).then((value) => answer(id, value));
  else if (cast) port.cast(cast);
  else if (stop) host.settle().then(() => host.stop()).then(() => process.exit(0));
});
