'use strict';
/*
 * A browser that is only measured: started with the address of a page, which asks here what to do and says here what came of it.
 * A debugger's connection would copy every message of every socket to the debugger.
 */
const { spawn } = require('child_process');
const { EventEmitter, once } = require('events');
const http = require('http');

const PAGE = `<!doctype html><body style="margin:0"><script src="script.js"></script><script>
(async () => {
  for (;;) {
    const { name, given } = await (await fetch('job')).json();
    const said = await window.bench[name](given).then((value) => ({ value }), (error) => ({ error: String(error.stack || error) }));
    await fetch('said', { method: 'POST', body: JSON.stringify(said) });
  }
})();
</script>`;

async function textOf(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

/** The page's server. `do(name, given)` resolves to what `window.bench[name](given)` gives. */
class Desk extends EventEmitter {
  constructor(script) {
    super();
    this._script = script;
    this._asking = new Promise((resolve) => { this._asked = resolve; }); // to the response that takes a job
  }

  async open(scope) {
    const server = http.createServer((request, response) => this._serve(request, response)).listen(0, '127.0.0.1');
    scope.after(() => {
      server.close();
      server.closeAllConnections();
    });
    await once(server, 'listening');
    return `http://127.0.0.1:${server.address().port}/`;
  }

  async do(name, given) {
    const response = await this._asking;
    this._asking = new Promise((resolve) => { this._asked = resolve; });
    const said = once(this, 'said');
    response.end(JSON.stringify({ name, given }));
    const [{ value, error }] = await said;
    if (error) throw new Error(error);
    return value;
  }

  async _serve(request, response) {
    if (request.url === '/') response.setHeader('content-type', 'text/html').end(PAGE);
    else if (request.url === '/script.js') response.setHeader('content-type', 'text/javascript').end(this._script);
    else if (request.url === '/job') this._asked(response);
    else if (request.url === '/said') {
      this.emit('said', JSON.parse(await textOf(request)));
      response.end();
    } else response.writeHead(404).end();
  }
}

/** Starts `executable ...words address`; resolves to a desk. Both end with the scope. */
async function browse(scope, executable, words, script) {
  const desk = new Desk(script);
  const address = await desk.open(scope);
  const child = spawn(executable, [...words, address], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  scope.after(async () => {
    child.kill();
    await exited;
  });
  return desk;
}

module.exports = { browse };
