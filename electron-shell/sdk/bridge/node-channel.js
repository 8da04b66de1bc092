'use strict';
/**
 * Plain Node: a worker thread keeps the backend, so that a call can wait for its answer here while the answer is fetched there.
 * The program stays alive as long as there is a cloud; a destroyed share instance ends the backend.
 */
const path = require('path');
const { Worker, MessageChannel, receiveMessageOnPort } = require('worker_threads');
const { NO_ANSWER } = require('./codes');

const LONGEST_MS = 16000; // longer than any deadline of the host

function open() {
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(path.join(__dirname, 'node-worker.js'), {
    workerData: { signal },
  });
  worker.postMessage({ answers: port2 }, [port2]);
  port1.unref();
  let lastId = 0;
  return {
    cast: (message) => worker.postMessage({ cast: message }),
    call(message) {
      const id = ++lastId;
      Atomics.store(signal, 0, 0);
      worker.postMessage({ id, call: message });
      const until = Date.now() + LONGEST_MS;
      while (Date.now() < until) {
        Atomics.wait(signal, 0, 0, until - Date.now());
        Atomics.store(signal, 0, 0);
        for (let got = receiveMessageOnPort(port1); got; got = receiveMessageOnPort(port1)) {
          if (got.message.id === id) return got.message.answer;
        }
      }
      return { e: { code: NO_ANSWER, message: `no answer within ${LONGEST_MS} ms` } };
    },
    listen: (callback) => worker.on('message', callback),
    close() {
      worker.postMessage({ stop: true });
    },
  };
}

module.exports = { open };
