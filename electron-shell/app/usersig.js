'use strict';

const crypto = require('crypto');
const zlib = require('zlib');

const DAY_S = 86400;

/** A UserSig, as a server makes it for its users. Whoever has the key is every user: it belongs on a server, or in a developer's shell. */
function userSig({ sdkAppId, secretKey, user, expireS = DAY_S, nowS = Math.floor(Date.now() / 1000) }) {
  const signed = `TLS.identifier:${user}\nTLS.sdkappid:${sdkAppId}\nTLS.time:${nowS}\nTLS.expire:${expireS}\n`;
  const ticket = {
    'TLS.ver': '2.0',
    'TLS.identifier': user,
    'TLS.sdkappid': sdkAppId,
    'TLS.time': nowS,
    'TLS.expire': expireS,
    'TLS.sig': crypto.createHmac('sha256', secretKey).update(signed).digest('base64'),
  };
  const text = zlib.deflateSync(JSON.stringify(ticket)).toString('base64');
  return text.replace(/\+/g, '*').replace(/\//g, '-').replace(/=/g, '_');
}

module.exports = { userSig };
