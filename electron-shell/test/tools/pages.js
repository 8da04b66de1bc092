'use strict';
const http = require('http');
const { once } = require('events');

/** A web server on loopback; `answer(path)` gives `[type, body]`, or null. Its address; it ends with the test. */
async function pages(t, answer) {
  const server = http.createServer((request, response) => {
    const found = answer(request.url.split('?')[0]);
    response.writeHead(found ? 200 : 404, { 'content-type': found ? found[0] : 'text/plain' });
    response.end(found ? found[1] : '');
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}/`;
}

module.exports = { pages };
