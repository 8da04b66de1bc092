'use strict';
/** A way to a backend that can be cut. */
const net = require('net');
const { once } = require('events');

/** `ready` is the backend's ready line. {ready: the same by way of here, cut(), open, count} */
async function proxy(t, ready) {
  const pairs = new Set();
  const made = { open: true, count: 0 };
  const server = net.createServer((socket) => {
    if (!made.open) {
      socket.destroy();
      return;
    }
    made.count += 1;
    const path = /^ipc:\/\/(.*)$/.exec(ready.endpoint);
    const other = path ? net.connect(path[1]) : net.connect(Number(ready.endpoint.split(':').pop()), '127.0.0.1');
    const pair = [socket, other];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      pair.forEach((one) => one.destroy());
    };
    pair.forEach((one) => one.on('error', end).on('close', end));
    socket.pipe(other).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  made.cut = () => pairs.forEach((pair) => pair.forEach((one) => one.destroy()));
  made.ready = Object.assign({}, ready, { endpoint: `tcp://127.0.0.1:${server.address().port}` });
  t.after(() => {
    made.open = false;
    made.cut();
    server.close();
  });
  return made;
}

module.exports = { proxy };
