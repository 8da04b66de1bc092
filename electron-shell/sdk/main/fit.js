'use strict';
/** Whether this package and a backend fit: they have to speak the same protocol. Other releases that do are worth a line in the log. */
const { name, version } = require('../package.json');

const PROTOCOL = 1;

/** How a backend refuses a greeting: by the protocol's number, or because it does not understand it at all. */
const REFUSALS = [-32011, -32601, -32602];

class Unfit extends Error {}

function unfit(theirVersion, theirProtocol) {
  const theirs = theirVersion ? `pybackend ${theirVersion}` : 'this pybackend';
  const speaks = theirProtocol === undefined ? 'does not' : `speaks ${theirProtocol}`;
  const other = theirVersion ? `or ${name} ${theirVersion}` : `or the ${name} that came with it`;
  return new Unfit(`${name} ${version} speaks protocol ${PROTOCOL}, ${theirs} ${speaks}: install pybackend ${version}, ${other}`);
}

/** Throws Unfit if the answer to `hello`, or the error in its place, is that of a backend that does not fit. `seen` is the ready line's version. */
function refusal(seen, state, error) {
  if (state && state.protocol !== PROTOCOL) throw unfit(state.version || seen, state.protocol);
  if (error instanceof Unfit) throw error;
  if (!error || !REFUSALS.includes(error.code)) return;
  const { protocol, version: theirs } = error.data || {};
  throw unfit(theirs || seen, protocol);
}

const release = (text) => String(text).split('.').slice(0, 2).join('.');

/** What to say of a backend of another release that fits all the same; '' for one of ours. */
function notice(theirs) {
  if (release(theirs) === release(version)) return '';
  return `pybackend ${theirs} is of another release than ${name} ${version}; both speak protocol ${PROTOCOL}`;
}

module.exports = { PROTOCOL, Unfit, notice, refusal };
